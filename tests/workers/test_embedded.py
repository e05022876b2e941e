"""The embedded server: starts, survives a power cut with all it acknowledged, and ends what it began."""

from __future__ import annotations

import os
import signal
import socket
from pathlib import Path

import pytest
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.common import SearchAttributePair, TypedSearchAttributes

from tests.support import eventually, unique
from workers.embedded import DevServer, DevServerError
from workers.processes import LOOPBACK, ServerRecord, can_bind, command_line, free_port
from workers.search_attributes import (
    SearchAttributeError,
    check_search_attributes,
    register_search_attributes,
    server_types,
)
from workflows.search_attributes import TITLE_PLAN, TITLE_RETURNS


async def test_what_was_acknowledged_survives_kill_9(tmp_path: Path) -> None:
    async with DevServer(db_file=tmp_path / "temporal.db") as server:
        address, first = server.address, server.pid
        client = await Client.connect(address)
        plan = unique("plan")
        started = await client.start_workflow(
            "Waits",
            id=unique("w"),
            task_queue=unique("q"),
            search_attributes=TypedSearchAttributes(
                [SearchAttributePair(TITLE_PLAN, plan), SearchAttributePair(TITLE_RETURNS, 2)]
            ),
        )
        os.kill(first, signal.SIGKILL)
        await eventually(lambda: not server.is_running)

        await server.restart()

        assert server.address == address
        assert server.pid != first
        again = await Client.connect(address)
        description = await again.get_workflow_handle(started.id).describe()
        assert description.run_id == started.first_execution_run_id
        assert description.status == WorkflowExecutionStatus.RUNNING

        async def listed() -> None:
            found = [w.id async for w in again.list_workflows(f"TitlePlan = '{plan}' AND TitleReturns = 2")]
            assert found == [started.id]

        await eventually(listed)


async def test_a_second_start_adopts_the_running_server_and_leaves_it(tmp_path: Path) -> None:
    async with DevServer(db_file=tmp_path / "temporal.db") as server:
        async with DevServer(db_file=tmp_path / "temporal.db") as second:
            assert (second.adopted, second.pid, second.address) == (True, server.pid, server.address)
        assert server.is_running
        with pytest.raises(DevServerError, match=f"already runs .* process {server.pid}"):
            await DevServer(db_file=tmp_path / "other.db", run_dir=tmp_path).start()
        assert server.is_running


async def test_after_a_crash_a_new_start_takes_the_same_port(tmp_path: Path) -> None:
    crashed = await DevServer(db_file=tmp_path / "temporal.db").start()
    await crashed.kill()
    assert crashed.pid_file.exists()
    async with DevServer(db_file=tmp_path / "temporal.db") as server:
        assert (server.adopted, server.address) == (False, crashed.address)


async def test_a_stale_pid_file_never_ends_a_stranger(tmp_path: Path) -> None:
    """The number in the file belongs to another process now: this one."""
    stranger = ServerRecord(pid=os.getpid(), port=free_port(), ui_port=None, db_file=None)
    stranger.write(tmp_path / "temporal-server.json")
    async with DevServer(run_dir=tmp_path) as server:
        assert not server.adopted
        assert server.pid != os.getpid()


async def test_stop_leaves_no_process_no_port_and_no_pid_file(tmp_path: Path) -> None:
    server = await DevServer(run_dir=tmp_path, ui=True).start()
    ui_port = int((server.ui_url or "").rpartition(":")[2])
    port = int(server.address.rpartition(":")[2])
    assert not can_bind(ui_port)
    await server.stop()
    await server.stop()
    assert command_line(server.pid) in ([], [""])
    assert not server.pid_file.exists()
    assert can_bind(port)
    assert can_bind(ui_port)


async def test_a_failed_start_shows_the_end_of_the_log(tmp_path: Path) -> None:
    server = DevServer(run_dir=tmp_path, search_attributes={"TitlePlan": "Nonsense"})
    with pytest.raises(
        DevServerError, match=r"(?s)ended while it started.*invalid search attribute value type"
    ):
        await server.start()
    assert not server.is_running


async def test_a_taken_port_is_named(tmp_path: Path) -> None:
    with socket.socket() as other:
        port = free_port()
        other.bind((LOOPBACK, port))
        other.listen()
        with pytest.raises(DevServerError, match=f"Port {port} .* is taken"):
            await DevServer(run_dir=tmp_path, port=port, start_timeout=0.2).start()


async def test_search_attributes_are_registered_once_and_checked(tmp_path: Path) -> None:
    async with DevServer(run_dir=tmp_path, search_attributes={}) as server:
        client = await Client.connect(server.address)
        assert (await check_search_attributes(client)).missing == tuple(server_types())
        await register_search_attributes(client)

        async def all_there() -> None:
            assert (await check_search_attributes(client)).ok

        await eventually(all_there)
        assert (await register_search_attributes(client)).missing == ()


async def test_a_search_attribute_of_another_type_is_refused(tmp_path: Path) -> None:
    async with DevServer(
        run_dir=tmp_path, search_attributes={"TitleReturns": "Keyword", "TitleOld": "Int"}
    ) as server:
        client = await Client.connect(server.address)
        report = await check_search_attributes(client)
        assert (report.wrong_type, report.unknown) == ({"TitleReturns": "Keyword"}, ("TitleOld",))
        with pytest.raises(SearchAttributeError, match="TitleReturns is Keyword"):
            await register_search_attributes(client)


async def test_the_contract_names_are_kept() -> None:
    assert server_types() == {
        "TitlePlan": "Keyword",
        "TitleStage": "Keyword",
        "TitleStatus": "Keyword",
        "TitleActionBy": "Keyword",
        "TitleEmployer": "Keyword",
        "TitleDepartment": "Keyword",
        "TitleSpecialty": "Keyword",
        "TitleLevel": "Keyword",
        "TitleDueAt": "Datetime",
        "TitleReturns": "Int",
    }
