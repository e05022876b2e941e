"""A committee's year of a test: its workflow on the real server, with applications that live beside it."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from temporalio.client import WorkflowHandle, WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError

from models.audit import Fact
from models.cycle_state import CycleReceipt, cycle_id
from models.cycle_views import CycleView, StatisticsView
from models.refusal import Refusal
from models.state import RefusedSignal
from tests.support import eventually, unique
from tests.workflows.cycle import Cycle, Life, RefusedUpdateError, moment
from workers.rehearsal.cast import CITY_OFFICE, OFFICE, PLACES, Json

PLAN_ID = "tianjin-quality-2023"


def office(person: str = "office-chief") -> Json:
    """The committee office."""
    return {"id": person, "role": "office", "organisation": OFFICE}


def city(person: str = "city-chief") -> Json:
    """The city title office."""
    return {"id": person, "role": "city_office", "organisation": CITY_OFFICE}


def command(kind: str, actor: Json, **body: Any) -> Json:
    """A command with an id of its own."""
    return {"kind": kind, "actor": actor, "command_id": unique(kind), **body}


def posted(at: str) -> list[Json]:
    """Both places at that moment."""
    return [{"place": place, "posted_at": moment(at).isoformat()} for place in PLACES]


@dataclass
class Year:
    """One cycle under test, and the applications in it."""

    cycle: Cycle
    handle: WorkflowHandle[Any, Any]
    business_start: datetime
    skipped: timedelta = timedelta(0)
    started: float = field(default_factory=time.monotonic)

    @property
    def now(self) -> datetime:
        """Business time, about."""
        return self.business_start + self.skipped + timedelta(seconds=time.monotonic() - self.started)

    async def at(self, text: str, *lives: Life) -> None:
        """Lets the time of the cycle, and of these applications, pass until then."""
        await asyncio.gather(*(life.at(text) for life in lives if life.now < moment(text)))
        ahead = moment(text) - self.now
        assert ahead > timedelta(0), f"{text} is past: it is {self.now:%Y-%m-%d %H:%M}"
        await self.cycle.environment.fast_forward(self.handle, ahead)
        self.skipped += ahead

    async def send(self, body: Json) -> CycleReceipt:
        """The command as an update; the receipt, or `RefusedUpdateError`."""
        answer = await self.try_send(body)
        if isinstance(answer, Refusal):
            raise RefusedUpdateError(answer.sentence())
        return answer

    async def try_send(self, body: Json, name: str | None = None) -> CycleReceipt | Refusal:
        """The command as an update: the receipt or the refusal."""
        try:
            return await self.handle.execute_update(name or body["kind"], body, result_type=CycleReceipt)
        except WorkflowUpdateFailedError as error:
            cause = error.cause
            assert isinstance(cause, ApplicationError), cause
            assert cause.type == "Refused", cause
            return Refusal.model_validate(cause.details[0])

    async def refused(self, body: Json, name: str | None = None) -> tuple[str, str | None]:
        """Code and field of the refusal that the command gets."""
        answer = await self.try_send(body, name)
        assert isinstance(answer, Refusal), answer
        assert answer.rule.zh
        assert answer.remedy.en
        return answer.code.value, answer.field

    async def state(self) -> CycleView:
        """Where the year stands."""
        return await self.handle.query("state", result_type=CycleView)

    async def statistics(self) -> StatisticsView:
        """The numbers of the last look."""
        return await self.handle.query("statistics", result_type=StatisticsView)

    async def history(self) -> list[Fact]:
        """The audit chain."""
        return await self.handle.query("history", result_type=list[Fact])

    async def refused_signals(self) -> list[RefusedSignal]:
        """The refused signals."""
        return await self.handle.query("refused", result_type=list[RefusedSignal])

    async def order(self, order_id: str | None) -> dict[str, int]:
        """The counts of an order, once it is done."""

        async def finished() -> dict[str, int]:
            found = {order.order_id: order for order in (await self.state()).orders}
            assert order_id in found, found
            assert found[order_id].status == "done", found[order_id]
            return found[order_id].counts

        return await eventually(finished, timeout=30)


async def begin(cycle: Cycle, opening: str, plan_id: str = PLAN_ID) -> Year:
    """A fresh cycle at that business moment."""
    start = moment(opening)
    clock = {"real_start": datetime.now(UTC).isoformat(), "business_start": start.isoformat()}
    handle = await cycle.environment.client.start_workflow(
        "ReviewCycleWorkflow",
        {"plan_id": plan_id, "clock": clock},
        id=cycle_id(plan_id),
        task_queue=cycle.queue,
        task_timeout=timedelta(seconds=2),
    )
    return Year(cycle, handle, start)
