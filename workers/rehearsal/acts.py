"""The acts that stories are made of: one step, or the steps of one leg of the way.

Dates that a command carries are computed when it is sent, from the business time of that moment, so that
a story told late (after an outage) is still a true one.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from models.refusal import RefusalCode
from models.stages import Stage
from models.wire import local_day
from workers.rehearsal.cast import Cast, Json
from workers.rehearsal.story import Build, Step, Way, day

DRAW_LEAD = timedelta(days=7)
"""津人社办函〔2023〕355号: the experts are drawn seven days before the meeting."""


def act(
    stage: Stage,
    command: Callable[[Cast], Json],
    on: str = "",
    *,
    way: Way = "update",
    refusal: RefusalCode | None = None,
) -> Step:
    """A step whose command needs no date; `on` is `month-day`."""
    return dated(stage, lambda cast, _: command(cast), on, way=way, refusal=refusal)


def dated(
    stage: Stage, build: Build, on: str = "", *, way: Way = "update", refusal: RefusalCode | None = None
) -> Step:
    """A step whose command carries dates."""
    return Step(stage, build, day(on) if on else None, way, refusal)


def submits(on: str) -> Step:
    """The applicant submits."""
    return act(Stage.DRAFT, Cast.submit, on)


def recommends(on: str = "") -> Step:
    """The employer recommends."""
    return act(Stage.EMPLOYER_REVIEW, Cast.recommend, on)


def posts(on: str = "", working_days: int | None = None) -> Step:
    """The employer posts the notice, for the plan's five working days or longer."""
    return act(Stage.RECOMMENDED, lambda c: c.start_publicity(working_days=working_days), on)


def files(on: str = "") -> Step:
    """The employer files the image of the notice."""
    return act(Stage.PUBLICITY_ENDED, Cast.file_evidence, on)


def hands_on(on: str = "") -> Step:
    """The department submits to the office."""
    return act(Stage.DEPARTMENT_REVIEW, Cast.department_submit, on)


def accepts(on: str = "") -> Step:
    """The office accepts."""
    return act(Stage.OFFICE_REVIEW, Cast.accept, on)


def first_leg(submitted: str, posted: str = "", handed_on: str = "") -> tuple[Step, ...]:
    """From the draft to the office."""
    return (submits(submitted), recommends(), posts(posted), files(), hands_on(handed_on))


def scheduled(on: str, meeting_on: str, meeting_ref: str = "meeting-1") -> Step:
    """The office puts it on the agenda; seven days before, the experts were drawn."""

    def build(cast: Cast, now: datetime) -> Json:
        meets = max(day(meeting_on), local_day(now))
        drawn = min(local_day(now), meets - DRAW_LEAD)
        return cast.schedule(meets, drawn, meeting_ref=meeting_ref)

    return dated(Stage.REVIEW_READY, build, on)


def voted(on: str, yes: int = 8, refusal: RefusalCode | None = None) -> Step:
    """Nine of eleven experts vote."""
    return act(Stage.EXPERT_REVIEW, lambda c: c.vote(yes), on, refusal=refusal)


def meets(
    scheduled_on: str, meeting_on: str, yes: int = 8, meeting_ref: str = "meeting-1"
) -> tuple[Step, ...]:
    """A meeting, from the agenda to the vote."""
    return scheduled(scheduled_on, meeting_on, meeting_ref), voted(meeting_on, yes)


def published(on: str) -> Step:
    """The list is posted in both places, half an hour before it is recorded."""
    return dated(Stage.PASSED, lambda c, now: c.publish((now - timedelta(minutes=30)).isoformat()), on)


def confirmed(on: str = "") -> Step:
    """The city title office confirms."""
    return act(Stage.CONFIRM_PENDING, Cast.confirm, on)


def archived(on: str = "") -> Step:
    """The archive keeper acknowledges."""
    return act(Stage.CERTIFIED, Cast.archive, on)


def result(published_on: str, confirmed_on: str = "", archived_on: str = "") -> tuple[Step, ...]:
    """From the list to the archive."""
    return published(published_on), confirmed(confirmed_on), archived(archived_on)


def examined(outcome: str, on: str) -> Step:
    """The office records the examination of that day."""
    return dated(Stage.EXAM_PENDING, lambda c, now: c.exam(outcome, local_day(now)), on)


def repaired(stage: Stage, item: str, on: str = "") -> Step:
    """The applicant answers the one item of the list."""
    return act(stage, lambda c: c.resubmit(item), on)


def sealed(stage: Stage, role: str) -> Step:
    """Employer or department confirms the correction."""
    return act(stage, lambda c: c.resubmit(role=role))


def objects(stage: Stage, on: str = "") -> Step:
    """Somebody objects to the running publicity."""
    return act(stage, Cast.objects, on)


def rules(stage: Stage, objection: str, finding: str, role: str, on: str = "") -> Step:
    """The finding on an objection."""
    return act(stage, lambda c: c.rule(objection, finding, role), on)
