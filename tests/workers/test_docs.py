"""The generated documents: they are up to date, and a difference of one byte is found."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import temporalio.workflow
from jsonschema import Draft202012Validator

from models.commands import parse
from models.drawing.handbook import handbook
from models.drawing.mermaid import mermaid
from tests.cli import CliRunner
from workers.cli import app
from workers.cli_lifecycle import Format
from workers.contract import DIALECT, FACES, identifier, shapes
from workers.docs import ROOT, documents, drift, main, write
from workers.registry import WORKFLOWS

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


@pytest.mark.parametrize("name", shapes())
def test_every_schema_is_a_json_schema(name: str) -> None:
    texts = dict(documents())
    schema = json.loads(texts[f"docs/contract/{name}.schema.json"]())
    assert schema["$schema"] == DIALECT
    assert schema["$id"] == identifier(name)
    Draft202012Validator.check_schema(schema)


def test_the_index_names_everything_that_the_workflows_take_and_answer() -> None:
    texts = dict(documents())
    index = json.loads(texts["docs/contract/index.json"]())
    readme = texts["docs/contract/README.md"]()
    served = {definition.name: definition for definition in map(_definition, WORKFLOWS)}
    assert set(served) - set(index["workflows"]) == {"CycleOrderWorkflow"}, "only that one is for itself"
    for name, told in index["workflows"].items():
        assert set(served[name].queries) == set(told["queries"])
        files = [told["start"], told["receipt"], *told["queries"].values()]
        files += [command["schema"] for command in told["commands"].values()]
        for file in files:
            assert f"docs/contract/{file}" in texts
            assert f"({file})" in readme
        assert all(command["roles"] for command in told["commands"].values())
    commands = {face.workflow: set(face.commands) for face in FACES}
    assert commands == {name: set(told["commands"]) for name, told in index["workflows"].items()}
    assert {f"docs/contract/{file}" for file in index["schemas"]} == {
        path for path in texts if path.endswith(".schema.json")
    }


def _definition(workflow: type) -> Any:
    return temporalio.workflow._Definition.must_from_class(workflow)


def test_a_schema_accepts_what_the_service_accepts_and_refuses_the_rest() -> None:
    schema = json.loads(dict(documents())["docs/contract/withdraw.schema.json"]())
    body = {"actor": {"id": "a-1", "role": "applicant"}, "command_id": "w-1", "reason": "moved away"}
    validator = Draft202012Validator(schema)
    assert validator.is_valid(body)
    assert parse("withdraw", body).command_id == "w-1"
    assert not validator.is_valid({**body, "reason": ""})
    assert not validator.is_valid({**body, "unknown": 1})


@pytest.mark.parametrize("form", list(Format))
def test_the_command_prints_every_form(form: Format) -> None:
    result = runner.invoke(app, ["lifecycle", "--format", form.value])
    assert result.exit_code == 0
    assert "employer_publicity" in result.stdout


def test_the_command_speaks_one_language_and_writes_files(tmp_path: Path) -> None:
    assert runner.invoke(app, ["lifecycle", "--lang", "zh"]).stdout == mermaid("zh")
    file = tmp_path / "handbook.md"
    result = runner.invoke(app, ["lifecycle", "--format", "markdown", "--lang", "en", "--output", str(file)])
    assert result.exit_code == 0
    assert file.read_text("utf-8") == handbook("en")


def test_a_place_that_cannot_be_written_gets_one_sentence(tmp_path: Path) -> None:
    result = runner.invoke(app, ["lifecycle", "--output", str(tmp_path / "no" / "file")])
    assert result.exit_code == 2
    assert "cannot be written" in result.stderr
    assert result.stderr.count("\n") == 1
