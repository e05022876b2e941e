"""Notices that come after the release: read and checked; an amendment changes the days it names alone."""

from __future__ import annotations

from datetime import date

import pytest

from models.calendar import WorkCalendar
from models.calendar_notice import check_notice, days_changed, in_words, read_notice
from models.calendar_overlay import NoticeRecord
from models.refusal import Refusal, Refused

ON = date(2023, 11, 1)
AMENDED = """
[[notice]]
year = 2023
document = "国办发明电〔2023〕99号"
title = "关于2023年11月停工的通知"
issued = 2023-10-30
amends = "国办发明电〔2022〕16号"
"""
HOLIDAY = """
[[notice.holidays]]
name = { zh = "停工", en = "stoppage" }
first = 2023-11-08
last = 2023-11-09
make_up = [2023-11-11]
"""


def refusal(toml: str, on: date = ON, document_no: str | None = None) -> Refusal:
    with pytest.raises(Refused) as caught:
        check_notice(read_notice(toml), on, WorkCalendar.load(on), NoticeRecord.read(), document_no)
    assert caught.value.refusal.sentence("zh")
    return caught.value.refusal


def test_an_amendment_changes_the_days_it_names_and_no_other() -> None:
    before, after = WorkCalendar.load(), WorkCalendar.load(overlays=[AMENDED + HOLIDAY])
    check_notice(read_notice(AMENDED + HOLIDAY), ON, before, NoticeRecord.read())
    changed = list(days_changed(before, after, 2023))
    assert in_words(changed) == "2023-11-08 rest, 2023-11-09 rest, 2023-11-11 work"
    due = after.end_of_period(date(2023, 11, 6), 5)
    assert due.last_day == date(2023, 11, 14), "7, 10, 11, 13, 14"
    assert due.lineage.notices == {"2023": ("国办发明电〔2023〕99号",)}
    assert before.end_of_period(date(2023, 11, 6), 5).lineage.notices == {}
    assert after.end_of_period(date(2023, 9, 25), 5).last_day == date(2023, 10, 8)


def test_a_cancelled_day_is_what_its_weekday_is() -> None:
    text = AMENDED + "cancelled = [2023-10-06, 2023-10-07]\n"
    after = WorkCalendar.load(overlays=[text])
    assert after.is_workday(date(2023, 10, 6)), "a Friday that was free"
    assert not after.is_workday(date(2023, 10, 7)), "a Saturday that was worked"
    assert not after.is_workday(date(2023, 10, 5))


def test_it_counts_from_the_day_it_was_issued() -> None:
    overlays = [AMENDED + HOLIDAY]
    assert WorkCalendar.load(date(2023, 10, 29), overlays).is_workday(date(2023, 11, 8))
    assert not WorkCalendar.load(date(2023, 10, 30), overlays).is_workday(date(2023, 11, 8))


@pytest.mark.parametrize(
    ("known_on", "document", "works", "rests"),
    [
        (date(2019, 3, 21), "国办发明电〔2018〕15号", (5, 2), (4, 28)),
        (date(2019, 3, 22), "国办发明电〔2019〕3号", (4, 28), (5, 2)),
        (date(2020, 1, 25), "国办发明电〔2019〕16号", (1, 31), (1, 30)),
        (date(2020, 1, 26), "国办发明电〔2020〕1号", (2, 3), (1, 31)),
    ],
)
def test_the_release_knows_2019_and_2020_before_and_after_their_amendments(
    known_on: date, document: str, works: tuple[int, int], rests: tuple[int, int]
) -> None:
    calendar = WorkCalendar.load(known_on)
    (year,) = (known for known in calendar.years() if known.year == known_on.year)
    assert year.notice is not None
    assert year.notice.document == document
    assert calendar.is_workday(date(known_on.year, *works))
    assert not calendar.is_workday(date(known_on.year, *rests))


def test_a_release_of_an_earlier_day_lacks_what_came_later() -> None:
    known = WorkCalendar.load(date(2023, 12, 1), released_on=date(2023, 10, 24))
    assert known.status_of(2024) == "missing"
    assert known.status_of(2023) == "official"


@pytest.mark.parametrize(
    ("toml", "field"),
    [
        ("[[notice", "notice_toml"),
        (AMENDED, "notice.0"),
        (AMENDED.replace("issued = 2023-10-30", "") + HOLIDAY, "notice.0.issued"),
        (AMENDED + HOLIDAY.replace("2023-11-09", "2023-11-07"), "notice.0.holidays.0"),
        (AMENDED + HOLIDAY + AMENDED + HOLIDAY, "notice"),
        (AMENDED.replace('amends = "国办发明电〔2022〕16号"', "") + "\n", "notice.0.holidays"),
        (AMENDED.replace("〔2022〕16号", "〔2022〕17号") + HOLIDAY, "notice.0.amends"),
        (AMENDED.replace("2023-10-30", "2023-11-02") + HOLIDAY, "notice.0.issued"),
        (AMENDED + HOLIDAY.replace("[2023-11-11]", "[2023-11-13]"), "notice.0.holidays.0.make_up"),
    ],
)
def test_a_notice_that_cannot_be_in_force_is_refused_with_the_field(toml: str, field: str) -> None:
    assert refusal(toml).field == field


def test_the_command_and_the_notice_name_one_document() -> None:
    assert refusal(AMENDED + HOLIDAY, document_no="国办发明电〔2023〕98号").field == "notice.0.document"
