"""Plans and notices as data: file a plan in the database, and look at what a notice would move."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from models.wire import Wire
from workers.cli_calendar import calendar_app
from workers.cli_database import At, moment_of, with_database
from workers.cli_plan import plan_app
from workers.cli_shared import BAD_INPUT, AsJson, InLang, console, default_plan, echo_json, fail, table

if TYPE_CHECKING:
    from activities.calendar_preview import Preview
    from activities.database import Database
    from workers.settings import Settings

TomlFile = Annotated[Path, typer.Argument(metavar="FILE", help="A TOML file.")]


class Filed(Wire):
    """A plan that is on file now."""

    plan_id: str
    version: int
    document_no: str
    sha256: str


@plan_app.command("file")
def file_command(
    file: TomlFile,
    document_no: Annotated[str, typer.Option("--document-no", help="The document that issues the plan.")],
    at: At = None,
    as_json: AsJson = False,
    lang: InLang = "en",
) -> None:
    """File version 1 of a new work plan in the database. Exit status 1 when the lint finds an error."""
    moment, text = moment_of(at), _text(file)

    async def write(database: Database, settings: Settings) -> Filed:
        from activities.calendar import Calendars
        from activities.plans import digest_of, file_plan

        calendars = Calendars(as_of=settings.rehearsal, folder=settings.calendar_dir)
        async with database.transaction() as session:
            calendar = await calendars.within(session, moment)
            plan = await file_plan(session, text, document_no, moment, calendar)
        return Filed(plan_id=plan.id, version=plan.version, document_no=document_no, sha256=digest_of(text))

    filed = with_database(write, as_json=as_json, lang=lang)
    if as_json:
        echo_json(filed)
    else:
        typer.echo(f"{filed.plan_id} v{filed.version} is on file ({filed.document_no}, {filed.sha256[:12]}).")


@calendar_app.command("preview")
def preview_command(
    file: TomlFile,
    plan: Annotated[
        str | None, typer.Option("--plan", help="Whose running deadlines to count again.")
    ] = None,
    at: At = None,
    as_json: AsJson = False,
    lang: InLang = "en",
) -> None:
    """Show what a notice on working days would move, case by case; nothing is stored or changed."""
    moment, text, chosen = moment_of(at), _text(file), plan or default_plan()

    async def read(database: Database, settings: Settings) -> Preview:
        from activities.calendar import Calendars
        from activities.calendar_preview import preview

        calendars = Calendars(as_of=settings.rehearsal, folder=settings.calendar_dir)
        return await preview(database, calendars, chosen, text, moment, field=file.name)

    found = with_database(read, as_json=as_json, lang=lang)
    if as_json:
        echo_json(found)
        return
    for day, works in found.days.items():
        typer.echo(f"{day}  {'上班 work' if works else '休息 rest'}")
    shown = table("application", "stage", "deadline", "now", "would be", title=found.document)
    for move in found.moves:
        old = str(move.old_last_day or "not known")
        shown.add_row(move.application_ref, move.stage, move.deadline, old, str(move.new_last_day))
    if found.moves:
        console().print(shown)
    unknown = f", {found.still_unknown} still wait for a year" if found.still_unknown else ""
    typer.echo(f"{len(found.moves)} of {found.deadlines} running deadlines would move{unknown}")


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        fail(BAD_INPUT, f"{file} cannot be read ({error}): give a TOML file in UTF-8.")
