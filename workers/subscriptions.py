"""Making a subscription and changing its secret, alike for every door: rules, id, random bytes."""

from __future__ import annotations

import hashlib
import os
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime

from activities.sealing import Seal
from activities.webhooks import MOST, Owner, TooManyWebhooksError, Webhooks
from models.feed import EVENTS
from models.refusal import RefusalCode, Refused, refuse
from models.tables import Webhook
from models.webhooks import CITATION, Network, checked_url, key_of, new_secret


async def subscribe(
    webhooks: Webhooks,
    owner: Owner,
    allowed: Sequence[Network],
    seal: Seal,
    *,
    url: str,
    created_by: str,
    events: Sequence[str] = (),
    application_ref: str | None = None,
    after: int | None = None,
    secret: str | None = None,
    key: str | None = None,
) -> tuple[Webhook, str | None]:
    """A new subscription with its secret, or the one made before under the same `key`, without it.

    `secret`: given by an operator; without one it is made here. Raises `Refused` and `UnknownPlanError`.
    """
    checked_url(url, allowed)
    wanted = sorted(set(events))
    if unknown := [name for name in wanted if name not in EVENTS]:
        raise _refused(
            "events",
            zh=f"没有事件 {'、'.join(unknown)}。",
            en=f"There is no event {', '.join(unknown)}.",
            fix_zh=f"可用：{'、'.join(sorted(EVENTS))}。",
            fix_en=f"Use some of: {', '.join(sorted(EVENTS))}.",
        )
    if secret is not None:
        try:
            key_of(secret)
        except ValueError as error:
            raise _refused(
                "secret",
                zh="密钥须为 whsec_ 加24至64个随机字节的 base64。",
                en=f"The secret {error}.",
                fix_zh="请更正，或不给出密钥由系统生成。",
                fix_en="Correct it, or give none: one is made.",
            ) from None
    webhook_id = _id_of(owner, key)
    known = await webhooks.get(webhook_id)
    if known is not None:
        if (known.url, known.events, known.application_ref) != (url, wanted or None, application_ref):
            raise refuse(
                RefusalCode.REUSED_COMMAND_ID,
                zh="同一 Idempotency-Key 已用于另一订阅。",
                en="The same Idempotency-Key was used for another subscription.",
                fix_zh="请换用新的 Idempotency-Key。",
                fix_en="Use a new Idempotency-Key.",
                field="Idempotency-Key",
                citation=CITATION,
            )
        return known, None
    made = secret or new_secret(os.urandom(32))
    kept = seal.seal(webhook_id, made)
    try:
        webhook = await webhooks.add(
            owner,
            webhook_id=webhook_id,
            url=url,
            secret=kept,
            events=wanted,
            application_ref=application_ref,
            after=after,
            created_by=created_by,
            at=datetime.now(UTC),
        )
    except TooManyWebhooksError:
        raise _refused(
            None,
            zh=f"同一方案中每一单位身份至多 {MOST} 个订阅。",
            en=f"A role of an organisation has at most {MOST} subscriptions in a plan.",
            fix_zh="请先删除不用的订阅。",
            fix_en="Remove one that is not used.",
        ) from None
    return webhook, made if webhook.secret == kept else None


async def rotate(webhooks: Webhooks, webhook_id: str, seal: Seal) -> str:
    """A new secret; the former one signs beside it for a day."""
    secret = new_secret(os.urandom(32))
    await webhooks.new_secret(webhook_id, seal.seal(webhook_id, secret), datetime.now(UTC))
    return secret


def _id_of(owner: Owner, key: str | None) -> str:
    if key is None:
        return f"wh-{uuid.uuid4().hex[:20]}"
    whole = f"{owner.plan_id}|{owner.role.value}|{owner.organisation}|{key}"
    return f"wh-{hashlib.sha256(whole.encode()).hexdigest()[:20]}"


def _refused(field: str | None, *, zh: str, en: str, fix_zh: str, fix_en: str) -> Refused:
    return refuse(
        RefusalCode.GUARD, zh=zh, en=en, fix_zh=fix_zh, fix_en=fix_en, field=field, citation=CITATION
    )
