"""Conditions on the two publicities and the objections to them."""

from __future__ import annotations

from datetime import datetime

from models import commands as c
from models.deadlines import DeadlineName
from models.guards.base import narrowed, unmet
from models.refusal import RefusalCode, refuse
from models.roles import ROLE_LABELS, Role
from models.stages import Stage
from models.state import ApplicationState, Objection
from models.wire import local_day


def publicity_long_enough(state: ApplicationState, command: c.Command, now: datetime) -> None:
    """The planned publicity lasts at least the plan's working days."""
    wanted = narrowed(command, c.StartPublicity).working_days
    least = state.plan.employer_publicity_wd
    if wanted is not None and wanted < least:
        raise unmet(
            f"公示期不少于{least}个工作日。",
            f"The publicity lasts at least {least} working days.",
            "请延长 working_days 或省略。",
            "Raise `working_days`, or leave it out.",
            "working_days",
            "work plan 七(一); Order 40 Art. 16",
        )


def period_over(state: ApplicationState, command: c.Command, now: datetime) -> None:
    """The last publicity of the employer has run in full."""
    publicity = state.completed_publicity("employer")
    if publicity is None or publicity.ended_at is None or now < publicity.ended_at:
        raise refuse(
            RefusalCode.TOO_EARLY,
            zh="单位公示尚未期满。",
            en="The employer's publicity has not run in full.",
            fix_zh="请在公示期满后办理。",
            fix_en="Wait for the end of the period.",
            citation="work plan 七(一)",
        )


def always_visible(state: ApplicationState, command: c.Command, now: datetime) -> None:
    """A counted day on which the notice was not visible does not count; another takes nothing away."""
    hidden = narrowed(command, c.FilePublicityEvidence).hidden_days
    period = state.deadlines.get(DeadlineName.EMPLOYER_PUBLICITY)
    counted = period.lineage.counted if period is not None and period.lineage is not None else ()
    lost = [day for day in hidden if day in counted or not counted]
    if lost:
        days = ", ".join(str(day) for day in lost)
        raise unmet(
            f"公示期间有计入公示期的日期（{days}）不可见，该日不计入公示期。",
            f"On days that count ({days}) the notice was not visible; those days do not count.",
            "请以 cancel（what=publicity）重新公示，公示期重新计算。",
            "Take the case back with `cancel` (what: publicity) and post it again in full.",
            "hidden_days",
            "process reading 33",
        )


def no_open_objection(state: ApplicationState, command: c.Command, now: datetime) -> None:
    """No objection to the employer's publicity awaits a finding."""
    if state.open_objections("employer"):
        raise unmet(
            "尚有未核查完毕的异议。",
            "An objection still awaits its finding.",
            "请先以 rule_on_objection 作出核查结论。",
            "Rule on it first (`rule_on_objection`).",
            None,
            "Order 40 Art. 16",
        )


def named_where_required(state: ApplicationState, command: c.Command, now: datetime) -> None:
    """An objection is in the person's own name where the plan asks for that."""
    if state.plan.real_name_required and not narrowed(command, c.Object).real_name:
        raise unmet(
            "本方案要求实名提出异议。",
            "This plan takes objections in the objector's own name only.",
            "请以实名提出。",
            "Object in your own name (`real_name`).",
            "real_name",
            "process reading 18",
        )


def confirmed_by_the_plan(state: ApplicationState, command: c.Command, now: datetime) -> None:
    """Results are confirmed by the authority that the plan names."""
    wanted = Role(state.plan.confirmed_by)
    if narrowed(command, c.Confirm).actor.role is not wanted:
        raise refuse(
            RefusalCode.WRONG_ROLE,
            zh=f"按本方案，评审结果由{ROLE_LABELS[wanted].zh}确认。",
            en=f"Under this plan the {ROLE_LABELS[wanted].en} confirms the results.",
            fix_zh="如有疑问，可以 outcome=question 提出。",
            fix_en="You may question it (`outcome` 'question').",
            field="actor.role",
            citation="process reading 16; Order 40 Art. 26",
        )


MAX_WAITING = 10
"""Objections and complaints of one person that may wait for a finding at one time."""


def objector_waits(state: ApplicationState, command: c.Command, now: datetime) -> None:
    """One person has at most ten objections or complaints waiting on an application."""
    person = narrowed(command, c.Object).actor.id
    if sum(1 for o in state.objections if o.open and o.by == person) >= MAX_WAITING:
        raise unmet(
            f"您对该申报已有{MAX_WAITING}件异议或举报待处理。",
            f"{MAX_WAITING} objections or complaints of yours wait on this application already.",
            "请等待处理结论，或向评委会组建单位补充材料。",
            "Wait for their findings, or hand further evidence to the convening unit.",
            None,
            "by design: nobody fills a file by repeating himself",
        )


def objections_to_rule_on(state: ApplicationState) -> list[Objection]:
    """The objections that a finding in this stage may be about."""
    here = (Stage.EMPLOYER_PUBLICITY, Stage.EMPLOYER_OBJECTION)
    return state.open_objections("employer" if state.stage in here else "result")


def objection_known(state: ApplicationState, command: c.Command, now: datetime) -> None:
    """The objection exists, is open, and is ruled on by someone who neither recommended nor objected."""
    rule = narrowed(command, c.RuleOnObjection)
    ids = [o.id for o in objections_to_rule_on(state)]
    if rule.objection_id not in ids:
        raise unmet(
            "没有该编号的待核查异议。",
            f"There is no open objection '{rule.objection_id}'.",
            f"待核查：{'、'.join(ids) or '无'}。",
            f"Open ones: {', '.join(ids) or 'none'}.",
            "objection_id",
            "Order 40 Art. 16, 26",
        )
    if any(o.id == rule.objection_id and o.by == rule.actor.id for o in state.objections):
        raise refuse(
            RefusalCode.SEPARATION_OF_DUTIES,
            zh="提出异议的人不得核查该异议。",
            en="Whoever raised an objection may not look into it.",
            fix_zh="请由本单位其他人员核查。",
            fix_en="Let another person of the organisation rule on it.",
            field="actor.id",
            citation="separation of duties, by design",
        )
    if _recommended_before(state, rule.actor.id):
        raise refuse(
            RefusalCode.SEPARATION_OF_DUTIES,
            zh="推荐审核人不得核查针对该申报的异议。",
            en="Whoever approved the recommendation may not look into an objection against it.",
            fix_zh="请由本单位其他人员核查。",
            fix_en="Let another person of the organisation rule on it.",
            field="actor.id",
            citation="separation of duties, by design",
        )


def _recommended_before(state: ApplicationState, person: str) -> bool:
    return any(f.actor.id == person for f in state.history if f.event in ("recommend", "quota_freed"))


def repair_listed(state: ApplicationState, command: c.Command, now: datetime) -> None:
    """A curable objection lists what to repair."""
    if not narrowed(command, c.RuleOnObjection).items:
        raise unmet(
            "可补正的异议须列明补正内容。",
            "A curable finding lists what to repair.",
            "请填写 items。",
            "Give `items`.",
            "items",
            "Order 40 Art. 18",
        )


def hearing_held(state: ApplicationState, command: c.Command, now: datetime) -> None:
    """The applicant was heard before a finding that takes something away."""
    if not narrowed(command, c.RuleOnObjection).hearing_held:
        raise unmet(
            "作出不利结论前须听取申报人陈述。",
            "The applicant must be heard before an adverse finding.",
            "请听取陈述后设置 hearing_held=true。",
            "Hear the applicant, then set `hearing_held`.",
            "hearing_held",
            "Order 40 Art. 26-27",
        )


def posted_everywhere(state: ApplicationState, command: c.Command, now: datetime) -> None:
    """The list is posted in every place of the plan, not in the future, not before the vote."""
    postings = narrowed(command, c.PublishResult).postings
    posted = {p.place for p in postings}
    lacking = [place for place in state.plan.publicity_places if place not in posted]
    if lacking:
        raise unmet(
            f"尚未在以下平台公示：{'、'.join(lacking)}。",
            f"Not yet posted in: {', '.join(lacking)}.",
            "请在全部平台发布后再登记。",
            "Post it everywhere, then record it.",
            "postings",
            "work plan 八",
        )
    before = state.votes[-1].at if state.votes else state.entered_at
    shown = state.running_publicity() or state.completed_publicity("result")
    if shown is not None:
        before = max(before, shown.started_at)
    if any(not before <= p.posted_at <= now for p in postings):
        raise unmet(
            "发布时间须在表决（更正时：原公示）之后且不晚于现在。",
            "A posting must lie after the vote (a corrected one: after the first) and not in the future.",
            "请更正 posted_at。",
            "Correct `posted_at`.",
            "postings",
            "work plan 七(五)",
        )
    latest = max(local_day(p.posted_at) for p in postings)
    if latest != local_day(now) and (local_day(now) - latest).days > 15:
        raise unmet(
            "发布时间过早，超过15天未登记。",
            "The posting was recorded more than 15 days after it became visible.",
            "请重新发布并登记。",
            "Post it again and record it.",
            "postings",
            "work plan 七(五)",
        )


def two_publicities(state: ApplicationState, command: c.Command, now: datetime) -> None:
    """Two publicities have run in full before anything is confirmed (invariant 1)."""
    for of in ("employer", "result"):
        publicity = state.completed_publicity(of)
        if publicity is None or publicity.ended_at is None or now < publicity.ended_at:
            raise refuse(
                RefusalCode.TOO_EARLY,
                zh="两次公示尚未全部期满。",
                en=f"The {of} publicity has not run in full.",
                fix_zh="请在公示期满后确认。",
                fix_en="Confirm once both have run in full.",
                citation="Order 40 Art. 16, 26",
            )


def not_after_fraud(state: ApplicationState, command: c.Command, now: datetime) -> None:
    """A recommendation that was declined for fraud is not taken up again."""
    if any(o.publicity == "employer" and o.finding == "fraud" for o in state.objections):
        raise unmet(
            "因弄虚作假不予推荐的申报不得重新受理。",
            "It was declined for fraud and cannot be reopened.",
            "由市职称办按诚信规定处理。",
            "The city title office deals with it under the rules on integrity.",
            None,
            "work plan 九(二); Order 40 Art. 39",
        )
