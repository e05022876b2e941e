"""What the public pages say, in Chinese and in English, and how they write days and moments."""

from __future__ import annotations

from datetime import date, datetime

from models.wire import SHANGHAI, Label

LANGUAGES = ("zh", "en")

_WEEKDAYS_ZH = "一二三四五六日"
_WEEKDAYS_EN = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def _l(zh: str, en: str) -> Label:
    return Label(zh=zh, en=en)


TEXT: dict[str, Label] = {
    "language_name": _l("中文", "English"),
    "other_language": _l("English", "中文"),
    "skip": _l("跳到正文", "Skip to the content"),
    "menu": _l("栏目", "Sections"),
    "home": _l("首页", "Home"),
    "plan": _l("工作方案", "Work plan"),
    "criteria": _l("评审标准", "Criteria"),
    "lists": _l("评审通过人员公示", "Lists of the passed"),
    "objections": _l("提出异议", "How to object"),
    "verify": _l("证书核验", "Verify a certificate"),
    "enquiries": _l("政策咨询电话", "Enquiries"),
    "index_heading": _l("职称评审公开", "Title review, made public"),
    "index_intro": _l(
        "本站依照《职称评审管理暂行规定》公开工作方案、评审标准、评审通过人员公示和证书核验。",
        "Here the work plan, the criteria, the lists of those who have passed and the certificates are made "
        "public, as the Interim Provisions on Title Review ask.",
    ),
    "next_dates": _l("主要时间", "Main dates"),
    "on_view": _l("公示中的名单", "Lists on view"),
    "no_list": _l("目前没有公示中的名单。", "No list is on view at present."),
    "version": _l("版本", "Version"),
    "series": _l("系列", "Series"),
    "convening_unit": _l("评委会组建单位", "Convening unit"),
    "specialties": _l("专业", "Specialties"),
    "levels": _l("级别", "Levels"),
    "routes": _l("申报途径", "Routes"),
    "basis": _l("依据", "Basis"),
    "amendments": _l("方案变更", "Amendments"),
    "document": _l("文件", "Document"),
    "dated": _l("日期", "Dated"),
    "change": _l("内容", "What changed"),
    "dates_caption": _l("时间安排", "Timetable"),
    "rules_caption": _l("公示、异议与评审", "Publicity, objections and review"),
    "item": _l("事项", "Item"),
    "value": _l("规定", "Rule"),
    "source": _l("依据", "Source"),
    "criteria_caption": _l("学历、资历条件：{level}", "Education and years of service: {level}"),
    "education": _l("学历（学位）", "Education"),
    "prior_title": _l("取得职称", "Title held"),
    "years": _l("任职满（年）", "For full years"),
    "qualifications_caption": _l("职业资格与职称对应关系", "Professional qualifications and titles"),
    "qualification": _l("职业资格", "Qualification"),
    "title": _l("对应职称", "Title"),
    "other_rules": _l("其他条件", "Further conditions"),
    "advisory": _l(
        "系统按本表作出的核对仅供参考，是否符合条件由审核人员决定。",
        "What the service finds by these tables is advice; a named person decides.",
    ),
    "unverified": _l("未见原文的依据已标注。", "Sources whose words were not seen are marked."),
    "list": _l("名单", "List"),
    "lists_caption": _l("全部名单及其哈希值", "All lists and their hashes"),
    "list_n": _l("第{n}号名单", "List {n}"),
    "list_caption": _l("第{n}号评审通过人员名单", "List {n} of those who have passed"),
    "people": _l("{count}人", "{count} people"),
    "people_caption": _l("评审通过人员（{count}人）", "Those who have passed ({count})"),
    "status": _l("状态", "Status"),
    "status_published": _l("公示中", "on view"),
    "status_draft": _l("待发布", "to be posted"),
    "status_corrected": _l("已由第{by}号名单更正", "replaced by list {by}"),
    "status_taken_down": _l("已于{day}撤下", "taken down on {day}"),
    "corrects": _l("本名单更正第{n}号名单。", "This list corrects list {n}."),
    "corrects_note": _l(
        "有更正的人员重新计算公示期，其他人员的公示期不变。",
        "The period starts anew for those whose entry was corrected; for the others it goes on.",
    ),
    "period": _l("公示期", "Period of publicity"),
    "period_until": _l(
        "{start}发布，发布当日不计，至{end}24时止（{working_days}个工作日）",
        "posted on {start}, that day not counted, until 24:00 on {end} ({working_days} working days)",
    ),
    "period_counted": _l(
        "{start}发布，至{end}24时止（{working_days}个工作日）",
        "posted on {start}, until 24:00 on {end} ({working_days} working days)",
    ),
    "period_open": _l(
        "{start}发布，截止日待国务院办公厅放假通知公布后确定",
        "posted on {start}; the last day is known once the notice on holidays is published",
    ),
    "period_draft": _l(
        "自在全部平台发布起{working_days}个工作日",
        "{working_days} working days from when it is posted in every place",
    ),
    "period_none": _l("公示期尚未开始", "the period has not begun"),
    "period_lines": _l("序号 {lines}：", "Lines {lines}: "),
    "posted_where": _l("发布平台", "Where and when it was posted"),
    "place": _l("平台", "Place"),
    "posted_at": _l("发布时间", "Posted"),
    "hash": _l("名单文件的 SHA-256", "SHA-256 of the file"),
    "file": _l("名单文件（JSON）", "The file (JSON)"),
    "hash_note": _l(
        "下载名单文件并计算其 SHA-256，结果须与此一致（如 sha256sum {file}）。",
        "Download the file and compute its SHA-256: it must be the same (for example sha256sum {file}).",
    ),
    "root_heading": _l("审计根", "Audit root"),
    "root_note": _l(
        "全部审计链每日封存为一个哈希值，并与前一日相接；此后任何改动、删除、插入均可查出。请自行保存一份。",
        "Every day all audit records are sealed under one hash, chained to that of the day before: a later "
        "change, removal or insertion can be shown. Keep a copy of your own.",
    ),
    "root_of": _l("第{n}号，{day}", "No. {n}, {day}"),
    "how_to_object_short": _l(
        "对公示人员有异议的，请在公示期内提出：", "Objections are raised within the period: "
    ),
    "gone": _l(
        "名单已不再公示，仅保留其哈希值。", "The names are no longer on view; the hash of the file stays."
    ),
    "objections_intro": _l(
        "任何人可在公示期内对公示人员提出异议。",
        "Anybody may object to a person on a list while the period runs.",
    ),
    "verify_intro": _l(
        "输入证书编号，查看证书是否有效。核验在您的浏览器中进行，不传送所输编号。",
        "Enter a certificate number to see whether it is in force. The look-up happens in your browser; "
        "the number is not sent anywhere.",
    ),
    "verify_label": _l("证书编号", "Certificate number"),
    "verify_example": _l("例如", "For example"),
    "verify_button": _l("核验", "Verify"),
    "verify_result": _l("核验结果", "Result"),
    "verify_valid": _l("证书有效。", "The certificate is in force."),
    "verify_revoked": _l("证书已撤销。", "The certificate has been revoked."),
    "verify_unknown": _l(
        "没有该编号的证书，请核对编号。", "There is no certificate with this number: check it."
    ),
    "verify_differs": _l(
        "编号有效，但该文件的校验值与现行证书不一致：可能是已更正的旧版本，或内容被改动。",
        "The number is in force, but the file's check value is not that of the certificate: it may be an "
        "older version, or altered.",
    ),
    "verify_failed": _l("数据暂时无法读取，请稍后再试。", "The data cannot be read now; try again later."),
    "verify_since": _l("取得职称日期", "Title held since"),
    "verify_revoked_on": _l("撤销日期", "Revoked on"),
    "verify_hash": _l("证书内容校验值（SHA-256）", "Check value of the content (SHA-256)"),
    "verify_noscript": _l(
        "浏览器未启用脚本，请在数据文件中查找编号：", "Without scripts, look the number up in the data file: "
    ),
    "verify_none": _l("目前尚无已生成的证书。", "No certificate has been made yet."),
    "print_note": _l("本页可打印。", "This page can be printed."),
    "footer": _l(
        "依据：《职称评审管理暂行规定》（人社部令第40号）第26条；《个人信息保护法》第6、19、25条。",
        "Under Order 40 of the Ministry (Interim Provisions on Title Review), Art. 26, and the Personal "
        "Information Protection Law, Art. 6, 19, 25.",
    ),
    "taken_down_note": _l(
        "结果公布满{days}日后，名单不再公示。",
        "{days} days after the results are published the names are taken down.",
    ),
}

GLOSSES = {
    "序号": "No.",
    "姓名": "Name",
    "工作单位": "Employer",
    "申报专业": "Specialty",
    "职称级别": "Level",
}
"""The columns of a list in English; the list itself is posted in Chinese."""

VALUES: dict[str, Label] = {
    "expert": _l("专家评审", "review by experts"),
    "defence": _l("答辩", "defence"),
    "combined": _l("考评结合", "exam and review"),
    "commitment": _l("申报人承诺", "commitment of the applicant"),
    "proof": _l("提交证明", "proof"),
    "unknown": _l("未查到", "not known"),
    "education": _l("不具备规定学历", "missing education"),
    "review_system": _l("职称评审系统", "review system"),
    "award": _l("获奖", "awards"),
    "patent": _l("专利", "patents"),
    "standard": _l("标准", "standards"),
    "city_office": _l("市职称办", "city title office"),
}
"""How values of a plan are shown; others are shown as they are."""


def text(lang: str, key: str, **values: object) -> str:
    """A text in one language, with its values. Raises `KeyError` for an unknown key."""
    return in_lang(TEXT[key], lang).format(**values)


def in_lang(label: Label, lang: str) -> str:
    """The label in one language."""
    return label.zh if lang == "zh" else label.en


def value_words(value: object, lang: str) -> str:
    """A value of a plan in words."""
    if isinstance(value, tuple):
        if len(value) == 2 and all(isinstance(part, int) for part in value):
            return f"{value[0]}/{value[1]}"
        return ("、" if lang == "zh" else ", ").join(value_words(part, lang) for part in value)
    if isinstance(value, bool):
        return ("是" if value else "否") if lang == "zh" else ("yes" if value else "no")
    label = VALUES.get(str(value))
    return in_lang(label, lang) if label is not None else str(value)


def day_words(day: date, lang: str) -> str:
    """`2023年11月6日（星期一）`, `Mon 6 Nov 2023`."""
    if lang == "zh":
        return f"{day.year}年{day.month}月{day.day}日（星期{_WEEKDAYS_ZH[day.weekday()]}）"
    return f"{_WEEKDAYS_EN[day.weekday()]} {day.day} {_MONTHS[day.month - 1]} {day.year}"


def moment_words(instant: datetime, lang: str) -> str:
    """A moment in Asia/Shanghai, to the minute."""
    local = instant.astimezone(SHANGHAI)
    return f"{day_words(local.date(), lang)}{'' if lang == 'zh' else ', '}{local:%H:%M}"


def ranges(numbers: tuple[int, ...]) -> str:
    """`1-3, 5` for 1, 2, 3, 5 (ascending)."""
    parts: list[list[int]] = []
    for number in numbers:
        if parts and parts[-1][-1] == number - 1:
            parts[-1] = [parts[-1][0], number]
        else:
            parts.append([number])
    return ", ".join("–".join(map(str, part)) for part in parts)
