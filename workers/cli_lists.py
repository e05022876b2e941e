"""Lists of the passed: make the draft that is to be posted, show them, take them down."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from workers.cli_database import At, known_plan, moment_of, with_database
from workers.cli_shared import (
    BAD_INPUT,
    AsJson,
    InLang,
    console,
    default_plan,
    echo_json,
    fail,
    table,
    when,
)

if TYPE_CHECKING:
    from activities.database import Database
    from models.tables import PostedEntry, PostedList
    from workers.settings import Settings

lists_app = typer.Typer(no_args_is_help=True, help="Lists of the passed (公示名单): draft, show, take down.")

Plan = Annotated[str | None, typer.Option(help="Of this plan.")]


@lists_app.command()
def draft(
    plan: Plan = None,
    meeting: Annotated[
        list[str] | None, typer.Option(metavar="REF", help="Only the passed of this meeting; repeatable.")
    ] = None,
    corrects: Annotated[
        str | None, typer.Option(metavar="SHA256", help="The list in force that it is to replace.")
    ] = None,
    reason: Annotated[str | None, typer.Option(help="Why it is corrected.")] = None,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the file to post here.")] = None,
    at: At = None,
    as_json: AsJson = False,
    lang: InLang = "en",
) -> None:
    """Make the list as it is to be posted, with its hash; nobody is told. A later draft replaces it."""
    plan_id, moment = plan or default_plan(), moment_of(at)

    async def work(database: Database, settings: Settings) -> tuple[PostedList, bytes]:  # noqa: ARG001
        from activities.list_building import Wanted
        from activities.list_records import posted_file
        from activities.lists import make_draft
        from activities.plans import plan_in_force
        from models.plan import UnknownPlanError

        wanted = Wanted(at=moment, meeting_refs=tuple(meeting or ()), corrects=corrects, reason=reason)
        async with database.transaction() as session:
            try:
                made = await make_draft(session, await plan_in_force(session, plan_id), wanted)
            except UnknownPlanError as unknown:
                fail(BAD_INPUT, str(unknown))
            return made, (await posted_file(session, made)).canonical()

    made, content = with_database(work, as_json=as_json, lang=lang)
    if out is not None:
        try:
            out.write_bytes(content)
        except OSError as error:
            fail(BAD_INPUT, f"{out} cannot be written ({error.strerror}): give another place with --out.")
    if as_json:
        echo_json({"list": made.n, "sha256": made.sha256, "bytes": len(content)})
    else:
        typer.echo(f"list {made.n}  draft  sha-256 {made.sha256}")


@lists_app.command()
def show(plan: Plan = None, as_json: AsJson = False, lang: InLang = "en") -> None:
    """Every list of a plan: status, hash, since when posted, and what came of telling its applications."""
    plan_id = plan or default_plan()

    async def read(
        database: Database,
        settings: Settings,  # noqa: ARG001
    ) -> list[tuple[PostedList, list[PostedEntry]]]:
        from sqlalchemy import select

        from models.tables import PostedEntry, PostedList

        await known_plan(database, plan_id)
        async with database.reading() as session:
            lists = await session.scalars(
                select(PostedList).filter_by(plan_id=plan_id).order_by(PostedList.n)
            )
            entries = await session.scalars(
                select(PostedEntry).filter_by(plan_id=plan_id).order_by(PostedEntry.n, PostedEntry.position)
            )
            rows = list(entries)
            return [(one, [row for row in rows if row.n == one.n]) for one in lists]

    found = with_database(read, as_json=as_json, lang=lang)
    if as_json:
        echo_json([_plain(one, rows) for one, rows in found])
        return
    shown = table("list", "status", "posted", "lines", "told", "corrects", "sha-256")
    for one, rows in found:
        told = ", ".join(f"{count} {word}" for word, count in _counts(rows).items())
        corrects = one.corrects[:8] if one.corrects else "-"
        shown.add_row(
            str(one.n), one.status, when(one.started_at), str(len(rows)), told, corrects, one.sha256
        )
    console().print(shown)
    for one, rows in found:
        for row in rows:
            if row.outcome in ("refused", "ended"):
                typer.echo(f"list {one.n}  {row.application_ref}  {row.outcome}: {row.reason}")


@lists_app.command("take-down")
def take_down(plan: Plan = None, at: At = None, as_json: AsJson = False, lang: InLang = "en") -> None:
    """Take down the lists whose time is over: names are blanked, hashes stay. Then build the site anew."""
    plan_id, moment = plan or default_plan(), moment_of(at)

    async def work(database: Database, settings: Settings) -> list[int]:  # noqa: ARG001
        from activities.list_take_down import take_down
        from activities.plans import plan_in_force
        from models.plan import UnknownPlanError

        async with database.transaction() as session:
            try:
                return await take_down(session, await plan_in_force(session, plan_id), moment)
            except UnknownPlanError as unknown:
                fail(BAD_INPUT, str(unknown))

    numbers = with_database(work, as_json=as_json, lang=lang)
    if as_json:
        echo_json({"taken_down": numbers})
    else:
        typer.echo(f"taken down: {', '.join(map(str, numbers)) or 'none is due'}")


def _counts(rows: list[PostedEntry]) -> dict[str, int]:
    outcomes = [row.outcome for row in rows]
    return {word: outcomes.count(word) for word in dict.fromkeys(outcomes)}


def _plain(one: PostedList, rows: list[PostedEntry]) -> dict[str, Any]:
    return {
        "list": one.n,
        "status": one.status,
        "sha256": one.sha256,
        "corrects": one.corrects,
        "reason": one.reason,
        "posted_at": one.started_at.isoformat() if one.started_at else None,
        "taken_down_at": one.taken_down_at.isoformat() if one.taken_down_at else None,
        "entries": [
            {
                "application_ref": row.application_ref,
                "change": row.change,
                "outcome": row.outcome,
                "reason": row.reason,
                "period_sha256": row.period_sha256,
            }
            for row in rows
        ],
    }
