"""The worker: healthy only while the server sees its pollers, and a deploy loses nothing."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import Client

from tests.support import eventually, unique
from tests.workers.slow_worker import Slow, slow
from workers.connect import connect
from workers.embedded import DevServer
from workers.health import HealthServer, PollerProbe
from workers.processes import LOOPBACK, free_port
from workers.settings import Settings
from workers.worker import build_worker, run_worker

ROOT = Path(__file__).parents[2]
Spawn = Callable[..., "subprocess.Popen[str]"]


DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def read(url: str) -> str:
    with DIRECT.open(url, timeout=10) as answer:
        text: str = answer.read().decode()
        return text


def get(url: str) -> tuple[int, dict[str, Any]]:
    """Status and body; 0 when nobody listens."""
    try:
        with DIRECT.open(url, timeout=10) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)
    except OSError:
        return 0, {}


async def fetch(url: str) -> tuple[int, dict[str, Any]]:
    return await asyncio.to_thread(get, url)


@pytest.fixture
def spawn(settings: Settings, tmp_path: Path) -> Iterator[Spawn]:
    """Start `slow_worker` as a process of its own; ended after the test whatever happens."""
    started: list[subprocess.Popen[str]] = []

    def start(**extra: str) -> subprocess.Popen[str]:
        environment = {
            **os.environ,
            "ZHICHENG_TEMPORAL_ADDRESS": settings.temporal_address or "",
            "ZHICHENG_TASK_QUEUE": settings.task_queue,
            "ZHICHENG_DATA_DIR": str(tmp_path),
            **{f"ZHICHENG_{name.upper()}": value for name, value in extra.items()},
        }
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "tests.workers.slow_worker",
                str(tmp_path / "ready"),
                str(tmp_path / "mark"),
            ],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


async def test_health_follows_what_the_server_sees(client: Client, settings: Settings) -> None:
    identity = unique("worker")
    probe = PollerProbe(client, task_queue=settings.task_queue, identity=identity)
    async with HealthServer(LOOPBACK, 0, probe) as health:
        base = f"http://{LOOPBACK}:{health.port}"
        status, body = await fetch(f"{base}/readyz")
        assert (status, body["detail"]) == (
            503,
            "the server sees no workflow and no activity poller of this worker",
        )
        assert (await fetch(f"{base}/healthz"))[0] == 503

        # Another worker on the same queue does not make this one healthy.
        async with build_worker(client, settings, [Slow], [slow]):
            await asyncio.to_thread(get, f"{base}/readyz")
            assert (await fetch(f"{base}/readyz"))[0] == 503

        async with build_worker(client, settings, [Slow], [slow], identity=identity):

            async def ready() -> None:
                assert await fetch(f"{base}/readyz") == (
                    200,
                    {"ready": True, "live": True, "detail": "polling"},
                )

            await eventually(ready)
            assert (await fetch(f"{base}/healthz"))[0] == 200
            assert (await fetch(f"{base}/other"))[0] == 404
            probe.draining()
            assert await fetch(f"{base}/readyz") == (
                503,
                {"ready": False, "live": False, "detail": "draining"},
            )


async def test_health_tells_of_a_server_that_went_away_and_came_back(tmp_path: Path) -> None:
    async with DevServer(db_file=tmp_path / "temporal.db") as server:
        settings = Settings.load(temporal_address=server.address, task_queue=unique("test"))
        client, identity = await connect(settings), unique("worker")
        probe = PollerProbe(client, task_queue=settings.task_queue, identity=identity)

        async def ready() -> None:
            assert (await probe()).ready

        async def unready_but_not_to_be_restarted() -> None:
            health = await probe()
            assert (health.ready, health.live) == (False, True)
            assert "does not answer" in health.detail

        async with build_worker(client, settings, [Slow], [slow], identity=identity):
            await eventually(ready)
            await server.kill()
            await eventually(unready_but_not_to_be_restarted, timeout=20)
            await server.restart()
            await eventually(ready, timeout=30)


async def test_health_does_not_hang_on_half_a_request(client: Client, settings: Settings) -> None:
    probe = PollerProbe(client, task_queue=settings.task_queue, identity=unique("worker"))
    async with HealthServer(LOOPBACK, 0, probe) as health:
        reader, writer = await asyncio.open_connection(LOOPBACK, health.port)
        writer.write(b"GET /readyz HTTP/1.1\r\n")
        writer.write_eof()
        assert await asyncio.wait_for(reader.read(), 10) == b""
        writer.close()
        await writer.wait_closed()
        assert (await fetch(f"http://{LOOPBACK}:{health.port}/readyz"))[0] == 503


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_drains_and_exits_with_0(
    client: Client, settings: Settings, spawn: Spawn, tmp_path: Path, number: signal.Signals
) -> None:
    port = free_port()
    process = spawn(health_address=f"{LOOPBACK}:{port}", drain_seconds="20")
    ready, mark = tmp_path / "ready", tmp_path / "mark"
    await eventually(ready.exists, timeout=30)
    assert json.loads(ready.read_text()) == {"pid": process.pid, "health": f"{LOOPBACK}:{port}"}
    assert (await fetch(f"http://{LOOPBACK}:{port}/readyz"))[0] == 200

    handle = await client.start_workflow(
        Slow.run, str(mark), id=unique("slow"), task_queue=settings.task_queue
    )
    await eventually(mark.exists)
    process.send_signal(number)

    await eventually(lambda: not ready.exists())
    output, log = await asyncio.to_thread(process.communicate)
    assert (process.returncode, output) == (0, "drained\n"), log
    assert mark.read_text() == "began\nended\n"
    events = [json.loads(line)["event"] for line in log.splitlines()]
    assert "worker ready" in events
    assert events[-1] == "worker stopped"

    # The activity's result was delivered: the next worker has only the end of the workflow left to do.
    spawn()
    assert await asyncio.wait_for(handle.result(), 30) == "done"
    assert mark.read_text() == "began\nended\n"


async def test_the_sdk_metrics_are_served(spawn: Spawn, tmp_path: Path) -> None:
    port = free_port()
    spawn(metrics_address=f"{LOOPBACK}:{port}")
    await eventually((tmp_path / "ready").exists, timeout=30)
    metrics = await asyncio.to_thread(read, f"http://{LOOPBACK}:{port}/metrics")
    assert "temporal_num_pollers" in metrics


async def test_an_activity_that_outlasts_the_drain_is_cancelled(
    client: Client, settings: Settings, tmp_path: Path
) -> None:
    hurried = settings.model_copy(update={"drain_seconds": 0.1})
    stop, mark = asyncio.Event(), tmp_path / "mark"
    running = asyncio.create_task(
        run_worker(hurried, client=client, workflows=[Slow], activities=[slow], stop=stop)
    )
    handle = await client.start_workflow(
        Slow.run, str(mark), id=unique("slow"), task_queue=settings.task_queue
    )
    await eventually(mark.exists)
    stop.set()
    assert await asyncio.wait_for(running, 10) == 0
    assert mark.read_text() == "began\n"
    await handle.terminate()


async def test_a_worker_that_cannot_serve_its_namespace_fails_with_1(settings: Settings) -> None:
    nowhere = settings.model_copy(update={"temporal_namespace": "no-such-namespace"})
    assert await run_worker(nowhere, workflows=[Slow], activities=[slow], stop=asyncio.Event()) == 1
