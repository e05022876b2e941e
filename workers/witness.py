"""The workflows as witnesses: how far they know their chains, and what their histories say was decided."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from sqlalchemy import select
from temporalio.client import Client

from activities.audit.checking import Verified, cycle_facts
from activities.database import Database
from activities.doctor.cases import Case, cases
from models.answered import body_digest
from models.cycle_state import cycle_id
from models.history_proof import compare_entries, compare_receipts
from models.meeting_commands import parse_meeting_command
from models.meeting_messages import MeetingAct, MeetingActDone, meeting_workflow_id
from models.outbox import HopResult, OpenResult
from models.removed import without_details
from models.roots import Leaf
from models.tables import Application, Cycle, MeetingEntry, ReviewMeeting
from models.tampering import Finding, Proof, Tampering, finding
from workers.client import ReviewClient
from workers.client_errors import QueryFailed, ReviewClosed, UnknownApplication
from workers.retelling import Told, meetings_of, told_by, workflows_of

AT_ONCE = 8
"""Workflows that are asked side by side; replaying a history takes a processor."""

LOOKS_AGAIN = (0.5, 2.0)
"""Seconds after which a difference is looked at again: an activity may have been on its way."""

T = TypeVar("T")
R = TypeVar("R")


class Witness:
    """Asks the workflows of a server. Raises `ClientError` and `RPCError` when nobody answers."""

    def __init__(self, client: Client, database: Database, task_queue: str, patience: float = 30.0) -> None:
        self._client, self._database = client, database
        self._door = ReviewClient(client, task_queue, patience=patience)

    # --- how far they know their chains -------------------------------------------------------------

    async def confirm(self, plan_id: str, leaves: Sequence[Leaf]) -> list[Leaf]:
        """Each leaf as its workflow knows it, at most as far as the database has it.

        An entry that was written and never acknowledged (decision 2) is not sealed so. Of an application
        whose workflow the server has forgotten, the database's word is taken.
        """

        async def one(leaf: Leaf) -> Leaf | None:
            return await self._known(f"{plan_id}/{leaf.ref}", leaf)

        return [leaf for leaf in await _side_by_side(one, leaves) if leaf is not None]

    async def _known(self, name: str, leaf: Leaf) -> Leaf | None:
        try:
            state = await self._door.state(name)
            if (state.seq, state.chain) == (leaf.seq, leaf.hash):
                return leaf
            facts = await self._door.history(name)
        except (UnknownApplication, ReviewClosed, QueryFailed):
            return leaf
        known = [fact for fact in facts if fact.seq <= leaf.seq]
        return leaf.model_copy(update={"seq": known[-1].seq, "hash": known[-1].hash}) if known else None

    # --- what their histories say -------------------------------------------------------------------

    async def verify(self, plan_id: str, ref: str | None = None) -> Verified:
        """Holds every recorded decision of the plan (or of one application) against the histories."""
        waiting, found = [], list[Finding]()
        looked = {"histories": 0, "without history": 0}

        async def one(case: Case) -> list[Finding]:
            return await self._application(case, looked)

        async for case in cases(self._database, plan_id, ref):
            waiting.append(case)
            if len(waiting) == AT_ONCE * 4:
                found += [f for some in await _side_by_side(one, waiting) for f in some]
                waiting = []
        found += [f for some in await _side_by_side(one, waiting) for f in some]
        if ref is None:
            found += await self._unrecorded(plan_id)
            found += await self._cycle(plan_id, looked)
            found += await self._meetings(plan_id, looked)
        return Verified(looked_at=looked, findings=tuple(found))

    async def _application(self, case: Case, looked: dict[str, int]) -> list[Finding]:
        found: list[Finding] = []
        for seconds in (0.0, *LOOKS_AGAIN):
            await asyncio.sleep(seconds)
            now = await self._again(case) if seconds else case
            told = await told_by(self._client, case.row.workflow_id)
            if told is None:
                looked["without history"] += 1
                return [] if case.ended or case.removal is not None else [_no_history(case.name)]
            found = compare_told(now, told)
            if not found:
                break
        looked["histories"] += 1
        return found

    async def _again(self, case: Case) -> Case:
        row = case.row
        async for now in cases(self._database, row.plan_id, row.application_ref):
            return now
        return case

    async def _unrecorded(self, plan_id: str) -> list[Finding]:
        """Applications that were opened, and that the database does not know (any more)."""
        async with self._database.reading() as session:
            known = set(await session.scalars(select(Application.workflow_id).filter_by(plan_id=plan_id)))
        found = []
        for name in await workflows_of(self._client, plan_id):
            if name in known:
                continue
            told = await told_by(self._client, name)
            if told is not None and any(
                isinstance(call.answer, OpenResult) and call.answer.terms for call in told.calls
            ):
                zh, en = "历史中有该申报，库中没有", "its history is there, and the record of it is not"
                place = name.removeprefix("application/")
                found.append(finding(Proof.HISTORY, Tampering.REMOVED, place, zh, en))
        return found

    async def _cycle(self, plan_id: str, looked: dict[str, int]) -> list[Finding]:
        async with self._database.reading() as session:
            known = await session.get(Cycle, plan_id) is not None
        found: list[Finding] = []
        for seconds in (0.0, *LOOKS_AGAIN):
            await asyncio.sleep(seconds)
            told = await told_by(self._client, cycle_id(plan_id))
            if told is None:
                looked["without history"] += known
                return []
            async with self._database.reading() as session:
                facts, _ = await cycle_facts(session, plan_id)
            rebuilt = told.facts
            if not told.whole and rebuilt:
                facts = [fact for fact in facts if fact.seq >= rebuilt[0].seq]
            found = _fault(told) or compare_entries(cycle_id(plan_id), facts, rebuilt)
            if not found:
                break
        looked["histories"] += 1
        return found

    async def _meetings(self, plan_id: str, looked: dict[str, int]) -> list[Finding]:
        """Every meeting that is on record, or that the server knows: one that was removed is there still."""
        async with self._database.reading() as session:
            kept = await session.scalars(select(ReviewMeeting.meeting_ref).filter_by(plan_id=plan_id))
            refs = {*kept, *await meetings_of(self._client, plan_id)}
        found: list[Finding] = []
        for ref in sorted(refs):
            found += await self._meeting(plan_id, ref, looked)
        return found

    async def _meeting(self, plan_id: str, ref: str, looked: dict[str, int]) -> list[Finding]:
        found: list[Finding] = []
        for seconds in (0.0, *LOOKS_AGAIN):
            await asyncio.sleep(seconds)
            told = await told_by(self._client, meeting_workflow_id(plan_id, ref))
            if told is None:
                looked["without history"] += 1
                return []
            async with self._database.reading() as session:
                acts = await session.scalars(select(MeetingEntry).filter_by(plan_id=plan_id, meeting_ref=ref))
                found = _fault(told) or compare_acts(f"{plan_id}/{ref}", acts.all(), told)
            if not found:
                break
        looked["histories"] += 1
        return found


def compare_told(case: Case, told: Told) -> list[Finding]:
    """One application: the entries that its history makes, and the receipts that stand in it.

    A history outlives the removal of words for as long as the server keeps it: that a removal is on record
    excuses the words, and nothing else.
    """
    rebuilt, recorded = told.facts, case.facts
    if case.removal is not None:
        rebuilt = [without_details(fact) for fact in rebuilt]
    receipts = compare_receipts(case.name, recorded, told.receipts)
    if told.fault is not None:
        return [*_fault(told), *receipts]
    if not told.whole and rebuilt:
        recorded = [fact for fact in recorded if fact.seq >= rebuilt[0].seq]
    entries = compare_entries(case.name, recorded, rebuilt)
    return [*(entries or receipts), *_compare_number(case, told)]


def _compare_number(case: Case, told: Told) -> list[Finding]:
    """The certificate has the number that its application was answered: no entry of the chain tells it."""
    answers = (call.answer for call in told.calls)
    numbers = [one.certificate_no for one in answers if isinstance(one, HopResult) and one.certificate_no]
    if not numbers or {row.number for row in case.certificates} <= {numbers[-1]}:
        return []
    zh, en = f"证书编号在历史中为 {numbers[-1]}", f"its history has the certificate number {numbers[-1]}"
    return [finding(Proof.HISTORY, Tampering.REWRITTEN, case.name, zh, en)]


def compare_acts(place: str, acts: Sequence[MeetingEntry], told: Told) -> list[Finding]:
    """One meeting: every act on record was asked by its workflow, by that person, at that time."""
    asked = {}
    for call in told.calls:
        act, done = call.argument, call.answer
        if call.activity == "meeting_act" and isinstance(act, MeetingAct):
            if isinstance(done, MeetingActDone) and done.refusal is not None:
                continue
            command = parse_meeting_command(act.kind, act.command)
            asked[command.command_id, act.step] = (act.kind, act.at, command.actor, body_digest(command))
    found = []
    recorded = {(act.command_id, act.step): act for act in acts}
    for key in sorted(asked.keys() | recorded.keys()):
        here, given, row = (
            f"{place} {key[0]}{'/' if key[1] else ''}{key[1]}",
            asked.get(key),
            recorded.get(key),
        )
        if row is None:
            words = Tampering.NOT_RECORDED, "历史中有，库中没有", "the history has it, the record does not"
        elif given is None:
            words = Tampering.NOT_IN_HISTORY, "库中有，历史中没有", "the record has it, the history does not"
        elif given == (row.kind, row.at, given[2], row.digest) and (
            (given[2].id, given[2].role.value, given[2].organisation)
            == (row.actor_id, row.actor_role, row.actor_organisation)
        ):
            continue
        else:
            words = Tampering.REWRITTEN, "与历史不符", "not what the history says"
        found.append(finding(Proof.HISTORY, words[0], here, words[1], words[2]))
    return found


def _fault(told: Told) -> list[Finding]:
    if told.fault is None:
        return []
    zh = f"历史在本版本上不能重放：{told.fault}"
    en = f"its history does not replay on this release: {told.fault}"
    return [finding(Proof.HISTORY, Tampering.NOT_PROVED, told.workflow_id, zh, en, "warning")]


def _no_history(name: str) -> Finding:
    zh, en = "在办而服务器上没有其历史", "it is open, and the server has no history of it"
    return finding(Proof.HISTORY, Tampering.NOT_PROVED, name, zh, en)


async def _side_by_side(ask: Callable[[T], Awaitable[R]], many: Sequence[T]) -> list[R]:
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(what: T) -> R:
        async with gate:
            return await ask(what)

    return list(await asyncio.gather(*(one(what) for what in many)))
