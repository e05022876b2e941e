"""What is wrong with one application: chain, invariants, read model, inbox, reservation, proofs, papers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from activities.calendar import Calendars
from activities.database import Database
from activities.doctor.cases import Case
from activities.doctor.certificates import certificate_faults
from activities.inbox import NOBODYS
from activities.papers.storage import FileStore, StoredFileError
from activities.plans import plan_at
from models.audit import GENESIS, verify
from models.calendar import CalendarYearMissing, WorkCalendar
from models.chain_law import looks
from models.doctor import Symptom, Trouble, trouble
from models.plan import UnknownPlanError
from models.removed import verify_removed
from models.terms import PlanTerms


@dataclass(frozen=True)
class Ward:
    """What it takes beside the rows of an application; `files` None: papers are not looked at."""

    database: Database
    calendars: Calendars
    now: datetime
    files: FileStore | None

    async def terms_of(self, case: Case) -> tuple[PlanTerms, WorkCalendar] | None:
        """The plan version that the application follows, and today's calendar; None for an unknown plan."""
        async with self.database.reading() as session:
            try:
                plan = await plan_at(session, case.row.plan_id, case.row.plan_version)
            except UnknownPlanError:
                return None
            return plan.terms(), await self.calendars.within(session, self.now)

    async def examine(self, case: Case) -> list[Trouble]:
        """Everything that is wrong with it."""
        return [
            *_chain(case),
            *(await self._invariants(case) if case.removal is None else ()),
            *_record(case),
            *_inbox(case),
            *_reservation(case),
            *_proofs(case),
            *_certificate(case),
            *self._papers(case),
        ]

    async def _invariants(self, case: Case) -> list[Trouble]:
        given = await self.terms_of(case)
        if given is None:
            words = f"方案 {case.row.plan_id} 不在库中", f"the plan {case.row.plan_id} is nowhere on file"
            return [trouble(Symptom.INVARIANT_BROKEN, case.name, *words)]
        try:
            broken = [look for look in looks(case.facts, *given) if not look.good]
        except CalendarYearMissing as missing:
            return [
                trouble(
                    Symptom.CALENDAR_MISSING,
                    case.name,
                    f"公示无法复核：{missing.problem.zh}",
                    f"a publicity cannot be counted again: {missing.problem.en}",
                )
            ]
        except (KeyError, ValueError, TypeError) as error:  # a chain that was tampered with
            words = f"审计记录不可读：{error!r}"[:200], f"its facts cannot be read: {error!r}"[:200]
            return [trouble(Symptom.INVARIANT_BROKEN, case.name, *words)]
        return [
            trouble(
                Symptom.INVARIANT_BROKEN,
                case.name,
                f"不变量{look.number}：{look.words}",
                f"invariant {look.number}: {look.words}",
            )
            for look in broken
        ]

    def _papers(self, case: Case) -> Iterable[Trouble]:
        for paper in case.papers if self.files is not None else ():
            assert self.files is not None
            try:
                self.files.get(paper.storage_key)
            except StoredFileError as fault:
                yield trouble(Symptom.PAPER_DAMAGED, case.name, fault.zh, str(fault))


def _chain(case: Case) -> Iterable[Trouble]:
    """Whole, or (where its words were removed) what the removal left of it."""
    for number in case.unreadable:
        zh, en = f"审计链：第{number}条不可读", f"entry {number} cannot be read"
        yield trouble(Symptom.CHAIN_BROKEN, case.name, zh, en)
    gone = case.removal
    faults = verify(case.facts) if gone is None else verify_removed(case.facts, gone.chain, gone.skeleton)
    for fault in faults:
        yield trouble(Symptom.CHAIN_BROKEN, case.name, f"审计链：{fault}", fault)


def _record(case: Case) -> Iterable[Trouble]:
    """The row of the read model stands at the last fact of the chain."""
    row, last = case.row, case.facts[-1] if case.facts else None
    said = {"seq": row.seq, "revision": row.revision, "stage": row.stage, "chain": row.chain}
    told = {
        "seq": last.seq if last else 0,
        "revision": last.revision if last else 0,
        "stage": last.to_stage if last else "draft",
        "chain": last.hash if last else GENESIS,
    }
    for name, value in said.items():
        if value != told[name]:
            zh = f"读模型 {name} 为 {value}，审计链为 {told[name]}"
            en = f"the read model has {name} {value}, the chain {told[name]}"
            yield trouble(Symptom.RECORD_DIFFERS, case.name, zh, en)


def _inbox(case: Case) -> Iterable[Trouble]:
    row, items = case.row, [item for item in case.inbox if item.closed_at is None]
    nobody = case.ended or row.action_by in NOBODYS
    if nobody:
        for item in items:
            zh, en = f"{item.stage} 的待办仍未关闭", f"an open item of {item.stage}, where nobody is to act"
            yield trouble(Symptom.INBOX_ORPHANED, case.name, zh, en)
    elif [(i.role, i.organisation, i.stage) for i in items] != [
        (row.action_by, row.action_organisation, row.stage)
    ]:
        zh = f"{row.stage} 应由 {row.action_by} 办理，待办中没有或有误"
        en = f"{row.action_by} is to act in {row.stage}, and the inbox does not say so"
        yield trouble(Symptom.INBOX_ORPHANED, case.name, zh, en)


def _reservation(case: Case) -> Iterable[Trouble]:
    """One live application a person: the reservation is there while it lives, and gone when it has ended."""
    held = [one.applicant for one in case.reservation]
    wanted = [] if case.ended else [case.row.applicant]
    if held != wanted and case.row.opened_at is not None:
        zh = "已结束但仍占用" if case.ended else "在办但未占用"
        en = "it has ended and still holds it" if case.ended else "it lives without one"
        yield trouble(Symptom.RESERVATION_DIFFERS, case.name, f"一人一件占用：{zh}", f"the reservation: {en}")


def _proofs(case: Case) -> Iterable[Trouble]:
    """Each publicity of the chain has its row with the notice and list, each filing its image."""
    posted = {row.seq: row for row in case.postings}
    filed = {row.seq: row for row in case.steps if row.step == "evidence"}
    for fact in case.facts:
        if fact.event in ("start_publicity", "publish_result", "republish_result"):
            row = posted.get(fact.seq)
            if row is None or not row.list_sha256 or not (row.places or row.postings):
                zh, en = (
                    f"第{fact.seq}条：公示无张贴记录",
                    f"entry {fact.seq}: the publicity has no posting on record",
                )
                yield trouble(Symptom.PUBLICITY_UNPROVED, case.name, zh, en)
        elif fact.event == "file_evidence":
            step = filed.get(fact.seq)
            if step is None or not step.image_sha256:
                zh, en = (
                    f"第{fact.seq}条：公示证明缺失",
                    f"entry {fact.seq}: the proof that was filed is not on record",
                )
                yield trouble(Symptom.PUBLICITY_UNPROVED, case.name, zh, en)


def _certificate(case: Case) -> Iterable[Trouble]:
    """A certificate stems from a decision of the chain, and the other way round."""
    for fault in certificate_faults(case):
        yield trouble(Symptom.CERTIFICATE_UNFOUNDED, case.name, fault.zh, fault.en)
