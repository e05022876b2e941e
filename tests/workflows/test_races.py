"""Two people decide at one hop at the same moment: exactly one is accepted, at every hop."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date, timedelta

import pytest

from models.refusal import Refusal, RefusalCode
from models.state import Receipt
from tests.workflows import lives
from tests.workflows.cycle import Cycle, Life
from workers.rehearsal.cast import Json


@dataclass(frozen=True)
class Race:
    """How to get to the hop, and the two decisions that meet there."""

    name: str
    reach: Callable[[Life], Awaitable[None]]
    first: Callable[[Life], Json]
    second: Callable[[Life], Json]


async def _drafted(life: Life) -> None:
    await life.at("2023-09-20 09:00")


async def _returned(life: Life) -> None:
    await lives.to_employer_review(life)
    await life.send(life.cast.employer_return())


async def _recommended(life: Life) -> None:
    await lives.to_employer_review(life)
    await life.send(life.cast.recommend())


async def _publicity_over(life: Life) -> None:
    await lives.to_publicity(life)
    await life.at("2023-10-09 09:00")


async def _objected(life: Life) -> None:
    await lives.to_publicity(life)
    await life.send(life.cast.objects())
    await life.at("2023-10-09 09:00")


async def _office_returned(life: Life) -> None:
    await lives.to_office_review(life)
    await life.send(life.cast.office_return())


async def _correction_proposed(life: Life) -> None:
    await _office_returned(life)
    await life.send(life.cast.correct(9, "propose", "office"))


async def _meeting_day(life: Life) -> None:
    await lives.to_expert_review(life)
    await life.at("2023-12-15 15:00")


async def _exam_pending(life: Life) -> None:
    await lives.to_office_review(life)
    await life.send(life.cast.accept())
    await life.at("2023-11-28 09:00")


async def _not_passed(life: Life) -> None:
    await lives.to_passed(life, yes=5)


async def _list_day(life: Life) -> None:
    await lives.to_passed(life)
    await life.at("2023-12-18 10:00")


async def _in_recheck(life: Life) -> None:
    await _not_passed(life)
    await life.send(life.cast.ask_recheck())


async def _held(life: Life) -> None:
    await lives.to_employer_review(life)
    await life.send(life.cast.hold())


def _meeting(life: Life, ref: str, person: str) -> Json:
    return life.cast.schedule(date(2023, 12, 15), date(2023, 10, 19), meeting_ref=ref, person=person)


def _posted(life: Life, person: str, name: str) -> Json:
    posted = (life.now - timedelta(minutes=1)).isoformat()
    return life.cast.publish(posted, person=person, list_sha256=name * 64)


RACES = [
    Race("draft", _drafted, lambda a: a.cast.submit(), lambda a: a.cast.submit()),
    Race(
        "employer review",
        lives.to_employer_review,
        lambda a: a.cast.recommend(),
        lambda a: a.cast.employer_return(person="employer-2"),
    ),
    Race(
        "resubmission",
        _returned,
        lambda a: a.cast.resubmit("e1"),
        lambda a: a.cast.resubmit("e1", dossier=a.cast.dossier()),
    ),
    Race(
        "start of publicity",
        _recommended,
        lambda a: a.cast.start_publicity(),
        lambda a: a.cast.start_publicity(person="employer-2", working_days=10),
    ),
    Race(
        "objection",
        _objected,
        lambda a: a.cast.rule("employer-objection-1", "unfounded"),
        lambda a: a.cast.rule("employer-objection-1", "founded", person="employer-3"),
    ),
    Race(
        "publicity evidence",
        _publicity_over,
        lambda a: a.cast.file_evidence(),
        lambda a: a.cast.cancel("publicity", "employer", person="employer-2"),
    ),
    Race(
        "department review",
        lives.to_department_review,
        lambda a: a.cast.department_submit(),
        lambda a: a.cast.department_return(person="department-2"),
    ),
    Race(
        "office review",
        lives.to_office_review,
        lambda a: a.cast.accept(),
        lambda a: a.cast.office_return(person="office-2"),
    ),
    Race(
        "correction",
        _office_returned,
        lambda a: a.cast.resubmit("o1"),
        lambda a: a.cast.resubmit("o1", change_class="substantive"),
    ),
    Race(
        "wrong person, two proposals",
        _office_returned,
        lambda a: a.cast.correct(9, "propose", "office"),
        lambda a: a.cast.correct(9, "propose", "convening_unit"),
    ),
    Race(
        "wrong person, two approvals",
        _correction_proposed,
        lambda a: a.cast.correct(9, "approve", "office"),
        lambda a: a.cast.correct(9, "approve", "convening_unit"),
    ),
    Race(
        "wrong person, the applicant has answered",
        _correction_proposed,
        lambda a: a.cast.resubmit("o1"),
        lambda a: a.cast.correct(9, "approve", "office"),
    ),
    Race(
        "wrong person, approved before the applicant answers",
        _correction_proposed,
        lambda a: a.cast.correct(9, "approve", "office"),
        lambda a: a.cast.resubmit("o1"),
    ),
    Race(
        "examination",
        _exam_pending,
        lambda a: a.cast.exam("passed", date(2023, 11, 25)),
        lambda a: a.cast.exam("failed", date(2023, 11, 25), person="office-2"),
    ),
    Race(
        "schedule",
        lives.to_review_ready,
        lambda a: _meeting(a, "m-1", "office-1"),
        lambda a: _meeting(a, "m-2", "office-2"),
    ),
    Race(
        "vote",
        _meeting_day,
        lambda a: a.cast.vote(6),
        lambda a: a.cast.vote(5, person="chair-2"),
    ),
    Race(
        "re-check request",
        _not_passed,
        lambda a: a.cast.ask_recheck(),
        lambda a: a.cast.ask_recheck(ground="material"),
    ),
    Race(
        "re-check ruling",
        _in_recheck,
        lambda a: a.cast.rule_recheck("upheld"),
        lambda a: a.cast.rule_recheck("founded", person="unit-2"),
    ),
    Race(
        "result list",
        _list_day,
        lambda a: _posted(a, "office-1", "a"),
        lambda a: _posted(a, "office-2", "b"),
    ),
    Race(
        "confirmation",
        lives.to_confirm_pending,
        lambda a: a.cast.confirm(),
        lambda a: a.cast.confirm(outcome="question", text="存疑", person="city-2"),
    ),
    Race(
        "archive",
        lives.to_certified,
        lambda a: a.cast.archive(),
        lambda a: a.cast.archive(person="archive-2"),
    ),
    Race(
        "hold",
        _held,
        lambda a: a.cast.release(),
        lambda a: a.cast.release("reject", person="office-2"),
    ),
]


_LOST = (RefusalCode.NOT_IN_THIS_STAGE, RefusalCode.GUARD, RefusalCode.CLOSED, RefusalCode.WRONG_ROLE)


@pytest.mark.parametrize("race", RACES, ids=lambda race: race.name)
async def test_exactly_one_of_two_racing_decisions_is_accepted(cycle: Cycle, race: Race) -> None:
    life = await cycle.start(route="exam" if race.name == "examination" else "normal")
    await race.reach(life)
    before = await life.state()
    answers = await asyncio.gather(life.try_send(race.first(life)), life.try_send(race.second(life)))
    accepted = [a for a in answers if isinstance(a, Receipt)]
    refused = [a for a in answers if isinstance(a, Refusal)]
    assert len(accepted) == 1, answers
    assert refused[0].code in (
        RefusalCode.NOT_IN_THIS_STAGE,
        RefusalCode.GUARD,
        RefusalCode.CLOSED,
        RefusalCode.WRONG_ROLE,
    )
    after = await life.state()
    assert after.revision > before.revision
    decided = [f for f in await life.history() if f.command_id == accepted[0].command_id]
    assert decided, "the accepted decision is in the history"
    assert not [f for f in await life.history() if f.command_id == refused[0].command_id]
