"""The Temporal worker: built one way everywhere, and run so that a deploy loses nothing.

It is told which workflows and activities it serves and knows none of them.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import signal
import socket
import uuid
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import structlog
from temporalio.client import Client
from temporalio.common import VersioningBehavior, WorkerDeploymentVersion
from temporalio.worker import (
    Interceptor,
    PatchActivationInput,
    PollerBehaviorSimpleMaximum,
    Worker,
    WorkerDeploymentConfig,
    WorkflowRunner,
)
from temporalio.worker.workflow_sandbox import SandboxRestrictions

from activities.database import Database
from workers.codec.plugin import plugin_of
from workers.codec.ring import make_key_file
from workers.connect import connect, connect_config
from workers.health import HealthServer, PollerProbe
from workers.observe.failures import FailureBook
from workers.sandbox import Sandbox
from workers.settings import Settings, split_address
from workers.telemetry import temporal_runtime

PASSED_THROUGH = (
    # The domain is pure, and its package imports lazily: a second copy in each sandbox costs memory and
    # breaks identity of enumerations.
    *("models", "statemachine", "pydantic", "pydantic_core", "annotated_types", "typing_extensions"),
    # Referred to by workflow code, never run by it.
    *("activities", "sqlalchemy", "aiosqlite", "alembic", "greenlet", "psycopg", "chinese_calendar"),
    "structlog",
)
THREADS = 8
"""For activities that are plain functions."""

NEXUS_POLLERS = 2
"""Requests of other namespaces are few beside the work that they begin."""

Activity = Callable[..., Any]
_log = structlog.stdlib.get_logger("worker")


def sandbox_runner() -> Sandbox:
    """The runner of every worker and every replay: determinism is checked, the domain is shared."""
    return Sandbox(restrictions=SandboxRestrictions.default.with_passthrough_modules(*PASSED_THROUGH))


def build_worker(
    client: Client,
    settings: Settings,
    workflows: Sequence[type],
    activities: Sequence[Activity] = (),
    *,
    nexus_services: Sequence[Any] = (),
    identity: str | None = None,
    runner: WorkflowRunner | None = None,
    book: Interceptor | None = None,
) -> Worker:
    """A worker on `settings.task_queue`, not yet running. Workflows run in the sandbox, or in `runner`.

    Shutting it down stops the polling, lets workflow tasks end and gives activities
    `settings.drain_seconds`. `identity` is how the server names it, by default unique to this worker.
    Raises `ValueError` when there is nothing to serve, a definition is wrong, or the client came around
    `workers.connect` and would leave payloads open.
    `settings.drain_seconds`. `book` looks at what becomes of activities. `identity` is how the server names
    it, by default unique to this worker.
    Raises `ValueError` when there is nothing to serve or a definition is wrong.
    """
    plugin_of(client)
    return Worker(
        client,
        task_queue=settings.task_queue,
        workflows=list(workflows),
        activities=list(activities),
        nexus_service_handlers=list(nexus_services),
        nexus_task_poller_behavior=PollerBehaviorSimpleMaximum(NEXUS_POLLERS),
        activity_executor=ThreadPoolExecutor(THREADS, thread_name_prefix="activity"),
        max_concurrent_activities=THREADS,
        workflow_runner=runner or sandbox_runner(),
        max_cached_workflows=settings.max_cached_workflows,
        sticky_queue_schedule_to_start_timeout=timedelta(seconds=settings.sticky_seconds),
        graceful_shutdown_timeout=timedelta(seconds=settings.drain_seconds),
        identity=identity or new_identity(),
        interceptors=[book] if book is not None else [],
        patch_activation_callback=_taken(settings),
        **_version_of(settings),
    )


def _taken(settings: Settings) -> Callable[[PatchActivationInput], bool]:
    """Whether an application that comes to a named patch takes the new way.

    One that is held leaves no mark in a history, so that the release before can still be brought back; a
    history that has the mark is followed whatever is held (docs/runbooks/upgrade.md).
    """
    held = settings.patches_held()
    return lambda asked: asked.patch_id not in held


def _version_of(settings: Settings) -> dict[str, Any]:
    """Without a deployment any worker takes any work. With one, the server gives it to the version that is
    current, and an application that runs goes over to it with its next task: the gates of replay see to it
    that it can (docs/runbooks/upgrade.md).
    """
    if settings.deployment_name is None:
        return {"build_id": settings.build_id}
    return {
        "deployment_config": WorkerDeploymentConfig(
            version=WorkerDeploymentVersion(settings.deployment_name, settings.build_id),
            use_worker_versioning=True,
            default_versioning_behavior=VersioningBehavior.AUTO_UPGRADE,
        )
    }


def new_identity() -> str:
    """Names one worker among all that poll: process, host and a random part."""
    return f"{os.getpid()}@{socket.gethostname()}/{uuid.uuid4().hex[:8]}"


async def run_worker(
    settings: Settings,
    *,
    client: Client | None = None,
    workflows: Sequence[type] | None = None,
    activities: Sequence[Activity] | None = None,
    nexus_services: Sequence[Any] = (),
    database: Database | None = None,
    ready_file: Path | None = None,
    stop: asyncio.Event | None = None,
) -> int:
    """Serve until `stop` is set, by default on SIGTERM or SIGINT; drain; return the exit status.

    Workflows and activities are by default those of `workers.registry`, whose activities are made with
    `database`; activities that fail are noted there. `ready_file` exists, with `{"pid", "health"}`, from when
    the server sees the pollers until the drain begins. Returns 0 after a clean drain, 1 when the worker
    failed or did not drain within `drain_seconds` and 10 more. Raises `TemporalUnreachableError`,
    `SettingsError`, and `OSError` when the health address is taken.
    """
    if workflows is None or activities is None:
        registry = importlib.import_module("workers.registry")
        workflows = registry.WORKFLOWS if workflows is None else workflows
        activities = registry.make_activities(database) if activities is None else activities
    async with AsyncExitStack() as stack:
        if stop is None:
            stop = await stack.enter_async_context(stop_on_signal())
        if client is None:
            make_key_file(settings, connect_config(settings)["target_host"])
            client = await connect(settings, runtime=temporal_runtime(settings))
        identity = new_identity()
        worker = build_worker(
            client,
            settings,
            workflows or (),
            activities or (),
            nexus_services=nexus_services,
            identity=identity,
            book=FailureBook(database) if database is not None else None,
        )
        probe = PollerProbe(
            client,
            task_queue=settings.task_queue,
            identity=identity,
            workflows=bool(workflows),
            activities=bool(activities),
        )
        host, port = split_address(settings.health_address)
        health = HealthServer(host, port, probe)
        if port:
            await stack.enter_async_context(health)
        announcing = asyncio.create_task(_announce(probe, settings, ready_file, f"{host}:{health.port}"))

        def draining() -> None:
            probe.draining()
            announcing.cancel()

        try:
            return await _serve(worker, stop, settings, draining)
        finally:
            announcing.cancel()
            with suppress(asyncio.CancelledError):
                await announcing


async def _serve(
    worker: Worker, stop: asyncio.Event, settings: Settings, draining: Callable[[], None]
) -> int:
    running = asyncio.create_task(worker.run())
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({running, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    draining()
    if not running.done():
        _log.info("worker drains", drain_seconds=settings.drain_seconds)
        try:
            async with asyncio.timeout(settings.drain_seconds + 10):
                await worker.shutdown()
        except TimeoutError:
            _log.error("worker did not drain in time", drain_seconds=settings.drain_seconds)
            running.cancel()
            return 1
    try:
        await running
    except Exception:
        _log.exception("worker failed")
        return 1
    _log.info("worker stopped")
    return 0


async def _announce(probe: PollerProbe, settings: Settings, ready_file: Path | None, address: str) -> None:
    """Once the server sees the pollers say so, in the log and in `ready_file`; remove that when cancelled."""
    while True:
        if (await probe()).ready:
            break
        await asyncio.sleep(0.2)
    _log.info("worker ready", task_queue=settings.task_queue)
    if ready_file is None:
        return
    try:
        _write_ready_file(ready_file, address)
    except OSError:
        _log.exception("ready file cannot be written", path=str(ready_file))
        return
    try:
        await asyncio.Event().wait()
    finally:
        _remove(ready_file)


def _write_ready_file(path: Path, address: str) -> None:
    draft = path.with_suffix(".new")
    draft.write_text(json.dumps({"pid": os.getpid(), "health": address}))
    draft.replace(path)


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)


@asynccontextmanager
async def stop_on_signal() -> AsyncIterator[asyncio.Event]:
    """An event that SIGTERM and SIGINT set. They do nothing else while the block runs."""
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    try:
        yield stop
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)
