"""`zhicheng up`: everything on one machine, and every application alive again after whatever ended it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.workers.conftest import rehearsal_clock, written
from workers.processes import ServerRecord, command_line, free_port
from workers.rehearsal.cast import Cast, Json
from workers.settings import Settings
from workers.stack import database_words, settings_to_reach, temporal_dir

PROGRAM = str(Path(sys.executable).with_name("zhicheng"))


class Stack:
    """A `zhicheng up` of its own data directory."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.environment = {
            k: v for k, v in os.environ.items() if not k.startswith(("ZHICHENG_", "TEMPORAL_"))
        }
        self.environment["ZHICHENG_DATA_DIR"] = str(data_dir)
        self.process: subprocess.Popen[str] | None = None
        self.places: Json = {}

    def up(self, *words: str) -> Json:
        """Start it; where everything is."""
        self.process = subprocess.Popen(
            [PROGRAM, "up", "--rehearsal", "--no-ui", "--json", *words],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        lines: list[str] = []
        while not lines or lines[-1] != "}\n":
            line = self.process.stdout.readline()
            assert line, f"it ended: {self.process.communicate()[1]}"
            lines.append(line)
        self.places = json.loads("".join(lines))
        return self.places

    def end(self, how: signal.Signals) -> tuple[int, str]:
        """Exit status and standard error."""
        assert self.process is not None
        self.process.send_signal(how)
        errors = self.process.communicate(timeout=60)[1]
        return self.process.returncode, errors

    def run(self, *words: str, given: str | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [PROGRAM, *words], env=self.environment, input=given, capture_output=True, text=True, check=False
        )

    def state(self, ref: str) -> Json:
        shown = self.run("show", ref, "--json")
        assert shown.returncode == 0, shown.stderr
        found: Json = json.loads(shown.stdout)["state"]
        return found

    @property
    def server(self) -> ServerRecord | None:
        return ServerRecord.read(self.data_dir / "temporal" / "temporal-server.json")

    def clear(self) -> None:
        """End what is left, whatever the test did."""
        server = self.server
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.communicate()
        if server is not None and server.is_alive():
            os.kill(server.pid, signal.SIGKILL)


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    found = Stack(tmp_path / "data")
    yield found
    found.clear()


def test_applications_outlive_the_stack(stack: Stack, tmp_path: Path) -> None:
    cast = Cast("long-lived")
    first = stack.up()
    body = written(tmp_path / "input.json", cast.start(clock=rehearsal_clock("2023-09-19T09:00:00+08:00")))
    assert stack.run("apply", "-f", body).returncode == 0
    submitted = stack.run("submit", cast.ref, "-f", written(tmp_path / "submit.json", cast.submit()))
    assert submitted.returncode == 0, submitted.stderr

    second_start = stack.run("up", "--no-ui")
    assert (second_start.returncode, second_start.stdout) == (1, "")
    assert f"is running already for {stack.data_dir} (process {first['pid']})" in second_start.stderr

    status, errors = stack.end(signal.SIGTERM)
    assert (status, errors) == (0, "stopped; the applications are kept\n")
    assert stack.server is None
    assert stack.run("show", cast.ref).returncode == 3

    again = stack.up()
    assert again["pid"] != first["pid"]
    assert stack.state(cast.ref)["revision"] == 1
    returned = stack.run("review", cast.ref, "-f", "-", given=json.dumps(cast.employer_return()))
    assert returned.returncode == 0, returned.stderr

    stack.end(signal.SIGKILL)
    orphan = stack.server
    assert orphan is not None
    assert orphan.is_alive()
    stack.up()
    assert stack.server == orphan, "the server that outlived its parent is taken over"
    assert stack.state(cast.ref)["revision"] == 2

    stack.end(signal.SIGKILL)
    os.kill(orphan.pid, signal.SIGKILL)
    stack.up()
    state = stack.state(cast.ref)
    assert (state["revision"], state["stage"]) == (2, "employer_returned")
    answered = stack.run("resubmit", cast.ref, "-f", "-", given=json.dumps(cast.resubmit("e1")))
    assert answered.returncode == 0, answered.stderr

    last = stack.server
    assert last is not None
    assert stack.end(signal.SIGINT)[0] == 0
    assert command_line(last.pid) == []


def test_who_looks_after_the_stack_finds_its_server_at_whatever_port(stack: Stack) -> None:
    stack.up("--port", str(free_port()))
    again = ("retry-incident", "activity", "write_effects", "--cause", "TimeoutError")
    for words in (("doctor",), ("incidents",), again):
        asked = stack.run(*words)
        assert asked.returncode == 0, asked.stderr


def test_an_address_that_was_asked_for_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = Settings.load(data_dir=tmp_path, temporal_address="127.0.0.1:9")
    assert settings_to_reach(asked) is asked
    unasked = Settings.load(data_dir=tmp_path)
    assert settings_to_reach(unasked) is unasked
    monkeypatch.setenv("TEMPORAL_ADDRESS", "127.0.0.1:9")
    assert settings_to_reach(unasked) is unasked


def test_a_pid_file_of_a_dead_server_is_not_followed(tmp_path: Path) -> None:
    settings = Settings.load(data_dir=tmp_path)
    temporal_dir(settings).mkdir()
    ServerRecord(pid=2**22 - 1, port=1, ui_port=None, db_file=None).write(
        temporal_dir(settings) / "temporal-server.json"
    )
    assert settings_to_reach(settings) is settings


def test_no_password_is_shown() -> None:
    assert database_words("postgresql+psycopg://me:secret@db/zhicheng") == "postgresql+psycopg://db/zhicheng"
