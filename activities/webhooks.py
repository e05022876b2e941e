"""Subscriptions to the event feed: who gets what, how far each has come, what could not be delivered.

A delivery and its mark are two steps; a crash between them delivers once more, under the same id. Every
mark names the position that it starts from: of two couriers that overlap, one moves a subscription.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, func, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from activities.database import Database
from activities.feed import Feed
from activities.plans import plan_in_force
from activities.sealing import Seal, is_sealed
from activities.visibility import heard_by
from activities.writing import write_new, write_over
from models.plan import UnknownPlanError
from models.roles import Role
from models.tables import DeadDelivery, FeedEvent, OperatorNotice, Webhook
from models.visibility import Grant
from models.webhooks import MOST_TRIES, OVERLAP, PAUSE_AFTER, Verdict

ACTIVE, PAUSED = "active", "paused"
DEAD, DUE, DELIVERED = "dead", "due", "delivered"

STEP = 500
"""Events that are passed over before that is written down."""

OPERATOR = "operator"
"""The recipient of messages about the service; `zhicheng contact set operator ...` says where it is."""


MOST = 20
"""Subscriptions of one role of one organisation in a plan."""

_LOCK = 7_301_002
"""Of PostgreSQL's advisory locks: who adds a subscription."""


class TooManyWebhooksError(Exception):
    """The owner has as many subscriptions as there may be."""


@dataclass(frozen=True)
class Owner:
    """Whose subscriptions: those of a role of an organisation, in one plan."""

    plan_id: str
    role: Role
    organisation: str

    @property
    def key(self) -> dict[str, str]:
        """As columns."""
        return {"plan_id": self.plan_id, "role": self.role.value, "organisation": self.organisation}


@dataclass(frozen=True)
class Outcome:
    """How a delivery went. `answer`: the status, or in a word why there is none.

    `wait`: how long the receiver asks to be left alone.
    """

    verdict: Verdict
    answer: str
    wait: timedelta = timedelta(0)


class Webhooks:
    """The subscriptions of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._feed = Feed(database)

    async def add(
        self,
        owner: Owner,
        *,
        webhook_id: str,
        url: str,
        secret: str,
        events: Sequence[str] | None,
        application_ref: str | None,
        after: int | None,
        created_by: str,
        at: datetime,
    ) -> Webhook:
        """A new subscription to what comes after the sequence `after`; without one, to what is new.

        The same id again changes nothing and gives the one that is there. Raises `UnknownPlanError`,
        `TooManyWebhooksError`.
        """
        await self._feed.catch_up()
        async with self._database.transaction() as session:
            await plan_in_force(session, owner.plan_id)
            await self._has_room(session, owner, webhook_id)
            head = await session.scalar(select(func.max(FeedEvent.sequence))) or 0
            row: dict[str, Any] = {
                "id": webhook_id,
                **owner.key,
                "url": url,
                "events": list(events) if events else None,
                "application_ref": application_ref,
                "secret": secret,
                "status": ACTIVE,
                "position": head if after is None else after,
                "tries": 0,
                "delivered": 0,
                "created_by": created_by,
                "created_at": at,
            }
            await write_new(session, Webhook, [row])
            return await session.get_one(Webhook, webhook_id)

    async def _has_room(self, session: AsyncSession, owner: Owner, webhook_id: str) -> None:
        """One after the other, so that several at once do not each find the last place free."""
        if not self._database.is_sqlite:
            await session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        held = (await session.scalars(select(Webhook.id).filter_by(**owner.key))).all()
        if len(held) >= MOST and webhook_id not in held:
            raise TooManyWebhooksError

    async def all(self, owner: Owner | None = None) -> Sequence[Webhook]:
        """The subscriptions of an owner, or of everybody; the oldest first."""
        question = select(Webhook).order_by(Webhook.created_at, Webhook.id)
        if owner is not None:
            question = question.filter_by(**owner.key)
        async with self._database.reading() as session:
            return (await session.scalars(question)).all()

    async def get(self, webhook_id: str, owner: Owner | None = None) -> Webhook | None:
        """One subscription, if it is this owner's."""
        async with self._database.reading() as session:
            found: Webhook | None = await session.scalar(_of(webhook_id, owner))
            return found

    async def remove(self, webhook_id: str) -> None:
        """Ends a subscription; what is dead of it goes, too."""
        async with self._database.transaction() as session:
            await session.execute(delete(DeadDelivery).filter_by(webhook_id=webhook_id))
            await session.execute(delete(Webhook).filter_by(id=webhook_id))

    async def replay(self, webhook_id: str, after: int) -> None:
        """Everything after the sequence `after` is delivered again, under the ids that it had."""
        await self._change(webhook_id, position=after, **_FRESH)

    async def pause(self, webhook_id: str) -> None:
        """Nothing is delivered until `resume`; nothing is lost."""
        await self._change(webhook_id, status=PAUSED)

    async def resume(self, webhook_id: str) -> None:
        """Goes on where it stopped."""
        await self._change(webhook_id, status=ACTIVE, **_FRESH)

    async def new_secret(self, webhook_id: str, secret: str, at: datetime) -> None:
        """From now on this secret signs; the former one beside it for a day."""
        await self._change(webhook_id, former_secret=Webhook.secret, former_until=at + OVERLAP, secret=secret)

    async def _change(self, webhook_id: str, **values: Any) -> None:
        async with self._database.transaction() as session:
            await session.execute(update(Webhook).filter_by(id=webhook_id).values(**values))

    async def ready(self, at: datetime) -> tuple[Sequence[Webhook], int]:
        """The subscriptions that do not wait at `at`, and the last number of the feed."""
        async with self._database.reading() as session:
            found = await session.scalars(
                select(Webhook).where(
                    Webhook.status == ACTIVE, or_(Webhook.next_at.is_(None), Webhook.next_at <= at)
                )
            )
            return found.all(), await session.scalar(select(func.max(FeedEvent.sequence))) or 0

    async def next_events(self, webhook: Webhook, limit: int = 50) -> Sequence[FeedEvent]:
        """The events after its position that it is meant to get, in order. The others are passed over."""
        async with self._database.reading() as session:
            try:
                plan = await plan_in_force(session, webhook.plan_id)
            except UnknownPlanError:
                return []
        offices = {role.value: organisation for role, organisation in plan.organisations.items()}
        grant = Grant(role=Role(webhook.role), organisation=webhook.organisation)
        visible = heard_by(webhook.created_by, [grant], offices)
        found, last = await self._feed.after(
            webhook.position, limit, webhook.plan_id, visible, *_conditions(webhook)
        )
        if not found and last >= webhook.position + STEP:
            async with self._database.transaction() as session:
                await self._move(session, webhook, position=last)
        return found

    async def delivered(
        self, webhook: Webhook, event: FeedEvent, outcome: Outcome, at: datetime
    ) -> Webhook | None:
        """Marks the event as delivered: the subscription as it stands now.

        None when somebody else moved it meanwhile, or removed it.
        """
        async with self._database.transaction() as session:
            return await self._move(
                session,
                webhook,
                position=event.sequence,
                delivered=Webhook.delivered + 1,
                last_answer=outcome.answer,
                last_at=at,
                **_FRESH,
            )

    async def failed(
        self, webhook: Webhook, event: FeedEvent, outcome: Outcome, at: datetime, again_at: datetime
    ) -> str:
        """Marks a failed delivery: `again` at `again_at`, `dead`, `paused`, or `moved` by somebody else.

        Only what was refused dies; nobody being there costs nothing but time, and in the end a pause.
        """
        tries, since = webhook.tries + 1, webhook.failing_since or at
        known = {"last_answer": outcome.answer, "last_at": at, "failing_since": since}
        async with self._database.transaction() as session:
            hopeless = at - since >= PAUSE_AFTER and tries >= MOST_TRIES
            if outcome.verdict is Verdict.GONE or hopeless:
                moved = await self._move(session, webhook, status=PAUSED, tries=tries, next_at=None, **known)
                if moved:
                    await write_new(session, OperatorNotice, _paused(webhook, since, at, outcome.answer))
                return "paused" if moved else "moved"
            if outcome.verdict is Verdict.REFUSED and tries >= MOST_TRIES:
                moved = await self._move(
                    session, webhook, position=event.sequence, tries=0, next_at=None, **known
                )
                if moved:
                    row = _dead(webhook, event, tries, outcome.answer, at)
                    await write_over(session, DeadDelivery, row, ("webhook_id", "sequence"))
                return "dead" if moved else "moved"
            moved = await self._move(session, webhook, tries=tries, next_at=again_at, **known)
            return "again" if moved else "moved"

    async def _move(self, session: AsyncSession, webhook: Webhook, **values: Any) -> Webhook | None:
        moved: Webhook | None = await session.scalar(
            update(Webhook)
            .filter_by(id=webhook.id, position=webhook.position, tries=webhook.tries)
            .values(**values)
            .returning(Webhook)
            .execution_options(synchronize_session=False)
        )
        return moved

    async def dead(
        self, webhook_id: str, status: str | None = None
    ) -> Sequence[tuple[DeadDelivery, FeedEvent]]:
        """What was laid aside of a subscription, with its event; by default all that is not delivered."""
        question = (
            select(DeadDelivery, FeedEvent)
            .join(FeedEvent, FeedEvent.sequence == DeadDelivery.sequence)
            .where(DeadDelivery.webhook_id == webhook_id)
            .order_by(DeadDelivery.sequence)
        )
        wanted = DeadDelivery.status == status if status else DeadDelivery.status != DELIVERED
        async with self._database.reading() as session:
            return [(dead, event) for dead, event in await session.execute(question.where(wanted))]

    async def retry(self, webhook_id: str, sequence: int | None = None) -> int:
        """Dead deliveries of a subscription are tried once more; how many."""
        asked = update(DeadDelivery).filter_by(webhook_id=webhook_id, status=DEAD)
        if sequence is not None:
            asked = asked.filter_by(sequence=sequence)
        async with self._database.transaction() as session:
            found = await session.scalars(asked.values(status=DUE).returning(DeadDelivery.id))
            return len(found.all())

    async def due_again(self) -> Mapping[str, Sequence[tuple[DeadDelivery, FeedEvent]]]:
        """By subscription: what is to be tried once more."""
        async with self._database.reading() as session:
            ids = (
                await session.scalars(select(DeadDelivery.webhook_id).filter_by(status=DUE).distinct())
            ).all()
        return {webhook_id: await self.dead(webhook_id, DUE) for webhook_id in ids}

    async def tried_again(self, dead: DeadDelivery, outcome: Outcome, at: datetime) -> None:
        """Marks what came of one more try."""
        taken = outcome.verdict is Verdict.TAKEN
        async with self._database.transaction() as session:
            await session.execute(
                update(DeadDelivery)
                .filter_by(id=dead.id, status=DUE)
                .values(
                    status=DELIVERED if taken else DEAD,
                    tries=DeadDelivery.tries + 1,
                    last_answer=outcome.answer,
                    died_at=at,
                )
            )

    async def figures(self) -> dict[str, int]:
        """How it stands, in numbers: subscriptions, those that fail or are paused, dead deliveries."""
        async with self._database.reading() as session:
            return {
                "webhooks": await _count(session, Webhook.status == ACTIVE),
                "webhooks_failing": await _count(
                    session, (Webhook.status == ACTIVE) & Webhook.failing_since.is_not(None)
                ),
                "webhooks_paused": await _count(session, Webhook.status == PAUSED),
                "webhooks_dead": await _count(session, DeadDelivery.status == DEAD),
            }


async def seal_what_is_open(database: Database, seal: Seal) -> int:
    """Seals secrets that were kept as they are, from before there was a seal; how many."""
    async with database.transaction() as session:
        rows = (await session.scalars(select(Webhook).with_for_update())).all()
        sealed = 0
        for row in rows:
            for name in ("secret", "former_secret"):
                kept = getattr(row, name)
                if kept is not None and not is_sealed(kept):
                    setattr(row, name, seal.seal(row.id, kept))
                    sealed += 1
        return sealed


_FRESH: dict[str, Any] = {"tries": 0, "next_at": None, "failing_since": None}


def _of(webhook_id: str, owner: Owner | None) -> Any:
    question = select(Webhook).filter_by(id=webhook_id)
    return question if owner is None else question.filter_by(**owner.key)


def _conditions(webhook: Webhook) -> list[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = []
    if webhook.events:
        wanted.append(FeedEvent.event.in_(webhook.events))
    if webhook.application_ref is not None:
        wanted.append(FeedEvent.application_ref == webhook.application_ref)
    return wanted


async def _count(session: AsyncSession, condition: ColumnElement[bool]) -> int:
    return await session.scalar(select(func.count()).where(condition)) or 0


def _dead(webhook: Webhook, event: FeedEvent, tries: int, answer: str, at: datetime) -> dict[str, Any]:
    return {
        "webhook_id": webhook.id,
        "sequence": event.sequence,
        "tries": tries,
        "last_answer": answer,
        "died_at": at,
        "status": DEAD,
    }


def _paused(webhook: Webhook, since: datetime, at: datetime, answer: str) -> list[dict[str, Any]]:
    """Tells the operator and the organisation of the subscription that it is paused."""
    zh = (
        f"推送订阅 {webhook.id}（方案 {webhook.plan_id}）连续投递失败（最近应答：{answer}），已暂停。\n"
        "事件未丢失。排除故障后请恢复订阅（zhicheng webhook resume），将从中断处继续。"
    )
    en = (
        f"The webhook {webhook.id} (plan {webhook.plan_id}) failed all the time (last answer: {answer}) and "
        "is paused.\nNo event is lost. Mend the receiver and resume it (zhicheng webhook resume): it goes on "
        "where it stopped."
    )
    told = ((OPERATOR, "operator"), (webhook.organisation, webhook.role))
    return [
        {
            "at": at,
            "recipient": recipient,
            "to_role": role,
            "template": "webhook_paused",
            "subject_zh": f"【职称评审】推送订阅已暂停（{webhook.id}）",
            "text_zh": zh,
            "text_en": en,
            "status": "pending",
            "dedupe_key": hashlib.sha256(
                f"webhook_paused/{webhook.id}/{since.isoformat()}/{recipient}".encode()
            ).hexdigest(),
        }
        for recipient, role in told
    ]
