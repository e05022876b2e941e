"""`zhicheng replay`: would this release break the applications that run? Its exit status says so."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from workers.cli_shared import (
    BAD_INPUT,
    NOT_REACHABLE,
    REFUSED,
    AsJson,
    console,
    echo_json,
    fail,
    load_settings,
    table,
)

if TYPE_CHECKING:
    from workers.replaying import Replayed
    from workers.settings import Settings


def replay(
    is_open: Annotated[bool, typer.Option("--open", help="All that runs: the default.")] = True,  # noqa: ARG001
    sample: Annotated[
        int | None, typer.Option(min=1, max=10_000, help="So many of each stage. Default: all.")
    ] = None,
    keep: Annotated[bool, typer.Option(help="Keep the report in the database, for the board.")] = True,
    as_json: AsJson = False,
) -> None:
    """Replay the histories of all that is open against the code of this release; changes none of them.

    Exit status 1 when one does not replay.
    """
    from sqlalchemy.exc import SQLAlchemyError
    from temporalio.service import RPCError

    from workers.connect import TemporalUnreachableError, connect
    from workers.settings import SettingsError
    from workers.stack import settings_to_reach

    settings = load_settings()

    async def run() -> Replayed:
        from workers.replaying import replay_open

        found = await replay_open(await connect(settings_to_reach(settings)), sample)
        if keep:
            try:
                await _keep(settings, found)
            except (SQLAlchemyError, OSError) as error:  # a release that asks may be ahead of the schema
                reason = " ".join(str(error).split("\n", 1)[0].split())[:200]
                typer.echo(f"The report is not kept for the board: {reason}", err=True)
        return found

    try:
        found = asyncio.run(run())
    except (TemporalUnreachableError, RPCError) as error:
        fail(NOT_REACHABLE, " ".join(str(error).split()))
    except SettingsError as error:
        fail(BAD_INPUT, str(error))
    if as_json:
        echo_json(found)
    else:
        _show(found)
    if found.broken:
        raise typer.Exit(REFUSED)


async def _keep(settings: Settings, found: Replayed) -> None:
    from activities.database import Database
    from activities.operator_reports import keep_report

    database = Database(settings.database_url.get_secret_value())
    try:
        async with database.transaction() as session:
            await keep_report(
                session,
                "replay",
                found.model_dump(mode="json", exclude={"broken": {"__all__": {"reason"}}}),
                clean=not found.broken,
                subject="operator",
                at=datetime.now(UTC),
            )
    finally:
        await database.close()


def _show(found: Replayed) -> None:
    broken = [one.stage for one in found.broken]
    shown = table("stage", "open", "replayed", "broken")
    for stage, number in found.open.items():
        shown.add_row(stage, str(number), str(found.replayed.get(stage, 0)), str(broken.count(stage)))
    console().print(shown)
    for one in found.broken:
        typer.echo(f"{one.workflow_id}: {one.reason}")
    typer.echo(f"{sum(found.replayed.values())} histories replayed, {len(broken)} do not fit this release")
