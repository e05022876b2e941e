"""`zhicheng simulate` and `plan compare`: whole years with synthetic applicants, on the real workflows."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from workers.cli_plan import load_plan, plan_app
from workers.cli_shared import (
    BAD_INPUT,
    NOT_REACHABLE,
    REFUSED,
    AsJson,
    InLang,
    Lang,
    console,
    echo_json,
    fail,
)

if TYPE_CHECKING:
    from models.plan import ReviewPlan
    from workers.simulate.distribution import Distribution
    from workers.simulate.engine import Simulated
    from workers.simulate.year import Progress

T = TypeVar("T")

Applicants = Annotated[
    int, typer.Option("--applicants", "-n", min=1, max=5000, help="How many synthetic applicants.")
]
Seed = Annotated[int, typer.Option(min=0, help="The same seed gives the same people and the same result.")]
Who = Annotated[
    Path | None,
    typer.Option(
        "--population", metavar="FILE", help="Another distribution, in the form of population.toml."
    ),
]
PlanName = Annotated[str, typer.Argument(metavar="PLAN", help="A plan's id, or the path of a TOML file.")]


def simulate(
    plan: PlanName,
    applicants: Applicants = 100,
    seed: Seed = 1,
    population: Who = None,
    all_year: Annotated[
        bool,
        typer.Option(
            "--all-year", help="Run the cycle's own workflow from the filing on, not from the first list."
        ),
    ] = False,
    svg: Annotated[Path | None, typer.Option(metavar="FILE", help="Write a chart as SVG.")] = None,
    as_json: AsJson = False,
    lang: InLang = "en",
) -> None:
    """Simulate a whole cycle with synthetic applicants. Exit status 1 when an invariant is broken."""
    from workers.simulate.chart import draw
    from workers.simulate.words import tell

    found, toml = _plan(plan)
    distribution = _distribution(population)
    with _progress(found.id, lang) as progress:
        year = _run(_live(found, toml, applicants, seed, distribution, progress, all_year))
    if svg is not None:
        try:
            svg.write_text(draw(year.result, found.title), encoding="utf-8")
        except OSError as error:
            fail(BAD_INPUT, f"{svg} cannot be written ({error.strerror}): give another file.")
    if as_json:
        echo_json(year.result)
    else:
        tell(year.result, found, console(), lang)
    if not year.result.sound:
        raise typer.Exit(REFUSED)


@plan_app.command("compare")
def compare_plans(
    a: Annotated[str, typer.Argument(metavar="A", help="A plan's id, or the path of a TOML file.")],
    b: Annotated[str, typer.Argument(metavar="B", help="The other one.")],
    applicants: Applicants = 100,
    seed: Seed = 1,
    population: Who = None,
    as_json: AsJson = False,
    lang: InLang = "en",
) -> None:
    """Run the same synthetic applicants on two plans: who ends differently, and why."""
    from workers.simulate.compare import compare
    from workers.simulate.words import tell_difference

    plans = [_plan(a), _plan(b)]
    distribution = _distribution(population)
    years = []
    for side, (plan, toml) in zip("AB", plans, strict=True):
        with _progress(f"{side} {plan.id}", lang) as progress:
            years.append(_run(_live(plan, toml, applicants, seed, distribution, progress)))
    found = compare(*years)
    if as_json:
        echo_json(found)
    else:
        tell_difference(found, console(), lang)
    if not (found.a_sound and found.b_sound):
        fail(REFUSED, "An invariant is broken or an application failed: see `zhicheng simulate`.")


def _plan(name: str) -> tuple[ReviewPlan, str | None]:
    """The plan, and its text if it is in a file of its own."""
    found = load_plan(name)
    return found, Path(name).read_text("utf-8") if name.endswith(".toml") else None


async def _live(
    plan: ReviewPlan,
    toml: str | None,
    applicants: int,
    seed: int,
    distribution: Distribution,
    progress: Progress,
    all_year: bool = False,
) -> Simulated:
    """The year, which a SIGTERM ends as Ctrl-C does: nothing is left behind."""
    from workers.simulate.engine import simulate as live

    living = asyncio.current_task()
    assert living is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, living.cancel)
    return await live(
        plan,
        applicants,
        seed,
        plan_toml=toml,
        distribution=distribution,
        progress=progress,
        all_year=all_year,
    )


def _run(work: Coroutine[Any, Any, T]) -> T:
    from models.refusal import Refused
    from workers.embedded import DevServerError
    from workers.simulate.ground import WorkerEndedError

    try:
        return asyncio.run(work)
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None
    except Refused as refused:
        fail(BAD_INPUT, refused.refusal.sentence())
    except (DevServerError, WorkerEndedError) as error:
        fail(NOT_REACHABLE, str(error))


def _distribution(path: Path | None) -> Distribution:
    from tomllib import TOMLDecodeError

    from pydantic import ValidationError

    from workers.simulate.distribution import Distribution

    try:
        return Distribution.load(path)
    except ValidationError as invalid:
        first = invalid.errors()[0]
        where = ".".join(str(step) for step in first["loc"]) or "the file"
        fail(BAD_INPUT, f"{path} is not a distribution: {where}: {first['msg']}.")
    except (OSError, UnicodeDecodeError, TOMLDecodeError) as unreadable:
        fail(BAD_INPUT, f"{path} cannot be read ({unreadable}): begin with a copy of population.toml.")


@contextmanager
def _progress(what: str, lang: Lang) -> Iterator[Progress]:
    """A bar on standard error where that is a terminal; nothing elsewhere."""
    if not sys.stderr.isatty():
        from workers.simulate.engine import quiet

        yield quiet
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[day]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        words = f"模拟 {what}" if lang == "zh" else f"simulating {what}"
        task = bar.add_task(words, total=None, day="")

        def show(day: date, resting: int, total: int) -> None:
            bar.update(task, completed=resting, total=total, day=day.isoformat())

        yield show
