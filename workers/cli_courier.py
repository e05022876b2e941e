"""The courier and the notices: run it, say where recipients are, see what is not sent, read the mailbox."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from models.wire import SHANGHAI
from workers.cli_database import with_database
from workers.cli_shared import (
    BAD_INPUT,
    NOT_REACHABLE,
    AsJson,
    InLang,
    console,
    echo_json,
    fail,
    load_settings,
    table,
    when,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from email.message import EmailMessage

    from activities.database import Database
    from models.tables import Contact, Letter
    from workers.settings import Settings

contact_app = typer.Typer(no_args_is_help=True, help="Where notices for a recipient go.")
notices_app = typer.Typer(no_args_is_help=True, help="Notices that are on their way, held or dead.")
mailbox_app = typer.Typer(no_args_is_help=True, help="The folder of mails of this machine.")
_REFERENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:@-]{0,79}")


def courier() -> None:
    """Number events, deliver webhooks and send notices until SIGTERM. Several may run: one works."""
    from sqlalchemy.exc import SQLAlchemyError

    from workers.stack import database_words
    from workers.telemetry import configure_logging

    settings = load_settings()
    configure_logging(settings)
    try:
        asyncio.run(_serve(settings))
    except (SQLAlchemyError, OSError) as error:
        reason = " ".join(str(error).split("\n", 1)[0].split())[:300]
        where = database_words(settings.database_url.get_secret_value())
        fail(NOT_REACHABLE, f"The database {where} cannot be used ({reason}): look at ZHICHENG_DATABASE_URL.")


async def _serve(settings: Settings) -> None:
    from activities.database import Database
    from workers.courier.courier import goes_to_mailbox, run_courier
    from workers.observe.page import observed
    from workers.worker import stop_on_signal

    database = Database(settings.database_url.get_secret_value())
    try:
        with observed(settings, "courier"):
            async with stop_on_signal() as stop:
                await run_courier(settings, database, stop, mailbox=goes_to_mailbox(settings, usually=False))
    finally:
        await database.close()


@contact_app.command("set")
def set_contact(
    recipient: Annotated[str, typer.Argument(metavar="RECIPIENT", help="The opaque reference.")],
    mail: Annotated[str | None, typer.Option(help="A mail address.")] = None,
    webhook: Annotated[
        str | None, typer.Option(help="A URL; signed with ZHICHENG_NOTICE_WEBHOOK_SECRET.")
    ] = None,
    mailbox: Annotated[bool, typer.Option("--mailbox", help="The folder of this machine.")] = False,
    lang: InLang = "en",
) -> None:
    """Say where a recipient is; what was held for it is sent."""
    from models.webhooks import MAIL_ADDRESS, checked_url

    if sum((mail is not None, webhook is not None, mailbox)) != 1:
        fail(BAD_INPUT, "Give one of --mail ADDRESS, --webhook URL and --mailbox.")
    if not _REFERENCE.fullmatch(recipient):
        fail(BAD_INPUT, "RECIPIENT must be an opaque reference: letters, digits and . _ : @ -, at most 80.")
    if mail is not None and not re.fullmatch(MAIL_ADDRESS, mail):
        fail(BAD_INPUT, "--mail must be one plain mail address, e.g. titles@hr.example.cn.")

    async def work(database: Database, settings: Settings) -> str:
        from activities import letters

        if mail is not None:
            channel, address = letters.MAIL, mail
        elif webhook is not None:
            channel, address = letters.WEBHOOK, checked_url(webhook, settings.networks(), "--webhook")
        else:
            channel, address = letters.MAILBOX, recipient
        await letters.set_contact(database, recipient, channel, address, datetime.now(UTC))
        return channel

    typer.echo(f"{recipient}  {with_database(work, lang=lang)}")


@contact_app.command("list")
def list_contacts(as_json: AsJson = False) -> None:
    """Who is where."""

    async def work(database: Database, _settings: Settings) -> Sequence[Contact]:
        from activities.letters import contacts

        return await contacts(database)

    rows = with_database(work)
    if as_json:
        names = ("recipient", "channel", "address")
        echo_json([{**{n: getattr(row, n) for n in names}, "set_at": _iso(row.set_at)} for row in rows])
        return
    shown = table("recipient", "channel", "address", "since")
    for row in rows:
        shown.add_row(row.recipient, row.channel, row.address, when(row.set_at))
    console().print(shown)


@contact_app.command()
def forget(recipient: Annotated[str, typer.Argument(metavar="RECIPIENT")]) -> None:
    """Forget where a recipient is; what comes for it is held."""

    async def work(database: Database, _settings: Settings) -> bool:
        from activities.letters import forget_contact

        return await forget_contact(database, recipient)

    if not with_database(work):
        fail(
            BAD_INPUT, f"There is no contact {recipient}: `zhicheng contact list` shows those that are there."
        )
    typer.echo(f"{recipient}  forgotten")


@notices_app.command("list")
def list_notices(
    status: Annotated[str | None, typer.Option(help="Only waiting, no_contact or dead.")] = None,
    as_json: AsJson = False,
) -> None:
    """What was tried and is not sent, and why."""
    if status not in (None, "waiting", "no_contact", "dead"):
        fail(BAD_INPUT, "--status is one of: waiting, no_contact, dead.")

    async def work(database: Database, settings: Settings) -> tuple[Sequence[Letter], dict[str, int]]:  # noqa: ARG001
        from activities.letters import Letters

        letters = Letters(database)
        return await letters.unsent(status), await letters.figures()

    rows, figures = with_database(work)
    if as_json:
        names = ("source", "notice_id", "recipient", "status", "tries", "reason")
        unsent = [
            {
                **{n: getattr(row, n) for n in names},
                "next_at": _iso(row.next_at),
                "changed_at": _iso(row.changed_at),
            }
            for row in rows
        ]
        echo_json({"figures": figures, "unsent": unsent})
        return
    shown = table("notice", "recipient", "status", "tries", "reason", "next try")
    for row in rows:
        told = (f"{row.source}/{row.notice_id}", row.recipient or "-", row.status, str(row.tries))
        shown.add_row(*told, row.reason or "-", when(row.next_at))
    console().print(shown)
    typer.echo("  ".join(f"{name.removeprefix('notices_')} {number}" for name, number in figures.items()))


@notices_app.command()
def retry(
    notice: Annotated[
        str | None, typer.Argument(metavar="SOURCE/ID", help="One, as `list` shows it. Default: all.")
    ] = None,
) -> None:
    """Send dead notices again; the courier does it."""
    source, _, number = (notice or "").partition("/")
    if notice is not None and not number.isdecimal():
        fail(BAD_INPUT, "SOURCE/ID is written as `zhicheng notices list` shows it, e.g. notices/17.")

    async def work(database: Database, _settings: Settings) -> int:
        from activities.letters import Letters

        one = int(number) if number else None
        return await Letters(database).retry(datetime.now(UTC), source or None, one)

    typer.echo(f"{with_database(work)} due")


@mailbox_app.command("list")
def list_mailbox(as_json: AsJson = False) -> None:
    """The mails in the folder, the earliest first."""
    mails = list(_mails())
    if as_json:
        echo_json([{"key": key, **_heads(mail)} for key, mail in mails])
        return
    shown = table("key", "for", "date", "subject")
    for key, mail in mails:
        heads = _heads(mail)
        shown.add_row(key[:12], heads["to"], heads["date"], heads["subject"])
    console().print(shown)


@mailbox_app.command()
def show(key: Annotated[str, typer.Argument(metavar="KEY", help="Its beginning is enough.")]) -> None:
    """One mail, with its words."""
    from workers.courier.mail import text_of

    found = [mail for name, mail in _mails() if name.startswith(key)]
    if len(found) != 1:
        fail(BAD_INPUT, f"{len(found)} mails begin with {key}: `zhicheng mailbox list` shows their keys.")
    for name, value in _heads(found[0]).items():
        typer.echo(f"{name}: {value}")
    typer.echo(f"\n{text_of(found[0])}", nl=False)


def _mails() -> list[tuple[str, EmailMessage]]:
    from workers.courier.mail import Mailbox

    return list(Mailbox(Path(load_settings().data_dir).absolute() / "mailbox").mails())


def _heads(mail: EmailMessage) -> dict[str, str]:
    names = ("from", "to", "date", "subject", "message-id")
    return {name: str(mail[name]) for name in names}


def _iso(moment: datetime | None) -> Any:
    return moment.astimezone(SHANGHAI).isoformat() if moment else None
