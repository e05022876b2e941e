"""A worker process for the tests: one workflow with one slow activity that leaves a mark when it ends.

Run as `python -m tests.workers.slow_worker READY_FILE MARK_FILE`, settings from the environment.
"""

from __future__ import annotations

import asyncio
import sys
from datetime import timedelta
from pathlib import Path

from temporalio import activity, workflow
from temporalio.common import RetryPolicy

with workflow.unsafe.imports_passed_through():  # the sandbox is for the workflow, not for its process
    from workers.exit import finish
    from workers.settings import Settings
    from workers.telemetry import configure_logging
    from workers.worker import run_worker


@activity.defn
async def slow(mark: str) -> str:
    """Says that it began, works for a second, says that it ended."""
    _append(mark, "began\n")
    await asyncio.sleep(1.0)
    _append(mark, "ended\n")
    return "done"


@workflow.defn
class Slow:
    @workflow.run
    async def run(self, mark: str) -> str:
        return await workflow.execute_activity(
            slow,
            mark,
            start_to_close_timeout=timedelta(seconds=30),
            retry_policy=RetryPolicy(maximum_attempts=1),
        )


def _append(mark: str, text: str) -> None:
    with Path(mark).open("a") as file:
        file.write(text)


def main() -> None:
    settings = Settings.load()
    configure_logging(settings)
    status = asyncio.run(
        run_worker(settings, workflows=[Slow], activities=[slow], ready_file=Path(sys.argv[1]))
    )
    print("drained")
    finish(status)


if __name__ == "__main__":
    from tests.workers import slow_worker  # a workflow must not live in __main__

    slow_worker.main()
