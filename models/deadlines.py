"""Deadlines: the two kinds that bind, periods and windows, and how each is computed.

BAR ends the step for the applicant; DUTY binds an officer, reminds and escalates, and never decides.
A PERIOD is a publicity, a WINDOW is time in which the applicant may act without losing a right twice.
Instants are exclusive: a deadline on 6 November is 2023-11-07T00:00+08:00.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Literal

from models.calendar import Lineage
from models.wire import Instant, Label, Wire


class DeadlineKind(StrEnum):
    """What passing the instant means."""

    BAR = "bar"
    DUTY = "duty"
    PERIOD = "period"
    WINDOW = "window"


DEADLINE_KIND_LABELS: dict[DeadlineKind, Label] = {
    DeadlineKind.BAR: Label(zh="截止（逾期终止）", en="BAR: passing it ends the step for the applicant"),
    DeadlineKind.DUTY: Label(zh="办理时限（提醒、升级）", en="DUTY: the officer is reminded and escalated"),
    DeadlineKind.PERIOD: Label(zh="公示期", en="PERIOD: a publicity runs"),
    DeadlineKind.WINDOW: Label(zh="申请期限", en="WINDOW: a right may be used until then"),
}


class DeadlineName(StrEnum):
    """The deadlines of one application; stable names for integrations."""

    DEPARTMENT_SUBMISSION = "department_submission"
    EMPLOYER_PUBLICITY = "employer_publicity"
    EMPLOYER_CORRECTION = "employer_correction"
    EMPLOYER_OBJECTION = "employer_objection"
    OFFICE_REVIEW = "office_review"
    CORRECTION = "correction"
    LATE_ADMISSION = "late_admission"
    EXAM = "exam"
    MEETING = "meeting"
    DEFENCE_EXCUSE = "defence_excuse"
    RECHECK_WINDOW = "recheck_window"
    RECHECK_RULING = "recheck_ruling"
    RESULT_LIST = "result_list"
    RESULT_PUBLICITY = "result_publicity"
    RESULT_OBJECTION = "result_objection"
    CONFIRMATION = "confirmation"
    CERTIFICATE = "certificate"
    ARCHIVING = "archiving"
    RECORD_KEEPING = "record_keeping"


class DeadlineRequest(Wire):
    """What the calendar activity is asked to compute.

    Either `due_at` (an instant of the plan) or `last_day` (a date of a document) is given, or
    `working_days` are counted from `start` (not counted itself unless the plan says so) and cut off at
    `cap`. `not_before` keeps an announced publicity from shrinking. `skip` are days that do not count.
    `reminders_wd` are working days before the last day.
    """

    name: DeadlineName
    kind: DeadlineKind
    formula: str
    start: date
    working_days: int | None = None
    count_first_day: bool = False
    last_day: date | None = None
    due_at: Instant | None = None
    cap: date | None = None
    not_before: date | None = None
    skip: tuple[date, ...] = ()
    reminders_wd: tuple[int, ...] = ()
    ground: str | None = None
    document_no: str | None = None


class Deadline(Wire):
    """One deadline of an application with its lineage.

    `due_at` is None while the calendar of a year is missing: then nothing ends, an operator is alerted.
    `told` says that the person bound by it has been told of the date.
    """

    name: DeadlineName
    kind: DeadlineKind
    formula: str
    start: date
    last_day: date | None
    due_at: Instant | None
    lineage: Lineage | None = None
    capped_from: date | None = None
    reminders: tuple[Instant, ...] = ()
    reminded: int = 0
    escalated: bool = False
    told: bool = False
    missing_year: int | None = None
    request: DeadlineRequest

    def passed(self, now: datetime) -> bool:
        """True from 24:00 of the last day on."""
        return self.due_at is not None and now >= self.due_at

    @property
    def status(self) -> Literal["running", "waiting_for_calendar"]:
        """Whether the end is known."""
        return "running" if self.due_at is not None else "waiting_for_calendar"


class DeadlineRevision(Wire):
    """A moved deadline: old -> new, why, and by which document."""

    name: DeadlineName
    old_last_day: date | None
    new_last_day: date | None
    ground: str
    document_no: str
    at: Instant
