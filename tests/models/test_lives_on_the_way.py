"""Applications on their way to the meeting: returns, holds and kept messages that had gone wrong."""

from __future__ import annotations

from models.deadlines import DeadlineName as N
from models.stages import Stage
from tests.models.life import Life, submitted


def test_whoever_is_refused_on_a_reported_status_is_told_of_no_new_date() -> None:
    """The time of a hold is given back to who goes on (decision 5), not to who has just been refused."""
    life = submitted(Life())
    life.do(life.cast.hold("status_retired", role="employer"), "2023-09-21 09:00")
    life.do(life.cast.release("reject"), "2023-09-25 09:00")
    life.assert_stage(Stage.OFFICE_REJECTED)
    assert life.state.revisions == []
    assert life.last_day(N.DEPARTMENT_SUBMISSION) == "2023-11-06"
