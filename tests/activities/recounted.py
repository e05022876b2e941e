"""A database that was made from recorded histories alone, with what was sealed and published of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

from activities.audit.sealing import roots_of, seal
from activities.calendar import Calendars
from activities.database import Database
from activities.rebuilding import Rebuilt, Story, rebuild
from activities.records import Records
from models.result_list import ListEntry, ResultList, Shown
from models.roots import Root
from models.tables import ListPosting, MeetingEntry, PostedEntry, PostedList, ReviewMeeting
from tests.codec import plugin
from tests.gates.test_replay import FOLDER, _read
from workers.rebuild import story_of
from workers.registry import REBUILT
from workers.retelling import Told, told_from

PLAN = "tianjin-quality-2023"
SEALED_AT = datetime(2024, 6, 1, 1, 0, tzinfo=UTC)


@dataclass(frozen=True)
class House:
    """The database, its histories by reference, and the roots as they were published."""

    database: Database
    told: dict[str, Told]
    published: list[Root]

    @property
    def refs(self) -> dict[str, str]:
        """Name of the path -> reference."""
        return {told.run_id: ref for ref, told in self.told.items()}


@cache
def _history(name: str) -> Any:
    return _read((FOLDER / f"{name}.json").read_text("utf-8"))


async def told_of(name: str) -> Told:
    """What the recorded history of that name tells."""
    history = _history(name)
    return await told_from(history.workflow_id, [history], plugin())


def a_story(told: Told) -> Story:
    story = story_of(told)
    assert isinstance(story, Story), story
    return story


async def retold(
    database: Database, told: Told, *, apply: bool = True, audit: bool = True, at: datetime = SEALED_AT
) -> Rebuilt:
    """The application rebuilt from its history."""
    records = Records(database, Calendars(as_of=True), REBUILT)
    return await rebuild(database, records, a_story(told), at, apply=apply, audit=audit)


async def furnish(database: Database, *names: str) -> House:
    """Builds the applications of those paths, a list and an act of a meeting; seals them, and publishes."""
    found: dict[str, Told] = {}
    for name in names:
        told = await told_of(name)
        done = await retold(database, told)
        assert done.written, done.left
        found[done.application_ref] = told
    await _post_list(database, next(iter(found)))
    await seal(database, PLAN, SEALED_AT)
    async with database.reading() as session:
        return House(database, found, await roots_of(session, PLAN))


async def _post_list(database: Database, ref: str) -> None:
    shown = Shown(person="李明", unit="天津市计量院", specialty="计量", level="副高级")
    entries = (ListEntry(position=1, application_ref=ref, shown=shown),)
    columns = ("序号", "姓名", "工作单位")
    made = ResultList(plan_id=PLAN, n=1, corrects=None, nonce="7", columns=columns, entries=entries)
    key, at = {"plan_id": PLAN, "n": 1}, datetime(2023, 12, 18, 1, 0, tzinfo=UTC)
    async with database.transaction() as session:
        session.add(
            PostedList(
                **key,
                sha256=made.sha256,
                status="published",
                made_at=at,
                command_id="publish-1",
                columns=list(columns),
                meeting_refs=[],
                nonce="7",
                started_at=at,
            )
        )
        await session.flush()
        session.add(ListPosting(**key, place="review_system", posted_at=at))
        session.add(
            PostedEntry(
                **key,
                position=1,
                application_ref=ref,
                shown_name=shown.person,
                shown_unit=shown.unit,
                shown_specialty=shown.specialty,
                shown_level=shown.level,
                change="added",
                period_sha256=made.sha256,
                outcome="accepted",
            )
        )
        meeting = {"plan_id": PLAN, "meeting_ref": "m-1"}
        session.add(
            ReviewMeeting(
                **meeting,
                committee_ref="c-1",
                committee_size=13,
                committee_valid_until=at.date(),
                meeting_on=at.date(),
                status="closed",
                planned_at=at,
            )
        )
        await session.flush()
        session.add(
            MeetingEntry(
                **meeting,
                command_id="close-1",
                step="",
                kind="close_ballot",
                at=at,
                actor_id="chair-1",
                actor_role="chair",
                actor_organisation="c-1",
                digest="d" * 64,
                result={},
            )
        )
