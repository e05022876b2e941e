"""Nobody goes around the plugin: where clients, workers and replayers are made is a list, with its reasons.

A worker asks its client for the plugin when it is built: left to find is whoever makes one by hand.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import unique
from workers.connect import connect
from workers.settings import Settings
from workers.worker import build_worker

ROOT = Path(__file__).parents[2]
MAKERS = {
    *("Client.connect", "Client", "Worker", "Replayer", "DataConverter", "pydantic_data_converter"),
    *("WorkflowEnvironment.start_local", "WorkflowEnvironment.start_time_skipping"),
    *("WorkflowEnvironment.start_time_skipping_v2", "WorkflowEnvironment.from_client"),
}
SEALS = {
    "workers/connect.py": {"Client.connect"},
    "workers/worker.py": {"Worker"},
    "workers/codec/plugin.py": {"Replayer"},
    "workers/codec/converter.py": {"DataConverter"},
    "tests/workflows/conftest.py": {"WorkflowEnvironment.start_time_skipping_v2"},
    "tests/workflows/test_orders.py": {"Worker"},
}
"""These carry the plugin; the last one takes a client that has it."""

STRANGERS = {
    "workers/embedded.py": {"Client.connect"},
    "tests/workers/test_embedded.py": {"Client.connect"},
    "tests/workers/doors.py": {"Client.connect", "pydantic_data_converter"},
    "tests/workers/test_nexus.py": {"Worker"},
    "tests/workers/test_five_doors.py": {"Worker"},
    "tests/workers/test_calling.py": {"Worker"},
    "tests/privacy/__main__.py": {"Client.connect"},
    "tests/privacy/test_planted.py": {"Client.connect"},
}
"""The first two ask a server whether it is there without a payload; then programs of others; the last two
read what the server keeps as it keeps it."""


def made_in(source: str) -> Iterator[str]:
    """The makers that a file uses, as it names them."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            whole = name.startswith("temporalio.")
            yield from (one for one in MAKERS if name == one or (whole and name.endswith(f".{one}")))
        elif isinstance(node, ast.Name) and node.id == "pydantic_data_converter":
            yield node.id


def test_only_the_listed_files_make_clients_workers_and_replayers() -> None:
    found: dict[str, set[str]] = {}
    for folder in ("models", "activities", "workflows", "workers", "tests"):
        for file in sorted((ROOT / folder).rglob("*.py")):
            name = file.relative_to(ROOT).as_posix()
            made = set(made_in(file.read_text("utf-8")))
            if made and name != "tests/gates/test_one_plugin.py":
                found[name] = made
    assert found == SEALS | STRANGERS


@pytest.mark.parametrize(
    "line",
    [
        "client = await Client.connect('127.0.0.1:7233')",
        "client = temporalio.client.Client.connect(address)",
        "worker = Worker(client, task_queue=q, workflows=[A])",
        "replayer = temporalio.worker.Replayer(workflows=[A])",
        "connect(settings, data_converter=pydantic_data_converter)",
    ],
)
def test_the_gate_finds_whoever_goes_around_it(line: str) -> None:
    program = f"async def main():\n    {line}\n"
    assert list(made_in(program))


async def test_a_worker_is_not_built_on_a_client_that_came_around(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = await connect(settings)
    config = client.config()
    monkeypatch.setattr(client, "config", lambda **_: {**config, "plugins": []})
    with pytest.raises(ValueError, match=r"without the service's plugin: connect with workers\.connect"):
        build_worker(client, settings, [], [unique])
