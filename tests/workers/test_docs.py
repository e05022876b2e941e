"""The generated documents: they are up to date, and a difference of one byte is found."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from jsonschema import Draft202012Validator
from typer.testing import CliRunner

from models.commands import COMMANDS, parse
from models.drawing.handbook import handbook
from models.drawing.mermaid import mermaid
from workers.cli_lifecycle import Format, register
from workers.contract import ANSWERS, DIALECT
from workers.docs import ROOT, documents, drift, main, write

runner = CliRunner()


@pytest.fixture
def written(tmp_path: Path) -> Path:
    """A root with every document in place."""
    assert set(write(tmp_path)) == {path for path, _ in documents()}
    return tmp_path


def test_the_documents_in_the_repository_are_up_to_date() -> None:
    assert drift(ROOT) == [], "run `make docs` and commit the result"


def test_writing_twice_changes_nothing(written: Path) -> None:
    assert write(written) == []
    assert main(["--check", "--root", str(written)]) == 0


def test_one_changed_byte_is_found_and_repaired(written: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = written / "docs/lifecycle/lifecycle.svg"
    body = bytearray(file.read_bytes())
    body[len(body) // 2] ^= 1
    file.write_bytes(bytes(body))
    assert main(["--check", "--root", str(written)]) == 1
    assert "docs/lifecycle/lifecycle.svg" in capsys.readouterr().err
    assert main(["--root", str(written)]) == 0
    assert drift(written) == []


def test_a_missing_and_a_left_over_file_are_found(written: Path) -> None:
    (written / "docs/contract/submit.schema.json").unlink()
    (written / "docs/contract/old.schema.json").write_text("{}", "utf-8")
    assert drift(written) == ["docs/contract/submit.schema.json", "docs/contract/old.schema.json"]
    write(written)
    assert not (written / "docs/contract/old.schema.json").exists()
    assert drift(written) == []


@pytest.mark.parametrize("name", [*COMMANDS, *ANSWERS])
def test_every_schema_is_a_json_schema(name: str) -> None:
    texts = dict(documents())
    schema = json.loads(texts[f"docs/contract/{name}.schema.json"]())
    assert schema["$schema"] == DIALECT
    Draft202012Validator.check_schema(schema)


def test_a_schema_accepts_what_the_service_accepts_and_refuses_the_rest() -> None:
    schema = json.loads(dict(documents())["docs/contract/withdraw.schema.json"]())
    body = {"actor": {"id": "a-1", "role": "applicant"}, "command_id": "w-1", "reason": "moved away"}
    validator = Draft202012Validator(schema)
    assert validator.is_valid(body)
    assert parse("withdraw", body).command_id == "w-1"
    assert not validator.is_valid({**body, "reason": ""})
    assert not validator.is_valid({**body, "unknown": 1})


@pytest.fixture
def app() -> typer.Typer:
    app = typer.Typer()
    app.callback()(lambda: None)
    register(app)
    return app


@pytest.mark.parametrize("form", list(Format))
def test_the_command_prints_every_form(app: typer.Typer, form: Format) -> None:
    result = runner.invoke(app, ["lifecycle", "--format", form.value])
    assert result.exit_code == 0
    assert "employer_publicity" in result.stdout


def test_the_command_speaks_one_language_and_writes_files(app: typer.Typer, tmp_path: Path) -> None:
    assert runner.invoke(app, ["lifecycle", "--lang", "zh"]).stdout == mermaid("zh")
    file = tmp_path / "handbook.md"
    result = runner.invoke(app, ["lifecycle", "--format", "markdown", "--lang", "en", "--output", str(file)])
    assert result.exit_code == 0
    assert file.read_text("utf-8") == handbook("en")


def test_a_place_that_cannot_be_written_gets_one_sentence(app: typer.Typer, tmp_path: Path) -> None:
    result = runner.invoke(app, ["lifecycle", "--output", str(tmp_path / "no" / "file")])
    assert result.exit_code == 2
    assert "cannot be written" in result.stderr
    assert result.stderr.count("\n") == 1
