"""Delivers events to subscriptions: each in its order, one after the other, all subscriptions at once."""

from __future__ import annotations

import asyncio
import random
import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import structlog

from activities.database import Database
from activities.sealing import Seal, SealedError
from activities.webhooks import ACTIVE, Outcome, Webhooks
from models.feed import event_of
from models.tables import DeadDelivery, FeedEvent, Webhook
from models.webhooks import Verdict, wait_after
from workers.courier.post import Line, Post, body_of

_log = structlog.stdlib.get_logger("courier")

IN_A_ROW = 200
"""Events for one subscription before it makes room."""

AT_ONCE = 32
"""Subscriptions that are served at the same time."""

TEST = "webhook.test"


def message_id(webhook_id: str, sequence: int) -> str:
    """The id of a delivery: the same in every try, and in a replay."""
    return f"{webhook_id}_{sequence}"


def secrets_of(webhook: Webhook, at: datetime, seal: Seal) -> list[str]:
    """The secrets that sign at `at`: the present one, and for a day the former one. Raises `SealedError`."""
    kept, former = [webhook.secret], webhook.former_secret
    if former is not None and webhook.former_until is not None and webhook.former_until > at:
        kept.append(former)
    return [seal.open(webhook.id, one) for one in kept]


UNSEALABLE = Outcome(Verdict.AWAY, "secret_sealed_by_other_key")
"""Nothing is sent unsigned: the operator gives the key back (`ZHICHENG_WEBHOOK_KEY`) or makes new secrets."""


def body_of_event(event: FeedEvent) -> bytes:
    """`application.submit`, `cycle.publish_list`, `meeting.draw`, `batch.batch_done`; `data` is the event.

    What was taken back is `application.retracted`.
    """
    kind = event.event if event.kind == "fact" else event.kind
    return body_of(f"{event.subject}.{kind}", event_of(event).at, event_of(event).model_dump(mode="json"))


async def send_test(post: Post, webhook: Webhook, seal: Seal) -> Outcome:
    """Sends a signed delivery that tells nothing; no mark is made."""
    now = datetime.now(UTC)
    body = body_of(TEST, now, {"webhook": webhook.id, "plan_id": webhook.plan_id})
    try:
        secrets = secrets_of(webhook, now, seal)
    except SealedError:
        return UNSEALABLE
    return await post.send_once(webhook.url, secrets, f"{webhook.id}_test_{uuid.uuid4().hex[:12]}", body)


class WebhookSender:
    """The deliveries of one courier. `goes_on`: whether it still is the one that works."""

    def __init__(self, database: Database, post: Post, seal: Seal, goes_on: Callable[[], bool]) -> None:
        self._webhooks, self._post, self._seal, self._goes_on = Webhooks(database), post, seal, goes_on
        self._running: dict[str, asyncio.Task[None]] = {}
        self._nothing_for: dict[str, tuple[int, int]] = {}
        self.delivered = 0

    async def round(self) -> None:
        """Begins to serve every subscription that has something and is not being served; does not wait."""
        self._running = {name: task for name, task in self._running.items() if not task.done()}
        ready, head = await self._webhooks.ready(datetime.now(UTC))
        again = await self._webhooks.due_again()
        for webhook in ready:
            dead = again.get(webhook.id, ())
            nothing_new = self._nothing_for.get(webhook.id) == (webhook.position, head) and not dead
            if nothing_new or webhook.id in self._running or len(self._running) >= AT_ONCE:
                continue
            self._running[webhook.id] = asyncio.create_task(self._guarded(webhook, head, dead))

    async def end(self) -> None:
        """Waits for what is being delivered."""
        await asyncio.gather(*self._running.values())

    async def _guarded(
        self, webhook: Webhook, head: int, dead: Sequence[tuple[DeadDelivery, FeedEvent]]
    ) -> None:
        try:
            async with self._post.line(webhook.url) as line:
                await self._once_more(webhook, dead, line)
                await self._serve(webhook, head, line)
        except Exception:
            _log.exception("serving a webhook failed", webhook=webhook.id)

    async def _once_more(
        self, webhook: Webhook, dead: Sequence[tuple[DeadDelivery, FeedEvent]], line: Line
    ) -> None:
        for letter, event in dead:
            if not self._goes_on():
                return
            outcome = await self._deliver(webhook, event, line)
            await self._webhooks.tried_again(letter, outcome, datetime.now(UTC))

    async def _serve(self, first: Webhook, head: int, line: Line) -> None:
        webhook: Webhook | None = first
        events = await self._webhooks.next_events(first, IN_A_ROW)
        if not events:
            self._nothing_for[first.id] = (first.position, head)
        for event in events:
            if webhook is None or webhook.status != ACTIVE or not self._goes_on():
                return
            outcome = await self._deliver(webhook, event, line)
            now = datetime.now(UTC)
            if outcome.verdict is not Verdict.TAKEN:
                wait = max(wait_after(webhook.tries + 1, random.random()), outcome.wait)
                became = await self._webhooks.failed(webhook, event, outcome, now, now + wait)
                _log.warning(
                    "webhook failed",
                    webhook=webhook.id,
                    sequence=event.sequence,
                    answer=outcome.answer,
                    became=became,
                    seconds=round(wait.total_seconds(), 1),
                )
                return
            webhook = await self._webhooks.delivered(webhook, event, outcome, now)

    async def _deliver(self, webhook: Webhook, event: FeedEvent, line: Line) -> Outcome:
        try:
            secrets = secrets_of(webhook, datetime.now(UTC), self._seal)
        except SealedError:
            return UNSEALABLE
        outcome = await line.send(secrets, message_id(webhook.id, event.sequence), body_of_event(event))
        self.delivered += outcome.verdict is Verdict.TAKEN
        return outcome
