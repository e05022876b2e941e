"""Applications of a test: started on the 2023 plan, moved through virtual time, talked to from outside."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from temporalio.client import WorkflowHandle, WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode
from temporalio.testing import WorkflowEnvironment

from activities.database import Database
from models.application import ApplicationInput
from models.audit import Fact
from models.plan import ReviewPlan
from models.refusal import Refusal, RefusalCode
from models.state import ApplicationState, Receipt, RefusedSignal
from models.views import DeadlineView, StateView
from models.wire import SHANGHAI, Label
from tests.support import unique
from workers.rehearsal.cast import Cast, Json
from workflows.attributes import first_attributes

OPENING = "2023-09-18 09:00"


def moment(text: str) -> datetime:
    """A moment in Asia/Shanghai, written as `2023-09-25 09:00`."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


class RefusedUpdateError(AssertionError):
    """An update that a test expected to be accepted was refused."""


@dataclass
class Life:
    """One application under test."""

    environment: WorkflowEnvironment
    handle: WorkflowHandle[Any, Any]
    cast: Cast
    business_start: datetime
    skipped: timedelta = timedelta(0)
    started: float = field(default_factory=time.monotonic)

    @property
    def now(self) -> datetime:
        """Business time, about."""
        return self.business_start + self.skipped + timedelta(seconds=time.monotonic() - self.started)

    async def at(self, text: str) -> None:
        """Lets the application's time pass until then; timers fire on the way."""
        ahead = moment(text) - self.now
        assert ahead > timedelta(0), f"{text} is past: it is {self.now:%Y-%m-%d %H:%M}"
        await self.environment.fast_forward(self.handle, ahead)
        self.skipped += ahead

    async def send(self, body: Json, name: str | None = None) -> Receipt:
        """The command as an update; the receipt, or `RefusedUpdateError`."""
        answer = await self.try_send(body, name)
        if isinstance(answer, Refusal):
            raise RefusedUpdateError(answer.sentence())
        return answer

    async def try_send(self, body: Any, name: str | None = None) -> Receipt | Refusal:
        """The command as an update: the receipt or the refusal (also when the run closed meanwhile)."""
        kind = name or body["kind"]
        try:
            return await self.handle.execute_update(kind, body, result_type=Receipt)
        except WorkflowUpdateFailedError as error:
            cause = error.cause
            assert isinstance(cause, ApplicationError), cause
            assert cause.type == "Refused", cause
            return Refusal.model_validate(cause.details[0])
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
            label = Label(zh="该申报已终结。", en=f"The application has ended: {error.message}.")
            return Refusal(
                code=RefusalCode.CLOSED, rule=label, remedy=label, command=kind, command_id=body["command_id"]
            )

    async def signal(self, body: Any, name: str | None = None) -> None:
        """The command as a signal."""
        await self.handle.signal(name or body["kind"], body)

    async def state(self) -> StateView:
        """What the workflow says of itself."""
        return await self.handle.query("state", result_type=StateView)

    async def history(self) -> list[Fact]:
        """The audit chain."""
        return await self.handle.query("history", result_type=list[Fact])

    async def events(self) -> list[str]:
        """The names of the facts, in order."""
        return [fact.event for fact in await self.history()]

    async def deadlines(self) -> dict[str, DeadlineView]:
        """The deadlines by name."""
        views = await self.handle.query("deadlines", result_type=list[DeadlineView])
        return {view.name: view for view in views}

    async def refused(self) -> list[RefusedSignal]:
        """The refused signals."""
        return await self.handle.query("refused", result_type=list[RefusedSignal])


@dataclass
class Cycle:
    """Starts applications."""

    environment: WorkflowEnvironment
    queue: str
    database: Database
    task_timeout: timedelta | None = None

    async def start(self, opening: str = OPENING, **cast: Any) -> Life:
        """A fresh application at that business moment."""
        people = Cast(ref=unique("app"), **cast)
        start = moment(opening)
        clock = {"real_start": datetime.now(UTC).isoformat(), "business_start": start.isoformat()}
        body = people.start(clock=clock)
        given = ApplicationInput.model_validate(body)
        released = given.plan_id in ReviewPlan.known()
        terms = ReviewPlan.load(given.plan_id).terms() if released else None
        handle = await self.environment.client.start_workflow(
            "ApplicationWorkflow",
            body,
            id=given.workflow_id,
            task_queue=self.queue,
            task_timeout=self.task_timeout,
            search_attributes=first_attributes(ApplicationState(input=given, entered_at=start), terms),
        )
        return Life(self.environment, handle, people, start)
