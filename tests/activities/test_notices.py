"""Every event that tells somebody has words, in both languages, and none of them names a person."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from activities.database import Database
from activities.notice_words import HAPPENED, TO_DO
from activities.notices import NEXT_AUTHORITY, told_roles
from activities.visibility import ties_of
from models.deadlines import DeadlineKind
from models.lifecycle import TRANSITIONS
from models.roles import Role
from models.stages import STAGES
from models.tables import Application, Notice
from models.visibility import Grant, may_see
from tests.activities.recorded import Desk, RecordedLife
from tests.activities.stories import STORIES
from tests.activities.test_hops import every, one
from tests.models.life import Life, posted, published, scheduled
from workers.rehearsal.cast import COMMITTEE

TOLD = [t.event for t in TRANSITIONS if t.notify]
BY_THE_CALENDAR = ("reminded", "escalated", "deadline_moved", "deadline_set", "calendar_missing")


@pytest.mark.parametrize("event", [*TOLD, *BY_THE_CALENDAR])
def test_every_event_that_tells_somebody_has_words(event: str) -> None:
    words = HAPPENED[event]
    assert words.zh.endswith("。")
    assert re.search(r"[A-Za-z]\.$", words.en)


def test_there_are_no_words_for_events_that_do_not_exist() -> None:
    known = {t.event for t in TRANSITIONS} | {*BY_THE_CALENDAR, "opened"}
    assert HAPPENED.keys() <= known


def test_every_stage_in_somebodys_court_says_what_to_do() -> None:
    waiting = {stage for stage, spec in STAGES.items() if spec.action_by not in (None, Role.SYSTEM)}
    assert waiting == TO_DO.keys()


def test_every_duty_has_a_next_authority() -> None:
    holders = {
        spec.action_by
        for spec in STAGES.values()
        if spec.action_by is not None and any(d.kind is DeadlineKind.DUTY for d in spec.deadlines)
    }
    assert holders <= NEXT_AUTHORITY.keys()


@pytest.mark.parametrize("name", ["main line", "title revoked", "office return, abandoned"])
async def test_notices_carry_reference_stage_and_deadline(database: Database, name: str) -> None:
    await Desk(database).write_all(STORIES[name]())
    notices = await every(database, Notice)
    assert notices
    for notice in notices:
        assert notice.application_ref in notice.text_zh
        assert notice.application_ref in notice.text_en
        assert notice.status == "pending"
        assert notice.recipient, f"nobody hears of {notice.template} to {notice.to_role}"
        assert "p-life" not in notice.text_zh + notice.text_en + notice.subject_zh


async def test_a_committee_that_is_late_is_reminded_under_a_name_that_mail_goes_to(
    database: Database,
) -> None:
    """It stands in no plan and in no start: only the agenda names it."""
    life = RecordedLife()
    scheduled(life).at("2024-01-05 09:00")
    await Desk(database).write_all(life)
    reminded = await every(database, Notice, template="reminded")
    assert ("chair", COMMITTEE) in {(notice.to_role, notice.recipient) for notice in reminded}
    assert all(notice.recipient for notice in await every(database, Notice))


async def test_the_committee_of_a_meeting_held_elsewhere_sees_what_is_scheduled(database: Database) -> None:
    life = RecordedLife()
    scheduled(life)
    await Desk(database).write_all(life)
    row = await one(database, Application)
    async with database.reading() as session:
        ties = await ties_of(session, row)
    assert ties.committees == {COMMITTEE}
    assert may_see("anybody", [Grant(role=Role.CHAIR, organisation=COMMITTEE)], ties)
    assert not may_see("anybody", [Grant(role=Role.CHAIR, organisation="another")], ties)


async def test_the_applicant_is_told_of_every_date_that_bars(database: Database) -> None:
    life = STORIES["office return, abandoned"]()
    await Desk(database).write_all(life)
    told = await every(database, Notice, Notice.seq, template="deadline_set")
    assert [(n.to_role, re.findall(r"\d{4}-\d\d-\d\d", n.text_zh)) for n in told] == [
        ("applicant", ["2023-11-06"]),
        ("applicant", ["2023-10-23"]),
    ]


@pytest.mark.parametrize(
    ("reach", "name", "who"),
    [(posted, "employer_publicity", Role.EMPLOYER), (published, "result_publicity", Role.OFFICE)],
)
def test_whoever_posted_a_notice_is_told_that_it_has_to_stay_longer(
    reach: Callable[[Life], Life], name: str, who: Role
) -> None:
    """Taken down on the old last day it would be hidden on a day that counts (process reading 33)."""
    life = reach(Life())
    life.do(life.cast.revise("interruption", [{"name": name, "add_working_days": 1}]))
    (moved,) = (fact for fact in life.state.history if fact.event == "deadline_moved")
    assert told_roles(moved) == (Role.APPLICANT, who)
