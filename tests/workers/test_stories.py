"""The table of stories: complete, named once, made of events that exist."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from models.lifecycle import BY_EVENT
from models.stages import STAGES
from workers.processes import command_line
from workers.rehearsal.stories import STORIES, choose
from workers.rehearsal.story import Story, day, missing_in_order

REQUIRED = {
    "main-line",
    "national-day",
    "employer-return",
    "department-formal",
    "department-substantive",
    "office-return",
    "office-abandoned",
    "not-submitted",
    "department-late",
    "office-late",
    "exam-passed",
    "exam-failed",
    "employer-objection-upheld",
    "employer-objection-dismissed",
    "result-objection-upheld",
    "result-objection-dismissed",
    "two-thirds",
    "recheck-founded",
    "recheck-upheld",
    "withdrawal",
    "revoked",
    "hold-release",
    "signals-only",
    "employer-declines",
    "quota-freed",
}
OF_THE_CLOCK = {"escalated", "reminded", "refused"}
"""Facts that are no transition."""


def test_every_story_that_must_be_told_is_there_once() -> None:
    names = [story.name for story in STORIES]
    assert len(names) == len(set(names)) >= 12
    assert set(names) >= REQUIRED


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_a_story_is_made_of_what_exists(story: Story) -> None:
    assert story.zh
    assert story.en
    events = {*story.must, *story.tells, *story.never}
    assert events - set(BY_EVENT) <= OF_THE_CLOCK
    assert not set(story.must) & story.never
    assert story.closed or not STAGES[story.ends].final
    days = [step.not_before for step in story.steps if step.not_before is not None]
    assert days == sorted(days), "the steps are in the order of their days"


def test_events_are_looked_for_in_their_order() -> None:
    assert missing_in_order(("a", "b"), ("a", "x", "b")) is None
    assert missing_in_order(("b", "a"), ("a", "x", "b")) == "a"
    assert missing_in_order(("a", "a"), ("a",)) == "a"


def test_days_belong_to_the_cycle() -> None:
    assert str(day("09-18")) == "2023-09-18"
    assert str(day("02-05")) == "2024-02-05"


def test_an_unknown_story_is_named() -> None:
    with pytest.raises(ValueError, match="no-such-story"):
        choose(["no-such-story"])


def test_an_interrupted_demo_leaves_no_process_behind(tmp_path: Path) -> None:
    options = ("--no-ui", "--data-dir", str(tmp_path), "--story", "main-line")
    demo = subprocess.Popen(
        [sys.executable, "-m", "workers.rehearsal.demo", *options],
        stdout=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 60
    while not (tmp_path / "worker.ready").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    pids = {name: int((tmp_path / f"{name}.pid").read_text()) for name in ("server", "worker")}
    assert "start-dev" in command_line(pids["server"])
    demo.send_signal(2)
    output, _ = demo.communicate(timeout=30)
    assert demo.returncode == 130
    assert "interrupted" in output
    assert not any(command_line(pid) for pid in pids.values())
