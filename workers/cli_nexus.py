"""Nexus: make the endpoints through which other namespaces call this service, and say who they are."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

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
    from workers.nexus_endpoints import EndpointReport
    from workers.settings import NexusAccount, Settings

nexus_app = typer.Typer(
    no_args_is_help=True, help="Nexus: the door for teams with a Temporal namespace of their own."
)


@nexus_app.command()
def endpoint(
    name: Annotated[
        str | None, typer.Argument(help="One endpoint. Default: all that ZHICHENG_NEXUS_CALLERS names.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make the endpoints on the server; those that are there are left alone."""
    settings = load_settings()
    accounts = settings.nexus_callers
    if name is not None and name not in accounts:
        fail(
            BAD_INPUT,
            f"The endpoint '{name}' has no account, so its calls would be refused: name it in "
            "ZHICHENG_NEXUS_CALLERS first.",
        )
    if not accounts:
        fail(
            BAD_INPUT,
            "ZHICHENG_NEXUS_CALLERS names no endpoint, so there is none to make: see docs/nexus.md.",
        )
    reports = _with_server(settings, [name] if name else list(accounts))
    if as_json:
        echo_json([asdict(report) | _account(accounts[report.name]) for report in reports])
        return
    shown = table("endpoint", "", "leads to", "acts as", "roles")
    for report in reports:
        account = _account(accounts[report.name])
        shown.add_row(
            report.name,
            report.outcome,
            f"{report.namespace}, {report.task_queue}",
            account["subject"],
            ", ".join(account["roles"]),
        )
    console().print(shown)


def _account(account: NexusAccount) -> dict[str, Any]:
    roles = [f"{g.role.value}@{g.organisation}" if g.organisation else g.role.value for g in account.grants]
    return {"subject": account.subject, "roles": roles}


def _with_server(settings: Settings, names: list[str]) -> list[EndpointReport]:
    from temporalio.service import RPCError

    from workers.connect import TemporalUnreachableError, connect
    from workers.nexus_endpoints import EndpointTakenError, create_endpoints
    from workers.settings import SettingsError
    from workers.stack import settings_to_reach

    async def run() -> list[EndpointReport]:
        client = await connect(settings_to_reach(settings))
        return await create_endpoints(client, settings.task_queue, names)

    try:
        return asyncio.run(run())
    except TemporalUnreachableError as error:
        fail(NOT_REACHABLE, " ".join(str(error).split()))
    except SettingsError as error:
        fail(BAD_INPUT, str(error))
    except EndpointTakenError as error:
        fail(REFUSED, str(error))
    except RPCError as error:
        fail(REFUSED, f"The server does not make the endpoint ({error.message}): look at its Nexus settings.")
