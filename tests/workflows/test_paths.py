"""Every named path runs and replays; `--record` writes its history for the replay gate."""

from __future__ import annotations

import re

import pytest

from models.audit import verify
from tests.codec import replayer, unsealed
from tests.histories import FOLDER
from tests.workflows.cycle import Cycle
from tests.workflows.paths import CAST, PATHS

ENDS = {
    "main_line": "archived",
    "employer_return": "recommended",
    "employer_decline": "employer_declined",
    "objection_dismissed": "department_review",
    "objection_upheld": "employer_declined",
    "department_formal": "office_review",
    "department_substantive": "department_review",
    "office_corrected": "review_ready",
    "office_abandoned": "deemed_abandoned",
    "lapsed": "lapsed",
    "late_admission": "office_review",
    "exam_passed": "review_ready",
    "exam_failed": "exam_failed",
    "recheck": "passed",
    "not_passed": "closed",
    "result_objection": "certified",
    "result_refuted": "result_cancelled",
    "withdrawn": "withdrawn",
    "held": "recommended",
    "revoked": "revoked",
    "by_signals": "department_review",
    "before_the_opening": "employer_review",
    "post_freed": "withdrawn",
    "wrong_person": "review_ready",
}


@pytest.mark.parametrize("name", PATHS)
async def test_a_path_ends_where_it_should_and_replays(
    cycle: Cycle, name: str, request: pytest.FixtureRequest
) -> None:
    life = await cycle.start(**CAST.get(name, {}))
    await PATHS[name](life)
    assert (await life.state()).stage == ENDS[name]
    assert verify(await life.history()) == []
    history = await life.handle.fetch_history()
    await replayer().replay_workflow(history)
    if request.config.getoption("--record"):
        text = re.sub(r"\d+@[^\"/]+", "recorder", unsealed(history).to_json())
        (FOLDER / f"{name}.json").write_text(text + "\n", encoding="utf-8")
