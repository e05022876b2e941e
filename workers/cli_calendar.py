"""Commands about working days: the end of a period, and the years whose working days are known."""

from __future__ import annotations

import json
import sys
from datetime import date
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.table import Table

from models.calendar import CalendarYearMissing
from models.calendar_text import STATUS_WORDS, due_json, render_due
from workers.calendar_files import known_calendar

calendar_app = typer.Typer(
    no_args_is_help=True, help="Working days of the State Council calendar: ends of periods, known years."
)

KnownOn = Annotated[
    str | None,
    typer.Option("--known-on", metavar="DATE", help="Use only the notices issued by this day."),
]


@calendar_app.command()
def due(
    start: Annotated[str, typer.Argument(metavar="START", help="The day the period begins, YYYY-MM-DD.")],
    working_days: Annotated[int, typer.Option("--working-days", metavar="N", help="1 to 400.")],
    count_first_day: Annotated[
        bool, typer.Option("--count-first-day", help="Count the day the period begins.")
    ] = False,
    explain: Annotated[bool, typer.Option("--explain", help="Show the count day by day.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, with the count.")] = False,
    known_on: KnownOn = None,
) -> None:
    """The last day of a period, as the last line. Exit status 2 when it cannot be computed."""
    calendar = known_calendar(_day("--known-on", known_on) if known_on else None)
    first_day = _day("START", start)
    try:
        found = calendar.end_of_period(first_day, working_days, count_first_day)
    except (ValueError, CalendarYearMissing) as problem:
        _refuse(str(problem))
    if as_json:
        typer.echo(json.dumps(due_json(found, calendar), ensure_ascii=False, indent=2))
    else:
        typer.echo(render_due(found, explain, calendar))


@calendar_app.command()
def years(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False, known_on: KnownOn = None
) -> None:
    """The years whose working days are known, each with its status and its notice."""
    known = known_calendar(_day("--known-on", known_on) if known_on else None).years()
    if as_json:
        typer.echo(json.dumps([year.model_dump(mode="json") for year in known], ensure_ascii=False, indent=2))
        return
    table = Table("年度 year", "状态 status", "文号 notice", "日期 date", "核对 read", box=None)
    for year in known:
        notice = year.notice
        cells = ("-", "-", "-")
        if notice is not None:
            cells = (notice.document, notice.issued.isoformat(), "yes" if notice.verified else "no")
        table.add_row(str(year.year), STATUS_WORDS[year.status], *cells)
    Console(file=sys.stdout).print(table)


def _day(name: str, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        _refuse(f"{name} {text!r} is not a day: write it as YYYY-MM-DD, for example 2023-09-25.")


def _refuse(problem: str) -> NoReturn:
    """Say in one sentence what is wrong and what to do, and leave with exit status 2."""
    typer.echo(problem, err=True)
    raise typer.Exit(2)
