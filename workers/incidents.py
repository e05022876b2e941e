"""What is stuck on the server, the same cause together, and how it is tried again.

Workflow tasks that fail again and again are found by the server's own search attribute (set after five
failures in a row, about a minute). Activities that fail are those that their workers have noted
(`activities.failing`), each confirmed by a look at its workflow. An error's words are never shown: its kind.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, TypeVar

import structlog
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import PendingActivityState
from temporalio.api.workflow.v1 import PendingActivityInfo
from temporalio.api.workflowservice.v1 import ResetActivityRequest, UnpauseActivityRequest
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from activities.database import Database
from activities.failing import failing_since, forget_failure
from activities.incidents import (
    RETRIED,
    Incident,
    incident,
    incidents,
    latest_first,
    send_notices_again,
)
from activities.webhooks import Webhooks
from models.refusal import RefusalCode, refuse
from models.tables import ActivityFailure

REPORTED = "TemporalReportedProblems"
_CAUSE = "cause=WorkflowTaskFailedCause"
AT_ONCE, MOST = 16, 200
"""Workflows asked side by side, and at most."""

T = TypeVar("T")
_RPC = timedelta(seconds=2)
_log = structlog.stdlib.get_logger("incidents")


class OfServer(NamedTuple):
    """What the server says. `asked` false: it did not answer, or is too old to know; then part is missing."""

    found: list[Incident]
    asked: bool


async def every_incident(
    client: Client, database: Database, plan_id: str, since: datetime, now: datetime | None
) -> OfServer:
    """Those of the database since then, and those of the server, the latest first. `now`: business time."""
    of_server = await incidents_of_server(client, database, plan_id)
    async with database.reading() as session:
        found = await incidents(session, plan_id, since, now=now)
    return OfServer(latest_first([*found, *of_server.found]), of_server.asked)


async def retry_incident(
    client: Client, database: Database, plan_id: str, kind: str, of: str, cause: str
) -> int:
    """What failed of this kind for this cause is tried again; how many. Asking twice does no harm.

    Raises `Refused` for a kind that is not tried again like this, `RPCError` when the server is away.
    """
    if not (of + cause).isprintable():  # no incident is named like that, and not every database takes it
        return 0
    match kind:
        case "activity":
            return await try_activities_again(client, database, plan_id, of, cause)
        case "notice":
            async with database.transaction() as session:
                return await send_notices_again(session, plan_id, cause, datetime.now(UTC))
        case "webhook":
            webhooks = Webhooks(database)
            row = await webhooks.get(of)
            return await webhooks.retry(of) if row is not None and row.plan_id == plan_id else 0
        case _:
            raise refuse(
                RefusalCode.GUARD,
                zh=f"此类事件（{kind[:40]}）不能在此重试。",
                en=f"Incidents of this kind ({kind[:40]}) are not tried again like this.",
                fix_zh=f"可重试：{'、'.join(sorted(RETRIED))}；其他请按运行手册办理。",
                fix_en=f"These are: {', '.join(sorted(RETRIED))}; the runbook says what to do about others.",
                field="kind",
            )


async def incidents_of_server(client: Client, database: Database, plan_id: str) -> OfServer:
    """Wedged workflow tasks and failing activities of a plan."""
    (wedged, know), (failing, answers) = await asyncio.gather(
        _wedged(client, plan_id), _failing(client, database, plan_id)
    )
    return OfServer([*wedged, *failing], know and answers)


async def _wedged(client: Client, plan_id: str) -> tuple[list[Incident], bool]:
    query = f"ExecutionStatus = 'Running' AND TitlePlan = '{plan_id}' AND {REPORTED} IS NOT NULL"
    groups: dict[tuple[str, str], list[str]] = defaultdict(list)
    try:
        async for run in client.list_workflows(query, limit=MOST, rpc_timeout=_RPC):
            groups[run.workflow_type, _cause(run.search_attributes.get(REPORTED, ()))].append(run.id)
        found = [
            incident("workflow_task", of, cause, len(ids), *await _since_when(client, ids), ids[0])
            for (of, cause), ids in groups.items()
        ]
    except RPCError as error:
        _log.warning("the server is not asked for wedged tasks", reason=error.status.name)
        return [], False
    return found, True


def _cause(told: Iterable[object]) -> str:
    causes = [str(one).removeprefix(_CAUSE) for one in told if str(one).startswith(_CAUSE)]
    return causes[0] if causes else "no_reason"


async def _since_when(client: Client, ids: Sequence[str]) -> tuple[datetime, datetime]:
    """Of one of them: when the task was first given out, and when it was last."""
    described = await client.get_workflow_handle(ids[0]).describe(rpc_timeout=_RPC)
    task = described.raw_description.pending_workflow_task
    first = task.original_scheduled_time.ToDatetime(UTC)
    return first, max(first, task.scheduled_time.ToDatetime(UTC))


async def _failing(client: Client, database: Database, plan_id: str) -> tuple[list[Incident], bool]:
    async with database.reading() as session:
        noted = await failing_since(session, plan_id, limit=MOST)
    try:
        pending = await _side_by_side([_pending(client, row) for row in noted])
    except RPCError as error:
        _log.warning("the server does not say what is pending", reason=error.status.name)
        return _grouped(noted), False
    gone = [row for row, now in zip(noted, pending, strict=True) if now is None]
    for row in gone:  # it succeeded where nobody could note it, or its workflow was ended
        await forget_failure(database, row.workflow_id, row.activity_id)
    return _grouped(row for row, now in zip(noted, pending, strict=True) if now is not None), True


def _grouped(rows: Iterable[ActivityFailure]) -> list[Incident]:
    groups: dict[tuple[str, str], list[ActivityFailure]] = defaultdict(list)
    for row in rows:
        groups[row.activity, row.cause].append(row)
    return [
        incident(
            "activity",
            of,
            cause,
            len(alike),
            min(row.first_at for row in alike),
            max(row.last_at for row in alike),
            alike[0].workflow_id,
        )
        for (of, cause), alike in groups.items()
    ]


async def _pending(client: Client, row: ActivityFailure) -> PendingActivityInfo | None:
    """The activity as the server has it; None when it is not waited for any more."""
    try:
        described = await client.get_workflow_handle(row.workflow_id).describe(rpc_timeout=_RPC)
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return None
        raise
    if described.status is not WorkflowExecutionStatus.RUNNING:  # the server still tells what was pending
        return None
    pending = described.raw_description.pending_activities
    return next((one for one in pending if one.activity_id == row.activity_id), None)


async def try_activities_again(
    client: Client, database: Database, plan_id: str, activity: str, cause: str
) -> int:
    """Every activity of this kind that fails for this cause is tried at once; how many.

    One that somebody has paused goes on. Asking twice does no harm: an activity that runs is not disturbed.
    Raises `RPCError` when the server does not answer.
    """
    async with database.reading() as session:
        noted = await failing_since(session, plan_id, activity=activity, cause=cause, limit=MOST)
    return sum(await _side_by_side([_try_again(client, row) for row in noted]))


async def _try_again(client: Client, row: ActivityFailure) -> bool:
    pending = await _pending(client, row)
    if pending is None or pending.state == PendingActivityState.PENDING_ACTIVITY_STATE_STARTED:
        return False
    about: dict[str, Any] = {
        "namespace": client.namespace,
        "execution": WorkflowExecution(workflow_id=row.workflow_id),
        "identity": client.identity,
        "id": row.activity_id,
    }
    if pending.paused:
        unpause = UnpauseActivityRequest(**about, reset_attempts=True)
        await client.workflow_service.unpause_activity(unpause, timeout=_RPC)
    else:
        await client.workflow_service.reset_activity(ResetActivityRequest(**about), timeout=_RPC)
    return True


async def _side_by_side(asked: Sequence[Awaitable[T]]) -> list[T]:
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(waiting: Awaitable[T]) -> T:
        async with gate:
            return await waiting

    return list(await asyncio.gather(*map(one, asked)))


def example_of(one: Incident) -> str | None:
    """The application of an incident's example, where it is one."""
    if one.kind in ("activity", "workflow_task"):
        kind, _, rest = one.example.partition("/")
        return rest.partition("/")[2] if kind == "application" else None
    return one.example if one.kind in ("batch", "order", "notice", "paper", "deadline") else None
