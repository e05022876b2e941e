"""A batch in small: server, workers and sender are killed in the middle, and the report adds up."""

from __future__ import annotations

from pathlib import Path

from tests.scenarios.batch_kill import ONE_IN, batch_kill


async def test_a_batch_survives_the_end_of_every_process(tmp_path: Path) -> None:
    number = 100
    report = await batch_kill(number, seed=7, kills=1, folder=tmp_path, workers=1)
    print(report.words())
    assert report.wrong == []
    assert report.preview == {"accepted": number}
    changed = number // ONE_IN
    assert report.reasons == {"accepted": number - 2 * changed, "closed": changed, "stale_revision": changed}
    assert report.effects == report.rows == {0: 2 * changed, 1: number - 2 * changed}
    assert 0 < report.killed_at[0] < number
