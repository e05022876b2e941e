"""Whether anybody serves a task queue, as the server sees it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client

POLLER_MAX_AGE = timedelta(seconds=75)
"""A poll lasts up to 60 s: a poller not seen for longer is gone."""


async def is_polled(client: Client, task_queue: str) -> bool:
    """True when a workflow worker polled `task_queue` lately. Raises `RPCError`."""
    answer = await client.workflow_service.describe_task_queue(
        DescribeTaskQueueRequest(
            namespace=client.namespace,
            task_queue=TaskQueue(name=task_queue),
            task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
        ),
        timeout=timedelta(seconds=3),
    )
    since = datetime.now(UTC) - POLLER_MAX_AGE
    return any(poller.last_access_time.ToDatetime(UTC) > since for poller in answer.pollers)
