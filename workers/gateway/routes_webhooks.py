"""Subscriptions to what happens: an organisation has it delivered, and looks after what was not delivered."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Header, Path, Response
from pydantic import Field

from activities.webhooks import Owner, Webhooks
from models.feed import Subject, event_of
from models.plan import UnknownPlanError
from models.roles import Actor, Reference
from models.tables import DeadDelivery, FeedEvent, Webhook
from models.webhooks import Verdict
from models.wire import SHANGHAI, Instant, Wire
from workers.courier.post import Post
from workers.courier.webhooks import message_id, send_test
from workers.gateway.context import Context, context_of
from workers.gateway.paths import OF_CALLER, PlanId, problems
from workers.gateway.problems import not_found, problem
from workers.gateway.tokens import actor_of
from workers.key_files import seal_of
from workers.subscriptions import rotate, subscribe

router = APIRouter(prefix="/v1", tags=["listening"])
Here = Annotated[Context, Depends(context_of)]
As = Annotated[Actor, Depends(actor_of)]
WebhookId = Annotated[
    str,
    Path(pattern="^wh-[0-9a-f]{20}$", description="The subscription.", examples=["wh-0f3a5c7e9b1d2f4a6c8e"]),
]
Sequence = Annotated[int, Field(ge=0, le=2**62)]
_ONE = problems(*OF_CALLER, 404, 503)
_WITH_BODY = problems(*OF_CALLER, 404, 415, 503)


class NewWebhook(Wire):
    """What is delivered, and where. `after`: from which sequence of the feed on; without it, what is new."""

    url: Annotated[str, Field(min_length=1, max_length=500, examples=["https://hr.example.cn/titles"])]
    events: tuple[Annotated[str, Field(pattern="^[a-z_]{1,60}$")], ...] = Field(
        default=(), max_length=100, description="Only these; all without."
    )
    application_ref: Reference | None = None
    after: Sequence | None = None


class WebhookAnswer(Wire):
    """A subscription. `position`: up to which sequence all is settled. `secret`: shown once."""

    id: str
    plan_id: str
    role: str
    organisation: str
    url: str
    events: tuple[str, ...]
    application_ref: str | None
    status: Literal["active", "paused"]
    position: int
    delivered: int
    tries: int
    next_at: Instant | None
    failing_since: Instant | None
    last_answer: str | None
    last_at: Instant | None
    created_at: Instant
    secret: str | None = None


class NewSecret(Wire):
    """The secret that signs from now on; the former one signs beside it until `former_until`."""

    secret: str
    former_until: Instant


class Replay(Wire):
    """Everything after this sequence is delivered again."""

    after: Sequence


class Retry(Wire):
    """Which dead delivery; all without."""

    sequence: Sequence | None = None


class Retried(Wire):
    """How many are tried once more."""

    due: int


class TestAnswer(Wire):
    """How the test delivery went: the status that the receiver answered, or in a word why there is none."""

    taken: bool
    answer: str


class Dead(Wire):
    """A delivery that was refused too often, or is due to be tried once more."""

    sequence: int
    webhook_message_id: str
    event: str
    subject: Subject
    subject_ref: str
    application_ref: str | None
    status: Literal["dead", "due"]
    tries: int
    last_answer: str
    died_at: Instant


@router.post(
    "/plans/{plan_id}/webhooks",
    operation_id="add_webhook",
    status_code=201,
    responses={
        200: {"model": WebhookAnswer, "description": "It was there already."},
        **problems(*OF_CALLER, 404, 409, 415, 503),
    },
)
async def add(
    response: Response,
    here: Here,
    actor: As,
    plan_id: PlanId,
    body: NewWebhook,
    idempotency_key: Annotated[str | None, Header(pattern=r"^[!-~]{1,100}$")] = None,
) -> WebhookAnswer:
    """Subscribes the caller's organisation to what it may see. The secret is shown in this answer only."""
    try:
        row, secret = await subscribe(
            Webhooks(here.database),
            _owner(plan_id, actor),
            here.settings.networks(),
            seal_of(here.settings),
            url=body.url,
            created_by=actor.id,
            events=body.events,
            application_ref=body.application_ref,
            after=body.after,
            key=idempotency_key,
        )
    except UnknownPlanError:
        raise not_found("方案", "plan") from None
    if secret is None:
        response.status_code = 200
    return _answer(row, secret)


@router.get("/plans/{plan_id}/webhooks", operation_id="list_webhooks", responses=problems(*OF_CALLER, 503))
async def many(here: Here, actor: As, plan_id: PlanId) -> list[WebhookAnswer]:
    """The subscriptions of the caller's organisation, and how each goes."""
    return [_answer(row) for row in await Webhooks(here.database).all(_owner(plan_id, actor))]


@router.get("/plans/{plan_id}/webhooks/{webhook_id}", operation_id="webhook_state", responses=_ONE)
async def one(here: Here, actor: As, plan_id: PlanId, webhook_id: WebhookId) -> WebhookAnswer:
    """How one subscription goes."""
    return _answer(await _mine(here, actor, plan_id, webhook_id))


@router.delete(
    "/plans/{plan_id}/webhooks/{webhook_id}", operation_id="remove_webhook", status_code=204, responses=_ONE
)
async def remove(here: Here, actor: As, plan_id: PlanId, webhook_id: WebhookId) -> None:
    """Ends the subscription."""
    await Webhooks(here.database).remove((await _mine(here, actor, plan_id, webhook_id)).id)


@router.post("/plans/{plan_id}/webhooks/{webhook_id}/test", operation_id="test_webhook", responses=_ONE)
async def test(here: Here, actor: As, plan_id: PlanId, webhook_id: WebhookId) -> TestAnswer:
    """Sends one signed delivery of the type `webhook.test` now, and says how it went."""
    row = await _mine(here, actor, plan_id, webhook_id)
    outcome = await send_test(Post(here.settings.networks()), row, seal_of(here.settings))
    return TestAnswer(taken=outcome.verdict is Verdict.TAKEN, answer=outcome.answer)


@router.post(
    "/plans/{plan_id}/webhooks/{webhook_id}/replay", operation_id="replay_webhook", responses=_WITH_BODY
)
async def replay(
    here: Here, actor: As, plan_id: PlanId, webhook_id: WebhookId, body: Replay
) -> WebhookAnswer:
    """Delivers everything after a sequence again, in order, under the same `webhook-id`s."""
    row = await _mine(here, actor, plan_id, webhook_id)
    await Webhooks(here.database).replay(row.id, body.after)
    return _answer(await _mine(here, actor, plan_id, webhook_id))


@router.post("/plans/{plan_id}/webhooks/{webhook_id}/pause", operation_id="pause_webhook", responses=_ONE)
async def pause(here: Here, actor: As, plan_id: PlanId, webhook_id: WebhookId) -> WebhookAnswer:
    """Delivers nothing until it is resumed; nothing is lost."""
    await Webhooks(here.database).pause((await _mine(here, actor, plan_id, webhook_id)).id)
    return _answer(await _mine(here, actor, plan_id, webhook_id))


@router.post("/plans/{plan_id}/webhooks/{webhook_id}/resume", operation_id="resume_webhook", responses=_ONE)
async def resume(here: Here, actor: As, plan_id: PlanId, webhook_id: WebhookId) -> WebhookAnswer:
    """Goes on where it stopped, at once."""
    await Webhooks(here.database).resume((await _mine(here, actor, plan_id, webhook_id)).id)
    return _answer(await _mine(here, actor, plan_id, webhook_id))


@router.post(
    "/plans/{plan_id}/webhooks/{webhook_id}/secret", operation_id="rotate_webhook_secret", responses=_ONE
)
async def secret(here: Here, actor: As, plan_id: PlanId, webhook_id: WebhookId) -> NewSecret:
    """Makes a new secret, shown once; for a day deliveries are signed with both."""
    row = await _mine(here, actor, plan_id, webhook_id)
    made = await rotate(Webhooks(here.database), row.id, seal_of(here.settings))
    changed = await _mine(here, actor, plan_id, webhook_id)
    assert changed.former_until is not None
    return NewSecret(secret=made, former_until=changed.former_until.astimezone(SHANGHAI))


@router.get("/plans/{plan_id}/webhooks/{webhook_id}/dead", operation_id="dead_deliveries", responses=_ONE)
async def dead(here: Here, actor: As, plan_id: PlanId, webhook_id: WebhookId) -> list[Dead]:
    """What was refused too often and laid aside, so that it does not hold up what came after it."""
    row = await _mine(here, actor, plan_id, webhook_id)
    return [_dead(*found) for found in await Webhooks(here.database).dead(row.id)]


@router.post(
    "/plans/{plan_id}/webhooks/{webhook_id}/dead/retry",
    operation_id="retry_dead_deliveries",
    responses=_WITH_BODY,
)
async def retry(here: Here, actor: As, plan_id: PlanId, webhook_id: WebhookId, body: Retry) -> Retried:
    """Tries dead deliveries once more, each under its own `webhook-id`."""
    row = await _mine(here, actor, plan_id, webhook_id)
    return Retried(due=await Webhooks(here.database).retry(row.id, body.sequence))


def _owner(plan_id: str, actor: Actor) -> Owner:
    if actor.organisation is None:
        raise problem(
            403,
            "wrong_role",
            zh="订阅只能由单位身份建立。",
            en="Only an organisation subscribes.",
            fix_zh="请以单位身份（Zhicheng-Role）办理。",
            fix_en="Act in a role that is held for an organisation (Zhicheng-Role).",
        )
    return Owner(plan_id, actor.role, actor.organisation)


async def _mine(here: Context, actor: Actor, plan_id: str, webhook_id: str) -> Webhook:
    row = await Webhooks(here.database).get(webhook_id, _owner(plan_id, actor))
    if row is None:
        raise not_found("订阅", "webhook")
    return row


def _answer(row: Webhook, secret: str | None = None) -> WebhookAnswer:
    names = set(WebhookAnswer.model_fields) - {"secret", "events"}
    moments = {name for name in names if name.endswith("_at") or name == "failing_since"}
    told = {name: getattr(row, name) for name in names}
    for name in moments:
        told[name] = told[name].astimezone(SHANGHAI) if told[name] is not None else None
    return WebhookAnswer(**told, events=tuple(row.events or ()), secret=secret)


def _dead(letter: DeadDelivery, event: FeedEvent) -> Dead:
    return Dead(
        sequence=event.sequence,
        webhook_message_id=message_id(letter.webhook_id, event.sequence),
        event=event.event,
        subject=event_of(event).subject,
        subject_ref=event.subject_ref,
        application_ref=event.application_ref,
        status="due" if letter.status == "due" else "dead",
        tries=letter.tries,
        last_answer=letter.last_answer,
        died_at=letter.died_at.astimezone(SHANGHAI),
    )
