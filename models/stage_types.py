"""What a stage is: its name, the deadlines that count in it, and what is told and drawn of it.

The values of `Stage` are the names of the process specification and of the contract; they never change.
"""

from __future__ import annotations

from enum import StrEnum

from models.deadlines import DeadlineKind, DeadlineName
from models.roles import Role
from models.wire import Label, Wire


class Stage(StrEnum):
    """The stages of one application."""

    DRAFT = "draft"
    EMPLOYER_REVIEW = "employer_review"
    EMPLOYER_RETURNED = "employer_returned"
    QUOTA_CHECK = "quota_check"
    QUOTA_BLOCKED = "quota_blocked"
    RECOMMENDED = "recommended"
    EMPLOYER_PUBLICITY = "employer_publicity"
    EMPLOYER_OBJECTION = "employer_objection"
    PUBLICITY_ENDED = "publicity_ended"
    DEPARTMENT_REVIEW = "department_review"
    DEPARTMENT_RETURNED = "department_returned"
    OFFICE_REVIEW = "office_review"
    OFFICE_RETURNED = "office_returned"
    ACCEPTED = "accepted"
    EXAM_PENDING = "exam_pending"
    REVIEW_READY = "review_ready"
    DEFENCE_PENDING = "defence_pending"
    EXPERT_REVIEW = "expert_review"
    VOTING = "voting"
    NOT_PASSED = "not_passed"
    RECHECK = "recheck"
    PASSED = "passed"
    RESULT_PUBLICITY = "result_publicity"
    RESULT_OBJECTION = "result_objection"
    CONFIRM_PENDING = "confirm_pending"
    CONFIRMED = "confirmed"
    CERTIFIED = "certified"
    ARCHIVED = "archived"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"
    EMPLOYER_DECLINED = "employer_declined"
    DEPARTMENT_REJECTED = "department_rejected"
    OFFICE_REJECTED = "office_rejected"
    DEEMED_ABANDONED = "deemed_abandoned"
    EXAM_FAILED = "exam_failed"
    CLOSED = "closed"
    RESULT_CANCELLED = "result_cancelled"
    ELIGIBILITY_CANCELLED = "eligibility_cancelled"
    REVOKED = "revoked"


class StageDeadline(Wire):
    """A deadline that counts in a stage: which, of what kind, and the event when it passes (if any)."""

    name: DeadlineName
    kind: DeadlineKind
    expiry: str | None
    label: Label


class StageSpec(Wire):
    """One stage. `terminal` ends the application for the cycle; `final` has no way out at all.

    `place` is (column, row) in the drawing; `lane` is the role whose lane it is drawn in.
    """

    stage: Stage
    label: Label
    action_by: Role | None
    lane: Role
    place: tuple[int, int]
    citation: str
    deadlines: tuple[StageDeadline, ...] = ()
    terminal: bool = False
    final: bool = False
    automatic: bool = False
