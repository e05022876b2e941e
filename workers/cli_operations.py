"""The questions of whoever runs a cycle: who is at risk, whose court it is, publicities, what is left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from models.stages import label_of
from workers.cli_database import At
from workers.cli_searching import Of, Query, looking
from workers.cli_shared import AsJson, InLang, Lang, console, default_plan, echo_json, table, words
from workers.command_line import SEARCHES

if TYPE_CHECKING:
    from activities.at_risk import AtRisk
    from activities.finding import View
    from activities.left_behind import LeftRow
    from activities.publicity_watch import PublicityRow
    from activities.tally import CourtRow

publicity_app = typer.Typer(no_args_is_help=True, help="Publicity periods (公示): those that need a look.")
Plan = Annotated[
    str | None, typer.Option("--plan", help="The plan. Default: ZHICHENG_PLAN, or the real one.")
]


def at_risk_command(
    search: Query = "",
    within: Annotated[int, typer.Option(min=-390, max=390, help="Working days left, at most.")] = 5,
    deadline: Annotated[str | None, typer.Option(metavar="NAME", help="Short for deadline:NAME.")] = None,
    by: Annotated[Literal["department", "employer"], typer.Option(help="Count by this unit.")] = "department",
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 200,
    plan: Plan = None,
    of: Of = None,
    at: At = None,
    as_json: AsJson = False,
    lang: InLang = "en",
) -> None:
    """Who will miss which deadline, by working days left; a * where what must come first may not fit."""
    chosen = plan or default_plan()

    async def read(view: View) -> AtRisk:
        from activities.at_risk import at_risk
        from activities.plans import plan_in_force

        return await at_risk(
            view, await plan_in_force(view.session, chosen), within=within, by=by, limit=limit
        )

    text = f"{search} deadline:{deadline}" if deadline else search
    found = looking(read, text, plan=chosen, at=at, of=of, as_json=as_json, lang=lang)
    if as_json:
        echo_json(found)
        return
    shown = table("wd left", "application", by, "stage", "action by", "deadline", "last day")
    for one in found.rows:
        shown.add_row(
            f"{'-' if one.slack is None else one.slack}{' *' if one.may_miss else ''}",
            one.application_ref,
            getattr(one, by),
            words(label_of(one.stage), lang),
            one.action_by or "-",
            one.deadline or "-",
            str(one.last_day),
        )
    console().print(shown)
    for unit in found.units:
        typer.echo(f"{unit.applications:>7}  {unit.unit}, the first in {_days(unit.least_slack)}")
    more = f", {len(found.rows)} shown: raise --limit" if found.more else ""
    typer.echo(f"{found.total} with at most {_days(found.within)} left on {found.on}, or marked *{more}")


def _days(count: int | None) -> str:
    return "no known time" if count is None else f"{count} working day{'' if count == 1 else 's'}"


def court(
    search: Query = "",
    plan: Plan = None,
    of: Of = None,
    at: At = None,
    as_json: AsJson = False,
    lang: InLang = "en",
) -> None:
    """In whose court the open applications are, by role and stage."""

    async def read(view: View) -> list[CourtRow]:
        from activities.tally import tally

        return (await tally(view)).courts()

    found = looking(read, search, plan=plan or default_plan(), at=at, of=of, as_json=as_json, lang=lang)
    if as_json:
        echo_json(found)
        return
    shown = table("action by", "stage", "applications", "near", "late", "first last day")
    for one in found:
        numbers = (str(one.applications), str(one.near), str(one.late))
        shown.add_row(
            one.action_by or "-", words(label_of(one.stage), lang), *numbers, str(one.soonest or "-")
        )
    console().print(shown)
    typer.echo(f"{sum(one.applications for one in found)} open applications")


@publicity_app.command("list", context_settings=SEARCHES)
def publicity_list(
    search: Query = "",
    faulty: Annotated[bool, typer.Option("--faulty", help="Only those that need a look.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 500,
    plan: Plan = None,
    of: Of = None,
    at: At = None,
    as_json: AsJson = False,
    lang: InLang = "en",
) -> None:
    """The periods that run or wait for their proof: short, without proof, ending soon or on a rest day."""
    chosen = plan or default_plan()

    async def read(view: View) -> list[PublicityRow]:
        from activities.plans import plan_in_force
        from activities.publicity_watch import publicities

        known = await plan_in_force(view.session, chosen)
        return await publicities(view, known, faulty_only=faulty, limit=limit)

    found = looking(read, search, plan=chosen, at=at, of=of, as_json=as_json, lang=lang)
    if as_json:
        echo_json(found)
        return
    shown = table("application", "employer", "of", "from", "last day", "wd left", "look at")
    for one in found:
        left = "over" if one.over else "-" if one.days_left is None else str(one.days_left)
        cells = (one.employer, one.of, str(one.started_on), str(one.last_day or "-"), left)
        shown.add_row(one.application_ref, *cells, _faults(one, lang))
    console().print(shown)
    typer.echo(f"{len(found)} periods, {sum(bool(one.faults) for one in found)} to look at")


def _faults(row: PublicityRow, lang: Lang) -> str:
    from models.publicity_faults import FAULT_LABELS

    return "; ".join(words(FAULT_LABELS[fault], lang) for fault in row.faults) or "-"


def left_behind_command(
    subjects: Annotated[
        list[str] | None, typer.Argument(metavar="[SUBJECT]...", help="People who left, by reference.")
    ] = None,
    plan: Plan = None,
    at: At = None,
    as_json: AsJson = False,
    lang: InLang = "en",
) -> None:
    """What people who left leave behind: work only they did, seats, batches; and experts who cannot sit."""
    chosen = plan or default_plan()

    async def read(view: View) -> list[LeftRow]:
        from activities.left_behind import left_behind

        return await left_behind(view.session, chosen, subjects or [], view.today)

    found = looking(read, "", plan=chosen, at=at, as_json=as_json, lang=lang)
    if as_json:
        echo_json(found)
        return
    shown = table("what", "reference", "of", "role", "organisation", "stage", "why")
    for one in found:
        cells = (one.ref, one.subject, one.role, one.organisation or "-", one.stage or "-", one.why)
        shown.add_row(one.kind, *cells)
    console().print(shown)
    typer.echo(f"{len(found)} left behind")
