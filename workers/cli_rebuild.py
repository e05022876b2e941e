"""`zhicheng rebuild`: the read model from the workflows, with the comparison first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from workers.cli_database import At, moment_of, with_database
from workers.cli_shared import BAD_INPUT, REFUSED, AsJson, console, default_plan, echo_json, fail, table

if TYPE_CHECKING:
    from activities.database import Database
    from activities.rebuilding import Rebuilt
    from workers.settings import Settings


def rebuild(
    application: Annotated[
        str | None, typer.Argument(metavar="APP", help="A reference, or PLAN/REFERENCE.")
    ] = None,
    all_: Annotated[bool, typer.Option("--all", help="Every application of the plan.")] = False,
    plan: Annotated[str | None, typer.Option(help="Of this plan.")] = None,
    apply: Annotated[bool, typer.Option("--apply", help="Write it. Default: show what differs.")] = False,
    audit: Annotated[
        bool,
        typer.Option("--audit", help="Put entries of the audit chain right, too; what stood there is kept."),
    ] = False,
    at: At = None,
    as_json: AsJson = False,
) -> None:
    """Rebuild what the database says of applications from their workflows' histories.

    Shows the differences and changes nothing, unless told to apply. Exit status 1 when something differs
    that was not written.
    """
    if (application is None) is not all_:
        fail(BAD_INPUT, "Name one application, or say --all.")
    name = (application or "").removeprefix("application/")
    named_plan, _, ref = name.rpartition("/")
    plan_id, moment = named_plan or plan or default_plan(), moment_of(at)

    async def work(database: Database, settings: Settings) -> list[Rebuilt]:
        from activities.calendar import Calendars
        from workers.connect import connect
        from workers.rebuild import rebuild_all
        from workers.stack import settings_to_reach

        client = await connect(settings_to_reach(settings))
        calendars = Calendars(as_of=settings.rehearsal, folder=settings.calendar_dir)
        looked = rebuild_all(
            client, database, calendars, moment, plan_id, ref or None, apply=apply, audit=audit
        )
        return [one async for one in looked]

    found = with_database(work, as_json=as_json)
    if as_json:
        echo_json(found)
    else:
        _show(found, apply)
    if any(one.left is not None or (one.differences and not one.written) for one in found):
        raise typer.Exit(REFUSED)


def _show(found: list[Rebuilt], apply: bool) -> None:
    from activities.rebuilding import NOT_REBUILT

    shown = table("application", "table", "row", "what", "in the database", "by the history")
    for one in found:
        for differing in one.differences:
            head = (one.application_ref, differing.table, differing.row, differing.what)
            pairs = differing.columns.items() or [("", ("", ""))]
            for column, (ours, theirs) in pairs:
                mark = f"{column}: " if column else ""
                cells = (*head, _short(f"{mark}{ours}"), _short(theirs))
                shown.add_row(*(escape(cell) for cell in cells))
    if shown.row_count:
        console().print(shown)
    for one in found:
        if one.left is not None:
            typer.echo(f"{one.application_ref}: left as it is: {one.left}")
    number = sum(len(one.differences) for one in found)
    written = sum(1 for one in found if one.written)
    typer.echo(f"{len(found)} applications, {number} rows differ, {written} applications written")
    if number and not apply:
        typer.echo("nothing was changed: --apply writes it (--audit: the audit chain, too)")
    if number:
        typer.echo("not rebuilt: " + "; ".join(NOT_REBUILT))


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:57]}..."
