"""The command line on meetings, as a user types it: the draw through a workflow, the room in the database."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from activities.database import Database
from tests.activities.hall import Hall
from tests.support import unique
from tests.workers.conftest import Zhicheng
from workers.rehearsal.cast import CITY_OFFICE, COMMITTEE, OFFICE
from workers.rehearsal.meeting_cast import NUMBERS, MeetingCast
from workers.settings import Settings

CLERK, WATCHER = f"office:clerk@{OFFICE}", f"city_office:watcher@{CITY_OFFICE}"
DRAWER, WITNESS = "drawer-0123456789abcdef", "witness-fedcba9876543210"


def in_the_database(served: Settings, work: Callable[[Database], Awaitable[Any]]) -> Any:
    """Prepares what a test needs, beside the worker."""

    async def run() -> Any:
        database = Database(served.database_url.get_secret_value())
        try:
            return await work(database)
        finally:
            await database.close()

    return asyncio.run(run())


@pytest.fixture
def furnished(served: Settings) -> None:
    """A pool of thirty and a committee on file."""
    in_the_database(served, lambda database: Hall(database).furnish())


@pytest.mark.usefixtures("furnished")
def test_a_meeting_is_planned_drawn_and_its_draw_verified(zhicheng: Zhicheng) -> None:
    ref = unique("m")
    words = ("meeting", "start", ref, "--committee", COMMITTEE, "--on", "2023-12-08")
    started = zhicheng(*words, "--rehearse-from", "2023-11-20T09:00:00+08:00", "--json")
    assert started.exit_code == 0, started.stderr
    assert json.loads(started.stdout)["draw_by"] == "2023-12-01"
    numbers = [word for name, number in NUMBERS for word in ("--number", f"{name}={number}")]
    for who, side, nonce in ((CLERK, "drawer", DRAWER), (WATCHER, "witness", WITNESS)):
        said = zhicheng(*("meeting", "commit", ref, "--side", side, "--nonce", nonce, "--as", who, *numbers))
        assert said.exit_code == 0, said.stderr
        assert nonce not in said.stdout + said.stderr
    shown_numbers = ("--drawer-nonce", DRAWER, "--witness-nonce", WITNESS)
    early = zhicheng("meeting", "agenda", ref, "nobody", "--as", CLERK)
    assert (early.exit_code, "planned" in early.stderr) == (1, True)
    draw = ("meeting", "draw", ref, "--as", CLERK, "--witness", WATCHER, *shown_numbers, "--json")
    first = json.loads(zhicheng(*draw, "--command-id", f"{ref}-draw").stdout)
    assert first["counts"] == {"pool": 30, "drawn": 11}
    assert json.loads(zhicheng(*draw, "--command-id", f"{ref}-draw").stdout) == first
    replaced = zhicheng("meeting", "replace", ref, "--seat", "3", "--reason", "unavailable", "--as", CLERK)
    assert replaced.exit_code == 0, replaced.stderr
    verified = zhicheng("meeting", "verify-draw", ref)
    assert (verified.exit_code, "11 drawn, 1 replaced" in verified.stdout) == (0, True), verified.stderr
    panel = json.loads(zhicheng("meeting", "panel", ref, "--json").stdout)
    assert [member["seat"] for member in panel] == list(range(1, 12))
    shown = zhicheng("meeting", "show", ref)
    assert "drawn on 2023-11-20" in shown.stdout
    assert "set_agenda" in shown.stdout
    events = [fact["event"] for fact in json.loads(zhicheng("meeting", "history", ref, "--json").stdout)]
    assert events == ["planned", "commit_draw", "commit_draw", "draw", "replace"]
    unknown = zhicheng("meeting", "agenda", ref, "nobody", "--as", CLERK)
    assert unknown.exit_code == 1
    assert "there is no application" in unknown.stdout


@pytest.mark.usefixtures("furnished")
def test_a_meeting_that_is_called_off_takes_nothing_more(zhicheng: Zhicheng) -> None:
    ref = unique("m")
    words = ("meeting", "start", ref, "--committee", COMMITTEE, "--on", "2023-12-08")
    assert zhicheng(*words, "--rehearse-from", "2023-11-20T09:00:00+08:00").exit_code == 0
    wrong = zhicheng("meeting", "call-off", ref, "--reason", "because", "--as", CLERK)
    assert (wrong.exit_code, "'postponed'" in wrong.stderr) == (2, True)
    called_off = zhicheng("meeting", "call-off", ref, "--reason", "postponed", "--as", CLERK)
    assert (called_off.exit_code, "called_off" in called_off.stdout) == (0, True)
    assert "called_off" in zhicheng("meeting", "show", ref).stdout
    assert "postponed" in zhicheng("meeting", "minutes", ref).stdout
    again = zhicheng("meeting", "call-off", ref, "--reason", "postponed", "--as", CLERK)
    assert again.exit_code == 1
    assert "zhicheng meeting show" in again.stderr


def test_what_cannot_be_is_said_with_its_field(zhicheng: Zhicheng) -> None:
    ref = unique("m")
    words = ("meeting", "start", ref, "--committee", "no-committee", "--on", "2023-12-08")
    refused = zhicheng(*words, "--rehearse-from", "2023-11-20T09:00:00+08:00")
    assert refused.exit_code == 1
    assert "no-committee" in refused.stderr
    shown = zhicheng("meeting", "show", ref)
    assert (shown.exit_code, "no-committee" in shown.stderr) == (1, True), "refused, not planned"
    assert zhicheng("meeting", "show", "no-such-meeting").exit_code == 2
    assert "--as" in zhicheng("meeting", "sign-in", "m").stderr
    assert zhicheng("meeting", "vote", "m", "a", "maybe", "--slip", "x").exit_code == 2
    assert zhicheng("meeting", "open", "m", "--as", CLERK).exit_code == 2


def test_experts_come_write_and_vote(zhicheng: Zhicheng, served: Settings, tmp_path: Path) -> None:
    ref, app = unique("m"), unique("a")
    cast = MeetingCast(ref)

    async def convened(database: Database) -> list[str]:
        hall = Hall(database, cast)
        return await hall.opened(app)

    panel = in_the_database(served, convened)
    me, day = f"expert:{panel[3]}", ("--at", "2023-12-08T10:00")
    text = tmp_path / "opinion.txt"
    text.write_text("业绩突出，同意", "utf-8")
    filed = zhicheng("meeting", "opinion", ref, app, "-f", str(text), "--as", me, *day, "--json")
    assert json.loads(filed.stdout)["version"] == 1
    recused = zhicheng("meeting", "recuse", ref, app, "--as", f"expert:{panel[4]}", *day)
    assert recused.exit_code == 0, recused.stderr
    duty = json.loads(zhicheng("meeting", "duty", ref, "--as", f"expert:{panel[0]}", "--json").stdout)
    assert duty["acts_as"] == cast.chair
    assert "member" in zhicheng("meeting", "duty", ref, "--as", me).stdout
    early = zhicheng("meeting", "slip", ref, app, "--as", me)
    assert (early.exit_code, "no ballot" in early.stderr) == (1, True)

    async def opened(database: Database) -> None:
        await Hall(database, cast).do(cast.open_ballot(app))

    in_the_database(served, opened)
    slip = zhicheng("meeting", "slip", ref, app, "--as", me).stdout.strip()
    assert len(slip) == 43
    assert zhicheng("meeting", "vote", ref, app, "yes", given=f"{slip}\n").exit_code == 0
    again = zhicheng("meeting", "vote", ref, app, "no", "--slip", slip)
    assert (again.exit_code, "used" in again.stderr, slip in again.stderr) == (1, True, False)
    zh = zhicheng("meeting", "vote", ref, app, "no", "--slip", slip, "--lang", "zh")
    assert "已使用" in zh.stderr

    async def closed(database: Database) -> dict[str, int]:
        hall = Hall(database, cast)
        done = await hall.do(cast.close_ballot(app, signed=True, sealed=True))
        await hall.do(cast.close_meeting())
        return {item.application_ref: item.yes for item in done.items}

    assert in_the_database(served, closed) == {app: 1}
    minutes = json.loads(zhicheng("meeting", "minutes", ref).stdout)
    assert minutes["applications"][0]["result"]["yes"] == 1
    late = zhicheng("meeting", "sign-out", ref, "--as", me, *day)
    assert (late.exit_code, "ended" in late.stderr) == (1, True)


def test_committees_and_experts_are_put_on_file(zhicheng: Zhicheng) -> None:
    ref, today = unique("c"), date(2026, 1, 15)
    until = ("--filed-on", str(today), "--document-no", "津人社评备〔2026〕1号")
    filing = ("committee", "file", ref, "--size", "11", *until)
    good = zhicheng(*filing, "--valid-until", "2029-01-15")
    assert good.exit_code == 0, good.stderr
    too_long = zhicheng(*filing, "--valid-until", str(today + timedelta(days=1097)))
    assert (too_long.exit_code, "3 years" in too_long.stderr) == (1, True)
    even = zhicheng("committee", "file", ref, "--size", "12", *until, "--valid-until", "2028-01-15")
    assert (even.exit_code, "odd" in even.stderr) == (1, True)
    shown = json.loads(zhicheng("committee", "show", ref, "--json").stdout)
    assert [one["size"] for one in shown] == [11]
    expert = ("expert", "add", unique("e"), "--employer", "bohai-laboratory", "--specialty", "quality")
    added = zhicheng(*expert, "--term-until", "2028-01-01", "--tie", "co_author=p-1", "--json")
    assert json.loads(added.stdout)["ties"] == [{"person": "p-1", "kind": "co_author"}]
    wrong = zhicheng(*expert, "--term-until", "2028-01-01", "--tie", "friend=p-1")
    assert wrong.exit_code == 2
