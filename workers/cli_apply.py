"""The command that begins an application; its reference is made from the plan and the person."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from models.application import reference_of
from models.stages import label_of
from workers.cli_shared import (
    BAD_INPUT,
    NOT_REACHABLE,
    AsJson,
    InLang,
    Patience,
    ask,
    default_plan,
    echo_json,
    fail,
    read_json,
    words,
)

_NEEDED = ("person", "employer", "department", "specialty", "level")


def apply(
    person: Annotated[str | None, typer.Option(help="Opaque reference of the applicant.")] = None,
    employer: Annotated[str | None, typer.Option(help="Code of the employer, or of the agency.")] = None,
    department: Annotated[str | None, typer.Option(help="Code of the department in charge.")] = None,
    specialty: Annotated[str | None, typer.Option(help="As the plan names it, e.g. metrology.")] = None,
    level: Annotated[str | None, typer.Option(help="As the plan names it, e.g. deputy_senior.")] = None,
    plan: Annotated[
        str | None, typer.Option(help="The plan. Default: ZHICHENG_PLAN or the only one.")
    ] = None,
    full_post_management: Annotated[
        bool,
        typer.Option("--full-post-management", help="The employer's recommendations are bound by posts."),
    ] = False,
    archive_keeper: Annotated[str | None, typer.Option(help="Who keeps the file, when known.")] = None,
    attempt: Annotated[int, typer.Option(min=1, max=99, help="2 to apply again after a withdrawal.")] = 1,
    rehearse_from: Annotated[
        str | None,
        typer.Option(
            metavar="INSTANT", help="Rehearsal: business time begins here, e.g. 2023-09-18T09:00+08:00."
        ),
    ] = None,
    speed: Annotated[float, typer.Option(help="Rehearsal: business seconds per real second.")] = 1.0,
    file: Annotated[
        str | None,
        typer.Option("--file", "-f", metavar="FILE", help="The whole input as JSON, - for standard input."),
    ] = None,
    as_json: AsJson = False,
    lang: InLang = "en",
    timeout: Patience = 30.0,
) -> None:
    """Begin an application. The same input again finds the same application."""
    given = {
        "person": person,
        "employer": employer,
        "department": department,
        "specialty": specialty,
        "level": level,
    }
    if file:
        body = _from_file(file, given)
    else:
        body = _from_options(given, plan or default_plan(), attempt)
        body["employer"]["full_post_management"] = full_post_management
        if archive_keeper:
            body["archive_keeper"] = archive_keeper
        if rehearse_from:
            body["clock"] = _clock(rehearse_from, speed)
    outcome = ask(lambda door: door.start(body), patience=timeout, as_json=as_json, lang=lang)
    if as_json:
        echo_json(outcome)
    else:
        before = "" if outcome.outcome == "started" else " before, with the same input"
        typer.echo(f"{outcome.outcome}{before}: {outcome.workflow_id}")
        typer.echo(f"reference {outcome.application_ref}")
        if outcome.stage:
            typer.echo(f"stage     {outcome.stage}  {words(label_of(outcome.stage), lang)}")
    if not outcome.opened:
        fail(
            NOT_REACHABLE,
            "It is on record, but no worker has opened it yet: start one with `zhicheng worker` or "
            "`zhicheng up`, then look with `zhicheng show`.",
        )


def _from_file(file: str, given: dict[str, str | None]) -> dict[str, Any]:
    extra = [f"--{name}" for name, value in given.items() if value is not None]
    if extra:
        fail(BAD_INPUT, f"Give either --file or {', '.join(extra)}, not both.")
    body = read_json(file)
    if not isinstance(body, dict):
        fail(BAD_INPUT, f"{file} must hold one JSON object: see `zhicheng template apply`.")
    return body


def _from_options(given: dict[str, str | None], plan: str, attempt: int) -> dict[str, Any]:
    missing = [f"--{name}" for name in _NEEDED if not given[name]]
    if missing:
        fail(BAD_INPUT, f"Missing {', '.join(missing)}: give them, or the whole input with --file.")
    return {
        "plan_id": plan,
        "application_ref": reference_of(plan, given["person"] or "", attempt),
        "applicant": given["person"],
        "employer": {"id": given["employer"]},
        "department": given["department"],
        "specialty": given["specialty"],
        "level": given["level"],
    }


def _clock(start: str, speed: float) -> dict[str, Any]:
    try:
        begin: datetime | None = datetime.fromisoformat(start)
    except ValueError:
        begin = None
    if begin is None or begin.tzinfo is None:
        fail(
            BAD_INPUT, f"--rehearse-from {start!r}: give an instant with offset, e.g. 2023-09-18T09:00+08:00."
        )
    return {
        "real_start": datetime.now(UTC).isoformat(),
        "business_start": begin.isoformat(),
        "speed": speed,
    }
