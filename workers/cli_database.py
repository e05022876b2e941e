"""What the commands share that read and write the database themselves: one connection, one way to fail."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Literal, TypeVar

import typer

from models.wire import SHANGHAI
from workers.cli_shared import BAD_INPUT, NOT_REACHABLE, REFUSED, Lang, echo_json, fail, load_settings

if TYPE_CHECKING:
    from activities.database import Database
    from workers.settings import Settings

T = TypeVar("T")

FIRST_YEAR, LAST_YEAR = 1970, 9900
"""Of a moment that is given: what is kept for ten years, or counted from, is still a date then."""

At = Annotated[
    str | None,
    typer.Option(
        "--at",
        metavar="YYYY-MM-DDTHH:MM",
        help="Business time, Asia/Shanghai, for a rehearsal. Default: now.",
    ),
]


def moment_of(text: str | None) -> datetime:
    """Business time as given, or now. Exit status 2 when it is not a moment."""
    if text is None:
        return datetime.now(UTC)
    try:
        given = datetime.fromisoformat(text)
    except ValueError:
        fail(BAD_INPUT, f"--at {text!r} is not a moment: write it as YYYY-MM-DDTHH:MM.")
    if not FIRST_YEAR <= given.year <= LAST_YEAR:
        fail(BAD_INPUT, f"--at {text!r} is out of range: give a year from {FIRST_YEAR} to {LAST_YEAR}.")
    return given if given.tzinfo else given.replace(tzinfo=SHANGHAI)


def with_database(
    work: Callable[[Database, Settings], Awaitable[T]], *, as_json: bool = False, lang: Lang = "en"
) -> T:
    """Opens the database of the settings, does `work`; what goes wrong ends the command with its status."""
    from sqlalchemy.exc import SQLAlchemyError
    from temporalio.client import WorkflowUpdateRPCTimeoutOrCancelledError
    from temporalio.service import RPCError

    from activities.database import Database
    from models.plan import UnknownPlanError
    from models.refusal import Refused
    from models.search_errors import SearchError
    from workers.client_errors import NoWorker, ServerAway
    from workers.connect import TemporalUnreachableError
    from workers.settings import SettingsError
    from workers.stack import database_words

    settings = load_settings()

    async def run() -> T:
        database = Database(settings.database_url.get_secret_value())
        try:
            return await work(database, settings)
        finally:
            await database.close()

    try:
        return asyncio.run(run())
    except SearchError as wrong:
        fail(BAD_INPUT, wrong.refusal.sentence(lang))
    except Refused as refused:
        if as_json:
            echo_json({"refused": refused.refusal})
        fail(REFUSED, refused.refusal.sentence(lang))
    except SettingsError as error:
        fail(BAD_INPUT, str(error))
    except UnknownPlanError as unknown:
        fail(BAD_INPUT, f"--plan: {unknown}")
    except SQLAlchemyError as error:
        reason = " ".join(str(error).split("\n", 1)[0].split())[:300]
        where = database_words(settings.database_url.get_secret_value())
        fail(
            NOT_REACHABLE,
            f"The database {where} cannot be used ({reason}): look at ZHICHENG_DATABASE_URL, or run "
            "`zhicheng migrate`.",
        )
    except (NoWorker, ServerAway) as error:
        fail(NOT_REACHABLE, " ".join(str(error).split()))
    except (TemporalUnreachableError, RPCError, WorkflowUpdateRPCTimeoutOrCancelledError) as error:
        reason = " ".join(str(error).split())
        fail(NOT_REACHABLE, f"{reason} What was written down stays; run the same command again.")


async def known_plan(database: Database, plan_id: str) -> None:
    """A plan that nobody has filed ends the command, instead of an answer without a line."""
    from activities.plans import plan_in_force

    async with database.reading() as session:
        await plan_in_force(session, plan_id)


async def known_choices(
    database: Database,
    option: Literal["--level", "--specialty"],
    given: Sequence[str],
    plan_id: str | None = None,
    lang: Lang = "en",
) -> None:
    """A level or specialty that no plan offers (or not the plan named) ends the command: it is misspelt."""
    from activities.plans import plan_in_force, plans_in_force

    async with database.reading() as session:
        plans = [await plan_in_force(session, plan_id)] if plan_id else await plans_in_force(session)
    offered = {
        choice.id: choice.label
        for plan in plans
        for choice in (plan.levels if option == "--level" else plan.specialties)
    }
    for one in given:
        if one not in offered:
            known = ", ".join(f"{name} {label.zh}" for name, label in offered.items())
            fail(
                BAD_INPUT,
                f"{option}：没有方案设“{one}”；请用其中之一：{known}。"
                if lang == "zh"
                else f"{option}: no plan offers {one!r}; use one of: {known}.",
            )
