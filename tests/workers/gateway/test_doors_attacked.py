"""What an attacker, or a slip of the hand, tries at the doors: nothing leaks, nothing is answered 500."""

from __future__ import annotations

import asyncio
import json
import re
from collections import Counter
from contextlib import AsyncExitStack

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy.exc import OperationalError

from activities.plans import read_plan
from models.refusal import Refused
from tests.support import unique
from tests.workers.gateway.conftest import PLAN, Bearer, Door, clock
from workers.connect import connect
from workers.gateway.ears import OF_ONE
from workers.gateway.serve import listening_socket, run_gateway
from workers.rehearsal.cast import CONVENING_UNIT, OFFICE
from workers.settings import Settings

BOARD = f"/board/plans/{PLAN}"


async def signed_in(
    http: httpx.AsyncClient, bearer: Bearer, *grants: tuple[str, str | None], subject: str = "office-clerk"
) -> str:
    """Somebody is signed in to the board, an officer without `grants`; what every form must send back."""
    held = grants or (("office", OFFICE),)
    token = bearer(subject, *held)["Authorization"].removeprefix("Bearer ")
    assert (await http.post("/board/sign-in", data={"token": token})).status_code == 303
    found = re.search(r'name="csrf" value="(\w+)"', (await http.get(f"{BOARD}/cycle")).text)
    assert found is not None
    return found[1]


async def test_the_story_in_words_names_no_objector_to_the_applicant(stage_door: Door) -> None:
    """What the history keeps back from the applicant, its telling in words keeps back as well."""
    await stage_door.contested()
    whole = (await stage_door.read("/explain", "office")).json()
    mine = (await stage_door.read("/explain", "applicant")).json()
    assert "colleague-7" in json.dumps(whole)
    assert [one["event"] for one in mine["story"]] == [one["event"] for one in whole["story"]]
    told = json.dumps(mine, ensure_ascii=False)
    assert "colleague-7" not in told
    assert "业绩材料与实际不符" not in told


@pytest.mark.parametrize(
    ("name", "document_no", "status"),
    [
        ("  ", "", 422),
        ("\x01", "", 422),
        ("\x85", "", 422),
        ("张\x00三", "", 422),
        ("张三", "a\x00b", 422),
        (" 张三 ", "  ", 303),
    ],
)
async def test_a_name_that_is_none_is_refused_on_its_page(
    http: httpx.AsyncClient, bearer: Bearer, stage_door: Door, name: str, document_no: str, status: int
) -> None:
    await stage_door.start()
    csrf = await signed_in(http, bearer)
    answer = await http.post(
        f"{BOARD}/applications/{stage_door.cast.ref}/name",
        data={"csrf": csrf, "name": name, "document_no": document_no},
    )
    assert answer.status_code == status, answer.text
    assert "Internal" not in answer.text


@pytest.mark.parametrize("origin", ["http://[", "http://[::1", "null", "http://elsewhere.example.cn", ""])
async def test_a_form_from_nowhere_is_refused(http: httpx.AsyncClient, bearer: Bearer, origin: str) -> None:
    csrf = await signed_in(http, bearer)
    for path in (f"{BOARD}/search", "/board/sign-in"):
        form = {"csrf": csrf, "name": "late", "q": ""}
        answer = await http.post(path, data=form, headers={"Origin": origin})
        assert answer.status_code == 403, (path, answer.text)


async def test_the_board_says_when_the_database_is_away(
    http: httpx.AsyncClient, bearer: Bearer, gateway: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    await signed_in(http, bearer)

    def away() -> None:
        raise OperationalError("SELECT 1", {}, Exception("connection refused"))

    monkeypatch.setattr(gateway.state.context.database, "reading", away)
    answer = await http.get(f"{BOARD}/inbox")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert "数据库暂时无法应答" in answer.text
    assert "SELECT" not in answer.text


@pytest.mark.parametrize(
    "moment", ["0001-01-01T00:00:00+08:00", "9999-12-31T23:59:59Z", "9999-12-31T23:59:59-12:00"]
)
async def test_the_ends_of_time_are_no_moment_to_ask_about(
    http: httpx.AsyncClient, stage_door: Door, moment: str
) -> None:
    await stage_door.start()
    plan, office = f"/v1/plans/{PLAN}", stage_door.headers("office")
    asked = [f"{plan}/{what}" for what in ("at-risk", "court", "publicities", "left-behind")]
    for path in (*asked, f"{stage_door.path}/explain"):
        answer = await http.get(path, params={"at": moment}, headers=office)
        assert (answer.status_code, answer.json()["field"]) == (422, "query.at"), path
    since = await http.get(f"{plan}/incidents", params={"since": moment}, headers=office)
    assert (since.status_code, since.json()["field"]) == (422, "query.since")
    notice = {"notice_toml": "revision = 1", "at": moment}
    preview = await http.post(f"{plan}/calendar/preview", json=notice, headers=office)
    assert (preview.status_code, preview.json()["field"]) == (422, "body.at")


@pytest.mark.parametrize("text", ["a = " + "[" * 5_000, "a = " + "9" * 5_000, "a = " + "{a=" * 900])
async def test_toml_that_no_reader_takes_is_refused_at_once(
    http: httpx.AsyncClient, bearer: Bearer, text: str
) -> None:
    """An order that holds such a text must not be tried again for ever: nobody would get past it."""
    plan, office = f"/v1/plans/{PLAN}", bearer("office-clerk", ("office", OFFICE))
    preview = await http.post(f"{plan}/calendar/preview", json={"notice_toml": text}, headers=office)
    assert (preview.status_code, preview.json()["field"]) == (422, "notice_toml")
    with pytest.raises(Refused):
        read_plan(text)
    csrf = await signed_in(http, bearer)
    page = await http.post(f"{BOARD}/calendar", data={"csrf": csrf, "notice_toml": text})
    assert (page.status_code, "TOML" in page.text) == (422, True)


async def test_a_role_held_elsewhere_opens_no_number_and_no_copy(
    http: httpx.AsyncClient, bearer: Bearer
) -> None:
    """The convening unit of this plan may not see whole numbers, also when it is an office of another one."""
    person = unique("p")
    path = f"/v1/plans/{PLAN}/people/{person}"
    office = bearer("office-clerk", ("office", OFFICE))
    number = {"number": "11010519491231002X"}
    assert (await http.put(f"{path}/identity", json=number, headers=office)).status_code == 200
    both = bearer("unit-clerk", ("convening_unit", CONVENING_UNIT), ("office", "an-office-elsewhere"))
    assert (await http.get(f"{path}/identity", headers=both)).status_code == 200
    whole = await http.post(f"{path}/identity/reveal", json={"reason": "x"}, headers=both)
    assert whole.status_code == 404, whole.text
    copy = await http.get(f"{path}/data", params={"reason": "x"}, headers=both)
    assert copy.status_code == 404, copy.text


async def test_a_role_held_elsewhere_shows_no_notices_and_no_names_on_the_board(
    http: httpx.AsyncClient, bearer: Bearer, stage_door: Door
) -> None:
    await stage_door.start()
    page = f"{BOARD}/applications/{stage_door.cast.ref}"
    unit = ("employer", stage_door.cast.employer)
    await signed_in(http, bearer, unit, ("office", "an-office-elsewhere"), subject="unit-clerk")
    shown = await http.get(page)
    assert (shown.status_code, 'id="names"' in shown.text) == (200, False)
    await signed_in(http, bearer, unit, ("office", OFFICE), subject="both-clerk")
    assert 'id="names"' in (await http.get(page)).text


async def test_an_export_holds_what_the_roles_see_that_may_export(
    http: httpx.AsyncClient, bearer: Bearer, stage_door: Door
) -> None:
    """An applicant, or an expert, who clerks for a unit as well takes nothing along in that other role."""
    await stage_door.start()
    ref = stage_door.cast.ref
    mine = bearer(f"p-{ref}", ("applicant", None), ("employer", "another-unit"))
    listed = await http.get(f"/v1/plans/{PLAN}/applications", headers=mine)
    assert [row["application_ref"] for row in listed.json()["items"]] == [ref]
    taken = await http.post(f"/v1/plans/{PLAN}/exports", json={}, headers=mine)
    assert (taken.status_code, ref in taken.text) == (200, False)


async def test_no_office_takes_a_copy_of_a_person_of_another_plan(
    http: httpx.AsyncClient, bearer: Bearer
) -> None:
    """The office of a plan asks about a reference that never applied in it: as if nobody were there."""
    office, person = bearer("office-clerk", ("office", OFFICE)), unique("p")
    path = f"/v1/plans/{PLAN}/people/{person}"
    number = {"number": "11010519491231002X"}
    assert (await http.put(f"{path}/identity", json=number, headers=office)).status_code == 200
    copy = await http.get(f"{path}/data", params={"reason": "x"}, headers=office)
    assert copy.status_code == 404
    assert (await http.get("/v1/me/data", headers=bearer(person, ("applicant", None)))).status_code == 200


async def test_of_streams_that_are_opened_at_once_no_more_get_in_than_one_after_the_other(
    gateway_settings: Settings, bearer: Bearer
) -> None:
    stop, sock = asyncio.Event(), listening_socket("127.0.0.1:0")
    host, port = sock.getsockname()[:2]
    serving = asyncio.create_task(run_gateway(gateway_settings, await connect(gateway_settings), stop, sock))
    mine, path = bearer(unique("l"), ("office", OFFICE)), f"/v1/plans/{PLAN}/events/stream"
    async with (
        httpx.AsyncClient(base_url=f"http://{host}:{port}", timeout=30) as http,
        AsyncExitStack() as many,
    ):
        assert (await http.get("/v1/health")).status_code == 200
        every = await asyncio.gather(
            *(many.enter_async_context(http.stream("GET", path, headers=mine)) for _ in range(4 * OF_ONE))
        )
        statuses = Counter(answer.status_code for answer in every)
        assert statuses == {200: OF_ONE, 429: 3 * OF_ONE}
    stop.set()
    await serving


async def test_no_other_office_writes_into_the_record_of_a_cycle(
    http: httpx.AsyncClient, bearer: Bearer
) -> None:
    """What is sent without waiting and refused stands in the history of the cycle: not for strangers."""
    cycle = f"/v1/plans/{PLAN}/cycle"
    office, elsewhere = (
        bearer("clerk", ("office", OFFICE)),
        bearer("clerk", ("office", "an-office-elsewhere")),
    )
    await http.put(cycle, json={"clock": clock()}, headers=office)  # unless it was begun before
    step = {"step": "plan_filed", "on": "2023-09-14", "document_no": "津市监〔2023〕1号"}
    sent = {"Prefer": "respond-async", "Idempotency-Key": unique("late"), "If-Match": '"999"'}
    outside = await http.post(f"{cycle}/commands/record_step", json=step, headers=elsewhere | sent)
    assert (outside.status_code, outside.json()["code"]) == (403, "wrong_organisation")
    inside = await http.post(f"{cycle}/commands/record_step", json=step, headers=office | sent)
    assert inside.status_code == 202
