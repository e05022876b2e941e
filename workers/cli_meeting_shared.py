"""What the commands on meetings share: how they name a meeting and its people, and the two doors to it.

Office and chair speak to the meeting's workflow (`through_door`), experts to the database (`in_room`).
"""

from __future__ import annotations

import sys
import uuid
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Any, NoReturn, TypeVar

import typer

from workers.cli_commands import ACTOR_FORM, parse_actor
from workers.cli_database import moment_of, with_database
from workers.cli_shared import BAD_INPUT, Lang, ask, console, default_plan, echo_json, fail, table

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from activities.database import Database
    from activities.meeting_room import MeetingRoom
    from models.meeting_state import MeetingReceipt, MeetingView
    from models.roles import Actor
    from workers.client import ReviewClient
    from workers.client_meeting import MeetingClient
    from workers.settings import Settings

Meeting = Annotated[str, typer.Argument(metavar="MEETING", help="The reference of the meeting.")]
App = Annotated[str, typer.Argument(metavar="APP", help="The reference of an application.")]
MaybeApp = Annotated[str | None, typer.Argument(metavar="[APP]", help="The reference of an application.")]
Plan = Annotated[str | None, typer.Option(help="The plan. Default: ZHICHENG_PLAN or the only one.")]

T = TypeVar("T")


def act(
    kind: str,
    meeting: str,
    fields: dict[str, Any],
    who: str | None,
    plan: str | None,
    command_id: str | None,
    timeout: float,
    as_json: bool,
    lang: Lang,
) -> MeetingReceipt:
    if not who:
        _no_actor()
    name = command_id or f"cli-{uuid.uuid4().hex}"
    body = {"kind": kind, "actor": parse_actor(who), "command_id": name, **fields}
    if not as_json:
        typer.echo(f"command id {name}", err=True)
    receipt = through_door(lambda door: door.send(meeting, body), plan, timeout, as_json, lang)
    if as_json:
        echo_json(receipt)
        return receipt
    again = " (as before)" if receipt.duplicate else ""
    typer.echo(f"accepted{again}: {kind}, the meeting is {receipt.status}")
    for count, number in receipt.counts.items():
        typer.echo(f"{count:<20} {number}")
    for item in receipt.items:
        typer.echo(f"{item.application_ref}  {item.status}" + (f"  {item.reason}" if item.reason else ""))
    return receipt


def through_door(
    work: Callable[[MeetingClient], Awaitable[T]],
    plan: str | None,
    timeout: float,
    as_json: bool,
    lang: Lang,
) -> T:
    async def run(door: ReviewClient) -> T:
        from workers.client_meeting import MeetingClient

        return await work(MeetingClient.beside(door, plan))

    return ask(run, patience=timeout, as_json=as_json, lang=lang)


def in_room(work: Callable[[MeetingRoom], Awaitable[T]], as_json: bool, lang: Lang) -> T:
    async def run(database: Database, _settings: Settings) -> T:
        from activities.meeting_room import MeetingRoom

        return await work(MeetingRoom(database))

    return with_database(run, as_json=as_json, lang=lang)


async def moment_in(room: MeetingRoom, key: tuple[str, str], at: str | None) -> datetime:
    """Business time as given, or that of the meeting now."""
    return moment_of(at) if at is not None else await room.now(*key)


def key_of(meeting: str, plan: str | None) -> tuple[str, str]:
    named, slash, reference = meeting.removeprefix("meeting/").rpartition("/")
    return (named if slash else plan or default_plan()), reference


def expert_of(who: str | None) -> Actor:
    from models.roles import Actor

    if not who:
        _no_actor()
    return Actor.model_validate(parse_actor(who))


def _no_actor() -> NoReturn:
    fail(BAD_INPUT, f"Who is it? Give --as {ACTOR_FORM}, or ZHICHENG_AS.")


def number_of(text: str) -> dict[str, Any]:
    specialty, equals, number = text.partition("=")
    if not equals or not number.isdecimal():
        fail(BAD_INPUT, f"--number {text!r}: write it as SPECIALTY=N, e.g. metrology=5.")
    return {"specialty": specialty, "number": int(number)}


def text_of(file: str) -> str:
    try:
        if file == "-":
            return sys.stdin.read()
        with open(file, encoding="utf-8") as opened:
            return opened.read()
    except (OSError, UnicodeDecodeError) as error:
        fail(BAD_INPUT, f"{file} cannot be read ({error}): give a text file, or - for standard input.")


def tell(facts: dict[str, Any], as_json: bool) -> None:
    if as_json:
        echo_json(facts)
        return
    for name, value in facts.items():
        typer.echo(f"{name:<16} {value}")


def print_meeting(view: MeetingView, as_json: bool) -> None:
    if as_json:
        echo_json(view)
        return
    typer.echo(f"{view.meeting_ref}  {view.status}  on {view.meeting_on}, committee {view.committee_ref}")
    late = "  OVERDUE" if view.draw_overdue else ""
    typer.echo(f"draw      by {view.draw_by}{late}; drawn on {view.head.drawn_on or '-'}")
    typer.echo(f"experts   {view.committee_size or '-'}, attending {view.head.attending}")
    typer.echo(f"possible  {', '.join(view.permitted) or 'nothing'}")
    if not view.items:
        return
    shown = table(
        "application", "ballot", "attending", "recused", "opinions", "yes", "no", "abstain", "passed"
    )
    for item in view.items:
        numbers = (item.attending, item.recused, item.opinions, item.yes, item.no, item.abstain)
        passed = "-" if item.passed is None else ("yes" if item.passed else "no")
        shown.add_row(item.application_ref, item.status, *map(str, numbers), passed)
    console().print(shown)


def day_of(option: str, text: str) -> date:
    """A day as given. Exit status 2 when it is none."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        fail(BAD_INPUT, f"{option} {text!r} is not a day: write it as YYYY-MM-DD.")
