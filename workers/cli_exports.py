"""Files with many applications in them: take one, and see who took which."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from workers.cli_database import At, with_database
from workers.cli_operations import Plan
from workers.cli_searching import OPERATOR, Of, Query, looking
from workers.cli_shared import BAD_INPUT, AsJson, InLang, console, default_plan, echo_json, fail, table, when
from workers.command_line import SEARCHES

if TYPE_CHECKING:
    from activities.database import Database
    from activities.exporting import ExportRow
    from activities.finding import View
    from workers.settings import Settings

export_app = typer.Typer(no_args_is_help=True, help="Exports: take one as CSV, and see who took which.")


@export_app.command(context_settings=SEARCHES)
def make(
    search: Query = "",
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FILE", help="Where it goes.")] = Path("-"),
    plan: Plan = None,
    of: Of = None,
    at: At = None,
    lang: InLang = "en",
) -> None:
    """Write what a search finds as CSV, to a file or (`-`) to standard output. It stands on record."""
    chosen = plan or default_plan()

    async def read(view: View) -> tuple[bytes, int, str]:
        from activities.exporting import as_csv

        return (*await as_csv(view), view.selection.search or "")

    content, rows, text = looking(read, search, plan=chosen, at=at, of=of, lang=lang)

    async def write(database: Database, settings: Settings) -> None:  # noqa: ARG001
        from activities.exporting import note_export

        async with database.transaction() as session:
            await note_export(
                session,
                content,
                at=datetime.now(UTC),
                subject=OPERATOR.id,
                grants="command line",
                plan_id=chosen,
                what="applications",
                search=text,
                rows=rows,
            )

    with_database(write, lang=lang)
    if str(out) == "-":
        typer.echo(content.decode("utf-8-sig"), nl=False)
        return
    try:
        out.write_bytes(content)
    except OSError as error:
        fail(BAD_INPUT, f"{out} cannot be written ({error.strerror}): name a file in a folder that exists.")
    typer.echo(f"{out}: {rows} applications")


@export_app.command("list")
def list_exports(plan: Plan = None, as_json: AsJson = False, lang: InLang = "en") -> None:
    """Who took which file of a plan, the last one first."""

    async def read(database: Database, settings: Settings) -> list[ExportRow]:  # noqa: ARG001
        from activities.exporting import exports_of

        async with database.reading() as session:
            return list(await exports_of(session, plan or default_plan()))

    found = with_database(read, as_json=as_json, lang=lang)
    if as_json:
        echo_json(found)
        return
    shown = table("at", "who", "roles", "what", "search", "rows", "sha-256", "request")
    for one in found:
        cells = (one.subject, one.grants, one.what, one.search or "-", str(one.rows), one.sha256[:12])
        shown.add_row(when(one.at), *cells, one.request_id)
    console().print(shown)
    typer.echo(f"{len(found)} exports")
