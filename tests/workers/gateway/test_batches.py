"""Batches as their makers see them: over HTTP and on the command line, on two applications of one unit."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from pathlib import Path
from typing import Any

import httpx

from tests.support import eventually, unique
from tests.workers.conftest import Zhicheng
from tests.workers.gateway.conftest import PLAN, Bearer, Door
from tests.workers.gateway.test_gateway import problem_of
from workers.rehearsal.cast import Cast

UNIT = ("employer", "tj-metrology-institute")
RETURN = {"kind": "return", "items": [{"id": "e1", "text": "首页未加盖公章"}]}


async def two(http: httpx.AsyncClient, bearer: Bearer) -> list[Cast]:
    """Two applications that wait for their employer, known to the read model."""
    casts = [Cast(unique("g")) for _ in range(2)]
    for cast in casts:
        door = Door(http, bearer, cast)
        assert (await door.start()).status_code == 201
        assert (await door.send(cast.submit())).status_code == 200

        async def known(door: Door = door) -> None:
            assert (await door.read()).json()["read_model_revision"] == 1

        await eventually(known)
    return casts


async def test_a_batch_by_http(http: httpx.AsyncClient, bearer: Bearer) -> None:
    casts, ref = await two(http, bearer), unique("b")
    path = f"/v1/plans/{PLAN}/batches/{ref}"
    maker, other, stranger = (
        bearer("li", UNIT),
        bearer("zhao", UNIT),
        bearer("sun", ("employer", "haihe-pharma")),
    )

    async def order(kind: str, who: dict[str, str], key: str, **body: Any) -> httpx.Response:
        headers = who | {"Idempotency-Key": key}
        return await http.post(f"{path}/commands/{kind}", json=body, headers=headers)

    selection = {"refs": [cast.ref for cast in casts]}
    both = {"command": RETURN, "selection": selection, "csv": "application\n"}
    assert (
        problem_of(await http.put(path, json=both, headers=maker), 422, "malformed")["field"] == "selection"
    )
    table = {"command": RETURN, "csv": f"application,colour\n{casts[0].ref},red\n"}
    wrong = problem_of(await http.put(path, json=table, headers=maker), 422, "malformed")
    assert wrong["field"] == "line 1, column colour"
    alien = {"command": RETURN, "items": [{"application_ref": casts[0].ref}]}
    assert (
        "line 1" in problem_of(await http.put(path, json=alien, headers=stranger), 422, "malformed")["field"]
    )

    made = await http.put(path, json={"command": RETURN, "selection": selection}, headers=maker)
    assert made.status_code == 200, made.text
    assert made.json()["maker"]["id"] == "li"

    async def asked() -> dict[str, Any]:
        found: dict[str, Any] = (await http.get(path, headers=other)).json()
        assert found["status"] == "previewed"
        return found

    assert (await eventually(asked))["preview"] == {"accepted": 2}
    for answer in (
        await http.get(path, headers=stranger),
        await http.get(f"{path}/items", headers=stranger),
        await http.get(f"{path}/results", headers=stranger),
        await order("apply", stranger, "a-1"),
    ):
        problem_of(answer, 404, "not_found")
    problem_of(await order("approve", maker, "a-2"), 403, "separation_of_duties")
    applied = await order("apply", maker, "a-3")
    assert applied.status_code == 200, applied.text
    bare = await http.post(f"{path}/commands/apply", headers=maker | {"Idempotency-Key": "a-3"})
    assert (bare.status_code, bare.json()) == (200, applied.json()), "an order needs no body"
    again = await order("apply", maker, "a-3")
    assert (again.status_code, again.json()) == (200, applied.json())

    async def done() -> None:
        found = (await http.get(path, headers=maker)).json()
        assert (found["status"], found["counts"]) == ("done", {"accepted": 2})

    await eventually(done)
    page = (await http.get(f"{path}/items", params={"limit": 1}, headers=maker)).json()
    rest = (await http.get(f"{path}/items", params={"cursor": page["next"]}, headers=maker)).json()
    results = page["items"] + rest["items"]
    assert [(r["application_ref"], r["became"]) for r in results] == sorted((c.ref, 2) for c in casts)
    assert rest["next"] is None
    report = (await http.get(f"{path}/results", headers=maker)).text
    assert {row["code"] for row in csv.DictReader(io.StringIO(report))} == {"accepted"}
    mine = (await http.get(f"/v1/plans/{PLAN}/batches", headers=other)).json()
    assert ref in {row["batch_ref"] for row in mine}
    assert (await http.get(f"/v1/plans/{PLAN}/batches", headers=stranger)).json() == []
    history = (await Door(http, bearer, casts[0]).read("/history")).json()
    assert history[-1]["command_id"] == f"{ref}:{casts[0].ref}"


async def test_a_batch_on_the_command_line(
    http: httpx.AsyncClient, bearer: Bearer, zhicheng: Zhicheng, tmp_path: Path
) -> None:
    casts, ref = await two(http, bearer), unique("b")
    who, listed = f"employer:li@{UNIT[1]}", tmp_path / "list.csv"

    async def run(*words: str) -> Any:
        return await asyncio.to_thread(zhicheng, *words)

    new = ("batch", "new", "--command", "return", "--item", "e1=首页未加盖公章", "--as", who, "--ref", ref)
    listed.write_text(f"application,revision\n{casts[0].ref},\n{casts[1].ref},x\n", "utf-8")
    wrong = await run(*new, "--from", str(listed))
    assert wrong.exit_code == 2
    assert "line 3, column revision" in wrong.output
    listed.write_text(f"application\n{casts[0].ref}\n{casts[1].ref}\n", "utf-8-sig")
    neither = await run(*new)
    assert neither.exit_code == 2
    dry = await run(*new, "--from", str(listed), "--dry-run", "--json")
    assert dry.exit_code == 0, dry.output
    assert json.loads(dry.stdout)["preview"] == {"accepted": 2}
    sent = await run(*new, "--from", str(listed))
    assert sent.exit_code == 0, sent.output
    assert "items     accepted 2" in sent.output
    for words, told in (
        (("show", ref), "approval  not needed"),
        (("items", ref), casts[1].ref),
        (("items", ref, "--csv"), f"{casts[0].ref},accepted,accepted"),
        (("list",), ref),
    ):
        shown = await run("batch", *words)
        assert shown.exit_code == 0, shown.output
        assert told in shown.output
    refused = await run("batch", "pause", ref, "--as", who)
    assert refused.exit_code == 1
    assert "not possible now" in refused.output
    remind = ("batch", "new", "--command", "remind", "--field", "text=请尽快补正", "--as", who)
    nobody = await run(*remind, "--where", "stage=voting", "--where", f"employer={UNIT[1]}")
    assert nobody.exit_code == 1, nobody.output
    assert "finds none" in nobody.output
    unknown = await run(*remind, "--where", "colour=red")
    assert unknown.exit_code == 2
