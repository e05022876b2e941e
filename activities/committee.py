"""The committee: agenda, ballot in numbers, re-check. No expert is named anywhere."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession
from temporalio import activity

from activities.examination import write_exam
from activities.facts import day, write_row
from activities.records import FactWriter, Records
from activities.screening import write_findings
from models.audit import Fact
from models.outbox import HopBatch, HopResult
from models.tables import AgendaEntry, RecheckStep, VoteCount


class Committee:
    """Records meetings, votes and re-checks."""

    def __init__(self, records: Records) -> None:
        self._records = records

    @activity.defn(name="committee")
    async def committee(self, batch: HopBatch) -> HopResult:
        return await self._records.record(batch)


async def _schedule(session: AsyncSession, batch: HopBatch, fact: Fact) -> None:
    said = fact.details
    await write_row(
        session,
        AgendaEntry,
        batch,
        fact,
        meeting_ref=said["meeting_ref"],
        committee_ref=said["committee_ref"],
        committee_size=said["committee_size"],
        committee_valid_until=day(said["committee_valid_until"]),
        drawn_on=day(said["drawn_on"]),
        meeting_on=day(said["meeting_on"]),
        conflicts_cleared=said["conflicts_cleared"],
    )


_STEPS = {
    "open_ballot": "opened",
    "open_and_count": "opened",
    "vote_passed": "counted",
    "vote_failed": "counted",
    "quorum_lost": "quorum_lost",
}


async def _vote(session: AsyncSession, batch: HopBatch, fact: Fact) -> None:
    said = fact.details
    step = _STEPS[fact.event]
    ballot = ("yes", "no", "abstain")
    passed = {"vote_passed": True, "vote_failed": False}.get(fact.event)
    await write_row(
        session,
        VoteCount,
        batch,
        fact,
        step=step,
        passed=passed,
        committee_size=said["committee_size"],
        attending=said["attending"],
        recused=said.get("recused", 0),
        opinions=said.get("opinions", 0),
        **{name: said.get(name, 0) if step == "counted" else 0 for name in ballot},
        signed=said.get("signed", False),
        sealed=said.get("sealed", False),
        minutes_sha256=said.get("minutes_sha256"),
    )


async def _open(session: AsyncSession, batch: HopBatch, fact: Fact) -> None:
    """The last look before the vote: the status is screened once more."""
    await _vote(session, batch, fact)
    await write_findings(session, batch, fact)


async def _recheck(session: AsyncSession, batch: HopBatch, fact: Fact) -> None:
    said = fact.details
    await write_row(
        session,
        RecheckStep,
        batch,
        fact,
        ground=said.get("ground"),
        finding=said.get("finding"),
        words=said["text"],
    )


FACTS: dict[str, FactWriter] = {
    "schedule": _schedule,
    "schedule_defence": _schedule,
    "reschedule": _schedule,
    "defence_held": write_exam,
    "defence_absent": write_exam,
    "defence_excused": write_exam,
    "open_ballot": _open,
    "open_and_count": _open,
    "vote_passed": _vote,
    "vote_failed": _vote,
    "quorum_lost": _vote,
    "ask_recheck": _recheck,
    "recheck_upheld": _recheck,
    "recheck_founded": _recheck,
}
