"""The questions that the statistics put to the database: it groups and counts, on either kind.

Each function gives a statement for one plan. A "cell" is specialty, level, kind of the employer (the highest
version in `units`; unknown otherwise) and route. Days are days in Asia/Shanghai, which has had the offset
+08:00 without a change since 1991.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    ColumnElement,
    Date,
    Select,
    String,
    case,
    cast,
    distinct,
    exists,
    func,
    literal,
    literal_column,
    select,
    type_coerce,
)
from sqlalchemy.orm import aliased

from models.statistics import UNDECLARED, UNKNOWN
from models.tables import (
    AgendaEntry,
    Application,
    AuditEntry,
    CorrectedDecision,
    DeadlineEntry,
    ExamResult,
    InboxItem,
    ObjectionRaised,
    ObjectionRuling,
    ReturnList,
    ReviewDecision,
    SideCase,
    Unit,
    VoteCount,
)

Question = Select[*tuple[Any, ...]]
"""A statement with some columns."""

SAT = ("passed", "failed", "cheated")
"""The results of somebody who was there."""


def _stands(table: Any) -> ColumnElement[bool]:
    """The fact of the row was not corrected later on (recorded on the wrong application)."""
    corrected = CorrectedDecision
    return ~exists().where(
        corrected.plan_id == table.plan_id,
        corrected.application_ref == table.application_ref,
        corrected.corrected_seq == table.seq,
    )


def _kinds() -> Any:
    newest = select(Unit.ref, func.max(Unit.version).label("version")).group_by(Unit.ref).subquery()
    return (
        select(Unit.ref, Unit.kind)
        .join(newest, (Unit.ref == newest.c.ref) & (Unit.version == newest.c.version))
        .subquery()
    )


def _cells(plan_id: str, *measured: Any, of: Any = None) -> Question:
    """`measured` per cell; `of` is a subquery with `application_ref` that is joined to the applications."""
    kinds = _kinds()
    cell = (
        Application.specialty,
        Application.level,
        func.coalesce(kinds.c.kind, literal(UNKNOWN)).label("unit_kind"),
        func.coalesce(Application.route, literal(UNDECLARED)).label("route"),
    )
    found = select(*cell, *measured).outerjoin(kinds, kinds.c.ref == Application.employer)
    if of is not None:
        found = found.join(of, of.c.application_ref == Application.application_ref)
    places: list[ColumnElement[Any]] = [literal_column(str(place)) for place in range(1, 5)]
    return found.where(Application.plan_id == plan_id).group_by(*places)


def stages(plan_id: str) -> Question:
    """Cell, stage -> applications."""
    return _cells(plan_id, Application.stage, func.count()).group_by(Application.stage)


def events(plan_id: str, wanted: tuple[str, ...]) -> Question:
    """Cell, event -> applications that had it, how often, first and last time; a corrected one was none."""
    had = (
        select(
            AuditEntry.application_ref,
            AuditEntry.event,
            func.count().label("n"),
            func.min(AuditEntry.at).label("first"),
            func.max(AuditEntry.at).label("last"),
        )
        .where(AuditEntry.plan_id == plan_id, AuditEntry.event.in_(wanted), _stands(AuditEntry))
        .group_by(AuditEntry.application_ref, AuditEntry.event)
        .subquery()
    )
    return _cells(
        plan_id,
        had.c.event,
        func.count(),
        func.sum(had.c.n),
        type_coerce(func.min(had.c.first), AuditEntry.at.type),
        type_coerce(func.max(had.c.last), AuditEntry.at.type),
        of=had,
    ).group_by(had.c.event)


def _newest_ballot(plan_id: str) -> Any:
    return (
        select(VoteCount.application_ref, func.max(VoteCount.seq).label("seq"))
        .where(VoteCount.plan_id == plan_id, VoteCount.step == "counted")
        .group_by(VoteCount.application_ref)
        .subquery()
    )


def ballots(plan_id: str) -> Question:
    """Cell -> applications with a counted ballot, and those whose last one passed."""
    newest = _newest_ballot(plan_id)
    last = (
        select(VoteCount.application_ref, VoteCount.passed)
        .join(
            newest,
            (VoteCount.application_ref == newest.c.application_ref) & (VoteCount.seq == newest.c.seq),
        )
        .where(VoteCount.plan_id == plan_id)
        .subquery()
    )
    return _cells(plan_id, func.count(), func.sum(case((last.c.passed, 1), else_=0)), of=last)


def examinations(plan_id: str) -> Question:
    """Cell -> applications that sat the professional examination, and those that passed it."""
    sat = (
        select(
            ExamResult.application_ref,
            func.max(case((ExamResult.result.in_(SAT), 1), else_=0)).label("sat"),
            func.max(case((ExamResult.result == "passed", 1), else_=0)).label("passed"),
        )
        .where(
            ExamResult.plan_id == plan_id,
            ExamResult.subject == "professional_exam",
            _stands(ExamResult),
        )
        .group_by(ExamResult.application_ref)
        .subquery()
    )
    return _cells(plan_id, func.sum(sat.c.sat), func.sum(sat.c.passed), of=sat)


def returns(plan_id: str) -> Question:
    """Cell, hop -> applications returned, and returns."""
    by_hop = (
        select(ReturnList.application_ref, ReturnList.hop, func.count().label("n"))
        .where(ReturnList.plan_id == plan_id, _stands(ReturnList))
        .group_by(ReturnList.application_ref, ReturnList.hop)
        .subquery()
    )
    return _cells(plan_id, by_hop.c.hop, func.count(), func.sum(by_hop.c.n), of=by_hop).group_by(by_hop.c.hop)


def objections(plan_id: str) -> Question:
    """Cell, of -> objections (complaints: of none)."""
    raised = (
        select(ObjectionRaised.application_ref, ObjectionRaised.of, func.count().label("n"))
        .where(ObjectionRaised.plan_id == plan_id)
        .group_by(ObjectionRaised.application_ref, ObjectionRaised.of)
        .subquery()
    )
    return _cells(plan_id, raised.c.of, func.sum(raised.c.n), of=raised).group_by(raised.c.of)


def findings(plan_id: str) -> Question:
    """Of, finding -> objections; a complaint has that of its case, unless it was ruled on as an objection."""
    newest = (
        select(
            ObjectionRuling.application_ref,
            ObjectionRuling.objection_id,
            func.max(ObjectionRuling.seq).label("seq"),
        )
        .where(ObjectionRuling.plan_id == plan_id, _stands(ObjectionRuling))
        .group_by(ObjectionRuling.application_ref, ObjectionRuling.objection_id)
        .subquery()
    )
    ruled = (
        select(ObjectionRuling.application_ref, ObjectionRuling.objection_id, ObjectionRuling.finding)
        .join(
            newest,
            (ObjectionRuling.application_ref == newest.c.application_ref)
            & (ObjectionRuling.seq == newest.c.seq),
        )
        .where(ObjectionRuling.plan_id == plan_id)
        .subquery()
    )
    raised = ObjectionRaised
    finding = func.coalesce(ruled.c.finding, SideCase.finding, literal("open")).label("finding")
    return (
        select(raised.of, finding, func.count())
        .outerjoin(
            ruled,
            (ruled.c.application_ref == raised.application_ref)
            & (ruled.c.objection_id == raised.objection_id),
        )
        .outerjoin(
            SideCase,
            (SideCase.plan_id == raised.plan_id)
            & (SideCase.application_ref == raised.application_ref)
            & (SideCase.seq == raised.seq)
            & (SideCase.kind == "complaint"),
        )
        .where(raised.plan_id == plan_id)
        .group_by(literal_column("1"), literal_column("2"))
    )


def cases(plan_id: str) -> Question:
    """Kind, finding -> side cases."""
    finding = func.coalesce(SideCase.finding, literal("open")).label("finding")
    return (
        select(SideCase.kind, finding, func.count())
        .where(SideCase.plan_id == plan_id)
        .group_by(SideCase.kind, literal_column("2"))
    )


def reasons(plan_id: str, dialect: str) -> Question:
    """Hop, code of the reason -> how often a return gave it."""
    if dialect == "sqlite":
        each = func.json_each(ReviewDecision.reasons).table_valued("value")
        code: ColumnElement[Any] = func.json_extract(each.c.value, "$.code")
    else:
        each = func.json_array_elements(ReviewDecision.reasons).table_valued("value")
        code = func.json_extract_path_text(each.c.value, "code")
    return (
        select(ReviewDecision.hop, code.label("code"), func.count())
        .select_from(ReviewDecision)
        .join(each, literal(True))
        .where(
            ReviewDecision.plan_id == plan_id,
            ReviewDecision.outcome == "return",
            _stands(ReviewDecision),
        )
        .group_by(ReviewDecision.hop, literal_column("2"))
    )


def local_date(instant: Any, dialect: str) -> ColumnElement[Any]:
    """The day in Asia/Shanghai of a stored instant, as text `YYYY-MM-DD`."""
    if dialect == "sqlite":
        return func.strftime("%Y-%m-%d", type_coerce(instant, String), "+8 hours")
    return cast(cast(func.timezone("Asia/Shanghai", instant), Date), String)


def turns(plan_id: str, dialect: str) -> Question:
    """Stage, role, day it came, day it left -> finished turns."""
    came = local_date(InboxItem.opened_at, dialect).label("came")
    left = local_date(InboxItem.closed_at, dialect).label("gone")
    return (
        select(InboxItem.stage, InboxItem.role, came, left, func.count())
        .where(InboxItem.plan_id == plan_id, InboxItem.closed_at.is_not(None))
        .group_by(InboxItem.stage, InboxItem.role, literal_column("3"), literal_column("4"))
    )


def meetings(plan_id: str) -> Question:
    """Each meeting with its sizes and attendance: a ballot belongs to the last agenda before it."""
    counted, agenda = VoteCount, aliased(AgendaEntry)
    agenda_of = (
        select(
            counted.application_ref,
            counted.seq,
            counted.attending,
            counted.recused,
            counted.opinions,
            counted.passed,
            func.max(agenda.seq).label("agenda_seq"),
        )
        .join(
            agenda,
            (agenda.plan_id == counted.plan_id)
            & (agenda.application_ref == counted.application_ref)
            & (agenda.seq < counted.seq),
        )
        .where(counted.plan_id == plan_id, counted.step == "counted")
        .group_by(
            counted.application_ref,
            counted.seq,
            counted.attending,
            counted.recused,
            counted.opinions,
            counted.passed,
        )
        .subquery()
    )
    entry = AgendaEntry
    return (
        select(
            entry.meeting_ref,
            func.max(entry.committee_ref),
            func.max(entry.meeting_on),
            func.max(entry.drawn_on),
            func.max(entry.committee_size),
            func.min(agenda_of.c.attending),
            func.max(agenda_of.c.attending),
            func.max(agenda_of.c.recused),
            func.min(agenda_of.c.opinions),
            func.count(distinct(agenda_of.c.application_ref)),
            func.sum(case((agenda_of.c.passed, 1), else_=0)),
        )
        .outerjoin(
            agenda_of,
            (agenda_of.c.application_ref == entry.application_ref) & (agenda_of.c.agenda_seq == entry.seq),
        )
        .where(entry.plan_id == plan_id)
        .group_by(entry.meeting_ref)
        .order_by(func.max(entry.meeting_on), entry.meeting_ref)
    )


def moves(plan_id: str) -> Question:
    """Deadline, ground, document -> applications for which it was moved."""
    entry = DeadlineEntry
    document = func.coalesce(entry.document_no, literal("")).label("document_no")
    return (
        select(entry.name, entry.ground, document, func.count(distinct(entry.application_ref)))
        .where(entry.plan_id == plan_id, entry.ground.is_not(None))
        .group_by(entry.name, entry.ground, literal_column("3"))
        .order_by(entry.name, entry.ground, literal_column("3"))
    )


def courts(plan_id: str, at: Any) -> Question:
    """Stage, whose court -> applications, and those overdue at `at`; ended ones are in nobody's."""
    live = Application.status != "ended"
    late = case((live & (Application.due_at <= at), 1), else_=0)
    court = case((live, Application.action_by), else_=None)
    return (
        select(Application.stage, court.label("court"), func.count(), func.sum(late))
        .where(Application.plan_id == plan_id)
        .group_by(Application.stage, literal_column("2"))
    )
