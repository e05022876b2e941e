"""Builds the public pages of a plan into a folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from workers.cli_database import At, moment_of, with_database
from workers.cli_shared import BAD_INPUT, AsJson, default_plan, echo_json, fail

if TYPE_CHECKING:
    from activities.database import Database
    from workers.settings import Settings
    from workers.site.pages import Material

site_app = typer.Typer(no_args_is_help=True, help="The public pages: plan, criteria, lists, verification.")


@site_app.callback()
def _site() -> None:
    """The public pages: plan, criteria, lists, verification."""


@site_app.command()
def build(
    out: Annotated[Path, typer.Option(metavar="DIR", help="A folder of its own; an older site is updated.")],
    plan: Annotated[str | None, typer.Option(help="Of this plan.")] = None,
    with_draft: Annotated[
        bool, typer.Option("--with-draft", help="With the draft list, as it is about to be posted.")
    ] = False,
    at: At = None,
    as_json: AsJson = False,
) -> None:
    """Write the pages, remove files that are no longer part of them; the same data give the same bytes."""
    from workers.site.folder import NotASiteError, write_site
    from workers.site.pages import Material, site_files

    plan_id, moment = plan or default_plan(), moment_of(at)

    async def read(database: Database, settings: Settings) -> Material:  # noqa: ARG001
        from activities.audit.sealing import roots_of
        from activities.list_public import public_lists
        from activities.plans import plan_in_force
        from activities.verification import certificate_index
        from models.plan import UnknownPlanError

        async with database.reading() as session:
            try:
                found = await plan_in_force(session, plan_id)
            except UnknownPlanError as unknown:
                fail(BAD_INPUT, str(unknown))
            lists = await public_lists(session, found, moment, with_draft=with_draft)
            certificates = await certificate_index(session, plan_id)
            return Material(found, lists, certificates, await roots_of(session, plan_id))

    material = with_database(read, as_json=as_json)
    made = site_files(material)
    try:
        gone = write_site(out, made)
    except NotASiteError as error:
        fail(BAD_INPUT, str(error))
    except OSError as error:
        fail(BAD_INPUT, f"{out} cannot be written ({error.strerror}): give another folder with --out.")
    on_view = [one.n for one in material.lists if one.file is not None]
    if as_json:
        echo_json({"files": len(made), "removed": gone, "lists": on_view})
    else:
        typer.echo(f"{out}: {len(made)} files, {len(on_view)} lists on view, {len(gone)} files removed")
