"""Which recorded decisions may be corrected, to which stage the application then goes back, and who does it.

A decision recorded on the wrong application is never deleted: a later fact names it, and the application goes
back to the stage before it. Two persons: one proposes, another one approves. Plain tables; the conditions
stand in `models.guards.corrections`, what a correction writes in `models.undoing`.
"""

from __future__ import annotations

from models.roles import Role
from models.stage_types import Stage

CORRECTABLE = frozenset(
    {
        "employer_return",
        "employer_decline",
        "recommend",
        "withdraw_recommendation",
        "start_publicity",
        "cancel_publicity",
        "objection_unfounded",
        "objection_curable",
        "objection_founded",
        "file_evidence",
        "department_return",
        "department_submit",
        "department_resubmit",
        "office_accept",
        "office_return",
        "office_resubmit",
        "exam_pass",
    }
)
"""Decisions that can be taken back while nothing irreversible has followed.

Not among them: what ends the application (its workflow is over), what the next decision takes back by itself
(a reopening, an agenda, a hold, an attestation of posts), a date that was announced (it moves later only), a
finding of fraud (its sanction case has begun), and everything from the ballot on.
"""

CORRECTION = {
    Stage.EMPLOYER_REVIEW: (
        Stage.EMPLOYER_RETURNED,
        Stage.EMPLOYER_DECLINED,
        Stage.QUOTA_CHECK,
        Stage.QUOTA_BLOCKED,
        Stage.RECOMMENDED,
    ),
    Stage.QUOTA_CHECK: (Stage.EMPLOYER_DECLINED,),
    Stage.RECOMMENDED: (
        Stage.EMPLOYER_PUBLICITY,
        Stage.PUBLICITY_ENDED,
        Stage.EMPLOYER_OBJECTION,
        Stage.EMPLOYER_REVIEW,
        Stage.EMPLOYER_RETURNED,
        Stage.EMPLOYER_DECLINED,
    ),
    Stage.EMPLOYER_OBJECTION: (
        Stage.PUBLICITY_ENDED,
        Stage.EMPLOYER_RETURNED,
        Stage.EMPLOYER_DECLINED,
    ),
    Stage.PUBLICITY_ENDED: (Stage.DEPARTMENT_REVIEW, Stage.EMPLOYER_DECLINED),
    Stage.DEPARTMENT_REVIEW: (Stage.DEPARTMENT_RETURNED, Stage.OFFICE_REVIEW, Stage.EMPLOYER_DECLINED),
    Stage.DEPARTMENT_RETURNED: (Stage.DEPARTMENT_REVIEW, Stage.EMPLOYER_DECLINED),
    Stage.OFFICE_REVIEW: (
        Stage.OFFICE_RETURNED,
        Stage.EXAM_PENDING,
        Stage.REVIEW_READY,
        Stage.EMPLOYER_DECLINED,
    ),
    Stage.OFFICE_RETURNED: (Stage.OFFICE_REVIEW, Stage.EMPLOYER_DECLINED),
    Stage.EXAM_PENDING: (Stage.REVIEW_READY,),
}
"""Stage that a correction leads to -> the stages where the application may stand by then."""

WHERE = tuple(dict.fromkeys(stage for stages in CORRECTION.values() for stage in stages))
"""Every stage in which some decision may be corrected."""

SUPERVISOR = {
    Role.EMPLOYER: Role.DEPARTMENT,
    Role.DEPARTMENT: Role.CITY_OFFICE,
    Role.OFFICE: Role.CONVENING_UNIT,
}
"""Whose decisions a role supervises (process (a)): it may propose and approve in that role's place."""

CORRECTORS = (Role.EMPLOYER, Role.DEPARTMENT, Role.OFFICE, Role.CONVENING_UNIT, Role.CITY_OFFICE)


def event_to(stage: Stage) -> str:
    """The event by which a correction leads to a stage."""
    return f"corrected_to_{stage.value}"


CORRECTED = tuple(event_to(stage) for stage in CORRECTION)
"""The events that mark an earlier fact as corrected; their details name it: `fact` and `corrected_event`."""


def return_to(event: str, before: Stage) -> Stage:
    """The stage to go back to when a decision made in `before` is corrected.

    A publicity that was cut off or taken down cannot go on: it is posted again in full. A place in the order
    of posts that was given up is asked for again.
    """
    if event == "cancel_publicity":
        return Stage.RECOMMENDED
    match before:
        case Stage.EMPLOYER_PUBLICITY:
            return Stage.RECOMMENDED
        case Stage.QUOTA_BLOCKED:
            return Stage.QUOTA_CHECK
        case _:
            return before
