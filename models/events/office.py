"""Events of the committee office."""

from __future__ import annotations

from models.choices import correction_complete
from models.commands import Hop
from models.conditions import CONDITIONS as C
from models.roles import Role
from models.stages import Stage
from models.transitions import Transition, event

OFFICE: tuple[Transition, ...] = (
    event(
        "office_accept",
        Stage.OFFICE_REVIEW,
        Stage.ACCEPTED,
        Role.OFFICE,
        "确认接收",
        "accept",
        "work plan 七(二)",
        "office",
        "review",
        when={"hop": Hop.OFFICE, "outcome": "approve"},
        guards=(C["checks"], C["status"]),
        evidence=("核对清单", "check list"),
        notify=(Role.APPLICANT,),
    ),
    event(
        "office_return",
        Stage.OFFICE_REVIEW,
        Stage.OFFICE_RETURNED,
        Role.OFFICE,
        "退回补正",
        "return for correction",
        "work plan 七(二); Order 40 Art. 18",
        "office",
        "review",
        when={"hop": Hop.OFFICE, "outcome": "return"},
        guards=(C["items"], C["class"], C["once"], C["time_left"]),
        evidence=("一次性告知清单、补正期限", "one complete list, due time"),
        notify=(Role.APPLICANT, Role.EMPLOYER, Role.DEPARTMENT),
    ),
    event(
        "office_refuse",
        Stage.OFFICE_REVIEW,
        Stage.OFFICE_REJECTED,
        Role.OFFICE,
        "不符合条件",
        "refuse",
        "work plan 七(二)",
        "office",
        "review",
        when={"hop": Hop.OFFICE, "outcome": "reject"},
        guards=(C["reasons"],),
        evidence=("理由", "incurable ground, reason"),
        notify=(Role.APPLICANT, Role.EMPLOYER, Role.DEPARTMENT),
        ends=True,
    ),
    event(
        "office_resubmit",
        Stage.OFFICE_RETURNED,
        Stage.OFFICE_REVIEW,
        (Role.APPLICANT, Role.DEPARTMENT),
        "补正后重新呈报",
        "resubmitted after correction",
        "work plan 七(二): 重新呈报审核",
        "screening",
        "resubmit",
        chosen=correction_complete,
        guards=(C["chain"], C["answers"], C["formal"], C["parts"]),
        evidence=("主管部门确认", "department's confirmation"),
        notify=(Role.OFFICE,),
    ),
    event(
        "route_to_exam",
        Stage.ACCEPTED,
        Stage.EXAM_PENDING,
        Role.SYSTEM,
        "须参加专业考试",
        "the examination is needed",
        "work plan 七(三)",
        "office",
        notify=(Role.APPLICANT, Role.OFFICE),
    ),
    event(
        "route_to_review",
        Stage.ACCEPTED,
        Stage.REVIEW_READY,
        Role.SYSTEM,
        "直接进入评审",
        "no examination is needed",
        "work plan 七(四)",
        "office",
        notify=(Role.APPLICANT,),
    ),
)
