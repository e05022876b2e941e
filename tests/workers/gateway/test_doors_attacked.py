"""What an attacker, or a slip of the hand, tries at the doors: nothing leaks, nothing is answered 500."""

from __future__ import annotations

import json
import re

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy.exc import OperationalError

from activities.plans import read_plan
from models.refusal import Refused
from tests.workers.gateway.conftest import PLAN, Bearer, Door
from workers.rehearsal.cast import OFFICE

BOARD = f"/board/plans/{PLAN}"


async def signed_in(http: httpx.AsyncClient, bearer: Bearer) -> str:
    """An officer is signed in to the board; what every form must send back."""
    token = bearer("office-clerk", ("office", OFFICE))["Authorization"].removeprefix("Bearer ")
    assert (await http.post("/board/sign-in", data={"token": token})).status_code == 303
    found = re.search(r'name="csrf" value="(\w+)"', (await http.get(f"{BOARD}/cycle")).text)
    assert found is not None
    return found[1]


async def test_the_story_in_words_names_no_objector_to_the_applicant(stage_door: Door) -> None:
    """What the history keeps back from the applicant, its telling in words keeps back as well."""
    await stage_door.start()
    cast = stage_door.cast
    for command in (cast.submit(), cast.recommend(), cast.start_publicity()):
        assert (await stage_door.send(command)).is_success
    objected = await stage_door.http.post(
        f"{stage_door.path}/commands/object",
        json={"grounds": "业绩材料与实际不符", "real_name": True},
        headers=stage_door.headers("employer", "colleague-7")
        | {"Idempotency-Key": f"{cast.ref}-o", "Zhicheng-Role": "public"},
    )
    assert objected.is_success, objected.text
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
