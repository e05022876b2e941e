"""The feed over HTTP: read from any place on, or heard as it happens; only what the caller may see."""

from __future__ import annotations

import asyncio
import json
from contextlib import AsyncExitStack
from typing import Any

import httpx

from tests.support import eventually, unique
from tests.workers.gateway.conftest import PLAN, Bearer, Door
from workers.connect import connect
from workers.gateway.ears import OF_ONE
from workers.gateway.serve import listening_socket, run_gateway
from workers.rehearsal.cast import Cast
from workers.settings import Settings

URL = f"/v1/plans/{PLAN}/events"


async def test_events_are_read_on_from_where_one_stopped(http: httpx.AsyncClient, bearer: Bearer) -> None:
    unit = unique("unit")
    door = Door(http, bearer, Cast(unique("e"), employer=unit))
    mine, stranger = bearer("feeder", ("employer", unit)), bearer("feeder", ("employer", "nobody"))
    await door.start()
    await door.send(door.cast.submit())
    await door.send(door.cast.employer_return())
    told: list[dict[str, Any]] = []
    after = 0

    async def all_told() -> None:
        nonlocal after
        page = (await http.get(URL, params={"after": after, "limit": 2}, headers=mine)).json()
        told.extend(page["items"])
        after = page["last"]
        assert [event["event"] for event in told] == ["opened", "submit", "employer_return"]

    await eventually(all_told)
    assert [event["to_stage"] for event in told] == ["draft", "employer_review", "employer_returned"]
    assert [event["sequence"] for event in told] == sorted({event["sequence"] for event in told})
    assert {event["application_ref"] for event in told} == {door.cast.ref}
    assert "p-" not in json.dumps(told)
    assert (await http.get(URL, headers=stranger)).json()["items"] == []
    only = await http.get(URL, params={"event": "employer_return"}, headers=mine)
    assert [event["sequence"] for event in only.json()["items"]] == [told[-1]["sequence"]]
    assert (await http.get(URL, params={"after": -1}, headers=mine)).status_code == 422


async def test_events_are_heard_and_a_stream_goes_on_where_it_broke(
    gateway_settings: Settings, bearer: Bearer
) -> None:
    stop, sock = asyncio.Event(), listening_socket("127.0.0.1:0")
    host, port = sock.getsockname()[:2]
    serving = asyncio.create_task(run_gateway(gateway_settings, await connect(gateway_settings), stop, sock))
    unit = unique("unit")
    async with httpx.AsyncClient(base_url=f"http://{host}:{port}", timeout=30) as http:
        door = Door(http, bearer, Cast(unique("h"), employer=unit))
        mine = bearer("listener", ("employer", unit))
        await door.start()
        heard = await _hear(http, mine, door, until="submit")
        assert [event["event"] for event in heard] == ["opened", "submit"]
        last = {"Last-Event-ID": str(heard[-1]["sequence"])}
        more = await _hear(http, mine | last, door, until="employer_return")
        assert [event["event"] for event in more] == ["employer_return"]
        async with AsyncExitStack() as many:
            lines = []
            for _ in range(OF_ONE):
                taken = await many.enter_async_context(http.stream("GET", f"{URL}/stream", headers=mine))
                lines.append(taken.aiter_lines())
                assert await anext(lines[-1]) == ": begins"
            too_many = await http.get(f"{URL}/stream", headers=mine)
            assert (too_many.status_code, too_many.json()["code"]) == (429, "too_many_streams")
            assert int(too_many.headers["retry-after"]) > 0

        async def given_back() -> None:
            async with http.stream("GET", f"{URL}/stream", headers=mine) as again:
                assert again.status_code == 200

        await eventually(given_back)
        async with http.stream("GET", f"{URL}/stream", headers=mine) as open_stream:
            assert open_stream.headers["content-type"].startswith("text/event-stream")
            stop.set()
            async with asyncio.timeout(30):
                async for _ in open_stream.aiter_lines():
                    pass
    await serving


async def _hear(
    http: httpx.AsyncClient, headers: dict[str, str], door: Door, until: str
) -> list[dict[str, Any]]:
    """Listens, lets `until` happen once it listens, and hangs up when it has heard of it."""
    command = {"submit": door.cast.submit, "employer_return": door.cast.employer_return}[until]()
    found: list[dict[str, Any]] = []
    async with asyncio.timeout(30), http.stream("GET", f"{URL}/stream", headers=headers) as stream:
        async for line in stream.aiter_lines():
            if line.startswith(": begins"):
                answer = await door.send(command)
                assert answer.status_code == 200, answer.text
            if line.startswith("data: "):
                found.append(json.loads(line.removeprefix("data: ")))
                if found[-1]["event"] == until:
                    return found
    raise AssertionError("the stream ended")
