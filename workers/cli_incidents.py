"""What failed, the same cause together, and the command that tries it again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from workers.cli_database import At, moment_of, with_database
from workers.cli_searching import looking
from workers.cli_shared import AsJson, InLang, console, default_plan, echo_json, table, when

if TYPE_CHECKING:
    from activities.database import Database
    from activities.finding import View
    from activities.incidents import Incident
    from workers.settings import Settings

Plan = Annotated[
    str | None, typer.Option("--plan", help="The plan. Default: ZHICHENG_PLAN, or the real one.")
]


def incidents_command(
    hours: Annotated[int, typer.Option(min=1, max=10_000, help="Since so many hours.")] = 1,
    temporal: Annotated[bool, typer.Option(help="Ask the server as well what is stuck.")] = True,
    plan: Plan = None,
    at: At = None,
    as_json: AsJson = False,
    lang: InLang = "en",
) -> None:
    """What failed lately and what is stuck now, the same cause together, and what tries it again."""
    chosen, since = plan or default_plan(), moment_of(at) - timedelta(hours=hours)
    business = at is not None

    async def of_database(view: View) -> list[Incident]:
        from activities.incidents import incidents

        now = moment_of(at) if business else datetime.now(UTC)
        return await incidents(view.session, chosen, since, now=now)

    async def of_server(database: Database, settings: Settings) -> Any:
        from workers.connect import connect
        from workers.incidents import incidents_of_server
        from workers.stack import settings_to_reach

        return await incidents_of_server(await connect(settings_to_reach(settings)), database, chosen)

    from activities.incidents import latest_first

    found = looking(of_database, "", plan=chosen, at=at, as_json=as_json, lang=lang)
    asked = True
    if temporal:
        told = with_database(of_server, as_json=as_json, lang=lang)
        found, asked = latest_first([*found, *told.found]), told.asked
    if as_json:
        echo_json(found)
        return
    shown = table("what", "of", "cause", "failures", "last", "for example", "again")
    for one in found:
        cells = (one.cause, str(one.failures), when(one.last_at), one.example, one.again)
        shown.add_row(one.kind, one.of, *cells)
    console().print(shown)
    typer.echo(f"{sum(one.failures for one in found)} failures of {len(found)} causes")
    if not asked:
        typer.echo("The server did not say what is stuck there: part is missing.", err=True)


def retry_command(
    kind: Annotated[str, typer.Argument(metavar="KIND", help="activity, notice or webhook.")],
    of: Annotated[str, typer.Argument(metavar="OF", help="As `zhicheng incidents` tells it.")],
    cause: Annotated[str, typer.Option(help="As `zhicheng incidents` tells it.")],
    plan: Plan = None,
    as_json: AsJson = False,
    lang: InLang = "en",
) -> None:
    """Try again what failed of this kind for this cause, at once. Twice does no harm."""
    chosen = plan or default_plan()

    async def work(database: Database, settings: Settings) -> int:
        from workers.cli_database import known_plan
        from workers.connect import connect
        from workers.incidents import retry_incident
        from workers.stack import settings_to_reach

        await known_plan(database, chosen)
        return await retry_incident(
            await connect(settings_to_reach(settings)), database, chosen, kind, of, cause
        )

    count = with_database(work, as_json=as_json, lang=lang)
    if as_json:
        echo_json({"retried": count})
        return
    typer.echo(f"{count} tried again")
