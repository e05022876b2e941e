"""The committee's year on the command line: begin it, read it, tell it what was decided."""

from __future__ import annotations

import inspect
import uuid
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from models.commands import Command
from models.cycle_commands import CYCLE_COMMANDS
from models.cycle_decide import parse_cycle_command
from models.cycle_steps import PHASE_LABELS, STEP_KIND_LABELS, STEPS
from models.refusal import Refused
from models.roles import ROLE_LABELS
from models.stages import label_of
from workers.cli_commands import ACTOR_FORM, AsSignal, CommandId, Who, WholeBody, parse_actor
from workers.cli_shared import (
    BAD_INPUT,
    AsJson,
    InLang,
    Lang,
    Patience,
    ask,
    console,
    default_plan,
    echo_json,
    fail,
    read_json,
    table,
    when,
    words,
)
from workers.command_options import BadOptionError, body_from, flag, option_parameters

if TYPE_CHECKING:
    from models.cycle_state import CycleReceipt
    from workers.client import ReviewClient
    from workers.client_cycle import CycleClient

cycle_app = typer.Typer(
    no_args_is_help=True, help="The committee's year (评审年度): steps, dates, orders, statistics, close."
)

READ, TELL = "Read", "Tell the cycle"
Plan = Annotated[
    str | None, typer.Option("--plan", help="The plan. Default: ZHICHENG_PLAN, or the real one.")
]
Revision = Annotated[
    int | None, typer.Option("--expected-revision", min=0, help="Refuse it if the cycle has moved on.")
]
T = TypeVar("T")


def through_door(work: Callable[[CycleClient], Awaitable[T]], timeout: float, as_json: bool, lang: Lang) -> T:
    """Do `work` with a client of cycles; what goes wrong ends the command with its exit status."""

    async def run(door: ReviewClient) -> T:
        from workers.client_cycle import CycleClient

        return await work(CycleClient.beside(door))

    return ask(run, patience=timeout, as_json=as_json, lang=lang)


@cycle_app.command(rich_help_panel=TELL)
def start(
    plan: Annotated[str, typer.Argument(metavar="PLAN", help="The plan on file.")],
    rehearse_from: Annotated[
        str | None, typer.Option(metavar="INSTANT", help="Rehearsal: business time begins here.")
    ] = None,
    speed: Annotated[float, typer.Option(help="Rehearsal: business seconds per real second.")] = 1.0,
    as_json: AsJson = False,
    lang: InLang = "en",
    timeout: Patience = 30.0,
) -> None:
    """Begin the cycle of a plan. The same again finds the same cycle."""
    body: dict[str, Any] = {"plan_id": plan}
    if rehearse_from:
        now = datetime.now().astimezone().isoformat()
        body["clock"] = {"real_start": now, "business_start": rehearse_from, "speed": speed}
    view = through_door(lambda door: door.start(body), timeout, as_json, lang)
    if as_json:
        echo_json(view)
    else:
        typer.echo(f"{view.plan_id}, version {view.plan_version}: {words(view.phase_label, lang)}")


@cycle_app.command(rich_help_panel=READ)
def show(plan: Plan = None, as_json: AsJson = False, lang: InLang = "en", timeout: Patience = 30.0) -> None:
    """Where the year stands: phase, every step with its date, what is overdue, orders on their way."""
    view = through_door(lambda door: door.state(plan or default_plan()), timeout, as_json, lang)
    if as_json:
        echo_json(view)
        return
    typer.echo(f"{view.plan_id}, version {view.plan_version}, revision {view.revision}, at {when(view.now)}")
    typer.echo(f"phase     {view.phase.value}  {words(view.phase_label, lang)}")
    typer.echo(
        f"next      {view.next_step.value if view.next_step else '-'}, looks at {when(view.next_look)}"
    )
    typer.echo(f"overdue   {', '.join(view.overdue) or 'nothing'}")
    if view.missing_year:
        typer.echo(f"calendar  the working days of {view.missing_year} are not on record: dates wait for it")
    shown = table("step", "", "kind", "who", "last day", "done on", "")
    for step in view.steps:
        day = f"{step.last_day or '-'}{' (expected)' if step.expected and step.last_day else ''}"
        mark = "OVERDUE" if step.overdue else ("reminded" if step.reminded and not step.done_on else "")
        shown.add_row(
            step.step.value,
            words(step.label, lang),
            step.kind.value,
            step.who.value,
            day,
            str(step.done_on or "-"),
            mark,
        )
    console().print(shown)
    for order in view.orders:
        counts = ", ".join(f"{name} {number}" for name, number in order.counts.items())
        typer.echo(
            f"order     {order.order_id}  {order.command}: {order.status}  {counts or order.reason or ''}"
        )
    for stage, number in sorted(view.open_cases.items()):
        typer.echo(f"open case {stage:<22} {number}")


@cycle_app.command(rich_help_panel=READ)
def statistics(
    plan: Plan = None, as_json: AsJson = False, lang: InLang = "en", timeout: Patience = 30.0
) -> None:
    """The numbers of the last look (every morning at 08:30): by stage, overdue, at risk."""
    view = through_door(lambda door: door.statistics(plan or default_plan()), timeout, as_json, lang)
    if as_json:
        echo_json(view)
        return
    late = "  (the last look failed: older numbers)" if view.stale else ""
    typer.echo(f"{view.plan_id}, {words(PHASE_LABELS[view.phase], lang)}, as of {when(view.as_of)}{late}")
    for stage, number in sorted(view.stages.items(), key=lambda pair: -pair[1]):
        typer.echo(f"{number:>7}  {stage:<22} {words(label_of(stage), lang)}")
    for name, number in sorted(view.overdue.items()):
        typer.echo(f"{number:>7}  past {name}")
    if view.at_risk:
        typer.echo(f"{view.at_risk:>7}  may miss the departments' window")
        for department, number in view.at_risk_departments.items():
            typer.echo(f"{number:>15}  {department}")
    for words_of, number in (
        ("certificates without a file", view.certificates_missing),
        ("meetings without a draw", view.undrawn_meetings),
    ):
        if number:
            typer.echo(f"{number:>7}  {words_of}")


@cycle_app.command(rich_help_panel=READ)
def history(
    plan: Plan = None, as_json: AsJson = False, lang: InLang = "en", timeout: Patience = 30.0
) -> None:
    """What happened in the year, and who decided it: the last entries of the audit chain."""
    facts = through_door(lambda door: door.history(plan or default_plan()), timeout, as_json, lang)
    if as_json:
        echo_json(facts)
        return
    shown = table("no.", "when", "event", "phase", "who", "what", "rule")
    for fact in facts:
        what = ", ".join(
            f"{k}={v}" for k, v in fact.details.items() if isinstance(v, str | int) and k != "to"
        )
        who = f"{fact.actor.role.value}:{fact.actor.id}" if fact.command_id else "system"
        shown.add_row(str(fact.seq), when(fact.at), fact.event, fact.to_stage, who, what[:160], fact.rule)
    console().print(shown)


@cycle_app.command(rich_help_panel=READ)
def steps(as_json: AsJson = False, lang: InLang = "en") -> None:
    """The steps of a year: what, by whom, of which kind, and where the date comes from."""
    if as_json:
        echo_json(list(STEPS.values()))
        return
    shown = table("step", "", "kind", "who", "date from", "done by", "source")
    for spec in STEPS.values():
        kind, who = words(STEP_KIND_LABELS[spec.kind], lang), words(ROLE_LABELS[spec.who], lang)
        shown.add_row(
            spec.id.value,
            words(spec.label, lang),
            kind,
            who,
            spec.date_from,
            spec.done_by.value,
            spec.citation,
        )
    console().print(shown)


# --- one command for each thing a cycle may be told -------------------------------------------------------


def register() -> None:
    """Mount every command of the contract, in kebab-case."""
    for kind, model in CYCLE_COMMANDS.items():
        summary = inspect.getdoc(model) or kind
        cycle_app.command(kind.replace("_", "-"), help=summary, rich_help_panel=TELL)(_command(kind, model))


def _command(kind: str, model: type[Command]) -> Callable[..., None]:
    fields = [p.name for p in option_parameters(model)]

    def run(**given: Any) -> None:
        shared = {name: value for name, value in given.items() if name not in fields}
        _send(kind, model, {name: given[name] for name in fields}, **shared)

    parameters = [*inspect.signature(_shared, eval_str=True).parameters.values(), *option_parameters(model)]
    run.__name__ = kind
    run.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in parameters]
    )
    run.__annotations__ = {p.name: p.annotation for p in parameters}
    return run


def _shared(
    plan: Plan = None,
    who: Who = None,
    file: WholeBody = None,
    command_id: CommandId = None,
    expected_revision: Revision = None,
    signal: AsSignal = False,
    as_json: AsJson = False,
    lang: InLang = "en",
    timeout: Patience = 120.0,
) -> None:
    """Only its parameters are used: those that every command has."""


def _send(
    kind: str,
    model: type[Command],
    fields: dict[str, Any],
    *,
    plan: str | None,
    who: str | None,
    file: str | None,
    command_id: str | None,
    expected_revision: int | None,
    signal: bool,
    as_json: bool,
    lang: Lang,
    timeout: float,
) -> None:
    body = _body(kind, model, fields, file)
    if who:
        body["actor"] = parse_actor(who)
    given = {"command_id": command_id, "expected_revision": expected_revision}
    body |= {name: value for name, value in given.items() if value is not None}
    body.setdefault("command_id", f"cli-{uuid.uuid4().hex}")
    if "actor" not in body:
        fail(BAD_INPUT, f"Who sends it? Give --as {ACTOR_FORM}, or ZHICHENG_AS, or an actor in --file.")
    command = _checked(kind, body)
    if not as_json:
        typer.echo(f"command id {command.command_id}", err=True)
    chosen = plan or default_plan()
    if signal:
        through_door(lambda door: door.signal(chosen, command), timeout, as_json, lang)
        typer.echo(f"sent {kind}; a refusal shows in `zhicheng cycle history`")
        return
    receipt = through_door(lambda door: door.send(chosen, command), timeout, as_json, lang)
    if as_json:
        echo_json(receipt)
    else:
        _print(receipt)


def _body(kind: str, model: type[Command], fields: dict[str, Any], file: str | None) -> dict[str, Any]:
    body: Any = read_json(file) if file else {}
    if not isinstance(body, dict):
        fail(BAD_INPUT, f"{file} must hold one JSON object.")
    texts = {name: _toml(name, text) for name, text in fields.items() if name.endswith("_toml") and text}
    try:
        return {"kind": kind, **body, **body_from(model, fields | texts)}
    except BadOptionError as error:
        fail(BAD_INPUT, str(error))


def _toml(name: str, source: str) -> str:
    """TOML given as the name of its file."""
    try:
        with open(source.removeprefix("@"), encoding="utf-8") as opened:
            return opened.read()
    except (OSError, UnicodeDecodeError) as error:
        fail(
            BAD_INPUT, f"{flag(name)} {source[:80]}: cannot be read ({error}): give the name of a TOML file."
        )


def _checked(kind: str, body: dict[str, Any]) -> Command:
    """The command, or exit status 2 that names the option of the field that is wrong."""
    try:
        return parse_cycle_command(kind, body)
    except Refused as refused:
        top = (refused.refusal.field or "").split(".")[0]
        remedy = {"actor": f"--as {ACTOR_FORM}"}.get(top, flag(top))
        named = f" (option {remedy})" if top in CYCLE_COMMANDS[kind].model_fields else ""
        fail(BAD_INPUT, f"{refused.refusal.rule.en}{named} See `zhicheng schema {kind}`.")


def _print(receipt: CycleReceipt) -> None:
    again = " (as before: this command_id was accepted already)" if receipt.duplicate else ""
    typer.echo(f"accepted{again}: {receipt.event}, at {when(receipt.at)}")
    typer.echo(f"phase     {receipt.phase.value}, revision {receipt.revision}")
    for name, number in receipt.counts.items():
        typer.echo(f"{name:<24} {number}")
    for name, text in receipt.facts.items():
        if name != "plan_dates":
            typer.echo(f"{name:<24} {text}")
    if receipt.order_id:
        typer.echo(f"order     {receipt.order_id} goes out to the applications; see `zhicheng cycle show`")


register()
