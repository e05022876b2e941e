"""One suite, any server: the embedded one by default, or `--temporal-address host:port`."""

from __future__ import annotations

import asyncio
import gc
import os
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
from temporalio.client import Client

from tests.codec import KEYS
from tests.support import log_to_stderr, unique
from workers.connect import connect
from workers.embedded import DevServer
from workers.search_attributes import register_search_attributes
from workers.settings import Settings


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--temporal-address", default=None, help="a running Temporal server; default: start the embedded one"
    )
    parser.addoption(
        "--record", action="store_true", help="write the histories of the paths anew (tests/histories)"
    )


def pytest_configure() -> None:
    hypothesis.settings.register_profile("suite", deadline=None)  # how long one example takes is no property
    hypothesis.settings.load_profile("suite")
    log_to_stderr()
    os.environ["ZHICHENG_PAYLOAD_KEYS"] = KEYS


def pytest_collection() -> None:
    """To collect is to import: much is made and nothing is garbage."""
    gc.disable()


def pytest_collection_finish() -> None:
    """What was imported stays: it need not be looked at again and again."""
    gc.enable()
    gc.freeze()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest runs first, so that the processes end at about the same time."""
    first = (
        "test_demo_survives_kills",
        "test_simulate_year",
        "test_invariants",
        "workflows/test_meeting.py",
        "test_schemathesis",
        "test_cli_application",
        "test_hard_times",
        "test_walk",
        "test_stack",
        "test_chaos",
        "test_upgrade",
        "test_histories",
        "test_batch_kill",
        "test_evidence_resume",
        "test_storm",
        "test_batch_hard_times",
        "test_incidents",
        "test_asked_while_busy",
        "workflows/test_cycle",
        "test_notices_of_history",
    )
    items.sort(key=lambda item: next((n for n, name in enumerate(first) if name in item.nodeid), len(first)))


@pytest.fixture(scope="session")
def temporal_server() -> Iterator[DevServer]:
    """The embedded server, in memory, with the search attributes of the contract; one for the session."""
    server = DevServer()
    asyncio.run(server.start())
    yield server
    asyncio.run(server.stop())


@pytest.fixture(scope="session")
def temporal_address(request: pytest.FixtureRequest) -> str:
    """`host:port` of the server under test."""
    given: str | None = request.config.getoption("--temporal-address")
    if given:
        asyncio.run(_prepare(given))
        return given
    server: DevServer = request.getfixturevalue("temporal_server")
    return server.address


@pytest.fixture
def task_queue() -> str:
    """A task queue of this test only."""
    return unique("test")


@pytest.fixture
def settings(temporal_address: str, task_queue: str, tmp_path: Path) -> Settings:
    """Settings of a process of this test: the server under test, a task queue and data of its own."""
    return Settings.load(temporal_address=temporal_address, task_queue=task_queue, data_dir=tmp_path)


@pytest.fixture
async def client(settings: Settings) -> Client:
    """A client of the server under test, made in the test's own event loop."""
    return await connect(settings)


async def _prepare(address: str) -> None:
    await register_search_attributes(await connect(Settings.load(temporal_address=address)))
