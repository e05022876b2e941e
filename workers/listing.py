"""Many applications at once, by their search attributes: what Temporal's visibility store knows.

It lags a moment behind; the application itself (`ReviewClient.state`) is the truth.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from temporalio.client import Client, WorkflowExecution

from models.wire import Instant, Wire, start_of
from workers.client_start import WORKFLOW_TYPE
from workflows import search_attributes as sa

_SAFE = re.compile(r"[A-Za-z0-9._:@-]{1,80}")


class Listed(Wire):
    """One application as the list knows it."""

    application_ref: str
    plan_id: str
    stage: str | None
    status: str | None
    action_by: str | None
    employer: str | None
    department: str | None
    due_at: Instant | None
    returns: int
    workflow_id: str


def query_for(
    *,
    plan: str | None = None,
    stage: str | None = None,
    status: str | None = None,
    action_by: str | None = None,
    unit: str | None = None,
    due_before: date | None = None,
) -> str:
    """The visibility query; `unit` is an employer or a department, `due_before` a day in Asia/Shanghai.

    Raises `ValueError` for a value that cannot be a code.
    """
    parts = [f"WorkflowType = '{WORKFLOW_TYPE}'"]
    for key, value in (
        (sa.TITLE_PLAN, plan),
        (sa.TITLE_STAGE, stage),
        (sa.TITLE_STATUS, status),
        (sa.TITLE_ACTION_BY, action_by),
    ):
        if value is not None:
            parts.append(f"{key.name} = '{_code(value)}'")
    if unit is not None:
        code = _code(unit)
        parts.append(f"({sa.TITLE_EMPLOYER.name} = '{code}' OR {sa.TITLE_DEPARTMENT.name} = '{code}')")
    if due_before is not None:
        parts.append(f"{sa.TITLE_DUE_AT.name} < '{start_of(due_before).isoformat()}'")
    return " AND ".join(parts)


def _code(value: str) -> str:
    if not _SAFE.fullmatch(value):
        raise ValueError(f"{value!r} is not a code: use letters, digits and . _ : @ - only")
    return value


async def list_applications(client: Client, query: str, limit: int) -> list[Listed]:
    """The applications that `query` finds, at most `limit`, soonest deadline first. Raises `RPCError`."""
    found = [_listed(run) async for run in client.list_workflows(query, limit=limit)]
    return sorted(found, key=lambda one: (one.due_at is None, one.due_at or 0, one.workflow_id))


def _listed(run: WorkflowExecution) -> Listed:
    has: Any = run.typed_search_attributes
    _, plan, reference = [*run.id.split("/", 2), "", ""][:3]
    return Listed(
        application_ref=reference,
        plan_id=has.get(sa.TITLE_PLAN) or plan,
        stage=has.get(sa.TITLE_STAGE),
        status=has.get(sa.TITLE_STATUS),
        action_by=has.get(sa.TITLE_ACTION_BY),
        employer=has.get(sa.TITLE_EMPLOYER),
        department=has.get(sa.TITLE_DEPARTMENT),
        due_at=has.get(sa.TITLE_DUE_AT),
        returns=has.get(sa.TITLE_RETURNS) or 0,
        workflow_id=run.id,
    )
