"""What failed lately, the same cause together: batches, orders, notices, webhooks, papers, late deadlines.

What stands in the database. Activities that fail and workflow tasks that are wedged are asked of the server
(`workers.incidents`).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Select, and_, func, literal, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from activities.letters import DEAD, NO_CONTACT, WAITING
from models.batch_messages import BatchStatus, ItemStatus
from models.deadlines import DeadlineKind
from models.tables import (
    Application,
    Batch,
    BatchItem,
    CurrentDeadline,
    DeadDelivery,
    Letter,
    Notice,
    OrderRefusal,
    PaperFault,
    Webhook,
)
from models.wire import SHANGHAI, Instant, Wire

AGAIN = {
    "batch": "zhicheng batch retry REF",
    "order": "give the order of the cycle again, with a new command id",
    "notice": "zhicheng notices retry",
    "webhook": "zhicheng webhook retry",
    "paper": "zhicheng certificate make NUMBER",
    "batch_stuck": "zhicheng batch show REF",
    "deadline": "zhicheng doctor",
    "activity": "zhicheng retry-incident activity OF --cause CAUSE",
    "workflow_task": "zhicheng replay --open",
}
"""How each kind is tried again, once the cause is gone."""

RETRIED = frozenset({"notice", "webhook", "activity"})
"""Kinds that are tried again from the page, over HTTP, with `zhicheng retry-incident`; a batch by itself."""

RUNBOOKS = {
    "notice": "docs/runbooks/notices-dead.md",
    "webhook": "docs/runbooks/webhooks-dead.md",
    "batch_stuck": "docs/runbooks/worker-absent.md",
    "deadline": "docs/runbooks/timer-late.md",
    "activity": "docs/runbooks/read-model-behind.md",
    "workflow_task": "docs/runbooks/workflow-task-failing.md",
}

MOVING = (BatchStatus.PREPARING.value, BatchStatus.APPLYING.value, BatchStatus.STOPPING.value)
"""Statuses of a batch that end by themselves."""

STUCK_AFTER = timedelta(minutes=15)
"""A batch that is being sent and has not moved for so long is stuck."""

LATE_AFTER = timedelta(minutes=15)
"""A deadline that ends a step should have taken effect within seconds."""


class Incident(Wire):
    """Failures of one kind with one cause. `of`: the batch, order, webhook or kind of paper they belong to.

    `example` is one application (or the number of a delivery) of them; `again`: the command that tries anew.
    `may_retry`: it can be tried again from here; `runbook`: what to do.
    """

    kind: str
    of: str
    cause: str
    failures: int
    first_at: Instant
    last_at: Instant
    example: str
    again: str
    may_retry: bool = False
    runbook: str | None = None


def incident(
    kind: str, of: object, cause: str | None, failures: int, first: datetime, last: datetime, example: object
) -> Incident:
    """One incident, with what may be done about it."""
    return Incident(
        kind=kind,
        of=str(of),
        cause=cause or "no_reason",
        failures=failures,
        first_at=first.astimezone(SHANGHAI),
        last_at=last.astimezone(SHANGHAI),
        example=str(example),
        again=AGAIN[kind],
        may_retry=kind in RETRIED,
        runbook=RUNBOOKS.get(kind),
    )


async def incidents(
    session: AsyncSession,
    plan_id: str,
    since: datetime,
    limit: int = 200,
    *,
    now: datetime | None = None,
) -> list[Incident]:
    """What failed in a plan since then, grouped by cause, the latest first.

    `now`: business time, for deadlines that should have taken effect; without it none is looked for.
    """
    found: list[Incident] = []
    for kind, question in _questions(plan_id, since).items():
        found += [incident(kind, *row) for row in await session.execute(question)]
    if now is not None:
        found += [incident("deadline", *row) for row in await session.execute(_late(plan_id, now))]
    return latest_first(found)[:limit]


def latest_first(found: Iterable[Incident]) -> list[Incident]:
    """In the order in which they are shown."""
    return sorted(found, key=lambda one: (one.last_at, one.failures), reverse=True)


async def send_notices_again(session: AsyncSession, plan_id: str, reason: str, at: datetime) -> int:
    """Notices of a plan that are dead for this reason go out once more; how many."""
    of_plan = select(Notice.id).where(Notice.plan_id == plan_id)
    again = (
        update(Letter)
        .where(Letter.source == "notices", Letter.status == DEAD, Letter.reason == reason)
        .where(Letter.notice_id.in_(of_plan))
        .values(status=WAITING, tries=0, next_at=at)
        .returning(Letter.notice_id)
    )
    return len((await session.scalars(again)).all())


def _late(plan_id: str, now: datetime) -> Select[Any]:
    """Ends of a step (BAR) and of a publicity (PERIOD) that are over, and nothing followed."""
    one = CurrentDeadline
    mine = and_(
        Application.plan_id == one.plan_id,
        Application.application_ref == one.application_ref,
        Application.due_at == one.due_at,
    )
    return (
        _grouped(one.name, one.kind, one.due_at, one.application_ref)
        .join(Application, mine)
        .where(
            one.plan_id == plan_id,
            one.kind.in_((DeadlineKind.BAR.value, DeadlineKind.PERIOD.value)),
            one.due_at < now - LATE_AFTER,
            Application.status == "open",
        )
    )


def _questions(plan_id: str, since: datetime) -> dict[str, Select[Any]]:
    of_notice = and_(Notice.id == Letter.notice_id, Letter.source == "notices", Notice.plan_id == plan_id)
    of_webhook = and_(Webhook.id == DeadDelivery.webhook_id, Webhook.plan_id == plan_id)
    return {
        "batch": _grouped(BatchItem.batch_ref, BatchItem.code, BatchItem.at, BatchItem.application_ref).where(
            BatchItem.plan_id == plan_id, BatchItem.status == ItemStatus.REFUSED.value, BatchItem.at >= since
        ),
        "order": _grouped(
            OrderRefusal.order_id, OrderRefusal.code, OrderRefusal.at, OrderRefusal.application_ref
        ).where(OrderRefusal.plan_id == plan_id, OrderRefusal.at >= since),
        "notice": _grouped(literal("notices"), Letter.reason, Letter.changed_at, Notice.application_ref)
        .join(Letter, of_notice)
        .where(
            Letter.changed_at >= since,
            Letter.status.in_((DEAD, NO_CONTACT, WAITING)),
            Letter.reason.is_not(None),
        ),
        "webhook": _grouped(
            DeadDelivery.webhook_id, DeadDelivery.last_answer, DeadDelivery.died_at, DeadDelivery.sequence
        )
        .join(Webhook, of_webhook)
        .where(DeadDelivery.died_at >= since, DeadDelivery.status == "dead"),
        "batch_stuck": _grouped(Batch.batch_ref, Batch.status, Batch.at, Batch.kind).where(
            Batch.plan_id == plan_id, Batch.status.in_(MOVING), Batch.at < datetime.now(UTC) - STUCK_AFTER
        ),
        "paper": _grouped(PaperFault.kind, PaperFault.code, PaperFault.at, PaperFault.application_ref).where(
            PaperFault.plan_id == plan_id, PaperFault.at >= since
        ),
    }


def _grouped(of: Any, cause: Any, at: Any, example: Any) -> Select[Any]:
    return select(of, cause, func.count(), func.min(at), func.max(at), func.min(example)).group_by(of, cause)
