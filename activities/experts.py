"""The pool of experts and the committees on file: what a draw and a meeting begin with."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Literal

from sqlalchemy import select

from activities.database import Database
from activities.meetings import committee_of
from models.committee import CommitteeOnFile, CommitteeRule, check_filing
from models.conflicts import KnownTie
from models.draw import PoolEntry
from models.refusal import RefusalCode, refuse
from models.tables import Committee, Expert, ExpertRelation

ExpertStatus = Literal["active", "suspended", "disqualified"]


class NewExpert(PoolEntry):
    """An expert for the pool: the last day of the term (at most three years, Order 40 Art. 10), and ties."""

    term_until: date
    status: ExpertStatus = "active"
    ties: tuple[KnownTie, ...] = ()


class ExpertRegister:
    """The pool and the filings in one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, experts: Sequence[NewExpert], at: datetime) -> None:
        """Puts experts into the pool, or brings their entries up to date; ties are added, never dropped."""
        async with self._database.transaction() as session:
            for one in experts:
                await session.merge(
                    Expert(
                        expert_ref=one.expert_ref,
                        employer=one.employer,
                        specialties=sorted(one.specialties),
                        term_until=one.term_until,
                        status=one.status,
                        recorded_at=at,
                    )
                )
            await session.flush()
            for one in experts:
                for tie in one.ties:
                    await session.merge(
                        ExpertRelation(
                            expert_ref=one.expert_ref, person=tie.person, kind=tie.kind, recorded_at=at
                        )
                    )

    async def file_committee(self, committee: CommitteeOnFile, rule: CommitteeRule, at: datetime) -> None:
        """Records a filing. Raises `Refused` when it is not lawful, or differs from one of the same day."""
        check_filing(committee, rule)
        async with self._database.transaction() as session:
            there = await session.get(Committee, (committee.committee_ref, committee.filed_on))
            if there is None:
                session.add(Committee(**committee.model_dump(), recorded_at=at))
            elif committee_of(there) != committee:
                raise refuse(
                    RefusalCode.GUARD,
                    zh=f"该评委会在{committee.filed_on}已有另一内容的备案。",
                    en=f"The committee has another filing of {committee.filed_on}.",
                    fix_zh="请以新的备案日期和文号登记。",
                    fix_en="Record it under the day and number of the new filing.",
                    field="filed_on",
                    citation="Order 40 Art. 8",
                )

    async def filings(self, committee_ref: str) -> list[CommitteeOnFile]:
        """Every filing of a committee, oldest first."""
        async with self._database.reading() as session:
            rows = await session.scalars(
                select(Committee).filter_by(committee_ref=committee_ref).order_by(Committee.filed_on)
            )
            return [committee_of(row) for row in rows]
