"""The walk through the board in Chromium, on a small simulated cycle."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.board.walk import PAGES, Seen, standing, walk
from tests.browser.test_bpmn_js import CHROMIUM


async def test_an_operator_finds_who_will_miss_a_deadline_and_acts_on_it(tmp_path: Path) -> None:
    """Half of the pages in Chinese in the light, half in English in the dark; axe has nothing to say."""
    if not CHROMIUM.exists():
        pytest.fail(f"{CHROMIUM} is missing: run make browser")
    seen = Seen()
    async with standing(20, tmp_path) as at:
        await walk(at, seen, short=True)
    assert seen.faults == []
    assert seen.complaints == []
    every = {*PAGES, "application", "meeting"}
    assert {"sign-in", "batch", *every} == {one.partition("/")[0] for one in seen.looked}
    assert {one.partition("/")[2] for one in seen.looked} == {"zh/light", "en/dark"}
    assert any(line.startswith("will miss 6 November") for line in seen.told)
    assert "returned, seen without loading: 2" in seen.told
