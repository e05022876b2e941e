"""Searches over HTTP: the grammar in lists and batches, saved ones, what a stranger may do with them."""

from __future__ import annotations

import httpx

from tests.support import unique
from tests.workers.gateway.conftest import PLAN, Bearer, Door
from tests.workers.gateway.test_gateway import problem_of
from workers.rehearsal.cast import OFFICE

LIST = f"/v1/plans/{PLAN}/applications"


async def test_a_search_finds_what_the_caller_may_see(
    http: httpx.AsyncClient, bearer: Bearer, stage_door: Door
) -> None:
    await stage_door.start()
    ref, unit = stage_door.cast.ref, stage_door.headers("employer")

    async def found(q: str, **more: str) -> list[str]:
        answer = await http.get(LIST, params={"q": f"ref:{ref} {q}", **more}, headers=unit)
        assert answer.status_code == 200, answer.text
        return [one["application_ref"] for one in answer.json()["items"]]

    at = "2023-10-30T09:00:00+08:00"
    for q in (
        "stage:draft",
        "due<=2023-11-06",
        "环节：draft",
        "-returned>0",
        "deadline:department_submission",
    ):
        assert await found(q) == [ref], q
    assert await found("slack:5", at=at) == [ref]
    assert await found("slack<5", at=at) == []
    assert await found("stage:draft", stage="office_review") == []
    curious = bearer("curious", ("employer", "another-unit"))
    assert (await http.get(LIST, params={"q": f"ref:{ref}"}, headers=curious)).json()["items"] == []
    wrong = problem_of(await http.get(LIST, params={"q": "dew<2023-11-06"}, headers=unit), 422, "malformed")
    assert wrong["field"] == "q"
    assert "是否要写 due" in wrong["remedy"]["zh"]
    far = problem_of(await http.get(LIST, params={"q": "slack<300", "at": at}, headers=unit), 422, "guard")
    assert "2025" in far["rule"]["en"]


async def test_pages_follow_the_deadlines(http: httpx.AsyncClient, stage_door: Door) -> None:
    await stage_door.start()
    office, cursor, seen = stage_door.headers("office"), None, []
    while True:
        params = {"q": "stage:draft", "order": "due", "limit": "2"} | ({"cursor": cursor} if cursor else {})
        page = (await http.get(LIST, params=params, headers=office)).json()
        seen += [(one["due_at"], one["application_ref"]) for one in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert len(set(seen)) == len(seen)
    assert stage_door.cast.ref in {ref for _, ref in seen}
    assert seen == sorted(seen)


async def test_a_search_is_saved_shared_used_and_forgotten(
    http: httpx.AsyncClient, bearer: Bearer, stage_door: Door
) -> None:
    await stage_door.start()
    name, ref = unique("s"), stage_door.cast.ref
    mine, colleague = bearer(unique("o"), ("office", OFFICE)), bearer(unique("o"), ("office", OFFICE))
    kept = {"search": f"ref:{ref}  stage:draft", "role": "office", "organisation": OFFICE}
    saved = await http.put(f"/v1/searches/{name}", json=kept, headers=mine)
    assert saved.json()["search"] == f"ref:{ref} stage:draft", saved.text
    own = await http.put(f"/v1/searches/{name}-own", json={"search": "slack<2"}, headers=mine)
    assert own.json()["owner"]["role"] is None
    theirs = [one["name"] for one in (await http.get("/v1/searches", headers=colleague)).json()]
    assert name in theirs
    assert f"{name}-own" not in theirs

    listed = await http.get(LIST, params={"q": f"@{name}"}, headers=colleague)
    assert [one["application_ref"] for one in listed.json()["items"]] == [ref]
    problem_of(await http.get(LIST, params={"q": f"@{name}-own"}, headers=colleague), 422, "malformed")
    batch = f"/v1/plans/{PLAN}/batches/{unique('b')}"
    body = {
        "command": {"kind": "remind", "text": "请办理"},
        "search": f"@{name} unit:{stage_door.cast.employer}",
    }
    made = await http.put(batch, json=body, headers=mine)
    assert made.status_code == 200, made.text
    problem_of(await http.put(f"{batch}-x", json=body | {"selection": {}}, headers=mine), 422, "malformed")

    stranger = bearer("curious", ("office", "another-office"))
    problem_of(await http.put(f"/v1/searches/{name}", json=kept, headers=stranger), 403, "wrong_organisation")
    problem_of(await http.put("/v1/searches/x y", json=kept, headers=mine), 422, "malformed")
    half = {"search": "slack<2", "role": "office"}
    problem_of(await http.put(f"/v1/searches/{name}", json=half, headers=mine), 422, "malformed")
    whose = {"role": "office", "organisation": OFFICE}
    gone = await http.delete(f"/v1/searches/{name}", params=whose, headers=colleague)
    assert gone.status_code == 204
    problem_of(await http.delete(f"/v1/searches/{name}", params=whose, headers=mine), 404, "not_found")
