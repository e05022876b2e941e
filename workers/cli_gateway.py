"""The HTTP gateway: run it, mint a token of the local issuer, see who looked at a dossier."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from models.roles import Role
from models.wire import SHANGHAI
from workers.cli_database import with_database
from workers.cli_shared import (
    BAD_INPUT,
    NOT_REACHABLE,
    AsJson,
    console,
    default_plan,
    echo_json,
    fail,
    load_settings,
    table,
    when,
)

if TYPE_CHECKING:
    from activities.database import Database
    from models.tables import AccessEntry
    from workers.settings import Settings


def gateway() -> None:
    """Serve the HTTP gateway until SIGTERM, then let requests end. Logs are JSON lines on standard error."""
    from workers.connect import TemporalUnreachableError
    from workers.settings import SettingsError
    from workers.telemetry import configure_logging

    settings = load_settings()
    configure_logging(settings)
    try:
        asyncio.run(_serve(settings))
    except TemporalUnreachableError as error:
        fail(NOT_REACHABLE, " ".join(str(error).split()))
    except SettingsError as error:
        fail(BAD_INPUT, str(error))
    except OSError as error:
        fail(
            BAD_INPUT,
            f"The gateway cannot listen ({error}): look at ZHICHENG_GATEWAY_ADDRESS and "
            "ZHICHENG_SERVICE_METRICS_ADDRESS.",
        )


async def _serve(settings: Settings) -> None:
    from workers.connect import connect
    from workers.gateway.serve import run_gateway
    from workers.observe.page import observed
    from workers.stack import settings_to_reach
    from workers.telemetry import temporal_runtime
    from workers.worker import stop_on_signal

    with observed(settings, "gateway"):
        async with stop_on_signal() as stop:
            client = await connect(settings_to_reach(settings), runtime=temporal_runtime(settings))
            await run_gateway(settings, client, stop)


def token(
    subject: Annotated[
        str, typer.Option(help="Who: an opaque reference, never a name or an identity number.")
    ],
    role: Annotated[
        list[str],
        typer.Option(
            metavar="ROLE[:ORGANISATION]", help="e.g. office:tj-scjg-title-office; may be repeated."
        ),
    ],
    hours: Annotated[float, typer.Option(min=0.01, max=24, help="How long it is valid.")] = 8,
    service: Annotated[
        bool, typer.Option("--service", help="The account of a system, not of a person.")
    ] = False,
) -> None:
    """Mint a token of the local issuer: for the embedded stack and rehearsals only."""
    from pydantic import ValidationError

    from models.visibility import Grant
    from workers.gateway.caller import Caller
    from workers.gateway.serve import local_issuer

    settings = load_settings()
    if settings.oidc_issuer is not None:
        fail(BAD_INPUT, "ZHICHENG_OIDC_ISSUER is set: get a token from that issuer.")
    try:
        grants = [
            Grant(role=Role(name), organisation=organisation or None)
            for name, _, organisation in (given.partition(":") for given in role)
        ]
        Caller(subject=subject, grants=tuple(grants))
        minted = local_issuer(settings).mint(subject, grants, life=timedelta(hours=hours), service=service)
    except ValidationError as error:
        first = error.errors()[0]
        fail(BAD_INPUT, f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}.")
    except ValueError as error:
        fail(BAD_INPUT, f"--role: {error}; roles are {', '.join(r.value for r in Role)}.")
    typer.echo(minted)


def access_log(
    application: Annotated[str, typer.Argument(metavar="REF", help="The application's reference.")],
    plan: Annotated[
        str | None, typer.Option("--plan", help="Default: ZHICHENG_PLAN, or the real one.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Who looked at this dossier through the gateway, or tried to; the last look first."""

    async def read(database: Database, settings: Settings) -> list[dict[str, Any]]:  # noqa: ARG001
        from workers.gateway.access_log import looks_at

        return [_told(one) for one in await looks_at(database, plan or default_plan(), application)]

    found = with_database(read)
    if as_json:
        echo_json([{**one, "at": one["at"].astimezone(SHANGHAI).isoformat()} for one in found])
        return
    shown = table("at", "who", "roles", "what", "outcome", "request", title=f"Looks at {application}")
    for one in found:
        shown.add_row(
            when(one["at"]), one["subject"], one["grants"], one["what"], one["outcome"], one["request_id"]
        )
    console().print(shown)


def _told(entry: AccessEntry) -> dict[str, Any]:
    names = ("at", "subject", "grants", "service", "what", "outcome", "request_id")
    return {name: getattr(entry, name) for name in names}
