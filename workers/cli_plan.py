"""Commands about work plans: show one with its sources, and lint one before it is published."""

from __future__ import annotations

import json
import sys
import tomllib
from itertools import groupby
from pathlib import Path
from typing import Annotated, Literal

import typer
from pydantic import ValidationError
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from models.cited import MARK_LABELS, Leaf
from models.plan import ReviewPlan, UnknownPlanError
from models.plan_lint import PlanFinding
from models.plan_lint import lint as lint_plan
from workers.calendar_files import known_calendar
from workers.cli_shared import load_settings
from workers.on_file import on_file
from workers.plan_words import SECTIONS, citation, field_name, row_value, words

plan_app = typer.Typer(no_args_is_help=True, help="Work plans: show them with their sources, and lint them.")

Lang = Literal["zh", "en"]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
InLang = Annotated[Lang, typer.Option("--lang", help="Language of the words: zh or en.")]


COLUMN_RATIOS = (8, 9, 1, 14)


@plan_app.command()
def show(
    plan_id: Annotated[str | None, typer.Argument(help="A plan's id.")] = None,
    as_json: AsJson = False,
    lang: InLang = "zh",
) -> None:
    """Show the version in force: every value with its source and how sure we are of it."""
    plan = plan_in_force(plan_id)
    if as_json:
        typer.echo(plan.model_dump_json(indent=2))
        return
    console = Console(file=sys.stdout)
    console.print(f"[bold]{escape(words(plan.title, lang))}[/bold]")
    console.print(f"{plan.id}  v{plan.version}  {plan.rule_set}  {'; '.join(plan.basis)}", highlight=False)
    for section, group in groupby(plan.leaves(), key=lambda leaf: leaf.path.split(".")[0]):
        console.print(_section_table(section, list(group), lang))
    for mark, label in MARK_LABELS.items():
        console.print(f"{mark} = {words(label, lang)}", highlight=False)
    for change in plan.amendments:
        console.print(
            f"v{change.version}  {change.dated}  {change.document}  {words(change.what, lang)}", markup=False
        )


@plan_app.command()
def lint(
    plan: Annotated[str | None, typer.Argument(help="A plan's id, or the path of a TOML file.")] = None,
    as_json: AsJson = False,
    lang: InLang = "zh",
) -> None:
    """Check a plan against the law and the calendar. Exit status 1 when there are errors."""
    found = lint_plan(plan_in_force(plan), known_calendar())
    if as_json:
        typer.echo(json.dumps([item.model_dump() for item in found], ensure_ascii=False, indent=2))
    else:
        _print_findings(found, lang)
    if any(item.severity == "error" for item in found):
        raise typer.Exit(1)


def plan_in_force(name: str | None) -> ReviewPlan:
    """The newest version on file in the database, else what `load_plan` finds. Exit status 2."""
    from sqlalchemy import select

    from models.tables import PlanVersion

    name = name or _only_plan()
    if name is None or name.endswith(".toml"):
        return load_plan(name)
    url = load_settings().database_url.get_secret_value()
    versions = select(PlanVersion.content).filter_by(plan_id=name).order_by(PlanVersion.version)
    filed = on_file(url, versions)
    if filed:
        return ReviewPlan.from_toml(filed[-1])
    return load_plan(name, on_file(url, select(PlanVersion.plan_id).distinct().limit(50)))


def _only_plan() -> str | None:
    known = ReviewPlan.known()
    return known[0] if len(known) == 1 else None


def load_plan(name: str | None, filed: tuple[str, ...] = ()) -> ReviewPlan:
    """The plan of the release with this id, or in this TOML file; without a name, the only one there is.

    `filed` are ids that the database knows, for the sentence that ends the command with exit status 2.
    """
    name = name or _only_plan()
    try:
        if name is not None and name.endswith(".toml"):
            return ReviewPlan.from_toml(Path(name).read_text("utf-8"))
        return ReviewPlan.load(name or "")
    except UnknownPlanError as unknown:
        problem = str(UnknownPlanError(unknown.plan_id, tuple(sorted({*unknown.known, *filed}))))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as unreadable:
        problem = f"{name} cannot be read: {unreadable}"
    except ValidationError as invalid:
        first = invalid.errors()[0]
        where = ".".join(str(step) for step in first["loc"]) or "the file"
        problem = f"{name} is not a plan: {invalid.error_count()} problems, first at {where}: {first['msg']}."
    typer.echo(problem, err=True)
    raise typer.Exit(2)


def _section_table(section: str, rows: list[Leaf], lang: Lang) -> Table:
    heads = ("项目", "值", "", "来源") if lang == "zh" else ("Item", "Value", "", "Source")
    table = Table(title=words(SECTIONS[section], lang), title_justify="left", expand=True, box=SIMPLE_HEAD)
    for head, ratio in zip(heads, COLUMN_RATIOS, strict=True):
        table.add_column(head, ratio=ratio)
    for path, item in rows:
        name, value = row_value(item, lang)
        source = citation(item.source, lang) + (f" ({item.note})" if item.note else "")
        style = None if item.verified else "yellow"
        cells = (name or field_name(path, lang), value, item.mark, source)
        table.add_row(*(escape(cell) for cell in cells), style=style)
    return table


def _print_findings(found: list[PlanFinding], lang: Lang) -> None:
    severities = {"error": ("错误", "error"), "warning": ("警告", "warning"), "info": ("提示", "info")}
    for item in found:
        severity = severities[item.severity][lang != "zh"]
        typer.echo(f"{severity}  {item.field}  {words(item.rule, lang)}  [{citation(item.citation, lang)}]")
        if item.severity != "info":
            typer.echo(f"    -> {words(item.remedy, lang)}")
    errors, warnings = (sum(item.severity == level for item in found) for level in ("error", "warning"))
    total = f"{errors}个错误，{warnings}个警告" if lang == "zh" else f"{errors} errors, {warnings} warnings"
    typer.echo(total)
