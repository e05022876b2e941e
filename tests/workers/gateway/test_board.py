"""The board over ASGI: who gets in, every page in both languages, forms, what is shown of hostile text."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import select

from activities.database import Database
from models.batch_state import ROW_LABELS
from models.roles import Role
from models.stages import STAGES, Stage
from models.tables import Batch, Letter, Notice
from tests.support import eventually, unique
from tests.workers.gateway.conftest import PLAN, Bearer, Door
from workers.board.app import every_page
from workers.board.render import SECTIONS
from workers.board.words import TEXT
from workers.gateway.policy import BOARD_POLICY
from workers.rehearsal.cast import OFFICE
from workers.settings import Settings

PAGES = tuple(SECTIONS)
BASE = f"/board/plans/{PLAN}"
WHO = {"office": OFFICE, "employer": "tj-metrology-institute", "applicant": None, "chair": "committee"}


@pytest.fixture
async def browser(gateway: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """Keeps cookies, as a browser does."""
    transport = httpx.ASGITransport(app=gateway)
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
        yield client


async def signed_in(browser: httpx.AsyncClient, bearer: Bearer, role: str = "office") -> str:
    """Signs in, and gives what every form must send back."""
    token = bearer(f"{role}-clerk", (role, WHO[role]))["Authorization"].removeprefix("Bearer ")
    answer = await browser.post("/board/sign-in", data={"token": token})
    assert answer.status_code == 303, answer.text
    page = await browser.get(f"{BASE}/cycle")
    found = re.search(r'name="csrf" value="(\w+)"', page.text)
    assert found is not None
    return found[1]


async def test_nobody_gets_in_without_a_session_and_every_page_has_a_policy(
    browser: httpx.AsyncClient,
) -> None:
    assert {route.operation_id for route in every_page()} == set(BOARD_POLICY)
    for route in every_page():
        if BOARD_POLICY[route.operation_id or ""].public:
            continue
        names = {"application_ref": "a-1", "batch_ref": "b-1", "meeting_ref": "m-1", "kind": "apply"}
        path = route.path.format(plan_id=PLAN, **names)
        answer = await browser.request(next(iter(route.methods)), f"/board{path}")
        assert (answer.status_code, answer.headers["location"]) == (303, "/board/sign-in"), route.path
    part = await browser.get(f"{BASE}/cycle?part=1", headers={"HX-Request": "true"})
    assert (part.status_code, part.headers["hx-redirect"]) == (401, "/board/sign-in")
    browser.cookies.set("zhicheng_board", "eyJub2JvZHkiOjF9.forged", path="/board")
    assert (await browser.get(f"{BASE}/cycle")).status_code == 303


@pytest.mark.parametrize("role", WHO)
async def test_every_page_in_both_languages_for_every_kind_of_visitor(
    browser: httpx.AsyncClient, bearer: Bearer, role: str
) -> None:
    await signed_in(browser, bearer, role)
    for name in PAGES:
        tongues = {"zh": "zh-CN", "en": "en"} if role == "office" else {"en": "en"}
        for lang, tongue in tongues.items():
            page = await browser.get(f"{BASE}/{name}?lang={lang}")
            if Role(role) not in BOARD_POLICY[SECTIONS[name]].roles:
                assert page.status_code == 403
                assert f'href="{BASE}/{name}"' not in page.text, "nobody is offered what is not theirs"
                continue
            assert page.status_code == 200, (name, page.text)
            assert f'<html lang="{tongue}">' in page.text
            heading = getattr(TEXT[name], lang)
            assert f"<h1>{heading}</h1>" in page.text
            if lang == "en":
                aside = re.sub(r'(?s)<p class="aside">.*?</p>|<svg.*?</svg>', "", page.text)
                assert not re.search(r"[一-龥]", aside), name
            policy = page.headers["content-security-policy"]
            assert "script-src 'self'" in policy
            assert "unsafe" not in policy
            assert page.headers["cache-control"] == "no-store"
            assert not re.search(r"<script(?![^>]*src=)|\son\w+=|style=", page.text), name


async def test_a_batch_is_listed_in_every_status_its_row_may_have(
    browser: httpx.AsyncClient, bearer: Bearer, gateway_settings: Settings
) -> None:
    """`written` and `not_made` too, which no workflow has."""
    prefix, at = unique("b"), datetime(2023, 11, 1, tzinfo=UTC)
    blank = {"selection": None, "items_sha256": None, "approver_id": None, "approved_at": None}
    later = {"preview": None, "counts": None, "frozen_at": None, "needs_approval": False}
    maker = {"maker_id": "office-clerk", "maker_role": "office", "maker_organisation": OFFICE}
    database = Database(gateway_settings.database_url.get_secret_value())
    async with database.transaction() as session:
        for status in ROW_LABELS:
            row = {"batch_ref": f"{prefix}-{status}", "plan_id": PLAN, "kind": "return", "status": status}
            named = {**row, **blank, **later, **maker, "command": {"kind": "return"}}
            session.add(Batch(**named, items=0, made_at=at, at=at, seq=0))
    await database.close()
    await signed_in(browser, bearer)
    page = (await browser.get(f"{BASE}/batches?lang=zh")).text
    for status, label in ROW_LABELS.items():
        assert re.search(rf"{prefix}-{status}</a>.*?<td>{label.zh}</td>", page), status


async def test_a_session_is_kept_in_a_cookie_that_scripts_cannot_read_and_ends(
    browser: httpx.AsyncClient, bearer: Bearer
) -> None:
    refused = await browser.post("/board/sign-in", data={"token": "nonsense"})
    assert refused.status_code == 401
    assert 'role="alert"' in refused.text
    token = bearer("office-clerk", ("office", OFFICE))["Authorization"].removeprefix("Bearer ")
    answer = await browser.post("/board/sign-in", data={"token": token})
    cookie = answer.headers["set-cookie"].lower()
    assert all(part in cookie for part in ("httponly", "samesite=lax", "path=/board"))
    csrf = await signed_in(browser, bearer)
    assert (await browser.post("/board/sign-out", data={"csrf": csrf})).status_code == 303
    assert (await browser.get(f"{BASE}/cycle")).status_code == 303


async def test_a_form_of_another_page_or_another_session_changes_nothing(
    browser: httpx.AsyncClient, bearer: Bearer
) -> None:
    csrf = await signed_in(browser, bearer)
    form = {"name": "mine", "q": "stage:draft"}
    for data, headers in (
        (form, {}),
        ({**form, "csrf": "0" * 64}, {}),
        ({**form, "csrf": csrf}, {"Origin": "https://evil.example"}),
    ):
        answer = await browser.post(f"{BASE}/search", data=data, headers=headers)
        assert (answer.status_code, "@mine" in answer.text) == (403, False)
    done = await browser.post(f"{BASE}/search", data={**form, "csrf": csrf})
    assert done.status_code == 303
    assert "@mine</a>" in (await browser.get(done.headers["location"])).text


async def test_what_was_typed_is_shown_as_text_and_a_search_that_cannot_be_read_says_why(
    browser: httpx.AsyncClient, bearer: Bearer
) -> None:
    await signed_in(browser, bearer)
    page = await browser.get(f"{BASE}/search", params={"q": '"><script>alert(1)</script>', "lang": "en"})
    assert page.status_code == 422
    assert "<script>alert" not in page.text
    assert 'class="problem"' in page.text
    by_deadline = await browser.get(f"{BASE}/risk?q=deadline:department_submission")
    assert by_deadline.status_code == 200
    missing = await browser.get("/board/plans/no-such-plan/cycle")
    assert missing.status_code == 404
    assert "<h1>Not done</h1>" in missing.text


async def test_an_application_is_told_from_its_workflow_and_the_look_is_on_record(
    browser: httpx.AsyncClient, bearer: Bearer, stage_door: Door
) -> None:
    await stage_door.start()
    await stage_door.send(stage_door.cast.submit())
    await signed_in(browser, bearer)

    async def shown() -> None:
        page = await browser.get(f"{BASE}/applications/{stage_door.cast.ref}?lang=en")
        assert page.status_code == 200, page.text
        assert STAGES[Stage.EMPLOYER_REVIEW].label.en in page.text
        assert "The chain of records is whole" in page.text
        assert 'class="stage open current"' in page.text
        assert "Mon 6 Nov 2023 24:00" in page.text, "the last day, as the deadlines below it say"

    await eventually(shown, 20.0)
    looks = (await stage_door.read("/looks")).json()
    assert any((one["what"], one["outcome"]) == ("board_application", "shown") for one in looks)
    found = await browser.get(f"{BASE}/search?q=ref:{stage_door.cast.ref} due:2023-11-06")
    assert stage_door.cast.ref in found.text
    assert "Mon 6 Nov 2023 24:00" in found.text, "the day that was searched for"
    unseen = await browser.get(f"{BASE}/applications/{unique('nobody')}")
    assert unseen.status_code == 404


async def test_specialties_and_levels_are_called_as_the_plan_calls_them(
    browser: httpx.AsyncClient, bearer: Bearer, stage_door: Door
) -> None:
    await stage_door.start()
    await signed_in(browser, bearer)
    for path in (f"search?q=ref:{stage_door.cast.ref}", f"cycle?q=ref:{stage_door.cast.ref}"):
        for lang, names in (("zh", ("计量", "副高级")), ("en", ("metrology", "deputy senior"))):
            page = await browser.get(f"{BASE}/{path}&lang={lang}")
            assert all(f">{name}</t" in page.text for name in names), (path, lang)
    assert (await browser.get("/board/plans/nowhere/posts")).status_code == 404


async def test_a_batch_from_a_search_is_asked_first_and_sent_by_a_click(
    browser: httpx.AsyncClient, bearer: Bearer, stage_door: Door
) -> None:
    await stage_door.start()
    csrf = await signed_in(browser, bearer)
    name = unique("board")[:30]
    form = {
        "csrf": csrf,
        "q": f"ref:{stage_door.cast.ref}",
        "batch_ref": name,
        "kind": "hold",
        "text": "核实",
    }

    async def made() -> str:
        answer = await browser.post(f"{BASE}/batches", data=form)
        assert answer.status_code == 303, answer.text
        return answer.headers["location"]

    at = await eventually(made, 20.0)

    async def stands(status: str) -> str:
        page = (await browser.get(at)).text
        assert f'data-status="{status}"' in page
        return page

    page = await eventually(lambda: stands("previewed"), 20.0)
    command_id = re.search(r'value="(board-apply[^"]+)"', page)
    assert command_id is not None
    sent = await browser.post(f"{at}/apply", data={"csrf": csrf, "command_id": command_id[1]})
    assert sent.status_code == 303
    assert stage_door.cast.ref in await eventually(lambda: stands("done"), 20.0)
    assert name in (await browser.get(f"{BASE}/batches")).text
    assert (await browser.post(f"{at}/no-such", data={"csrf": csrf, "command_id": "x-1"})).status_code == 404


async def test_an_incident_is_tried_again_after_a_second_look(
    browser: httpx.AsyncClient, bearer: Bearer, stage_door: Door, gateway_settings: Settings
) -> None:
    """A notice that was refused for good is sent once more; twice does no harm, and not every role may."""
    await stage_door.start()
    await stage_door.send(stage_door.cast.submit())
    database = Database(gateway_settings.database_url.get_secret_value())
    reason = unique("r")[:30]

    async def refused() -> int:
        async with database.transaction() as session:
            notice = await session.scalar(
                select(Notice.id).filter_by(application_ref=stage_door.cast.ref).limit(1)
            )
            assert notice is not None
            letter = {"source": "notices", "notice_id": notice, "status": "dead", "tries": 9}
            session.add(Letter(**letter, reason=reason, changed_at=datetime.now(UTC)))
            return int(notice)

    notice = await eventually(refused, 20.0)
    csrf = await signed_in(browser, bearer)
    page = await browser.get(f"{BASE}/incidents?lang=en")
    at = f"{BASE}/incidents/retry?kind=notice&of=notices&cause={reason}"
    assert at.replace("&", "&amp;") in page.text
    assert "Yes, try 1 again" in (await browser.get(f"{at}&lang=en")).text
    form = {"csrf": csrf, "kind": "notice", "of": "notices", "cause": reason}
    for done in (1, 0):
        answer = await browser.post(f"{BASE}/incidents/retry", data=form)
        assert (answer.status_code, answer.headers["location"]) == (303, f"{BASE}/incidents?done={done}")
    async with database.reading() as session:
        letter = await session.get_one(Letter, ("notices", notice))
        assert (letter.status, letter.tries) == ("waiting", 0)
    await database.close()
    other = await browser.post(f"{BASE}/incidents/retry", data={**form, "kind": "workflow_task"})
    assert other.status_code == 422
    await signed_in(browser, bearer, "employer")
    for path in ("incidents", "incidents/retry?kind=notice&of=notices&cause=x", "service", "exports"):
        assert (await browser.get(f"{BASE}/{path}")).status_code == 403
