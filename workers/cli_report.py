"""The statistics and the work report of a cycle, on the screen and as files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from models.public_statistics import public
from models.report_tables import ReportTable, Words, public_tables, tables
from models.statistics import problems
from workers.cli_database import At, moment_of, with_database
from workers.cli_shared import BAD_INPUT, REFUSED, AsJson, console, default_plan, echo_json, fail, table

if TYPE_CHECKING:
    from activities.database import Database
    from activities.records import Records
    from models.plan import ReviewPlan
    from models.statistics import CycleStatistics
    from workers.settings import Settings

report_app = typer.Typer(
    no_args_is_help=True, help="Statistics and the work report (评审工作报告) of a cycle."
)

Plan = Annotated[
    str | None, typer.Option("--plan", help="The plan. Default: ZHICHENG_PLAN, or the real one.")
]
SHOWN = ("outcomes", "by_specialty", "by_level", "by_unit_kind", "by_route", "return_reasons", "hop_times")


@report_app.command()
def build(
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where the files go.")],
    plan: Plan = None,
    filed: Annotated[
        str | None, typer.Option(metavar="NUMBER", help="The report filed under this number, as it was made.")
    ] = None,
    number: Annotated[str, typer.Option(help="The number printed on a report made now.")] = "（未报备）",
    at: At = None,
) -> None:
    """Write a report's files: JSON, CSV, PDF, and the public version. Nothing is filed by this.

    A report made now shows the cycle as it stands; one that was filed comes out byte for byte.
    """
    chosen = plan or default_plan()

    async def make(database: Database, settings: Settings) -> dict[str, bytes] | None:
        from activities.reports import Reports, filed_reports, files_of

        if filed is not None:
            known = [r for r in await filed_reports(database, chosen) if r.report_ref == filed]
            return await files_of(database, known[0]) if known else None
        reports = Reports(_records(database, settings))
        _, files = await reports.build_now(chosen, moment_of(at), number, "评审工作报告", "command-line")
        return {name: content for name, (_, _, content) in files.hashed().items()}

    made = with_database(make)
    if made is None:
        fail(
            BAD_INPUT, f"No report was filed under '{filed}' in {chosen}: leave --filed out to make one now."
        )
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name, content in made.items():
            (out / name).write_bytes(content)
    except OSError as error:
        fail(BAD_INPUT, f"{out} cannot be written to ({error.strerror}): give another --out.")
    typer.echo("\n".join(str(out / name) for name in made))


@report_app.command()
def statistics(
    plan: Plan = None,
    as_json: AsJson = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print the table of cells as CSV.")] = False,
    for_public: Annotated[bool, typer.Option("--public", help="Rounded to multiples of five.")] = False,
    at: At = None,
) -> None:
    """The numbers of a cycle as it stands. Exit status 1 when they do not agree with each other."""
    chosen = plan or default_plan()

    async def count(database: Database, settings: Settings) -> tuple[CycleStatistics, ReviewPlan | None]:
        from activities.plans import plan_in_force
        from activities.statistics import Statistics
        from models.plan import UnknownPlanError

        found = await Statistics(_records(database, settings)).count(chosen, moment_of(at))
        async with database.reading() as session:
            try:
                return found, await plan_in_force(session, chosen)
            except UnknownPlanError as unknown:
                if not found.cells:
                    fail(BAD_INPUT, str(unknown))
                return found, None

    found, known = with_database(count)
    words = Words(known)
    shown = public(found)
    if as_json:
        echo_json(shown if for_public else found)
    else:
        made = public_tables(shown, words) if for_public else tables(found, words)
        if as_csv:
            _print_csv(made[0])
        else:
            for one in made:
                if for_public or (one.name in SHOWN and one.rows):
                    _print_table(one)
    odd = problems(found)
    if odd:
        fail(REFUSED, f"The numbers do not agree: {'; '.join(odd)}.")


def _records(database: Database, settings: Settings) -> Records:
    from activities.calendar import Calendars
    from activities.records import Records

    return Records(database, Calendars(as_of=settings.rehearsal, folder=settings.calendar_dir), {})


def _print_csv(made: ReportTable) -> None:
    from activities.report_files import csv_text

    typer.echo(csv_text(made).replace("\r\n", "\n"), nl=False)


def _print_table(made: ReportTable) -> None:
    shown = table(*made.head, title=made.title)
    for row in made.rows:
        shown.add_row(*(str(cell) for cell in row))
    console().print(shown)
