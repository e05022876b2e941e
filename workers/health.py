"""Whether a worker really works: the server has to see its pollers; a living process proves nothing.

`/readyz` is 200 while the server saw every poller lately. `/healthz` (restart me?) is 200 as long as that
was so within the last two minutes, since a restart of the worker does not mend a server that restarts.
Both are 503 before the first poll and while the worker drains.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from types import TracebackType
from typing import Self

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client
from temporalio.service import RPCError

POLLER_MAX_AGE = timedelta(seconds=120)
"""A poll lasts up to 60 s, so a living poller is never older than that and a little more."""
LIVE_SECONDS = 120.0
_REUSE_SECONDS = 1.0
_REQUEST_SECONDS = 5.0


@dataclass(frozen=True)
class Health:
    """`ready`: the server sees the pollers. `live`: no restart is called for. `detail`: why not, in words."""

    ready: bool
    live: bool
    detail: str


class PollerProbe:
    """Asks the server whether it sees the pollers of one worker; one question a second at most."""

    def __init__(
        self,
        client: Client,
        *,
        task_queue: str,
        identity: str,
        workflows: bool = True,
        activities: bool = True,
    ) -> None:
        self._client, self._task_queue, self._identity = client, task_queue, identity
        self._kinds = {
            "workflow": TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW if workflows else None,
            "activity": TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY if activities else None,
        }
        self._lock = asyncio.Lock()
        self._asked_at = float("-inf")
        self._ready_at = float("-inf")
        self._answer = Health(ready=False, live=False, detail="not asked yet")
        self._draining = False

    def draining(self) -> None:
        """From now on neither ready nor live: the worker takes no more work."""
        self._draining = True

    async def __call__(self) -> Health:
        """The present state; never raises for a server that does not answer."""
        if self._draining:
            return Health(ready=False, live=False, detail="draining")
        async with self._lock:
            if time.monotonic() - self._asked_at > _REUSE_SECONDS:
                fault = await self._fault()
                self._asked_at = time.monotonic()
                if not fault:
                    self._ready_at = self._asked_at
                live = self._asked_at - self._ready_at < LIVE_SECONDS
                self._answer = Health(ready=not fault, live=live, detail=fault or "polling")
            return self._answer

    async def _fault(self) -> str:
        try:
            unseen = [name for name, kind in self._kinds.items() if kind and not await self._seen(kind)]
        except RPCError as error:
            return f"the server does not answer ({error.status.name})"
        return f"the server sees no {' and no '.join(unseen)} poller of this worker" if unseen else ""

    async def _seen(self, kind: TaskQueueType.ValueType) -> bool:
        answer = await self._client.workflow_service.describe_task_queue(
            DescribeTaskQueueRequest(
                namespace=self._client.namespace,
                task_queue=TaskQueue(name=self._task_queue),
                task_queue_type=kind,
            ),
            timeout=timedelta(seconds=3),
        )
        since = datetime.now(UTC) - POLLER_MAX_AGE
        return any(
            poller.identity == self._identity and poller.last_access_time.ToDatetime(UTC) > since
            for poller in answer.pollers
        )


class HealthServer:
    """`/healthz` and `/readyz` over HTTP, on one address; port 0 takes a free one."""

    def __init__(self, host: str, port: int, probe: Callable[[], Awaitable[Health]]) -> None:
        self._host, self._port, self._probe = host, port, probe
        self._server: asyncio.Server | None = None

    @property
    def port(self) -> int:
        """The port it listens on."""
        return self._port

    async def __aenter__(self) -> Self:
        """Raises `OSError` when the address cannot be bound."""
        self._server = await asyncio.start_server(self._serve, self._host, self._port, limit=8192)
        self._port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server:
            self._server.close()
            await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, ValueError, TimeoutError, asyncio.IncompleteReadError):
            async with asyncio.timeout(_REQUEST_SECONDS):
                head = await reader.readuntil(b"\r\n\r\n")
                status, body = await self._answer(head.split(b"\r\n", 1)[0].decode("latin-1"))
                content = json.dumps(body).encode()
                headers = (
                    f"HTTP/1.1 {status.value} {status.phrase}",
                    "Content-Type: application/json",
                    f"Content-Length: {len(content)}",
                    "Cache-Control: no-store",
                    "Connection: close",
                )
                writer.write("\r\n".join(headers).encode() + b"\r\n\r\n" + content)
                await writer.drain()
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()

    async def _answer(self, request_line: str) -> tuple[HTTPStatus, dict[str, object]]:
        method, _, rest = request_line.partition(" ")
        path = rest.partition(" ")[0].partition("?")[0]
        if path not in ("/healthz", "/readyz"):
            return HTTPStatus.NOT_FOUND, {"detail": "there are /healthz and /readyz"}
        if method != "GET":
            return HTTPStatus.METHOD_NOT_ALLOWED, {"detail": "use GET"}
        health = await self._probe()
        good = health.ready if path == "/readyz" else health.live
        return (
            HTTPStatus.OK if good else HTTPStatus.SERVICE_UNAVAILABLE,
            {"ready": health.ready, "live": health.live, "detail": health.detail},
        )
