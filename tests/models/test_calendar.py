"""Periods in working days, checked by hand against the notices of the State Council for 2023 and 2024."""

from __future__ import annotations

import pickle
from datetime import date, datetime, timedelta

import chinese_calendar
import pytest
from pydantic import ValidationError

from models.calendar import CalendarYearMissing, DueDate, Lineage, WorkCalendar
from models.calendar_text import due_json, render_due
from models.wire import SHANGHAI

CALENDAR = WorkCalendar.load()
AT_OPENING = WorkCalendar.load(known_on=date(2023, 9, 18))

PERIODS_OF_FIVE = [
    # start, counted days, last day, last day if the first day were counted, Monday-to-Friday count (wrong)
    ("2023-09-18", "09-19 09-20 09-21 09-22 09-25", "2023-09-25", "2023-09-22", "2023-09-25"),
    ("2023-09-22", "09-25 09-26 09-27 09-28 10-07", "2023-10-07", "2023-09-28", "2023-09-29"),
    ("2023-09-25", "09-26 09-27 09-28 10-07 10-08", "2023-10-08", "2023-10-07", "2023-10-02"),
    ("2023-09-28", "10-07 10-08 10-09 10-10 10-11", "2023-10-11", "2023-10-10", "2023-10-05"),
    ("2023-09-29", "10-07 10-08 10-09 10-10 10-11", "2023-10-11", "2023-10-11", "2023-10-06"),
    ("2023-10-06", "10-07 10-08 10-09 10-10 10-11", "2023-10-11", "2023-10-11", "2023-10-13"),
    ("2023-10-08", "10-09 10-10 10-11 10-12 10-13", "2023-10-13", "2023-10-12", "2023-10-13"),
    ("2023-10-27", "10-30 10-31 11-01 11-02 11-03", "2023-11-03", "2023-11-02", "2023-11-03"),
    ("2023-10-30", "10-31 11-01 11-02 11-03 11-06", "2023-11-06", "2023-11-03", "2023-11-06"),
    ("2023-11-06", "11-07 11-08 11-09 11-10 11-13", "2023-11-13", "2023-11-10", "2023-11-13"),
    ("2023-12-22", "12-25 12-26 12-27 12-28 12-29", "2023-12-29", "2023-12-28", "2023-12-29"),
    ("2023-12-25", "12-26 12-27 12-28 12-29 01-02", "2024-01-02", "2023-12-29", "2024-01-01"),
    ("2023-12-28", "12-29 01-02 01-03 01-04 01-05", "2024-01-05", "2024-01-04", "2024-01-04"),
    ("2023-12-29", "01-02 01-03 01-04 01-05 01-08", "2024-01-08", "2024-01-05", "2024-01-05"),
    ("2023-12-31", "01-02 01-03 01-04 01-05 01-08", "2024-01-08", "2024-01-08", "2024-01-05"),
    ("2024-02-05", "02-06 02-07 02-08 02-09 02-18", "2024-02-18", "2024-02-09", "2024-02-12"),
]


@pytest.mark.parametrize("row", PERIODS_OF_FIVE, ids=lambda row: row[0])
def test_five_working_days_by_hand(row: tuple[str, str, str, str, str]) -> None:
    start, counted, last_day, counting_first, monday_to_friday = row
    due = CALENDAR.end_of_period(day(start), 5)
    assert due.last_day == day(last_day)
    assert due.due_at == datetime.combine(day(last_day) + timedelta(days=1), datetime.min.time(), SHANGHAI)
    assert [counted_day.isoformat()[5:] for counted_day in due.lineage.counted] == counted.split()
    assert CALENDAR.end_of_period(day(start), 5, count_first_day=True).last_day == day(counting_first)
    assert count_monday_to_friday(day(start), 5) == day(monday_to_friday)


def test_counting_the_first_day_or_plain_weeks_would_mostly_be_wrong() -> None:
    same_if_first_counted = {row[0] for row in PERIODS_OF_FIVE if row[2] == row[3]}
    same_if_plain_weeks = {row[0] for row in PERIODS_OF_FIVE if row[2] == row[4]}
    assert same_if_first_counted == {"2023-09-29", "2023-10-06", "2023-12-31"}, "starts on rest days only"
    assert same_if_plain_weeks == {
        "2023-09-18",
        "2023-10-08",
        "2023-10-27",
        "2023-10-30",
        "2023-11-06",
        "2023-12-22",
    }


def test_working_days_of_the_cycle() -> None:
    assert CALENDAR.working_days_between(date(2023, 9, 17), date(2023, 11, 6)) == 32
    assert CALENDAR.working_days_between(date(2023, 11, 6), date(2023, 11, 20)) == 10
    assert CALENDAR.working_days_between(date(2023, 11, 30), date(2023, 12, 31)) == 21
    assert CALENDAR.working_days_between(date(2023, 10, 8), date(2023, 10, 8)) == 0


@pytest.mark.parametrize(
    ("meeting", "list_by", "publicity_ends", "report_by", "certificates_by"),
    [
        ("2023-12-15", "2023-12-22", "2023-12-29", "2024-01-08", "2024-01-22"),
        ("2023-12-29", "2024-01-08", "2024-01-15", "2024-01-22", "2024-02-04"),
    ],
)
def test_the_chain_from_the_meeting_to_the_certificates(
    meeting: str, list_by: str, publicity_ends: str, report_by: str, certificates_by: str
) -> None:
    end = day(meeting)
    chain = []
    for working_days in (5, 5, 5, 10):
        end = CALENDAR.end_of_period(end, working_days).last_day
        chain.append(end.isoformat())
    assert chain == [list_by, publicity_ends, report_by, certificates_by]


def test_the_last_useful_start_of_a_publicity_is_27_october() -> None:
    gate = datetime(2023, 11, 7, tzinfo=SHANGHAI)
    for start in (27, 28, 29):
        assert CALENDAR.end_of_period(date(2023, 10, start), 5).due_at == datetime(
            2023, 11, 4, tzinfo=SHANGHAI
        )
    assert CALENDAR.end_of_period(date(2023, 10, 30), 5).due_at == gate


def test_workdays_of_the_notices() -> None:
    work = ["2023-10-07", "2023-10-08", "2024-02-04", "2024-02-09", "2024-02-18"]
    rest = ["2023-09-29", "2023-10-06", "2023-12-31", "2024-01-01", "2024-02-10", "2024-02-17"]
    assert all(CALENDAR.is_workday(day(text)) for text in work)
    assert not any(CALENDAR.is_workday(day(text)) for text in rest)


def test_every_year_agrees_with_the_published_package() -> None:
    published = date(2004, 1, 1)
    while published.year <= 2026:
        assert CALENDAR.is_workday(published) == chinese_calendar.is_workday(published), published
        published += timedelta(days=1)


def test_reminders_count_back_from_a_rest_day() -> None:
    last_of_the_window = date(2023, 12, 31)
    assert [CALENDAR.working_day_before(last_of_the_window, n).isoformat() for n in (5, 2, 1)] == [
        "2023-12-25",
        "2023-12-28",
        "2023-12-29",
    ]
    assert CALENDAR.working_day_before(date(2023, 10, 9), 1) == date(2023, 10, 8)
    assert CALENDAR.working_day_before(date(2023, 10, 9), 3) == date(2023, 9, 28)


def test_the_next_year_was_unknown_when_the_cycle_opened() -> None:
    assert AT_OPENING.status_of(2023) == "official"
    assert AT_OPENING.status_of(2024) == "missing"
    assert AT_OPENING.end_of_period(date(2023, 12, 22), 5).last_day == date(2023, 12, 29)
    with pytest.raises(CalendarYearMissing, match="2024") as missing:
        AT_OPENING.end_of_period(date(2023, 12, 25), 5)
    assert (missing.value.year, missing.value.known_on) == (2024, date(2023, 9, 18))
    assert "2024年" in missing.value.problem.zh
    assert "record the State Council's notice for 2024" in missing.value.remedy.en


def test_a_year_is_known_from_the_day_of_its_notice() -> None:
    assert WorkCalendar.load(date(2023, 10, 24)).status_of(2024) == "missing"
    assert WorkCalendar.load(date(2023, 10, 25)).status_of(2024) == "official"
    assert WorkCalendar.load(date(2022, 12, 7)).status_of(2023) == "missing"
    assert WorkCalendar.load(date(2022, 12, 8)).status_of(2023) == "official"


def test_an_amended_year_is_not_known_in_its_last_form_before_the_amendment() -> None:
    assert WorkCalendar.load(date(2015, 5, 12)).status_of(2015) == "missing"
    assert WorkCalendar.load(date(2015, 5, 13)).status_of(2015) == "official"


def test_december_days_come_from_the_next_years_notice() -> None:
    new_years_eve = date(2018, 12, 31)
    assert not CALENDAR.is_workday(new_years_eve)
    assert WorkCalendar.load(date(2018, 12, 3)).is_workday(new_years_eve), "as everyone thought then"


def test_a_year_without_a_notice_is_never_guessed() -> None:
    for year in (2003, 2027):
        assert CALENDAR.status_of(year) == "missing"
        with pytest.raises(CalendarYearMissing, match=str(year)):
            CALENDAR.is_workday(date(year, 6, 1))
    with pytest.raises(CalendarYearMissing, match="2027"):
        CALENDAR.end_of_period(date(2026, 12, 28), 5)
    with pytest.raises(CalendarYearMissing, match="2003"):
        CALENDAR.working_day_before(date(2004, 1, 2), 2)


def test_a_missing_year_travels_between_processes() -> None:
    travelled = pickle.loads(pickle.dumps(CalendarYearMissing(2024, date(2023, 9, 18))))
    assert (travelled.year, str(travelled)) == (2024, str(CalendarYearMissing(2024, date(2023, 9, 18))))


def test_every_official_year_has_its_notice() -> None:
    for year in CALENDAR.years():
        assert (year.notice is not None) == (year.status == "official")
        assert year.notice is None or year.notice.issued < date(year.year + 1, 1, 1)
    notices = {year.year: year.notice for year in CALENDAR.years() if year.notice}
    assert notices[2023].document == "国办发明电〔2022〕16号"
    assert (notices[2024].document, notices[2024].issued) == ("国办发明电〔2023〕7号", date(2023, 10, 25))
    assert notices[2023].verified
    assert notices[2024].verified


PROVISIONAL_2027 = """
[[notice]]
year = 2027
document = "draft"
title = "An expected arrangement of 2027, for a rehearsal"
issued = 2026-11-01
status = "provisional"

[[notice.holidays]]
name = { zh = "元旦", en = "New Year's Day" }
first = 2027-01-01
last = 2027-01-03
make_up = [2026-12-26]
"""


def test_an_overlay_adds_a_provisional_year_and_shows_in_the_lineage() -> None:
    calendar = WorkCalendar.load(overlays=[PROVISIONAL_2027])
    due = calendar.end_of_period(date(2026, 12, 25), 6)
    assert due.last_day == date(2027, 1, 4), "Saturday 26 December is worked in exchange"
    assert due.lineage.statuses == {"2026": "official", "2027": "provisional"}
    assert due.lineage.calendar.startswith("cn-state-council@2026.2+overlay-")
    assert "暂定 provisional" in render_due(due, explain=True, calendar=calendar)
    with pytest.raises(CalendarYearMissing):
        CALENDAR.explain(due)


def test_an_overlay_wins_over_the_record() -> None:
    longer = PROVISIONAL_2027.replace("2027", "2026").replace("2026-12-26", "2025-12-27")
    calendar = WorkCalendar.load(overlays=[longer.replace("issued = 2026-11-01", "issued = 2025-12-01")])
    assert calendar.status_of(2026) == "provisional"
    assert calendar.is_workday(date(2026, 2, 16)), "the later arrangement is the whole arrangement"
    due = CALENDAR.end_of_period(date(2026, 2, 13), 5)
    with pytest.raises(ValueError, match="explain it with the calendar it was computed with"):
        calendar.explain(due)


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("last = 2027-01-03", "last = 2026-12-31", "before it begins"),
        ("make_up = [2026-12-26]", "make_up = [2027-01-02]", "inside its own holiday"),
        ("make_up = [2026-12-26]", "make_up = [2028-01-08]", "belongs neither to 2027"),
        ("year = 2027", "jear = 2027", "year"),
    ],
)
def test_a_malformed_overlay_is_refused(old: str, new: str, problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        WorkCalendar.load(overlays=[PROVISIONAL_2027.replace(old, new)])


def test_days_on_which_a_publicity_was_not_visible_do_not_count() -> None:
    down = [date(2023, 9, 20), date(2023, 9, 23), date(2023, 9, 24)]
    due = CALENDAR.end_of_period(date(2023, 9, 18), 5, skip=down)
    assert due.last_day == date(2023, 9, 26)
    assert due.lineage.skipped == (date(2023, 9, 20),), "rest days did not count anyway"
    notes = {note.day: note for note in CALENDAR.explain(due)}
    assert notes[date(2023, 9, 20)].workday
    assert notes[date(2023, 9, 20)].counted is None
    assert "公示中断" in notes[date(2023, 9, 20)].why.zh
    assert CALENDAR.end_of_period(date(2023, 9, 18), 5).lineage.skipped == ()


def test_explain_gives_a_reason_for_every_day() -> None:
    notes = CALENDAR.explain(CALENDAR.end_of_period(date(2023, 9, 22), 6))
    assert [note.day for note in notes] == [date(2023, 9, 22) + timedelta(days=n) for n in range(17)]
    assert [note.counted for note in notes if note.counted] == [1, 2, 3, 4, 5, 6]
    reasons = {note.day.isoformat()[5:]: note.why for note in notes}
    assert "Civil Code Art. 201" in reasons["09-22"].en
    assert (reasons["09-23"].zh, reasons["09-23"].en) == ("星期六休息", "Saturday, rest day")
    assert reasons["09-25"].zh == "工作日"
    assert reasons["09-29"].zh == "中秋节、国庆节放假"
    assert reasons["10-07"].en == "make-up workday for Mid-Autumn Festival and National Day"


def test_explain_when_the_first_day_counts() -> None:
    notes = CALENDAR.explain(CALENDAR.end_of_period(date(2023, 10, 6), 1, count_first_day=True))
    assert [(note.day.day, note.workday, note.counted) for note in notes] == [(6, False, None), (7, True, 1)]


def test_a_lineage_is_small_and_survives_the_wire() -> None:
    due = CALENDAR.end_of_period(date(2023, 12, 25), 5)
    assert due.lineage.formula == "5 working days after 2023-12-25"
    assert due.lineage.calendar == "cn-state-council@2026.2+chinesecalendar-1.11.0"
    assert due.lineage.statuses == {"2023": "official", "2024": "official"}
    assert DueDate.model_validate_json(due.model_dump_json()) == due
    assert Lineage.model_validate_json(due.lineage.model_dump_json()) == due.lineage
    assert len(due.lineage.model_dump_json().encode()) <= 320
    assert AT_OPENING.version.endswith("+known-on-2023-09-18")


@pytest.mark.parametrize(("working_days", "size"), [(10, 400), (20, 520), (400, 300)])
def test_a_longer_lineage_stays_small(working_days: int, size: int) -> None:
    due = CALENDAR.end_of_period(date(2023, 12, 11), working_days)
    assert len(due.lineage.model_dump_json().encode()) <= size
    assert len(due.lineage.counted) == (working_days if working_days <= 20 else 0)
    assert [note.counted for note in CALENDAR.explain(due) if note.counted][-1] == working_days


@pytest.mark.parametrize("working_days", [-1, 0, 401])
def test_a_period_has_1_to_400_working_days(working_days: int) -> None:
    with pytest.raises(ValueError, match="give a number from 1 to 400"):
        CALENDAR.end_of_period(date(2023, 9, 18), working_days)
    with pytest.raises(ValueError, match="give a number from 1 to 400"):
        CALENDAR.working_day_before(date(2023, 9, 18), working_days)


def test_a_moment_is_not_a_day() -> None:
    with pytest.raises(ValueError, match="give the calendar day in Asia/Shanghai"):
        CALENDAR.end_of_period(datetime(2023, 9, 18, tzinfo=SHANGHAI), 5)


def test_days_between_go_forward() -> None:
    with pytest.raises(ValueError, match="give the earlier day first"):
        CALENDAR.working_days_between(date(2023, 11, 6), date(2023, 9, 18))


def test_the_text_ends_with_the_date() -> None:
    due = CALENDAR.end_of_period(date(2023, 9, 25), 5)
    assert render_due(due, explain=False) == "2023-10-08"
    lines = render_due(due, explain=True).splitlines()
    assert lines[0] == "5 working days after 2023-09-25"
    assert "2023-10-08 星期日 Sun   5  中秋节、国庆节调休上班" in lines[14]
    assert lines[-2:] == ["24:00 = 2023-10-09T00:00:00+08:00", "2023-10-08"]


def test_the_json_holds_the_date_and_the_count() -> None:
    found = due_json(CALENDAR.end_of_period(date(2023, 9, 25), 5))
    assert found["last_day"] == "2023-10-08"
    assert found["due_at"] == "2023-10-09T00:00:00+08:00"
    assert isinstance(found["days"], list)
    assert [note["day"] for note in found["days"] if note["counted"]] == [
        "2023-09-26",
        "2023-09-27",
        "2023-09-28",
        "2023-10-07",
        "2023-10-08",
    ]


def day(text: str) -> date:
    return date.fromisoformat(text)


def count_monday_to_friday(start: date, working_days: int) -> date:
    """The count that forgets the holidays."""
    last = start
    while working_days:
        last += timedelta(days=1)
        working_days -= last.weekday() < 5
    return last
