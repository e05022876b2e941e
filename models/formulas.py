"""How a deadline was found, and why it was moved, in words: the record has them in English."""

from __future__ import annotations

import re

from models.wire import Label

_DATE = r"(\d{4}-\d\d-\d\d)"

_WORDS = tuple(
    (re.compile(pattern), zh)
    for pattern, zh in (
        (r"date of the plan \(\w+\)", "方案规定的日期"),
        (r"30 days after issue", "自签发之日起30日"),
        (r"(\d+) years kept", r"保存\1年"),
        (r"day asked for by the employer", "用人单位要求的日期"),
        (rf"moved to {_DATE}", r"调整至\1"),
        (rf"day set by the office, not past {_DATE}", r"评委会办事机构指定的日期，不迟于\1"),
        (rf"(\d+) working days? after {_DATE}, not past {_DATE}", r"自\2次日起第\1个工作日，不迟于\3"),
        (rf"(\d+) working days? after {_DATE}", r"自\2次日起第\1个工作日"),
        (rf"(\d+) working days? from {_DATE}", r"自\2当日起第\1个工作日"),
    )
)

GROUNDS = {
    "calendar_notice": "工作日安排",
    "plan_amendment": "方案修订",
    "extension": "个案延期",
    "late_admission": "准予补报",
    "interruption": "公示中断",
    "hold": "暂停期间顺延",
    "release": "恢复办理顺延",
    "admit_late": "准予补报",
}
"""Why a deadline was moved, in Chinese."""


def formula_words(formula: str) -> Label:
    """The formula of a deadline for people; one that an earlier release wrote otherwise stays as it is."""
    counted, _, skipped = formula.partition(", not counting ")
    if skipped:
        days = re.findall(_DATE, skipped)
        return Label(zh=f"{formula_words(counted).zh}，不计{'、'.join(days)}", en=formula)
    for pattern, zh in _WORDS:
        found = pattern.fullmatch(formula)
        if found is not None:
            return Label(zh=found.expand(zh), en=formula)
    return Label(zh=formula, en=formula)
