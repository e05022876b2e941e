"""A whole meeting on the real server, and that nothing of it says how anybody voted."""

from __future__ import annotations

import asyncio
import io
import logging
import random
import re
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import pytest
import pytest_asyncio
from sqlalchemy import select
from sqlalchemy import text as sql
from temporalio import activity, workflow
from temporalio.client import WorkflowHandle
from temporalio.testing import WorkflowEnvironment

from activities.ballot_box import Choice, slip_hash
from activities.database import Database
from models.refusal import Refusal, RefusalCode, Refused
from models.tables import Recusal, VoteCount
from tests.codec import replayer, unsealed
from tests.payloads import payloads_of
from tests.support import log_to_stderr, unique
from tests.workflows.cycle import Cycle, Life
from tests.workflows.meeting_day import MeetingDay, convene, ready_applications
from workers.database import upgrade
from workers.registry import WORKFLOWS, make_activities
from workers.rehearsal.cast import EMPLOYERS
from workers.rehearsal.meeting_cast import in_person
from workers.settings import Settings
from workers.telemetry import configure_logging
from workers.worker import build_worker

APPLICATIONS = 60
SIDE_BY_SIDE = 6
"""Ballots that are open at once."""

CHOICES: tuple[Choice | None, ...] = ("yes", "no", "abstain", None)
RECOMMENDING = ("tj-metrology-institute", "jinmen-talent-agency", "tj-standards-institute", "haihe-pharma")
"""Two of the four are employers of experts of the pool as well."""

assert set(RECOMMENDING) <= set(EMPLOYERS)


@dataclass
class Count:
    """The independent computation: what was really cast on one application."""

    attending: int
    recused: int
    cast: list[Choice] = field(default_factory=list)

    @property
    def numbers(self) -> tuple[int, int, int]:
        """yes, no, abstain with the blank ones."""
        yes, no = self.cast.count("yes"), self.cast.count("no")
        return yes, no, self.attending - self.recused - yes - no

    @property
    def passes(self) -> bool:
        """Two thirds or more of those who attend and are not recused."""
        return Fraction(self.numbers[0], self.attending - self.recused) >= Fraction(2, 3)


@contextmanager
def everything_logged() -> Iterator[io.StringIO]:
    """Logging as a process has it, every level, into memory; what was configured before is put back."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    on_message = workflow.logger.workflow_info_on_message, activity.logger.activity_info_on_message
    stream = io.StringIO()
    configure_logging(Settings.load(log_level="debug"), stream)
    try:
        yield stream
    finally:
        log_to_stderr()
        root.handlers[:], root.level = handlers, level
        workflow.logger.workflow_info_on_message, activity.logger.activity_info_on_message = on_message


@pytest_asyncio.fixture(loop_scope="session")
async def hall(environment: WorkflowEnvironment, tmp_path: Path) -> AsyncIterator[Cycle]:
    """A cycle with a database file of its own, which can be searched afterwards."""
    url = f"sqlite+aiosqlite:///{tmp_path / 'meeting.db'}"
    upgrade(url)
    database, queue = Database(url), unique("meeting")
    settings = Settings.load(task_queue=queue, rehearsal=True, database_url=url)
    activities = make_activities(database, rehearsal=True)
    async with build_worker(environment.client, settings, WORKFLOWS, activities):
        yield Cycle(environment, queue, database)
    await database.close()


# --- the acceptance ----------------------------------------------------------------------------------


async def test_a_meeting_of_eleven_experts_and_sixty_applications(hall: Cycle, tmp_path: Path) -> None:
    chosen = random.Random(20231208)
    prefix = "xp-of-sixty"
    day, lives = await asyncio.gather(
        convene(hall, "meeting-of-sixty", prefix=prefix),
        ready_applications(hall, APPLICATIONS, RECOMMENDING),
    )
    with everything_logged() as logs:
        await day.at("2023-11-28 09:00")
        await day.draw()
        await day.send(day.cast.replace(4))
        panel = await day.panel()
        await day.at("2023-12-08 09:00")
        refs = [life.cast.ref for life in lives]
        agenda = await day.send(day.cast.agenda(*refs))
        assert agenda.counts["scheduled"] == APPLICATIONS
        late_comer = panel[10]
        await day.come(panel[:10])
        await day.open(panel[0], panel[1])
        counts, slips = await _vote_on_everything(day, refs, panel, late_comer, chosen)
        signed = await day.send(day.cast.sign())
        assert signed.counts["announced"] == APPLICATIONS - 1
        closed = await day.send(day.cast.close_meeting())
        assert closed.counts == {"announced": APPLICATIONS, "not_voted_on": 0}
        await day.handle.result()
    await _check_tallies(hall, day, lives, counts)
    assert _held(f"x{min(slips)}\n{slip_hash(max(slips))}".encode(), slips)
    handles = [day.handle, *(life.handle for life in lives)]
    await _nothing_links(hall.database, prefix, slips)
    await _nothing_in_histories(handles, prefix, slips)
    _nothing_in_logs(logs.getvalue(), prefix, slips)
    await hall.database.close()
    _nothing_in_the_file(tmp_path / "meeting.db", slips)
    await replayer().replay_workflow(await day.handle.fetch_history())


async def _vote_on_everything(
    day: MeetingDay, refs: list[str], panel: list[str], late_comer: str, chosen: random.Random
) -> tuple[dict[str, Count], set[str]]:
    """Every way a ballot may go. Gives what was cast, and every slip that there was."""
    counts: dict[str, Count] = {}
    slips: set[str] = set()
    away = await _recused(day, refs)

    async def opened(ref: str, there: list[str]) -> list[str]:
        able = [expert for expert in there if expert not in away[ref]]
        for expert in able[:3]:
            await day.write(expert, ref)
        await day.send(day.cast.open_ballot(ref))
        counts[ref] = Count(len(there), len(there) - len(able))
        return able

    async def vote(ref: str, expert: str, choice: Choice) -> str:
        slip = await day.slip(expert, ref)
        slips.add(slip)
        await day.put(ref, slip, choice)
        counts[ref].cast.append(choice)
        return slip

    there = panel[:10]
    free = [ref for ref in refs if not away[ref] & set(there)]
    tie, troubled, lost, void, *_ = free

    # A recusal in the room makes nine of ten; six of nine is exactly two thirds.
    await day.room.declare_recusal(*day.key, in_person(panel[9]), panel[9], tie, day.now)
    away[tie] = away[tie] | {panel[9]}
    able = await opened(tie, there)
    assert len(able) == 9
    for n, expert in enumerate(able):
        await vote(tie, expert, "yes" if n < 6 else "no")
    done = await day.send(day.cast.close_ballot(tie, signed=True, sealed=True))
    assert (done.items[0].status, done.items[0].passed) == ("announced", True)

    # Proxy, second slip, second vote, slip of nobody, late comer, recused; and after closing a late vote.
    able = await opened(troubled, there)
    proxy = day.room.take_slip(*day.key, in_person(able[1]), able[0], troubled)
    assert (await _refused(proxy)).code is RefusalCode.WRONG_PERSON
    first = await vote(troubled, able[0], "yes")
    assert "already" in (await _refused(day.slip(able[0], troubled))).rule.en
    assert "used" in (await _refused(day.put(troubled, first, "yes"))).rule.en
    assert "unknown" in (await _refused(day.put(troubled, "a-slip-of-nobody", "no"))).rule.en
    await day.come([late_comer])
    assert "roll" in (await _refused(day.slip(late_comer, troubled))).rule.en
    assert "late vote" in (await _refused(day.slip(panel[8], tie))).rule.en
    for expert in able[1:9]:
        await vote(troubled, expert, "no")
    kept = await day.slip(able[9], troubled)
    slips.add(kept)
    await day.leave([late_comer])
    await day.send(day.cast.close_ballot(troubled))
    assert "late vote" in (await _refused(day.put(troubled, kept, "yes"))).rule.en

    # The quorum is lost in the middle of a ballot; the application comes back on the agenda.
    able = await opened(lost, there)
    for expert in able[:2]:
        slips.add(slip := await day.slip(expert, lost))
        await day.put(lost, slip, "yes")
    assert isinstance(await day.try_send(day.cast.break_off(lost)), Refusal)
    await day.leave(there[7:])
    other = refs[-1] if refs[-1] not in (tie, troubled, lost, void) else refs[-2]
    too_few = await day.try_send(day.cast.open_ballot(other))
    assert isinstance(too_few, Refusal)
    assert too_few.citation == "Order 40 Art. 19"
    broken = await day.send(day.cast.break_off(lost))
    assert broken.counts["broken_off"] == 1
    await day.come(there[7:])
    await day.send(day.cast.agenda(lost))
    for expert in await opened(lost, there):
        await vote(lost, expert, "yes")
    await day.send(day.cast.close_ballot(lost))

    # A slip is lost on the way: the ballot is void, the same roll votes again.
    able = await opened(void, there)
    slips.add(await day.slip(able[0], void))
    slips.add(slip := await day.slip(able[1], void))
    await day.put(void, slip, "no")
    await day.send(day.cast.void_ballot(void))
    await day.send(day.cast.open_ballot(void))
    for expert in able:
        await vote(void, expert, "yes")
    await day.send(day.cast.close_ballot(void))

    # Three of the panel work where an applicant does: without the late comer seven could vote, of eleven.
    await day.come([late_comer])
    turn = asyncio.Semaphore(SIDE_BY_SIDE)

    async def whole_ballot(ref: str, choices: list[Choice | None]) -> None:
        async with turn:
            for expert, choice in zip(await opened(ref, panel), choices, strict=False):
                if choice is None:
                    slips.add(await day.slip(expert, ref))
                else:
                    await vote(ref, expert, choice)
            await day.send(day.cast.close_ballot(ref))

    rest = {ref: chosen.choices(CHOICES, (12, 4, 2, 1), k=11) for ref in refs if ref not in counts}
    await asyncio.gather(*(whole_ballot(ref, choices) for ref, choices in rest.items()))
    return counts, slips


async def _recused(day: MeetingDay, refs: list[str]) -> dict[str, set[str]]:
    """Who is recused from which application, as the table of recusals has it."""
    found: dict[str, set[str]] = {ref: set() for ref in refs}
    database: Database = day.room._database
    async with database.reading() as session:
        for row in await session.scalars(select(Recusal).filter_by(meeting_ref=day.cast.meeting_ref)):
            found[row.application_ref].add(row.expert_ref)
    assert any(found.values())
    return found


async def _refused(awaitable: object) -> Refusal:
    with pytest.raises(Refused) as caught:
        await awaitable  # type: ignore[misc]
    return caught.value.refusal


async def _check_tallies(hall: Cycle, day: MeetingDay, lives: list[Life], counts: dict[str, Count]) -> None:
    """The workflow, the applications and their rows say what was cast."""
    state = await day.state()
    said = {item.application_ref: item for item in state.items}
    async with hall.database.reading() as session:
        rows = {
            row.application_ref: row
            for row in await session.scalars(select(VoteCount).filter_by(step="counted"))
        }
    assert len(counts) == len(said) == len(lives) == APPLICATIONS
    for life in lives:
        ref = life.cast.ref
        count, item, row = counts[ref], said[ref], rows[ref]
        assert (item.yes, item.no, item.abstain) == count.numbers
        assert (row.yes, row.no, row.abstain, row.attending, row.recused) == (
            *count.numbers,
            count.attending,
            count.recused,
        )
        assert item.passed == row.passed == count.passes
        assert row.minutes_sha256 == item.minutes_sha256
        assert (await life.state()).stage == ("passed" if count.passes else "not_passed")
    assert {item.passed for item in said.values()} == {True, False}


# --- the search --------------------------------------------------------------------------------------


async def _nothing_links(database: Database, prefix: str, slips: set[str]) -> None:
    """No row of any table has a slip or its hash; an expert stands only where no ballot has a column."""
    searched = 0
    async with database.reading() as session:
        names = (await session.execute(sql("SELECT name FROM sqlite_master WHERE type = 'table'"))).scalars()
        for name in list(names):
            rows = ["\n".join(map(str, row)) for row in await session.execute(sql(f'SELECT * FROM "{name}"'))]
            searched += len(rows)
            assert not _held("\n".join(rows).encode(), slips), name
            if prefix in "\n".join(rows):
                assert name in _MAY_NAME_AN_EXPERT, f"{name} names an expert"
    assert searched > 1_000


_MAY_NAME_AN_EXPERT = {
    *("experts", "expert_relations", "draws", "panel_members", "draw_passed_over", "recusals"),
    *("attendance", "opinions", "meeting_minutes", "meeting_notices"),
}
"""None of these has a column for a choice, or for a slip: see the test of the columns."""


async def _nothing_in_histories(
    handles: list[WorkflowHandle[object, object]], prefix: str, slips: set[str]
) -> None:
    """The raw bytes of every event of every history, and of each payload in it."""
    searched = 0
    for handle in handles:
        raw = b"\n".join(
            [
                event.SerializeToString() + b"\n".join(payloads_of(event))
                for event in unsealed(await handle.fetch_history()).events
            ]
        )
        searched += len(raw)
        assert prefix.encode() not in raw, handle.id
        assert not _held(raw, slips), handle.id
    assert searched > 1_000_000


def _nothing_in_logs(lines: str, prefix: str, slips: set[str]) -> None:
    assert "meeting_act" in lines
    assert prefix not in lines
    assert not _held(lines.encode(), slips)


def _nothing_in_the_file(path: Path, slips: set[str]) -> None:
    """Not even in pages that are free: SQLite overwrites what a ballot deletes."""
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    raw = path.read_bytes()
    assert b"meeting_agenda" in raw
    assert not _held(raw, slips)


def _held(raw: bytes, slips: set[str]) -> set[bytes]:
    """The slips, and hashes of slips, that the bytes hold anywhere."""
    wanted = {slip.encode() for slip in slips}
    assert {len(slip) for slip in wanted} == {43}
    runs = re.findall(rb"[A-Za-z0-9_-]{43,}", raw)
    found = {run[n : n + 43] for run in runs for n in range(len(run) - 42)} & wanted
    hashes = {slip_hash(slip).encode() for slip in slips}
    return found | {run[n : n + 64] for run in runs for n in range(len(run) - 63)} & hashes
