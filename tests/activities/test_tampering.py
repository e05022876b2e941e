"""What can be done to the record by whoever may write to the database, and the proof that finds it."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from activities.audit.checking import verify_chains, verify_roots
from activities.audit.sealing import inclusion, roots_of, seal
from activities.certification import certificate_sha256
from activities.database import Database
from activities.doctor.cases import cases
from activities.orphans import take_back
from models.audit import GENESIS, Fact, verify
from models.roots import LeafKind, Root, Tree, next_root
from models.tables import (
    Application,
    AuditEntry,
    AuditLeaf,
    AuditRoot,
    Base,
    Certificate,
    Cycle,
    CycleFact,
    MeetingEntry,
    PostedEntry,
)
from models.tables.chain import columns_of
from models.tampering import RUNBOOK, Finding, Tampering
from tests.activities.recounted import PLAN, SEALED_AT, House, furnish
from workers.database import upgrade
from workers.witness import compare_told

ROOT = Path(__file__).parents[2]
PATHS = ("main_line", "employer_return", "lapsed", "revoked")

Plant = Callable[[AsyncSession, str], Awaitable[object]]


@pytest.fixture(scope="module")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, House]:
    """A SQLite file to copy from."""
    path = tmp_path_factory.mktemp("house") / "zhicheng.db"
    upgrade(f"sqlite:///{path}")

    async def fill() -> House:
        database = Database(f"sqlite:///{path}")
        try:
            return await furnish(database, *PATHS)
        finally:
            await database.close()

    return path, asyncio.run(fill())


@pytest.fixture
async def house(furnished: tuple[Path, House], tmp_path: Path) -> AsyncIterator[House]:
    """A house of this test."""
    path, made = furnished
    shutil.copy(path, tmp_path / "zhicheng.db")
    opened = Database(f"sqlite:///{tmp_path / 'zhicheng.db'}")
    yield House(opened, made.told, made.published)
    await opened.close()


async def every_proof(house: House, published: Sequence[Root] | None = None) -> list[Finding]:
    """Chains, records, roots with the published copy, histories."""
    kept = house.published if published is None else published
    found = [*(await verify_chains(house.database, PLAN)).findings]
    found += (await verify_roots(house.database, PLAN, kept)).findings
    recorded = {case.row.application_ref: case async for case in cases(house.database, PLAN)}
    for ref, told in house.told.items():
        if ref in recorded:
            found += compare_told(recorded[ref], told)
    return found


def said(findings: Sequence[Finding]) -> set[tuple[str, str]]:
    return {(one.proof.value, one.tampering.value) for one in findings}


def entry_of(ref: str, seq: int) -> Any:
    return (AuditEntry.application_ref == ref) & (AuditEntry.seq == seq)


async def chain_of(session: AsyncSession, ref: str) -> list[Fact]:
    rows = await session.scalars(select(AuditEntry).filter_by(application_ref=ref).order_by(AuditEntry.seq))
    return [row.to_fact() for row in rows]


async def write_chain(session: AsyncSession, ref: str, facts: Sequence[Fact]) -> None:
    """Puts these facts in place of the chain, and the record where they end: as a careful attacker does."""
    await session.execute(delete(AuditEntry).filter_by(application_ref=ref))
    session.add_all(AuditEntry(**columns_of(PLAN, ref, fact)) for fact in facts)
    last = facts[-1]
    await session.execute(
        update(Application).filter_by(application_ref=ref).values(seq=last.seq, chain=last.hash)
    )


def resealed(facts: Sequence[Fact]) -> list[Fact]:
    """The facts numbered and hashed anew: by itself, a whole chain."""
    made: list[Fact] = []
    for seq, fact in enumerate(facts, start=1):
        before = made[-1].hash if made else GENESIS
        made.append(fact.model_copy(update={"seq": seq, "prev_hash": before}).sealed())
    assert verify(made) == []
    return made


async def a_changed_field(session: AsyncSession, ref: str) -> None:
    entry = (await session.scalars(select(AuditEntry).where(entry_of(ref, 3)))).one()
    entry.details = {**entry.details, "outcome": "reject"}


async def a_changed_hash(session: AsyncSession, ref: str) -> None:
    await session.execute(update(AuditEntry).where(entry_of(ref, 3)).values(hash="f" * 64))


async def a_changed_field_with_its_hash(session: AsyncSession, ref: str) -> None:
    entry = (await session.scalars(select(AuditEntry).where(entry_of(ref, 3)))).one()
    entry.actor_id = "somebody-else"
    entry.hash = entry.to_fact().computed_hash()


async def an_actor_swapped(session: AsyncSession, ref: str) -> None:
    await session.execute(update(AuditEntry).where(entry_of(ref, 3)).values(actor_id="somebody-else"))


async def a_role_that_is_none(session: AsyncSession, ref: str) -> None:
    await session.execute(update(AuditEntry).where(entry_of(ref, 3)).values(actor_role="emperor"))


async def a_moment_moved(session: AsyncSession, ref: str) -> None:
    entry = (await session.scalars(select(AuditEntry).where(entry_of(ref, 2)))).one()
    entry.at = entry.at - timedelta(seconds=1)


async def a_removed_entry(session: AsyncSession, ref: str) -> None:
    await session.execute(delete(AuditEntry).where(entry_of(ref, 4)))


async def a_removed_entry_with_the_rest_renumbered(session: AsyncSession, ref: str) -> None:
    last = len(await chain_of(session, ref))
    await session.execute(delete(AuditEntry).where(entry_of(ref, 3)))
    for seq in range(4, last + 1):
        await session.execute(update(AuditEntry).where(entry_of(ref, seq)).values(seq=seq - 1))


async def a_removed_tail(session: AsyncSession, ref: str) -> None:
    await write_chain(session, ref, (await chain_of(session, ref))[:-1])


async def an_inserted_entry(session: AsyncSession, ref: str) -> None:
    facts = await chain_of(session, ref)
    forged = facts[2].model_copy(update={"event": "refused", "seq": 4, "prev_hash": facts[2].hash}).sealed()
    shifted = [fact.model_copy(update={"seq": fact.seq + 1}) for fact in facts[3:]]
    await write_chain(session, ref, [*facts[:3], forged, *shifted])


async def exchanged_entries(session: AsyncSession, ref: str) -> None:
    for seq, other in ((3, 9999), (4, 3), (9999, 4)):
        await session.execute(update(AuditEntry).where(entry_of(ref, seq)).values(seq=other))


async def a_whole_chain_written_anew(session: AsyncSession, ref: str) -> None:
    facts = await chain_of(session, ref)
    actor = facts[2].actor.model_copy(update={"id": "somebody-else"})
    await write_chain(
        session, ref, resealed([*facts[:2], facts[2].model_copy(update={"actor": actor}), *facts[3:]])
    )


async def a_forged_end(session: AsyncSession, ref: str) -> None:
    facts = await chain_of(session, ref)
    forged = facts[-1].model_copy(update={"event": "revoke", "command_id": "forged-1"})
    await write_chain(session, ref, resealed([*facts, forged]))


async def an_application_removed(session: AsyncSession, ref: str) -> None:
    for table in reversed(Base.metadata.sorted_tables):
        if "application_ref" in table.c:
            await session.execute(delete(table).where(table.c.application_ref == ref))


async def a_title_that_dates_from_another_day(session: AsyncSession, ref: str) -> None:
    moved = update(Certificate).filter_by(application_ref=ref)
    await session.execute(moved.values(title_date=date(2020, 1, 1)))


async def another_number(session: AsyncSession, ref: str) -> None:
    """With its hash made anew: the number stands in no entry of the chain."""
    row, given = await the_certificate(session, ref)
    given.number = f"{given.number[:-6]}999999"
    given.sha256 = certificate_sha256(row, (await chain_of(session, ref))[given.seq - 1], given.number)


async def a_revocation_that_is_hidden(session: AsyncSession, ref: str) -> None:  # noqa: ARG001
    hidden = update(Certificate).filter_by(status="revoked")
    nothing = dict.fromkeys(("revoked_seq", "revoked_at", "revoked_ground", "revoked_document_no"))
    assert (await session.execute(hidden.values(status="valid", **nothing))).rowcount == 1


async def a_changed_line_of_a_list(session: AsyncSession, ref: str) -> None:  # noqa: ARG001
    await session.execute(update(PostedEntry).values(shown_name="王建国"))


async def a_list_with_a_blank_line(session: AsyncSession, ref: str) -> None:  # noqa: ARG001
    """One blank line, and the hash of the whole was not looked at any more."""
    await session.execute(update(PostedEntry).values(shown_name=None, shown_unit="另一单位"))


async def a_list_line_for_another(session: AsyncSession, ref: str) -> None:
    other = await session.scalar(
        select(Application.application_ref).where(Application.application_ref != ref)
    )
    await session.execute(update(PostedEntry).values(application_ref=other))


async def a_changed_act_of_a_meeting(session: AsyncSession, ref: str) -> None:  # noqa: ARG001
    await session.execute(update(MeetingEntry).values(actor_id="somebody-else"))


async def a_changed_root(session: AsyncSession, ref: str) -> None:  # noqa: ARG001
    await session.execute(update(AuditRoot).values(tree="0" * 64))


async def a_changed_leaf(session: AsyncSession, ref: str) -> None:
    leaf = update(AuditLeaf).filter_by(kind="application", ref=ref)
    await session.execute(leaf.values(seq=AuditLeaf.seq - 1))


async def a_leaf_of_no_kind(session: AsyncSession, ref: str) -> None:
    await session.execute(update(AuditLeaf).filter_by(kind="application", ref=ref).values(kind="none"))


async def an_entry_of_a_cycle_by_nobody(session: AsyncSession, ref: str) -> None:
    """Not even readable: the look goes on, and names it."""
    fact = (await chain_of(session, ref))[0]
    row = columns_of(PLAN, ref, fact) | {"from_phase": "open", "to_phase": "open", "actor_role": "emperor"}
    names = {column.key for column in CycleFact.__table__.columns}
    cycle = {
        "plan_id": PLAN,
        "plan_version": 1,
        "workflow_id": f"cycle/{PLAN}",
        "run_id": "r",
        "phase": "open",
    }
    session.add(Cycle(**cycle, revision=0, seq=1, chain=fact.hash, opened_at=fact.at, at=fact.at))
    await session.flush()
    session.add(CycleFact(**{name: value for name, value in row.items() if name in names}))


async def a_removed_root(session: AsyncSession, ref: str) -> None:  # noqa: ARG001
    await session.execute(delete(AuditLeaf))
    await session.execute(delete(AuditRoot))


async def everything_made_anew(session: AsyncSession, ref: str) -> None:
    """Chain, record, certificate, leaves and roots: whoever can write all of them leaves no seam."""
    await a_whole_chain_written_anew(session, ref)
    facts = await chain_of(session, ref)
    last, (row, given) = facts[-1], await the_certificate(session, ref)
    given.sha256 = certificate_sha256(row, facts[given.seq - 1], given.number)
    await session.execute(update(AuditLeaf).filter_by(kind="application", ref=ref).values(hash=last.hash))
    await session.flush()
    leaves = (await session.scalars(select(AuditLeaf).order_by(AuditLeaf.place))).all()
    root = (await session.scalars(select(AuditRoot))).one()
    top = Tree().put_all(leaf.to_leaf() for leaf in leaves).top
    root.tree, root.hash = top, next_root(PLAN, root.day, root.at, top, None).hash


async def the_certificate(session: AsyncSession, ref: str) -> tuple[Application, Certificate]:
    """With the application that it is of."""
    ids = (PLAN, ref)
    return await session.get_one(Application, ids), await session.get_one(Certificate, ids)


PLANTS: dict[Plant, set[tuple[str, str]]] = {
    a_changed_field: {("chain", "changed"), ("history", "rewritten")},
    a_changed_hash: {("chain", "changed"), ("history", "rewritten")},
    a_changed_field_with_its_hash: {("chain", "rewritten"), ("history", "rewritten")},
    an_actor_swapped: {("chain", "changed"), ("history", "rewritten")},
    a_role_that_is_none: {("chain", "changed"), ("history", "not_recorded")},
    a_moment_moved: {("chain", "changed"), ("history", "rewritten")},
    a_removed_entry: {("chain", "missing"), ("history", "not_recorded")},
    a_removed_entry_with_the_rest_renumbered: {("chain", "missing"), ("record", "truncated")},
    a_removed_tail: {("root", "truncated"), ("history", "not_recorded")},
    an_inserted_entry: {("chain", "inserted"), ("history", "not_in_history")},
    exchanged_entries: {("chain", "reordered"), ("history", "rewritten")},
    a_whole_chain_written_anew: {("root", "rewritten"), ("history", "rewritten")},
    a_forged_end: {("history", "not_in_history")},
    an_application_removed: {("root", "removed")},
    a_title_that_dates_from_another_day: {("record", "rewritten")},
    another_number: {("history", "rewritten")},
    a_revocation_that_is_hidden: {("record", "rewritten")},
    a_changed_line_of_a_list: {("chain", "list_changed")},
    a_list_with_a_blank_line: {("record", "list_changed")},
    a_list_line_for_another: {("root", "list_changed")},
    a_changed_act_of_a_meeting: {("root", "rewritten")},
    a_changed_root: {("root", "root_changed")},
    a_changed_leaf: {("root", "root_changed")},
    a_leaf_of_no_kind: {("root", "root_changed")},
    an_entry_of_a_cycle_by_nobody: {("chain", "changed")},
    a_removed_root: {("root", "root_missing")},
    everything_made_anew: {("root", "root_changed"), ("history", "rewritten")},
}
"""What is done -> the proofs that find it, and as what. What the last one finds in the roots, it finds in the
copy that was published: in the database itself there is no seam."""

UNSEEN_BY_CHAIN = (a_removed_tail, a_whole_chain_written_anew, a_forged_end, everything_made_anew)


async def test_a_house_that_nobody_touched_is_clean(house: House) -> None:
    assert await every_proof(house) == []
    looked = (await verify_chains(house.database, PLAN)).looked_at
    assert looked["applications"] == len(PATHS)
    assert looked["entries"] == sum(len(told.facts) for told in house.told.values())


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.__name__)
async def test_each_kind_of_tampering_is_found(house: House, plant: Plant) -> None:
    ref = next(iter(house.told))
    async with house.database.transaction() as session:
        await plant(session, ref)
    found = await every_proof(house)
    assert PLANTS[plant] <= said(found), [one.what.en for one in found]
    runbook = (ROOT / RUNBOOK).read_text("utf-8")
    for one in found:
        assert f"\n## {one.tampering.value}\n" in runbook
        assert one.what.zh
        assert one.what.en
    if plant in UNSEEN_BY_CHAIN:
        assert not said(found) & {("chain", kind.value) for kind in Tampering}


async def test_what_only_the_published_copy_and_the_history_can_tell(house: House) -> None:
    async with house.database.transaction() as session:
        await everything_made_anew(session, next(iter(house.told)))
    assert (await verify_chains(house.database, PLAN)).clean
    assert (await verify_roots(house.database, PLAN)).clean
    assert not (await verify_roots(house.database, PLAN, house.published)).clean


async def test_a_row_that_is_written_late_stands_in_the_next_root(house: House) -> None:
    """Its business time lies before the first root was made; nothing of that root has to change."""
    ref = list(house.told)[1]
    told = house.told[ref].facts
    async with house.database.transaction() as session:
        await session.execute(delete(AuditRoot).where(AuditRoot.n < 0))
        facts = await chain_of(session, ref)
        late = facts[-1].model_copy(update={"seq": len(facts) + 1, "event": "reminded"})
        late = late.model_copy(update={"prev_hash": facts[-1].hash}).sealed()
        await write_chain(session, ref, [*facts, late])
    assert len(told) == len(facts)
    assert (await verify_roots(house.database, PLAN, house.published)).clean
    second = await seal(house.database, PLAN, SEALED_AT + timedelta(days=1))
    assert (second.made, second.root.n, second.leaves) == (True, 2, 1)
    assert second.root.prev == house.published[0].hash
    assert (await verify_roots(house.database, PLAN, house.published)).clean


async def test_a_root_is_made_once_a_day_whoever_asks_and_a_missed_day_has_none(house: House) -> None:
    again = await seal(house.database, PLAN, SEALED_AT + timedelta(hours=9))
    assert (again.made, again.root) == (False, house.published[0])
    later = await seal(house.database, PLAN, SEALED_AT + timedelta(days=5))
    assert (later.made, later.root.n, later.leaves) == (True, 2, 0)
    async with house.database.reading() as session:
        assert [root.n for root in await roots_of(session, PLAN)] == [1, 2]
    assert (await verify_roots(house.database, PLAN, house.published)).clean


async def test_an_entry_that_no_workflow_stands_for_is_not_sealed(house: House) -> None:
    ref = next(iter(house.told))
    async with house.database.transaction() as session:
        await a_forged_end(session, ref)

    async def confirm(plan_id: str, leaves: Sequence[Any]) -> list[Any]:
        assert plan_id == PLAN
        last = house.told[ref].facts[-1]
        return [leaf.model_copy(update={"seq": last.seq, "hash": last.hash}) for leaf in leaves]

    made = await seal(house.database, PLAN, SEALED_AT + timedelta(days=1), confirm)
    assert (made.made, made.leaves, made.unconfirmed) == (True, 0, 1)
    assert (await verify_roots(house.database, PLAN)).clean


async def test_a_phantom_that_was_sealed_and_set_aside_is_for_the_history_to_judge(house: House) -> None:
    """Decision 2: sealed with `--no-temporal` before the workflow decided anew."""
    ref = list(house.told)[1]
    last = house.told[ref].facts[-1]
    async with house.database.transaction() as session:
        await take_back(session, PLAN, ref, last.seq, SEALED_AT)
    found = (await verify_roots(house.database, PLAN, house.published)).findings
    assert [(one.tampering, one.severity) for one in found] == [(Tampering.SET_ASIDE, "warning")]


async def test_the_proof_of_one_application(house: House) -> None:
    async with house.database.reading() as session:
        for ref in house.told:
            proof = await inclusion(session, PLAN, LeafKind.APPLICATION, ref)
            assert proof.holds()
            assert proof.root == house.published[-1]
            assert (proof.leaf.seq, proof.leaf.hash) == (
                house.told[ref].facts[-1].seq,
                house.told[ref].facts[-1].hash,
            )
