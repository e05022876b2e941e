"""How a workflow writes to the database: quickly inside the workflow task, else as an ordinary activity."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError
from temporalio.exceptions import TimeoutError as ActivityTimeout
from temporalio.workflow import ActivityConfig, LocalActivityConfig

QUICKLY: LocalActivityConfig = {
    "start_to_close_timeout": timedelta(seconds=5),
    "schedule_to_close_timeout": timedelta(seconds=7),
    "retry_policy": RetryPolicy(maximum_attempts=2, initial_interval=timedelta(milliseconds=100)),
}
"""A database write takes milliseconds: tried inside the workflow task first."""

NOT_QUICKLY = (ActivityError, ActivityTimeout, ApplicationError)
"""What a local activity raises that was not done. Timed out: in the run `ActivityError`, in a replay the bare
time-out. Failed twice within its time, as where the database refuses: the bare failure. Whoever leaves out
the second is wedged as soon as its worker has forgotten it; whoever leaves out the third fails for good.
"""

PATIENTLY: ActivityConfig = {
    "start_to_close_timeout": timedelta(seconds=20),
    "retry_policy": RetryPolicy(
        initial_interval=timedelta(seconds=1), backoff_coefficient=2.0, maximum_interval=timedelta(minutes=1)
    ),
}
"""When the database is away: a visible, ordinary activity that is retried for ever."""


async def ask_database(
    activity: str,
    argument: Any,
    answer: type | None = None,
    *,
    quickly: bool = True,
    otherwise: ActivityConfig = PATIENTLY,
    summary: str | None = None,
) -> Any:
    """One database transaction; its answer, read as the type `answer`.

    `summary` stands beside the activity in Temporal's UI. `quickly` false: not tried inside the workflow
    task. Raises `ActivityError` only if `otherwise` gives up.
    """
    if quickly:
        at_once: LocalActivityConfig = {**QUICKLY, "summary": summary}
        try:
            return await workflow.execute_local_activity(activity, argument, result_type=answer, **at_once)
        except NOT_QUICKLY:
            pass
    at_length: ActivityConfig = {**otherwise, "summary": summary}
    return await workflow.execute_activity(activity, argument, result_type=answer, **at_length)


async def tell(
    activity: str,
    batch: Any,
    proven: Any,
    answer: type,
    *,
    quickly: bool = True,
    summary: str | None = None,
) -> Any:
    """Writes what the workflow decided; gives the answer, of the type `answer`, which says `late`.

    What is called late is told again, as `proven`, by an ordinary activity: that comes to be only if the
    server takes this task, and then what it decided is true, whoever else has written (decision 2). What is
    not told `quickly` is proven from the first.
    """
    if quickly:
        done = await ask_database(activity, batch, answer, summary=summary)
        if done is None or not done.late:  # none: a release whose activity gave no answer
            return done
    return await ask_database(activity, proven, answer, quickly=False, summary=summary)
