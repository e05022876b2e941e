"""What a paper states, gathered from the records: plain data, hashed, and set by a form afterwards.

Everything is as it stood at the confirmation (the certificate's `seq`): what happened later, such as the
archive or a revocation, changes no paper. Names come from the register, in their latest version.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from activities.people import latest, names_of
from activities.plans import plan_at
from models.audit import digest
from models.criteria import EDUCATION_LABELS, EMPLOYMENT_KIND_LABELS, PRIOR_TITLE_LABELS
from models.dossier import Dossier
from models.materials import KIND_LABELS
from models.papers import PaperKind
from models.plan import ReviewPlan
from models.roles import ROLE_LABELS
from models.tables import (
    AgendaEntry,
    Application,
    AuditEntry,
    Certificate,
    Confirmation,
    DossierVersion,
    ExamResult,
    Person,
    PublicityPosted,
    PublicityStep,
    Unit,
    VoteCount,
)
from models.tables.people import Named
from models.wire import Label, last_day_before, local_day

Content = dict[str, Any]

RESULTS = {
    "passed": Label(zh="合格", en="passed"),
    "failed": Label(zh="不合格", en="failed"),
    "excused": Label(zh="免试", en="excused"),
}


class NoNameError(LookupError):
    """The register has no name for the person or the unit."""

    def __init__(self, what: str, ref: str) -> None:
        self.code = f"no_{what}_name"
        zh = {"person": "申报人", "unit": "用人单位"}[what]
        en = {"person": "applicant", "unit": "employer"}[what]
        self.zh = f"登记册中没有{zh}“{ref}”的名称：请先登记，再重新生成。"
        self.en = f"The register has no name for the {en} '{ref}': record it, then make the papers again."
        super().__init__(self.en)


@dataclass
class Case:
    """Everything on record about one confirmed application, up to its confirmation."""

    certificate: Certificate
    application: Application
    plan: ReviewPlan
    authority: str
    person: Named | None = None
    unit: Named | None = None
    rows: Mapping[type[Any], Sequence[Any]] = field(default_factory=dict)

    def last(self, table: type[Any], **by: object) -> Any | None:
        """The latest row of a table with these values."""
        fitting = [r for r in self.rows.get(table, ()) if all(getattr(r, k) == v for k, v in by.items())]
        return fitting[-1] if fitting else None

    def names(self) -> tuple[Named, Named]:
        """Person and unit. Raises `NoNameError`."""
        if self.person is None:
            raise NoNameError("person", self.application.applicant)
        if self.unit is None:
            raise NoNameError("unit", self.application.employer)
        return self.person, self.unit


async def cases_of(session: AsyncSession, plan_id: str, certificates: Sequence[Certificate]) -> list[Case]:
    """The cases of some certificates of one plan, with a fixed number of queries."""
    refs = [c.application_ref for c in certificates]
    mine = {"plan_id": plan_id}
    applications = {
        a.application_ref: a
        for a in await session.scalars(
            select(Application).filter_by(**mine).where(Application.application_ref.in_(refs))
        )
    }
    people = {p.ref: p for p in await latest(session, Person, (a.applicant for a in applications.values()))}
    units = {u.ref: u for u in await latest(session, Unit, (a.employer for a in applications.values()))}
    rows: dict[type[Any], dict[str, list[Any]]] = {}
    for table in _READ:
        found = await session.scalars(
            select(table).filter_by(**mine).where(table.application_ref.in_(refs)).order_by(table.seq)
        )
        rows[table] = _by_ref(found)
    made = []
    for certificate in certificates:
        ref = certificate.application_ref
        before = {
            table: [row for row in by_ref.get(ref, ()) if row.seq <= certificate.seq]
            for table, by_ref in rows.items()
        }
        confirmed = next(row for row in before[AuditEntry] if row.seq == certificate.seq)
        plan = await plan_at(session, plan_id, int(confirmed.plan.rpartition("@")[2]))
        application = applications[ref]
        made.append(
            Case(
                certificate,
                application,
                plan,
                await _authority(session, plan),
                people.get(application.applicant),
                units.get(application.employer),
                before,
            )
        )
    return made


_READ: tuple[type[Any], ...] = (
    AuditEntry,
    DossierVersion,
    PublicityPosted,
    PublicityStep,
    ExamResult,
    AgendaEntry,
    VoteCount,
    Confirmation,
)


def _by_ref(rows: Iterable[Any]) -> dict[str, list[Any]]:
    found = defaultdict(list)
    for row in rows:
        found[row.application_ref].append(row)
    return found


async def _authority(session: AsyncSession, plan: ReviewPlan) -> str:
    """Who confirms under this plan: its name, or what its role is called."""
    role = plan.after.confirmed_by.value
    ref = plan.organisations.get(role)
    known = await names_of(session, Unit, [ref]) if ref else {}
    return known.get(ref or "", ROLE_LABELS[role].zh)


def content_of(case: Case, kind: PaperKind) -> Content:
    """What a paper of this kind states. Raises `NoNameError`."""
    return certificate_content(case) if kind is PaperKind.CERTIFICATE else review_content(case)


def digest_of(content: Content) -> str:
    """sha-256 over the statement. Unguessable from outside: the certificate's own hash is part of it."""
    return digest(content)


def certificate_content(case: Case) -> Content:
    """The electronic certificate (电子职称证书): who holds which title since when, and who says so."""
    person, unit = case.names()
    plan, application = case.plan, case.application
    return {
        "kind": PaperKind.CERTIFICATE.value,
        "number": case.certificate.number,
        "name": person.name,
        "unit": unit.name,
        "series": _both(plan.series),
        "specialty": _both(_choice(plan, application.specialty)),
        "level": _both(_choice(plan, application.level)),
        "title_date": case.certificate.title_date.isoformat(),
        "authority": case.authority,
        "convening_unit": _both(plan.convening_unit),
        "plan": f"{plan.id}@{plan.version}",
        "application_ref": application.application_ref,
        "certificate_sha256": case.certificate.sha256,
    }


def review_content(case: Case) -> Content:
    """The review form (《天津市专业技术职称评审表》): the whole review, as far as the system knows it."""
    basic = certificate_content(case) | {"kind": PaperKind.REVIEW_FORM.value}
    plan, application = case.plan, case.application
    kept = case.last(DossierVersion)
    dossier = Dossier.model_validate(kept.content) if kept else None
    exam, vote = case.last(ExamResult), case.last(VoteCount, step="counted")
    agenda, confirmation = case.last(AgendaEntry), case.last(Confirmation, outcome="confirm")
    entry = case.last(AuditEntry)
    return basic | {
        "plan_title": _both(plan.title),
        "rule_set": plan.rule_set,
        "basis": list(plan.basis),
        "department": application.department,
        "route": _both(_choice(plan, application.route)) if application.route else None,
        "dossier": _dossier(dossier, kept.sha256) if dossier and kept else None,
        "employer_publicity": _publicity(case, "employer"),
        "result_publicity": _publicity(case, "result"),
        "steps": {event: _when(case, event) for event in _EVENTS},
        "exam": _exam(exam) if exam else None,
        "vote": _vote(vote, agenda) if vote else None,
        "confirmation": {"on": local_day(confirmation.at).isoformat(), "report": confirmation.report_ref}
        if confirmation
        else None,
        "audit": {"entries": entry.seq, "hash": entry.hash} if entry else None,
    }


_EVENTS = ("submit", "recommend", "department_submit", "office_accept")


def _both(label: Label) -> dict[str, str]:
    return {"zh": label.zh, "en": label.en}


def _choice(plan: ReviewPlan, choice: str) -> Label:
    try:
        return plan.choice_label(choice)
    except KeyError:
        return Label(zh=choice, en=choice)


def _when(case: Case, event: str) -> str | None:
    row = case.last(AuditEntry, event=event)
    return local_day(row.at).isoformat() if row else None


def _dossier(dossier: Dossier, sha256: str) -> Content:
    facts = dossier.facts
    return {
        "employment": _both(EMPLOYMENT_KIND_LABELS[facts.employment_kind]),
        "education": _both(EDUCATION_LABELS[facts.education]),
        "prior_title": _both(PRIOR_TITLE_LABELS[facts.prior_title]),
        "prior_title_since": facts.prior_title_since.isoformat() if facts.prior_title_since else None,
        "ce_committed": facts.ce_committed,
        "truth_committed": facts.truth_committed,
        "achievements": [
            {
                "kind": _both(KIND_LABELS[one.kind]),
                "title": one.title,
                "pages": sum(part.last_page - part.first_page + 1 for part in one.parts),
                "serial": one.cn or one.issn or one.isbn,
            }
            for one in dossier.achievements
        ],
        "sha256": sha256,
    }


def _publicity(case: Case, of: str) -> Content | None:
    posted = case.last(PublicityPosted, of=of)
    if posted is None:
        return None
    over = case.last(PublicityStep, publicity_seq=posted.seq, step="over")
    return {
        "first_day": local_day(posted.started_at).isoformat(),
        "last_day": last_day_before(over.at).isoformat() if over else None,
        "places": list(posted.places),
        "working_days": posted.working_days,
    }


def _exam(exam: ExamResult) -> Content:
    return {
        "held_on": exam.held_on.isoformat(),
        "result": _both(RESULTS.get(exam.result, Label(zh=exam.result, en=exam.result))),
        "score": exam.score,
        "pass_line": exam.pass_line,
    }


def _vote(vote: VoteCount, agenda: AgendaEntry | None) -> Content:
    numbers = ("committee_size", "attending", "recused", "opinions", "yes", "no", "abstain")
    return {name: getattr(vote, name) for name in numbers} | {
        "passed": vote.passed,
        "met_on": (agenda.meeting_on if agenda else local_day(vote.at)).isoformat(),
    }
