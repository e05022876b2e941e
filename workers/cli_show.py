"""One application in words: how it stands, and what may happen next, by whom, and why the rest may not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer
from rich.markup import escape

from models.roles import ROLE_LABELS, Role
from workers.cli_looker import note_look
from workers.cli_shared import (
    App,
    AsJson,
    InLang,
    Lang,
    Patience,
    ask,
    console,
    echo_json,
    formula_in,
    table,
    until,
    when,
    words,
)

if TYPE_CHECKING:
    from rich.console import Console

    from models.audit import Fact
    from models.state import RefusedSignal
    from models.views import DeadlineView, StateView
    from workers.client import ReviewClient

Story = tuple["StateView", "list[DeadlineView]", "list[Fact]", "list[RefusedSignal]"]
_HINGES = (
    *("return", "reject", "decline", "refuse", "object", "complaint", "hold", "release", "cancel", "revoke"),
    *("withdraw", "lapse", "abandon", "revise", "admit", "recheck", "quorum", "correct"),
)
"""What the name of an event contains when it did not simply go on."""


def show(app: App, as_json: AsJson = False, lang: InLang = "en", timeout: Patience = 30.0) -> None:
    """Show an application: stage, whose court, deadlines, returns, objections, open questions."""

    async def read(door: ReviewClient) -> Story:
        return (
            await door.state(app),
            await door.deadlines(app),
            await door.history(app),
            await door.refused(app),
        )

    state, deadlines, history, refused = ask(read, patience=timeout, as_json=as_json, lang=lang)
    note_look("show", app)
    if as_json:
        echo_json({"state": state, "deadlines": deadlines, "refused": refused})
        return
    out = console()
    _heading(out, state, lang)
    _deadlines(out, deadlines, lang)
    _turns(out, history, lang)
    _open_questions(out, state, deadlines, refused, lang)
    typer.echo(f"next       {', '.join(state.next) or 'nothing'}   (zhicheng next {state.application_ref})")


def _heading(out: Console, state: StateView, lang: Lang) -> None:
    out.print(f"[bold]{escape(state.plan_id)}/{escape(state.application_ref)}[/bold]")
    lines = [
        ("stage", f"{state.stage}  {words(state.label, lang)}, since {when(state.entered_at)}"),
        (
            "status",
            f"{state.status}, revision {state.revision}, plan version {state.plan_version or 'not loaded'}",
        ),
        ("action by", words(state.action_by_label, lang) if state.action_by_label else "nobody"),
        ("due", until(state.due_at)),
        ("now", f"{when(state.at)} (business time, Asia/Shanghai)"),
    ]
    if state.hold:
        lines.append(("on hold", state.hold))
    if state.certificate_no:
        lines.append(("certificate", state.certificate_no))
    for name, text in lines:
        out.print(f"{name:<11}{escape(text)}")


def _deadlines(out: Console, deadlines: list[DeadlineView], lang: Lang) -> None:
    now = [d for d in deadlines if d.counts_now]
    if not now:
        return
    shown = table("deadline", "last day", "kind", "found by", title="deadlines that count now")
    for d in now:
        last = d.last_day.isoformat() if d.last_day else f"waits for the calendar of {d.missing_year}"
        shown.add_row(d.name, last, escape(words(d.kind_label, lang)), escape(formula_in(d.formula, lang)))
    out.print(shown)


def _turns(out: Console, history: list[Fact], lang: Lang) -> None:
    """Returns, objections, holds, corrections: where it did not simply go on."""
    from models.explaining import corrected_words, corrections_of

    corrected = corrections_of(history)
    for fact in history:
        if not any(word in fact.event for word in _HINGES):
            continue
        mark = corrected_words(corrected.get(fact.seq))
        undone = f" - {words(mark, lang)}" if mark else ""
        out.print(f"{when(fact.at)}  {escape(event_words(fact.event, lang))}, by {escape(who(fact))}{undone}")
        for key in ("reasons", "items"):
            for entry in fact.details.get(key) or ():
                out.print(
                    f"{'':18}{escape(str(entry.get('code') or entry.get('id')))}: {escape(entry['text'])}"
                )


def _open_questions(
    out: Console,
    state: StateView,
    deadlines: list[DeadlineView],
    refused: list[RefusedSignal],
    lang: Lang,
) -> None:
    questions = [f"objection {name} awaits a finding" for name in state.open_objections]
    questions += [f"'{name}' came early and waits for its stage" for name in state.early]
    questions += [f"{d.name} waits for the calendar of {d.missing_year}" for d in deadlines if d.missing_year]
    if refused:
        last = refused[-1]
        questions.append(
            f"{state.refused} signal(s) refused, the last: {last.command}: {last.refusal.sentence(lang)}"
        )
    for question in questions:
        out.print(f"open       {escape(question)}")


def next_steps(app: App, as_json: AsJson = False, lang: InLang = "en", timeout: Patience = 30.0) -> None:
    """What may happen next, by whom, and why the rest may not."""
    state = ask(lambda door: door.state(app), patience=timeout, as_json=as_json, lang=lang)
    note_look("next", app)
    if as_json:
        echo_json(state.permitted)
        return
    typer.echo(f"{state.stage}  {words(state.label, lang)}, revision {state.revision}")
    for step in state.permitted.steps:
        by = ", ".join(words(ROLE_LABELS[Role(role)], lang) for role in step.by)
        typer.echo(f"\n{step.command.replace('_', '-')}: {words(step.label, lang)} -> {step.to}")
        typer.echo(f"  by       {by}")
        for need in step.needs:
            typer.echo(f"  needs    {words(need, lang)}")
        if step.blocked:
            typer.echo(f"  not now  {words(step.blocked, lang)}")
    typer.echo("")
    for other in state.permitted.not_now:
        typer.echo(
            f"{other.command.replace('_', '-'):<24} {other.reason.zh if lang == 'zh' else other.reason.en}"
        )


def event_words(event: str, lang: Lang) -> str:
    """An event of the audit chain in the reader's language."""
    from models.explaining import event_label

    return words(event_label(event), lang)


def who(fact: Fact) -> str:
    """`role:person[@organisation]` of an entry."""
    actor = fact.actor
    return f"{actor.role.value}:{actor.id}" + (f"@{actor.organisation}" if actor.organisation else "")
