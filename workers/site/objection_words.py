"""How an objection is raised and what follows (Order 40 Art. 26; process readings 17 to 19)."""

from __future__ import annotations

from models.plan import ReviewPlan


def objection_steps(plan: ReviewPlan, lang: str) -> list[str]:
    """The steps in one language, with the numbers of the plan."""
    return _zh(plan) if lang == "zh" else _en(plan)


def _zh(plan: ReviewPlan) -> list[str]:
    who = (
        "须以真实姓名提出。"
        if plan.objections.real_name_required.value
        else "可以实名或匿名提出；匿名的，内容须具体、可以核查；只对实名的予以答复。"
    )
    phones = f"咨询电话：{'、'.join(plan.enquiries)}。" if plan.enquiries else ""
    return [
        f"向评委会组建单位（{plan.convening_unit.zh}）书面提出，写明名单号、序号和具体事实，并附证明材料。{phones}",
        who,
        "须在公示期最后一日24时前送达。期满后送达的，作为举报处理，不当然影响确认。",
        "异议只影响被提出异议的人员，其他人员照常办理。",
        f"组建单位在{plan.objections.result_wd.value}个工作日内核查并作出书面结论；作出不利结论前听取本人陈述。",
        "异议不成立的，恢复办理；弄虚作假或者不符合条件的，取消评审结果；程序有误的，重新评审。",
    ]


def _en(plan: ReviewPlan) -> list[str]:
    who = (
        "It is raised in the objector's own name."
        if plan.objections.real_name_required.value
        else "It may be raised in one's own name or without a name. Without a name it must be concrete "
        "enough to be looked into; only a named objector gets a reply."
    )
    phones = f" Telephone: {', '.join(plan.enquiries)}." if plan.enquiries else ""
    return [
        f"Write to the convening unit ({plan.convening_unit.en}): the list, the line and the facts, with "
        f"evidence.{phones}",
        who,
        "It must arrive before 24:00 of the last day of the period. What comes later is dealt with as a "
        "complaint and does not by itself hold up the confirmation.",
        "An objection concerns that person alone; everybody else goes on.",
        f"The unit gives a written finding within {plan.objections.result_wd.value} working days; before an "
        "adverse one the person is heard.",
        "Unfounded: the case goes on. Fraud, or conditions not met: the result is cancelled. Procedure "
        "broken: a new review is held.",
    ]
