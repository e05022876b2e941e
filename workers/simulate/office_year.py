"""The cycle beside the applications: opened, steps recorded, lists published, reports filed, closed.

The office sends commands to the plan's `ReviewCycleWorkflow`; its clock is moved in step with the simulated
time, so that its daily look happens on every day. Unless the whole year is wanted the workflow begins with
the first list, and what was done before is recorded then, with its days: its looks would take longer than a
few applications.
"""

from __future__ import annotations

import itertools
from datetime import date, datetime, timedelta
from typing import Any

from models.cycle_state import CycleReceipt, cycle_id
from models.plan import ReviewPlan
from models.refusal import Refusal
from models.roles import Role
from models.wire import end_of, local_day, start_of
from workers.rehearsal.cast import Json
from workers.simulate.clocked import Clocked, StuckError
from workers.simulate.ground import Ground
from workers.simulate.mind import World
from workers.simulate.season import LIST_AT, Sitting

MORNING = timedelta(hours=9)


class OfficeYear:
    """The office of one cycle. `told` is what it did, in days and numbers.

    `all_year`: its workflow runs from the filing of the plan on, not only from the first list.
    """

    def __init__(self, plan: ReviewPlan, world: World, ground: Ground, *, all_year: bool) -> None:
        self._plan, self._world, self._ground = plan, world, ground
        self._all_year = all_year
        self._workflow: Clocked | None = None
        self._ids = itertools.count(1)
        self.told: dict[str, str] = {}

    @property
    def _filed_on(self) -> date:
        return self._world.calendar.working_day_before(self._plan.dates.filed_by.last_day.value, 3)

    async def begin(self) -> None:
        """The cycle is set up on the day on which the plan is filed, if it is to run all year."""
        if self._all_year:
            await self._begin(start_of(self._filed_on) + MORNING)

    async def _begun(self, at: datetime) -> Clocked:
        """The workflow at that moment; what was done until then is recorded."""
        if self._workflow is None:
            await self._begin(at - timedelta(minutes=30))
        assert self._workflow is not None
        await self._workflow.go(at)
        return self._workflow

    async def _begin(self, at: datetime) -> None:
        self._workflow = await Clocked.start(
            self._ground, "ReviewCycleWorkflow", {"plan_id": self._plan.id}, cycle_id(self._plan.id), at
        )
        published = self._world.calendar.working_day_before(self._plan.dates.published_by.last_day.value, 1)
        await self._record("plan_filed", self._filed_on, document_no="模拟备案〔1〕号")
        await self._record("plan_published", published)

    async def _record(self, step: str, on: date, **more: Any) -> None:
        assert self._workflow is not None
        await self._workflow.go(start_of(on) + MORNING + timedelta(minutes=5))
        await self._must("record_step", step=step, on=on.isoformat(), **more)
        self.told[step] = on.isoformat()

    async def go(self, at: datetime) -> None:
        """Lets the cycle's time pass, if it has begun."""
        if self._workflow is not None:
            await self._workflow.go(at)

    async def publish(self, sitting: Sitting) -> int:
        """Publishes the list of a meeting: how many stand on it. Raises `StuckError` when it is refused."""
        at = start_of(sitting.list_on) + LIST_AT
        await self._begun(at)
        posted_at = (at - timedelta(hours=1)).isoformat()
        places = self._plan.publicity.places.value
        receipt = await self._must(
            "publish_list",
            postings=[{"place": place, "posted_at": posted_at} for place in places],
            meeting_refs=[sitting.ref],
        )
        self.told[f"list of {sitting.ref}"] = sitting.list_on.isoformat()
        return receipt.counts.get("entries", 0)

    async def report(self, sitting: Sitting, at: datetime) -> bool:
        """Files the report on a meeting; False while the cycle does not take it yet."""
        await self.go(at)
        answer = await self._send("file_report", report_ref=f"模拟报〔{sitting.number}〕号")
        if isinstance(answer, Refusal):
            return False
        self.told[f"report on {sitting.ref}"] = local_day(at).isoformat()
        return True

    async def close(self, day: date) -> None:
        """Closes the cycle after the last day; open cases stay listed as pending."""
        await self._begun(end_of(day) + MORNING)
        answer = await self._send("close", with_open_cases=True, text="模拟结束")
        if isinstance(answer, Refusal):
            self.told["close"] = f"refused: {answer.rule.en}"
            return
        self.told["close"] = local_day(end_of(day)).isoformat()
        self.told["open cases"] = str(answer.counts.get("open", 0))

    async def _must(self, kind: str, **fields: Any) -> CycleReceipt:
        answer = await self._send(kind, **fields)
        if isinstance(answer, Refusal):
            raise StuckError(f"the cycle refuses '{kind}': {answer.sentence()}")
        return answer

    async def _send(self, kind: str, **fields: Any) -> CycleReceipt | Refusal:
        organisation = self._plan.organisations[Role.OFFICE]
        body: Json = {
            "kind": kind,
            "actor": {"id": "office-clerk", "role": "office", "organisation": organisation},
            "command_id": f"sim-cycle-{next(self._ids):03d}-{kind}",
        }
        assert self._workflow is not None
        return await self._workflow.send(body | fields, CycleReceipt)
