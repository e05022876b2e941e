"""Who sits at the command line, for the record of looks: the system's account, trusted as named."""

from __future__ import annotations

import asyncio
import getpass
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from workers.cli_shared import default_plan, load_settings

if TYPE_CHECKING:
    from activities.database import Database
    from activities.looks import Looker

AT_THE_COMMAND_LINE = "command line"


def account() -> str:
    """The operator as a reference: `os:` and the account's name."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):
        name = "unknown"
    return f"os:{re.sub(r'[^A-Za-z0-9._@-]', '-', name)[:70]}"


def operator() -> Looker:
    """The operator, as the access log names them."""
    from activities.looks import Looker

    return Looker(subject=account(), grants=AT_THE_COMMAND_LINE)


def note_look(what: str, application: str) -> None:
    """Puts a look at an application through the command line on record, before it is shown.

    Whoever can run the command can read Temporal as well, so a database that is away does not stop them; then
    standard error says that the look is not on record.
    """
    from sqlalchemy.exc import SQLAlchemyError

    from activities.database import Database
    from activities.looks import put_on_record

    settings = load_settings()
    plan, ref = [default_plan(), *application.split("/")][-2:]

    async def write() -> None:
        database = Database(settings.database_url.get_secret_value())
        try:
            async with database.transaction() as session:
                await put_on_record(
                    session,
                    operator(),
                    f"cli_{what}",
                    datetime.now(UTC),
                    plan_id=plan[:80],
                    application_ref=ref[:80],
                )
        finally:
            await database.close()

    url = settings.database_url.get_secret_value()
    try:
        if url.startswith("sqlite") and not Path(url.split("///", 1)[1]).exists():
            raise FileNotFoundError("no database here")
        asyncio.run(write())
    except (SQLAlchemyError, OSError):
        typer.echo("this look is not in the access log: the database cannot be reached", err=True)


async def note_looks_at_file(database: Database, sha256: str) -> None:
    """The same of a stored paper, for every application that it belongs to."""
    from sqlalchemy import select

    from activities.looks import put_on_record
    from models.tables import EvidenceLink

    async with database.transaction() as session:
        links = select(EvidenceLink.plan_id, EvidenceLink.application_ref).where(
            EvidenceLink.sha256 == sha256
        )
        for plan, ref in (await session.execute(links.distinct())).all():
            await put_on_record(
                session,
                operator(),
                "cli_evidence_get",
                datetime.now(UTC),
                plan_id=plan,
                application_ref=ref,
            )
