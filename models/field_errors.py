"""What is wrong with a field of a message, in words: the path of the field, and the rule in both languages.

The words of the validation library are English only; a sender is answered in Chinese as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from models.refusal import MAX_FIELD, Refused, legible
from models.wire import Label

_RULES: dict[str, str] = {
    "missing": "必填",
    "extra_forbidden": "没有这个字段",
    "string_pattern_mismatch": "格式不符，须匹配 {pattern}",
    "enum": "须为以下之一：{expected}",
    "literal_error": "须为以下之一：{expected}",
    "string_too_short": "至少{min_length}个字符",
    "string_too_long": "最多{max_length}个字符",
    "too_short": "至少{min_length}项",
    "too_long": "最多{max_length}项",
    "greater_than_equal": "不得小于{ge}",
    "less_than_equal": "不得大于{le}",
    "timezone_aware": "时间须带时区",
}

_TYPES: tuple[tuple[str, str], ...] = (
    ("int_", "须为整数"),
    ("float_", "须为数字"),
    ("bool_", "须为 true 或 false"),
    ("string_", "须为文本"),
    ("datetime_", "须为带时区的 ISO 8601 时间"),
    ("date_", "须为日期（YYYY-MM-DD）"),
    ("tuple_", "须为数组"),
    ("model_", "须为 JSON 对象"),
    ("dict_", "须为 JSON 对象"),
)
"""By the beginning of the library's name for the error, after `_RULES`."""

OUR_RULES: dict[str, str] = {
    "control characters are not allowed in a text": "文本中不得有控制字符",
    "give one of last_day, add_working_days or skip_days, not several": (
        "last_day、add_working_days、skip_days 只能填写一项"
    ),
    "must not contain '/'": "不得包含“/”",
    "looks like an identity or mobile number: give an opaque reference": "形似证件号或手机号，须用不透明编号",
    "give real_start and business_start together, or neither": "real_start、business_start 须同时填写或省略",
    "a compressed clock needs real_start and business_start": "加速时钟须填写 real_start 和 business_start",
    "last_page is before first_page": "last_page 不得小于 first_page",
}
"""The rules of our own models, by their English words."""

_FROM_OURS = "Value error, "


def first_field_error(error: ValidationError, kind: str | None = None) -> tuple[str, Label]:
    """The dotted path of the first wrong field (empty: the message itself) and the rule that it breaks.

    `kind` is left out of the path: the library puts the name of a command in front of its fields.
    """
    return in_words(error.errors(include_url=False, include_input=False)[0], kind)


def in_words(first: Mapping[str, Any], kind: str | None = None) -> tuple[str, Label]:
    """The same of one error as the library lists them."""
    path = legible(".".join(str(step) for step in first["loc"] if step != kind), MAX_FIELD)
    context = first.get("ctx", {})
    cause = context.get("error")
    if isinstance(cause, Refused):  # a rule that speaks both languages itself
        rule, remedy = cause.refusal.rule, cause.refusal.remedy
        return path, Label(
            zh=f"{rule.zh}{remedy.zh}".removesuffix("。"), en=f"{rule.en} {remedy.en}".removesuffix(".")
        )
    english = first["msg"].removeprefix(_FROM_OURS)
    return path, Label(zh=_chinese(first["type"], english, context), en=english)


def _chinese(name: str, english: str, context: dict[str, Any]) -> str:
    if name in _RULES:
        return _RULES[name].format(**context).replace("' or '", "'、'").replace("', '", "'、'")
    if english in OUR_RULES:
        return OUR_RULES[english]
    return next((words for beginning, words in _TYPES if name.startswith(beginning)), "内容不合规定")
