"""The storm in small: every command is accepted once or refused with a reason, whatever is killed."""

from __future__ import annotations

from pathlib import Path

from tests.scenarios.storm import storm


async def test_nothing_is_lost_and_nothing_is_doubled(tmp_path: Path) -> None:
    told = await storm(commands=120, clients=40, seed=2023, kills=3, folder=tmp_path)
    print(told.words())
    assert (told.lost, told.doubled, told.unexplained) == ([], [], [])
    assert len(told.accepted) == 120
    assert len(told.refused) == told.outdated > 0
    assert told.twice > 0
    assert told.late > 0
    assert len(told.kills) == 3
    assert told.retries > 0
