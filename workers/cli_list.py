"""The list of applications: what a search finds in the read model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from models.stages import Stage, label_of
from models.wire import Instant, Wire, last_day_before, local_day
from workers.cli_database import At
from workers.cli_searching import Of, Query, looking
from workers.cli_shared import AsJson, InLang, console, echo_json, table, until, words

if TYPE_CHECKING:
    from activities.finding import View


class Listed(Wire):
    """One application as the read model has it. `slack`: working days left until the end of its last day."""

    application_ref: str
    plan_id: str
    stage: str
    status: str
    action_by: str | None
    employer: str
    department: str
    due_at: Instant | None
    slack: int | None
    days_at_stage: int | None
    returns: int
    revision: int
    workflow_id: str


def list_command(
    search: Query = "",
    plan: Annotated[str | None, typer.Option(help="Only of this plan.")] = None,
    stage: Annotated[str | None, typer.Option(help="Short for stage:STAGE.")] = None,
    status: Annotated[str | None, typer.Option(help="Short for status:STATUS.")] = None,
    action_by: Annotated[str | None, typer.Option(help="Short for action_by:ROLE.")] = None,
    unit: Annotated[str | None, typer.Option(help="Short for unit:REF, an employer or a department.")] = None,
    due_before: Annotated[str | None, typer.Option(metavar="DATE", help="Short for due<DATE.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 200,
    of: Of = None,
    at: At = None,
    as_json: AsJson = False,
    lang: InLang = "en",
) -> None:
    """List applications, soonest deadline first. The grammar of searches is in docs/operations.md."""
    given = {"stage:": stage, "status:": status, "action_by:": action_by, "unit:": unit, "due<": due_before}
    terms = [search, *(f"{term}{value}" for term, value in given.items() if value is not None)]

    async def read(view: View) -> list[Listed]:
        from activities.finding import find

        rows, _ = await find(view.session, view.selection, view.today, view.seen, order="due", limit=limit)
        return [
            Listed(
                **{name: getattr(row, name) for name in Listed.model_fields if hasattr(row, name)},
                slack=view.today.slack(last_day_before(row.due_at)) if row.due_at else None,
                days_at_stage=view.today.days_since(local_day(row.entered_at)),
            )
            for row in rows
        ]

    found = looking(read, " ".join(terms), plan=plan, at=at, of=of, as_json=as_json, lang=lang)
    if as_json:
        echo_json(found)
        return
    shown = table(
        *("application", "stage", "status", "action by", "employer", "due", "wd left", "wd here", "returns"),
        "plan",
    )
    for one in found:
        cells = (
            words(label_of(one.stage), lang) if one.stage in tuple(Stage) else one.stage,
            one.status,
            one.action_by or "-",
            one.employer,
            until(one.due_at),
            *("-" if number is None else str(number) for number in (one.slack, one.days_at_stage)),
        )
        shown.add_row(one.application_ref, *cells, str(one.returns), one.plan_id)
    console().print(shown)
    more = ", there may be more: raise --limit" if len(found) == limit else ""
    typer.echo(f"{len(found)} applications{more}")
