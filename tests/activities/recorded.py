"""A life told without a server, with every batch that its workflow would hand to the activities."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import groupby
from typing import Any

from activities.database import Database
from models.audit import Fact
from models.decide import certificate_made
from models.lifecycle import BY_EVENT
from models.outbox import HopBatch, HopResult, OpenRequest, OpenResult, Snapshot
from models.settle import settle
from tests.models.life import Cast, Life
from workers.registry import make_activities


def hop_of(fact: Fact) -> str:
    """The activity that records a fact."""
    known = BY_EVENT.get(fact.event)
    return known.hop if known else "records"


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

    def drain(self) -> None:
        while (cause := self.state.take_cause()) is not None:
            facts, requests = cause.facts, cause.requests
            if self.opened is None:
                self.opened = self._opening(facts.pop(0))
            groups = [(hop, list(group)) for hop, group in groupby(facts, key=hop_of)] or [("records", [])]
            for place, (hop, group) in enumerate(groups):
                last = place == len(groups) - 1
                batch = self._batch(hop, group, requests if last else [])
                self.batches.append(batch)
                settle(self.state, batch.requests, self.answers(batch.requests), self.now)
                if any(fact.event == "confirm" for fact in group):
                    certificate_made(self.state, "TJ-2023-ENG-000001", self.now)

    def _opening(self, fact: Fact) -> OpenRequest:
        given = self.state.input
        return OpenRequest(
            application=given, workflow_id=given.workflow_id, run_id=self.run_id, at=fact.at, fact=fact
        )

    def _batch(self, hop: str, facts: list[Fact], requests: list[Any]) -> HopBatch:
        state, dossier = self.state, None
        if state.dossier is not None and state.dossier.digest != self._sent:
            dossier, self._sent = state.dossier, state.dossier.digest
        return HopBatch(
            hop=hop,
            snapshot=Snapshot.of(state, state.input.workflow_id, self.run_id, self.now),
            facts=tuple(facts),
            requests=tuple(requests),
            dossier=dossier,
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
