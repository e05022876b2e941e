"""`zhicheng audit`: the daily root, the proof that something stands in it, what was done to the record."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from workers.cli_database import At, known_plan, moment_of, with_database
from workers.cli_shared import (
    BAD_INPUT,
    REFUSED,
    AsJson,
    InLang,
    Lang,
    console,
    default_plan,
    echo_json,
    fail,
    table,
    when,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from activities.audit.checking import Verified
    from activities.audit.sealing import Sealed
    from activities.database import Database
    from models.roots import Inclusion, Root
    from workers.settings import Settings
    from workers.witness import Witness

audit_app = typer.Typer(no_args_is_help=True, help="Prove that nothing was changed, and what was if it was.")

OfPlan = Annotated[str | None, typer.Option("--plan", help="Of this plan. Default: every plan on record.")]
AskTemporal = Annotated[
    bool, typer.Option("--temporal/--no-temporal", help="Seal only what the workflows know, too.")
]


@audit_app.command()
def root(plan: OfPlan = None, temporal: AskTemporal = True, at: At = None, as_json: AsJson = False) -> None:
    """Make the root of this business day, if it has none yet: for cron, once a day. Safe to repeat."""
    moment = moment_of(at)

    async def work(database: Database, settings: Settings) -> list[Sealed]:
        from activities.audit.sealing import seal

        witness = await _witness(database, settings) if temporal else None
        return [
            await seal(database, one, moment, witness.confirm if witness is not None else None)
            for one in await _plans(database, plan)
        ]

    made = with_database(work, as_json=as_json)
    if as_json:
        echo_json(made)
        return
    for one in made:
        how = f"{one.leaves} chains and records went on" if one.made else "was made before"
        typer.echo(f"{one.root.plan_id}  root {one.root.n} of {one.root.day}  {one.root.hash}  ({how})")
        if one.unconfirmed:
            typer.echo(
                f"  {one.unconfirmed} not sealed as far as they are written: no workflow stands for it yet"
            )
    if not made:
        typer.echo("no plan has an application or a cycle yet")


@audit_app.command()
def roots(
    plan: Annotated[str | None, typer.Option(help="Of this plan.")] = None,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the published form (JSON).")] = None,
    as_json: AsJson = False,
) -> None:
    """Show the roots, or write them as they are published: keep a copy where this service cannot write."""
    plan_id = plan or default_plan()

    async def work(database: Database, settings: Settings) -> list[Root]:  # noqa: ARG001
        from activities.audit.sealing import roots_of

        await known_plan(database, plan_id)
        async with database.reading() as session:
            return await roots_of(session, plan_id)

    found = with_database(work, as_json=as_json)
    if out is not None:
        _write(out, json.dumps([one.model_dump(mode="json") for one in found], ensure_ascii=False, indent=1))
    if as_json:
        echo_json(found)
    elif out is None:
        shown = table("root", "day", "made at", "hash")
        for one in found:
            shown.add_row(str(one.n), str(one.day), when(one.at), one.hash)
        console().print(shown)
    else:
        typer.echo(f"{out}: {len(found)} roots")


@audit_app.command()
def prove(
    application: Annotated[str, typer.Argument(metavar="APP", help="A reference, or PLAN/REFERENCE.")],
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the proof (JSON).")] = None,
    as_json: AsJson = False,  # noqa: ARG001 - a proof is JSON anyway
) -> None:
    """That the chain of an application stands in the newest root; anybody can check it (docs/audit.md)."""
    plan_id, ref = _named(application, None)
    assert ref is not None

    async def work(database: Database, settings: Settings) -> Inclusion:  # noqa: ARG001
        from activities.audit.sealing import NoLeafError, inclusion
        from models.roots import LeafKind

        async with database.reading() as session:
            try:
                return await inclusion(session, plan_id, LeafKind.APPLICATION, ref)
            except NoLeafError as none:
                fail(
                    BAD_INPUT,
                    f"{none}: no root has it yet. Look at the reference, or make the root of the day with "
                    "`zhicheng audit root`.",
                )

    found = with_database(work)
    if out is None:
        echo_json(found)
        return
    _write(out, json.dumps(found.model_dump(mode="json"), ensure_ascii=False, indent=1))
    typer.echo(f"{out}: entry {found.leaf.seq} of {plan_id}/{ref} stands in root {found.root.n}")


@audit_app.command()
def verify(
    application: Annotated[
        str | None, typer.Argument(metavar="APP", help="One application. Default: everything.")
    ] = None,
    all_: Annotated[bool, typer.Option("--all", help="Everything: the default.")] = False,  # noqa: ARG001
    plan: OfPlan = None,
    from_histories: Annotated[
        bool, typer.Option("--from-histories", help="Hold every decision against the workflows, too.")
    ] = False,
    published: Annotated[
        Path | None,
        typer.Option("--roots", metavar="FILE", help="The roots as published, from where they were kept."),
    ] = None,
    as_json: AsJson = False,
    lang: InLang = "en",
) -> None:
    """Find what was changed, removed, inserted, reordered, written anew; exit status 1 when anything was."""
    plan_id, ref = _named(application, plan) if application is not None else (plan, None)
    copy = _read_roots(published) if published is not None else None

    async def work(database: Database, settings: Settings) -> Verified:
        from activities.audit.checking import Verified, verify_chains, verify_common, verify_roots

        witness = await _witness(database, settings) if from_histories else None
        named = sorted({one.plan_id for one in copy or ()} - set(await _plans(database, plan_id)))
        found = Verified(looked_at={}, findings=())
        for one in [*await _plans(database, plan_id), *(named if plan_id is None else ())]:
            found = found.joined(await verify_chains(database, one, ref))
            found = found.joined(await verify_roots(database, one, copy, ref))
            if witness is not None:
                found = found.joined(await witness.verify(one, ref))
        return found if ref is not None else found.joined(await verify_common(database))

    found = with_database(work, as_json=as_json, lang=lang)
    if ref is not None and not found.looked_at.get("applications") and not found.findings:
        fail(BAD_INPUT, f"{plan_id}/{ref} is not on record, and in no root: look at the reference.")
    if as_json:
        echo_json(found)
    else:
        _show(found, lang)
    if not found.clean:
        raise typer.Exit(REFUSED)


def _show(found: Verified, lang: Lang) -> None:
    typer.echo("looked at: " + ", ".join(f"{number} {what}" for what, number in found.looked_at.items()))
    if found.clean:
        typer.echo("clean: nothing was changed" if lang == "en" else "未发现改动")
        return
    shown = table("proof", "place", "what", "runbook")
    for one in found.findings:
        what = one.what.zh if lang == "zh" else one.what.en
        shown.add_row(*(escape(cell) for cell in (one.proof.value, one.place, what, one.runbook)))
    console().print(shown)
    typer.echo(f"{len(found.findings)} findings")


def _named(application: str, plan: str | None) -> tuple[str, str | None]:
    name = application.removeprefix("application/")
    plan_id, _, ref = name.rpartition("/")
    return plan_id or plan or default_plan(), ref


async def _plans(database: Database, plan: str | None) -> list[str]:
    if plan is not None:
        await known_plan(database, plan)
        return [plan]
    from activities.audit.checking import plans_on_record

    async with database.reading() as session:
        return await plans_on_record(session)


async def _witness(database: Database, settings: Settings) -> Witness:
    from workers.connect import connect
    from workers.stack import settings_to_reach
    from workers.witness import Witness

    return Witness(await connect(settings_to_reach(settings)), database, settings.task_queue)


def _read_roots(path: Path) -> Sequence[Root]:
    from pydantic import TypeAdapter, ValidationError

    from models.roots import Root

    try:
        return TypeAdapter(list[Root]).validate_json(path.read_bytes())
    except OSError as error:
        fail(BAD_INPUT, f"--roots: {path} cannot be read ({error.strerror}).")
    except ValidationError as error:
        fail(
            BAD_INPUT,
            f"--roots: {path} holds no roots ({error.error_count()} faults): give the file that "
            "`zhicheng audit roots --out` wrote, or roots.json of the public pages.",
        )


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text + "\n", "utf-8")
    except OSError as error:
        fail(BAD_INPUT, f"{path} cannot be written ({error.strerror}): give another place with --out.")
