"""Webhooks for operators: subscribe an organisation, see how it goes, replay, look after what is dead."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from models.roles import Role
from models.wire import SHANGHAI
from workers.cli_database import with_database
from workers.cli_shared import (
    BAD_INPUT,
    REFUSED,
    AsJson,
    InLang,
    console,
    default_plan,
    echo_json,
    fail,
    table,
    when,
)

if TYPE_CHECKING:
    from activities.database import Database
    from activities.webhooks import Outcome, Webhooks
    from models.tables import DeadDelivery, FeedEvent, Webhook
    from workers.settings import Settings

T = TypeVar("T")
webhook_app = typer.Typer(
    no_args_is_help=True, help="Webhooks: have what happens delivered to a URL, signed and in order."
)
SECRET = "ZHICHENG_WEBHOOK_SECRET"
Id = Annotated[str, typer.Argument(metavar="WEBHOOK", help="Its id, e.g. wh-0f3a5c7e9b1d2f4a6c8e.")]


@webhook_app.command()
def add(
    url: Annotated[str, typer.Argument(metavar="URL", help="https; http for this machine only.")],
    role: Annotated[str, typer.Option(help="As whom it listens: employer, department, office, ...")],
    organisation: Annotated[str, typer.Option(help="Of which organisation; it hears what that may see.")],
    plan: Annotated[
        str | None, typer.Option("--plan", help="Default: ZHICHENG_PLAN, or the real one.")
    ] = None,
    event: Annotated[list[str] | None, typer.Option(help="Only this event. May be repeated.")] = None,
    application: Annotated[str | None, typer.Option(help="Only this application's reference.")] = None,
    after: Annotated[
        int | None, typer.Option(min=0, help="From which sequence on; 0 is everything. Default: what is new.")
    ] = None,
    key: Annotated[str | None, typer.Option(help="The same key again makes no second one.")] = None,
    as_json: AsJson = False,
    lang: InLang = "en",
) -> None:
    """Subscribe an organisation. The secret comes from ZHICHENG_WEBHOOK_SECRET, or is made; shown once."""
    if role not in {one.value for one in Role} - {"applicant", "system", "public"}:
        fail(
            BAD_INPUT,
            f"--role: '{role}' is no role of an organisation: use employer, department, office, ...",
        )

    async def work(database: Database, settings: Settings) -> tuple[Webhook, str | None]:
        from activities.webhooks import Owner, Webhooks
        from workers.key_files import seal_of
        from workers.subscriptions import subscribe

        return await subscribe(
            Webhooks(database),
            Owner(plan or default_plan(), Role(role), organisation),
            settings.networks(),
            seal_of(settings),
            url=url,
            created_by="operator",
            events=event or (),
            application_ref=application,
            after=after,
            secret=os.environ.get(SECRET) or None,
            key=key,
        )

    row, secret = with_database(work, as_json=as_json, lang=lang)
    if as_json:
        echo_json({**_told(row), "secret": secret})
        return
    typer.echo(f"{row.id}  after sequence {row.position}")
    typer.echo(f"secret  {secret or 'shown when it was made'}")


@webhook_app.command("list")
def list_webhooks(as_json: AsJson = False) -> None:
    """All subscriptions and how each goes."""

    async def work(database: Database, _settings: Settings) -> list[Webhook]:
        from activities.webhooks import Webhooks

        return list(await Webhooks(database).all())

    rows = with_database(work)
    if as_json:
        echo_json([_told(row) for row in rows])
        return
    shown = table(
        "webhook", "for", "plan", "url", "status", "settled to", "delivered", "last", "failing since"
    )
    for row in rows:
        told = (row.id, f"{row.role} {row.organisation}", row.plan_id, row.url, row.status)
        shown.add_row(
            *told, str(row.position), str(row.delivered), row.last_answer or "-", when(row.failing_since)
        )
    console().print(shown)


@webhook_app.command("test")
def send_one(webhook: Id, as_json: AsJson = False) -> None:
    """Send one signed delivery of the type webhook.test. Exit status 1 when it was not taken."""

    async def work(_webhooks: Webhooks, row: Webhook, settings: Settings) -> Outcome:
        from workers.courier.post import Post
        from workers.courier.webhooks import send_test
        from workers.key_files import seal_of

        return await send_test(Post(settings.networks()), row, seal_of(settings))

    outcome = _with(webhook, work)
    if as_json:
        echo_json({"taken": outcome.verdict == "taken", "answer": outcome.answer})
    else:
        typer.echo(f"{outcome.verdict}: {outcome.answer}")
    if outcome.verdict != "taken":
        raise typer.Exit(REFUSED)


@webhook_app.command()
def replay(
    webhook: Id,
    after: Annotated[int, typer.Option(min=0, help="Everything after this sequence is delivered again.")],
) -> None:
    """Deliver again, in order, under the same ids."""
    _with(webhook, lambda webhooks, row, _: webhooks.replay(row.id, after))
    typer.echo(f"{webhook}  goes on after {after}")


@webhook_app.command()
def pause(webhook: Id) -> None:
    """Deliver nothing until it is resumed; nothing is lost."""
    _with(webhook, lambda webhooks, row, _: webhooks.pause(row.id))
    typer.echo(f"{webhook}  paused")


@webhook_app.command()
def resume(webhook: Id) -> None:
    """Go on where it stopped, at once."""
    _with(webhook, lambda webhooks, row, _: webhooks.resume(row.id))
    typer.echo(f"{webhook}  active")


@webhook_app.command()
def remove(webhook: Id) -> None:
    """End a subscription."""
    _with(webhook, lambda webhooks, row, _: webhooks.remove(row.id))
    typer.echo(f"{webhook}  removed")


@webhook_app.command()
def secret(webhook: Id) -> None:
    """Make a new secret, shown once; for a day deliveries are signed with both."""

    async def work(webhooks: Webhooks, row: Webhook, settings: Settings) -> str:
        from workers.key_files import seal_of
        from workers.subscriptions import rotate

        return await rotate(webhooks, row.id, seal_of(settings))

    typer.echo(_with(webhook, work))


@webhook_app.command()
def dead(webhook: Id, as_json: AsJson = False) -> None:
    """What was refused too often and laid aside."""
    found = _with(webhook, lambda webhooks, row, _: webhooks.dead(row.id))
    if as_json:
        echo_json([_told_dead(letter, event) for letter, event in found])
        return
    shown = table("sequence", "event", "about", "status", "tries", "last answer", "laid aside")
    for letter, event in found:
        told = (str(event.sequence), event.event, event.subject_ref, letter.status, str(letter.tries))
        shown.add_row(*told, letter.last_answer, when(letter.died_at))
    console().print(shown)


@webhook_app.command()
def retry(
    webhook: Id, sequence: Annotated[int | None, typer.Option(min=1, help="Only this one.")] = None
) -> None:
    """Try dead deliveries once more; the courier does it."""
    due = _with(webhook, lambda webhooks, row, _: webhooks.retry(row.id, sequence))
    typer.echo(f"{webhook}  {due} due")


def _with(webhook: str, work: Callable[[Webhooks, Webhook, Settings], Awaitable[T]]) -> T:
    """Does something with one subscription; exit status 2 when there is none of that id."""

    async def on(database: Database, settings: Settings) -> tuple[T] | None:
        from activities.webhooks import Webhooks

        webhooks = Webhooks(database)
        row = await webhooks.get(webhook)
        return None if row is None else (await work(webhooks, row, settings),)

    done = with_database(on)
    if done is None:
        fail(BAD_INPUT, f"There is no webhook {webhook}: `zhicheng webhook list` shows those that are there.")
    return done[0]


_SHOWN = (
    *("id", "plan_id", "role", "organisation", "url", "events", "application_ref", "status", "position"),
    *("delivered", "tries", "next_at", "failing_since", "last_answer", "last_at", "created_at"),
)


def _told(row: Webhook) -> dict[str, Any]:
    return {name: _plain(getattr(row, name)) for name in _SHOWN}


def _told_dead(letter: DeadDelivery, event: FeedEvent) -> dict[str, Any]:
    of_letter = {
        name: _plain(getattr(letter, name)) for name in ("status", "tries", "last_answer", "died_at")
    }
    return {
        "sequence": event.sequence,
        "event": event.event,
        "subject": event.subject,
        "subject_ref": event.subject_ref,
        "application_ref": event.application_ref,
        **of_letter,
    }


def _plain(value: Any) -> Any:
    return value.astimezone(SHANGHAI).isoformat() if hasattr(value, "astimezone") else value
