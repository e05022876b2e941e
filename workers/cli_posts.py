"""The posts of the units: how many there are, who holds one, who waits in which order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from models.wire import Wire
from workers.cli_database import known_choices, known_plan, with_database
from workers.cli_shared import REFUSED, AsJson, InLang, console, echo_json, fail, table

if TYPE_CHECKING:
    from activities.database import Database
    from activities.posts import PoolView
    from workers.settings import Settings

_HEADS = {
    "en": ("unit", "level", "basis", "posts", "held", "titled", "free", "waiting in order", "plan"),
    "zh": ("单位", "层级", "依据", "岗位数", "占用", "已取得职称", "空岗", "等候顺序", "方案"),
}


class Checked(Wire):
    """The faults of one pool; none means that its ledger sums and agrees with the audit chains."""

    plan_id: str
    employer: str
    level: str
    faults: tuple[str, ...]


def posts(
    employer: Annotated[str | None, typer.Option(help="Only of this unit.")] = None,
    level: Annotated[str | None, typer.Option(help="Only of this level.")] = None,
    plan: Annotated[str | None, typer.Option(help="Only of this plan.")] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Check the ledgers against the audit chains.")
    ] = False,
    as_json: AsJson = False,
    lang: InLang = "en",
) -> None:
    """The register of posts (岗位数额) of units under full post management.

    Capacity as last attested, posts held, consumed by a title, free, and who waits in the unit's order.
    """

    async def read(database: Database, _settings: Settings) -> tuple[list[PoolView], list[Checked]]:
        from activities.posts import Pool, audit_pool, pools

        if plan is not None:
            await known_plan(database, plan)
        if level is not None:
            await known_choices(database, "--level", [level], plan, lang)
        async with database.reading() as session:
            found = await pools(session, plan_id=plan, employer=employer, level=level)
            faults = []
            for one in found if check else []:
                pool = Pool(one.plan_id, one.employer, one.level)
                said = tuple(await audit_pool(session, pool))
                faults.append(Checked(**pool.key, faults=said))
        return found, faults

    found, checked = with_database(read, as_json=as_json, lang=lang)
    wrong = [one for one in checked if one.faults]
    if as_json:
        echo_json({"pools": found, "checked": checked} if check else found)
    else:
        _print(found, lang)
    for one in wrong:
        for fault in one.faults:
            typer.echo(f"{one.plan_id} {one.employer} {one.level}: {fault}", err=True)
    if wrong:
        fail(REFUSED, f"{len(wrong)} of {len(checked)} pools have faults.")
    if check and not as_json:
        typer.echo(f"{len(checked)} pools checked: no fault")


def _print(found: list[PoolView], lang: str) -> None:
    shown = table(*_HEADS[lang])
    for one in found:
        numbers = (one.capacity, one.held, one.consumed, one.free)
        waiting = ", ".join(one.waiting) or "-"
        shown.add_row(one.employer, one.level, one.basis or "-", *map(str, numbers), waiting, one.plan_id)
    console().print(shown)
