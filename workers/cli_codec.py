"""The payload codec at the command line: its server, and the keys."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

from workers.cli_shared import BAD_INPUT, NOT_REACHABLE, REFUSED, fail, load_settings

if TYPE_CHECKING:
    from workers.settings import Settings

payload_key_app = typer.Typer(
    help="Keys that seal what Temporal keeps: make one, see which are in use, change over.",
    no_args_is_help=True,
)


def codec() -> None:
    """Serve Temporal's remote codec until SIGTERM, for its Web UI and command line and for other SDKs."""
    from sqlalchemy.exc import SQLAlchemyError

    from workers.settings import SettingsError
    from workers.telemetry import configure_logging

    settings = load_settings()
    configure_logging(settings)
    try:
        asyncio.run(_serve(settings))
    except SettingsError as error:
        fail(BAD_INPUT, str(error))
    except SQLAlchemyError:
        fail(NOT_REACHABLE, "The database cannot be used: look at ZHICHENG_DATABASE_URL.")
    except OSError as error:
        fail(BAD_INPUT, f"The codec server cannot listen ({error}): look at ZHICHENG_CODEC_ADDRESS.")


async def _serve(settings: Settings) -> None:
    from activities.database import Database
    from workers.codec.serve import run_codec
    from workers.stack import settings_to_reach
    from workers.worker import stop_on_signal

    database = Database(settings.database_url.get_secret_value())
    try:
        async with stop_on_signal() as stop:
            await run_codec(settings_to_reach(settings), database, stop)
    finally:
        await database.close()


@payload_key_app.command("new")
def new(
    name: Annotated[str, typer.Argument(metavar="ID", help="Its name, e.g. the month: 2026-11.")],
) -> None:
    """Print a fresh key as ZHICHENG_PAYLOAD_KEYS takes it. It is a secret: into the secret store with it."""
    from workers.codec.given import new_key

    try:
        typer.echo(new_key(name))
    except ValueError as error:
        fail(BAD_INPUT, f"{error}.")


@payload_key_app.command("list")
def list_keys() -> None:
    """The keys of this process as they stand on payloads, the one that seals first; no secret is shown."""
    from workers.codec.ring import key_ring
    from workers.connect import connect_config
    from workers.settings import SettingsError
    from workers.stack import settings_to_reach

    settings = settings_to_reach(load_settings())
    try:
        config = connect_config(settings)
        ring = key_ring(settings, config["target_host"], config["namespace"])
    except SettingsError as error:
        fail(BAD_INPUT, str(error))
    if ring is None:
        fail(REFUSED, "Nothing is sealed: ZHICHENG_PAYLOAD_ENCRYPTION is off and there are no keys.")
    sealing = settings.payload_encryption == "on"
    for number, key_id in enumerate(ring.ids):
        typer.echo(f"{key_id}  {'seals and opens' if sealing and number == 0 else 'opens'}")


@payload_key_app.command("rotate")
def rotate(
    name: Annotated[str, typer.Argument(metavar="ID", help="The name of the new key, e.g. 2026-11.")],
) -> None:
    """On one machine: put a fresh key before those of the data directory. Processes learn of it."""
    from workers.codec.given import new_key, parse_keys
    from workers.codec.ring import key_file
    from workers.key_files import replaced

    settings = load_settings()
    file = key_file(settings)
    if settings.payload_keys is not None:
        fail(REFUSED, "The keys come from ZHICHENG_PAYLOAD_KEYS: see docs/runbooks/key-rotation.md.")
    if not file.is_file():
        fail(REFUSED, f"{file} is not there: the first start of `zhicheng up` or a worker makes it.")
    try:
        text = f"{new_key(name)}\n{file.read_text('utf-8')}"
        parse_keys(text)
    except ValueError as error:
        fail(BAD_INPUT, f"{error}.")
    replaced(file, text.encode())
    typer.echo(f"new payloads of processes that start from now on are sealed under '{name}'")
