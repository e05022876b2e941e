"""The cycle: the lifecycle with a number on every stage, the funnel, the plan's dates, the days that come."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from itertools import groupby
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from markupsafe import Markup

from activities.plans import plan_in_force
from activities.tally import StageCount, tally
from models.drawing.reading import Lang
from models.drawing.svg import Mark, svg
from models.plan import Deadline, ReviewPlan
from models.slack import Today
from models.stages import STAGES, Stage
from models.statistics import OUTCOMES, outcome_of
from workers.board import words
from workers.board.days import On, morning_of
from workers.board.render import choices_of, lang_of, page
from workers.gateway.caller import Caller
from workers.gateway.context import Context, context_of
from workers.gateway.paths import PlanId
from workers.gateway.searching import Search, looking
from workers.gateway.tokens import caller_of

router = APIRouter()
AHEAD = 5
"""Working days of which the page tells what they bring."""


@router.get("/plans/{plan_id}/cycle", operation_id="board_cycle")
async def cycle(
    request: Request,
    here: Annotated[Context, Depends(context_of)],
    caller: Annotated[Caller, Depends(caller_of)],
    plan_id: PlanId,
    q: Search = "",
    on: On = None,
) -> Response:
    """Where all applications stand, and what comes next."""
    async with looking(here, caller, plan_id, q, morning_of(on)) as view:
        plan = await plan_in_force(view.session, plan_id)
        counted = await tally(view)
        last = view.today.calendar.end_of_period(view.today.day, AHEAD).last_day
        today = view.today
    counts, due = counted.stages(), counted.due_until(last)
    lang = lang_of(request)
    stages = _by_stage(counts)
    marks = _marks(lang, plan_id, q, stages)
    return page(
        request,
        "cycle.html",
        plan_id,
        q=q,
        today=today.day,
        diagram=Markup(await asyncio.to_thread(svg, lang, marks=marks, standalone=False)),
        stages=[(stage, *stages[stage]) for stage in Stage if stage in stages],
        total=sum(n for n, _, _ in stages.values()),
        funnel=_funnel(counts),
        choice=choices_of(plan, lang),
        outcomes={name: label for name, (label, _) in OUTCOMES.items()},
        strip=_strip(plan, today, lang),
        days=[(day, list(rows)) for day, rows in groupby(due, key=lambda one: one.last_day)],
        last=last,
        href=lambda stage: _href(plan_id, q, stage),
    )


def _by_stage(counts: Iterable[StageCount]) -> dict[Stage, tuple[int, int, int]]:
    sums: dict[Stage, tuple[int, int, int]] = {}
    for one in counts:
        n, near, late = sums.get(Stage(one.stage), (0, 0, 0))
        sums[Stage(one.stage)] = (n + one.applications, near + one.near, late + one.late)
    return sums


def _marks(lang: Lang, plan_id: str, q: str, stages: dict[Stage, tuple[int, int, int]]) -> dict[Stage, Mark]:
    tongue: words.Lang = "en" if lang == "en" else "zh"
    marks = {}
    for stage in Stage:
        n, near, late = stages.get(stage, (0, 0, 0))
        label = STAGES[stage].label
        said = words.text(
            tongue, "stage_said", stage=label.zh if tongue == "zh" else label.en, n=n, near=near, late=late
        )
        css = "late" if late else "near" if near else ""
        marks[stage] = Mark(n, _href(plan_id, q, stage.value), said, css)
    return marks


def _href(plan_id: str, q: str, stage: str) -> str:
    return f"/board/plans/{plan_id}/search?q={quote(f'{q} stage:{stage}'.strip())}"


def _funnel(counts: Iterable[StageCount]) -> list[tuple[str, str, int, dict[str, int]]]:
    """Specialty, level, all, and how many by outcome."""
    cells: dict[tuple[str, str], dict[str, int]] = defaultdict(lambda: dict.fromkeys(OUTCOMES, 0))
    for one in counts:
        cells[one.specialty, one.level][outcome_of(one.stage)] += one.applications
    return [(*key, sum(found.values()), found) for key, found in sorted(cells.items())]


def _strip(plan: ReviewPlan, today: Today, lang: Lang) -> list[dict[str, Any]]:
    """The dates of the plan in their order, with today among them."""
    found: list[tuple[date, str]] = [(today.day, "today")]
    for name in type(plan.dates).model_fields:
        entry = getattr(plan.dates, name)
        if isinstance(entry, Deadline):
            found.append((entry.last_day.value, f"date_{name}"))
        elif entry is not None and hasattr(entry, "first_day"):
            found.append((entry.first_day.value, f"date_{name}"))
    tongue: words.Lang = "en" if lang == "en" else "zh"
    return [
        {
            "day": day,
            "words": words.text(tongue, key),
            "slack": today.slack(day),
            "is": "now" if key == "today" else "gone" if day < today.day else "ahead",
        }
        for day, key in sorted(found)
    ]
