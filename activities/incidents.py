"""What failed lately, the same cause together: batches, orders, notices, webhooks, papers.

Only what stands in the database. Whether a workflow or a worker is stuck is for the figures and the doctor.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, func, literal, select
from sqlalchemy.ext.asyncio import AsyncSession

from activities.letters import DEAD, NO_CONTACT, WAITING
from models.batch_messages import ItemStatus
from models.tables import BatchItem, DeadDelivery, Letter, Notice, OrderRefusal, PaperFault, Webhook
from models.wire import SHANGHAI, Instant, Wire

AGAIN = {
    "batch": "zhicheng batch retry REF",
    "order": "give the order of the cycle again, with a new command id",
    "notice": "zhicheng notices retry",
    "webhook": "zhicheng webhook retry",
    "paper": "zhicheng certificate make NUMBER",
}
"""How each kind is tried again, once the cause is gone."""


class Incident(Wire):
    """Failures of one kind with one cause. `of`: the batch, order, webhook or kind of paper they belong to.

    `example` is one application (or the number of a delivery) of them; `again`: the command that tries anew.
    """

    kind: str
    of: str
    cause: str
    failures: int
    first_at: Instant
    last_at: Instant
    example: str
    again: str


async def incidents(session: AsyncSession, plan_id: str, since: datetime, limit: int = 200) -> list[Incident]:
    """What failed in a plan since then, grouped by cause, the latest first."""
    found: list[Incident] = []
    for kind, question in _questions(plan_id, since).items():
        for of, cause, failures, first, last, example in await session.execute(question):
            found.append(
                Incident(
                    kind=kind,
                    of=str(of),
                    cause=cause or "no_reason",
                    failures=failures,
                    first_at=first.astimezone(SHANGHAI),
                    last_at=last.astimezone(SHANGHAI),
                    example=str(example),
                    again=AGAIN[kind],
                )
            )
    return sorted(found, key=lambda one: (one.last_at, one.failures), reverse=True)[:limit]


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
        "paper": _grouped(PaperFault.kind, PaperFault.code, PaperFault.at, PaperFault.application_ref).where(
            PaperFault.plan_id == plan_id, PaperFault.at >= since
        ),
    }


def _grouped(of: Any, cause: Any, at: Any, example: Any) -> Select[Any]:
    return select(of, cause, func.count(), func.min(at), func.max(at), func.min(example)).group_by(of, cause)
