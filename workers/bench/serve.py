"""`python -m workers.bench.serve READY_FILE`: the worker of a measurement, one process of its own.

It is the worker of production (`zhicheng worker`: its settings, its logs, its drain) that serves the floor's
workflow beside the real ones.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from activities.database import Database
from workers.bench.floor import FloorWorkflow, RungWorkflow, do_nothing
from workers.exit import finish
from workers.observe.page import observed
from workers.registry import WORKFLOWS, make_activities
from workers.settings import Settings
from workers.telemetry import configure_logging
from workers.worker import run_worker


async def _serve(settings: Settings, ready_file: Path) -> int:
    database = Database(settings.database_url.get_secret_value())
    try:
        with observed(settings, "worker"):
            return await run_worker(
                settings,
                workflows=[*WORKFLOWS, FloorWorkflow, RungWorkflow],
                activities=[
                    *make_activities(database, rehearsal=settings.rehearsal, papers=settings.papers()),
                    do_nothing,
                ],
                ready_file=ready_file,
            )
    finally:
        await database.close()


def main() -> None:
    """Serves until SIGTERM."""
    settings = Settings.load()
    configure_logging(settings)
    finish(asyncio.run(_serve(settings, Path(sys.argv[1]))))


if __name__ == "__main__":
    main()
