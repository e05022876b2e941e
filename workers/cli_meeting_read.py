"""What is to be read of a meeting: where it stands, what was done, its panel, its draw, its minutes."""

from __future__ import annotations

import typer

from workers.cli_meeting_shared import Meeting, Plan, in_room, key_of, print_meeting, through_door
from workers.cli_shared import REFUSED, AsJson, InLang, Patience, console, echo_json, fail, table, when

LOOK = "Read"


def register(app: typer.Typer) -> None:
    """Mounts the commands beside those of the office and the chair."""
    for name, command in (
        ("show", show),
        ("history", history),
        ("panel", panel),
        ("verify-draw", verify),
        ("minutes", minutes),
    ):
        app.command(name, rich_help_panel=LOOK)(command)


def show(
    meeting: Meeting,
    plan: Plan = None,
    as_json: AsJson = False,
    lang: InLang = "en",
    timeout: Patience = 30.0,
) -> None:
    """Where the meeting stands, and every ballot in numbers."""
    print_meeting(through_door(lambda door: door.state(meeting), plan, timeout, as_json, lang), as_json)


def history(
    meeting: Meeting,
    plan: Plan = None,
    as_json: AsJson = False,
    lang: InLang = "en",
    timeout: Patience = 30.0,
) -> None:
    """What office, chair and clock did, in numbers."""
    facts = through_door(lambda door: door.history(meeting), plan, timeout, as_json, lang)
    if as_json:
        echo_json(facts)
        return
    shown = table("#", "when", "event", "by", "applications", "counts")
    for fact in facts:
        counts = ", ".join(f"{name} {number}" for name, number in fact.counts.items())
        by = f"{fact.actor.role.value}:{fact.actor.id}"
        shown.add_row(str(fact.seq), when(fact.at), fact.event, by, str(len(fact.applications)), counts)
    console().print(shown)


def panel(meeting: Meeting, plan: Plan = None, as_json: AsJson = False, lang: InLang = "en") -> None:
    """The panel by seat: for the office and the supervision, not for the public (Order 40 Art. 24)."""
    key = key_of(meeting, plan)
    members = in_room(lambda room: room.panel_of(*key), as_json, lang)
    rows = [
        {"seat": m.seat, "specialty": m.specialty, "expert": m.expert_ref, "duty": m.duty} for m in members
    ]
    if as_json:
        echo_json(rows)
        return
    shown = table("seat", "specialty", "expert", "duty")
    for row in rows:
        shown.add_row(*(str(value) for value in row.values()))
    console().print(shown)


def verify(meeting: Meeting, plan: Plan = None, as_json: AsJson = False, lang: InLang = "en") -> None:
    """Compute the draw again from its pool and its two numbers. Exit status 1 when it does not fit."""
    from models.draw import verify_draw

    key = key_of(meeting, plan)
    found = in_room(lambda room: room.draw_of(*key), as_json, lang)
    if found is None:
        fail(REFUSED, f"No experts have been drawn for {meeting} yet.")
    record, passed_over = found
    wrong = verify_draw(record, passed_over)
    if as_json:
        echo_json({"record": record, "passed_over": passed_over, "wrong": wrong})
    else:
        typer.echo(f"seed      {record.seed}")
        typer.echo(f"pool      {len(record.pool)} experts, {record.pool_sha256}")
        typer.echo(f"drawn by  {record.drawn_by}, watched by {record.witnessed_by}")
        typer.echo(f"panel     {len(record.result)} drawn, {len(record.replaced)} replaced")
        for one in wrong:
            typer.echo(f"wrong     {one}")
        typer.echo("the draw is as its numbers give it" if not wrong else "the draw does not fit")
    if wrong:
        raise typer.Exit(REFUSED)


def minutes(meeting: Meeting, plan: Plan = None, lang: InLang = "en") -> None:
    """The minutes as JSON, for the archive: attending, applications, opinions, results (Order 40 Art. 23)."""
    key = key_of(meeting, plan)
    found = in_room(lambda room: room.minutes_of(*key), False, lang)
    if found is None:
        fail(REFUSED, f"The meeting {meeting} has no minutes yet: they are made when it is closed.")
    typer.echo(found.content)
    typer.echo(f"sha256 {found.sha256}", err=True)
