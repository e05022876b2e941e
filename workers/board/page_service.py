"""The service: are workers up, timers late, the read model behind; what doctor and replay found last."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

import structlog
from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import func, select
from temporalio.service import RPCError

from activities.calendar import Calendars
from activities.doctor.examination import examine
from activities.letters import DEAD, NO_CONTACT
from activities.operator_reports import keep_report, last_report
from models.doctor import LABELS, Symptom
from models.tables import InboxItem, Letter, Notice, OperatorReport
from models.wire import SHANGHAI
from workers.beside import BESIDE
from workers.board.render import formatters, lang_of, page
from workers.board.sheets import Flag, Link, Sheet
from workers.gateway.caller import Caller
from workers.gateway.context import Context, context_of
from workers.gateway.offices import for_the_plan
from workers.gateway.paths import PlanId
from workers.gateway.routes_operations import failures_of
from workers.gateway.tokens import caller_of
from workers.pollers import is_polled

router = APIRouter()
Here = Annotated[Context, Depends(context_of)]
Who = Annotated[Caller, Depends(caller_of)]
SHOWN = 200
_EXAMINED: dict[tuple[int, str], asyncio.Task[None]] = {}
"""Examinations that run in this process, one a plan."""
_log = structlog.stdlib.get_logger("board")


@dataclass(frozen=True)
class Pulse:
    """How the service stands at this moment. `polled` None: the server did not answer."""

    polled: bool | None
    late: int
    failing: int
    wedged: int
    pending: int
    oldest: datetime | None
    dead: int
    overdue: int


@router.get("/plans/{plan_id}/service", operation_id="board_service")
async def service(request: Request, here: Here, caller: Who, plan_id: PlanId) -> Response:
    """What can be told at once, and the reports that were kept last."""
    await for_the_plan(here, caller, plan_id)
    pulse = await _pulse(here, caller, plan_id)
    async with here.database.reading() as session:
        doctor = await last_report(session, "doctor", plan_id)
        replay = await last_report(session, "replay")
    words = formatters(lang_of(request))
    return page(
        request,
        "service.html",
        plan_id,
        pulse=pulse,
        doctor=doctor,
        troubles=_troubles(words, doctor, plan_id, here.settings.docs_url),
        symptoms=_symptoms(words, doctor),
        replay=replay,
        replayed=_replayed(words, replay),
        examining=(id(here), plan_id) in _EXAMINED,
        moments={name: one.at.astimezone(SHANGHAI) for name, one in _kept(doctor, replay)},
    )


@router.post("/plans/{plan_id}/service/doctor", operation_id="board_examine")
async def examined(here: Here, caller: Who, plan_id: PlanId) -> Response:
    """Begins an examination of the plan's database; one that runs already goes on. The page shows its end."""
    await for_the_plan(here, caller, plan_id)
    key = (id(here), plan_id)
    if key not in _EXAMINED:
        _EXAMINED[key] = asyncio.create_task(_examine(here, plan_id, caller.subject, key))
    return RedirectResponse(f"/board/plans/{plan_id}/service", 303)


async def _examine(here: Context, plan_id: str, subject: str, key: tuple[int, str]) -> None:
    try:
        calendars = Calendars(as_of=here.settings.rehearsal, folder=here.settings.calendar_dir)
        at = datetime.now(UTC)
        found = await examine(here.database, calendars, at, plan_id=plan_id)
        async with here.database.transaction() as session:
            content = found.model_dump(mode="json")
            await keep_report(
                session, "doctor", content, clean=found.clean, subject=subject, at=at, plan_id=plan_id
            )
    except Exception:
        _log.exception("an examination failed", plan=plan_id)
    finally:
        _EXAMINED.pop(key, None)


async def _pulse(here: Context, caller: Caller, plan_id: str) -> Pulse:
    try:
        polled: bool | None = await is_polled(here.temporal, here.settings.task_queue)
    except RPCError:
        polled = None
    found, _ = await failures_of(here, caller, plan_id)
    kinds = Counter[str]()
    for one in found:
        kinds[one.kind] += one.failures
    async with here.database.reading() as session:
        waiting = select(func.count(), func.min(Notice.at)).where(
            Notice.plan_id == plan_id, Notice.status == "pending"
        )
        pending, oldest = (await session.execute(waiting)).one()
        dead = await session.scalar(
            select(func.count()).select_from(Letter).where(Letter.status.in_((DEAD, NO_CONTACT)))
        )
        overdue = await session.scalar(
            select(func.count()).where(
                InboxItem.plan_id == plan_id, InboxItem.closed_at.is_(None), InboxItem.due_at < func.now()
            )
        )
    return Pulse(
        polled=polled,
        late=kinds["deadline"],
        failing=kinds["activity"],
        wedged=kinds["workflow_task"],
        pending=pending,
        oldest=oldest.astimezone(SHANGHAI) if oldest is not None else None,
        dead=dead or 0,
        overdue=overdue or 0,
    )


def _kept(doctor: OperatorReport | None, replay: OperatorReport | None) -> list[tuple[str, OperatorReport]]:
    return [(name, one) for name, one in (("doctor", doctor), ("replay", replay)) if one is not None]


def _symptoms(words: Any, report: OperatorReport | None) -> Sheet:
    """Each thing that is looked for, and how many were found: nothing is left unsaid."""
    found = Counter(one["symptom"] for one in (report.content["troubles"] if report else ()))
    rows = [
        (words["label"](LABELS[symptom]), Flag(found[symptom.value], "late" if found[symptom.value] else ""))
        for symptom in Symptom
        if report is not None
    ]
    return Sheet("symptoms", words["t"]("symptoms"), (words["t"]("what"), words["t"]("found_n")), rows)


def _troubles(words: Any, report: OperatorReport | None, plan_id: str, docs: str | None) -> Sheet:
    t, rows = words["t"], []
    for one in (report.content["troubles"] if report else ())[:SHOWN]:
        plan, _, ref = one["subject"].partition("/")
        href = f"/board/plans/{plan_id}/applications/{ref}"
        subject = Link(ref, href) if plan == plan_id and ref else one["subject"]
        runbook = (
            Link(one["runbook"].rpartition("/")[2], f"{docs}/{one['runbook']}") if docs else one["runbook"]
        )
        symptom = words["label"](LABELS[Symptom(one["symptom"])])
        severity = Flag(t(one["severity"]), "late" if one["severity"] == "error" else "near")
        rows.append((symptom, severity, subject, one["what"][words["lang"]], runbook))
    columns = [t(name) for name in ("what", "severity", "reference", "why", "runbook")]
    total = len(report.content["troubles"]) if report else 0
    note = t("more_rows", n=SHOWN) if total > SHOWN else ""
    return Sheet("troubles", t("troubles", n=total), columns, rows, note)


def _of_what(words: Any, stage: str) -> str:
    """A stage of applications, or what runs beside them."""
    if stage in BESIDE:
        return str(words["label"](BESIDE[stage]))
    return str(words["stage"](stage)) if stage != "unknown" else stage


def _replayed(words: Any, report: OperatorReport | None) -> Sheet:
    t, content = words["t"], report.content if report else {"open": {}, "replayed": {}, "broken": []}
    broken = Counter(one["stage"] for one in content["broken"])
    rows = [
        (
            _of_what(words, stage),
            n,
            content["replayed"].get(stage, 0),
            Flag(broken[stage], "late" if broken[stage] else ""),
        )
        for stage, n in content["open"].items()
    ]
    columns = [t(name) for name in ("stage", "open_n", "replayed_n", "broken_n")]
    return Sheet("replayed", t("replayed"), columns, rows)
