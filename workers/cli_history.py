"""What happened to one application and why its dates are what they are."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from models.audit import verify
from workers.cli_looker import note_look
from workers.cli_shared import (
    BAD_INPUT,
    App,
    AsJson,
    InLang,
    Lang,
    Patience,
    ask,
    console,
    echo_json,
    fail,
    formula_in,
    table,
    when,
    words,
)
from workers.cli_show import event_words, who

if TYPE_CHECKING:
    from models.calendar import DueDate, Lineage, WorkCalendar
    from models.views import DeadlineView


def history(app: App, as_json: AsJson = False, lang: InLang = "en", timeout: Patience = 30.0) -> None:
    """Who decided what, when, under which rule and plan version; says whether the chain is whole."""
    facts = ask(lambda door: door.history(app), patience=timeout, as_json=as_json, lang=lang)
    note_look("history", app)
    if as_json:
        echo_json(facts)
        return
    from models.explaining import corrected_words, corrections_of

    corrected = corrections_of(facts)
    shown = table("#", "when", "rev", "event", "stage", "by", "rule")
    for fact in facts:
        moved = f"{fact.from_stage} -> {fact.to_stage}" if fact.from_stage != fact.to_stage else fact.to_stage
        mark = corrected_words(corrected.get(fact.seq))
        cells = (
            when(fact.at),
            str(fact.revision),
            event_words(fact.event, lang) + (f" - {words(mark, lang)}" if mark else ""),
            moved,
            who(fact),
            fact.rule,
        )
        shown.add_row(str(fact.seq), *(escape(cell) for cell in cells))
    console().print(shown)
    typer.echo(f"plan: {', '.join(dict.fromkeys(fact.plan for fact in facts))}")
    broken = verify(facts, kept=True)
    forgotten = facts[-1].seq - len(facts) if facts else 0
    left_out = f"; {forgotten} older refused signals are in the database only" if forgotten else ""
    typer.echo(f"chain: {'; '.join(broken) if broken else 'whole'}, {len(facts)} entries{left_out}")


def refused(app: App, as_json: AsJson = False, lang: InLang = "en", timeout: Patience = 30.0) -> None:
    """The signals that were refused, each with the reason and the remedy."""
    found = ask(lambda door: door.refused(app), patience=timeout, as_json=as_json, lang=lang)
    note_look("refused", app)
    if as_json:
        echo_json(found)
        return
    for signal in found:
        typer.echo(f"{when(signal.at)}  {signal.command}  {signal.command_id or '(no command id)'}")
        typer.echo(f"    {signal.refusal.code.value}: {signal.refusal.sentence(lang)}")
    typer.echo(f"{len(found)} refused" if found else "no signal was refused")


def why_deadline(
    app: App,
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="A deadline; default: those that count.")
    ] = None,
    as_json: AsJson = False,
    lang: InLang = "en",
    timeout: Patience = 30.0,
) -> None:
    """Why a deadline is when it is: formula, inputs, calendar version, and the count day by day."""
    found = ask(lambda door: door.deadlines(app), patience=timeout, as_json=as_json, lang=lang)
    note_look("why_deadline", app)
    chosen = [d for d in found if (d.name == name if name else d.counts_now)]
    if name and not chosen:
        has = ", ".join(d.name for d in found) or "none"
        fail(BAD_INPUT, f"This application has no deadline '{name}': it has {has}.")
    if as_json:
        echo_json([{**d.model_dump(mode="json"), "days": _days(d)} for d in chosen])
        return
    if not chosen:
        typer.echo("No deadline counts in this stage.")
    for deadline in chosen:
        _explain(deadline, lang)


def _explain(d: DeadlineView, lang: Lang) -> None:
    typer.echo(
        f"{d.name}  {words(d.kind_label, lang)}{'' if d.counts_now else ' - does not count in this stage'}"
    )
    typer.echo(f"  formula   {formula_in(d.formula, lang)}")
    if d.last_day is None:
        typer.echo(
            f"  last day  not known: the calendar of {d.missing_year} is missing; until then nothing ends"
        )
        return
    typer.echo(f"  last day  {d.last_day}, until 24:00 ({when(d.due_at)})")
    if d.capped_from:
        typer.echo(f"  cut off   the count would end on {d.capped_from}; the plan's cap is {d.last_day}")
    if d.reminders:
        typer.echo(f"  reminders {', '.join(when(at) for at in d.reminders)} ({d.reminded} given)")
    for moved in d.moved:
        old, new = moved.old_last_day or "not known", moved.new_last_day
        typer.echo(f"  moved     {old} -> {new}: {moved.ground}, {moved.document_no} ({when(moved.at)})")
    due = _counted(d)
    if due is None:
        typer.echo("  count     none: it is a fixed date of the plan or of a document")
        return
    from models.calendar import CalendarYearMissing
    from models.calendar_text import render_due

    try:
        text = render_due(due, True, _calendar(due.lineage))
    except (ValueError, CalendarYearMissing) as differs:
        text = f"{', '.join(str(day) for day in due.lineage.counted)}\n({differs})"
    typer.echo("\n".join(f"    {line}" for line in text.splitlines()))


def _counted(d: DeadlineView) -> DueDate | None:
    """The count behind a deadline, before any cap."""
    if d.lineage is None or d.last_day is None:
        return None
    from models.calendar import DueDate, Lineage
    from models.wire import end_of

    last = d.capped_from or d.last_day
    return DueDate(last_day=last, due_at=end_of(last), lineage=Lineage.model_validate(d.lineage))


def _days(d: DeadlineView) -> list[Any]:
    from models.calendar import CalendarYearMissing

    due = _counted(d)
    if due is None:
        return []
    try:
        return [note.model_dump(mode="json") for note in _calendar(due.lineage).explain(due)]
    except (ValueError, CalendarYearMissing):
        return []


def _calendar(made: Lineage) -> WorkCalendar:
    """The calendar as it was known when the count was made, where the count says so (a rehearsal)."""
    from datetime import date

    from workers.calendar_files import known_calendar

    known_on = re.search(r"\+known-on-(\d{4}-\d{2}-\d{2})$", made.calendar)
    return known_calendar(date.fromisoformat(known_on[1]) if known_on else None)
