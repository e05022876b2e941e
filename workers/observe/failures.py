"""Notes each activity that fails and is tried again, so that somebody who watches finds it.

Only ordinary activities: a local one that fails is done again as an ordinary one. The note never gets in the
way: where the database is away, the log has it and the alert rings.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import structlog
from sqlalchemy.exc import SQLAlchemyError
from temporalio import activity, worker
from temporalio.exceptions import ApplicationError

from activities.database import Database
from activities.failing import forget_failure, note_failure

NO_ANSWER = "no_answer"
"""The cause where an attempt ended without a word: it took too long, or its worker is gone."""

WITHOUT_A_WORD = 3
"""The attempt from which on those before it count as failed, even if nobody said why."""

PLANS = ("application", "cycle", "meeting")
"""Workflows whose id goes on with the plan's."""

_log = structlog.stdlib.get_logger("failures")


class FailureBook(worker.Interceptor):
    """An interceptor of a worker that keeps the book in its database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def intercept_activity(
        self, next: worker.ActivityInboundInterceptor
    ) -> worker.ActivityInboundInterceptor:
        """Looks at what becomes of each attempt."""
        return _Attempt(next, self._database)


class _Attempt(worker.ActivityInboundInterceptor):
    def __init__(self, next: worker.ActivityInboundInterceptor, database: Database) -> None:
        super().__init__(next)
        self._database = database

    async def execute_activity(self, input: worker.ExecuteActivityInput) -> Any:
        info = activity.info()
        if info.is_local:
            return await super().execute_activity(input)
        if info.attempt >= WITHOUT_A_WORD:
            await self._note(info, NO_ANSWER, info.attempt - 1, only_new=True)
        try:
            answer = await super().execute_activity(input)
        except Exception as error:
            await self._note(info, cause_of(error), info.attempt)
            raise
        if info.attempt > 1:
            await self._forget(info)
        return answer

    async def _note(self, info: activity.Info, cause: str, attempt: int, only_new: bool = False) -> None:
        try:
            await note_failure(
                self._database,
                workflow_id=info.workflow_id or "",
                activity_id=info.activity_id,
                plan_id=plan_of(info.workflow_id or ""),
                activity=info.activity_type,
                cause=cause,
                attempt=attempt,
                at=datetime.now(UTC),
                only_new=only_new,
            )
        except (SQLAlchemyError, OSError) as away:
            _log.warning("a failure could not be noted", cause=cause, reason=type(away).__name__)

    async def _forget(self, info: activity.Info) -> None:
        try:
            await forget_failure(self._database, info.workflow_id or "", info.activity_id)
        except (SQLAlchemyError, OSError) as away:
            _log.warning("a failure could not be forgotten", reason=type(away).__name__)


def cause_of(error: BaseException) -> str:
    """The kind of an error; its words may hold what is personal, and stay in the log of the worker."""
    named = error.type if isinstance(error, ApplicationError) else None
    return named or type(error).__name__


def plan_of(workflow_id: str) -> str | None:
    """The plan that a workflow belongs to, where its id says so."""
    kind, _, rest = workflow_id.partition("/")
    return rest.partition("/")[0][:80] or None if kind in PLANS else None
