"""A notice on working days that is issued to a running service: read and checked before it counts.

The form is that of `models/calendars/state_council.toml`; one notice at a time. Pure.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterator
from datetime import date

from pydantic import ValidationError

from models.calendar import WorkCalendar
from models.calendar_overlay import Notice, NoticeFile, NoticeRecord
from models.field_errors import first_field_error
from models.refusal import RefusalCode, Refused, refuse
from models.toml_text import read_toml

CITATION = "yearly notice of the General Office of the State Council"


def read_notice(toml: str, field: str = "notice_toml") -> Notice:
    """The one notice in the text. Raises `Refused` that names the first field which breaks a rule."""
    try:
        file = NoticeFile.model_validate(read_toml(toml))
    except tomllib.TOMLDecodeError as error:
        raise _refused(
            field,
            f"不是可读取的 TOML：{error}。",
            f"It is not readable as TOML: {error}.",
            "请更正该处语法。",
            "Correct the syntax there.",
        ) from None
    except ValidationError as error:
        path, rule = first_field_error(error)
        raise _refused(
            path or field,
            f"字段不符合要求：{rule.zh}。",
            f"The field breaks a rule: {rule.en}.",
            "请按 models/calendars/state_council.toml 的写法更正。",
            "Write it in the form of models/calendars/state_council.toml.",
        ) from None
    if len(file.notice) != 1:
        raise _refused(
            "notice",
            f"每次只录入一份通知，来件有{len(file.notice)}份。",
            f"One notice at a time; this text has {len(file.notice)}.",
            "请逐份录入。",
            "Issue them one by one.",
        )
    return file.notice[0]


def check_notice(
    notice: Notice, on: date, known: WorkCalendar, earlier: NoticeRecord, document_no: str | None = None
) -> None:
    """Raises `Refused` when the notice cannot be in force on the day `on`.

    `known` and `earlier` are the calendar and the record without it; `document_no` is what the command says.
    """
    if document_no is not None and notice.document != document_no:
        raise _refused(
            "notice.0.document",
            f"通知所载文号“{notice.document}”与来文文号“{document_no}”不一致。",
            f"The notice names the document '{notice.document}', the command '{document_no}'.",
            "请使两者一致。",
            "Make the two agree.",
        )
    if notice.issued > on:
        raise _refused(
            "notice.0.issued",
            f"该通知落款{notice.issued}，晚于今日（{on}）。",
            f"The notice is dated {notice.issued}, after today ({on}).",
            "请在发布后录入。",
            "Issue it once it is published.",
        )
    if notice.from_package:
        raise _refused(
            "notice.0.holidays",
            "通知没有列出放假和调休日期。",
            "The notice names no holidays.",
            "请填写 [[notice.holidays]]。",
            "Give its [[notice.holidays]].",
        )
    if notice.amends is not None:
        _amends_what_is_known(notice, known, earlier)
    _make_up_days_are_rest_days(notice, known)


def _amends_what_is_known(notice: Notice, known: WorkCalendar, earlier: NoticeRecord) -> None:
    of_year = [n.document for n in earlier.notices if n.year == notice.year and n.issued <= notice.issued]
    if known.status_of(notice.year) == "missing" or notice.amends not in of_year:
        there = "、".join(of_year) or "无"
        raise _refused(
            "notice.0.amends",
            f"没有可供修改的{notice.year}年通知“{notice.amends}”；已录入：{there}。",
            f"There is no notice '{notice.amends}' on {notice.year} to amend; on record: "
            f"{', '.join(of_year) or 'none'}.",
            "请先录入该年度的安排，或更正文号。",
            "Issue the arrangement of that year first, or correct the number.",
        )


def _make_up_days_are_rest_days(notice: Notice, known: WorkCalendar) -> None:
    """A make-up workday that is a plain weekday would change nothing: a slip of the pen."""
    for place, holiday in enumerate(notice.holidays):
        for day in holiday.make_up:
            holiday_before = known.status_of(day.year) != "missing" and not known.is_workday(day)
            if day.weekday() < 5 and not holiday_before:
                raise _refused(
                    f"notice.0.holidays.{place}.make_up",
                    f"{day}本来就是工作日，不能作为调休上班日。",
                    f"{day} is a workday anyway: it cannot be worked in exchange.",
                    "请核对日期。",
                    "Check the date against the notice.",
                )


def days_changed(before: WorkCalendar, after: WorkCalendar, year: int) -> Iterator[tuple[date, bool]]:
    """The days of `year` that change, with whether people work on them now; all special ones if it is new."""
    start = date(year - 1, 12, 25)
    for offset in range(380):
        day = date.fromordinal(start.toordinal() + offset)
        if after.status_of(day.year) == "missing":
            continue
        works = after.is_workday(day)
        known = before.status_of(day.year) != "missing"
        if works != (before.is_workday(day) if known else day.weekday() < 5):
            yield day, works


def in_words(days: Collection[tuple[date, bool]]) -> str:
    """`2020-01-31 rest, 2020-02-01 rest`."""
    return ", ".join(f"{day} {'work' if works else 'rest'}" for day, works in days)


def _refused(field: str, zh: str, en: str, fix_zh: str, fix_en: str) -> Refused:
    return refuse(
        RefusalCode.MALFORMED, zh=zh, en=en, fix_zh=fix_zh, fix_en=fix_en, field=field, citation=CITATION
    )
