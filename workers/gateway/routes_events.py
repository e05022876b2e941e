"""What happens, as a feed that can be read from any place on, and as server-sent events."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.responses import StreamingResponse
from sqlalchemy import ColumnElement
from starlette.types import Receive, Scope, Send

from activities.feed import Feed
from activities.visibility import heard_by
from models.feed import Event, Subject, event_of
from models.roles import Reference
from models.tables import FeedEvent
from models.wire import Wire
from workers.gateway.caller import Caller
from workers.gateway.context import Context, context_of
from workers.gateway.offices import offices_of_plan
from workers.gateway.paths import OF_CALLER, PlanId, problems
from workers.gateway.tokens import caller_of

router = APIRouter(prefix="/v1", tags=["listening"])
Here = Annotated[Context, Depends(context_of)]
Who = Annotated[Caller, Depends(caller_of)]

LOOKS_EVERY, KEEP_ALIVE_EVERY, LONGEST = 0.5, 15.0, 900.0
"""Seconds between two looks at the feed, two signs of life, and until a stream ends and is opened again."""

PAGE = 200


class Events(Wire):
    """Some events in their order; go on with `after` = `last`, also when there is none."""

    items: tuple[Event, ...]
    last: int


class EventFilter(Wire):
    """Which events; `after` is `last` of the answer before, 0 for all from the beginning."""

    after: Annotated[int, Query(ge=0, le=2**62)] = 0
    limit: Annotated[int, Query(ge=1, le=1000)] = PAGE
    application_ref: Reference | None = None
    event: Annotated[str, Query(pattern="^[a-z_]{1,60}$")] | None = None
    subject: Subject | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """The filter on the feed."""
        wanted = {
            FeedEvent.application_ref: self.application_ref,
            FeedEvent.event: self.event,
            FeedEvent.subject: self.subject,
        }
        return [column == value for column, value in wanted.items() if value is not None]


@router.get("/plans/{plan_id}/events", operation_id="events", responses=problems(*OF_CALLER, 404, 503))
async def events(here: Here, caller: Who, plan_id: PlanId, wanted: Annotated[EventFilter, Query()]) -> Events:
    """What happened after a number, as far as the caller may see it; without a gap."""
    visible = heard_by(caller.subject, caller.grants, await offices_of_plan(here, plan_id))
    feed = Feed(here.database)
    await feed.catch_up()
    return await _read(feed, plan_id, wanted.after, wanted.limit, visible, wanted)


async def _read(
    feed: Feed, plan_id: str, after: int, limit: int, visible: ColumnElement[bool], wanted: EventFilter
) -> Events:
    rows, last = await feed.after(after, limit, plan_id, visible, *wanted.conditions())
    return Events(items=tuple(event_of(row) for row in rows), last=last)


@router.get(
    "/plans/{plan_id}/events/stream",
    operation_id="event_stream",
    response_class=StreamingResponse,
    responses={
        200: {"content": {"text/event-stream": {}}, "description": "`id` is the sequence, `data` an Event."},
        **problems(*OF_CALLER, 404, 503),
    },
)
async def stream(
    request: Request,
    here: Here,
    caller: Who,
    plan_id: PlanId,
    wanted: Annotated[EventFilter, Query()],
    last_event_id: Annotated[str | None, Header(pattern=r"^\d{1,18}$")] = None,
) -> StreamingResponse:
    """The same as they happen; at most eight streams of one account.

    Ends after a quarter of an hour; `Last-Event-ID` goes on where it ended.
    """
    visible = heard_by(caller.subject, caller.grants, await offices_of_plan(here, plan_id))
    after = int(last_event_id) if last_event_id else wanted.after
    return _Listened(
        here.ears.listening(caller.subject), _told(request, here, plan_id, after, visible, wanted)
    )


class _Listened(StreamingResponse):
    """A stream that has its place from before its first byte to its end, however it ends."""

    def __init__(self, place: AbstractContextManager[None], words: AsyncIterator[str]) -> None:
        super().__init__(words, media_type="text/event-stream")
        self._place = place

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Raises the problems 429 and 503 where there is no place."""
        with self._place:
            await super().__call__(scope, receive, send)


async def _told(
    request: Request,
    here: Context,
    plan_id: str,
    after: int,
    visible: ColumnElement[bool],
    wanted: EventFilter,
) -> AsyncIterator[str]:
    feed, began, said = Feed(here.database), time.monotonic(), time.monotonic()
    yield ": begins\n\n"
    while not here.closing.is_set() and time.monotonic() - began < LONGEST:
        await here.ears.numbered(LOOKS_EVERY / 2)
        found = await _read(feed, plan_id, after, PAGE, visible, wanted)
        for event in found.items:
            yield f"id: {event.sequence}\nevent: {event.event}\ndata: {event.model_dump_json()}\n\n"
            said = time.monotonic()
        after = found.last
        if time.monotonic() - said > KEEP_ALIVE_EVERY:
            yield f": {after}\n\n"
            said = time.monotonic()
        if await request.is_disconnected():
            return
        if len(found.items) < PAGE:
            await _a_moment(here.closing)


async def _a_moment(closing: asyncio.Event) -> None:
    try:
        async with asyncio.timeout(LOOKS_EVERY):
            await closing.wait()
    except TimeoutError:
        return
