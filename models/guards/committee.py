"""Conditions on examination, committee, meeting and ballot."""

from __future__ import annotations

from datetime import datetime

from models import commands as c
from models.ballot import VoteRule, quorum_met, voters
from models.deadlines import DeadlineName
from models.guards.base import narrowed, unmet
from models.refusal import RefusalCode, refuse
from models.state import ApplicationState
from models.wire import local_day


def exam_adds_up(state: ApplicationState, command: c.Command, now: datetime) -> None:
    """Mark, pass line and result agree, and the day is not in the future."""
    exam = narrowed(command, c.RecordExam)
    if exam.held_on > local_day(now):
        raise unmet(
            "考试日期在将来。",
            "The examination day lies in the future.",
            "请更正 held_on。",
            "Correct `held_on`.",
            "held_on",
            "work plan 七(三)",
        )
    if exam.subject == "professional_exam" and exam.result in ("passed", "failed"):
        if exam.score is None or exam.pass_line is None:
            raise unmet(
                "须填写成绩和合格线。",
                "Mark and pass line are needed.",
                "请填写 score 和 pass_line。",
                "Give `score` and `pass_line`.",
                "score",
                "work plan 七(三)",
            )
        if (exam.score >= exam.pass_line) != (exam.result == "passed"):
            raise unmet(
                f"成绩{exam.score}、合格线{exam.pass_line}与结论“{exam.result}”不符。",
                f"A mark of {exam.score} against a pass line of {exam.pass_line} is not '{exam.result}'.",
                "请核对后更正。",
                "Check and correct it.",
                "result",
                "work plan 七(三)",
            )


def committee_valid(state: ApplicationState, command: c.Command, now: datetime) -> None:
    """The committee is on file, odd, large enough, and valid on the day of the meeting."""
    schedule = narrowed(command, c.Schedule)
    plan = state.plan
    if schedule.committee_valid_until < schedule.meeting_on:
        raise unmet(
            "评委会备案在会议当日已失效。",
            "The committee's filing has expired on the day of the meeting.",
            "请重新核准备案。",
            "Have the committee filed again.",
            "committee_valid_until",
            "Order 40 Art. 8",
        )
    odd = schedule.committee_size % 2 == 1 or not plan.committee_odd
    if schedule.committee_size < plan.committee_min or not odd:
        raise unmet(
            f"评委会人数应为单数且不少于{plan.committee_min}人。",
            f"The committee must be odd and have at least {plan.committee_min} members.",
            "请补足人数。",
            "Draw the missing members.",
            "committee_size",
            "Order 40 Art. 9",
        )


def drawn_in_time(state: ApplicationState, command: c.Command, now: datetime) -> None:
    """The experts were drawn at least the plan's days before the meeting."""
    schedule = narrowed(command, c.Schedule)
    lead = state.plan.draw_lead_days
    if (schedule.meeting_on - schedule.drawn_on).days < lead or schedule.drawn_on > local_day(now):
        raise unmet(
            f"专家应在会议召开{lead}日前抽取完成。",
            f"The experts must be drawn at least {lead} days before the meeting (and not in the future).",
            "请调整会议日期或抽取日期。",
            "Move the meeting, or correct `drawn_on`.",
            "drawn_on",
            "津人社办函〔2023〕355号",
        )


def meeting_in_window(state: ApplicationState, command: c.Command, now: datetime) -> None:
    """The meeting lies in the plan's window, or later for a re-vote."""
    schedule = narrowed(command, c.Schedule)
    plan = state.plan
    last = plan.meeting_to if not (state.votes or state.rechecked) else schedule.meeting_on
    moved = state.deadlines.get(DeadlineName.MEETING)
    if moved is not None and moved.last_day is not None:
        last = max(last, moved.last_day)
    if not plan.meeting_from <= schedule.meeting_on <= last or schedule.meeting_on < local_day(now):
        raise unmet(
            f"会议日期须在{plan.meeting_from}至{last}之间且不早于今日。",
            f"The meeting must lie between {plan.meeting_from} and {last}, and not in the past.",
            "请更正 meeting_on。",
            "Correct `meeting_on`.",
            "meeting_on",
            "work plan 七(四)",
        )


def conflicts_cleared(state: ApplicationState, command: c.Command, now: datetime) -> None:
    """Conflicts of interest were looked for and cleared."""
    if not narrowed(command, c.Schedule).conflicts_cleared:
        raise unmet(
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
        raise unmet(
            f"申报人身份变化尚未处理（{state.status_flag}）。",
            f"A reported change of status is undecided ({state.status_flag}).",
            "请由办事机构以 release 决定。",
            "The office decides with `release` first.",
            None,
            "work plan 二; process readings 20-22",
        )


def meeting_day(state: ApplicationState, command: c.Command, now: datetime) -> None:
    """No ballot before the day of the meeting, and none by a committee whose filing has expired."""
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
    if meeting.committee_valid_until < local_day(now):
        raise unmet(
            f"评委会备案已于{meeting.committee_valid_until}失效。",
            f"The committee's filing expired on {meeting.committee_valid_until}.",
            "请重新核准备案后另行安排会议（schedule）。",
            "Have the committee filed again, then plan another meeting (`schedule`).",
            "committee_valid_until",
            "Order 40 Art. 8",
        )


def this_meeting(state: ApplicationState, command: c.Command, now: datetime) -> None:
    """What a meeting says counts while the application is on its agenda, not once it was moved to another."""
    said = narrowed(command, c.RecordVote).meeting_ref
    if said is not None and state.meeting is not None and said != state.meeting.meeting_ref:
        raise unmet(
            f"该申报已改由会议 {state.meeting.meeting_ref} 评审。",
            f"The application was moved to the meeting '{state.meeting.meeting_ref}'.",
            "请由该会议表决。",
            "It is voted on there.",
            "meeting_ref",
            "Order 40 Art. 19-20",
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
    vote = narrowed(command, c.RecordVote)
    size = state.meeting.committee_size if state.meeting else vote.committee_size
    if vote.committee_size != size or not vote.recused <= vote.attending <= size:
        raise unmet(
            f"出席、回避人数与本次评委会（{size}人）不符。",
            f"Attending and recused do not fit the committee of {size}.",
            "请核对 committee_size、attending、recused。",
            "Check `committee_size`, `attending` and `recused`.",
            "attending",
            "Order 40 Art. 19, 25",
        )


def opinions_written(state: ApplicationState, command: c.Command, now: datetime) -> None:
    """At least three written opinions, and no more than experts who may judge."""
    vote = narrowed(command, c.RecordVote)
    if not state.plan.min_opinions <= vote.opinions <= vote.attending - vote.recused:
        raise unmet(
            f"书面评议意见不少于{state.plan.min_opinions}份，且不多于可评议的专家数。",
            f"At least {state.plan.min_opinions} written opinions are needed, at most one per expert.",
            "请补齐评议意见。",
            "Have the missing opinions written.",
            "opinions",
            "Order 40 Art. 21",
        )


def quorum_present(state: ApplicationState, command: c.Command, now: datetime) -> None:
    """Two thirds of the committee attend and may vote when the ballot opens (invariant 2)."""
    vote = narrowed(command, c.RecordVote)
    if not quorum_met(vote.committee_size, vote.attending, vote.recused, vote_rule(state)):
        raise unmet(
            f"可表决专家{vote.attending - vote.recused}人，不足评委会人数的2/3。",
            f"{vote.attending - vote.recused} may vote: less than two thirds of {vote.committee_size}.",
            "请补足出席，或以 quorum_lost 记录并另行安排。",
            "Bring the quorum together, or record `quorum_lost` and schedule again.",
            "attending",
            "Order 40 Art. 19",
        )


def same_ballot(state: ApplicationState, command: c.Command, now: datetime) -> None:
    """The counts are those of the experts present when the ballot opened: no late vote."""
    vote = narrowed(command, c.RecordVote)
    opening = state.opening
    if opening is not None and (vote.attending, vote.recused) != (opening.attending, opening.recused):
        raise unmet(
            f"投票开始时出席{opening.attending}人、回避{opening.recused}人，与本次计票不符。",
            f"The ballot opened with {opening.attending} attending and {opening.recused} recused.",
            "请按投票开始时的人数计票；出席不足请以 quorum_lost 记录。",
            "Count the experts who were there then; record `quorum_lost` if too many have left.",
            "attending",
            "Order 40 Art. 19-20",
        )


def quorum_absent(state: ApplicationState, command: c.Command, now: datetime) -> None:
    """The quorum is lost: less than two thirds of the committee may vote."""
    vote = narrowed(command, c.RecordVote)
    if quorum_met(vote.committee_size, vote.attending, vote.recused, vote_rule(state)):
        raise unmet(
            f"可表决专家{vote.attending - vote.recused}人，出席人数并无不足。",
            f"{vote.attending - vote.recused} of {vote.committee_size} may vote: the quorum is there.",
            "请继续投票；已开始的投票不得以出席不足作废。",
            "Go on with the ballot; one that has its quorum is not void.",
            "attending",
            "Order 40 Art. 19",
        )


def counts_add_up(state: ApplicationState, command: c.Command, now: datetime) -> None:
    """yes + no + abstain = N; only attending experts who are not recused vote."""
    vote = narrowed(command, c.RecordVote)
    n = voters(vote.attending, vote.recused, vote_rule(state))
    if vote.yes + vote.no + vote.abstain != vote.attending - vote.recused or vote.yes > n:
        raise unmet(
            f"票数合计{vote.yes + vote.no + vote.abstain}与有表决权人数{vote.attending - vote.recused}不符。",
            f"{vote.yes + vote.no + vote.abstain} votes for {vote.attending - vote.recused} voters.",
            "请核对票数；不得委托或补投。",
            "Count again; no proxy and no late vote is possible.",
            "yes",
            "Order 40 Art. 20",
        )


def signed_and_sealed(state: ApplicationState, command: c.Command, now: datetime) -> None:
    """The chair signed, the committee sealed, the minutes are filed."""
    vote = narrowed(command, c.RecordVote)
    if not (vote.signed and vote.sealed) or vote.minutes_sha256 is None:
        lacking = "signed" if not vote.signed else ("sealed" if not vote.sealed else "minutes_sha256")
        raise unmet(
            "表决结果须由主任委员签字、加盖评委会印章并附会议记录。",
            "The result needs the chair's signature, the committee's seal and the minutes.",
            f"请补齐 {lacking}。",
            f"Give `{lacking}`.",
            lacking,
            "Order 40 Art. 22-23",
        )
