"""What the commands share that search the read model: the search, whose saved ones count, the day."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from models.roles import Role
from models.saved_search import Owner
from models.search import parse_search
from models.search_errors import SearchError
from models.selection import Selection, read_search
from workers.cli_database import moment_of, with_database
from workers.cli_shared import BAD_INPUT, Lang, fail

if TYPE_CHECKING:
    from activities.database import Database
    from activities.finding import View
    from workers.settings import Settings

T = TypeVar("T")
OPERATOR = Owner(id="operator")
"""Who keeps the searches of whoever works at the command line."""


Query = Annotated[
    str, typer.Argument(metavar="[SEARCH]", help="Like 'stage:office_review due<2023-11-20 returned>=2'.")
]
Of = Annotated[
    str | None,
    typer.Option(
        "--of", metavar="ROLE:ORGANISATION", help="Whose saved searches: or person:SUBJECT. Default: own."
    ),
]


def owner_of(text: str | None) -> Owner:
    """`office:tj-1`, `person:li`; the operator when nothing is given. Exit status 2 for anything else."""
    if text is None:
        return OPERATOR
    role, _, owner = text.partition(":")
    try:
        return Owner(role=None if role == "person" else Role(role), id=owner)
    except ValueError:
        roles = ", ".join(one.value for one in Role)
        fail(BAD_INPUT, f"--of {text!r} is no owner: write person:SUBJECT or ROLE:ORGANISATION ({roles}).")


def _readable(text: str, lang: Lang) -> None:
    try:
        parse_search(text)
    except SearchError as wrong:
        fail(BAD_INPUT, wrong.refusal.sentence(lang))


def selection_of(text: str, *, lang: Lang = "en") -> Selection:
    """The selection of a search, the operator's saved ones written out. Exit status 2 if unreadable."""
    _readable(text, lang)
    if not parse_search(text).saved:
        return read_search(text)

    async def read(database: Database, settings: Settings) -> Selection:  # noqa: ARG001
        from activities.saved_searches import written_out

        async with database.reading() as session:
            return await written_out(session, text, [OPERATOR])

    return with_database(read, lang=lang)


def looking(
    work: Callable[[View], Awaitable[T]],
    text: str,
    *,
    plan: str | None,
    at: str | None = None,
    of: str | None = None,
    as_json: bool = False,
    lang: Lang = "en",
) -> T:
    """Opens a look for whoever runs the command line, and does `work` with it.

    `plan` None: every plan. Exit status 2 for a search that cannot be read.
    """
    moment, owner = moment_of(at) if at else None, owner_of(of)
    _readable(text, lang)

    async def read(database: Database, settings: Settings) -> T:
        from sqlalchemy import true

        from activities.calendar import Calendars
        from activities.finding import View, today_of
        from activities.plans import plan_in_force
        from activities.saved_searches import written_out
        from models.tables import Application

        calendars = Calendars(as_of=settings.rehearsal, folder=settings.calendar_dir)
        async with database.reading() as session:
            if plan is not None:
                await plan_in_force(session, plan)
            selection = await written_out(session, text, [owner])
            today = await today_of(session, calendars, plan, rehearsal=settings.rehearsal, at=moment)
            seen = Application.plan_id == plan if plan is not None else true()
            return await work(View(session, selection, today, seen))

    return with_database(read, as_json=as_json, lang=lang)
