"""What each word of `zhicheng` loads: a command starts in a quarter of a second, for it loads nothing else.

Exit status: 0 done, 1 refused, 2 wrong usage or input, 3 nobody to reach, 130 interrupted.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import typer

from workers.exit import finish

APPLICATION, READ, CYCLE = "Commands on one application", "Read applications", "The committee's year"
LISTEN, RUN, LOOK_UP = "Listening", "Processes", "Rules and formats"

SEARCHES = {"ignore_unknown_options": True}
"""Settings of a command whose words are a search: `-stage:draft` is no option."""


@dataclass(frozen=True)
class Word:
    """The first word of a command, and how it is put on a command line: its module is imported by then."""

    word: str
    put: Callable[[typer.Typer], None]


def _command(word: str, there: str, panel: str | None, **settings: Any) -> Word:
    def put(app: typer.Typer) -> None:
        app.command(word, rich_help_panel=panel, **settings)(_found(there))

    return Word(word, put)


def _group(word: str, there: str, panel: str) -> Word:
    def put(app: typer.Typer) -> None:
        app.add_typer(_found(there), name=word, rich_help_panel=panel)

    return Word(word, put)


def _found(there: str) -> Any:
    module, name = there.split(":")
    return getattr(import_module(f"workers.cli_{module}"), name)


FIRST = (_command("apply", "apply:apply", APPLICATION),)
"""Before the commands of the contract, which are words as they stand there (`workers.cli_commands`)."""

WORDS = (
    _command("show", "show:show", READ),
    _command("next", "show:next_steps", READ),
    _command("history", "history:history", READ),
    _command("explain", "explain:explain", READ),
    _command("why-deadline", "history:why_deadline", READ),
    _command("refused", "history:refused", READ),
    _command("list", "list:list_command", READ, context_settings=SEARCHES),
    _group("search", "search:search_app", READ),
    _command("at-risk", "operations:at_risk_command", READ, context_settings=SEARCHES),
    _command("court", "operations:court", READ, context_settings=SEARCHES),
    _group("publicity", "operations:publicity_app", READ),
    _command("left-behind", "operations:left_behind_command", READ),
    _command("incidents", "incidents:incidents_command", READ),
    _command("retry-incident", "incidents:retry_command", RUN),
    _group("export", "exports:export_app", READ),
    _command("diagram", "diagram:diagram", READ),
    _command("access-log", "gateway:access_log", READ),
    _group("batch", "batch:batch_app", CYCLE),
    _group("cycle", "cycle:cycle_app", CYCLE),
    _command("posts", "posts:posts", CYCLE),
    _group("committee", "committee:committee_app", CYCLE),
    _group("expert", "committee:expert_app", CYCLE),
    _group("meeting", "meeting:meeting_app", CYCLE),
    _group("people", "identity:people_app", CYCLE),
    _group("lists", "lists:lists_app", CYCLE),
    _group("site", "site:site_app", CYCLE),
    _group("case", "cases:case_app", CYCLE),
    _group("credit", "cases:credit_app", CYCLE),
    _group("evidence", "evidence:evidence_app", CYCLE),
    _group("certificate", "certificate:certificate_app", CYCLE),
    _group("report", "report:report_app", CYCLE),
    _group("retention", "retention:retention_app", RUN),
    _command("up", "processes:up", RUN),
    _command("doctor", "doctor:doctor", RUN),
    _group("audit", "audit:audit_app", RUN),
    _command("rebuild", "rebuild:rebuild", RUN),
    _command("demo", "processes:demo", RUN),
    _command("simulate", "simulate:simulate", RUN),
    _command("worker", "processes:worker", RUN),
    _command("gateway", "gateway:gateway", RUN),
    _command("codec", "codec:codec", RUN),
    _group("payload-key", "codec:payload_key_app", RUN),
    _command("token", "gateway:token", RUN),
    _command("courier", "courier:courier", RUN),
    _command("migrate", "processes:migrate", RUN),
    _command("replay", "replay:replay", RUN),
    _group("search-attributes", "processes:search_attributes_app", RUN),
    _group("nexus", "nexus:nexus_app", RUN),
    _group("webhook", "webhook:webhook_app", LISTEN),
    _group("notices", "courier:notices_app", LISTEN),
    _group("contact", "courier:contact_app", LISTEN),
    _group("mailbox", "courier:mailbox_app", LISTEN),
    _group("plan", "versions:plan_app", LOOK_UP),
    _group("calendar", "versions:calendar_app", LOOK_UP),
    _command("lifecycle", "lifecycle:lifecycle", None),
    _command("template", "schema:template", LOOK_UP),
    _command("schema", "schema:schema", LOOK_UP),
)


def _assembled(words: Iterable[Word]) -> typer.Typer:
    app = typer.Typer(
        name="zhicheng",
        help="Professional-title review (职称评审): one durable workflow per application.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        add_completion=False,
    )
    app.callback()(lambda: None)  # without it an application of one command takes no word for it
    for word in words:
        word.put(app)
    return app


def _of_the_contract(only: str | None = None) -> Word:
    def put(app: typer.Typer) -> None:
        _found("commands:register")(app, only)

    return Word("", put)


def whole() -> typer.Typer:
    """The command line with every word."""
    return _assembled((*FIRST, _of_the_contract(), *WORDS))


def for_arguments(arguments: Sequence[str]) -> typer.Typer:
    """What these arguments need: the one word they begin with, or all, to help or to be told of a mistake."""
    first = arguments[0] if arguments else ""
    known = [word for word in (*FIRST, *WORDS) if word.word == first]
    if known:
        return _assembled(known)
    if first and not first.startswith("-"):
        alone = _assembled([_of_the_contract(first)])
        if alone.registered_commands:
            return alone
    return whole()


def run(arguments: list[str]) -> int:
    """Run one command and give its exit status; never raises."""
    if (unreadable := _not_utf8(arguments)) is not None:
        sys.stderr.write(
            f"The word {unreadable} of the command is not UTF-8: set the terminal to it and type it again.\n"
        )
        return 2
    try:
        for_arguments(arguments)(arguments, prog_name="zhicheng")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        return 0
    except Exception as error:  # the last line of defence: a user never sees a traceback
        reason = " ".join(str(error).split()) or "no reason given"
        sys.stderr.write(f"Unexpected {type(error).__name__}: {reason[:500]}. Please report it.\n")
        return 1
    return 0


def _not_utf8(arguments: list[str]) -> int | None:
    """Which word, counted from one, came in another encoding (a terminal of GBK, say); None when none did."""
    return next(
        (n for n, word in enumerate(arguments, 1) if any("\ud800" <= c <= "\udfff" for c in word)), None
    )


def main() -> None:
    """Run the command line and end the process."""
    finish(run(sys.argv[1:]))
