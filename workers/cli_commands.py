"""One command line command for each command of an application, with options made from its model."""

from __future__ import annotations

import inspect
import uuid
from collections.abc import Callable
from typing import Annotated, Any

import typer

from models.commands import COMMANDS, Command, parse
from models.refusal import Refused
from models.roles import Role
from models.stages import label_of
from models.state import Receipt
from workers.cli_shared import (
    BAD_INPUT,
    App,
    AsJson,
    InLang,
    Lang,
    Patience,
    ask,
    echo_json,
    fail,
    read_json,
    until,
    when,
    words,
)
from workers.command_options import BadOptionError, body_from, flag, option_parameters

ACTOR_FORM = "role:person[@organisation]"


def register(app: typer.Typer, only: str | None = None) -> None:
    """Mount every command of the contract, in kebab-case, or the one of that word."""
    for kind, model in COMMANDS.items():
        if only not in (None, kind.replace("_", "-")):
            continue
        summary = inspect.getdoc(model) or kind
        app.command(kind.replace("_", "-"), help=summary, rich_help_panel="Commands on one application")(
            _command(kind, model)
        )


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


Who = Annotated[
    str | None,
    typer.Option(
        "--as", envvar="ZHICHENG_AS", metavar=ACTOR_FORM, help="Who sends it, e.g. office:wang@tj-office."
    ),
]
WholeBody = Annotated[
    str | None, typer.Option("--file", "-f", metavar="FILE", help="The body as JSON, - for standard input.")
]
CommandId = Annotated[
    str | None,
    typer.Option("--command-id", metavar="ID", help="Sending it twice counts once. Default: a new one."),
]
Revision = Annotated[
    int | None, typer.Option("--expected-revision", min=0, help="Refuse it if the application has moved on.")
]
Expires = Annotated[
    str | None, typer.Option("--expires-at", metavar="INSTANT", help="No longer valid from this moment on.")
]
AsSignal = Annotated[
    bool, typer.Option("--signal", help="Send it without waiting for the answer; see `zhicheng refused`.")
]


def _shared(
    app: App,
    who: Who = None,
    file: WholeBody = None,
    command_id: CommandId = None,
    expected_revision: Revision = None,
    expires_at: Expires = None,
    signal: AsSignal = False,
    as_json: AsJson = False,
    lang: InLang = "en",
    timeout: Patience = 30.0,
) -> None:
    """Only its parameters are used: those that every command has."""


def _send(
    kind: str,
    model: type[Command],
    fields: dict[str, Any],
    *,
    app: str,
    who: str | None,
    file: str | None,
    command_id: str | None,
    expected_revision: int | None,
    expires_at: str | None,
    signal: bool,
    as_json: bool,
    lang: Lang,
    timeout: float,
) -> None:
    body = _body(kind, model, fields, file)
    if who:
        body["actor"] = parse_actor(who)
    given = {"command_id": command_id, "expected_revision": expected_revision, "expires_at": expires_at}
    body |= {name: value for name, value in given.items() if value is not None}
    body.setdefault("command_id", f"cli-{uuid.uuid4().hex}")
    if "actor" not in body:
        fail(BAD_INPUT, f"Who sends it? Give --as {ACTOR_FORM}, or ZHICHENG_AS, or an actor in --file.")
    command = _checked(kind, body)
    name = command.command_id
    if signal:
        ask(lambda door: door.signal(app, command), patience=timeout, as_json=as_json, lang=lang)
        if as_json:
            echo_json({"sent": kind, "command_id": name})
        else:
            typer.echo(f"sent {kind}, command id {name}; a refusal shows in `zhicheng refused {app}`")
        return
    if not as_json:
        typer.echo(f"command id {name}", err=True)
    receipt = ask(lambda door: door.send(app, command), patience=timeout, as_json=as_json, lang=lang)
    if as_json:
        echo_json(receipt)
    else:
        _print(receipt, lang)


def _body(kind: str, model: type[Command], fields: dict[str, Any], file: str | None) -> dict[str, Any]:
    body: Any = read_json(file) if file else {}
    if not isinstance(body, dict):
        fail(BAD_INPUT, f"{file} must hold one JSON object: see `zhicheng template {kind}`.")
    try:
        return {"kind": kind, **body, **body_from(model, fields)}
    except BadOptionError as error:
        fail(BAD_INPUT, str(error))


def _checked(kind: str, body: dict[str, Any]) -> Command:
    """The command, or exit status 2 that names the option of the field that is wrong."""
    try:
        return parse(kind, body)
    except Refused as refused:
        field = refused.refusal.field or ""
        top = field.split(".")[0]
        remedy = {"actor": f"--as {ACTOR_FORM}"}.get(top, flag(top))
        named = f" (option {remedy}, or `{field}` in --file)" if top in COMMANDS[kind].model_fields else ""
        rule = refused.refusal.rule.en
        fail(BAD_INPUT, f"{rule}{named} See `zhicheng template {kind.replace('_', '-')}`.")


def parse_actor(text: str) -> dict[str, str]:
    """`role:person[@organisation]` as the actor of a command. Exit status 2 when it is not that."""
    role, colon, rest = text.partition(":")
    person, at_sign, organisation = rest.rpartition("@") if "@" in rest else (rest, "", "")
    if not colon or not person or (at_sign and not organisation):
        fail(
            BAD_INPUT,
            f"--as {text!r} is not an actor: write it as {ACTOR_FORM}, e.g. employer:li@tj-institute.",
        )
    if role not in tuple(Role):
        roles = ", ".join(r.value for r in Role if r is not Role.SYSTEM)
        fail(BAD_INPUT, f"--as {text!r}: there is no role '{role}': use one of {roles}.")
    return {"id": person, "role": role, **({"organisation": organisation} if organisation else {})}


def _print(receipt: Receipt, lang: Lang) -> None:
    again = " (as before: this command_id was accepted already)" if receipt.duplicate else ""
    typer.echo(f"accepted{again}: {receipt.event}, at {when(receipt.at)}")
    typer.echo(
        f"stage     {receipt.stage}  {words(label_of(receipt.stage), lang)}, revision {receipt.revision}"
    )
    if receipt.due_at:
        typer.echo(f"due       {until(receipt.due_at)}")
    typer.echo(f"next      {', '.join(receipt.next) or 'nothing'}")
    for warning in receipt.warnings:
        typer.echo(f"warning   {words(warning, lang)}")
