"""A life told without a server, with every batch that its workflow would hand to the activities."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from activities.database import Database
from models.audit import Fact
from models.deadlines import DeadlineRequest
from models.outbox import HopBatch, HopResult, Left, OpenRequest, OpenResult, Snapshot
from models.posts import moves_post
from models.state import Cause
from tests.models.life import Cast, Life
from workers.registry import make_activities


class RecordedLife(Life):
    """A life that keeps its batches, cut as the workflow cuts them."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.batches: list[HopBatch] = []
        self.opened: OpenRequest | None = None
        self._sent: str | None = None
        super().__init__(*args, **kwargs)

    @property
    def run_id(self) -> str:
        return f"run-of-{self.cast.ref}"

    @property
    def number(self) -> str:
        return "TJ-2023-ENG-000001"

    def hand_over(
        self, cause: Cause, hop: str, facts: list[Fact], requests: list[DeadlineRequest]
    ) -> HopBatch:
        if self.opened is None:
            self.opened = self._opening(facts.pop(0))
        batch = super().hand_over(cause, hop, facts, requests)
        self.batches.append(batch)
        return batch

    def batch_of(
        self, _cause: Cause, hop: str, facts: list[Fact], requests: list[DeadlineRequest]
    ) -> HopBatch:
        dossier, given = None, self.state.input
        if _cause.dossier is not None and _cause.dossier.digest != self._sent:
            dossier, self._sent = _cause.dossier, _cause.dossier.digest
        assert _cause.standing is not None
        return HopBatch(
            hop=hop,
            snapshot=Snapshot.of(
                given, _cause.standing, Left(given.workflow_id, self.run_id, self.now), facts
            ),
            facts=tuple(facts),
            requests=tuple(requests),
            dossier=dossier,
            moves_post=moves_post(self.state.bound, facts),
        )

    def _opening(self, fact: Fact) -> OpenRequest:
        given = self.state.input
        return OpenRequest(
            application=given, workflow_id=given.workflow_id, run_id=self.run_id, at=fact.at, fact=fact
        )


def told(way: Callable[[Life], Life], cast: Cast | None = None, until: str | None = None) -> RecordedLife:
    """A recorded life that goes that way, and on until then."""
    life = RecordedLife(cast)
    way(life)
    if until is not None:
        life.at(until)
    return life


class Desk:
    """The activities on one database, called by name as a workflow calls them."""

    def __init__(self, database: Database, *, rehearsal: bool = True) -> None:
        self.database = database
        bound = make_activities(database, rehearsal=rehearsal)
        self.activities = {activity.__name__: activity for activity in bound}

    async def open(self, life: RecordedLife, **changes: Any) -> OpenResult:
        """Opens the life's application."""
        assert life.opened is not None
        request = life.opened.model_copy(update=changes)
        result: OpenResult = await self.activities["open_application"](request)
        return result

    async def write(self, batch: HopBatch) -> HopResult:
        """Hands one batch to its hop, over the wire format."""
        sent = HopBatch.model_validate_json(batch.model_dump_json())
        result: HopResult = await self.activities[batch.hop](sent)
        return result

    async def write_all(self, life: RecordedLife, *, times: int = 1) -> list[HopResult]:
        """Opens the application and writes every batch, each `times` times."""
        opened = await self.open(life)
        assert opened.refused_en is None
        results = []
        for batch in life.batches:
            for _ in range(times):
                results.append(await self.write(batch))
                await asyncio.sleep(0)
        return results
