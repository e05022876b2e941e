"""Plans and notices as data: file a plan in the database, and look at what a notice would move."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from models.wire import Wire, local_day
from workers.cli_database import At, moment_of, with_database
from workers.cli_shared import BAD_INPUT, AsJson, InLang, console, default_plan, echo_json, fail, table

if TYPE_CHECKING:
    from activities.database import Database
    from workers.settings import Settings

TomlFile = Annotated[Path, typer.Argument(metavar="FILE", help="A TOML file.")]


class Filed(Wire):
    """A plan that is on file now."""

    plan_id: str
    version: int
    document_no: str
    sha256: str


class Move(Wire):
    """One running deadline that a notice moves. `old_last_day` is None while its year was not known."""

    application_ref: str
    stage: str
    deadline: str
    old_last_day: date | None
    new_last_day: date


class Preview(Wire):
    """What a notice changes: its days, and every running deadline that it moves."""

    document: str
    year: int
    days: dict[date, bool]
    """Day -> whether people work on it."""
    deadlines: int
    still_unknown: int
    moves: tuple[Move, ...]


def register(plans: typer.Typer, calendars: typer.Typer) -> None:
    """Mounts the commands beside those on plans and calendars."""
    plans.command("file")(file_command)
    calendars.command("preview")(preview_command)


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
        from activities.calendar import Calendars, stored_notices
        from activities.calendar_preview import recount
        from models.calendar_notice import check_notice, days_changed, read_notice
        from models.calendar_overlay import NoticeRecord

        notice = read_notice(text, field=file.name)
        calendars = Calendars(as_of=settings.rehearsal, folder=settings.calendar_dir)
        async with database.reading() as session:
            stored = tuple(known for known in await stored_notices(session) if known != text)
        before, after = calendars.on(moment, stored), calendars.on(moment, (*stored, text))
        check_notice(notice, local_day(moment), before, NoticeRecord.read(stored))
        seen = unknown = 0
        moves: list[Move] = []
        async for one in recount(database, chosen, after):
            seen += 1
            unknown += one.missing_year is not None
            if one.moves:
                moves.append(Move.model_validate(one.model_dump(exclude={"missing_year"})))
        return Preview(
            document=notice.document,
            year=notice.year,
            days=dict(days_changed(before, after, notice.year)),
            deadlines=seen,
            still_unknown=unknown,
            moves=tuple(moves),
        )

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
