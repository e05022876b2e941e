"""How a requested deadline is computed: fixed, dated, counted, cut off, kept, or not known yet."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from activities.calendar import Calendars, answer
from models.calendar import WorkCalendar
from models.deadlines import DeadlineKind, DeadlineName, DeadlineRequest
from models.outbox import DeadlineAnswer
from tests.models.life import moment

NAME = DeadlineName.CORRECTION


def computed(known_on: date | None = None, **fields: Any) -> DeadlineAnswer:
    """The answer to a request with these fields."""
    request = DeadlineRequest(
        **{"name": NAME, "kind": DeadlineKind.BAR, "formula": "test", "start": date(2023, 9, 25)} | fields
    )
    return answer(request, WorkCalendar.load(known_on))


def test_an_instant_of_the_plan_stands_as_it_is() -> None:
    found = computed(due_at=moment("2023-11-07 00:00"))
    assert (found.last_day, found.due_at) == (date(2023, 11, 6), moment("2023-11-07"))


def test_closing_time_within_the_day_belongs_to_that_day() -> None:
    assert computed(due_at=moment("2023-11-06 17:00")).last_day == date(2023, 11, 6)


def test_a_date_of_a_document_ends_at_midnight() -> None:
    assert computed(last_day=date(2023, 10, 20)).due_at == moment("2023-10-21")


@pytest.mark.parametrize(
    ("start", "last_day"),
    [("2023-09-25", "2023-10-08"), ("2023-09-28", "2023-10-11"), ("2023-10-27", "2023-11-03")],
)
def test_working_days_are_counted_over_the_national_day(start: str, last_day: str) -> None:
    found = computed(start=date.fromisoformat(start), working_days=5)
    assert found.last_day == date.fromisoformat(last_day)
    assert found.lineage is not None
    assert len(found.lineage.counted) == 5


def test_a_cap_cuts_off_and_says_what_it_cut() -> None:
    found = computed(start=date(2023, 11, 16), working_days=5, cap=date(2023, 11, 20))
    assert (found.last_day, found.capped_from) == (date(2023, 11, 20), date(2023, 11, 23))
    assert found.due_at == moment("2023-11-21")


def test_a_cap_that_does_not_bite_is_silent() -> None:
    found = computed(working_days=5, cap=date(2023, 11, 20))
    assert (found.last_day, found.capped_from) == (date(2023, 10, 8), None)


def test_an_announced_publicity_never_shrinks() -> None:
    found = computed(working_days=5, not_before=date(2023, 10, 10))
    assert found.last_day == date(2023, 10, 10)


def test_days_without_a_visible_notice_do_not_count() -> None:
    assert computed(working_days=5, skip=(date(2023, 9, 27),)).last_day == date(2023, 10, 9)


def test_reminders_ring_at_nine_on_workdays_after_the_start() -> None:
    found = computed(start=date(2023, 11, 3), due_at=moment("2023-11-07"), reminders_wd=(5, 2, 1))
    assert found.reminders == ()
    found = computed(start=date(2023, 11, 1), due_at=moment("2023-11-07"), reminders_wd=(1, 5, 2))
    assert found.reminders == (moment("2023-11-02 09:00"), moment("2023-11-03 09:00"))


def test_a_missing_year_is_never_guessed() -> None:
    found = computed(date(2023, 9, 20), start=date(2023, 12, 28), working_days=5)
    assert (found.due_at, found.last_day, found.missing_year) == (None, None, 2024)


def test_a_cap_in_a_known_year_needs_no_later_calendar() -> None:
    found = computed(date(2023, 9, 20), start=date(2023, 12, 27), working_days=5, cap=date(2023, 12, 29))
    assert (found.last_day, found.missing_year) == (date(2023, 12, 29), None)


def test_a_fixed_date_stands_when_only_its_reminders_are_unknown() -> None:
    found = computed(date(2023, 9, 20), due_at=moment("2024-03-01"), reminders_wd=(1,))
    assert found.due_at == moment("2024-03-01")
    assert (found.reminders, found.missing_year) == ((), 2024)


def test_a_rehearsal_knows_what_was_known_on_the_day() -> None:
    asked = moment("2023-09-20 09:00")
    assert Calendars(as_of=True).on(asked).status_of(2024) == "missing"
    assert Calendars(as_of=False).on(asked).status_of(2024) == "official"


def test_a_request_for_nothing_is_an_error() -> None:
    with pytest.raises(ValueError, match="working_days"):
        computed()


NOTICE = """
[[notice]]
year = 2027
document = "国办发明电〔2026〕99号"
title = "An expected arrangement of 2027"
issued = 2026-11-01

[[notice.holidays]]
name = { zh = "元旦", en = "New Year's Day" }
first = 2027-01-01
last = 2027-01-03
"""


def test_a_newer_notice_counts_from_the_moment_its_file_is_there(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A running worker takes it up; a file that cannot be read is reported and changes nothing."""
    calendars = Calendars(as_of=False, folder=tmp_path)
    asked = DeadlineRequest(
        name=NAME, kind=DeadlineKind.BAR, formula="test", start=date(2026, 12, 30), working_days=2
    )

    def found() -> DeadlineAnswer:
        return answer(asked, calendars.on(moment("2026-12-30")))

    assert found().missing_year == 2027
    (tmp_path / "2027.toml").write_text(NOTICE, "utf-8")
    assert found().last_day == date(2027, 1, 4)
    lineage = found().lineage
    assert lineage is not None
    assert "+overlay-" in lineage.calendar
    (tmp_path / "2027.toml").write_text(NOTICE.replace("year =", "jear ="), "utf-8")
    assert found().last_day == date(2027, 1, 4)
    assert "2027.toml" in caplog.text
    with pytest.raises(ValueError, match=r"2027\.toml is not a file of notices"):
        Calendars(as_of=False, folder=tmp_path)
