"""Smaller questions of an office: posts that are left, what people leave behind, what a notice would move."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import Response
from pydantic import TypeAdapter, ValidationError

from activities.calendar_preview import Preview
from activities.left_behind import LeftRow, left_behind
from activities.plans import plan_in_force
from models.refusal import Refused
from models.roles import Reference
from workers.board import sheets
from workers.board.days import On, morning_of
from workers.board.render import choices_of, formatters, lang_of, page
from workers.board.sheets import Flag, Link, Sheet
from workers.gateway import routes_operations, routes_records
from workers.gateway.caller import Caller
from workers.gateway.context import Context, context_of
from workers.gateway.offices import for_the_plan
from workers.gateway.paths import PlanId
from workers.gateway.problems import Problem, of_refusal
from workers.gateway.routes_records import NoticeText
from workers.gateway.searching import looking
from workers.gateway.tokens import caller_of

router = APIRouter()
Here = Annotated[Context, Depends(context_of)]
Who = Annotated[Caller, Depends(caller_of)]
_PEOPLE = TypeAdapter(tuple[Reference, ...])
SHOWN = 500


@router.get("/plans/{plan_id}/posts", operation_id="board_posts")
async def posts(request: Request, here: Here, caller: Who, plan_id: PlanId) -> Response:
    """Posts by unit and level: how many there are, are held, and are left."""
    words = formatters(lang_of(request))
    found = await routes_operations.quota(here, caller, plan_id)
    async with here.database.reading() as session:
        choice = choices_of(await plan_in_force(session, plan_id), lang_of(request))
    t = words["t"]
    rows = [
        (
            one.employer,
            choice(one.level),
            one.capacity,
            one.held,
            one.consumed,
            Flag(one.free, "late" if one.free <= 0 else ""),
        )
        for one in found[:SHOWN]
    ]
    columns = [
        t(name) for name in ("employer", "level", "capacity", "posts_held", "posts_used", "posts_free")
    ]
    note = t("more_rows", n=SHOWN) if len(found) > SHOWN else ""
    return _page(request, plan_id, "posts", tables=[Sheet("posts", t("posts"), columns, rows, note)])


@router.get("/plans/{plan_id}/left-behind", operation_id="board_left_behind")
async def left(
    request: Request,
    here: Here,
    caller: Who,
    plan_id: PlanId,
    subjects: Annotated[str, Query(max_length=4_000)] = "",
    on: On = None,
) -> Response:
    """Work, seats and batches of people who left (their references, with spaces between)."""
    await for_the_plan(here, caller, plan_id)
    words = formatters(lang_of(request))
    try:
        people = _PEOPLE.validate_python(tuple(subjects.replace(",", " ").split()))
    except ValidationError:
        people = ()
    async with looking(here, caller, plan_id, at=morning_of(on)) as view:
        found = await left_behind(view.session, plan_id, people, view.today)
    t = words["t"]
    ask = sheets.Form(
        t("show"), [sheets.Field("subjects", t("people_left"), subjects, wide=True, required=False)]
    )
    columns = [t(name) for name in ("what", "reference", "of", "role", "organisation", "stage", "why")]
    rows = [_left(words, plan_id, one) for one in found]
    table = Sheet("left", t("left_rows", n=len(found)), columns, rows)
    return _page(request, plan_id, "left-behind", forms=[ask], tables=[table])


def _left(words: Any, plan_id: str, one: LeftRow) -> tuple[object, ...]:
    under = {"work": "applications", "batch": "batches", "seat": "meetings"}[one.kind]
    return (
        words["known"](f"left_{one.kind}"),
        Link(one.ref, f"/board/plans/{plan_id}/{under}/{one.ref}"),
        one.subject,
        words["role"](one.role),
        one.organisation,
        words["stage"](one.stage) if one.stage else None,
        words["known"](one.why),
    )


@router.get("/plans/{plan_id}/calendar", operation_id="board_calendar")
async def calendar(request: Request, here: Here, caller: Who, plan_id: PlanId) -> Response:
    """Where a notice on working days is put, to see what it would move."""
    await for_the_plan(here, caller, plan_id)
    return _calendar(request, plan_id, "")


@router.post("/plans/{plan_id}/calendar", operation_id="board_preview_calendar")
async def preview(
    request: Request,
    here: Here,
    caller: Who,
    plan_id: PlanId,
    notice_toml: Annotated[str, Form(min_length=1, max_length=20_000)],
    on: Annotated[str, Form(max_length=10)] = "",
) -> Response:
    """What the notice would move; nothing is stored. `on`: asked as of this day."""
    try:
        at = morning_of(date.fromisoformat(on)) if on else None
    except ValueError:
        at = None
    try:
        asked = NoticeText(notice_toml=notice_toml.replace("\r\n", "\n"), at=at)
        found = await routes_records.preview_calendar(here, caller, plan_id, asked)
    except Refused as refused:
        return _calendar(request, plan_id, notice_toml, on, problem=of_refusal(refused.refusal).problem)
    return _calendar(request, plan_id, notice_toml, on, found)


def _calendar(
    request: Request,
    plan_id: str,
    text: str,
    on: str = "",
    found: Preview | None = None,
    problem: Problem | None = None,
) -> Response:
    words = formatters(lang_of(request))
    t, tables = words["t"], []
    if found is not None:
        days = [
            (words["day"](on), t("workday") if works else t("rest_day")) for on, works in found.days.items()
        ]
        moves = [
            (
                Link(one.application_ref, f"/board/plans/{plan_id}/applications/{one.application_ref}"),
                words["stage"](one.stage),
                words["known"](one.deadline),
                words["day"](one.old_last_day),
                words["day"](one.new_last_day),
            )
            for one in found.moves[:SHOWN]
        ]
        columns = [t(name) for name in ("reference", "stage", "deadline", "day_now", "day_then")]
        tables = [
            Sheet("days", t("notice_days"), (t("day"), t("becomes")), days),
            Sheet("moves", t("moves", n=len(found.moves)), columns, moves),
        ]
    fields = [
        sheets.Field("notice_toml", t("notice_toml"), text, wide=True, rows=12),
        sheets.Field("on", t("as_of"), on, kind="date", required=False),
    ]
    ask = sheets.Form(t("preview"), fields, method="post")
    status = 200 if problem is None else problem.status
    return _page(request, plan_id, "calendar", forms=[ask], tables=tables, problem=problem, status=status)


def _page(request: Request, plan_id: str, title: str, *, status: int = 200, **known: Any) -> Response:
    given: dict[str, Any] = {"problem": None, "notes": [], "forms": [], "tables": [], **known}
    return page(request, "sheet.html", plan_id, status=status, title=title, **given)
