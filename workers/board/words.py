"""What the board says, in Chinese and in English; labels of stages, roles and events come from the domain."""

from __future__ import annotations

from typing import Literal

from models.deadlines import DeadlineName
from models.publicity_faults import FAULT_LABELS
from models.search_fields import FIELDS
from models.stages import STAGES
from models.wire import Label
from workers.board.words_pages import MORE

Lang = Literal["zh", "en"]
LANGUAGES = ("zh", "en")


def _l(zh: str, en: str) -> Label:
    return Label(zh=zh, en=en)


TEXT: dict[str, Label] = {
    "title": _l("职称评审看板", "Title review board"),
    "skip": _l("跳到正文", "Skip to the content"),
    "menu": _l("栏目", "Sections"),
    "other_language": _l("English", "中文"),
    "cycle": _l("评审年度", "Cycle"),
    "risk": _l("逾期风险", "At risk"),
    "search": _l("查询", "Search"),
    "inbox": _l("待办", "Inbox"),
    "batches": _l("批次", "Batches"),
    "sign_in": _l("登录", "Sign in"),
    "sign_out": _l("退出", "Sign out"),
    "with_provider": _l("通过身份提供方登录", "Sign in at the identity provider"),
    "token": _l("登录凭证（zhicheng token 生成）", "Token (made by zhicheng token)"),
    "not_accepted": _l("登录未被接受：{why}", "The sign-in is not accepted: {why}"),
    "problem": _l("未能办理", "Not done"),
    "remedy": _l("如何处理", "What to do"),
    "field": _l("字段", "Field"),
    "source": _l("依据", "Source"),
    "request": _l("请求编号", "Request"),
    "today": _l("今天", "Today"),
    "on_day": _l("截至{day}（业务日期）", "As of {day} (business day)"),
    "diagram": _l("流程图", "The lifecycle"),
    "diagram_note": _l(
        "数字为申报件数，点击环节即查询。红色：有逾期；黄色：剩余不超过2个工作日。",
        "The numbers count applications; a click on a stage finds them. Red: a deadline has passed. "
        "Yellow: two working days or fewer are left.",
    ),
    "stage_said": _l(
        "{stage}：{n}件，临期{near}件，逾期{late}件", "{stage}: {n} applications, {near} near, {late} late"
    ),
    "stages": _l("各环节件数", "Applications by stage"),
    "stage": _l("环节", "Stage"),
    "applications": _l("件数", "Applications"),
    "near": _l("临期", "Near"),
    "late": _l("逾期", "Late"),
    "total": _l("合计", "All"),
    "funnel": _l("各专业、级别现状", "Specialties and levels, where they stand"),
    "specialty": _l("专业", "Specialty"),
    "level": _l("级别", "Level"),
    "strip": _l("方案日历", "Dates of the plan"),
    "date_filed_by": _l("方案备案", "Plan filed"),
    "date_published_by": _l("方案发布", "Plan published"),
    "date_opens": _l("开始申报", "Applications open"),
    "date_department": _l("主管部门报送截止", "Departments submit by"),
    "date_office": _l("办事机构审核截止", "Office decides by"),
    "date_exam": _l("考试", "Examination"),
    "date_meeting": _l("评审会议开始", "Meetings begin"),
    "date_review": _l("评审截止", "Review ends"),
    "date_results_by": _l("结果上报截止", "Results due"),
    "date_new_specialties": _l("增设专业截止", "New specialties until"),
    "ahead": _l("未来五个工作日（至{day}）", "The next five working days (to {day})"),
    "nothing_ahead": _l("没有到期事项。", "Nothing falls due."),
    "last_day": _l("截止日", "Last day"),
    "filter": _l("筛选", "Filter"),
    "show": _l("显示", "Show"),
    "slack": _l("剩余工作日", "Working days left"),
    "within": _l("剩余工作日不超过", "Working days left, at most"),
    "by": _l("按单位汇总", "Grouped by"),
    "department": _l("主管部门", "Department"),
    "employer": _l("用人单位", "Employer"),
    "units": _l("各单位风险件数", "At risk, by unit"),
    "unit": _l("单位", "Unit"),
    "least_slack": _l("最少剩余工作日", "Fewest days left"),
    "risk_rows": _l("逾期风险（{n}件）", "At risk ({n})"),
    "more_rows": _l("仅列前{n}件。", "Only the first {n} are shown."),
    "deadline": _l("期限", "Deadline"),
    "why": _l("原因", "Why"),
    "may_miss": _l(
        "截止前须完成的公示等步骤可能来不及",
        "what must still happen before the window closes may not fit",
    ),
    "few_days": _l("剩余工作日不多", "few working days are left"),
    "has_passed": _l("期限已过", "the last day has passed"),
    "courts": _l("由谁办理", "In whose court"),
    "role": _l("身份", "Role"),
    "soonest": _l("最早截止日", "First last day"),
    "nobody": _l("无人", "nobody"),
    "periods": _l("须关注的公示", "Publicities to look at"),
    "publicity": _l("公示", "Publicity"),
    "publicity_employer": _l("单位公示", "employer's"),
    "publicity_result": _l("评审结果公示", "of the result"),
    "started": _l("开始日", "Begun"),
    "faults": _l("问题", "What is wrong"),
    "no_rows": _l("没有符合条件的记录。", "Nothing is found."),
    "reference": _l("申报编号", "Application"),
    "status": _l("状态", "Status"),
    "returns": _l("退回次数", "Returned"),
    "query": _l("查询条件", "Search"),
    "query_hint": _l(
        "例：stage:office_review slack<=2 returned>=1；以空格分隔，逐项收窄。",
        "Example: stage:office_review slack<=2 returned>=1; terms stand apart and each narrows.",
    ),
    "order": _l("排序", "Order"),
    "order_due": _l("截止日", "soonest deadline"),
    "order_ref": _l("申报编号", "reference"),
    "find": _l("查询", "Find"),
    "found": _l("查询结果", "Found"),
    "next_page": _l("下一页", "Next page"),
    "grammar": _l("可用条件", "What may be searched for"),
    "saved": _l("已存查询", "Saved searches"),
    "save_as": _l("另存为", "Save as"),
    "save": _l("保存", "Save"),
    "for_many": _l("对查询结果成批办理", "Act on all that is found"),
    "for_many_note": _l(
        "先试算，不作更改；确认后才发送。",
        "A dry run comes first and changes nothing; sending is a step more.",
    ),
    "batch_ref": _l("批次编号", "Name of the batch"),
    "kind": _l("办理", "What to do"),
    "reason": _l("理由", "Reason"),
    "dry_run": _l("试算", "Dry run"),
    "kind_remind": _l("催办", "remind"),
    "kind_return": _l("退回补正（形式）", "return for a formal correction"),
    "kind_accept": _l("审核通过", "accept"),
    "kind_hold": _l("暂停办理（调查）", "hold (investigation)"),
    "kind_release": _l("恢复办理", "go on after a hold"),
    "inbox_rows": _l("等待您办理（{n}件）", "Waiting for you ({n})"),
    "organisation": _l("机构", "Organisation"),
    "since": _l("自", "Since"),
    "due": _l("到期", "Due"),
    "maker": _l("经办人", "Made by"),
    "approver": _l("复核人", "Approved by"),
    "items": _l("件", "Items"),
    "made_at": _l("建立时间", "Made"),
    "batch_rows": _l("本机构的批次", "Batches of your organisation"),
    "batch": _l("批次 {ref}", "Batch {ref}"),
    "progress": _l("进度", "Progress"),
    "previewed": _l("试算结果", "Dry run"),
    "would": _l("可办理", "would be accepted"),
    "needs_second": _l(
        "须由同一机构的另一人复核后才能发送。",
        "A second person of the same organisation approves it before it can be sent.",
    ),
    "result": _l("结果", "Result"),
    "item_rows": _l("各件结果", "A result for each"),
    "do_dry_run": _l("重新试算", "Dry run again"),
    "do_approve": _l("复核同意", "Approve"),
    "do_apply": _l("发送", "Send"),
    "do_pause": _l("暂停", "Pause"),
    "do_resume": _l("继续", "Go on"),
    "do_stop": _l("停止", "Stop"),
    "do_retry": _l("重试未成功的", "Retry what failed"),
    "full_report": _l("完整结果见 zhicheng batch results。", "The whole report: zhicheng batch results."),
    "application": _l("申报 {ref}", "Application {ref}"),
    "court": _l("待办方", "In whose court"),
    "revision": _l("版本", "Revision"),
    "plan_version": _l("方案版本", "Plan version"),
    "held": _l("暂停原因", "On hold"),
    "certificate": _l("证书编号", "Certificate"),
    "now": _l("业务时间", "Business time"),
    "story": _l("经过", "The story"),
    "when": _l("时间", "When"),
    "what": _l("事项", "What"),
    "who": _l("办理人", "Who"),
    "from_to": _l("环节变化", "From and to"),
    "rule": _l("依据与方案版本", "Rule and plan version"),
    "chain_whole": _l("记录链完整（{n}条）。", "The chain of records is whole ({n} entries)."),
    "chain_broken": _l("记录链不完整：{why}", "The chain of records is broken: {why}"),
    "deadlines": _l("期限", "Deadlines"),
    "counts_now": _l("现在计算", "counts now"),
    "counts_not": _l("现不计算", "does not count now"),
    "not_known": _l("待{year}年日历公布", "waits for the calendar of {year}"),
    "formula": _l("计算方法", "Found by"),
    "day_by_day": _l("逐日计算", "Day by day"),
    "day": _l("日期", "Day"),
    "counted": _l("第几日", "Counted"),
    "moved": _l("变更", "Moved"),
    "next": _l("下一步可以", "What may come next"),
    "needs": _l("条件", "Needs"),
    "blocked": _l("目前不能", "Not now"),
    "possible": _l("可以", "possible"),
    "not_now": _l("其他指令为何不能", "Why the rest may not"),
    "command": _l("指令", "Command"),
    "papers": _l("材料", "Papers"),
    "name": _l("名称", "Name"),
    "bytes": _l("字节", "Bytes"),
    "refused": _l("被拒绝的指令", "Refused messages"),
    "web_ui": _l("在 Temporal 中查看", "Look at it in Temporal"),
    "open": _l("办理中", "open"),
    "on_hold": _l("暂停", "on hold"),
    "ended": _l("已结束", "ended"),
    "opened": _l("建立", "opened"),
    "reminded": _l("催办", "reminded"),
    "escalated": _l("升级督办", "escalated"),
    "deadline_moved": _l("期限变更", "a deadline was moved"),
    "calendar_missing": _l("缺年度日历", "a calendar year is missing"),
    "post_regained": _l("岗位已核实", "the post was found again"),
    "post_lacking": _l("岗位缺失", "the post is missing"),
    "refused_event": _l("指令被拒绝", "a message was refused"),
    "guard": _l("条件不满足", "a condition is not met"),
    "not_in_this_stage": _l("环节不符", "not in this stage"),
    "wrong_role": _l("身份不符", "another role"),
    "wrong_organisation": _l("机构不符", "another organisation"),
    "stale_revision": _l("其间已变更", "changed meanwhile"),
    "pending": _l("待发送", "pending"),
    "sending": _l("发送中", "being sent"),
    "accepted": _l("已接受", "accepted"),
    "not_sent": _l("未发送", "not sent"),
    "stopped": _l("已停止", "stopped"),
    "done": _l("已完成", "done"),
    **MORE,
}

DEADLINE_WORDS: dict[str, Label] = {
    deadline.name.value: deadline.label for spec in STAGES.values() for deadline in spec.deadlines
}
_KNOWN: dict[str, Label] = {
    **{field.name: field.label for field in FIELDS.values()},
    **{name.value: _l("其他期限", "another deadline") for name in DeadlineName},
    **DEADLINE_WORDS,
    **{fault.value: label for fault, label in FAULT_LABELS.items()},
}


def text(lang: Lang, key: str, **values: object) -> str:
    """The words of `key`. Raises `KeyError` for a key that nobody has written."""
    label = TEXT[key]
    return (label.zh if lang == "zh" else label.en).format(**values)


def known(lang: Lang, value: str) -> str:
    """What the domain calls a value; the value itself where it has no name of its own."""
    label = _KNOWN.get(value) or TEXT.get("refused_event" if value == "refused" else value)
    if label is None:
        return value
    return label.zh if lang == "zh" else label.en
