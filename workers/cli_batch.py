"""Batches on the command line: make one, look at its dry run, approve, send, pause, retry; its report."""

from __future__ import annotations

import asyncio
import json
import sys
import uuid
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from models.batch import VERBS, template_of
from models.batch_messages import BatchStatus, ItemStatus
from models.refusal import Refused
from models.roles import Actor
from models.selection import read_selection
from workers.cli_commands import ACTOR_FORM, CommandId, Who, parse_actor
from workers.cli_database import with_database
from workers.cli_searching import selection_of
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
    load_settings,
    table,
    when,
    words,
)

if TYPE_CHECKING:
    from activities.database import Database
    from models.batch_state import BatchView
    from workers.client import ReviewClient
    from workers.client_batch import BatchClient
    from workers.settings import Settings

batch_app = typer.Typer(
    no_args_is_help=True, help="One command for many applications (成批办理): dry run, four eyes, report."
)

Ref = Annotated[str, typer.Argument(metavar="BATCH", help="The reference of the batch.")]
Plan = Annotated[
    str | None, typer.Option("--plan", help="The plan. Default: ZHICHENG_PLAN, or the real one.")
]
T = TypeVar("T")


@batch_app.command()
def new(
    command: Annotated[
        str, typer.Option(metavar="KIND", help=f"The kind of a command, remind, or {', '.join(VERBS)}.")
    ],
    where: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="Which: stage, employer, due_before, ... May be repeated."),
    ] = None,
    search: Annotated[
        str | None,
        typer.Option(metavar="SEARCH", help="Which: like 'stage:office_review slack<=2', or @NAME."),
    ] = None,
    from_file: Annotated[
        str | None, typer.Option("--from", metavar="CSV", help="Which: a file with a column `application`.")
    ] = None,
    field: Annotated[
        list[str] | None,
        typer.Option("--field", metavar="NAME=VALUE", help="A field of the command; JSON is understood."),
    ] = None,
    reason: Annotated[
        list[str] | None, typer.Option(metavar="CODE=TEXT", help="A reason of a review.")
    ] = None,
    item: Annotated[
        list[str] | None, typer.Option(metavar="ID=TEXT", help="A point of a return list.")
    ] = None,
    who: Who = None,
    ref: Annotated[str | None, typer.Option("--ref", help="Names the batch. Default: a new name.")] = None,
    plan: Plan = None,
    per_second: Annotated[int, typer.Option(min=1, max=200, help="Commands a second, at most.")] = 20,
    any_revision: Annotated[
        bool, typer.Option("--any-revision", help="Also where the application has moved on since.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only ask what would happen; send nothing.")
    ] = False,
    as_json: AsJson = False,
    lang: InLang = "en",
    timeout: Patience = 120.0,
) -> None:
    """Freeze a selection and ask every application; send at once if one person is enough for it."""
    maker = _actor(who)
    template = template_of(_fields(command, field, reason, item), maker)
    given: dict[str, Any] = {
        "batch_ref": ref or f"b-{uuid.uuid4().hex[:10]}",
        "plan_id": plan or default_plan(),
        "maker": maker.model_dump(mode="json"),
        "command": template,
        "expect_revision": not any_revision,
        "per_second": per_second,
    }
    if sum(given is not None for given in (from_file, where, search)) != 1:
        fail(BAD_INPUT, "Which applications? Give --search, --from FILE or --where NAME=VALUE, one of them.")
    listed = _text(from_file) if from_file is not None else None
    found = selection_of(search, lang=lang) if search is not None else None

    async def make(door: BatchClient) -> BatchView:
        if listed is None:
            await door.start({**given, "selection": found or read_selection(where or ())})
        else:
            await _with_items(door, given, listed)
        name = given["batch_ref"]
        view = await door.until(name, *_ASKED, within=timeout)
        if dry_run or "apply" not in view.permitted:
            return view
        body = {"kind": "apply", "actor": given["maker"], "command_id": f"{name}-apply"}
        await door.send(name, body)
        return await door.until(name, BatchStatus.DONE, BatchStatus.STOPPED, within=timeout)

    _print(_through_door(make, timeout, as_json, lang), as_json, lang)


_ASKED = tuple(s for s in BatchStatus if s not in (BatchStatus.PREPARING, BatchStatus.PREPARED))


async def _with_items(door: BatchClient, given: dict[str, Any], listed: str) -> None:
    from activities.database import Database

    database = Database(load_settings().database_url.get_secret_value())
    try:
        await door.start_with(database, given, listed)
    finally:
        await database.close()


@batch_app.command()
def show(ref: Ref, as_json: AsJson = False, lang: InLang = "en", timeout: Patience = 30.0) -> None:
    """Where a batch stands: its numbers, what the dry run said, what may be sent."""
    _print(_through_door(lambda door: door.state(ref), timeout, as_json, lang), as_json, lang)


@batch_app.command("list")
def list_batches(plan: Plan = None, as_json: AsJson = False) -> None:
    """The batches of a plan, the newest first."""

    async def read(database: Database, _: Settings) -> list[dict[str, Any]]:
        from activities.batch_reading import batches_of

        names = ("batch_ref", "kind", "status", "maker_id", "approver_id", "items", "counts", "made_at")
        found = await batches_of(database, plan or default_plan())
        return [{name: getattr(one, name) for name in names} for one in found]

    found = with_database(read, as_json=as_json)
    if as_json:
        echo_json([{**one, "made_at": one["made_at"].isoformat()} for one in found])
        return
    shown = table("batch", "command", "status", "made by", "approved by", "items", "numbers", "made")
    for one in found:
        who = (one["maker_id"], one["approver_id"] or "-")
        row = (one["batch_ref"], one["kind"], one["status"], *who, str(one["items"]))
        shown.add_row(*row, _numbers(one["counts"] or {}), when(one["made_at"]))
    console().print(shown)


@batch_app.command()
def items(
    ref: Ref,
    status: Annotated[ItemStatus | None, typer.Option(help="Only these.")] = None,
    code: Annotated[str | None, typer.Option(help="Only this code, of the answer or the dry run.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=20_000)] = 100,
    as_csv: Annotated[bool, typer.Option("--csv", help="The whole report as CSV.")] = False,
    as_json: AsJson = False,
) -> None:
    """The items of a batch: what the dry run said of each, and what came of it."""
    if as_csv:
        with_database(lambda database, _: _write_csv(database, ref))
        return

    async def read(database: Database, _: Settings) -> list[dict[str, Any]]:
        from activities.batch_reading import items_of

        names = ("application_ref", "status", "code", "reason", "revision", "became")
        found = await items_of(database, ref, status=status, code=code, limit=limit)
        more = ("preview_code", "preview_reason")
        return [{name: getattr(one, name) for name in (*names, *more)} for one in found]

    found = with_database(read, as_json=as_json)
    if as_json:
        echo_json(found)
        return
    shown = table("application", "status", "code", "revision", "became", "dry run", "why")
    for one in found:
        revisions = (str(one["revision"]), str(one["became"] if one["became"] is not None else "-"))
        said = (one["preview_code"] or "-", one["reason"] or one["preview_reason"] or "")
        shown.add_row(one["application_ref"], one["status"], one["code"] or "-", *revisions, *said)
    console().print(shown)


async def _write_csv(database: Database, ref: str) -> None:
    from activities.batch_reading import results_csv

    async for lines in results_csv(database, ref):
        await asyncio.to_thread(sys.stdout.write, lines)


def _command(kind: str, summary: str) -> Callable[..., None]:
    def send(
        ref: Ref,
        who: Who = None,
        command_id: CommandId = None,
        as_json: AsJson = False,
        lang: InLang = "en",
        timeout: Patience = 30.0,
    ) -> None:
        _send(ref, kind, who, command_id, as_json, lang, timeout, {})

    send.__doc__ = summary
    return send


for _kind, _summary in {
    "dry_run": "Ask every application again what it would answer.",
    "approve": "Stand in for it as the second person (four eyes).",
    "apply": "Send the command to every item.",
    "pause": "Send nothing more until `resume`.",
    "resume": "Go on after `pause`.",
    "stop": "End it: what is done stays done, what was not sent never is.",
}.items():
    batch_app.command(_kind.replace("_", "-"), help=_summary)(_command(_kind, _summary))


@batch_app.command()
def retry(
    ref: Ref,
    force: Annotated[
        bool, typer.Option("--force", help="Whatever was refused; outdated ones on the revision of now.")
    ] = False,
    who: Who = None,
    command_id: CommandId = None,
    as_json: AsJson = False,
    lang: InLang = "en",
    timeout: Patience = 30.0,
) -> None:
    """Send again what was refused for a while only."""
    _send(ref, "retry", who, command_id, as_json, lang, timeout, {"force": force})


def _send(
    ref: str,
    kind: str,
    who: str | None,
    command_id: str | None,
    as_json: bool,
    lang: Lang,
    timeout: float,
    fields: dict[str, Any],
) -> None:
    actor = _actor(who).model_dump(mode="json")
    body = {"kind": kind, "actor": actor, "command_id": command_id or f"cli-{uuid.uuid4().hex}", **fields}
    receipt = _through_door(lambda door: door.send(ref, body), timeout, as_json, lang)
    if as_json:
        echo_json(receipt)
    else:
        again = " (as before)" if receipt.duplicate else ""
        typer.echo(
            f"accepted{again}: {kind}, the batch is {receipt.status.value}; {_numbers(receipt.counts)}"
        )


def _through_door(
    work: Callable[[BatchClient], Awaitable[T]], timeout: float, as_json: bool, lang: Lang
) -> T:
    from sqlalchemy.exc import SQLAlchemyError

    async def run(door: ReviewClient) -> T:
        from workers.client_batch import BatchClient

        return await work(BatchClient.beside(door))

    try:
        return ask(run, patience=timeout, as_json=as_json, lang=lang)
    except Refused as refused:
        if as_json:
            echo_json({"refused": refused.refusal})
        fail(BAD_INPUT, refused.refusal.sentence(lang))
    except TimeoutError as error:
        fail(1, f"{error}")
    except SQLAlchemyError as error:
        reason = " ".join(str(error).split("\n", 1)[0].split())[:300]
        fail(3, f"The database cannot be used ({reason}): look at ZHICHENG_DATABASE_URL.")


def _actor(who: str | None) -> Actor:
    if not who:
        fail(BAD_INPUT, f"Who sends it? Give --as {ACTOR_FORM}, or ZHICHENG_AS.")
    try:
        return Actor.model_validate(parse_actor(who))
    except ValueError:
        fail(BAD_INPUT, f"--as {who!r} is not an actor: give opaque references as {ACTOR_FORM}.")


def _fields(
    command: str, field: list[str] | None, reason: list[str] | None, item: list[str] | None
) -> dict[str, Any]:
    fields: dict[str, Any] = {"kind": command.replace("-", "_")}
    for name, value in _pairs("--field", field):
        fields[name.replace("-", "_")] = _value(name, value)
    if reason:
        fields["reasons"] = [{"code": code, "text": text} for code, text in _pairs("--reason", reason)]
    if item:
        fields["items"] = [{"id": name, "text": text} for name, text in _pairs("--item", item)]
    return fields


def _pairs(option: str, given: list[str] | None) -> list[tuple[str, str]]:
    pairs = []
    for text in given or ():
        name, equals, value = text.partition("=")
        if not equals:
            fail(BAD_INPUT, f"{option} {text!r}: write it as NAME=VALUE.")
        pairs.append((name, value))
    return pairs


def _value(name: str, text: str) -> Any:
    if not text.startswith(("[", "{")):
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:  # nested too deeply
        fail(BAD_INPUT, f"--field {name}: it begins like JSON and is none ({error}).")


def _text(path: str) -> str:
    try:
        if path == "-":
            return sys.stdin.read()
        with open(path, encoding="utf-8-sig", newline="") as file:
            return file.read()
    except (OSError, UnicodeDecodeError) as error:
        fail(
            BAD_INPUT, f"{path} cannot be read ({error}): give a CSV file in UTF-8, or - for standard input."
        )


def _numbers(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {number}" for name, number in sorted(counts.items())) or "nothing yet"


def _print(view: BatchView, as_json: bool, lang: Lang) -> None:
    if as_json:
        echo_json(view)
        return
    approver = view.approver.id if view.approver else "needed" if view.needs_approval else "not needed"
    typer.echo(f"{view.batch_ref}  {view.kind}, {words(view.label, lang)}, revision {view.revision}")
    typer.echo(f"made by   {view.maker.id} ({view.maker.role.value} of {view.maker.organisation})")
    typer.echo(f"approval  {approver}; {view.irreversible} of {view.items} items cannot be taken back")
    typer.echo(f"dry run   {_numbers(view.preview)}")
    typer.echo(f"items     {_numbers(view.counts)}")
    if view.reasons:
        typer.echo(f"answers   {_numbers(view.reasons)}")
    typer.echo(f"possible  {', '.join(view.permitted) or 'nothing'}")
