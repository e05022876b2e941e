"""The conditions of the transitions: pure checks over the state, the command and the business time.

Each returns quietly or raises `Refused` with the field, the rule, the source and the remedy.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from models import commands as c
from models.ballot import VoteRule, quorum_met, voters
from models.deadlines import DeadlineName
from models.dossier import Dossier, substantive_differences
from models.materials import missing
from models.refusal import RefusalCode, Refused, refuse
from models.state import ApplicationState
from models.wire import Label, local_day

Check = Callable[[ApplicationState, c.Command, datetime], None]


@dataclass(frozen=True)
class Guard:
    """A named condition: its label for handbook and diagram, its source, its check."""

    name: str
    label: Label
    citation: str
    check: Check


EMPLOYER_CHECKS = (
    "identity",
    "education",
    "years_of_service",
    "achievements",
    "awards",
    "continuing_education",
    "discipline",
    "seals",
)
"""What the employer attests when it recommends (work plan 九(二), 九(三))."""

DEPARTMENT_CHECKS = ("continuing_education", "materials")
"""What the department attests when it hands the case on (work plan 九(四))."""

OFFICE_CHECKS = ("check_list",)
"""What the office attests when it accepts (work plan 七(二))."""

CHECKS = {
    c.Hop.EMPLOYER: EMPLOYER_CHECKS,
    c.Hop.DEPARTMENT: DEPARTMENT_CHECKS,
    c.Hop.OFFICE: OFFICE_CHECKS,
}

_Cmd = TypeVar("_Cmd", bound=c.Command)


def _as(command: c.Command, model: type[_Cmd]) -> _Cmd:
    assert isinstance(command, model), f"{type(command).__name__} where {model.__name__} belongs"
    return command


def _no(zh: str, en: str, fix_zh: str, fix_en: str, field: str | None, citation: str) -> Refused:
    return refuse(
        RefusalCode.GUARD, zh=zh, en=en, fix_zh=fix_zh, fix_en=fix_en, field=field, citation=citation
    )


def window_open(state: ApplicationState, command: c.Command, now: datetime) -> None:
    """The cycle has opened (18 September 2023, 00:00)."""
    if now < state.plan.opens_at:
        raise refuse(
            RefusalCode.NOT_OPEN_YET,
            zh=f"申报自{state.plan.opens_at:%Y-%m-%d %H:%M}起受理。",
            en=f"Applications open at {state.plan.opens_at.isoformat()}.",
            fix_zh="请在开放后提交。",
            fix_en="Submit once the cycle is open.",
            citation="work plan 七(一)",
        )


def commitments_signed(state: ApplicationState, command: c.Command, now: datetime) -> None:
    """Both commitments (truth, continuing education) are given."""
    facts = _as(command, c.Submit).dossier.facts
    if not facts.truth_committed or not facts.ce_committed:
        field = "truth_committed" if not facts.truth_committed else "ce_committed"
        raise _no(
            "须先签署诚信承诺和继续教育承诺。",
            "Both commitments (truth, continuing education) must be signed.",
            "请签署承诺后再提交。",
            "Sign both and submit again.",
            f"dossier.facts.{field}",
            "work plan 九(二), 九(四)",
        )


def plan_offers(state: ApplicationState, command: c.Command, now: datetime) -> None:
    """Specialty, level and route exist in the plan, and are those the application began with."""
    dossier = _dossier(command)
    if dossier is None:
        return
    plan = state.plan
    for field, value, offered in (
        ("specialty", dossier.specialty, plan.specialties),
        ("level", dossier.level, plan.levels),
        ("route", dossier.route, plan.routes),
    ):
        if value not in offered:
            raise _no(
                f"本方案不受理 {value}；可选：{'、'.join(offered)}。",
                f"This plan does not offer {field} '{value}'.",
                "请选择方案中的选项。",
                f"Choose one of: {', '.join(offered)}.",
                f"dossier.{field}",
                "work plan 一, 二",
            )


def parts_present(state: ApplicationState, command: c.Command, now: datetime) -> None:
    """Every achievement has the parts its type requires."""
    dossier = _dossier(command)
    if dossier is None:
        return
    lacking = [f for f in missing(dossier.achievements, dossier.route) if f.severity == "bar"]
    if lacking:
        first = lacking[0]
        more_zh = f"（另有{len(lacking) - 1}处）" if len(lacking) > 1 else ""
        more_en = f" ({len(lacking) - 1} more)" if len(lacking) > 1 else ""
        raise _no(
            f"材料不全：{first.words.zh}{more_zh}。",
            f"A required part is missing: {first.words.en}{more_en}.",
            "请补齐后再提交；已填内容不受影响。",
            "Add it and send again; nothing was lost.",
            f"dossier.achievements ({first.subject})",
            first.citation,
        )


def reasons_given(state: ApplicationState, command: c.Command, now: datetime) -> None:
    """A refusal says why."""
    if not _as(command, c.Review).reasons:
        raise _no(
            "不予通过必须说明理由。",
            "A rejection needs at least one reason.",
            "请填写 reasons（代码和文字）。",
            "Give `reasons` (code and text).",
            "reasons",
            "work plan 七(二): 注明原因",
        )


def items_listed(state: ApplicationState, command: c.Command, now: datetime) -> None:
    """A return lists every point to repair, each with its own id."""
    items = _as(command, c.Review).items
    if not items:
        raise _no(
            "退回须一次性列明需要补正的全部内容。",
            "A return needs the complete list of items to repair.",
            "请填写 items。",
            "Give `items`, one per point.",
            "items",
            "Order 40 Art. 18; work plan 七(二)",
        )
    ids = [item.id for item in items]
    if len(set(ids)) != len(ids):
        raise _no(
            "退回清单中的编号重复。",
            "Two items of the list have the same id.",
            "请为每一项使用不同编号。",
            "Give every item its own id.",
            "items",
            "Order 40 Art. 18",
        )


def class_given(state: ApplicationState, command: c.Command, now: datetime) -> None:
    """A return by department or office says whether the repair is formal or substantive."""
    if _as(command, c.Review).change_class is None:
        raise _no(
            "须注明是形式补正还是实质修改。",
            "The return must say whether the repair is formal or substantive.",
            "请填写 change_class：formal 或 substantive。",
            "Set `change_class` to 'formal' or 'substantive'.",
            "change_class",
            "process reading 9: publicity is repeated after substantive changes only",
        )


def told_at_once(state: ApplicationState, command: c.Command, now: datetime) -> None:
    """A second list of the office holds only items not repaired or newly arisen (一次性告知)."""
    before = [r for r in state.returns if r.hop == "office"]
    if not before:
        return
    known = {item.id for r in before for item in r.items}
    for index, item in enumerate(_as(command, c.Review).items):
        if item.newly_arisen or (item.unrepaired is not None and item.unrepaired in known):
            continue
        raise _no(
            "首次退回时本可列出的问题不得再次作为退回理由。",
            "A defect that could have been listed the first time cannot be a second list.",
            "仅列未补正（unrepaired=原编号）或新产生（newly_arisen=true）的项目，或予以接收。",
            "List only items not repaired (`unrepaired`: the earlier id) or newly arisen, or accept.",
            f"items.{index}",
            "Order 40 Art. 18 (一次性告知)",
        )


def correction_time_left(state: ApplicationState, command: c.Command, now: datetime) -> None:
    """A due date of the office's own lies after today and not past the plan's cap."""
    due = _as(command, c.Review).correction_due
    last = local_day(state.plan.correction_cap - timedelta(seconds=1))
    today = local_day(now)
    if today >= last:
        raise _no(
            f"退回补正的最后期限为{last}，现在退回申报人已无补正时间。",
            f"Corrections end on {last}: returned now, the applicant would have no time.",
            "请接收、拒绝，或由市职称办先延长期限。",
            "Accept or refuse it, or have the city title office extend the correction deadline first.",
            "correction_due",
            "work plan 七(二); process reading 6",
        )
    if due is not None and not today < due <= last:
        raise _no(
            f"补正期限须在{today}之后且不晚于{last}。",
            f"The due date must lie after {today} and not past {last}.",
            "请更正 correction_due 或省略以采用方案默认值。",
            "Correct `correction_due`, or leave it out for the plan's default.",
            "correction_due",
            "work plan 七(二); process reading 6",
        )


def checks_attested(state: ApplicationState, command: c.Command, now: datetime) -> None:
    """An approval names every check of the hop."""
    review = _as(command, c.Review)
    lacking = [check for check in CHECKS[review.hop] if check not in review.attested]
    if lacking:
        raise _no(
            f"尚有未核验的项目：{'、'.join(lacking)}。",
            f"Checks not attested: {', '.join(lacking)}.",
            "请核验后在 attested 中列出。",
            "Carry them out and name them in `attested`.",
            "attested",
            "work plan 九(二), 九(三), 九(四)",
        )


def post_attested(state: ApplicationState, command: c.Command, now: datetime) -> None:
    """A unit under full post management attests the posts free at the level."""
    if state.input.employer.full_post_management and _as(command, c.Review).post is None:
        raise _no(
            "全面实行岗位管理的单位须填报本级别空岗数额或结构比例。",
            "A unit under full post management must attest the posts free at this level.",
            "请填写 post（basis、available、record）。",
            "Give `post` (basis, available, record).",
            "post",
            "work plan 五",
        )


def post_free(state: ApplicationState, command: c.Command, now: datetime) -> None:
    """A post has become free."""
    post = _as(command, c.Review).post
    if post is None or post.available < 1:
        raise _no(
            "本级别没有空岗。",
            "No post is free at this level.",
            "请在有空岗后重新填报 post，或不予推荐。",
            "Attest `post` again once one is free, or decline.",
            "post.available",
            "work plan 五",
        )


def publicity_long_enough(state: ApplicationState, command: c.Command, now: datetime) -> None:
    """The planned publicity lasts at least the plan's working days."""
    wanted = _as(command, c.StartPublicity).working_days
    least = state.plan.employer_publicity_wd
    if wanted is not None and wanted < least:
        raise _no(
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
    """A day on which the notice was not visible does not count."""
    hidden = _as(command, c.FilePublicityEvidence).hidden_days
    if hidden:
        raise _no(
            "公示期间有不可见的日期，该日不计入公示期。",
            "On some days the notice was not visible; those days do not count.",
            "请以 cancel（what=publicity）重新公示，公示期重新计算。",
            "Take the case back with `cancel` (what: publicity) and post it again in full.",
            "hidden_days",
            "process reading 33",
        )


def no_open_objection(state: ApplicationState, command: c.Command, now: datetime) -> None:
    """No objection to the employer's publicity awaits a finding."""
    if state.open_objections("employer"):
        raise _no(
            "尚有未核查完毕的异议。",
            "An objection still awaits its finding.",
            "请先以 rule_on_objection 作出核查结论。",
            "Rule on it first (`rule_on_objection`).",
            None,
            "Order 40 Art. 16",
        )


def objection_known(state: ApplicationState, command: c.Command, now: datetime) -> None:
    """The objection exists, is open, and is ruled on by someone who did not recommend."""
    rule = _as(command, c.RuleOnObjection)
    found = next((o for o in state.objections if o.id == rule.objection_id), None)
    if found is None or not found.open:
        ids = [o.id for o in state.objections if o.open]
        raise _no(
            "没有该编号的待核查异议。",
            f"There is no open objection '{rule.objection_id}'.",
            f"待核查：{'、'.join(ids) or '无'}。",
            f"Open ones: {', '.join(ids) or 'none'}.",
            "objection_id",
            "Order 40 Art. 16, 26",
        )
    if rule.actor.id == state.recommended_by:
        raise refuse(
            RefusalCode.SEPARATION_OF_DUTIES,
            zh="推荐审核人不得核查针对该申报的异议。",
            en="Whoever approved the recommendation may not look into an objection against it.",
            fix_zh="请由本单位其他人员核查。",
            fix_en="Let another person of the organisation rule on it.",
            field="actor.id",
            citation="separation of duties, by design",
        )


def repair_listed(state: ApplicationState, command: c.Command, now: datetime) -> None:
    """A curable objection lists what to repair."""
    if not _as(command, c.RuleOnObjection).items:
        raise _no(
            "可补正的异议须列明补正内容。",
            "A curable finding lists what to repair.",
            "请填写 items。",
            "Give `items`.",
            "items",
            "Order 40 Art. 18",
        )


def hearing_held(state: ApplicationState, command: c.Command, now: datetime) -> None:
    """The applicant was heard before a finding that takes something away."""
    if not _as(command, c.RuleOnObjection).hearing_held:
        raise _no(
            "作出不利结论前须听取申报人陈述。",
            "The applicant must be heard before an adverse finding.",
            "请听取陈述后设置 hearing_held=true。",
            "Hear the applicant, then set `hearing_held`.",
            "hearing_held",
            "Order 40 Art. 26-27",
        )


def items_answered(state: ApplicationState, command: c.Command, now: datetime) -> None:
    """Every item of the return is answered."""
    last = state.last_return
    if last is None:
        return
    answered = {answer.item for answer in _as(command, c.Resubmit).answers}
    lacking = [item.id for item in last.items if item.id not in answered]
    if lacking:
        raise _no(
            f"尚有未答复的退回项：{'、'.join(lacking)}。",
            f"Items not answered: {', '.join(lacking)}.",
            "请在 answers 中逐项答复。",
            "Answer each of them in `answers`.",
            "answers",
            "work plan 七(二): 限时更改后重新呈报审核",
        )


def formal_only(state: ApplicationState, command: c.Command, now: datetime) -> None:
    """A formal repair changes nothing that was publicised (invariant 8)."""
    new = _as(command, c.Resubmit).dossier
    if new is None or state.dossier is None:
        return
    changed = substantive_differences(state.dossier, new)
    if changed:
        raise _no(
            f"形式补正不得改动已公示的内容：{'、'.join(changed)}。",
            f"A formal repair may not change what was publicised: {', '.join(changed)}.",
            "请撤销该改动，或以 change_class=substantive 重新报送（须重新公示）。",
            "Undo the change, or resend with change_class 'substantive' (a new publicity follows).",
            "dossier",
            "process reading 9; Order 40 Art. 16",
        )


def chain_in_order(state: ApplicationState, command: c.Command, now: datetime) -> None:
    """A correction is confirmed in order: applicant, employer, department (重新呈报)."""
    expected = state.action_by
    if command.actor.role.value != expected:
        raise refuse(
            RefusalCode.WRONG_ROLE,
            zh=f"当前应由{_role_zh(expected)}办理。",
            en=f"It is the {expected}'s turn.",
            fix_zh="请按申报人、用人单位、主管部门的顺序确认。",
            fix_en="Confirm in order: applicant, employer, department.",
            field="actor.role",
            citation="work plan 七(二): 重新呈报审核; process reading 8",
        )


def exam_adds_up(state: ApplicationState, command: c.Command, now: datetime) -> None:
    """Mark, pass line and result agree, and the day is not in the future."""
    exam = _as(command, c.RecordExam)
    if exam.held_on > local_day(now):
        raise _no(
            "考试日期在将来。",
            "The examination day lies in the future.",
            "请更正 held_on。",
            "Correct `held_on`.",
            "held_on",
            "work plan 七(三)",
        )
    if exam.subject == "professional_exam" and exam.result in ("passed", "failed"):
        if exam.score is None or exam.pass_line is None:
            raise _no(
                "须填写成绩和合格线。",
                "Mark and pass line are needed.",
                "请填写 score 和 pass_line。",
                "Give `score` and `pass_line`.",
                "score",
                "work plan 七(三)",
            )
        if (exam.score >= exam.pass_line) != (exam.result == "passed"):
            raise _no(
                f"成绩{exam.score}、合格线{exam.pass_line}与结论“{exam.result}”不符。",
                f"A mark of {exam.score} against a pass line of {exam.pass_line} is not '{exam.result}'.",
                "请核对后更正。",
                "Check and correct it.",
                "result",
                "work plan 七(三)",
            )


def committee_valid(state: ApplicationState, command: c.Command, now: datetime) -> None:
    """The committee is on file, odd, large enough, and valid on the day of the meeting."""
    schedule = _as(command, c.Schedule)
    plan = state.plan
    if schedule.committee_valid_until < schedule.meeting_on:
        raise _no(
            "评委会备案在会议当日已失效。",
            "The committee's filing has expired on the day of the meeting.",
            "请重新核准备案。",
            "Have the committee filed again.",
            "committee_valid_until",
            "Order 40 Art. 8",
        )
    odd = schedule.committee_size % 2 == 1 or not plan.committee_odd
    if schedule.committee_size < plan.committee_min or not odd:
        raise _no(
            f"评委会人数应为单数且不少于{plan.committee_min}人。",
            f"The committee must be odd and have at least {plan.committee_min} members.",
            "请补足人数。",
            "Draw the missing members.",
            "committee_size",
            "Order 40 Art. 9",
        )


def drawn_in_time(state: ApplicationState, command: c.Command, now: datetime) -> None:
    """The experts were drawn at least the plan's days before the meeting."""
    schedule = _as(command, c.Schedule)
    lead = state.plan.draw_lead_days
    if (schedule.meeting_on - schedule.drawn_on).days < lead or schedule.drawn_on > local_day(now):
        raise _no(
            f"专家应在会议召开{lead}日前抽取完成。",
            f"The experts must be drawn at least {lead} days before the meeting (and not in the future).",
            "请调整会议日期或抽取日期。",
            "Move the meeting, or correct `drawn_on`.",
            "drawn_on",
            "津人社办函〔2023〕355号",
        )


def meeting_in_window(state: ApplicationState, command: c.Command, now: datetime) -> None:
    """The meeting lies in the plan's window (1 to 31 December 2023), or later for a re-vote."""
    schedule = _as(command, c.Schedule)
    plan = state.plan
    last = plan.meeting_to if not (state.votes or state.rechecked) else schedule.meeting_on
    moved = state.deadlines.get(DeadlineName.MEETING)
    if moved is not None and moved.last_day is not None:
        last = max(last, moved.last_day)
    if not plan.meeting_from <= schedule.meeting_on <= last or schedule.meeting_on < local_day(now):
        raise _no(
            f"会议日期须在{plan.meeting_from}至{last}之间且不早于今日。",
            f"The meeting must lie between {plan.meeting_from} and {last}, and not in the past.",
            "请更正 meeting_on。",
            "Correct `meeting_on`.",
            "meeting_on",
            "work plan 七(四)",
        )


def conflicts_cleared(state: ApplicationState, command: c.Command, now: datetime) -> None:
    """Conflicts of interest were looked for and cleared."""
    if not _as(command, c.Schedule).conflicts_cleared:
        raise _no(
            "须先完成回避核查。",
            "Conflicts of interest must be cleared first.",
            "请核查回避后设置 conflicts_cleared=true。",
            "Clear them, then set `conflicts_cleared`.",
            "conflicts_cleared",
            "Order 40 Art. 25",
        )


def status_clean(state: ApplicationState, command: c.Command, now: datetime) -> None:
    """No reported change of status (retired, civil servant, discipline) is undecided."""
    if state.status_flag is not None:
        raise _no(
            f"申报人身份变化尚未处理（{state.status_flag}）。",
            f"A reported change of status is undecided ({state.status_flag}).",
            "请由办事机构以 release 决定。",
            "The office decides with `release` first.",
            None,
            "work plan 二; process readings 20-22",
        )


def meeting_day(state: ApplicationState, command: c.Command, now: datetime) -> None:
    """No ballot before the day of the meeting."""
    meeting = state.meeting
    if meeting is None or local_day(now) < meeting.meeting_on:
        raise refuse(
            RefusalCode.TOO_EARLY,
            zh=f"评审会议定于{meeting.meeting_on if meeting else '（未排期）'}。",
            en=f"The meeting is on {meeting.meeting_on if meeting else '(not scheduled)'}.",
            fix_zh="请在会议当日记录表决。",
            fix_en="Record the vote on the day of the meeting.",
            citation="work plan 七(四); Order 40 Art. 19",
        )


def vote_rule(state: ApplicationState) -> VoteRule:
    """The plan's rule for quorum and majority."""
    plan = state.plan
    return VoteRule(
        quorum=plan.quorum,
        pass_share=plan.pass_share,
        pass_operator=plan.pass_operator,
        recused_in_denominator=plan.recused_in_denominator,
        min_opinions=plan.min_opinions,
    )


def attendance_adds_up(state: ApplicationState, command: c.Command, now: datetime) -> None:
    """Attendance fits the committee that was drawn."""
    vote = _as(command, c.RecordVote)
    size = state.meeting.committee_size if state.meeting else vote.committee_size
    if vote.committee_size != size or not vote.recused <= vote.attending <= size:
        raise _no(
            f"出席、回避人数与本次评委会（{size}人）不符。",
            f"Attending and recused do not fit the committee of {size}.",
            "请核对 committee_size、attending、recused。",
            "Check `committee_size`, `attending` and `recused`.",
            "attending",
            "Order 40 Art. 19, 25",
        )


def opinions_written(state: ApplicationState, command: c.Command, now: datetime) -> None:
    """At least three written opinions, and no more than experts who may judge."""
    vote = _as(command, c.RecordVote)
    if not state.plan.min_opinions <= vote.opinions <= vote.attending - vote.recused:
        raise _no(
            f"书面评议意见不少于{state.plan.min_opinions}份，且不多于可评议的专家数。",
            f"At least {state.plan.min_opinions} written opinions are needed, at most one per expert.",
            "请补齐评议意见。",
            "Have the missing opinions written.",
            "opinions",
            "Order 40 Art. 21",
        )


def quorum_present(state: ApplicationState, command: c.Command, now: datetime) -> None:
    """Two thirds of the committee attend and may vote when the ballot opens (invariant 2)."""
    vote = _as(command, c.RecordVote)
    if not quorum_met(vote.committee_size, vote.attending, vote.recused, vote_rule(state)):
        raise _no(
            f"可表决专家{vote.attending - vote.recused}人，不足评委会人数的2/3。",
            f"{vote.attending - vote.recused} may vote: less than two thirds of {vote.committee_size}.",
            "请补足出席，或以 quorum_lost 记录并另行安排。",
            "Bring the quorum together, or record `quorum_lost` and schedule again.",
            "attending",
            "Order 40 Art. 19",
        )


def counts_add_up(state: ApplicationState, command: c.Command, now: datetime) -> None:
    """yes + no + abstain = N; only attending experts who are not recused vote."""
    vote = _as(command, c.RecordVote)
    n = voters(vote.attending, vote.recused, vote_rule(state))
    if vote.yes + vote.no + vote.abstain != vote.attending - vote.recused or vote.yes > n:
        raise _no(
            f"票数合计{vote.yes + vote.no + vote.abstain}与有表决权人数{vote.attending - vote.recused}不符。",
            f"{vote.yes + vote.no + vote.abstain} votes for {vote.attending - vote.recused} voters.",
            "请核对票数；不得委托或补投。",
            "Count again; no proxy and no late vote is possible.",
            "yes",
            "Order 40 Art. 20",
        )


def signed_and_sealed(state: ApplicationState, command: c.Command, now: datetime) -> None:
    """The chair signed, the committee sealed, the minutes are filed."""
    vote = _as(command, c.RecordVote)
    if not (vote.signed and vote.sealed) or vote.minutes_sha256 is None:
        lacking = "signed" if not vote.signed else ("sealed" if not vote.sealed else "minutes_sha256")
        raise _no(
            "表决结果须由主任委员签字、加盖评委会印章并附会议记录。",
            "The result needs the chair's signature, the committee's seal and the minutes.",
            f"请补齐 {lacking}。",
            f"Give `{lacking}`.",
            lacking,
            "Order 40 Art. 22-23",
        )


def posted_everywhere(state: ApplicationState, command: c.Command, now: datetime) -> None:
    """The list is posted in every place of the plan, not in the future, not before the vote."""
    postings = _as(command, c.PublishResult).postings
    posted = {p.place for p in postings}
    lacking = [place for place in state.plan.publicity_places if place not in posted]
    if lacking:
        raise _no(
            f"尚未在以下平台公示：{'、'.join(lacking)}。",
            f"Not yet posted in: {', '.join(lacking)}.",
            "请在全部平台发布后再登记。",
            "Post it everywhere, then record it.",
            "postings",
            "work plan 八",
        )
    voted_at = state.votes[-1].at if state.votes else state.entered_at
    if any(not voted_at <= p.posted_at <= now for p in postings):
        raise _no(
            "发布时间须在表决之后且不晚于现在。",
            "A posting must lie after the vote and not in the future.",
            "请更正 posted_at。",
            "Correct `posted_at`.",
            "postings",
            "work plan 七(五)",
        )
    latest = max(local_day(p.posted_at) for p in postings)
    if latest != local_day(now) and (local_day(now) - latest).days > 15:
        raise _no(
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


def notice_and_hearing(state: ApplicationState, command: c.Command, now: datetime) -> None:
    """Before a revocation the holder is told and may be heard."""
    revoke = _as(command, c.Revoke)
    if not (revoke.notice_given and revoke.hearing_offered):
        field = "notice_given" if not revoke.notice_given else "hearing_offered"
        raise _no(
            "撤销前须告知本人并听取陈述申辩。",
            "Before a revocation the holder must be told and may be heard.",
            f"请完成后设置 {field}=true。",
            f"Do so, then set `{field}`.",
            field,
            "Order 40 Art. 39; work plan 九(二)",
        )


def revisions_named(state: ApplicationState, command: c.Command, now: datetime) -> None:
    """Each change names a running deadline, and moves it later only."""
    revise = _as(command, c.ReviseDeadlines)
    if not revise.changes and revise.ground not in ("calendar_notice", "late_admission"):
        raise _no(
            "未说明要更改哪一期限。",
            "No deadline is named.",
            "请填写 changes。",
            "Give `changes`.",
            "changes",
            "process: plan amended",
        )
    for index, change in enumerate(revise.changes):
        current = state.deadlines.get(change.name)
        if current is None:
            raise _no(
                f"没有名为 {change.name} 的期限。",
                f"There is no deadline '{change.name}' on this application.",
                f"可更改：{'、'.join(n.value for n in state.deadlines)}。",
                f"Use one of: {', '.join(n.value for n in state.deadlines)}.",
                f"changes.{index}.name",
                "process: plan amended",
            )
        earlier = (
            change.last_day is not None
            and current.last_day is not None
            and change.last_day < current.last_day
        )
        if earlier:
            raise _no(
                f"期限只能延后：现为{current.last_day}。",
                f"A deadline moves later only; it ends on {current.last_day} now.",
                "请给出更晚的日期。",
                "Give a later date.",
                f"changes.{index}.last_day",
                "an announced period is never shortened (process: plan amended)",
            )
        if change.last_day is None and change.add_working_days is None and not change.skip_days:
            raise _no(
                "未说明如何更改该期限。",
                "The change says nothing.",
                "请填写 last_day、add_working_days 或 skip_days。",
                "Give `last_day`, `add_working_days` or `skip_days`.",
                f"changes.{index}",
                "process: plan amended",
            )


def late_day_given(state: ApplicationState, command: c.Command, now: datetime) -> None:
    """A late admission names the new day, in the future and not past the office's own deadline."""
    revise = _as(command, c.ReviseDeadlines)
    last = local_day(state.plan.office_deadline - timedelta(seconds=1))
    days = [
        ch.last_day for ch in revise.changes if ch.name == DeadlineName.DEPARTMENT_SUBMISSION and ch.last_day
    ]
    if revise.ground != "late_admission" or not days or not local_day(now) <= days[0] <= last:
        raise _no(
            f"准予补报须给出新的主管部门提交截止日（今日至{last}）。",
            f"A late admission needs a new last day for department_submission, from today to {last}.",
            "ground=late_admission，changes 中填写 department_submission 的 last_day。",
            "Use ground 'late_admission' and give department_submission a `last_day`.",
            "changes",
            "process reading 5: late admission by a recorded decision",
        )


def _dossier(command: c.Command) -> Dossier | None:
    if isinstance(command, c.Submit | c.Resubmit):
        return command.dossier
    return None


def _role_zh(role: str | None) -> str:
    return {"applicant": "申报人", "employer": "用人单位", "department": "主管部门"}.get(
        role or "", role or ""
    )


def guard(check: Check, zh: str, citation: str) -> Guard:
    """Wraps a check: its English label is the first line of its docstring."""
    doc = (check.__doc__ or "").strip().splitlines()[0].rstrip(".")
    return Guard(name=check.__name__, label=Label(zh=zh, en=doc), citation=citation, check=check)
