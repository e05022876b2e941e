"""The gateway as its callers see it: start, decide, read, search; and what it answers when it says no."""

from __future__ import annotations

import ast
import asyncio
import json
import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from jsonschema import Draft202012Validator
from sqlalchemy import event
from sqlalchemy.exc import TimeoutError as PoolTimeout

from models.refusal import RefusalCode
from tests.support import eventually, unique
from tests.workers.gateway.conftest import PLAN, Bearer, Door, clock
from workers.connect import connect
from workers.gateway import routes_starts
from workers.gateway.app import FAMILIES, create_app, every_route, openapi_text
from workers.gateway.catalogue import CATALOGUE
from workers.gateway.examples import EXAMPLES
from workers.gateway.policy import POLICY
from workers.gateway.serve import context
from workers.rehearsal.cast import OFFICE, Cast
from workers.settings import Settings


def problem_of(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The problem of an answer, which must be this one, in both languages and with the request's id."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    found: dict[str, Any] = answer.json()
    assert (answer.status_code, found["status"], found["code"]) == (status, status, code), found
    assert found["rule"]["zh"]
    assert found["rule"]["en"]
    assert found["remedy"]["zh"]
    assert found["remedy"]["en"]
    assert found["request_id"] == answer.headers["x-request-id"]
    assert "Traceback" not in answer.text
    return found


async def test_a_first_leg_by_http(stage_door: Door) -> None:
    door, cast = stage_door, stage_door.cast
    begun = await door.start()
    assert begun.status_code == 201, begun.text
    assert (begun.json()["stage"], begun.json()["plan_version"]) == ("draft", 1)
    again = await door.start()
    assert (again.status_code, again.json()["run_id"]) == (200, begun.json()["run_id"])
    other = problem_of(await door.start(level="intermediate"), 409, "different_input")
    assert other["differing"] == ["level"]

    submit = cast.submit()
    first = await door.send(submit)
    assert first.status_code == 200, first.text
    assert first.json()["stage"] == "employer_review"
    twice = await door.send(submit)
    assert twice.json() == first.json()
    reused = await door.send(submit | {"dossier": cast.dossier(level="intermediate")})
    problem_of(reused, 409, "reused_command_id")

    state = await door.read(role="employer")
    revision = state.json()["state"]["revision"]
    assert state.headers["etag"] == f'"{revision}"' == first.headers["etag"]
    stale = await door.send(cast.recommend(), **{"If-Match": f'"{revision - 1}"'})
    assert problem_of(stale, 409, "stale_revision")["revision"] == revision
    returned = await door.send(cast.employer_return(), **{"If-Match": f'"{revision}"'})
    assert returned.json()["stage"] == "employer_returned"

    late = problem_of(await door.send(cast.recommend()), 409, "not_in_this_stage")
    assert {option["command"] for option in late["next"]} >= {"resubmit"}
    empty = problem_of(await door.send(cast.resubmit()), 422, "guard")
    assert empty["rule"]["en"]

    history = (await door.read("/history")).json()
    assert [fact["event"] for fact in history][-2:] == ["submit", "employer_return"]
    assert history[-1]["actor"]["organisation"] == cast.employer
    assert {d["name"] for d in (await door.read("/deadlines", "applicant")).json()}
    steps = (await door.read("/next", "department")).json()
    assert "resubmit" in {step["command"] for step in steps["steps"]}
    assert (await door.read("/refused")).json() == []


async def test_what_is_not_waited_for_is_told_where_to_look(stage_door: Door) -> None:
    door, cast = stage_door, stage_door.cast
    await door.start()
    handed = await door.send(cast.submit(), Prefer="respond-async")
    assert (handed.status_code, handed.headers["preference-applied"]) == (202, "respond-async")

    async def arrived() -> None:
        assert (await door.read()).json()["state"]["stage"] == "employer_review"

    await eventually(arrived)
    wrong = await door.send(cast.submit(), Prefer="respond-async")
    assert wrong.status_code == 202

    async def refused() -> None:
        answer = await door.http.get(wrong.json()["refused"], headers=door.headers("office"))
        assert [one["refusal"]["code"] for one in answer.json()] == ["not_in_this_stage"]

    await eventually(refused)


async def test_the_actor_comes_from_the_token(stage_door: Door, bearer: Bearer) -> None:
    door, cast = stage_door, stage_door.cast
    await door.start()
    submit = cast.submit()
    url = f"{door.path}/commands/submit"
    body = {"dossier": submit["dossier"], "command_id": submit["command_id"]}
    forged = await door.http.post(
        url,
        json=body | {"actor": submit["actor"] | {"id": "somebody-else"}},
        headers=door.headers("applicant"),
    )
    assert problem_of(forged, 403, "wrong_person")["field"] == "actor"
    same = await door.http.post(
        url, json=body | {"actor": submit["actor"]}, headers=door.headers("applicant")
    )
    assert same.status_code == 200, same.text

    other = problem_of(
        await door.http.post(
            f"{door.path}/commands/withdraw",
            json=body | {"kind": "submit"},
            headers=door.headers("applicant"),
        ),
        422,
        "malformed",
    )
    assert other["field"] == "kind", "what the path allows is not what the body asks for"

    two = bearer("clerk-2", ("employer", cast.employer), ("department", cast.department))
    unclear = await door.http.post(f"{door.path}/commands/review", json={}, headers=two)
    assert problem_of(unclear, 403, "wrong_role")["field"] == "Zhicheng-Role"
    review = {k: v for k, v in cast.employer_return().items() if k not in ("actor", "kind")}
    chosen = await door.http.post(
        f"{door.path}/decisions", json=review, headers=two | {"Zhicheng-Role": "employer"}
    )
    assert chosen.json()["stage"] == "employer_returned"
    facts = (await door.read("/history")).json()
    assert facts[-1]["actor"] == {"id": "clerk-2", "role": "employer", "organisation": cast.employer}


async def test_a_citizen_objects_and_sees_nothing(stage_door: Door) -> None:
    door, cast = stage_door, stage_door.cast
    await door.start()
    stranger = door.bearer("citizen-9", ("applicant", None)) | {"Zhicheng-Role": "public"}
    body = {k: v for k, v in cast.objects().items() if k not in ("actor", "kind")}
    answer = await door.http.post(f"{door.path}/commands/object", json=body, headers=stranger)
    assert answer.status_code == 202
    assert answer.json() == {"command_id": body["command_id"], "state": "", "refused": ""}
    facts = (await door.read("/history")).json()
    assert facts[-1]["actor"] == {"id": "citizen-9", "role": "public", "organisation": None}
    assert facts[-1]["event"] == "complaint"
    problem_of(await door.http.get(door.path, headers=stranger), 404, "not_found")
    await door.send(cast.withdraw())
    late = await door.http.post(
        f"{door.path}/commands/object", json=body | {"command_id": "o-9"}, headers=stranger
    )
    assert "withdrawn" not in str(problem_of(late, 409, "closed"))
    nothing = await door.http.post(
        f"{door.path}/commands/object", json={"command_id": "o-8"}, headers=stranger
    )
    assert problem_of(nothing, 422, "malformed")["field"] == "grounds"


async def test_many_starts_have_a_result_each(http: httpx.AsyncClient, bearer: Bearer) -> None:
    casts = [Cast(unique("m")) for _ in range(3)]
    office = bearer("importer", ("office", OFFICE))
    items = [{k: v for k, v in cast.start(clock=clock()).items() if k != "plan_id"} for cast in casts]
    items[1] = items[1] | {"specialty": "astrology"}
    url = f"/v1/plans/{PLAN}/applications"
    found = (await http.post(url, json={"items": items}, headers=office)).json()["items"]
    assert [item["application_ref"] for item in found] == [cast.ref for cast in casts]
    assert [item["status"] for item in found] == [201, 422, 201]
    assert "astrology" in found[1]["problem"]["rule"]["en"]
    again = (await http.post(url, json={"items": items}, headers=office)).json()["items"]
    assert [item["status"] for item in again][::2] == [200, 200]


async def test_items_for_which_no_time_is_left_are_told_to_come_again(
    http: httpx.AsyncClient, bearer: Bearer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routes_starts, "BUDGET", -1.0)
    item = {k: v for k, v in Cast(unique("m")).start(clock=clock()).items() if k != "plan_id"}
    office = bearer("importer", ("office", OFFICE))
    url = f"/v1/plans/{PLAN}/applications"
    (left,) = (await http.post(url, json={"items": [item]}, headers=office)).json()["items"]
    assert (left["status"], left["problem"]["code"]) == (503, "not_begun")
    problem_of(await http.get(f"{url}/{item['application_ref']}", headers=office), 404, "not_found")


async def test_who_may_begin_an_application(stage_door: Door, bearer: Bearer) -> None:
    door, cast = stage_door, stage_door.cast
    body = {k: v for k, v in cast.start(clock=clock()).items() if k not in ("plan_id", "application_ref")}
    for stranger in (
        bearer("somebody", ("applicant", None)),
        bearer("clerk", ("employer", "another-unit")),
        bearer("clerk", ("office", "another-office")),
    ):
        answer = await door.http.put(door.path, json=body, headers=stranger)
        assert problem_of(answer, 403, "wrong_person")["field"] == "applicant"
    unit = await door.http.put(door.path, json=body, headers=door.headers("employer"))
    assert unit.status_code == 201


async def test_search_page_by_page_and_the_inbox(http: httpx.AsyncClient, bearer: Bearer) -> None:
    unit = unique("unit")
    doors = [Door(http, bearer, Cast(unique("s"), employer=unit)) for _ in range(5)]
    await asyncio.gather(*(door.start() for door in doors))
    await asyncio.gather(*(door.send(door.cast.submit()) for door in doors[:3]))
    office = bearer("office-clerk", ("office", OFFICE))
    url = f"/v1/plans/{PLAN}/applications"

    async def settled() -> None:
        found = await http.get(url, params={"employer": unit, "stage": "employer_review"}, headers=office)
        assert len(found.json()["items"]) == 3

    await eventually(settled)
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        params: dict[str, str | int] = {"employer": unit, "limit": 2} | ({"cursor": cursor} if cursor else {})
        page = (await http.get(url, params=params, headers=office)).json()
        seen += [row["application_ref"] for row in page["items"]]
        cursor = page["next"]
    assert seen == sorted(door.cast.ref for door in doors)
    mine = bearer("unit-clerk", ("employer", unit))
    assert len((await http.get(url, headers=mine)).json()["items"]) == 5
    inbox = (await http.get(f"/v1/plans/{PLAN}/inbox", headers=mine)).json()
    assert {item["application_ref"] for item in inbox} == {door.cast.ref for door in doors[:3]}
    assert {(item["role"], item["organisation"]) for item in inbox} == {("employer", unit)}
    bad = await http.get(url, params={"cursor": "!!"}, headers=office)
    assert problem_of(bad, 422, "malformed")["field"] == "cursor"
    wrong = await http.get(url, params={"stage": "limbo"}, headers=office)
    assert "stage" in problem_of(wrong, 422, "malformed")["field"]
    elsewhere = await http.get("/v1/plans/nowhere-1999/applications", headers=office)
    problem_of(elsewhere, 404, "not_found")


async def test_a_look_at_a_dossier_is_on_record(stage_door: Door) -> None:
    door = stage_door
    await door.start()
    await door.read(role="employer")
    stranger = door.bearer("curious", ("employer", "another-unit"))
    problem_of(await door.http.get(door.path, headers=stranger | {"X-Request-Id": "try-1"}), 404, "not_found")
    problem_of(
        await door.http.post(f"{door.path}/commands/review", json={}, headers=stranger), 404, "not_found"
    )
    looks = (await door.read("/looks", "city_office")).json()
    assert [(look["subject"], look["what"], look["outcome"]) for look in looks] == [
        ("city_office-clerk", "application_looks", "shown"),
        ("curious", "review", "not_visible"),
        ("curious", "application_state", "not_visible"),
        ("employer-clerk", "application_state", "shown"),
    ]
    assert looks[2]["request_id"] == "try-1"


async def test_everybody_reads_the_rules(http: httpx.AsyncClient) -> None:
    codes = (await http.get("/v1/errors")).json()
    assert {one["code"] for one in codes} >= {code.value for code in RefusalCode}
    assert all(one["meaning"]["zh"] and one["remedy"]["en"] for one in codes)
    assert (await http.get("/v1/lifecycle")).json()["stages"]
    assert (await http.get("/v1/lifecycle.svg")).text.startswith("<?xml")
    unknown = (await http.get("/v1/certificates/TJ-2023-ENG-999999")).json()
    assert unknown["standing"] == "unknown"
    nobody = (await http.get("/v1/certificates/%00%0a")).json()
    assert nobody["standing"] == "unknown"
    assert "\x00" not in nobody["words"]["en"], "what PostgreSQL would not even be asked for"
    assert (await http.post("/v1/certificates/file", content=b"%PDF-1.7 not ours")).json()[
        "standing"
    ] == "unknown"
    assert (await http.get(f"/v1/plans/{PLAN}/lists")).json() == []
    assert (await http.get(f"/v1/plans/{PLAN}/statistics/public")).status_code == 200
    problem_of(await http.get("/v1/plans/nowhere-1999/lists"), 404, "not_found")
    problem_of(await http.get("/v1/nowhere"), 404, "not_found")
    problem_of(await http.post("/v1/errors"), 405, "method")
    health = await http.get("/v1/health", headers={"X-Request-Id": "abc-1"})
    assert (health.headers["x-request-id"], health.headers["x-content-type-options"]) == ("abc-1", "nosniff")


@pytest.mark.parametrize(
    ("content", "media", "status"),
    [
        (b"{", "application/json", 422),
        (b"[]", "application/json", 422),
        (b'"text"', "application/json", 422),
        (b"{}", "application/json", 422),
        (b'{"command_id": "x y"}', "application/json", 422),
        (b'{"dossier": {"unknown": "\\ud800"}, "command_id": "c-1"}', "application/json", 422),
        (b"x" * (1024 * 1024 + 1), "application/json", 413),
        (b'{"command_id": "c-1"}', "text/plain", 415),
        (b'{"command_id": "c-1"}', "application/x-www-form-urlencoded", 415),
    ],
)
async def test_what_cannot_be_read_is_named_and_changes_nothing(
    stage_door: Door, content: bytes, media: str, status: int
) -> None:
    door = stage_door
    await door.start()
    answer = await door.http.post(
        f"{door.path}/commands/submit",
        content=content,
        headers=door.headers("applicant") | {"Content-Type": media},
    )
    problem_of(answer, status, {413: "oversized", 415: "media_type"}.get(status, "malformed"))
    assert (await door.read(role="applicant")).json()["state"]["stage"] == "draft"


async def test_without_a_worker_the_answer_says_when_to_try_again(
    gateway_settings: Settings, bearer: Bearer
) -> None:
    nobody = gateway_settings.model_copy(update={"task_queue": unique("nobody"), "gateway_patience": 0.6})
    async with context(nobody, await connect(nobody)) as made:
        transport = httpx.ASGITransport(app=create_app(made), raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as http:
            door = Door(http, bearer, Cast(unique("n")))
            begun = await door.start()
            assert (begun.status_code, begun.json()["opened"]) == (201, False)
            answer = await http.post(
                f"{door.path}/commands/object",
                json={"command_id": "o-1", "grounds": "x", "real_name": True},
                headers=door.headers("applicant") | {"Zhicheng-Role": "public"},
            )
            problem_of(answer, 503, "no_answer")
            assert int(answer.headers["retry-after"]) > 0


async def test_a_database_that_does_not_answer_is_said_and_is_no_fault_of_the_caller(
    gateway: FastAPI, http: httpx.AsyncClient, bearer: Bearer
) -> None:
    engine = gateway.state.context.database._engine.sync_engine

    def nobody(*_: object) -> None:
        raise PoolTimeout("QueuePool limit reached")

    event.listen(engine, "do_connect", nobody)
    event.listen(engine.pool, "checkout", nobody)
    answer = await http.get(f"/v1/plans/{PLAN}/applications", headers=bearer("o", ("office", OFFICE)))
    found = problem_of(answer, 503, "database_away")
    assert int(answer.headers["retry-after"]) > 0
    assert "QueuePool" not in found["title"]


def test_every_code_that_the_door_answers_stands_in_the_catalogue_with_its_status() -> None:
    folder = Path(routes_starts.__file__).parent
    said: set[tuple[str, int]] = set()
    for file in folder.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "problem":
                status, code = node.args[:2]
                if isinstance(status, ast.Constant) and isinstance(code, ast.Constant):
                    said.add((str(code.value), int(str(status.value))))
    assert len(said) > 10
    assert {(code, CATALOGUE[code].status) for code, _ in said} == said
    assert set(CATALOGUE) >= {code.value for code in RefusalCode}


def test_the_document_describes_every_command_with_an_example_that_holds() -> None:
    document = json.loads(openapi_text())
    assert document["openapi"].startswith("3.1")
    assert {route.operation_id for route in every_route()} == set(POLICY)
    for family in FAMILIES:
        for kind, model in family.models.items():
            assert family.operation(kind) in POLICY
            filled = EXAMPLES[family.operation(kind)] | {
                "command_id": "c-1",
                "actor": {"id": "a", "role": "office", "organisation": "o"},
            }
            Draft202012Validator(model.model_json_schema()).validate(filled)
            model.model_validate(filled)
    assert not [
        name
        for name in re.findall(r'"#/components/schemas/([^"]+)"', openapi_text())
        if name not in document["components"]["schemas"]
    ]
