"""What anyone may ask of a cycle: one model a command, an update of `ReviewCycleWorkflow` by its `kind`.

Like the commands of an application each names its `actor` and a `command_id`; sending one twice gives the
same answer. Days are days in Asia/Shanghai.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from models.commands import Command, DeadlineChange, DocumentNumber, Posting, Sha256
from models.roles import Reference
from models.selection import Selection
from models.wire import ShortText

TomlText = Annotated[str, StringConstraints(min_length=10, max_length=150_000)]


class IssuePlanVersion(Command):
    """A new version of the work plan, as TOML: dates may move later only; with the document that says so."""

    kind: Literal["issue_plan_version"] = "issue_plan_version"
    plan_toml: TomlText
    document_no: DocumentNumber
    text: ShortText
    apply: bool = True


class IssueCalendar(Command):
    """A new notice on working days, as TOML. `apply=False` only shows what would move."""

    kind: Literal["issue_calendar"] = "issue_calendar"
    notice_toml: TomlText
    document_no: DocumentNumber
    text: ShortText
    apply: bool = True


class ExtendDeadline(Command):
    """Moves deadlines of the selected applications later, with the document that allows it."""

    kind: Literal["extend_deadline"] = "extend_deadline"
    selection: Selection
    changes: tuple[DeadlineChange, ...] = Field(min_length=1, max_length=10)
    document_no: DocumentNumber
    text: ShortText


class AdmitLate(Command):
    """The city title office takes one lapsed application back in, with a new last day for the department."""

    kind: Literal["admit_late"] = "admit_late"
    application_ref: Reference
    last_day: date
    document_no: DocumentNumber
    text: ShortText


class SpotCheck(Command):
    """Draws a random sample for a check of continuing education; the seed is recorded.

    Give `size` or `per_mille`. Without `seed` a random one is taken.
    """

    kind: Literal["spot_check"] = "spot_check"
    size: int | None = Field(default=None, ge=1, le=5_000)
    per_mille: int | None = Field(default=None, ge=1, le=1_000)
    selection: Selection = Selection()
    seed: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{8,120}$")] | None = None
    question: ShortText
    answer_by: date
    document_no: DocumentNumber

    @model_validator(mode="after")
    def _one_measure(self) -> SpotCheck:
        if (self.size is None) == (self.per_mille is None):
            raise ValueError("give size or per_mille, one of them")
        return self


class PublishList(Command):
    """The list of the passed is visible in every place of the plan.

    Without `corrects` it holds exactly those who have passed and stand on no list yet. `corrects` is the hash
    of the list that this one replaces: the period starts anew for the entries that changed.
    """

    kind: Literal["publish_list"] = "publish_list"
    postings: tuple[Posting, ...] = Field(min_length=1, max_length=10)
    meeting_refs: tuple[Reference, ...] = Field(default=(), max_length=50)
    corrects: Sha256 | None = None
    reason: ShortText | None = None


class FileReport(Command):
    """The work report (评审工作报告) is made and filed with the city title office under this number."""

    kind: Literal["file_report"] = "file_report"
    report_ref: DocumentNumber
    text: ShortText = "评审工作报告"


class RecordStep(Command):
    """A step of the cycle that people carry out elsewhere is done (plan filed, plan published, archived)."""

    kind: Literal["record_step"] = "record_step"
    step: Literal["plan_filed", "plan_published", "committee_checked", "archived"]
    on: date
    document_no: DocumentNumber | None = None
    text: ShortText | None = None


class Close(Command):
    """Closes the cycle; open cases need `with_open_cases` and stay listed as pending."""

    kind: Literal["close"] = "close"
    with_open_cases: bool = False
    text: ShortText


CYCLE_COMMANDS: dict[str, type[Command]] = {
    model.model_fields["kind"].default: model
    for model in (
        IssuePlanVersion,
        IssueCalendar,
        ExtendDeadline,
        AdmitLate,
        SpotCheck,
        PublishList,
        FileReport,
        RecordStep,
        Close,
    )
}
