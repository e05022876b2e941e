"""One application in words: how it stands, and what may happen next, by whom, and why the rest may not."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from models.lifecycle import BY_EVENT
from models.roles import ROLE_LABELS, Role
from workers.cli_shared import App, AsJson, InLang, Lang, Patience, ask, echo_json, when, words

if TYPE_CHECKING:
    from models.audit import Fact
    from models.state import RefusedSignal
    from models.views import DeadlineView, StateView
    from workers.client import ReviewClient

Story = tuple["StateView", "list[DeadlineView]", "list[Fact]", "list[RefusedSignal]"]
_HINGES = ("return", "object", "complaint", "reject", "decline", "hold", "release", "cancel", "revoke")


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
    if as_json:
        echo_json({"state": state, "deadlines": deadlines, "refused": refused})
        return
    console = Console(file=sys.stdout, highlight=False)
    _heading(console, state, lang)
    _deadlines(console, deadlines, lang)
    _turns(console, history, lang)
    _open_questions(console, state, deadlines, refused, lang)
    typer.echo(f"next       {', '.join(state.next) or 'nothing'}   (zhicheng next {state.application_ref})")


def _heading(console: Console, state: StateView, lang: Lang) -> None:
    console.print(f"[bold]{escape(state.plan_id)}/{escape(state.application_ref)}[/bold]")
    lines = [
        ("stage", f"{state.stage}  {words(state.label, lang)}, since {when(state.entered_at)}"),
        (
            "status",
            f"{state.status}, revision {state.revision}, plan version {state.plan_version or 'not loaded'}",
        ),
        ("action by", words(state.action_by_label, lang) if state.action_by_label else "nobody"),
        ("due", when(state.due_at)),
        ("now", f"{when(state.at)} (business time, Asia/Shanghai)"),
    ]
    if state.hold:
        lines.append(("on hold", state.hold))
    if state.certificate_no:
        lines.append(("certificate", state.certificate_no))
    for name, text in lines:
        console.print(f"{name:<11}{escape(text)}")


def _deadlines(console: Console, deadlines: list[DeadlineView], lang: Lang) -> None:
    now = [d for d in deadlines if d.counts_now]
    if not now:
        return
    table = Table(
        "deadline", "last day", "kind", "found by", title="deadlines that count now", box=SIMPLE_HEAD
    )
    for d in now:
        last = d.last_day.isoformat() if d.last_day else f"waits for the calendar of {d.missing_year}"
        table.add_row(d.name, last, escape(words(d.kind_label, lang)), escape(d.formula))
    console.print(table)


def _turns(console: Console, history: list[Fact], lang: Lang) -> None:
    """Returns, objections, holds: where it did not simply go on."""
    for fact in history:
        if not any(word in fact.event for word in _HINGES):
            continue
        console.print(f"{when(fact.at)}  {escape(event_words(fact.event, lang))}, by {escape(who(fact))}")
        for key in ("reasons", "items"):
            for entry in fact.details.get(key) or ():
                console.print(
                    f"{'':18}{escape(str(entry.get('code') or entry.get('id')))}: {escape(entry['text'])}"
                )


def _open_questions(
    console: Console,
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
        console.print(f"open       {escape(question)}")


def next_steps(app: App, as_json: AsJson = False, lang: InLang = "en", timeout: Patience = 30.0) -> None:
    """What may happen next, by whom, and why the rest may not."""
    state = ask(lambda door: door.state(app), patience=timeout, as_json=as_json, lang=lang)
    if as_json:
        echo_json(state.permitted)
        return
    console = Console(file=sys.stdout, highlight=False)
    console.print(
        f"[bold]{escape(state.stage)}[/bold]  {escape(words(state.label, lang))}, revision {state.revision}"
    )
    table = Table("command", "what", "by", "leads to", "needs", "not now, because", box=SIMPLE_HEAD)
    for step in state.permitted.steps:
        table.add_row(
            step.command.replace("_", "-"),
            escape(words(step.label, lang)),
            ", ".join(ROLE_LABELS[Role(role)].zh if lang == "zh" else role for role in step.by),
            step.to,
            escape("; ".join(words(need, lang) for need in step.needs)),
            escape(words(step.blocked, lang)) if step.blocked else "",
            style="dim" if step.blocked else None,
        )
    console.print(table)
    for other in state.permitted.not_now:
        typer.echo(
            f"{other.command.replace('_', '-'):<26}{other.reason.zh if lang == 'zh' else other.reason.en}"
        )


def event_words(event: str, lang: Lang) -> str:
    """An event of the audit chain in the reader's language."""
    known = BY_EVENT.get(event)
    return words(known.label, lang) if known else event


def who(fact: Fact) -> str:
    """`role:person[@organisation]` of an entry."""
    actor = fact.actor
    return f"{actor.role.value}:{actor.id}" + (f"@{actor.organisation}" if actor.organisation else "")
