"""The list of applications."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Annotated

import typer

from models.stages import STAGES, Stage, label_of
from workers.cli_shared import (
    BAD_INPUT,
    AsJson,
    InLang,
    Patience,
    ask,
    console,
    echo_json,
    fail,
    table,
    when,
    words,
)

if TYPE_CHECKING:
    from workers.client import ReviewClient
    from workers.listing import Listed


def list_command(
    plan: Annotated[str | None, typer.Option(help="Only of this plan.")] = None,
    stage: Annotated[str | None, typer.Option(help="Only in this stage.")] = None,
    status: Annotated[str | None, typer.Option(help="open, on_hold or ended.")] = None,
    action_by: Annotated[str | None, typer.Option(help="Only those this role has to act on.")] = None,
    unit: Annotated[str | None, typer.Option(help="Only of this employer or department.")] = None,
    due_before: Annotated[
        str | None, typer.Option(metavar="DATE", help="Only those due before this day.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 200,
    as_json: AsJson = False,
    lang: InLang = "en",
    timeout: Patience = 30.0,
) -> None:
    """List applications, soonest deadline first."""
    if stage is not None and stage not in tuple(Stage):
        fail(BAD_INPUT, f"There is no stage '{stage}': use one of {', '.join(s.value for s in STAGES)}.")
    day = _day(due_before) if due_before else None

    async def read(door: ReviewClient) -> list[Listed]:
        from workers.listing import query_for

        query = query_for(
            plan=plan, stage=stage, status=status, action_by=action_by, unit=unit, due_before=day
        )
        return await door.find(query, limit)

    try:
        found = ask(read, patience=timeout, as_json=as_json, lang=lang)
    except ValueError as error:
        fail(BAD_INPUT, f"{error}.")
    if as_json:
        echo_json(found)
        return
    shown = table("application", "stage", "status", "action by", "employer", "due", "returns", "plan")
    for one in found:
        stage_words = words(label_of(one.stage), lang) if one.stage in tuple(Stage) else one.stage or "-"
        cells = (stage_words, one.status or "-", one.action_by or "-", one.employer or "-", when(one.due_at))
        shown.add_row(one.application_ref, *cells, str(one.returns), one.plan_id)
    console().print(shown)
    more = ", there may be more: raise --limit" if len(found) == limit else ""
    typer.echo(f"{len(found)} applications{more}")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        fail(
            BAD_INPUT, f"--due-before {text!r} is not a day: write it as YYYY-MM-DD, for example 2023-11-06."
        )
