"""The conditions of the transitions by short name, with Chinese label and source."""

from __future__ import annotations

from models import guards as g

CONDITIONS: dict[str, g.Guard] = {
    name: g.guard(check, zh, citation)
    for name, check, zh, citation in (
        ("open", g.window_open, "申报窗口已开放", "work plan 七(一)"),
        ("commitments", g.commitments_signed, "已签署两项承诺", "work plan 九(二), 九(四)"),
        ("offered", g.plan_offers, "专业、层级、途径在方案内", "work plan 一, 二"),
        ("parts", g.parts_present, "必备材料齐全", "work plan 九(三)"),
        ("reasons", g.reasons_given, "注明理由", "work plan 七(二)"),
        ("items", g.items_listed, "一次性列明补正内容", "Order 40 Art. 18"),
        ("class", g.class_given, "注明形式或实质", "process reading 9"),
        ("once", g.told_at_once, "不得追加首次可列出的问题", "Order 40 Art. 18"),
        ("time_left", g.correction_time_left, "留有补正时间", "work plan 七(二)"),
        ("checks", g.checks_attested, "已核验全部项目", "work plan 九(二)-(四)"),
        ("post", g.post_attested, "已填报空岗数额", "work plan 五"),
        ("post_free", g.post_free, "已有空岗", "work plan 五"),
        ("post_held", g.post_reserved, "岗位管理单位的申报已有岗位", "work plan 五; process invariant 4"),
        ("length", g.publicity_long_enough, "公示期不短于方案规定", "Order 40 Art. 16"),
        ("period", g.period_over, "公示已期满", "work plan 七(一)"),
        ("visible", g.always_visible, "公示期间始终可见", "process reading 33"),
        ("no_objection", g.no_open_objection, "无未结异议", "Order 40 Art. 16"),
        ("may_release", g.may_release, "由作出暂停者或上级恢复", "process (a) roles"),
        ("own_date", g.own_date_ahead, "要求的日期在今日之后", "process (b)"),
        ("no_fraud", g.not_after_fraud, "非因弄虚作假不予推荐", "Order 40 Art. 39"),
        ("objection", g.objection_known, "异议存在且核查人未参与推荐、未提出异议", "Order 40 Art. 16, 26"),
        ("named", g.named_where_required, "方案要求时须实名", "process reading 18"),
        ("confirmer", g.confirmed_by_the_plan, "由方案规定的机关确认", "process reading 16"),
        ("waiting", g.objector_waits, "同一人待处理的异议、举报不超过10件", "by design"),
        ("repair", g.repair_listed, "列明补正内容", "Order 40 Art. 18"),
        ("hearing", g.hearing_held, "已听取申报人陈述", "Order 40 Art. 26-27"),
        ("answers", g.items_answered, "逐项答复", "work plan 七(二)"),
        ("formal", g.formal_only, "未改动已公示内容", "process reading 9"),
        ("chain", g.chain_in_order, "按顺序确认", "process reading 8"),
        ("exam", g.exam_adds_up, "成绩与结论一致", "work plan 七(三)"),
        ("committee", g.committee_valid, "评委会备案有效、人数合规", "Order 40 Art. 8-9"),
        ("drawn", g.drawn_in_time, "在规定天数前完成抽取", "津人社办函〔2023〕355号"),
        ("window", g.meeting_in_window, "会议在规定期间内", "work plan 七(四)"),
        ("conflicts", g.conflicts_cleared, "已核查回避", "Order 40 Art. 25"),
        ("status", g.status_clean, "无未处理的身份变化", "work plan 二"),
        ("this_meeting", g.this_meeting, "由其所在议程的会议表决", "Order 40 Art. 19-20"),
        ("day", g.meeting_day, "已到会议日", "work plan 七(四)"),
        ("attendance", g.attendance_adds_up, "出席与评委会人数相符", "Order 40 Art. 19"),
        ("opinions", g.opinions_written, "书面评议意见份数足够", "Order 40 Art. 21"),
        ("quorum", g.quorum_present, "出席达到2/3", "Order 40 Art. 19"),
        ("counts", g.counts_add_up, "票数相符", "Order 40 Art. 20"),
        ("signed", g.signed_and_sealed, "已签字盖章并附会议记录", "Order 40 Art. 22-23"),
        ("posted", g.posted_everywhere, "两处平台均已公示", "work plan 八"),
        ("publicities", g.two_publicities, "两次公示均已期满", "Order 40 Art. 16, 26"),
        ("heard", g.notice_and_hearing, "已告知并听取申辩", "Order 40 Art. 39"),
        ("revisions", g.revisions_named, "仅可延后；个案延期由市职称办决定", "process: plan amended"),
        ("hold_ground", g.hold_ground_fits, "暂停理由与职责相符", "process: status change"),
        ("status_reported", g.status_reported, "已报告身份变化", "work plan 二"),
        ("cancel_ground", g.cancel_ground_fits, "取消资格的理由成立", "work plan 九(二), 九(四)"),
        ("same_ballot", g.same_ballot, "与投票开始时人数一致", "Order 40 Art. 19-20"),
        ("quorum_absent", g.quorum_absent, "出席不足2/3", "Order 40 Art. 19"),
        ("late_day", g.late_day_given, "给出补报截止日", "process reading 5"),
        ("correctable", g.correction_possible, "为最近的决定，其后无不可撤回的步骤", "by design"),
        ("corrector", g.correction_for_role, "由作出该决定的一方或其监督方办理", "process (a) roles"),
        ("none_proposed", g.none_proposed, "无待批准的更正", "by design"),
        ("proposal", g.proposal_named, "更正已提出，事项与文号一致", "by design"),
        ("second", g.second_person, "批准人既非提出人亦非原决定人", "process (a) separation"),
        ("bar_left", g.no_bar_passed, "回退后不致因已过的截止期终结", "process (b): BAR"),
    )
}
"""The conditions by short name."""

VOTE_CONDITIONS = (
    CONDITIONS["status"],
    CONDITIONS["this_meeting"],
    CONDITIONS["day"],
    CONDITIONS["attendance"],
    CONDITIONS["opinions"],
    CONDITIONS["quorum"],
)
COUNT_CONDITIONS = (*VOTE_CONDITIONS, CONDITIONS["counts"], CONDITIONS["signed"])
