"""The demo, once and in full, while worker and server are killed: every story still ends as it must."""

from __future__ import annotations

from pathlib import Path

from tests.scenarios.kill_demo import KILLS, run
from workers.rehearsal.stories import STORIES

SEED = 2023


def test_every_story_ends_as_expected_though_worker_and_server_are_killed(tmp_path: Path) -> None:
    done = run(SEED, tmp_path)
    print(*done.killed, done.output, sep="\n")
    assert done.status == 0
    assert done.output.splitlines()[-1] == f"stories: {len(STORIES)} of {len(STORIES)} as expected"
    hit = [line for line in done.killed if "not there" not in line]
    assert sum("server" in line for line in hit) >= 2
    assert len(hit) >= len(KILLS) - 2
    assert not [pid for pid in ("server.pid", "worker.pid") if (tmp_path / pid).exists()]
