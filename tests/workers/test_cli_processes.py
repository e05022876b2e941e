"""The processes as an operator starts them, and what they say when they cannot."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest

from models.wire import SHANGHAI
from tests.cli import CliRunner, Result
from tests.support import eventually
from tests.workers.conftest import environment_of
from workers import command_line
from workers.cli import app
from workers.cli_shared import until
from workers.settings import Settings

PROGRAM = str(Path(sys.executable).with_name("zhicheng"))


def run(*words: str, **environment: str) -> Result:
    return CliRunner().invoke(app, list(words), env=environment)


def test_a_worker_serves_and_drains(settings: Settings, tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    process = subprocess.Popen(
        [PROGRAM, "worker", "--ready-file", str(ready)],
        env={**os.environ, **environment_of(settings)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        asyncio.run(eventually(ready.exists, 60.0))
        process.send_signal(signal.SIGTERM)
        output, log = process.communicate(timeout=60)
    finally:
        process.kill()
    assert (process.returncode, output) == (0, "")
    assert '"event": "worker stopped"' in log
    assert not ready.exists()


def test_a_worker_without_a_server_is_status_3(tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "ZHICHENG_TEMPORAL_ADDRESS": "127.0.0.1:9",
        "ZHICHENG_DATA_DIR": str(tmp_path),
    }
    ended = subprocess.run([PROGRAM, "worker"], env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode == 3
    assert "Temporal is not reachable at 127.0.0.1:9" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_migrate_twice(tmp_path: Path) -> None:
    first, again = (run("migrate", ZHICHENG_DATA_DIR=str(tmp_path)) for _ in range(2))
    assert (first.exit_code, again.exit_code) == (0, 0)
    assert "is at schema 0" in first.stdout
    assert first.stdout == again.stdout


def test_a_database_that_is_away_is_status_3_without_its_password() -> None:
    url = "postgresql+psycopg://me:secret@127.0.0.1:9/zhicheng"
    result = run("migrate", ZHICHENG_DATABASE_URL=url)
    assert (result.exit_code, result.stdout) == (3, "")
    assert "ZHICHENG_DATABASE_URL" in result.stderr
    assert "secret" not in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_wrong_settings_are_status_2_with_the_remedy() -> None:
    result = run("up", ZHICHENG_LOG_LEVEL="loud")
    assert result.exit_code == 2
    assert "ZHICHENG_LOG_LEVEL" in result.stderr


@pytest.mark.parametrize("words", ["up", "list", "doctor", "token --subject a --role applicant"])
def test_a_file_in_place_of_the_data_directory_is_a_wrong_setting(words: str, tmp_path: Path) -> None:
    (tmp_path / "data").touch()
    result = run(*words.split(), ZHICHENG_DATA_DIR=str(tmp_path / "data"))
    assert result.exit_code == 2
    assert "is a file" in result.stderr
    assert "ZHICHENG_DATA_DIR" in result.stderr


def test_the_doctor_of_a_directory_without_keys_says_whose_to_use(tmp_path: Path) -> None:
    result = run("doctor", ZHICHENG_DATA_DIR=str(tmp_path), ZHICHENG_PAYLOAD_KEYS="")
    assert result.exit_code == 2
    assert "use the ZHICHENG_DATA_DIR of the worker" in result.stderr


def test_what_nobody_foresaw_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(_: object) -> None:
        raise ZeroDivisionError("by zero")

    monkeypatch.setattr(command_line, "for_arguments", broken)
    assert command_line.run(["show", "x"]) == 1
    assert capsys.readouterr().err == "Unexpected ZeroDivisionError: by zero. Please report it.\n"


def test_the_end_of_a_deadline_names_its_last_day() -> None:
    midnight = datetime(2023, 11, 7, tzinfo=SHANGHAI)
    assert (until(midnight), until(None)) == ("2023-11-06 24:00", "-")
    assert until(midnight.replace(hour=17)) == "2023-11-07 17:00"


def test_a_word_in_another_encoding_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    word = "计量".encode("gb18030").decode("utf-8", "surrogateescape")  # as Python gives it to a program
    assert command_line.run(["at-risk", "--plan", word]) == 2
    assert "The word 3 of the command is not UTF-8" in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--file", "--dossier"])
def test_json_that_is_nested_too_deeply_is_refused_with_the_file(
    option: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    deep = tmp_path / "deep.json"
    deep.write_text("[" * 100_000)
    assert command_line.run(["submit", "a-1", option, str(deep)]) == 2
    said = capsys.readouterr().err
    assert f"{deep} is not JSON" in said
    assert "report it" not in said


@pytest.mark.parametrize(("words", "status"), [(["--help"], 0), (["plan", "lint"], 0), (["limbo"], 2)])
def test_run_gives_the_status(words: list[str], status: int) -> None:
    assert command_line.run(words) == status
