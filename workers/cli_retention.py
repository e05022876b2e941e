"""`zhicheng retention`: what is kept how long, what is due, removing it, what must stay, what was removed."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from models.cited import MARK_LABELS
from models.retention import RULES, Kept, period_of
from workers.cli_database import At, moment_of, with_database
from workers.cli_looker import account
from workers.cli_shared import (
    REFUSED,
    AsJson,
    InLang,
    console,
    default_plan,
    echo_json,
    table,
    when,
    words,
)

if TYPE_CHECKING:
    from activities.database import Database
    from activities.retention.finding import Due
    from activities.retention.register import RemovalRow
    from activities.retention.work import Outcome
    from models.plan import ReviewPlan
    from models.tables import LegalHold
    from workers.settings import Settings

retention_app = typer.Typer(
    no_args_is_help=True, help="How long what is kept is kept: classes, what is due, removing it, holds."
)

Only = Annotated[
    list[Kept] | None, typer.Option("--class", help="Only this class; may be repeated. Default: all.")
]
Plan = Annotated[str | None, typer.Option("--plan", help="Default: ZHICHENG_PLAN, or the real one.")]
Ref = Annotated[str, typer.Argument(metavar="REF", help="The application's reference.")]


@retention_app.command()
def classes(plan: Plan = None, as_json: AsJson = False, lang: InLang = "en") -> None:
    """Every class: how long, counted from what, by which source, and what the plan says otherwise."""

    async def read(database: Database, settings: Settings) -> ReviewPlan:  # noqa: ARG001
        from activities.plans import plan_in_force

        async with database.reading() as session:
            return await plan_in_force(session, plan or default_plan())

    in_force = with_database(read, lang=lang)
    rows = []
    for kept, rule in RULES.items():
        period = period_of(kept, in_force)
        for_ever = "永久" if lang == "zh" else "for ever"
        long = (period.words().zh if lang == "zh" else period.words().en) if period else for_ever
        rows.append((kept.value, words(rule.label, lang), long, words(rule.counts_from, lang), rule))
    if as_json:
        echo_json(
            [
                {"class": name, "period": long, "counts_from": start, "citation": r.citation, "mark": r.mark}
                for name, _, long, start, r in rows
            ]
        )
        return
    shown = table("class", "what", "kept", "counted from", "source", "sure?", "plan value")
    for name, what, long, start, rule in rows:
        sure = MARK_LABELS[rule.mark].zh if lang == "zh" else MARK_LABELS[rule.mark].en
        shown.add_row(name, what, long, start, rule.citation, sure, rule.plan or "-")
    console().print(shown)


@retention_app.command()
def preview(only: Only = None, at: At = None, as_json: AsJson = False, lang: InLang = "en") -> None:
    """What is due, and what of it is held and why. Changes nothing."""
    from activities.retention.holds import WHY
    from models.wire import local_day

    moment = moment_of(at)

    async def read(database: Database, settings: Settings) -> list[Due]:  # noqa: ARG001
        from activities.retention.finding import due

        async with database.reading() as session:
            return await due(session, local_day(moment), only)

    found = with_database(read, as_json=as_json, lang=lang)
    if as_json:
        echo_json(
            [
                {
                    "class": one.kept.value,
                    "subject": one.subject,
                    "counted_from": one.counted_from.isoformat() if one.counted_from else None,
                    "due_on": one.due_on.isoformat(),
                    "rows": one.rows,
                    "held": one.held,
                }
                for one in found
            ]
        )
        return
    shown = table("class", "due", "since", "held", title=f"On {local_day(moment)}")
    by_class: dict[Kept, list[Due]] = defaultdict(list)
    for one in found:
        by_class[one.kept].append(one)
    for kept, some in by_class.items():
        free = [one for one in some if one.held is None]
        held = Counter(one.held for one in some if one.held is not None)
        why = "; ".join(f"{number} {words(WHY[reason], lang)}" for reason, number in held.items())
        since = min((one.due_on for one in free), default=None)
        shown.add_row(kept.value, str(sum(one.rows for one in free)), str(since or "-"), why or "-")
    console().print(shown)
    typer.echo(f"{sum(one.held is None for one in found)} to remove: zhicheng retention apply")


@retention_app.command(name="apply")
def apply_(
    only: Only = None,
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many things in this run.")] = None,
    temporal: Annotated[bool, typer.Option(help="Remove workflow histories, too.")] = True,
    at: At = None,
    as_json: AsJson = False,
    lang: InLang = "en",
) -> None:
    """Remove what is due. May be stopped and begun again at any time; every removal is on record."""
    moment, by = moment_of(at), account()

    async def work(database: Database, settings: Settings) -> tuple[Outcome, int, int]:
        from activities.papers.storage import FileStore
        from activities.retention.outside import Outside
        from activities.retention.work import apply
        from workers.evidence_desk import evidence_desk

        outcome = await apply(database, moment, by, only=only, limit=limit)
        histories = None
        if temporal:
            from workers.connect import connect
            from workers.histories import deletes_from
            from workers.stack import settings_to_reach

            histories = deletes_from(await connect(settings_to_reach(settings)))
        places = Outside(
            database,
            evidence=evidence_desk(settings, database).store,
            papers=FileStore(settings.data_dir.absolute()),
            histories=histories,
        )
        return outcome, *await places.remove()

    outcome, done, left = with_database(work, as_json=as_json, lang=lang)
    if as_json:
        echo_json(
            {
                "removed": dict(outcome.removed),
                "rows": {name: number for name, number in outcome.rows.items() if number},
                "held": dict(outcome.held),
                "left_for_the_next_run": outcome.left,
                "files_and_histories": done,
                "files_and_histories_left": left,
            }
        )
        return
    removed = ", ".join(f"{number} {kept}" for kept, number in outcome.removed.items())
    typer.echo(f"removed: {removed or 'nothing'}")
    held = ", ".join(f"{number} {why}" for why, number in outcome.held.items())
    typer.echo(f"held: {held or 'nothing'}; left for the next run: {outcome.left}")
    typer.echo(f"files and histories: {done} removed, {left} still to be removed")


@retention_app.command()
def log(
    last: Annotated[int, typer.Option(min=1, max=10_000, help="How many.")] = 50,
    as_json: AsJson = False,
) -> None:
    """What was removed, under which rule, by whom; exit status 1 when that register is not whole."""

    async def read(database: Database, settings: Settings) -> tuple[list[RemovalRow], list[str]]:  # noqa: ARG001
        from activities.retention.register import removals, verify

        async with database.reading() as session:
            return list(await removals(session, last)), await verify(session)

    rows, broken = with_database(read, as_json=as_json)
    if as_json:
        echo_json({"removals": rows, "broken": broken})
    else:
        shown = table("n", "at", "by", "class", "subject", "due", "rows", "rule")
        for row in rows:
            cells = (row.by, row.kept, row.subject, row.due_on, str(sum(row.rows.values())), row.rule)
            shown.add_row(str(row.n), when(row.at), *cells)
        console().print(shown)
        typer.echo("register: " + ("; ".join(broken) or f"whole, the last {len(rows)} shown"))
    if broken:
        raise typer.Exit(REFUSED)


@retention_app.command()
def hold(
    ref: Ref,
    reason: Annotated[str, typer.Option("--reason", help="Why it must be kept: a court, an inspection.")],
    document_no: Annotated[str, typer.Option("--document-no", help="The document that asks for it.")],
    plan: Plan = None,
    as_json: AsJson = False,
    lang: InLang = "en",
) -> None:
    """Keep an application, whatever its time, until the hold is lifted."""
    moment, by, chosen = moment_of(None), account(), plan or default_plan()

    async def work(database: Database, settings: Settings) -> int:  # noqa: ARG001
        from activities.retention.holds import place

        async with database.transaction() as session:
            return await place(session, chosen, ref, reason, document_no, by, moment)

    number = with_database(work, as_json=as_json, lang=lang)
    if as_json:
        echo_json({"hold": number, "plan_id": chosen, "application_ref": ref})
    else:
        typer.echo(f"hold {number}: {chosen}/{ref} is kept until `zhicheng retention lift {number}`")


@retention_app.command()
def lift(
    number: Annotated[int, typer.Argument(metavar="HOLD", min=1, max=2**63 - 1, help="The hold's number.")],
    document_no: Annotated[str, typer.Option("--document-no", help="The document that ends it.")],
    as_json: AsJson = False,
    lang: InLang = "en",
) -> None:
    """Lift a hold: what is due goes with the next run."""
    moment, by = moment_of(None), account()

    async def work(database: Database, settings: Settings) -> tuple[str, str]:  # noqa: ARG001
        from activities.retention.holds import lift as end

        async with database.transaction() as session:
            lifted = await end(session, number, document_no, by, moment)
            return lifted.plan_id, lifted.application_ref

    plan_id, ref = with_database(work, as_json=as_json, lang=lang)
    if as_json:
        echo_json({"hold": number, "plan_id": plan_id, "application_ref": ref, "lifted": True})
    else:
        typer.echo(f"hold {number} on {plan_id}/{ref} is lifted")


@retention_app.command()
def holds(plan: Plan = None, as_json: AsJson = False) -> None:
    """Every hold, those in force first."""

    async def read(database: Database, settings: Settings) -> list[LegalHold]:  # noqa: ARG001
        from activities.retention.holds import holds as every

        async with database.reading() as session:
            return list(await every(session, plan))

    found = with_database(read, as_json=as_json)
    if as_json:
        echo_json([_plain(one) for one in found])
        return
    if not found:
        typer.echo("no hold was ever placed")
        return
    shown = table("hold", "application", "reason", "document", "by", "placed", "lifted")
    for one in found:
        name = f"{one.plan_id}/{one.application_ref}"
        ended = f"{when(one.lifted_at)} ({one.lifted_document_no})" if one.lifted_at else "-"
        shown.add_row(
            str(one.id), name, one.reason, one.document_no, one.placed_by, when(one.placed_at), ended
        )
    console().print(shown)


def _plain(one: LegalHold) -> dict[str, Any]:
    return {
        "hold": one.id,
        "plan_id": one.plan_id,
        "application_ref": one.application_ref,
        "reason": one.reason,
        "document_no": one.document_no,
        "placed_by": one.placed_by,
        "placed_at": one.placed_at.isoformat(),
        "lifted_at": one.lifted_at.isoformat() if one.lifted_at else None,
    }
