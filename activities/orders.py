"""One command for many applications: sent once each, at a bounded rate, and taken up again where it stopped.

Every application gets the command under an id made of the order and its reference, so that sending again
gives the same receipt. The cursor and the counts travel in the heartbeat; those that did not carry the
command out are listed in `order_refusals`. Nothing that is kept or returned grows with their number.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import delete, select
from temporalio import activity
from temporalio.client import Client

from activities.database import Database
from activities.pace import Pace
from activities.selecting import conditions
from activities.sending import Sent, send_or_silence
from activities.writing import write_over
from models.commands import COMMAND_ID
from models.cycle_messages import Order, OrderDone
from models.refusal import RefusalCode
from models.selection import Selection
from models.tables import Application, OrderRefusal
from models.wire import Compact

PAGE = 200
"""References read from the database at once."""

AT_ONCE = 10
"""Commands under way at the same moment."""

PATIENT_ATTEMPTS = 5
"""Attempts of the activity in which nobody answered, before one that stays silent is listed as such."""

Body = dict[str, Any]
Pages = Callable[[str | None], AsyncIterator[Sequence[str]]]
"""Pages of references in ascending order, those after the given one; None: from the first one on."""


class Progress(Compact):
    """How far an order has come: everyone up to `after` is done, and what came of them."""

    after: str | None = None
    chosen: int = 0
    accepted: int = 0
    refused: int = 0
    ended: int = 0


def command_id_of(order_id: str, application_ref: str) -> str:
    """The command's id for one application: `{order_id}:{ref}`; with a digest where that is no command id."""
    whole = f"{order_id}:{application_ref}"
    if COMMAND_ID.fullmatch(whole):
        return whole
    return f"{order_id[:60]}:{sha256(whole.encode()).hexdigest()[:32]}"


def last_progress() -> Progress:
    """Where an earlier attempt of this activity stopped; the beginning, when there was none."""
    details = activity.info().heartbeat_details
    return Progress.model_validate(details[0]) if details else Progress()


async def in_pages(refs: Sequence[str], after: str | None) -> AsyncIterator[Sequence[str]]:
    """Pages of a list that is at hand: `lambda after: in_pages(refs, after)` is a `Pages`."""
    rest = sorted(ref for ref in dict.fromkeys(refs) if after is None or ref > after)
    for start in range(0, len(rest), PAGE):
        yield rest[start : start + PAGE]


async def send_to_all(
    client: Client,
    database: Database,
    plan_id: str,
    pages: Pages,
    body_for: Callable[[str], Body],
    order_id: str,
    *,
    at: datetime,
    per_second: float = 50,
    progress: Progress | None = None,
    report: Callable[[Progress], None] = activity.heartbeat,
) -> Progress:
    """Sends `body_for(ref)` to each application of `pages`, and gives the counts.

    Call it inside an activity with a heartbeat timeout of a minute: `progress` is where to go on (by default
    what the heartbeat of the last attempt says), `report` is told after each answer. `at` is business time,
    for the list of refusals. Raises what Temporal should try again: the server or every worker is away.
    """
    order = _Order(client, database, plan_id, body_for, order_id, at)
    pace = Pace(per_second)
    state = progress if progress is not None else last_progress()
    under_way: deque[asyncio.Task[_Answer]] = deque()
    answered, silent = False, 0
    try:
        async for page in pages(state.after):
            await order.look_at(page)
            for ref in page:
                await pace.wait()
                under_way.append(asyncio.create_task(order.send(ref)))
                if len(under_way) < AT_ONCE:
                    continue
                answer = await under_way.popleft()
                state, answered, silent = await order.settle(state, answer, answered, silent, report)
        while under_way:
            answer = await under_way.popleft()
            state, answered, silent = await order.settle(state, answer, answered, silent, report)
    finally:
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)
    return state


class _Answer(Compact):
    """What came of one command; `sent` is None when there was no answer."""

    application_ref: str
    sent: Sent | None = None
    problem: str = ""


class _Order:
    """The sending of one order; what went wrong is listed, and struck off when a later try succeeds."""

    def __init__(
        self,
        client: Client,
        database: Database,
        plan_id: str,
        body_for: Callable[[str], Body],
        order_id: str,
        at: datetime,
    ) -> None:
        self._client = client
        self._database = database
        self._plan_id = plan_id
        self._body_for = body_for
        self._order_id = order_id
        self._at = at
        self._listed: set[str] = set()

    async def look_at(self, page: Sequence[str]) -> None:
        """Which of this page an earlier attempt has listed as refused."""
        if not page:
            return
        mine = select(OrderRefusal.application_ref).filter_by(order_id=self._order_id)
        async with self._database.reading() as session:
            self._listed.update(await session.scalars(mine.where(OrderRefusal.application_ref.in_(page))))

    async def send(self, ref: str) -> _Answer:
        """One command to one application; silence is an answer too, after a few tries."""
        body = {**self._body_for(ref), "command_id": command_id_of(self._order_id, ref)}
        answer = await send_or_silence(self._client, self._plan_id, ref, body)
        if isinstance(answer, Sent):
            return _Answer(application_ref=ref, sent=answer)
        return _Answer(application_ref=ref, problem=answer)

    async def settle(
        self,
        state: Progress,
        answer: _Answer,
        answered: bool,
        silent: int,
        report: Callable[[Progress], None],
    ) -> tuple[Progress, bool, int]:
        """Takes one answer into the counts, lists a refusal, and reports how far the order has come.

        The cursor passes a silent application only for good: while nobody at all answers, the whole attempt
        is given up and repeated by Temporal.
        """
        ref, sent = answer.application_ref, answer.sent
        if sent is None:
            silent += 1
            if not answered and (silent >= AT_ONCE or activity.info().attempt < PATIENT_ATTEMPTS):
                raise TimeoutError(f"{ref} does not answer: {answer.problem}")
        else:
            answered, silent = True, 0
        outcome = await self._note(ref, sent)
        counts = {"chosen": state.chosen + 1, outcome: getattr(state, outcome) + 1}
        state = state.model_copy(update={"after": ref, **counts})
        if answered:
            report(state)
        return state, answered, silent

    async def _note(self, ref: str, sent: Sent | None) -> str:
        if sent is not None and sent.accepted:
            if ref in self._listed:
                mine = {"order_id": self._order_id, "application_ref": ref}
                async with self._database.transaction() as session:
                    await session.execute(delete(OrderRefusal).filter_by(**mine))
            return "accepted"
        code, reason = _why(sent)
        row = {
            "order_id": self._order_id,
            "application_ref": ref,
            "plan_id": self._plan_id,
            "code": code,
            "reason": reason,
            "at": self._at,
        }
        async with self._database.transaction() as session:
            await write_over(session, OrderRefusal, row, ("order_id", "application_ref"))
        return "ended" if code in ("closed", RefusalCode.CLOSED.value) else "refused"


def _why(sent: Sent | None) -> tuple[str, str]:
    if sent is None:
        return "no_answer", "no worker answered for it; send the order again"
    code = sent.refusal.code.value if sent.refusal is not None else sent.outcome
    return code, sent.reason or sent.outcome


def chosen_by(database: Database, plan_id: str, selection: Selection) -> Pages:
    """The open applications of a plan that fit the selection, in pages by reference."""
    query = select(Application.application_ref).where(
        Application.plan_id == plan_id, Application.status != "ended", *conditions(selection)
    )

    async def pages(after: str | None) -> AsyncIterator[Sequence[str]]:
        while True:
            rest = query if after is None else query.where(Application.application_ref > after)
            async with database.reading() as session:
                page = (await session.scalars(rest.order_by(Application.application_ref).limit(PAGE))).all()
            if page:
                yield page
            if len(page) < PAGE:
                return
            after = page[-1]

    return pages


class Orders:
    """Carries out the orders of a cycle."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @activity.defn(name="carry_out")
    async def carry_out(self, order: Order) -> OrderDone:
        """Sends the order's body to every open application that it selects."""
        done = await send_to_all(
            activity.client(),
            self._database,
            order.plan_id,
            chosen_by(self._database, order.plan_id, order.selection),
            lambda _ref: order.body,
            order.order_id,
            at=order.at,
            per_second=order.per_second,
        )
        return OrderDone(chosen=done.chosen, accepted=done.accepted, refused=done.refused, ended=done.ended)
