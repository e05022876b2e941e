"""Named groups of stages that events and rules speak of."""

from __future__ import annotations

from models.stages import Stage

FIRST_LEG = (
    Stage.DRAFT,
    Stage.EMPLOYER_REVIEW,
    Stage.EMPLOYER_RETURNED,
    Stage.QUOTA_CHECK,
    Stage.QUOTA_BLOCKED,
    Stage.RECOMMENDED,
    Stage.EMPLOYER_PUBLICITY,
    Stage.EMPLOYER_OBJECTION,
    Stage.PUBLICITY_ENDED,
    Stage.DEPARTMENT_REVIEW,
    Stage.DEPARTMENT_RETURNED,
)
"""Until the department has submitted."""

CORRECTABLE = tuple(stage for stage in FIRST_LEG if stage is not Stage.DRAFT)
"""Where a substantive correction of an accepted submission may be on its way back to the office."""

BEFORE_VOTING = (
    *FIRST_LEG,
    Stage.OFFICE_REVIEW,
    Stage.OFFICE_RETURNED,
    Stage.ACCEPTED,
    Stage.EXAM_PENDING,
    Stage.REVIEW_READY,
    Stage.DEFENCE_PENDING,
    Stage.EXPERT_REVIEW,
)
RECOMMENDED_BEFORE_ACCEPTED = (
    Stage.QUOTA_BLOCKED,
    Stage.RECOMMENDED,
    Stage.EMPLOYER_PUBLICITY,
    Stage.EMPLOYER_OBJECTION,
    Stage.PUBLICITY_ENDED,
    Stage.DEPARTMENT_REVIEW,
    Stage.DEPARTMENT_RETURNED,
    Stage.OFFICE_REVIEW,
    Stage.OFFICE_RETURNED,
)
ACCEPTED_BEFORE_VOTING = (
    Stage.ACCEPTED,
    Stage.EXAM_PENDING,
    Stage.REVIEW_READY,
    Stage.DEFENCE_PENDING,
    Stage.EXPERT_REVIEW,
)
BEFORE_PASSED = (*BEFORE_VOTING, Stage.VOTING, Stage.NOT_PASSED, Stage.RECHECK)
PASSED_NOT_CONFIRMED = (Stage.PASSED, Stage.RESULT_PUBLICITY, Stage.RESULT_OBJECTION, Stage.CONFIRM_PENDING)
TITLED = (Stage.CONFIRMED, Stage.CERTIFIED, Stage.ARCHIVED)
LIVE = (*BEFORE_PASSED, *PASSED_NOT_CONFIRMED, *TITLED)
RETURNED = (Stage.EMPLOYER_RETURNED, Stage.DEPARTMENT_RETURNED, Stage.OFFICE_RETURNED)
"""Where the applicant answers a list; nobody answers one that has not been written yet."""
