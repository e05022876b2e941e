"""Meetings on the command line: the acts of the office and the chair, through the meeting's workflow."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import typer

from workers import cli_meeting_read, cli_meeting_room
from workers.cli_commands import ACTOR_FORM, CommandId, Who, parse_actor
from workers.cli_meeting_shared import (
    App,
    MaybeApp,
    Meeting,
    Plan,
    act,
    number_of,
    print_meeting,
    through_door,
)
from workers.cli_shared import BAD_INPUT, REFUSED, AsJson, InLang, Patience, default_plan, fail

meeting_app = typer.Typer(
    no_args_is_help=True, help="Meetings of the committee: draw, agenda, ballots, minutes (评审会议)."
)

OFFICE = "Office and chair"


@meeting_app.command(rich_help_panel=OFFICE)
def start(
    meeting: Meeting,
    committee: Annotated[str, typer.Option(help="The committee on file.")],
    on: Annotated[str, typer.Option(metavar="YYYY-MM-DD", help="The day of the meeting.")],
    plan: Plan = None,
    rehearse_from: Annotated[
        str | None, typer.Option(metavar="INSTANT", help="Rehearsal: business time begins here.")
    ] = None,
    speed: Annotated[float, typer.Option(help="Rehearsal: business seconds per real second.")] = 1.0,
    as_json: AsJson = False,
    lang: InLang = "en",
    timeout: Patience = 30.0,
) -> None:
    """Plan a meeting. The same again finds the same meeting."""
    body: dict[str, Any] = {
        "plan_id": plan or default_plan(),
        "meeting_ref": meeting,
        "committee_ref": committee,
        "meeting_on": on,
    }
    if rehearse_from:
        now = datetime.now().astimezone().isoformat()
        body["clock"] = {"real_start": now, "business_start": rehearse_from, "speed": speed}
    view = through_door(lambda door: door.start(body), plan, timeout, as_json, lang)
    print_meeting(view, as_json)


@meeting_app.command(rich_help_panel=OFFICE)
def commit(
    meeting: Meeting,
    side: Annotated[str, typer.Option(help="drawer or witness.")],
    number: Annotated[list[str], typer.Option(metavar="SPECIALTY=N", help="How many to draw; repeat it.")],
    nonce: Annotated[
        str, typer.Option(envvar="ZHICHENG_NONCE", help="The secret number; only its sha-256 is sent.")
    ],
    who: Who = None,
    plan: Plan = None,
    command_id: CommandId = None,
    as_json: AsJson = False,
    lang: InLang = "en",
    timeout: Patience = 30.0,
) -> None:
    """Before the draw: bind one side to its secret number. Keep the number; `draw` needs it."""
    from models.draw import commitment

    numbers = [number_of(text) for text in number]
    fields = {"side": side, "commitment": commitment(nonce), "numbers": numbers}
    act("commit_draw", meeting, fields, who, plan, command_id, timeout, as_json, lang)


@meeting_app.command(rich_help_panel=OFFICE)
def draw(
    meeting: Meeting,
    witness: Annotated[str, typer.Option(metavar=ACTOR_FORM, help="Who has watched.")],
    drawer_nonce: Annotated[str, typer.Option(help="The drawer's secret number.")],
    witness_nonce: Annotated[str, typer.Option(help="The witness's secret number.")],
    who: Who = None,
    plan: Plan = None,
    command_id: CommandId = None,
    as_json: AsJson = False,
    lang: InLang = "en",
    timeout: Patience = 30.0,
) -> None:
    """Draw the experts: both secret numbers are shown, the panel follows from them."""
    fields = {
        "witness": parse_actor(witness),
        "drawer_nonce": drawer_nonce,
        "witness_nonce": witness_nonce,
    }
    act("draw", meeting, fields, who, plan, command_id, timeout, as_json, lang)


@meeting_app.command(rich_help_panel=OFFICE)
def replace(
    meeting: Meeting,
    seat: Annotated[int, typer.Option(help="The seat on the panel.")],
    reason: Annotated[str, typer.Option(help="unavailable, conflict, term_over or disqualified.")],
    who: Who = None,
    plan: Plan = None,
    command_id: CommandId = None,
    as_json: AsJson = False,
    lang: InLang = "en",
    timeout: Patience = 30.0,
) -> None:
    """The next rank of the same draw takes a seat."""
    fields = {"seat": seat, "reason": reason}
    act("replace", meeting, fields, who, plan, command_id, timeout, as_json, lang)


@meeting_app.command(rich_help_panel=OFFICE)
def agenda(
    meeting: Meeting,
    apps: Annotated[list[str], typer.Argument(metavar="APP...", help="References of applications.")],
    replaces: Annotated[str | None, typer.Option(help="The meeting they were on before.")] = None,
    who: Who = None,
    plan: Plan = None,
    command_id: CommandId = None,
    as_json: AsJson = False,
    lang: InLang = "en",
    timeout: Patience = 120.0,
) -> None:
    """Clear conflicts and schedule applications, one by one. Exit status 1 when one was refused."""
    fields: dict[str, Any] = {"application_refs": apps}
    if replaces:
        fields["replaces"] = replaces
    receipt = act("set_agenda", meeting, fields, who, plan, command_id, timeout, as_json, lang)
    if any(item.status == "refused" for item in receipt.items):
        raise typer.Exit(REFUSED)


@meeting_app.command("open", rich_help_panel=OFFICE)
def open_command(
    meeting: Meeting,
    app: MaybeApp = None,
    chair_seat: Annotated[int | None, typer.Option(help="Opening the meeting: who is in the chair.")] = None,
    deputy_seat: Annotated[list[int] | None, typer.Option(help="Who may stand in; repeat it.")] = None,
    who: Who = None,
    plan: Plan = None,
    command_id: CommandId = None,
    as_json: AsJson = False,
    lang: InLang = "en",
    timeout: Patience = 30.0,
) -> None:
    """Open the meeting (the office, with --chair-seat), or the ballot on APP (the chair)."""
    if app is not None:
        fields: dict[str, Any] = {"application_ref": app}
        act("open_ballot", meeting, fields, who, plan, command_id, timeout, as_json, lang)
        return
    if chair_seat is None:
        fail(BAD_INPUT, "Opening a meeting needs --chair-seat; to open a ballot, name the application.")
    fields = {"chair_seat": chair_seat, "deputy_seats": deputy_seat or []}
    act("open_meeting", meeting, fields, who, plan, command_id, timeout, as_json, lang)


@meeting_app.command(rich_help_panel=OFFICE)
def close(
    meeting: Meeting,
    app: MaybeApp = None,
    signed: Annotated[bool, typer.Option("--signed", help="A ballot: the chair signs it at once.")] = False,
    sealed: Annotated[bool, typer.Option("--sealed", help="With the seal of the committee.")] = False,
    who: Who = None,
    plan: Plan = None,
    command_id: CommandId = None,
    as_json: AsJson = False,
    lang: InLang = "en",
    timeout: Patience = 30.0,
) -> None:
    """Close the ballot on APP and count it (the chair), or end the meeting and make its minutes."""
    kind, fields = "close_meeting", dict[str, Any]()
    if app is not None:
        kind, fields = "close_ballot", {"application_ref": app, "signed": signed, "sealed": sealed}
    act(kind, meeting, fields, who, plan, command_id, timeout, as_json, lang)


@meeting_app.command("call-off", rich_help_panel=OFFICE)
def call_off_command(
    meeting: Meeting,
    reason: Annotated[str, typer.Option(help="no_quorum, draw_missed, postponed or not_needed.")],
    who: Who = None,
    plan: Plan = None,
    command_id: CommandId = None,
    as_json: AsJson = False,
    lang: InLang = "en",
    timeout: Patience = 30.0,
) -> None:
    """The office calls the meeting off before it begins; who was on its agenda waits for another one."""
    act("call_off", meeting, {"reason": reason}, who, plan, command_id, timeout, as_json, lang)


@meeting_app.command("void", rich_help_panel=OFFICE)
def void_command(
    meeting: Meeting,
    app: App,
    reason: Annotated[str, typer.Option(help="slip_lost, opened_by_mistake or disturbed.")],
    who: Who = None,
    plan: Plan = None,
    command_id: CommandId = None,
    as_json: AsJson = False,
    lang: InLang = "en",
    timeout: Patience = 30.0,
) -> None:
    """The chair voids an open ballot; opened again, the same experts vote."""
    fields = {"application_ref": app, "reason": reason}
    act("void_ballot", meeting, fields, who, plan, command_id, timeout, as_json, lang)


@meeting_app.command("break-off", rich_help_panel=OFFICE)
def break_off_command(
    meeting: Meeting,
    apps: Annotated[
        list[str] | None, typer.Argument(metavar="[APP...]", help="Default: all not voted.")
    ] = None,
    who: Who = None,
    plan: Plan = None,
    command_id: CommandId = None,
    as_json: AsJson = False,
    lang: InLang = "en",
    timeout: Patience = 120.0,
) -> None:
    """The quorum is lost: the applications wait for another meeting."""
    fields = {"application_refs": apps or []}
    act("break_off", meeting, fields, who, plan, command_id, timeout, as_json, lang)


@meeting_app.command(rich_help_panel=OFFICE)
def sign(
    meeting: Meeting,
    apps: Annotated[
        list[str] | None, typer.Argument(metavar="[APP...]", help="Default: all counted.")
    ] = None,
    sealed: Annotated[bool, typer.Option("--sealed/--no-sealed", help="With the committee's seal.")] = True,
    who: Who = None,
    plan: Plan = None,
    command_id: CommandId = None,
    as_json: AsJson = False,
    lang: InLang = "en",
    timeout: Patience = 120.0,
) -> None:
    """The chair announces the results and signs them."""
    fields = {"application_refs": apps or [], "sealed": sealed}
    act("sign", meeting, fields, who, plan, command_id, timeout, as_json, lang)


cli_meeting_room.register(meeting_app)
cli_meeting_read.register(meeting_app)
