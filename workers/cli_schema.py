"""What a body looks like: examples to begin with, and the JSON Schemas that integrations rely on."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from typing import Annotated, Any

import typer

from workers.cli_shared import BAD_INPUT, echo_json, fail
from workers.contract import schema as text_of
from workers.contract import shapes
from workers.rehearsal.cast import Cast

Name = Annotated[str, typer.Argument(help="A command, or `apply`.")]


def _examples() -> dict[str, Callable[[Cast], dict[str, Any]]]:
    return {
        "apply": lambda cast: cast.start(),
        "submit": lambda cast: cast.submit(),
        "review": lambda cast: cast.office_return(),
        "resubmit": lambda cast: cast.resubmit("o1"),
        "withdraw": lambda cast: cast.withdraw(),
        "start_publicity": lambda cast: cast.start_publicity(),
        "file_publicity_evidence": lambda cast: cast.file_evidence(),
        "object": lambda cast: cast.objects(),
        "rule_on_objection": lambda cast: cast.rule("objection-1", "unfounded"),
        "record_exam": lambda cast: cast.exam("passed", date(2023, 11, 25)),
        "schedule": lambda cast: cast.schedule(date(2023, 12, 8), date(2023, 12, 1)),
        "record_vote": lambda cast: cast.vote(7),
        "publish_result": lambda cast: cast.publish("2023-12-22T09:00:00+08:00"),
        "confirm": lambda cast: cast.confirm(),
        "request_recheck": lambda cast: cast.ask_recheck(),
        "rule_on_recheck": lambda cast: cast.rule_recheck("upheld"),
        "archive": lambda cast: cast.archive(),
        "cancel": lambda cast: cast.cancel("eligibility", "city_office"),
        "revoke": lambda cast: cast.revoke(),
        "hold": lambda cast: cast.hold(),
        "release": lambda cast: cast.release(),
        "revise_deadlines": lambda cast: cast.revise(
            "extension", [{"name": "correction", "add_working_days": 3}]
        ),
        "correct": lambda cast: cast.correct(3),
    }


def template(name: Name) -> None:
    """Print an example body of a command as JSON, to be changed and given with --file."""
    examples = _examples()
    echo_json(examples[_known(name, tuple(examples))](Cast("example")))


def schema(
    name: Annotated[
        str | None, typer.Argument(help="A command, `apply`, or an answer; default: everything.")
    ] = None,
) -> None:
    """Print the JSON Schema of one thing that is sent or answered, or of all of them by name."""
    files = {file.rpartition("/")[2].replace("-", "_"): file for file in shapes()}
    if name is None:
        echo_json({key: json.loads(text_of(file, *shapes()[file])) for key, file in files.items()})
        return
    files["apply"] = "application-input"
    file = files[_known(name, tuple(files))]
    typer.echo(text_of(file, *shapes()[file]), nl=False)


def _known(name: str, names: tuple[str, ...]) -> str:
    kind = name.replace("-", "_")
    if kind not in names:
        fail(
            BAD_INPUT,
            f"There is nothing named '{name}': use one of {', '.join(n.replace('_', '-') for n in names)}.",
        )
    return kind
