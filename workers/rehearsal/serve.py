"""The worker of a rehearsal, a process of its own: `python -m workers.rehearsal.serve READY_FILE`.

Everything comes from the environment (`ZHICHENG_*`), as for any worker. It ends with the process that
started it, however that one ended.
"""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import suppress
from pathlib import Path

from activities.database import Database
from workers.exit import finish
from workers.registry import WORKFLOWS, make_activities
from workers.settings import Settings
from workers.telemetry import configure_logging
from workers.worker import run_worker, stop_on_signal


async def serve(settings: Settings, ready_file: Path | None) -> int:
    """Serve until SIGTERM, SIGINT, or the end of the parent; the exit status."""
    database = Database(settings.database_url.get_secret_value())
    try:
        async with stop_on_signal() as stop:
            orphaned = asyncio.create_task(_stop_with_parent(os.getppid(), stop))
            try:
                return await run_worker(
                    settings,
                    workflows=WORKFLOWS,
                    database=database,
                    activities=make_activities(
                        database,
                        rehearsal=settings.rehearsal,
                        calendar_dir=settings.calendar_dir,
                        papers=settings.papers(),
                    ),
                    ready_file=ready_file,
                    stop=stop,
                )
            finally:
                orphaned.cancel()
                with suppress(asyncio.CancelledError):
                    await orphaned
    finally:
        await database.close()


async def _stop_with_parent(parent: int, stop: asyncio.Event) -> None:
    while os.getppid() == parent:  # noqa: ASYNC110 - a process has no event for that
        await asyncio.sleep(0.5)
    stop.set()


def main() -> None:
    """The entry of the process."""
    settings = Settings.load()
    configure_logging(settings)
    finish(asyncio.run(serve(settings, Path(sys.argv[1]) if sys.argv[1:] else None)))


if __name__ == "__main__":
    main()
