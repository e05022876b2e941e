"""What holds for every period: order, addition, and reminders that come before the end."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import example, given, settings
from hypothesis import strategies as st

from models.calendar import DueDate, WorkCalendar

CALENDAR = WorkCalendar.load()

starts = st.dates(min_value=date(2008, 1, 1), max_value=date(2025, 6, 30))
lengths = st.integers(min_value=1, max_value=60)
few_examples = settings(max_examples=60, deadline=None)


@few_examples
@given(earlier=starts, gap=st.integers(min_value=0, max_value=40), working_days=lengths, first=st.booleans())
def test_a_later_start_never_ends_earlier(earlier: date, gap: int, working_days: int, first: bool) -> None:
    later = earlier + timedelta(days=gap)
    end = CALENDAR.end_of_period(earlier, working_days, first)
    assert end.due_at <= CALENDAR.end_of_period(later, working_days, first).due_at


@few_examples
@given(start=starts, working_days=lengths, first=st.booleans())
def test_one_more_working_day_ends_later(start: date, working_days: int, first: bool) -> None:
    end = CALENDAR.end_of_period(start, working_days, first)
    assert end.last_day < CALENDAR.end_of_period(start, working_days + 1, first).last_day


@few_examples
@given(start=starts, n=lengths, m=lengths)
def test_periods_add_up(start: date, n: int, m: int) -> None:
    middle = CALENDAR.end_of_period(start, n).last_day
    assert CALENDAR.end_of_period(start, n + m).last_day == CALENDAR.end_of_period(middle, m).last_day


@few_examples
@given(start=starts, working_days=lengths, first=st.booleans())
def test_exactly_the_asked_number_of_workdays_is_counted(start: date, working_days: int, first: bool) -> None:
    due = CALENDAR.end_of_period(start, working_days, first)
    notes = CALENDAR.explain(due)
    counted = [note.day for note in notes if note.counted is not None]
    assert len(counted) == working_days
    assert counted[-1] == due.last_day
    assert all(CALENDAR.is_workday(day) for day in counted)
    assert all(note.why.zh and note.why.en for note in notes)
    assert first or start not in counted
    assert due.lineage.counted in (tuple(counted), ())
    before_the_count = start - timedelta(days=1) if first else start
    assert CALENDAR.working_days_between(before_the_count, due.last_day) == working_days


@few_examples
@given(start=starts, working_days=lengths)
def test_counting_the_first_day_never_makes_a_period_longer(start: date, working_days: int) -> None:
    longer = CALENDAR.end_of_period(start, working_days).last_day
    shorter = CALENDAR.end_of_period(start, working_days, count_first_day=True).last_day
    assert (shorter < longer) == CALENDAR.is_workday(start)
    assert shorter <= longer


@few_examples
@given(start=starts, working_days=lengths, down=st.sets(st.integers(min_value=0, max_value=30), max_size=8))
def test_days_not_visible_move_the_end_by_as_many_workdays(
    start: date, working_days: int, down: set[int]
) -> None:
    skip = {start + timedelta(days=n) for n in down}
    due = CALENDAR.end_of_period(start, working_days, skip=skip)
    assert set(due.lineage.skipped) <= skip
    assert due.last_day not in skip
    longer = CALENDAR.end_of_period(start, working_days + len(due.lineage.skipped))
    assert due.last_day == longer.last_day


@few_examples
@given(last_day=starts, n=lengths)
def test_reminders_come_before_the_end_on_workdays(last_day: date, n: int) -> None:
    reminder = CALENDAR.working_day_before(last_day, n)
    assert reminder < last_day
    assert CALENDAR.is_workday(reminder)
    assert CALENDAR.working_days_between(reminder, last_day - timedelta(days=1)) == n - 1


@few_examples
@given(start=starts, working_days=lengths)
def test_a_due_date_survives_the_wire(start: date, working_days: int) -> None:
    due = CALENDAR.end_of_period(start, working_days)
    assert DueDate.model_validate_json(due.model_dump_json()) == due


@few_examples
@given(known_on=starts, start=starts)
@example(known_on=date(2020, 1, 1), start=date(2020, 1, 2))
def test_what_was_known_earlier_stays_true(known_on: date, start: date) -> None:
    """No day of an official year is otherwise today, but where a later notice has amended the year, or in
    late December, which the next year's notice may arrange.
    """
    then = WorkCalendar.load(known_on)
    amended = {it.year for it in CALENDAR.years() if it.notice is not None and it.notice.issued > known_on}
    for day in (start + timedelta(days=n) for n in range(30)):
        if then.status_of(day.year) == "official" and day.month != 12 and day.year not in amended:
            assert then.is_workday(day) == CALENDAR.is_workday(day)
