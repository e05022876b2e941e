"""The walk through the board in Chromium, on a small simulated cycle."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.board.walk import PAGES, Seen, standing, walk
from tests.browser.test_bpmn_js import CHROMIUM


async def test_an_operator_finds_who_will_miss_a_deadline_and_acts_on_it(tmp_path: Path) -> None:
    """In both languages, light and dark; axe and the browser have nothing to say against any page."""
    if not CHROMIUM.exists():
        pytest.fail(f"{CHROMIUM} is missing: run make browser")
    seen = Seen()
    async with standing(20, tmp_path) as at:
        await walk(at, seen)
    assert seen.faults == []
    assert seen.complaints == []
    assert set(PAGES) < set(seen.times)
    assert any(line.startswith("will miss 6 November") for line in seen.told)
    assert any(line.startswith("on hold, seen without loading") for line in seen.told)
