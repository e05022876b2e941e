"""One application on the real workflow: started, moved through its own virtual time, talked to, looked at.

It knows what was accepted and refused, and reads the rest from the read model. It decides nothing.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import Any

from activities.people import record_name
from models.application import ApplicationInput
from models.deadlines import DeadlineKind
from models.plan import ReviewPlan
from models.refusal import Refusal
from models.stages import STAGES, Stage
from models.state import ApplicationState, Receipt
from models.tables import Application, Person, Unit
from models.views import DeadlineView, StateView
from models.wire import SHANGHAI, Wire
from workers.simulate.clocked import Clocked, StuckError
from workers.simulate.ground import Ground
from workers.simulate.luck import Luck
from workers.simulate.mind import Act, Sight
from workers.simulate.population import Applicant
from workflows.attributes import first_attributes

AFTER_AN_END = timedelta(minutes=10)
"""Business time after an end at which it is looked what came of it."""

SETTLING = (Stage.QUOTA_CHECK, Stage.ACCEPTED, Stage.CONFIRMED)
"""Stages that the workflow leaves by itself, as soon as its activity has answered."""

LONGEST_PAUSE = 0.2
"""Real seconds between two looks at a row that is not written yet."""

MOST_REFUSALS = 6


class Refused(Wire):
    """A command that was refused: when (business time), what, and the rule."""

    at: datetime
    what: str
    code: str
    rule_zh: str
    rule_en: str


class Player:
    """One application. All moments are business time in Asia/Shanghai."""

    def __init__(self, who: Applicant, plan: ReviewPlan, committee: int, ground: Ground, luck: Luck) -> None:
        self.who, self.luck = who, luck
        self.cast = who.cast(plan.id, committee)
        self.moment: datetime = datetime.min.replace(tzinfo=UTC)
        self.sight: Sight | None = None
        self.refusals: list[Refused] = []
        self.failure: str | None = None
        self.meeting: int | None = None
        self.report_at: datetime | None = None
        self._plan, self._ground = plan, ground
        self._done: Counter[str] = Counter()
        self._last: str | None = None
        self._refused_since = 0
        self._correcting = False
        self._revision = 0
        self._workflow: Clocked | None = None

    @property
    def stage(self) -> Stage:
        """The stage as it was last seen."""
        return self.sight.stage if self.sight else Stage.DRAFT

    @property
    def votes(self) -> int:
        """How many ballots on it were counted."""
        return self._done["vote_passed"] + self._done["vote_failed"]

    @property
    def workflow(self) -> Clocked:
        """The workflow. Only after `begin`."""
        assert self._workflow is not None
        return self._workflow

    async def begin(self, at: datetime) -> None:
        """The draft is begun; person and unit have their (made-up) names."""
        async with self._ground.database.transaction() as session:
            await record_name(session, Person, self.who.person, self.who.name, at)
            await record_name(
                session, Unit, self.who.unit.ref, self.who.unit.name, at, kind=self.who.unit.kind
            )
        body = self.cast.start()
        given = ApplicationInput.model_validate(body)
        state = ApplicationState(input=given, entered_at=at)
        self._workflow = await Clocked.start(
            self._ground,
            "ApplicationWorkflow",
            body,
            given.workflow_id,
            at,
            search_attributes=first_attributes(state, self._plan.terms()),
        )
        self.moment = at
        self.sight = Sight(
            stage=Stage.DRAFT,
            status="open",
            now=at,
            entered_at=at,
            ends_at=self._plan.dates.department.instant,
        )

    async def go(self, at: datetime) -> None:
        """Lets time pass until then; what is due on the way happens."""
        await self.workflow.go(at)
        self.moment = max(self.moment, at)

    async def act(self, act: Act) -> bool:
        """Sends the command at its moment. True if it was accepted; a refusal is remembered."""
        await self.go(act.at)
        answer = await self.workflow.send(act.body(self.cast), Receipt)
        if isinstance(answer, Refusal):
            self._refused_since += 1
            rule = answer.rule
            self.refusals.append(
                Refused(at=act.at, what=act.what, code=answer.code.value, rule_zh=rule.zh, rule_en=rule.en)
            )
            if self._refused_since > MOST_REFUSALS:
                raise StuckError(f"'{act.what}' is refused again and again: {rule.en}")
            return False
        self._refused_since = 0
        self.note(answer)
        return True

    def note(self, receipt: Receipt) -> None:
        """A command was accepted, sent from here or by somebody else."""
        self._done[receipt.event] += 1
        self._last = receipt.event
        self._revision = max(self._revision, receipt.revision)
        if receipt.event == "substantive_resubmit" and self.stage is Stage.OFFICE_RETURNED:
            self._correcting = True

    async def look(self, but: Collection[Stage] = ()) -> Sight:
        """What is seen now: the read model, once it has what this side knows and stands in none of `but`."""
        row = await self._settled_row(but)
        stage = Stage(row.stage)
        if stage in (Stage.OFFICE_REVIEW, Stage.OFFICE_RETURNED):
            self._correcting = False
        before = self.sight.stage if self.sight and self.sight.stage is not stage else None
        kept = self.sight.before if self.sight else None
        self.sight = Sight(
            stage=stage,
            status=row.status,
            now=max(self.moment, row.entered_at.astimezone(SHANGHAI)),
            entered_at=row.entered_at.astimezone(SHANGHAI),
            ends_at=await self._ends_at(stage, row),
            before=before or kept,
            action_by=row.action_by,
            correcting=self._correcting,
            open_objections=await self._open_objections(stage),
            done=dict(self._done),
            last=self._last,
            refused=self._refused_since,
            report_at=self.report_at,
        )
        return self.sight

    async def _settled_row(self, but: Collection[Stage]) -> Application:
        """The row, when it is not behind what was accepted and not in a stage that is left by itself."""
        pause = 0.005
        while True:
            row = await self._row()
            settled = row is not None and row.stage not in (*SETTLING, *but)
            if row is not None and settled and row.revision >= self._revision:
                self._revision = row.revision
                return row
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    async def _row(self) -> Application | None:
        async with self._ground.database.reading() as session:
            return await session.get(Application, (self._plan.id, self.who.ref))

    async def _ends_at(self, stage: Stage, row: Application) -> datetime | None:
        """The soonest end that decides something; where a duty stands beside one, the workflow is asked."""
        kinds = {spec.kind for spec in STAGES[stage].deadlines}
        if kinds <= {DeadlineKind.DUTY} or row.due_at is None:
            return None
        if DeadlineKind.DUTY not in kinds or stage is Stage.EMPLOYER_RETURNED:
            return row.due_at.astimezone(SHANGHAI)
        views = await self.workflow.handle.query("deadlines", result_type=list[DeadlineView])
        ends = [v.due_at for v in views if v.counts_now and v.due_at and v.kind != DeadlineKind.DUTY.value]
        return min(ends, default=None)

    async def _open_objections(self, stage: Stage) -> tuple[str, ...]:
        asked = ("employer_object", "result_object", "confirm_question")
        here = (
            Stage.EMPLOYER_PUBLICITY,
            Stage.EMPLOYER_OBJECTION,
            Stage.RESULT_PUBLICITY,
            Stage.RESULT_OBJECTION,
        )
        if stage not in here or not any(self._done[event] for event in asked):
            return ()
        return (await self.final()).open_objections

    def voted(self, passed: bool) -> None:
        """Its ballot was counted and announced."""
        self._last = "vote_passed" if passed else "vote_failed"
        self._done[self._last] += 1

    def listed(self) -> None:
        """It stands on a list of the passed."""
        self._last = "publish_result"
        self._done[self._last] += 1

    async def head(self) -> str:
        """The last hash of the chain as the workflow tells it: its result if it has ended."""
        if self.sight is not None and self.sight.status == "ended":
            ended: dict[str, Any] = await self.workflow.handle.result()
            return str(ended["chain"])
        return (await self.final()).chain

    async def final(self) -> StateView:
        """What the workflow itself says now."""
        state: StateView = await self.workflow.handle.query("state", result_type=StateView)
        return state
