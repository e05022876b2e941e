"""Classes and times of keeping: by the Civil Code, complete over every table, provable afterwards."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import JSON

from models.audit import verify
from models.plan import ReviewPlan
from models.removed import skeleton_of, verify_removed, without_details
from models.retention import RULES, Kept, Period, due_on, kept_as, last_day, latest_start, period_of
from models.retention_payload import KEPT_TEXT, OF_APPLICATION, OF_MEETING, WHOLE
from models.stages import STAGES, Stage
from models.tables import Base
from models.tables.base import Words
from tests.models.life import Life, archived

PERIODS = st.builds(Period, st.integers(1, 30), st.sampled_from(("days", "months", "years")))
DAYS = st.dates(date(2000, 1, 1), date(2090, 12, 31))
PLAN = ReviewPlan.load("tianjin-quality-2023")


@pytest.mark.parametrize(
    ("start", "period", "last"),
    [
        (date(2024, 3, 31), Period(6, "months"), date(2024, 9, 30)),
        (date(2023, 8, 31), Period(6, "months"), date(2024, 2, 29)),
        (date(2024, 2, 29), Period(3, "years"), date(2027, 2, 28)),
        (date(2024, 1, 31), Period(10, "years"), date(2034, 1, 31)),
        (date(2024, 1, 12), Period(30, "days"), date(2024, 2, 11)),
    ],
)
def test_the_last_day_by_hand(start: date, period: Period, last: date) -> None:
    """Civil Code Art. 201, 202: the first day does not count, the corresponding day is the last one."""
    assert last_day(start, period) == last
    assert due_on(start, period) == last + timedelta(days=1)


@given(DAYS, PERIODS)
def test_the_latest_start_is_the_last_one_that_is_due(today: date, period: Period) -> None:
    start = latest_start(today, period)
    assert last_day(start, period) < today
    assert last_day(start + timedelta(days=1), period) >= today


@given(DAYS, DAYS, PERIODS)
def test_who_ends_later_is_never_due_earlier(one: date, other: date, period: Period) -> None:
    assert last_day(min(one, other), period) <= last_day(max(one, other), period)


def test_every_class_says_who_says_so_and_every_end_has_one() -> None:
    assert set(RULES) == set(Kept)
    assert all(rule.citation and rule.label.zh and rule.counts_from.zh for rule in RULES.values())
    ends = [stage for stage, spec in STAGES.items() if spec.terminal] + [Stage.CERTIFIED, Stage.ARCHIVED]
    assert {kept_as(stage) for stage in ends} == {Kept.NOT_PURSUED, Kept.NOT_PASSED, Kept.PASSED}
    assert [kept_as(s) for s in (Stage.LAPSED, Stage.CLOSED, Stage.REVOKED)] == [
        Kept.NOT_PURSUED,
        Kept.NOT_PASSED,
        Kept.PASSED,
    ]


def test_a_plan_overrides_what_it_names() -> None:
    assert PLAN.retention is not None
    longer = PLAN.retention.not_pursued_months.model_copy(update={"value": 9})
    plan = PLAN.model_copy(
        update={"retention": PLAN.retention.model_copy(update={"not_pursued_months": longer})}
    )
    assert period_of(Kept.NOT_PURSUED, PLAN) == Period(6, "months")
    assert period_of(Kept.NOT_PURSUED, plan) == Period(9, "months")
    assert period_of(Kept.NOT_PURSUED, PLAN.model_copy(update={"retention": None})) == Period(6, "months")
    assert period_of(Kept.PASSED, PLAN) == Period(10, "years")
    assert period_of(Kept.CERTIFICATE, PLAN) is None


def _texts() -> set[str]:
    """Every column that may hold words."""
    return {
        f"{table.name}.{column.name}"
        for table in Base.metadata.tables.values()
        for column in table.columns
        if isinstance(column.type, Words | JSON)
    }


def test_every_text_of_every_table_goes_or_says_why_it_stays() -> None:
    """A new column without a place in `models.retention_payload` fails here."""
    goes: set[str] = set()
    for name, change in {**OF_APPLICATION, **OF_MEETING}.items():
        table = Base.metadata.tables[name]
        columns = table.columns.keys() if change == WHOLE else change
        assert set(columns) <= set(table.columns.keys()), name
        goes |= {f"{name}.{column}" for column in columns}
    assert _texts() - goes - set(KEPT_TEXT) == set()
    assert set(KEPT_TEXT) - _texts() == set()


def test_the_payload_of_an_application_is_found_by_its_key() -> None:
    for name in OF_APPLICATION:
        assert {"plan_id", "application_ref"} <= set(Base.metadata.tables[name].columns.keys()), name


def test_a_chain_without_its_words_is_still_proved() -> None:
    life = Life()
    archived(life)
    facts = list(life.state.history)
    bare = [without_details(fact) for fact in facts]
    skeleton, chain = skeleton_of(facts), facts[-1].hash
    assert verify(facts) == []
    assert verify_removed(bare, chain, skeleton) == []
    assert skeleton_of(bare) == skeleton
    assert [without_details(fact) for fact in bare] == bare

    def broken(entries: list) -> bool:  # type: ignore[type-arg]
        return bool(verify_removed(entries, chain, skeleton))

    for place in range(len(bare)):
        assert broken(bare[:place] + bare[place + 1 :])
        changed = bare[place].model_copy(update={"to_stage": "archived!"})
        assert broken([*bare[:place], changed, *bare[place + 1 :]])
        assert broken([*bare[:place], facts[place], *bare[place + 1 :]])
    assert broken([*bare, bare[-1]])
    assert broken([bare[1], bare[0], *bare[2:]])
    assert broken([])
