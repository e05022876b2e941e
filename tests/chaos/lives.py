"""The lives of a run: what is sent for each application, step by step, until its end.

A whole life goes from the draft to the archive under a compressed clock of its own; a brief one has no
timers and ends with a withdrawal. A few turn off the main line, by their number.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from models.clock import BusinessClock
from models.stages import Stage
from models.wire import SHANGHAI
from workers.rehearsal.acts import (
    accepts,
    act,
    archived,
    confirmed,
    files,
    hands_on,
    meets,
    objects,
    posts,
    published,
    recommends,
    repaired,
    rules,
    submits,
)
from workers.rehearsal.cast import EMPLOYERS, Cast, Json
from workers.rehearsal.story import Step

SECONDS_A_DAY = 4.0
"""Real seconds that a business day lasts in a whole life, on two cores that have nothing else to do."""

BEGINS = datetime(2023, 9, 18, 8, tzinfo=SHANGHAI)
"""Business time at the start of each life: seven weeks before the gate of 6 November."""

POSTS = 500
"""Free posts of the unit under full post management: enough, and every one is accounted for."""


@dataclass
class Life:
    """One application: its people, its clock, and the steps still to be made."""

    cast: Cast
    clock: BusinessClock
    steps: tuple[Step, ...]

    @property
    def ref(self) -> str:
        """The reference of the application."""
        return self.cast.ref

    def now(self) -> datetime:
        """Business time of this application."""
        return self.clock.now(datetime.now(UTC))

    def start(self) -> Json:
        """The `ApplicationInput`."""
        return self.cast.start(clock=self.clock.model_dump(mode="json"))


def whole_life(seed: int, number: int, seconds_a_day: float = SECONDS_A_DAY) -> Life:
    """A life to the archive."""
    employers = list(EMPLOYERS)
    cast = Cast(
        f"chaos-{seed}-{number:04d}",
        employer=employers[number % len(employers)],
        full_post_management=number % len(employers) == 0,
    )
    return Life(cast, _clock(86_400 / seconds_a_day), _whole(number, managed=cast.full_post_management))


def brief_life(seed: int, number: int, _seconds_a_day: float = SECONDS_A_DAY) -> Life:
    """A life of nine commands without a timer."""
    steps = (
        submits(""),
        *_returned(),
        *_returned(),
        act(Stage.EMPLOYER_REVIEW, Cast.hold),
        act(Stage.EMPLOYER_REVIEW, Cast.release),
        recommends(),
        act(Stage.RECOMMENDED, Cast.withdraw),
    )
    return Life(Cast(f"chaos-{seed}-{number:04d}"), _clock(1.0), steps)


def _clock(speed: float) -> BusinessClock:
    return BusinessClock(real_start=datetime.now(UTC), business_start=BEGINS, speed=speed)


def _whole(number: int, *, managed: bool) -> tuple[Step, ...]:
    post = {"basis": "free_posts", "available": POSTS, "record": "岗位台账2023-10"}
    recommend = (
        act(Stage.EMPLOYER_REVIEW, lambda c: c.recommend(post=dict(post))) if managed else recommends()
    )
    objection = (
        objects(Stage.EMPLOYER_PUBLICITY),
        rules(Stage.EMPLOYER_PUBLICITY, "employer-objection-1", "unfounded", "employer"),
    )
    return (
        submits(""),
        *(_returned() if number % 2 else ()),
        *(_held(Stage.EMPLOYER_REVIEW) if number % 3 == 0 else ()),
        recommend,
        posts(),
        *(objection if number % 10 == 5 else ()),
        files(),
        *(
            (
                act(Stage.DEPARTMENT_REVIEW, lambda c: c.department_return("formal")),
                repaired(Stage.DEPARTMENT_RETURNED, "d1"),
                act(Stage.DEPARTMENT_RETURNED, lambda c: c.resubmit(role="employer")),
            )
            if number % 5 == 1
            else ()
        ),
        hands_on(),
        accepts(),
        *_held(Stage.REVIEW_READY),
        *meets("", "12-01"),
        published(""),
        confirmed(),
        archived(),
    )


def _returned() -> tuple[Step, ...]:
    return act(Stage.EMPLOYER_REVIEW, Cast.employer_return), repaired(Stage.EMPLOYER_RETURNED, "e1")


def _held(stage: Stage) -> tuple[Step, ...]:
    return act(stage, Cast.hold), act(stage, Cast.release)
