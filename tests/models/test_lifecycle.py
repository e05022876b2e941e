"""Proofs over the lifecycle's tables: what can be reached, what cannot, and that the machine is strict."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import NamedTuple

import pytest
from statemachine.exceptions import TransitionNotAllowed

from models.corrections import CORRECTABLE, CORRECTED, return_to
from models.deadlines import DeadlineKind
from models.lifecycle import BY_EVENT, TRANSITIONS, advance, leaving
from models.roles import Role
from models.stages import STAGES, Stage
from models.transitions import Transition

RETURNED = (Stage.EMPLOYER_RETURNED, Stage.DEPARTMENT_RETURNED, Stage.OFFICE_RETURNED)
TITLED = (Stage.CONFIRMED, Stage.CERTIFIED, Stage.ARCHIVED)


def reachable(start: Stage, allowed: Callable[[Transition], bool] = lambda _: True) -> set[Stage]:
    """Every stage that can be reached from `start` by the allowed events."""
    seen, queue = {start}, deque([start])
    while queue:
        for t in leaving(queue.popleft()):
            if allowed(t) and t.target is not None and t.target not in seen:
                seen.add(t.target)
                queue.append(t.target)
    return seen


class Case(NamedTuple):
    """A stage, and which publicities have run in full since they were last overtaken.

    `back` is where a correction of the latest decision leads, `kept` whether the first publicity had run when
    that decision was made.
    """

    stage: Stage
    first: bool = False
    second: bool = False
    lapsed_at_department: bool = False
    back: Stage | None = None
    kept: bool = False


def steps(case: Case) -> Iterator[Case]:
    """What may follow, with the publicities counted as the law counts them, ignoring every guard.

    A new employer review makes the first publicity void, a new vote the second. Only a case that lapsed at
    the department may be admitted late; every other lapse is an end. A correction leads back to where the
    latest decision was made, with what had run by then.
    """
    for t in leaving(case.stage):
        if t.target is None or (t.event == "admit_late" and not case.lapsed_at_department):
            continue
        if t.event in CORRECTED:
            if case.back is t.target:
                yield Case(t.target, case.kept and t.target is not Stage.RECOMMENDED, case.second)
            continue
        over = t.by == (Role.SYSTEM,) and not t.bar
        first = case.first or (case.stage is Stage.EMPLOYER_PUBLICITY and over)
        second = case.second or (case.stage is Stage.RESULT_PUBLICITY and over)
        if t.target in (Stage.EMPLOYER_REVIEW, Stage.EMPLOYER_RETURNED, Stage.EMPLOYER_DECLINED):
            first = False
        if t.target in (Stage.REVIEW_READY, Stage.EXPERT_REVIEW, Stage.VOTING, Stage.PASSED):
            second = False
        if t.event == "republish_ended":
            second = False
        late = t.event == "lapse" and case.stage is Stage.DEPARTMENT_REVIEW
        back, kept = case.back, case.kept
        if t.command is not None:
            back = return_to(t.event, case.stage) if t.event in CORRECTABLE else None
            kept = back is not None and case.first
        yield Case(t.target, first, second, late, back, kept)


def all_cases() -> set[Case]:
    start = Case(Stage.DRAFT)
    seen, queue = {start}, deque([start])
    while queue:
        for case in steps(queue.popleft()):
            if case not in seen:
                seen.add(case)
                queue.append(case)
    return seen


def test_every_stage_is_reached_from_the_draft() -> None:
    assert reachable(Stage.DRAFT) == set(Stage)


@pytest.mark.parametrize("stage", list(Stage))
def test_every_stage_ends_or_has_a_way_to_an_end(stage: Stage) -> None:
    assert any(STAGES[s].terminal for s in reachable(stage))
    assert STAGES[stage].terminal or any(t.target not in (None, stage) for t in leaving(stage))


@pytest.mark.parametrize("stage", [s for s in Stage if STAGES[s].final])
def test_a_final_stage_has_no_way_out(stage: Stage) -> None:
    assert leaving(stage) == ()


def test_every_case_that_is_titled_has_two_completed_publicities() -> None:
    titled = {case for case in all_cases() if case.stage in TITLED}
    assert {case.stage for case in titled} == set(TITLED)
    assert all(case.first and case.second for case in titled)


def test_no_case_waits_for_confirmation_or_for_the_department_before_its_publicity() -> None:
    for case in all_cases():
        if case.stage in (Stage.PUBLICITY_ENDED, Stage.DEPARTMENT_REVIEW, Stage.OFFICE_REVIEW):
            assert case.first, case
        if case.stage is Stage.CONFIRM_PENDING:
            assert case.first, case
            assert case.second, case


@pytest.mark.parametrize("stage", [Stage.EMPLOYER_PUBLICITY, Stage.RESULT_PUBLICITY])
def test_without_the_end_of_a_publicity_nothing_is_certified(stage: Stage) -> None:
    """A late admission is left out: it follows a lapse at the department, after the first publicity; and so
    are corrections: they lead to where it was before."""

    def allowed(t: Transition) -> bool:
        if t.event in CORRECTED:
            return False
        return t.event != "admit_late" and not (stage in t.sources and t.by == (Role.SYSTEM,) and not t.bar)

    assert Stage.CERTIFIED not in reachable(Stage.DRAFT, allowed)


@pytest.mark.parametrize("stage", RETURNED)
def test_a_returned_application_can_be_resubmitted_and_expires(stage: Stage) -> None:
    assert any(t.command == "resubmit" and t.target not in (None, stage) for t in leaving(stage))
    bars = [d for d in STAGES[stage].deadlines if d.kind is DeadlineKind.BAR]
    assert bars
    for deadline in bars:
        assert deadline.expiry is not None
        assert stage in BY_EVENT[deadline.expiry].sources


def test_only_bars_lead_to_lapsed_and_deemed_abandoned() -> None:
    ends = (Stage.LAPSED, Stage.DEEMED_ABANDONED)
    assert {t.event for t in TRANSITIONS if t.target in ends} == {t.event for t in TRANSITIONS if t.bar}


def test_a_bar_event_is_the_expiry_of_a_bar_in_every_stage_it_leaves() -> None:
    for t in (t for t in TRANSITIONS if t.bar):
        assert t.by == (Role.SYSTEM,)
        for stage in t.sources:
            kinds = [d.kind for d in STAGES[stage].deadlines if d.expiry == t.event]
            assert kinds == [DeadlineKind.BAR], (t.event, stage)


def test_a_duty_never_changes_the_application() -> None:
    for stage, spec in STAGES.items():
        for deadline in spec.deadlines:
            assert (deadline.expiry is None) == (deadline.kind is DeadlineKind.DUTY), (stage, deadline.name)


def test_votes_and_titles_are_beyond_withdrawal() -> None:
    withdrawable = set(BY_EVENT["withdraw"].sources)
    assert withdrawable.isdisjoint({Stage.VOTING, Stage.NOT_PASSED, Stage.PASSED, *TITLED})


@pytest.mark.parametrize("stage", list(Stage))
def test_the_machine_is_strict(stage: Stage) -> None:
    possible = {t.event: t for t in leaving(stage)}
    for event in BY_EVENT:
        if event in possible:
            assert advance(stage, event) is (possible[event].target or stage)
        else:
            with pytest.raises(TransitionNotAllowed):
                advance(stage, event)
