"""What is recorded of those who have passed: their votes, their running periods, what lists show of them."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from models.plan import ReviewPlan
from models.result_list import ListEntry, ResultList, Shown
from models.stages import Stage
from models.tables import AgendaEntry, Application, PostedEntry, PostedList, PublicityPosted, VoteCount

DONE = (Stage.CONFIRMED, Stage.CERTIFIED, Stage.ARCHIVED)
"""Confirmed: a line stays as it was posted; a name is corrected on the certificate."""

ON_A_LIST = (Stage.PASSED, Stage.RESULT_PUBLICITY, Stage.RESULT_OBJECTION, Stage.CONFIRM_PENDING, *DONE)
"""Stages in which an application has passed and its result stands."""


@dataclass
class PassedRecords:
    """The plan's applications from the vote on, and the newest of each record, by reference.

    `listed`: the list of the running period, by what lists say; `texts`: what each list shows of each, by
    the hash of the list.
    """

    plan: ReviewPlan
    applications: dict[str, Application]
    meetings: dict[str, str]
    votes: dict[str, VoteCount]
    periods: dict[str, PublicityPosted]
    listed: dict[str, str] = field(default_factory=dict)
    texts: dict[tuple[str, str], Shown] = field(default_factory=dict)

    def period_of(self, ref: str) -> str | None:
        """The hash of the list under which the person's period runs, or has run, since the last vote."""
        posted, vote = self.periods.get(ref), self.votes.get(ref)
        if posted is not None and (vote is None or posted.seq > vote.seq):
            return posted.list_sha256
        return self.listed.get(ref)

    def shown_in_period(self, ref: str) -> Shown | None:
        """What the list of that period shows of the person; None without one, or once it is blanked."""
        runs = self.period_of(ref)
        return self.texts.get((runs, ref)) if runs is not None else None


async def passed_records(session: AsyncSession, plan: ReviewPlan) -> PassedRecords:
    """Reads them all; some thousand rows at most."""
    mine = {"plan_id": plan.id}
    found = await session.scalars(
        select(Application).filter_by(**mine).where(Application.stage.in_(ON_A_LIST))
    )
    agenda = await session.scalars(select(AgendaEntry).filter_by(**mine).order_by(AgendaEntry.seq))
    votes = await session.scalars(select(VoteCount).filter_by(**mine, step="counted").order_by(VoteCount.seq))
    posted = await session.scalars(
        select(PublicityPosted).filter_by(**mine, of="result").order_by(PublicityPosted.seq)
    )
    records = PassedRecords(
        plan=plan,
        applications={row.application_ref: row for row in found},
        meetings={row.application_ref: row.meeting_ref for row in agenda},
        votes={row.application_ref: row for row in votes},
        periods={row.application_ref: row for row in posted},
    )
    lines = await session.execute(
        select(PostedEntry, PostedList)
        .join(PostedList, (PostedList.plan_id == PostedEntry.plan_id) & (PostedList.n == PostedEntry.n))
        .where(PostedEntry.plan_id == plan.id, PostedList.status != "draft")
        .order_by(PostedEntry.n)
    )
    for entry, posted_list in lines:
        _take(records, entry, posted_list)
    return records


def _take(records: PassedRecords, entry: PostedEntry, posted: PostedList) -> None:
    """A line stands for a running period when it is in force and its list was posted after the last vote.

    It does so before the database has heard from the application, which follows within a second.
    """
    ref = entry.application_ref
    if entry.shown_name is not None:
        records.texts[posted.sha256, ref] = shown_by(entry)
    vote = records.votes.get(ref)
    since_vote = vote is None or (posted.started_at is not None and posted.started_at >= vote.at)
    told = entry.outcome in ("pending", "accepted", "linked")
    if posted.status != "corrected" and told and since_vote:
        records.listed[ref] = entry.period_sha256


def shown_by(entry: PostedEntry) -> Shown:
    """The words of a line."""
    return Shown(
        person=entry.shown_name or "",
        unit=entry.shown_unit or "",
        specialty=entry.shown_specialty or "",
        level=entry.shown_level or "",
    )


async def lines_of(session: AsyncSession, posted: PostedList) -> dict[str, Shown]:
    """What a posted list that is not taken down shows, by application."""
    rows = await session.scalars(select(PostedEntry).filter_by(plan_id=posted.plan_id, n=posted.n))
    return {row.application_ref: shown_by(row) for row in rows}


async def posted_file(session: AsyncSession, posted: PostedList) -> ResultList:
    """The list as its file has it; only while it is not taken down."""
    rows = await session.scalars(
        select(PostedEntry).filter_by(plan_id=posted.plan_id, n=posted.n).order_by(PostedEntry.position)
    )
    return ResultList(
        plan_id=posted.plan_id,
        n=posted.n,
        corrects=posted.corrects,
        nonce=posted.nonce or "",
        columns=tuple(posted.columns),
        entries=tuple(
            ListEntry(position=row.position, application_ref=row.application_ref, shown=shown_by(row))
            for row in rows
        ),
    )
