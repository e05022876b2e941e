"""The processes: a worker, the embedded stack, and the search attributes they need."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from workers.cli_shared import BAD_INPUT, NOT_REACHABLE, OK, REFUSED, AsJson, echo_json, fail, load_settings

if TYPE_CHECKING:
    from workers.search_attributes import SearchAttributeReport
    from workers.settings import Settings
    from workers.stack import StackPlaces

search_attributes_app = typer.Typer(
    no_args_is_help=True, help="Search attributes on the Temporal server: register or check them."
)
Port = Annotated[int | None, typer.Option(min=1, max=65535, help="Default: the one used before, or 7233.")]


def worker(
    ready_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Exists while the worker serves, with its pid.")
    ] = None,
) -> None:
    """Serve applications until SIGTERM, then drain. Logs are JSON lines on standard error."""
    from sqlalchemy.exc import SQLAlchemyError

    from workers.connect import TemporalUnreachableError
    from workers.settings import SettingsError
    from workers.telemetry import configure_logging

    settings = load_settings()
    configure_logging(settings)
    try:
        status = asyncio.run(_serve(settings, ready_file))
    except TemporalUnreachableError as error:
        fail(NOT_REACHABLE, " ".join(str(error).split()))
    except SettingsError as error:
        fail(BAD_INPUT, str(error))
    except SQLAlchemyError as error:
        fail(NOT_REACHABLE, _database_away(settings, error))
    except OSError as error:
        fail(
            BAD_INPUT,
            f"The worker cannot start ({error}): look at ZHICHENG_HEALTH_ADDRESS, "
            "ZHICHENG_SERVICE_METRICS_ADDRESS and the data directory.",
        )
    if status != OK:
        raise typer.Exit(status)


async def _serve(settings: Settings, ready_file: Path | None) -> int:
    from activities.database import Database
    from workers.database import current, fit, needed, upgrade
    from workers.nexus import nexus_services
    from workers.observe.page import observed
    from workers.registry import WORKFLOWS, make_activities
    from workers.stack import settings_to_reach
    from workers.worker import run_worker

    url = settings.database_url.get_secret_value()
    if url.startswith("sqlite"):
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        await asyncio.to_thread(upgrade, url)
    elif await asyncio.to_thread(fit, url) not in ("fits", "newer"):
        found = await asyncio.to_thread(current, url)
        fail(
            BAD_INPUT,
            f"The database is at schema {found or 'none'}, this release needs {needed()}: "
            "run `zhicheng migrate` first.",
        )
    database = Database(url)
    try:
        with observed(settings, "worker"):
            return await run_worker(
                settings_to_reach(settings),
                workflows=WORKFLOWS,
                database=database,
                activities=make_activities(
                    database,
                    rehearsal=settings.rehearsal,
                    calendar_dir=settings.calendar_dir,
                    papers=settings.papers(),
                    four_eyes_above=settings.batch_four_eyes_above,
                    identity_required=settings.identity_required,
                ),
                nexus_services=nexus_services(settings, database),
                ready_file=ready_file,
            )
    finally:
        await database.close()


def migrate() -> None:
    """Bring the database to the schema of this release; does nothing when it is there."""
    from sqlalchemy.exc import SQLAlchemyError

    from workers.database import current, fit, needed, upgrade
    from workers.stack import database_words

    settings = load_settings()
    url = settings.database_url.get_secret_value()
    try:
        if url.startswith("sqlite"):
            settings.data_dir.mkdir(parents=True, exist_ok=True)
        upgrade(url)
        later = f", of a later release than this one ({needed()})" if fit(url) == "newer" else ""
        typer.echo(f"{database_words(url)} is at schema {current(url)}{later}")
    except (SQLAlchemyError, OSError) as error:
        fail(NOT_REACHABLE, _database_away(settings, error))


def _database_away(settings: Settings, error: Exception) -> str:
    """The driver's first line says what is wrong; the URL is shown without its password."""
    from workers.stack import database_words

    reason = " ".join(str(error).split("\n", 1)[0].split())[:300]
    where = database_words(settings.database_url.get_secret_value())
    return f"The database {where} cannot be used ({reason}): look at ZHICHENG_DATABASE_URL."


def up(
    port: Port = None,
    ui_port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="Of the Web UI. Default: the one before, or 8233.")
    ] = None,
    ui: Annotated[bool, typer.Option("--ui/--no-ui", help="With Temporal's Web UI.")] = True,
    rehearsal: Annotated[
        bool, typer.Option("--rehearsal", help="Applications may carry a compressed clock.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Start everything on this machine: Temporal server, database, worker. Ctrl-C stops it; data stay."""
    from sqlalchemy.exc import SQLAlchemyError

    from workers.settings import SettingsError
    from workers.stack import StackError, log_file, run_stack
    from workers.telemetry import configure_logging

    settings = load_settings()
    if rehearsal:
        settings = settings.model_copy(update={"rehearsal": True})
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    with log_file(settings).open("a", encoding="utf-8") as log:
        configure_logging(settings, log)
        try:
            status = asyncio.run(
                run_stack(
                    settings,
                    port=port,
                    ui_port=ui_port,
                    ui=ui,
                    announce=lambda places: _announce(places, as_json),
                )
            )
        except StackError as error:
            fail(REFUSED, str(error))
        except SettingsError as error:
            fail(BAD_INPUT, str(error))
        except SQLAlchemyError as error:
            fail(NOT_REACHABLE, _database_away(settings, error))
        except (OSError, RuntimeError) as error:
            fail(NOT_REACHABLE, f"The stack cannot run ({error}): see {log_file(settings)}.")
    typer.echo("stopped; the applications are kept", err=True)
    if status != OK:
        raise typer.Exit(status)


def demo(
    seconds: Annotated[
        float | None, typer.Option("--seconds", min=10, help="Real seconds for the whole cycle.")
    ] = None,
    story: Annotated[list[str] | None, typer.Option(help="Only this story. May be repeated.")] = None,
    data_dir: Annotated[Path | None, typer.Option(help="Where its data are. Default: a fresh place.")] = None,
    ui: Annotated[bool, typer.Option("--ui/--no-ui", help="With Temporal's Web UI.")] = True,
    names: Annotated[bool, typer.Option("--list", help="Name the stories and end.")] = False,
) -> None:
    """Play the 2023 cycle as stories on a real server; exit status 0 when each ended as it must."""
    from workers.rehearsal.demo import SECONDS, run
    from workers.rehearsal.stories import STORIES

    if names:
        for one in STORIES:
            typer.echo(f"{one.name:30} {one.zh} / {one.en}")
        return
    try:
        status = run(seconds or SECONDS, story or (), data_dir, ui)
    except ValueError as error:
        fail(BAD_INPUT, str(error))
    if status != OK:
        raise typer.Exit(status)


def _announce(places: StackPlaces, as_json: bool) -> None:
    from dataclasses import asdict

    if as_json:
        echo_json(
            {name: str(value) if isinstance(value, Path) else value for name, value in asdict(places).items()}
        )
        return
    typer.echo(f"temporal   {places.temporal}, namespace {places.namespace}, task queue {places.task_queue}")
    typer.echo(f"web        {places.web or 'off'}")
    typer.echo(f"gateway    {places.gateway}/v1 (tokens: `zhicheng token`)")
    if places.codec:
        typer.echo(f"codec      {places.codec} (to read payloads in the Web UI: {places.codec}/sign-in)")
    typer.echo(f"database   {places.database}")
    typer.echo(f"data       {places.data_dir}")
    typer.echo(f"log        {places.log}")
    typer.echo("begin      zhicheng apply --help     stop with Ctrl-C; the data stay")


@search_attributes_app.command()
def register(as_json: AsJson = False) -> None:
    """Add the search attributes that the server lacks."""
    report = _with_server(True)
    if as_json:
        echo_json({"added": list(report.missing), "present": list(report.present)})
    else:
        typer.echo(f"added {', '.join(report.missing) or 'nothing'}; {len(report.present)} were there")


@search_attributes_app.command()
def check(as_json: AsJson = False) -> None:
    """Exit status 1 when the server lacks one, or has one with another type."""
    report = _with_server(False)
    if as_json:
        echo_json(
            {
                "missing": list(report.missing),
                "wrong_type": report.wrong_type,
                "unknown": list(report.unknown),
                "ok": report.ok,
            }
        )
    elif report.ok:
        typer.echo(f"all {len(report.present)} search attributes are there")
        if report.unknown:
            typer.echo(f"of another release: {', '.join(report.unknown)}")
    if not report.ok:
        wrong = [f"{name} is {kind}" for name, kind in report.wrong_type.items()]
        lacking = [f"{name} is missing" for name in report.missing]
        fail(REFUSED, f"{'; '.join(lacking + wrong)}: run `zhicheng search-attributes register`.")


def _with_server(add: bool) -> SearchAttributeReport:
    from workers.connect import TemporalUnreachableError, connect
    from workers.search_attributes import (
        SearchAttributeError,
        check_search_attributes,
        register_search_attributes,
    )
    from workers.settings import SettingsError
    from workers.stack import settings_to_reach

    settings = load_settings()

    async def run() -> SearchAttributeReport:
        client = await connect(settings_to_reach(settings))
        return await (register_search_attributes(client) if add else check_search_attributes(client))

    try:
        return asyncio.run(run())
    except TemporalUnreachableError as error:
        fail(NOT_REACHABLE, " ".join(str(error).split()))
    except SettingsError as error:
        fail(BAD_INPUT, str(error))
    except SearchAttributeError as error:
        fail(REFUSED, str(error))
