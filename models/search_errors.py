"""What may be wrong with a search: the place, the rule and the remedy, in Chinese and in English."""

from __future__ import annotations

from collections.abc import Collection
from difflib import get_close_matches

from models.refusal import RefusalCode, Refused, refuse
from models.search_fields import FIELDS, NAMES, Kind, SearchField
from models.wire import Label


class SearchError(Refused, ValueError):
    """A search that cannot be read."""


def too_much(what: Label, rule: Label) -> SearchError:
    """The text is too long, or has too many terms."""
    return _error(
        "", 0, rule, Label(zh=f"请减少{what.zh}，同一字段的多个取值写作 字段:甲,乙",
        en=f"Use fewer {what.en}; several values of a field are written field:a,b"),
    )  # fmt: skip


def no_term(word: str, place: int) -> SearchError:
    """It has no sign between a field and a value."""
    return _error(
        word,
        place,
        Label(zh="不是条件", en="this is no term"),
        Label(
            zh="请写作 字段:值，如 stage:office_review；按编号查找写作 ref:a-7",
            en="Write field:value, like stage:office_review; a reference is found with ref:a-7",
        ),
    )


def no_field(word: str, place: int, name: str) -> SearchError:
    """There is no field of this name."""
    name = name[:40]
    rule = Label(zh=f"没有字段 {name}", en=f"there is no field '{name}'")
    return _error(word, place, rule, _one_of(name, NAMES, FIELDS))


def no_word(word: str, place: int, field: SearchField, value: str) -> SearchError:
    """The field never has this value."""
    value, words = value[:40], field.words or {}
    rule = Label(zh=f"{field.name} 没有取值 {value}", en=f"{field.name} is never '{value}'")
    return _error(word, place, rule, _one_of(value, words, words))


def bad_value(word: str, place: int, field: SearchField, rule: Label) -> SearchError:
    """The value is none that the field can be compared with, or not like this."""
    example = example_of(field)
    return _error(word, place, rule, Label(zh=f"请写作如 {example}", en=f"Write it like {example}"))


def no_saved(name: str, known: Collection[str]) -> SearchError:
    """There is no saved search of this name, for this person."""
    return _error(
        f"@{name}",
        0,
        Label(zh="没有此名称的已存查询", en="there is no saved search of this name"),
        Label(
            zh=f"已存：{'、'.join(known) or '无'}",
            en=f"Saved are: {', '.join(known) or 'none'}",
        ),
    )


def not_written_out(name: str) -> SearchError:
    """A saved search is named where only terms can stand."""
    return _error(
        f"@{name}",
        0,
        Label(zh="此处不能引用已存查询", en="a saved search cannot be named here"),
        Label(zh="请写出其条件", en="Write its terms out"),
    )


def example_of(field: SearchField) -> str:
    """A term of this field that can be read."""
    match field.kind:
        case Kind.DAY:
            return f"{field.name}<2023-11-06"
        case Kind.NUMBER | Kind.WORKING_DAYS:
            return f"{field.name}>=2"
        case _:
            return f"{field.name}:{next(iter(field.words)) if field.words else 'tj-1'}"


def _one_of(given: str, near: Collection[str], known: Collection[str]) -> Label:
    found = get_close_matches(given, near, n=1)
    meant_zh, meant_en = (f"是否要写 {found[0]}？", f"Did you mean {found[0]}? ") if found else ("", "")
    return Label(zh=f"{meant_zh}可用：{'、'.join(known)}", en=f"{meant_en}It is one of: {', '.join(known)}")


def _error(word: str, place: int, rule: Label, remedy: Label) -> SearchError:
    where = Label(zh=f"第{place}个字符起", en=f"From character {place}") if place else None
    begin_zh, begin_en = (where.zh, where.en) if where else ("查询", "The search")
    quoted_zh, quoted_en = (f"“{word[:80]}”", f", '{word[:80]}'") if word else ("", "")
    refused = refuse(
        RefusalCode.MALFORMED,
        zh=f"{begin_zh}{quoted_zh}：{rule.zh}。",
        en=f"{begin_en}{quoted_en}: {rule.en}.",
        fix_zh=f"{remedy.zh}。",
        fix_en=f"{remedy.en}.",
        field="q",
    )
    return SearchError(refused.refusal)
