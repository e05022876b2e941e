"""The words of the notices: what happened, by event, and what is to be done, by stage.

Neutral and without personal data: whoever is told signs in to see the rest.
"""

from __future__ import annotations

from models.corrections import CORRECTED
from models.stages import Stage
from models.wire import Label


def _w(zh: str, en: str) -> Label:
    return Label(zh=zh, en=en)


HAPPENED: dict[str, Label] = {
    "opened": _w("申报已建立。", "The application has been opened."),
    "submit": _w("申报人已提交申报材料。", "The applicant has submitted the application."),
    "employer_return": _w(
        "用人单位退回了申报材料，附需补正的清单。", "The employer has returned it with a list."
    ),
    "employer_decline": _w(
        "用人单位决定不予推荐，理由见系统。", "The employer has declined to recommend; see the reasons."
    ),
    "employer_reopen": _w("用人单位已重新受理申报。", "The employer has taken the application up again."),
    "employer_resubmit": _w(
        "申报人已补正并重新提交。", "The applicant has repaired and resubmitted the application."
    ),
    "quota_pass": _w("岗位核验通过，用人单位拟推荐。", "The post check is passed; the employer recommends."),
    "quota_none": _w("核验时无空岗，推荐暂停。", "No post is free; the recommendation waits."),
    "post_regained": _w("该申报已重新占用岗位。", "The application holds a post again."),
    "post_lacking": _w(
        "该申报重新需要岗位，但本级别已无空岗；评审照常进行，落实岗位前不予确认。",
        "It needs a post again and none is free; the review goes on, but nobody confirms it without one.",
    ),
    "start_publicity": _w("用人单位已开始公示。", "The employer has posted the recommendation."),
    "employer_object": _w("公示期间收到异议。", "An objection to the employer's publicity was received."),
    "publicity_over_clear": _w("单位公示期满，无未结异议。", "The publicity is over, no objection is open."),
    "publicity_over_contested": _w(
        "单位公示期满，有异议待核查。", "The publicity is over; an objection is to be looked into."
    ),
    "cancel_publicity": _w(
        "用人单位撤下了公示，重新公示须另计完整期限。", "The notice was taken down; a full period runs again."
    ),
    "objection_unfounded": _w("异议经核查不成立。", "The objection was found to be unfounded."),
    "objection_curable": _w(
        "异议经核查可补正，补正后重新公示。", "The objection can be cured; a new publicity follows."
    ),
    "objection_founded": _w("异议经核查成立，不予推荐。", "The objection is founded; no recommendation."),
    "objection_fraud": _w(
        "异议经核查成立，认定弄虚作假，不予推荐。", "The objection is founded: fraud; no recommendation."
    ),
    "file_evidence": _w(
        "用人单位已上传公示资料并报送。", "The employer has filed the evidence of its publicity."
    ),
    "department_return": _w(
        "业务主管部门退回了申报材料，附需补正的清单。", "The department has returned it with a list."
    ),
    "department_reject": _w(
        "业务主管部门审核不予通过，理由见系统。", "The department has rejected it; see the reasons."
    ),
    "department_submit": _w(
        "业务主管部门已审核并提交评委会办事机构。", "The department has submitted it to the office."
    ),
    "substantive_resubmit": _w(
        "申报人作了实质修改并重新提交，须重新公示。",
        "The applicant has made a substantive change; a new publicity follows.",
    ),
    "correction_confirmed": _w(
        "补正已经本环节确认，待下一环节确认。", "The correction is confirmed; the next in the chain follows."
    ),
    "department_resubmit": _w(
        "用人单位已盖章并重新报送。", "The employer has sealed and resubmitted the application."
    ),
    "office_accept": _w("评委会办事机构已确认接收。", "The committee office has accepted the application."),
    "office_return": _w(
        "评委会办事机构一次性告知需补正的全部内容，逾期未补正视为放弃。",
        "The office has returned it with one complete list; not corrected in time, it is abandoned.",
    ),
    "office_refuse": _w(
        "评委会办事机构认为不符合申报条件，理由见系统。", "The committee office has refused it; see why."
    ),
    "office_resubmit": _w("补正材料已重新呈报。", "The corrected application has been submitted again."),
    "route_to_exam": _w("须参加专业考试。", "The professional examination is to be taken."),
    "route_to_review": _w("申报待评审。", "The application waits for the review."),
    "exam_pass": _w("专业考试合格。", "The examination is passed."),
    "exam_fail": _w("专业考试未合格或缺考。", "The examination was failed or missed."),
    "exam_cheat": _w(
        "专业考试违纪，取消当年申报资格。",
        "Cheating in the examination: this year's eligibility is cancelled.",
    ),
    "schedule": _w("已列入评审会议。", "The application is on the agenda of a meeting."),
    "schedule_defence": _w("已安排答辩。", "A defence has been scheduled."),
    "reschedule": _w("评审安排已调整。", "The schedule has changed."),
    "defence_absent": _w("未参加答辩，可在期限内说明原因。", "The defence was missed; explain why in time."),
    "defence_excused": _w(
        "缺席答辩的原因已获认可，另行安排。", "The absence is excused; a new date follows."
    ),
    "vote_passed": _w("评审通过，待公示。", "The review is passed; the list is to be published."),
    "vote_failed": _w(
        "评审未通过，可在期限内申请复查。", "The review is not passed; a re-check may be asked for in time."
    ),
    "quorum_lost": _w("出席人数不足，评审未完成。", "The quorum was lost; the review is not complete."),
    "ask_recheck": _w("申报人申请复查。", "The applicant asks for a re-check."),
    "recheck_window_over": _w(
        "申请复查的期限已过，本次评审结束。", "The time to ask for a re-check is over."
    ),
    "recheck_upheld": _w("经复查维持原结果。", "The re-check upheld the result."),
    "recheck_founded": _w("经复查重新评审。", "The re-check was founded; the review is held again."),
    "publish_result": _w("评审结果已公示。", "The result has been published."),
    "republish_result": _w(
        "评审结果已更正并重新公示，期限重新计算。", "The result was corrected; the full period runs again."
    ),
    "republish_ended": _w(
        "评审结果期满后更正并重新公示，期限重新计算。",
        "The result was corrected after its publicity; the full period runs again.",
    ),
    "result_object": _w("结果公示期间收到异议。", "An objection to the published result was received."),
    "result_over_clear": _w(
        "结果公示期满，无未结异议。", "The publicity of the result is over, none is open."
    ),
    "result_over_contested": _w(
        "结果公示期满，有异议待核查。", "The publicity is over; an objection is to be looked into."
    ),
    "result_unfounded": _w("对结果的异议经核查不成立。", "The objection to the result is unfounded."),
    "result_procedure_broken": _w(
        "经核查评审程序不合规，重新评审。", "The procedure was broken; the review is held again."
    ),
    "result_refuted": _w("经核查取消评审结果。", "The result is cancelled after an investigation."),
    "confirm": _w("评审结果已确认。", "The result has been confirmed."),
    "confirm_question": _w("确认机关提出疑问，须核查。", "The confirming authority has questions."),
    "certificate_made": _w(
        "职称证书已生成，可在系统下载。", "The certificate is made and can be downloaded."
    ),
    "archive": _w("评审表已归档。", "The review form has been archived."),
    "withdraw": _w("申报人已撤回申报。", "The applicant has withdrawn the application."),
    "withdraw_recommendation": _w(
        "用人单位撤回推荐，原因见系统。", "The employer has withdrawn its recommendation; see why."
    ),
    "withdraw_recommendation_late": _w(
        "经组建单位同意，推荐已撤回，原因见系统。",
        "The recommendation was withdrawn through the convening unit; see why.",
    ),
    "cancel_eligibility": _w(
        "当年申报资格已取消，理由见系统。", "This year's eligibility was cancelled; see the reasons."
    ),
    "cancel_result": _w("评审结果已取消，理由见系统。", "The result was cancelled; see the reasons."),
    "revoke": _w(
        "职称已撤销，理由和决定文号见系统。", "The title was revoked; see the reasons and document."
    ),
    "hold": _w("申报已暂停办理，原因见系统。", "The application is on hold; see why."),
    "release": _w("申报已恢复办理。", "The application goes on."),
    "refuse_on_status": _w("因身份不符，不予受理。", "Refused: the status does not allow it."),
    "admit_late": _w("经批准补报。", "Late admission was granted."),
    "revise_deadlines": _w("办理期限将依文件调整。", "Deadlines are being revised by a document."),
    "complaint": _w("收到举报投诉。", "A complaint was received."),
    "correction_proposed": _w(
        "有人提出更正一项记错人的决定，须由另一人批准或驳回。",
        "It is proposed to correct a decision recorded on the wrong person; a second person approves it.",
    ),
    "correction_dismissed": _w(
        "更正的提议已驳回，原决定不变。", "The correction is dismissed; the decision stands."
    ),
    **dict.fromkeys(
        CORRECTED,
        _w(
            "一项决定因记错人已经更正：原记录保留并注明，申报回到该决定之前的环节。",
            "A decision recorded on the wrong person is corrected: it stays on record, and the "
            "application is back at the stage before it.",
        ),
    ),
    "lapse": _w("主管部门提交期限已过，申报逾期。", "The department's window has closed; it has lapsed."),
    "abandon": _w("逾期未补正，视为放弃。", "Not corrected in time: deemed abandoned."),
    "reminded": _w("提醒：办理期限临近。", "Reminder: a deadline is near."),
    "escalated": _w("办理时限已过，尚未办结，请督办。", "A duty is overdue: please see to it."),
    "deadline_moved": _w("办理期限已调整。", "A deadline has moved."),
    "deadline_set": _w(
        "告知办理期限，逾期将终止本环节。", "You are told of a deadline; passing it ends this step."
    ),
    "calendar_missing": _w(
        "所需年度的工作日安排尚未录入，期限暂不计算，请录入日历。",
        "The working days of a year are missing; the deadline waits. Record the calendar.",
    ),
}
"""What happened, by the event of the fact (or the name of a notice that the calendar causes)."""

TO_DO: dict[Stage, Label] = {
    Stage.DRAFT: _w("填报并提交", "fill the application in and submit it"),
    Stage.EMPLOYER_REVIEW: _w("审核：推荐、退回或不予推荐", "review it: recommend, return or decline"),
    Stage.EMPLOYER_RETURNED: _w("逐项补正后重新提交", "answer every item and resubmit"),
    Stage.QUOTA_BLOCKED: _w("空岗释放后推荐，或不予推荐", "recommend when a post is free, or decline"),
    Stage.RECOMMENDED: _w("公示不少于规定的工作日", "post the recommendation for the full period"),
    Stage.EMPLOYER_OBJECTION: _w("核查异议并出具书面结论", "look into the objection, find in writing"),
    Stage.PUBLICITY_ENDED: _w("上传公示现场图片和结果说明", "file the image of the notice and the result"),
    Stage.DEPARTMENT_REVIEW: _w("审核：提交、退回或不予通过", "review it: submit, return or reject"),
    Stage.DEPARTMENT_RETURNED: _w("补正或确认补正", "correct it, or confirm the correction"),
    Stage.OFFICE_REVIEW: _w("在线审核：接收、退回或不予受理", "review it: accept, return or refuse"),
    Stage.OFFICE_RETURNED: _w("在限期内逐项补正，或确认补正", "correct every item in time, or confirm it"),
    Stage.EXAM_PENDING: _w("组织专业考试并登记结果", "hold the examination and record the result"),
    Stage.REVIEW_READY: _w("安排评审会议", "schedule the review meeting"),
    Stage.DEFENCE_PENDING: _w("组织答辩并登记结果", "hold the defence and record the result"),
    Stage.EXPERT_REVIEW: _w("主持评议并开启投票", "lead the review and open the ballot"),
    Stage.VOTING: _w("计票并宣布结果", "count the ballot and announce it"),
    Stage.NOT_PASSED: _w("如有异议，在期限内申请复查", "ask for a re-check in time if you disagree"),
    Stage.RECHECK: _w("复查并出具结论", "re-check and find"),
    Stage.PASSED: _w("公示评审结果", "publish the result"),
    Stage.RESULT_OBJECTION: _w("核查异议并出具书面结论", "look into the objection, find in writing"),
    Stage.CONFIRM_PENDING: _w("确认或提出疑问", "confirm the result, or question it"),
    Stage.CERTIFIED: _w("接收电子评审表并登记回执", "take the review form in and record the receipt"),
}
"""What whoever is to act in a stage does there."""
