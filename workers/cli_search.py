"""Saved searches on the command line: keep one under a name, list them, remove one."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer
from pydantic import TypeAdapter, ValidationError

from models.saved_search import SavedView, SearchName
from workers.cli_database import with_database
from workers.cli_searching import OPERATOR, Of, owner_of
from workers.cli_shared import BAD_INPUT, REFUSED, AsJson, InLang, console, echo_json, fail, table, when

if TYPE_CHECKING:
    from activities.database import Database
    from workers.settings import Settings

search_app = typer.Typer(no_args_is_help=True, help="Saved searches: write @NAME for one in any search.")
Name = Annotated[str, typer.Argument(metavar="NAME", help="Without the @.")]


@search_app.command()
def save(
    name: Name,
    search: Annotated[str, typer.Argument(metavar="SEARCH", help="Like 'slack<=2 -status:ended'.")],
    of: Of = None,
    as_json: AsJson = False,
    lang: InLang = "en",
) -> None:
    """Keep a search under a name, over what was there."""
    owner = owner_of(of)
    try:
        TypeAdapter(SearchName).validate_python(name)
    except ValidationError:
        fail(BAD_INPUT, f"{name!r} is no name: use 1 to 40 letters, digits, Chinese characters and . _ -")

    async def write(database: Database, settings: Settings) -> SavedView:  # noqa: ARG001
        from activities.saved_searches import save_search

        async with database.transaction() as session:
            return await save_search(session, owner, name, search, OPERATOR.id, datetime.now(UTC))

    kept = with_database(write, as_json=as_json, lang=lang)
    if as_json:
        echo_json(kept)
    else:
        typer.echo(f"@{kept.name}  {kept.search}")


@search_app.command("list")
def list_searches(of: Of = None, as_json: AsJson = False, lang: InLang = "en") -> None:
    """The saved searches of an owner."""
    owner = owner_of(of)

    async def read(database: Database, settings: Settings) -> list[SavedView]:  # noqa: ARG001
        from activities.saved_searches import saved_by

        async with database.reading() as session:
            return await saved_by(session, [owner])

    found = with_database(read, as_json=as_json, lang=lang)
    if as_json:
        echo_json(found)
        return
    shown = table("name", "search", "saved by", "at")
    for one in found:
        shown.add_row(f"@{one.name}", one.search, one.saved_by, when(one.saved_at))
    console().print(shown)


@search_app.command()
def remove(name: Name, of: Of = None, as_json: AsJson = False, lang: InLang = "en") -> None:
    """Forget a saved search."""
    owner = owner_of(of)

    async def write(database: Database, settings: Settings) -> bool:  # noqa: ARG001
        from activities.saved_searches import remove_search

        async with database.transaction() as session:
            return await remove_search(session, owner, name)

    if not with_database(write, as_json=as_json, lang=lang):
        fail(REFUSED, f"There is no @{name} to remove: see `zhicheng search list`.")
    if as_json:
        echo_json({"removed": name})
    else:
        typer.echo(f"@{name} is removed")
