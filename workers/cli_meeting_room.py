"""What an expert does in the meeting room, on the command line: come, go, recuse, write, vote.

All of it is done in the database; nothing of it passes through a workflow. An expert is named with
`--as expert:REF` and acts in person.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from workers.cli_commands import Who
from workers.cli_database import At
from workers.cli_meeting_shared import (
    App,
    Meeting,
    Plan,
    expert_of,
    in_room,
    key_of,
    moment_in,
    tell,
    text_of,
)
from workers.cli_shared import BAD_INPUT, AsJson, InLang, Lang, echo_json, fail

if TYPE_CHECKING:
    from activities.meeting_room import MeetingRoom

ROOM = "In the room (experts)"


def register(app: typer.Typer) -> None:
    """Mounts the commands beside those of the office and the chair."""
    for name, command in (
        ("sign-in", sign_in),
        ("sign-out", sign_out),
        ("duty", duty),
        ("recuse", recuse),
        ("opinion", opinion),
        ("slip", slip),
        ("vote", vote),
    ):
        app.command(name, rich_help_panel=ROOM)(command)


def sign_in(
    meeting: Meeting,
    who: Who = None,
    plan: Plan = None,
    at: At = None,
    as_json: AsJson = False,
    lang: InLang = "en",
) -> None:
    """An expert comes in, on the day of the meeting."""
    _presence("sign_in", meeting, who, plan, at, as_json, lang)


def sign_out(
    meeting: Meeting,
    who: Who = None,
    plan: Plan = None,
    at: At = None,
    as_json: AsJson = False,
    lang: InLang = "en",
) -> None:
    """An expert leaves."""
    _presence("sign_out", meeting, who, plan, at, as_json, lang)


def duty(
    meeting: Meeting, who: Who = None, plan: Plan = None, as_json: AsJson = False, lang: InLang = "en"
) -> None:
    """Under which reference this expert presides, if as chair or deputy."""
    key, me = key_of(meeting, plan), expert_of(who)
    acts_as = in_room(lambda room: room.duty_of(*key, me, me.id), as_json, lang)
    if as_json:
        echo_json({"acts_as": acts_as})
    else:
        typer.echo(acts_as or "no duty: a member of the panel")


def recuse(
    meeting: Meeting,
    app: App,
    who: Who = None,
    plan: Plan = None,
    at: At = None,
    as_json: AsJson = False,
    lang: InLang = "en",
) -> None:
    """An expert asks to be recused from an application."""
    key, me = key_of(meeting, plan), expert_of(who)

    async def work(room: MeetingRoom) -> None:
        await room.declare_recusal(*key, me, me.id, app, await moment_in(room, key, at))

    in_room(work, as_json, lang)
    tell({"expert": me.id, "application": app, "recused": True}, as_json)


def opinion(
    meeting: Meeting,
    app: App,
    file: Annotated[
        str, typer.Option("--file", "-f", metavar="FILE", help="The text, - for standard input.")
    ],
    who: Who = None,
    plan: Plan = None,
    at: At = None,
    as_json: AsJson = False,
    lang: InLang = "en",
) -> None:
    """An expert files a written opinion, signed; a new text before the ballot is a new version."""
    key, me, words = key_of(meeting, plan), expert_of(who), text_of(file)

    async def work(room: MeetingRoom) -> Any:
        return await room.file_opinion(*key, me, me.id, app, words, await moment_in(room, key, at))

    filed = in_room(work, as_json, lang)
    tell(filed.model_dump(), as_json)


def slip(
    meeting: Meeting,
    app: App,
    who: Who = None,
    plan: Plan = None,
    as_json: AsJson = False,
    lang: InLang = "en",
) -> None:
    """An expert takes the one slip for the open ballot. It is shown once; nobody knows who has it."""
    key, me = key_of(meeting, plan), expert_of(who)
    taken = in_room(lambda room: room.take_slip(*key, me, me.id, app), as_json, lang)
    if as_json:
        echo_json({"slip": taken})
    else:
        typer.echo(taken)


def vote(
    meeting: Meeting,
    app: App,
    choice: Annotated[str, typer.Argument(help="yes, no or abstain.")],
    slip: Annotated[
        str, typer.Option(help="The slip, - to read it from standard input (it then is in no shell history).")
    ] = "-",
    plan: Plan = None,
    as_json: AsJson = False,
    lang: InLang = "en",
) -> None:
    """Cast the vote of a slip. Who votes is not asked and not known."""
    if choice not in ("yes", "no", "abstain"):
        fail(BAD_INPUT, f"There is no choice '{choice}': use one of yes, no, abstain.")
    key, paper = key_of(meeting, plan), sys.stdin.readline().strip() if slip == "-" else slip
    in_room(lambda room: room.cast(*key, app, paper, choice), as_json, lang)  # type: ignore[arg-type]
    tell({"application": app, "counted": True}, as_json)


def _presence(
    deed: str, meeting: str, who: str | None, plan: str | None, at: str | None, as_json: bool, lang: Lang
) -> None:
    key, me = key_of(meeting, plan), expert_of(who)

    async def work(room: MeetingRoom) -> Any:
        return await getattr(room, deed)(*key, me, me.id, await moment_in(room, key, at))

    presence = in_room(work, as_json, lang)
    tell(presence.model_dump(mode="json"), as_json)
