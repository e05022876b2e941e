"""Side cases (spot checks, complaints, sanctions), samples, credit records, work reports.

A case never moves an application by itself: only its finding does, through a command of the city title
office. `seq` is the fact that opened the case, 0 for one that no fact of the application opened; so it is
taken back with its fact when that was never acknowledged.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import Base, Code, Facts, Json, Prose, Ref, Sha256, of_application

CommandKey = String(100)


class SideCase(Facts, Base):
    """One case beside an application; `at` is when it was opened.

    `status`: open, answered, ruled. `effect_outcome`: pending (to be sent), accepted, refused, ended (the
    application had ended), none (the finding moves nothing); `effect_event` is what the workflow made of it.
    """

    __tablename__ = "side_cases"
    __table_args__ = (
        of_application(),
        UniqueConstraint("id"),
        Index(None, "plan_id", "status"),
    )

    id: Mapped[Ref] = mapped_column(primary_key=True, sort_order=-1)
    kind: Mapped[Code]
    opened_by: Mapped[Ref]
    opened_by_role: Mapped[Code]
    sample_id: Mapped[str | None] = mapped_column(CommandKey)
    objection_id: Mapped[Ref | None]
    question: Mapped[Prose]
    answer_by: Mapped[date | None]
    status: Mapped[Code]
    finding: Mapped[Code | None]
    ground: Mapped[Code | None]
    words: Mapped[Prose | None]
    decided_by: Mapped[Ref | None]
    decided_at: Mapped[datetime | None]
    document_no: Mapped[Prose | None]
    notice_given: Mapped[bool]
    hearing_offered: Mapped[bool]
    effect_command: Mapped[Code | None]
    effect_outcome: Mapped[Code | None]
    effect_event: Mapped[Code | None]
    effect_reason: Mapped[Prose | None]
    effect_at: Mapped[datetime | None]


class CaseStep(Facts, Base):
    """What was done in a case, by whom: opened, answered, ruled, effect. `key`: the same one counts once."""

    __tablename__ = "case_steps"
    __table_args__ = (of_application(), UniqueConstraint("case_id", "key"))

    case_id: Mapped[Ref] = mapped_column(primary_key=True, sort_order=-1)
    n: Mapped[int] = mapped_column(primary_key=True, sort_order=-1)
    step: Mapped[Code]
    key: Mapped[str] = mapped_column(CommandKey)
    actor_id: Mapped[Ref]
    actor_role: Mapped[Code]
    actor_organisation: Mapped[Ref | None]
    words: Mapped[Prose]
    details: Mapped[Json]


class Sample(Base):
    """One random draw, with all that is needed to draw it again; `command_id` is its name."""

    __tablename__ = "samples"

    plan_id: Mapped[Ref] = mapped_column(primary_key=True)
    command_id: Mapped[str] = mapped_column(CommandKey, primary_key=True)
    seed: Mapped[str] = mapped_column(String(120))
    drawn_by: Mapped[Prose]
    selection: Mapped[Json]
    population: Mapped[Json]
    population_size: Mapped[int]
    population_sha256: Mapped[Sha256]
    size: Mapped[int]
    drawn: Mapped[Json]
    question: Mapped[Prose]
    answer_by: Mapped[date]
    document_no: Mapped[Prose]
    ordered_by: Mapped[Ref]
    drawn_at: Mapped[datetime]


class CreditRecord(Facts, Base):
    """An entry of the credit register (诚信档案库), and the ban that goes with it, if any.

    `until` and `banned_until` are last days, `banned_from` a first one. `ban_document_no`: the city
    title office's own decision on the ban. `seq` 0 or below: the application had ended before the breach
    was found.
    """

    __tablename__ = "credit_records"
    __table_args__ = (of_application(), Index(None, "applicant"))

    applicant: Mapped[Ref]
    ground: Mapped[Code]
    act_date: Mapped[date]
    decision_date: Mapped[date]
    decided_by: Mapped[Ref]
    decided_by_role: Mapped[Code]
    document_no: Mapped[Prose | None]
    until: Mapped[date]
    rule: Mapped[Ref | None]
    source: Mapped[Prose]
    banned_from: Mapped[date | None]
    banned_until: Mapped[date | None]
    proposed_until: Mapped[date | None]
    ban_document_no: Mapped[Prose | None]


class WorkReport(Base):
    """A work report (评审工作报告) as it was made at one moment; the files are found by their hash."""

    __tablename__ = "work_reports"
    __table_args__ = (UniqueConstraint("plan_id", "report_ref"),)

    plan_id: Mapped[Ref] = mapped_column(primary_key=True)
    command_id: Mapped[str] = mapped_column(CommandKey, primary_key=True)
    report_ref: Mapped[str] = mapped_column(String(120))
    title: Mapped[Prose]
    made_at: Mapped[datetime]
    made_by: Mapped[Ref]
    plan_version: Mapped[int]
    applications: Mapped[int]
    pending: Mapped[int]
    json_sha256: Mapped[Sha256]
    csv_sha256: Mapped[Sha256]
    pdf_sha256: Mapped[Sha256]
    public_json_sha256: Mapped[Sha256]
    public_csv_sha256: Mapped[Sha256]


class ReportFile(Base):
    """The content of a file of a report, under its hash."""

    __tablename__ = "report_files"

    sha256: Mapped[Sha256] = mapped_column(primary_key=True)
    media_type: Mapped[Code]
    content: Mapped[bytes] = mapped_column(LargeBinary)
