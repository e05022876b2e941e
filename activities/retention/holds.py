"""What must be kept although its time is over: open cases, bans in force, and holds that somebody placed.

A hold names its document, and so does its lifting; nothing is ever removed for being on hold too long.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.refusal import RefusalCode, refuse
from models.tables import Application, CreditRecord, LegalHold, Removal, SideCase
from models.wire import Label, local_day

WHY: dict[str, Label] = {
    "legal_hold": Label(zh="已作保全（诉讼、检查等）", en="a legal hold (court, inspection)"),
    "open_case": Label(zh="有未结案件", en="a case is open"),
    "ban_in_force": Label(zh="处于限制申报期内", en="a ban from applying is in force"),
    "application_kept": Label(zh="其申报材料尚在保存", en="an application of this person is still kept"),
    "credit_record": Label(zh="诚信档案记录尚未届满", en="an entry of the credit register is not over"),
    "chain_broken": Label(zh="审计链断裂，须先查明", en="its audit chain is broken: find out first"),
}
"""Why something that is due stays."""


async def held_because(
    session: AsyncSession, plan_id: str, refs: Sequence[str], today: date, *, credit: bool = True
) -> dict[str, str]:
    """Reference -> what stands against removing it, for those for which something does."""
    if not refs:
        return {}
    found: dict[str, str] = {}
    if credit:
        bans = select(CreditRecord.application_ref).where(
            CreditRecord.plan_id == plan_id, CreditRecord.banned_until >= today
        )
        found |= dict.fromkeys(await session.scalars(bans), "ban_in_force")
    cases = select(SideCase.application_ref).where(
        SideCase.plan_id == plan_id,
        or_(SideCase.status != "ruled", SideCase.effect_outcome == "pending"),
    )
    found |= dict.fromkeys(await session.scalars(cases), "open_case")
    holds = select(LegalHold.application_ref).filter_by(plan_id=plan_id).where(LegalHold.lifted_at.is_(None))
    found |= dict.fromkeys(await session.scalars(holds), "legal_hold")
    wanted = set(refs)
    return {ref: why for ref, why in found.items() if ref in wanted}


async def lock(session: AsyncSession, plan_id: str, ref: str) -> bool:
    """Of a hold and a removal of one application at once the second one waits; False: it is not there."""
    mine = select(Application.seq).filter_by(plan_id=plan_id, application_ref=ref)
    return await session.scalar(mine.with_for_update()) is not None


async def place(
    session: AsyncSession, plan_id: str, ref: str, reason: str, document_no: str, by: str, at: datetime
) -> int:
    """Places a hold and gives its number. Raises `Refused` for an application that is not there, or whose
    words are gone: nobody may believe that they are kept."""
    if not await lock(session, plan_id, ref):
        raise refuse(
            RefusalCode.GUARD,
            zh=f"没有申报 {plan_id}/{ref}。",
            en=f"There is no application {plan_id}/{ref}.",
            fix_zh="请核对编号与方案（--plan）。",
            fix_en="Check the reference and the plan (--plan).",
            field="application_ref",
        )
    removed = select(Removal.at).filter_by(plan_id=plan_id, application_ref=ref)
    gone = await session.scalar(removed.where(Removal.chain.is_not(None)).limit(1))
    if gone is not None:
        day = local_day(gone)
        raise refuse(
            RefusalCode.GUARD,
            zh=f"{plan_id}/{ref} 的内容保存期满，已于 {day} 删除。",
            en=f"The words of {plan_id}/{ref} were removed on {day}, when their time was over.",
            fix_zh="见 zhicheng retention log；此前的备份中可能仍有。",
            fix_en="See `zhicheng retention log`; a backup of before may hold them.",
            field="application_ref",
        )
    hold = LegalHold(
        plan_id=plan_id,
        application_ref=ref,
        reason=reason,
        document_no=document_no,
        placed_by=by,
        placed_at=at,
    )
    session.add(hold)
    await session.flush()
    return int(hold.id)


async def lift(session: AsyncSession, number: int, document_no: str, by: str, at: datetime) -> LegalHold:
    """Lifts a hold. Raises `Refused` when there is none of this number, or it was lifted before."""
    hold = await session.get(LegalHold, number, with_for_update=True)
    if hold is None or hold.lifted_at is not None:
        raise refuse(
            RefusalCode.GUARD,
            zh=f"没有编号为 {number} 的有效保全。",
            en=f"There is no hold {number} in force.",
            fix_zh="请用 zhicheng retention holds 查看。",
            fix_en="See `zhicheng retention holds`.",
            field="hold",
        )
    hold.lifted_at, hold.lifted_by, hold.lifted_document_no = at, by, document_no
    return hold


async def holds(session: AsyncSession, plan_id: str | None = None) -> Iterable[LegalHold]:
    """Every hold, those in force first."""
    question = select(LegalHold).order_by(LegalHold.lifted_at.is_not(None), LegalHold.id)
    if plan_id is not None:
        question = question.filter_by(plan_id=plan_id)
    return (await session.scalars(question)).all()
