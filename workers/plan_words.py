"""How the values of a plan are named and shown to people, in Chinese and in English."""

from __future__ import annotations

import re

from models.cited import Cited, Sourced
from models.criteria import EDUCATION_LABELS, PRIOR_TITLE_LABELS, Criterion, QualificationRow
from models.discipline import ImpactPeriod, SanctionRule
from models.plan import Choice, RouteOption
from models.wire import Label


def words(label: Label, lang: str) -> str:
    """The label in one language, "zh" or "en"."""
    return label.zh if lang == "zh" else label.en


SECTIONS: dict[str, Label] = {
    "specialties": Label(zh="专业", en="Specialties"),
    "levels": Label(zh="级别", en="Levels"),
    "routes": Label(zh="申报途径", en="Routes"),
    "mode": Label(zh="评审方式", en="Mode of review"),
    "scope": Label(zh="参评范围", en="Scope"),
    "dates": Label(zh="时间安排", en="Dates"),
    "publicity": Label(zh="公示", en="Publicity"),
    "correction": Label(zh="退回补正", en="Correction"),
    "objections": Label(zh="异议与复查", en="Objections and re-check"),
    "vote": Label(zh="评委会与表决", en="Committee and vote"),
    "quota": Label(zh="申报数额", en="Quota"),
    "fee": Label(zh="缴费", en="Fee"),
    "after": Label(zh="评审之后", en="After the vote"),
    "ce": Label(zh="继续教育", en="Continuing education"),
    "exam": Label(zh="专业考试", en="Exam"),
    "exception": Label(zh="破格", en="Exception"),
    "qualification_map": Label(zh="职业资格对应关系", en="Qualification map"),
    "criteria": Label(zh="学历、资历条件", en="Criteria"),
    "impacts": Label(zh="处分影响期", en="Impact periods of discipline"),
    "sanctions": Label(zh="违规处理", en="Sanctions"),
    "retention": Label(zh="保存期限", en="Retention"),
}

_FIELDS_ZH: dict[str, str] = {
    "mode.review": "评审方式",
    "mode.defence": "答辩",
    "mode.withdraw_until": "可撤回至",
    "mode.reminders_wd": "提前提醒（工作日）",
    "scope.employment_kinds": "用人单位类型",
    "scope.residences": "人员身份",
    "scope.excluded_statuses": "不在范围内",
    "scope.discipline_excludes": "影响期内不得申报",
    "dates.filed_by": "方案备案",
    "dates.published_by": "方案公布",
    "dates.opens": "开始申报",
    "dates.department": "主管部门提交",
    "dates.office": "在线审核",
    "dates.exam": "专业考试",
    "dates.meeting": "评审会议",
    "dates.review": "评审结束",
    "dates.results_by": "结果期限",
    "dates.new_specialties": "新增专业",
    "dates.years_counted_to": "任职年限计算至",
    "publicity.employer_wd": "单位公示（工作日）",
    "publicity.employer_image_required": "留存公示图片",
    "publicity.result_wd": "结果公示（工作日）",
    "publicity.acceptance_wd": "受理公示（工作日）",
    "publicity.count_first_day": "计入首日",
    "publicity.places": "公示地点",
    "publicity.runs_from": "起算",
    "publicity.result_columns": "公示栏目",
    "publicity.taken_down_after_days": "撤下（日）",
    "correction.wd": "补正时间（工作日）",
    "correction.cap": "补正最迟",
    "correction.rounds": "补正次数",
    "correction.route": "重新呈报途径",
    "correction.added_document_is": "新增材料视为",
    "objections.employer_wd": "单位核查（工作日）",
    "objections.result_wd": "结果核查（工作日）",
    "objections.real_name_required": "须实名",
    "objections.holds": "异议影响",
    "objections.recheck_window_wd": "申请复查（工作日）",
    "objections.recheck_ruling_wd": "复查答复（工作日）",
    "vote.formed_by": "组建方式",
    "vote.committee_min": "最少人数",
    "vote.committee_odd": "单数",
    "vote.committee_valid_years": "备案有效期（年）",
    "vote.draw_lead_days": "提前抽取（日）",
    "vote.quorum": "出席比例",
    "vote.quorum_base": "出席基数",
    "vote.pass_share": "通过比例",
    "vote.pass_operator": "通过比较",
    "vote.recused_in_denominator": "回避者计入分母",
    "vote.secret": "无记名",
    "vote.min_opinions": "书面意见（份）",
    "quota.applies_to": "适用",
    "quota.basis": "依据",
    "fee.required": "须缴费",
    "after.list_wd": "公布名单（工作日）",
    "after.report_wd": "报送报告（工作日）",
    "after.confirm_wd": "确认（工作日）",
    "after.confirmed_by": "确认单位",
    "after.certificate_wd": "发证（工作日）",
    "after.archive_reminder_days": "归档提醒（日）",
    "after.record_years": "档案保存（年）",
    "retention.not_pursued_months": "未提交、撤回、逾期的申报保存（月）",
    "retention.not_passed_years": "未通过的申报保存（年）",
    "ce.hours_per_year": "每年学时",
    "ce.professional_share": "专业科目比例",
    "ce.mode": "证明方式",
    "ce.spot_check_by": "抽查单位",
    "exam.for_missing": "适用",
    "exam.subjects": "科目",
    "exam.pass_mark": "合格线",
    "exam.valid_years": "有效期（年）",
    "exception.grounds": "破格条件",
    "exception.peer_recommendations": "同行推荐（人）",
    "exception.may_replace": "可替代",
    "qualification_map.version": "文件",
    "qualification_map.needs_employer_appointment": "须聘任证明",
}

_SUFFIXES_ZH: dict[str, str] = {
    "last_day": "最后一日",
    "first_day": "首日",
    "until": "截止时刻",
    "at": "时刻",
    "kind": "性质",
    "late_admission": "可准予补报",
}


def field_name(path: str, lang: str) -> str:
    """What people call the value at a dotted path; in English the path itself, without its section."""
    rest = path.split(".", 1)[1] if "." in path else path
    if lang != "zh":
        return rest.replace("_wd", " (workdays)").replace(".", ": ").replace("_", " ")
    if path in _FIELDS_ZH:
        return _FIELDS_ZH[path]
    parent, _, last = path.rpartition(".")
    if parent in _FIELDS_ZH and last in _SUFFIXES_ZH:
        return f"{_FIELDS_ZH[parent]}：{_SUFFIXES_ZH[last]}"
    return rest


_CITATIONS_ZH: tuple[tuple[str, str], ...] = (
    (r"Order 40 Art\. ([\d-]+)", r"40号令第\1条"),
    (r"Order 40", "40号令"),
    (r"Civil Code Art\. ([\d-]+)", r"民法典第\1条"),
    (r"PIPL Art\. ([\d-]+)", r"个人信息保护法第\1条"),
    (r"\bArt\. ([\d-]+)", r"第\1条"),
    (r" para (\d)", r"第\1款"),
    (r"work plan ?", "工作方案"),
    (r"reading (\d+)", r"释义\1"),
    (r"\bdesign\b", "本系统选定"),
    (r"not found", "未查到"),
)


def citation(source: str, lang: str) -> str:
    """A source as people cite it in one language."""
    if lang == "zh":
        for pattern, words_zh in _CITATIONS_ZH:
            source = re.sub(pattern, words_zh, source)
    return source


def row_value(item: Sourced, lang: str) -> tuple[str | None, str]:
    """A row's own name, if it has one, and its value, as text."""
    if isinstance(item, Cited):
        return None, _plain(item.value, lang)
    if isinstance(item, RouteOption):
        states = {"on": "开", "off": "关", "unknown": "未明"}
        return words(item.label, lang), states[item.offered] if lang == "zh" else item.offered
    if isinstance(item, Choice):
        return words(item.label, lang), item.id
    if isinstance(item, Criterion):
        title = words(PRIOR_TITLE_LABELS[item.prior_title], lang)
        name = f"{item.level}: {words(EDUCATION_LABELS[item.education], lang)}"
        return name, f"{title}满{item.years}年" if lang == "zh" else f"{item.years} years as {title}"
    if isinstance(item, QualificationRow):
        return words(item.label, lang), words(item.title_label, lang)
    if isinstance(item, ImpactPeriod):
        return words(item.label, lang), f"{item.months}个月" if lang == "zh" else f"{item.months} months"
    if isinstance(item, SanctionRule):
        return item.id, _sanction(item, lang)
    return None, ""


def _plain(value: object, lang: str) -> str:
    if isinstance(value, bool):
        return {True: ("是", "yes"), False: ("否", "no")}[value][lang != "zh"]
    if isinstance(value, tuple):
        return ", ".join(_plain(part, lang) for part in value)
    return str(value)


def _sanction(rule: SanctionRule, lang: str) -> str:
    parts = [
        ("取消申报资格", "application cancelled") if rule.cancel_application else None,
        ("撤销职称", "title revoked") if rule.revoke_title else None,
        ("取消资格", "disqualified") if rule.disqualify else None,
        (f"记录{rule.record_years}年", f"record {rule.record_years} years") if rule.record_years else None,
        (f"{rule.ban_years}年内不得申报", f"no application for {rule.ban_years} years")
        if rule.ban_years
        else None,
    ]
    since = f"{rule.in_force_from} – {rule.in_force_to or ''}".strip()
    return f"{since}: " + ", ".join(part[lang != "zh"] for part in parts if part)
