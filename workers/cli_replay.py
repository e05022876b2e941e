"""`zhicheng replay`: would this release break the applications that run? Its exit status says so."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

from workers.cli_shared import NOT_REACHABLE, REFUSED, AsJson, console, echo_json, fail, load_settings, table

if TYPE_CHECKING:
    from workers.replaying import Replayed


def replay(
    is_open: Annotated[bool, typer.Option("--open", help="The applications that run: the default.")] = True,  # noqa: ARG001
    sample: Annotated[
        int | None, typer.Option(min=1, max=10_000, help="So many of each stage. Default: all.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Replay the histories of open applications against the code of this release; changes nothing.

    Exit status 1 when one does not replay.
    """
    from temporalio.service import RPCError

    from workers.connect import TemporalUnreachableError, connect
    from workers.stack import settings_to_reach

    settings = load_settings()

    async def run() -> Replayed:
        from workers.replaying import replay_open

        return await replay_open(await connect(settings_to_reach(settings)), sample)

    try:
        found = asyncio.run(run())
    except (TemporalUnreachableError, RPCError) as error:
        fail(NOT_REACHABLE, " ".join(str(error).split()))
    if as_json:
        echo_json(found)
    else:
        _show(found)
    if found.broken:
        raise typer.Exit(REFUSED)


def _show(found: Replayed) -> None:
    broken = [one.stage for one in found.broken]
    shown = table("stage", "open", "replayed", "broken")
    for stage, number in found.open.items():
        shown.add_row(stage, str(number), str(found.replayed.get(stage, 0)), str(broken.count(stage)))
    console().print(shown)
    for one in found.broken:
        typer.echo(f"{one.workflow_id}: {one.reason}")
    typer.echo(f"{sum(found.replayed.values())} histories replayed, {len(broken)} do not fit this release")
