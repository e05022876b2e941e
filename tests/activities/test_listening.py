"""Subscriptions, letters and the lease in the database: what is due, what came of it, who may work."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

from sqlalchemy import select, update

from activities.database import Database
from activities.lease import leave_lease, take_lease
from activities.letters import DEAD, MAIL, NO_CONTACT, WAITING, Letters, forget_contact, set_contact
from activities.webhooks import MOST, Outcome, Owner, TooManyWebhooksError, Webhooks
from models.feed import EVENTS
from models.roles import Role
from models.tables import FeedEvent, Notice, OperatorNotice, Webhook
from models.webhooks import MOST_TRIES, PAUSE_AFTER, Verdict
from tests.activities.recorded import Desk, told
from tests.activities.stories import STORIES
from tests.activities.test_hops import every
from tests.models.life import Cast, moment, submitted

PLAN = "tianjin-quality-2023"
NOW = moment("2023-10-20 09:00")
TAKEN, NO, AWAY = (
    Outcome(Verdict.TAKEN, "200"),
    Outcome(Verdict.REFUSED, "500"),
    Outcome(Verdict.AWAY, "timeout"),
)
HOLD = timedelta(seconds=60)


async def test_one_at_a_time_holds_a_lease_and_another_takes_over(database: Database) -> None:
    assert await take_lease(database, "work", "one", HOLD)
    assert await take_lease(database, "work", "one", HOLD), "renewed"
    assert not await take_lease(database, "work", "two", HOLD)
    assert await take_lease(database, "other work", "two", HOLD)
    await leave_lease(database, "work", "two")
    assert not await take_lease(database, "work", "two", HOLD), "only the holder gives it back"
    await leave_lease(database, "work", "one")
    assert await take_lease(database, "work", "two", -HOLD)
    assert await take_lease(database, "work", "one", HOLD), "the other one's has run out"


async def subscription(database: Database, **more: Any) -> Webhook:
    """A subscription of the employer of the usual cast, from the beginning of the feed."""
    given: dict[str, Any] = {
        "webhook_id": "wh-1",
        "url": "https://hr.example.cn/x",
        "secret": "whsec_x",
        "events": None,
        "application_ref": None,
        "after": 0,
        "created_by": "svc",
        "at": NOW,
    }
    owner = more.pop("owner", Owner(PLAN, Role.EMPLOYER, Cast("any").employer))
    return await Webhooks(database).add(owner, **(given | more))


async def test_of_many_at_once_no_more_are_added_than_there_may_be(database: Database) -> None:
    ids = [f"wh-{n}" for n in range(MOST + 5)]
    made = await asyncio.gather(
        *(subscription(database, webhook_id=one) for one in ids), return_exceptions=True
    )
    assert sum(isinstance(one, Webhook) for one in made) == MOST
    assert sum(isinstance(one, TooManyWebhooksError) for one in made) == 5
    again = next(one.id for one in made if isinstance(one, Webhook))
    assert (await subscription(database, webhook_id=again)).id == again, "the same again finds it"
    other = Owner(PLAN, Role.EMPLOYER, "another-unit")
    assert (await subscription(database, webhook_id="wh-other", owner=other)).id == "wh-other"


async def next_of(database: Database) -> tuple[Webhook, FeedEvent]:
    """The subscription as it stands, and what it is to get."""
    webhooks = Webhooks(database)
    webhook = await webhooks.get("wh-1")
    assert webhook is not None
    return webhook, (await webhooks.next_events(webhook))[0]


async def test_a_subscription_gets_its_events_in_order_and_only_its_own(database: Database) -> None:
    desk, webhooks = Desk(database), Webhooks(database)
    for ref in ("one", "two"):
        await desk.write_all(told(submitted, Cast(ref)))
    await subscription(database)
    stranger = await subscription(
        database, webhook_id="wh-2", owner=Owner(PLAN, Role.EMPLOYER, "another-unit")
    )
    only = await subscription(database, webhook_id="wh-3", events=["submit"], application_ref="two")
    assert await webhooks.next_events(stranger) == []
    (found,) = await webhooks.next_events(only)
    assert (found.event, found.application_ref) == ("submit", "two")
    seen = []
    for _ in range(4):
        webhook, event = await next_of(database)
        seen.append(event.sequence)
        assert await webhooks.delivered(webhook, event, TAKEN, NOW)
        assert not await webhooks.delivered(webhook, event, TAKEN, NOW), "another courier comes too late"
    assert seen == [1, 2, 3, 4]
    webhook = await webhooks.get("wh-1") or webhook
    assert await webhooks.next_events(webhook) == []
    assert webhook.delivered == 4
    await webhooks.replay("wh-1", 2)
    assert (await next_of(database))[1].sequence == 3


async def test_what_is_refused_again_and_again_is_laid_aside_and_tried_on_demand(database: Database) -> None:
    await Desk(database).write_all(told(submitted, Cast("one")))
    await subscription(database)
    webhooks, became = Webhooks(database), []
    for n in range(MOST_TRIES):
        webhook, event = await next_of(database)
        became.append(await webhooks.failed(webhook, event, NO, NOW, NOW + n * HOLD))
    assert became == ["again"] * (MOST_TRIES - 1) + ["dead"]
    webhook, event = await next_of(database)
    assert (event.sequence, webhook.tries, webhook.next_at) == (2, 0, None)
    ((letter, dead),) = await webhooks.dead("wh-1")
    assert (dead.sequence, letter.tries, letter.last_answer, letter.status) == (1, MOST_TRIES, "500", "dead")
    assert await webhooks.due_again() == {}
    for outcome, left in ((NO, 1), (TAKEN, 0)):
        assert await webhooks.retry("wh-1") == 1
        ((again, _),) = (await webhooks.due_again())["wh-1"]
        await webhooks.tried_again(again, outcome, NOW)
        assert len(await webhooks.dead("wh-1")) == left
    assert await webhooks.retry("wh-1") == 0


async def test_nobody_being_there_loses_nothing_and_ends_in_a_pause_that_is_told(database: Database) -> None:
    await Desk(database).write_all(told(submitted, Cast("one")))
    await subscription(database)
    webhooks = Webhooks(database)
    for n in range(2 * MOST_TRIES):
        webhook, event = await next_of(database)
        assert await webhooks.failed(webhook, event, AWAY, NOW + n * HOLD, NOW + HOLD) == "again"
    assert (await webhooks.ready(NOW))[0] == []
    assert len((await webhooks.ready(NOW + HOLD))[0]) == 1
    webhook, event = await next_of(database)
    assert event.sequence == 1
    assert await webhooks.failed(webhook, event, AWAY, NOW + PAUSE_AFTER, NOW) == "paused"
    assert (await webhooks.ready(NOW + 2 * PAUSE_AFTER))[0] == []
    told_to = {notice.recipient for notice in await every(database, OperatorNotice)}
    assert told_to == {"operator", Cast("any").employer}
    await webhooks.resume("wh-1")
    assert len((await webhooks.ready(NOW))[0]) == 1
    assert (await next_of(database))[1].sequence == 1


async def test_a_failure_after_a_quiet_day_is_no_reason_to_pause(database: Database) -> None:
    """One event was refused until it was laid aside; the next one came two days later."""
    await Desk(database).write_all(told(submitted, Cast("one")))
    await subscription(database)
    webhooks = Webhooks(database)
    for _ in range(MOST_TRIES):
        webhook, event = await next_of(database)
        await webhooks.failed(webhook, event, NO, NOW, NOW)
    webhook, event = await next_of(database)
    assert await webhooks.failed(webhook, event, AWAY, NOW + 2 * PAUSE_AFTER, NOW) == "again"


async def test_a_receiver_that_is_gone_is_paused_at_once(database: Database) -> None:
    await Desk(database).write_all(told(submitted, Cast("one")))
    await subscription(database)
    webhook, event = await next_of(database)
    assert await Webhooks(database).failed(webhook, event, Outcome(Verdict.GONE, "410"), NOW, NOW) == "paused"


async def test_what_others_may_see_is_passed_over_for_good(database: Database) -> None:
    """A subscription that is meant to get nothing of many events does not read them again and again."""
    await Desk(database).write_all(told(submitted, Cast("one")))
    await subscription(database, owner=Owner(PLAN, Role.EMPLOYER, "another-unit"))
    webhooks = Webhooks(database)
    async with database.transaction() as session:
        await session.execute(update(FeedEvent).where(FeedEvent.sequence == 2).values(sequence=5000))
    webhook = await webhooks.get("wh-1")
    assert webhook is not None
    assert await webhooks.next_events(webhook) == []
    assert (await webhooks.get("wh-1") or webhook).position == 5000


def test_every_event_of_a_life_can_be_subscribed_to() -> None:
    assert {fact.event for story in STORIES.values() for fact in story().state.history} <= EVENTS


async def test_a_notice_waits_for_a_contact_and_is_sent_once(database: Database) -> None:
    await Desk(database).write_all(told(submitted, Cast("one")))
    letters = Letters(database)
    due = await letters.due(NOW)
    assert due
    assert {parcel.channel for parcel in due} == {None}
    for parcel in due:
        await letters.held(parcel, NOW)
    assert await letters.due(NOW) == []
    assert {row.status for row in await letters.unsent()} == {NO_CONTACT}
    employer = Cast("one").employer
    await set_contact(database, employer, MAIL, "hr@unit.example.cn", NOW)
    (parcel,) = await letters.due(NOW)
    assert (parcel.recipient, parcel.address) == (employer, "hr@unit.example.cn")
    await letters.sent(parcel, NOW)
    assert await letters.due(NOW) == []
    (notice,) = await every(database, Notice, Notice.id, recipient=employer)
    assert (notice.status, notice.sent_at) == ("sent", NOW)
    assert await forget_contact(database, employer)
    assert not await forget_contact(database, employer)
    figures = await letters.figures()
    assert (figures["notices_sent"], figures["notices_pending"]) == (1, 0)


async def test_where_everybody_has_a_mailbox_nothing_is_held(database: Database) -> None:
    await Desk(database).write_all(told(submitted, Cast("one")))
    held = Letters(database)
    for parcel in await held.due(NOW):
        await held.held(parcel, NOW)
    found = await Letters(database, everybody=True).due(NOW)
    assert {(parcel.channel, parcel.address == parcel.recipient) for parcel in found} == {("mailbox", True)}


async def test_a_notice_that_nobody_takes_is_tried_again_dies_and_is_revived(database: Database) -> None:
    await Desk(database).write_all(told(submitted, Cast("one")))
    letters = Letters(database, everybody=True)
    first, second = (await letters.due(NOW))[:2]
    assert await letters.failed(first, "mail_refused_550", NOW, 0.0, away=False, final=True) == DEAD
    at = NOW
    for n in range(MOST_TRIES):
        (parcel,) = [one for one in await letters.due(at) if one.key == second.key]
        became = await letters.failed(parcel, "mail_refused_451", at, 0.0, away=False)
        assert became == (WAITING if n < MOST_TRIES - 1 else DEAD)
        assert second.key not in {one.key for one in await letters.due(at)}
        at += timedelta(hours=1)
    assert {row.reason for row in await letters.unsent(DEAD)} == {"mail_refused_550", "mail_refused_451"}
    assert await letters.retry(at, first.source, first.notice_id) == 1
    assert [one.key for one in await letters.due(at) if one.key in (first.key, second.key)] == [first.key]
    assert await letters.retry(at) == 1


async def test_nobody_being_there_lets_no_notice_die(database: Database) -> None:
    await Desk(database).write_all(told(submitted, Cast("one")))
    letters, at = Letters(database, everybody=True), NOW
    for _ in range(2 * MOST_TRIES):
        parcel = (await letters.due(at))[0]
        assert await letters.failed(parcel, "mail_server_away", at, 0.0, away=True) == WAITING
        at += timedelta(hours=1)


async def test_void_and_held_notices_are_never_sent(database: Database) -> None:
    await Desk(database).write_all(told(submitted, Cast("one")))
    letters = Letters(database, everybody=True)
    count = len(await letters.due(NOW))
    assert count > 1
    async with database.transaction() as session:
        first, second = (await session.scalars(select(Notice).order_by(Notice.id).limit(2))).all()
        first.status, second.status = "void", "held"
    assert len(await letters.due(NOW)) == count - 2
