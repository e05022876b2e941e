"""The paths through a life whose histories are recorded and replayed, by name."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any

from tests.workflows import lives
from tests.workflows.cycle import Life

Path = Callable[[Life], Awaitable[None]]


async def employer_return(life: Life) -> None:
    """Returned by the employer, resubmitted, recommended."""
    await lives.to_employer_review(life)
    await life.send(life.cast.employer_return())
    await life.at("2023-09-22 09:00")
    await life.send(life.cast.resubmit("e1"))
    await life.send(life.cast.recommend())


async def employer_decline(life: Life) -> None:
    """Declined, reopened, declined, for good when the window closes."""
    await lives.to_employer_review(life)
    await life.send(life.cast.employer_decline())
    await life.send(life.cast.employer_reopen())
    await life.send(life.cast.employer_decline())
    await life.at("2023-11-07 00:05")


async def objection_dismissed(life: Life) -> None:
    """An objection in the employer's publicity, looked into after its end, unfounded."""
    await lives.to_publicity(life)
    await life.send(life.cast.objects())
    await life.at("2023-10-09 09:00")
    await life.send(life.cast.rule("employer-objection-1", "unfounded"))
    await life.send(life.cast.file_evidence())


async def objection_upheld(life: Life) -> None:
    """An objection that is founded: not recommended."""
    await lives.to_publicity(life)
    await life.send(life.cast.objects())
    await life.send(life.cast.rule("employer-objection-1", "founded"))


async def department_formal(life: Life) -> None:
    """Returned by the department, sealed again by the employer."""
    await lives.to_department_review(life)
    await life.send(life.cast.department_return())
    await life.send(life.cast.resubmit("d1"))
    await life.send(life.cast.resubmit(role="employer"))
    await life.send(life.cast.department_submit())


async def department_substantive(life: Life) -> None:
    """A substantive return: a new publicity."""
    await lives.to_department_review(life)
    await life.send(life.cast.department_return("substantive"))
    await life.send(life.cast.resubmit("d1"))
    await life.send(life.cast.recommend())
    await life.send(life.cast.start_publicity())
    await life.at("2023-10-17 09:00")
    await life.send(life.cast.file_evidence())


async def office_corrected(life: Life) -> None:
    """Returned by the office, corrected in time through the chain, accepted."""
    await lives.to_office_review(life)
    await life.at("2023-11-07 09:00")
    await life.send(life.cast.office_return())
    await life.send(life.cast.resubmit("o1"))
    await life.send(life.cast.resubmit(role="employer"))
    await life.send(life.cast.resubmit(role="department"))
    await life.send(life.cast.accept())


async def office_abandoned(life: Life) -> None:
    """Not corrected in time."""
    await lives.to_office_review(life)
    await life.at("2023-11-07 09:00")
    await life.send(life.cast.office_return())
    await life.at("2023-11-15 00:05")


async def lapsed(life: Life) -> None:
    """Never submitted."""
    await life.at("2023-11-07 00:05")


async def late_admission(life: Life) -> None:
    """The department was late; the city title office admits the case."""
    await lives.to_department_review(life)
    await life.at("2023-11-07 09:00")
    change = {"name": "department_submission", "last_day": "2023-11-10"}
    await life.send(life.cast.revise("late_admission", [change]))
    await life.send(life.cast.department_submit())


async def exam_passed(life: Life) -> None:
    """The examination, passed."""
    await lives.to_office_review(life)
    await life.send(life.cast.accept())
    await life.at("2023-11-26 09:00")
    await life.send(life.cast.exam("passed", date(2023, 11, 25)))


async def exam_failed(life: Life) -> None:
    """The examination, failed."""
    await lives.to_office_review(life)
    await life.send(life.cast.accept())
    await life.at("2023-11-26 09:00")
    await life.send(life.cast.exam("failed", date(2023, 11, 25)))


async def recheck(life: Life) -> None:
    """One vote short, re-check founded, a second vote."""
    await lives.to_passed(life, yes=5)
    await life.send(life.cast.ask_recheck())
    await life.send(life.cast.rule_recheck("founded"))
    await life.send(life.cast.schedule(date(2023, 12, 28), date(2023, 12, 15)))
    await life.at("2023-12-28 10:00")
    await life.send(life.cast.vote(7))


async def not_passed(life: Life) -> None:
    """One vote short, nobody asks for a re-check."""
    await lives.to_passed(life, yes=5)
    await life.at("2023-12-23 00:05")


async def result_objection(life: Life) -> None:
    """An objection to the result, unfounded; then confirmed."""
    await lives.to_result_publicity(life)
    await life.send(life.cast.objects())
    await life.at("2023-12-26 10:00")
    await life.send(life.cast.rule("result-objection-1", "unfounded", "convening_unit"))
    await life.send(life.cast.confirm())


async def result_refuted(life: Life) -> None:
    """An objection to the result, fraud."""
    await lives.to_result_publicity(life)
    await life.send(life.cast.objects())
    await life.send(life.cast.rule("result-objection-1", "fraud", "convening_unit"))


async def withdrawn(life: Life) -> None:
    """Withdrawn out of the publicity."""
    await lives.to_publicity(life)
    await life.send(life.cast.withdraw())


async def held(life: Life) -> None:
    """Held over the window's end, released, extended."""
    await lives.to_employer_review(life)
    await life.at("2023-11-01 09:00")
    await life.send(life.cast.hold())
    await life.at("2023-11-10 09:00")
    await life.send(life.cast.release())
    await life.send(life.cast.recommend())


async def revoked(life: Life) -> None:
    """The title revoked after the archive."""
    await lives.to_archived(life)
    await life.send(life.cast.revoke())


async def by_signals(life: Life) -> None:
    """Signals only, one early, one refused."""
    await life.at("2023-09-20 09:00")
    await life.signal(life.cast.recommend())
    await life.signal(life.cast.submit())
    await life.signal(life.cast.start_publicity())
    await life.signal({}, name="review")
    await life.at("2023-10-09 09:00")
    await life.signal(life.cast.file_evidence())


async def before_the_opening(life: Life) -> None:
    """Handed over while the window is closed, done when it opens."""
    await life.signal(life.cast.submit())
    await life.at("2023-09-18 00:01")


async def post_freed(life: Life) -> None:
    """No post is free, then one is; withdrawn, and the post goes back."""
    post = {"basis": "free_posts", "available": 0, "record": "岗位台账"}
    await lives.to_employer_review(life)
    await life.send(life.cast.recommend(post=post))
    await lives.post_answered(life)
    await life.send(life.cast.recommend(post=post | {"available": 1}))
    await lives.post_answered(life)
    await life.send(life.cast.start_publicity())
    await life.send(life.cast.withdraw())


async def wrong_person(life: Life) -> None:
    """A publicity on the wrong person is corrected and run anew; so is a return by the office."""
    await lives.to_publicity(life)
    await life.send(life.cast.correct(5))
    await life.send(life.cast.correct(5, "approve", "department"))
    await life.send(life.cast.start_publicity())
    await life.at("2023-10-12 09:00")
    await life.send(life.cast.file_evidence())
    await life.send(life.cast.department_submit(person="department-3"))
    await life.send(life.cast.office_return())
    wrong = (await life.history())[-1].seq
    await life.send(life.cast.correct(wrong, "propose", "office"))
    await life.send(life.cast.correct(wrong, "approve", "convening_unit"))
    await life.send(life.cast.accept())


PATHS: dict[str, Path] = {
    "main_line": lives.to_archived,
    **{
        path.__name__: path
        for path in (
            employer_return,
            employer_decline,
            objection_dismissed,
            objection_upheld,
            department_formal,
            department_substantive,
            office_corrected,
            office_abandoned,
            lapsed,
            late_admission,
            exam_passed,
            exam_failed,
            recheck,
            not_passed,
            result_objection,
            result_refuted,
            withdrawn,
            held,
            revoked,
            by_signals,
            before_the_opening,
            post_freed,
            wrong_person,
        )
    },
}

CAST: dict[str, dict[str, Any]] = {
    "exam_passed": {"route": "exam"},
    "exam_failed": {"route": "exam"},
    "before_the_opening": {"opening": "2023-09-17 12:00"},
    "post_freed": {"employer": "unit-with-posts", "full_post_management": True},
}
"""What is special about the people of a path."""
