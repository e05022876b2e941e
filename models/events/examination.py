"""Events of the professional examination."""

from __future__ import annotations

from models.conditions import CONDITIONS as C
from models.roles import Role
from models.stages import Stage
from models.transitions import Transition, event

EXAMINATION: tuple[Transition, ...] = (
    event(
        "exam_pass",
        Stage.EXAM_PENDING,
        Stage.REVIEW_READY,
        Role.OFFICE,
        "考试合格",
        "passed",
        "work plan 七(三)",
        "examination",
        "record_exam",
        when={"subject": "professional_exam", "result": "passed"},
        guards=(C["exam"],),
        evidence=("座位、成绩、合格线", "seat, mark, pass line"),
        notify=(Role.APPLICANT,),
    ),
    event(
        "exam_fail",
        Stage.EXAM_PENDING,
        Stage.EXAM_FAILED,
        Role.OFFICE,
        "考试不合格或缺考",
        "failed or absent",
        "work plan 七(三)",
        "examination",
        "record_exam",
        when={"subject": "professional_exam", "result": ("failed", "absent")},
        guards=(C["exam"],),
        evidence=("成绩或缺考记录", "mark, or record of absence"),
        notify=(Role.APPLICANT, Role.EMPLOYER),
        ends=True,
    ),
    event(
        "exam_cheat",
        Stage.EXAM_PENDING,
        Stage.ELIGIBILITY_CANCELLED,
        Role.OFFICE,
        "考试作弊",
        "cheating",
        "work plan 七(三), 九(二)",
        "examination",
        "record_exam",
        when={"subject": "professional_exam", "result": "cheated"},
        guards=(C["exam"],),
        evidence=("监考记录", "record of the invigilator"),
        notify=(Role.APPLICANT, Role.EMPLOYER, Role.CITY_OFFICE),
        ends=True,
    ),
)
