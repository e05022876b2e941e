"""The doctor asks Temporal: is the workflow there, does it say what the database says, can it be found."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from temporalio.client import Client, WorkflowExecutionDescription, WorkflowExecutionStatus
from temporalio.common import SearchAttributeKey
from temporalio.service import RPCError, RPCStatusCode

from activities.database import Database
from activities.doctor.cases import Case
from models.doctor import Symptom, Trouble, trouble
from models.tables import Application
from models.views import StateView
from workers.client import ReviewClient
from workers.search_attributes import check_search_attributes
from workflows import search_attributes as sa

AT_ONCE = 16
"""Applications that are asked side by side."""

LOOKS_AGAIN = (0.5, 2.0)
"""Seconds after which a difference is looked at again: an activity may have been on its way."""

_RPC = timedelta(seconds=15)


class WorkflowDoctor:
    """Compares applications with their workflows. Raises `ClientError` when nobody answers."""

    def __init__(self, client: Client, database: Database, task_queue: str, patience: float = 30.0) -> None:
        self._client, self._database = client, database
        self._door = ReviewClient(client, task_queue, patience=patience)

    async def server(self) -> list[Trouble]:
        """The search attributes of the namespace are those of the contract."""
        report = await check_search_attributes(self._client)
        found = [
            trouble(Symptom.ATTRIBUTES_DRIFT, name, f"服务器缺少检索属性 {name}", f"the server lacks {name}")
            for name in report.missing
        ]
        for name, kind in report.wrong_type.items():
            zh, en = f"检索属性 {name} 类型为 {kind}", f"on the server {name} is of the type {kind}"
            found.append(trouble(Symptom.ATTRIBUTES_DRIFT, name, zh, en))
        return found

    async def ask(self, cases: Sequence[Case]) -> list[Trouble]:
        """What is wrong between these applications and their workflows."""
        gate = asyncio.Semaphore(AT_ONCE)

        async def one(case: Case) -> list[Trouble]:
            async with gate:
                return await self._one(case)

        return [found for every in await asyncio.gather(*map(one, cases)) for found in every]

    async def _one(self, case: Case) -> list[Trouble]:
        described = await self._describe(case)
        missing = _missing(case, described)
        if missing is not None:
            return [missing]
        if described is None or described.status is not WorkflowExecutionStatus.RUNNING:
            return []
        found = await self._compare(case.name, case.row)
        for seconds in LOOKS_AGAIN:
            if not found:
                return []
            await asyncio.sleep(seconds)
            found = await self._compare(case.name, await self._row(case.row))
        return found

    async def _compare(self, name: str, row: Application) -> list[Trouble]:
        state = await self._door.state(name)
        described = await self._client.get_workflow_handle(row.workflow_id).describe(rpc_timeout=_RPC)
        return [*_differences(name, row, state), *_drift(name, row, state, described)]

    async def _row(self, row: Application) -> Application:
        async with self._database.reading() as session:
            return await session.get_one(Application, (row.plan_id, row.application_ref))

    async def _describe(self, case: Case) -> WorkflowExecutionDescription | None:
        handle = self._client.get_workflow_handle(case.row.workflow_id)
        try:
            return await handle.describe(rpc_timeout=_RPC)
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return None
            raise


def _missing(case: Case, described: WorkflowExecutionDescription | None) -> Trouble | None:
    """A workflow that has completed may be forgotten by the server; one that is to go on must run."""
    status = described.status if described is not None else None
    if status is WorkflowExecutionStatus.RUNNING:
        return None
    if case.ended and status in (None, WorkflowExecutionStatus.COMPLETED):
        return None
    said = status.name.lower() if status is not None else "not on the server"
    zh, en = (
        f"数据库中为 {case.row.stage}，工作流：{said}",
        f"it stands in {case.row.stage}; its workflow is {said}",
    )
    return trouble(Symptom.WORKFLOW_MISSING, case.name, zh, en)


def _differences(name: str, row: Application, state: StateView) -> list[Trouble]:
    pairs = {
        "stage": (row.stage, state.stage),
        "status": (row.status, state.status),
        "revision": (row.revision, state.revision),
        "seq": (row.seq, state.seq),
        "chain": (row.chain, state.chain),
    }
    return [
        trouble(
            Symptom.WORKFLOW_DIFFERS,
            name,
            f"{field}：数据库 {ours}，工作流 {theirs}",
            f"{field}: the database has {ours}, the workflow {theirs}",
        )
        for field, (ours, theirs) in pairs.items()
        if ours != theirs
    ]


def _drift(
    name: str, row: Application, state: StateView, described: WorkflowExecutionDescription
) -> list[Trouble]:
    shown = described.typed_search_attributes
    wanted: dict[SearchAttributeKey[Any], Any] = {
        sa.TITLE_PLAN: row.plan_id,
        sa.TITLE_STAGE: state.stage,
        sa.TITLE_STATUS: state.status,
        sa.TITLE_ACTION_BY: state.action_by,
        sa.TITLE_EMPLOYER: row.employer,
        sa.TITLE_DEPARTMENT: row.department,
        sa.TITLE_SPECIALTY: row.specialty,
        sa.TITLE_LEVEL: row.level,
        sa.TITLE_DUE_AT: state.due_at,
        sa.TITLE_RETURNS: state.returns,
    }
    return [
        trouble(
            Symptom.ATTRIBUTES_DRIFT,
            name,
            f"{key.name} 为 {shown.get(key)}，应为 {value}",
            f"{key.name} is {shown.get(key)}, and should be {value}",
            "warning",
        )
        for key, value in wanted.items()
        if shown.get(key) != value
    ]
