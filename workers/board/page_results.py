"""Results: lists with their hashes, who passed without objection, a certificate's standing, statistics."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from activities.list_public import public_lists
from activities.plans import plan_in_force
from activities.tally import tally
from activities.verification import LONGEST_NUMBER, verify_number
from models.stages import Stage
from models.statistics import FUNNEL, MEASURES, CycleStatistics
from models.wire import SHANGHAI
from workers.board.render import formatters, lang_of, page
from workers.board.sheets import Field, Flag, Form, Link, Sheet
from workers.gateway.cached import Remembered
from workers.gateway.caller import Caller
from workers.gateway.context import Context, context_of
from workers.gateway.offices import speaks_for
from workers.gateway.paths import PlanId
from workers.gateway.routes_public import counted
from workers.gateway.searching import looking
from workers.gateway.tokens import caller_of

router = APIRouter()
Here = Annotated[Context, Depends(context_of)]
Who = Annotated[Caller, Depends(caller_of)]
AFTER = (
    Stage.RESULT_PUBLICITY,
    Stage.RESULT_OBJECTION,
    Stage.CONFIRM_PENDING,
    Stage.CONFIRMED,
    Stage.CERTIFIED,
    Stage.ARCHIVED,
)
"""Where those are who were passed: on view, contested, and on to the certificate."""

_COUNTED: Remembered[CycleStatistics] = Remembered(seconds=30)
"""The statistics of a cycle are the same for everybody who may see them: the offices of the plan."""


@router.get("/plans/{plan_id}/results", operation_id="board_results")
async def results(
    request: Request,
    here: Here,
    caller: Who,
    plan_id: PlanId,
    number: Annotated[str, Query(max_length=LONGEST_NUMBER)] = "",
) -> Response:
    """What everybody may see of the lists; of applications what the visitor may; statistics for offices."""
    words = formatters(lang_of(request))
    async with looking(here, caller, plan_id) as view:
        plan = await plan_in_force(view.session, plan_id)
        lists = await public_lists(view.session, plan, datetime.now(UTC))
        stages = (await tally(view)).stages()
        verdict = await verify_number(view.session, number) if number.strip() else None
    tables = [_lists(words, lists), _passed(words, plan_id, stages)]
    if await speaks_for(here, caller, plan_id):
        tables += _statistics(words, await _COUNTED.get((id(here), plan_id), lambda: counted(here, plan_id)))
    t = words["t"]
    ask = Form(t("check"), [Field("number", t("certificate"), number)], key="certificate")
    notes = [words["label"](verdict.words)] if verdict is not None else []
    return page(
        request, "sheet.html", plan_id, title="results", problem=None, notes=notes, forms=[ask], tables=tables
    )


def _lists(words: Any, lists: Any) -> Sheet:
    t = words["t"]
    rows = [
        (
            one.n,
            words["known"](f"list_{one.status}"),
            one.sha256,
            len(one.file.entries) if one.file is not None else None,
            "; ".join(f"{place} {words['moment'](at)}" for place, at in one.postings) or None,
            one.corrects,
        )
        for one in lists
    ]
    columns = [t(name) for name in ("list_n", "status", "sha256", "lines", "posted", "corrects")]
    return Sheet("lists", t("lists"), columns, rows)


def _passed(words: Any, plan_id: str, stages: Any) -> Sheet:
    t = words["t"]
    counts = dict.fromkeys(AFTER, 0)
    for one in stages:
        if Stage(one.stage) in counts:
            counts[Stage(one.stage)] += one.applications
    rows = [
        (Link(words["stage"](stage), f"/board/plans/{plan_id}/search?q={quote(f'stage:{stage}')}"), n)
        for stage, n in counts.items()
    ]
    return Sheet("passed", t("passed"), (t("stage"), t("applications")), rows)


def _statistics(words: Any, found: CycleStatistics) -> list[Sheet]:
    t, label = words["t"], words["label"]
    opened = found.totals.get("opened", 0)
    funnel = [
        (label(name), found.totals.get(key, 0), _share(found.totals.get(key, 0), opened))
        for key, name in FUNNEL.items()
    ]
    others = [(label(name), found.totals.get(key, 0)) for key, name in MEASURES.items() if key not in FUNNEL]
    voted, passed = found.totals.get("voted", 0), found.totals.get("passed", 0)
    reasons = [(words["role"](one.hop), one.code, one.count) for one in found.reasons]
    legs = [
        (words["stage"](one.stage), words["role"](one.role), one.count, one.median, one.p90, one.longest)
        for one in found.hops
    ]
    at = words["moment"](found.at.astimezone(SHANGHAI))
    return [
        Sheet(
            "funnel",
            t("statistics", at=at),
            [t(name) for name in ("measure", "applications", "share")],
            [*funnel, (Flag(t("pass_rate")), f"{passed} / {voted}", _share(passed, voted))],
        ),
        Sheet("measures", t("measures"), (t("measure"), t("applications")), others),
        Sheet("reasons", t("reasons"), [t(name) for name in ("hop", "reason", "failures")], reasons),
        Sheet(
            "legs",
            t("legs"),
            [t(name) for name in ("stage", "role", "turns", "median", "p90", "longest")],
            legs,
        ),
    ]


def _share(part: int, whole: int) -> str | None:
    """In per cent, rounded half up."""
    return f"{(200 * part + whole) // (2 * whole)}%" if whole else None
