"""Looks for what was done to the record, with the database and the published roots alone; changes nothing.

Every chain is hashed again and held against its record; every root is computed again and held against the
copy that was published; everything that a root has sealed must still be there. Memory does not grow with the
number of applications, but for the leaves of one plan at a time.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from activities.audit.heads import records
from activities.audit.sealing import leaves_by_root, roots_of
from activities.audit.texts import changed_counts, changed_everywhere, changed_texts
from activities.database import Database
from activities.doctor.cases import Case, cases
from activities.doctor.certificates import certificate_faults
from activities.list_records import posted_file
from models.audit import Fact
from models.removed import verify_removed
from models.roots import Leaf, LeafKind, Root, Tree, faults_of
from models.tables import (
    Application,
    AuditEntry,
    AuditOrphan,
    AuditRoot,
    Cycle,
    CycleFact,
    PostedEntry,
    PostedList,
    Removal,
)
from models.tampering import Finding, Proof, Tampering, finding, look_at_chain, look_at_record
from models.wire import Wire


class Verified(Wire):
    """What was looked at, how many of each, and what is not as it was written."""

    looked_at: dict[str, int]
    findings: tuple[Finding, ...]

    @property
    def clean(self) -> bool:
        """Nothing was changed."""
        return not self.findings

    def joined(self, other: Verified) -> Verified:
        """Both together."""
        names = dict.fromkeys([*self.looked_at, *other.looked_at])
        return Verified(
            looked_at={name: self.looked_at.get(name, 0) + other.looked_at.get(name, 0) for name in names},
            findings=(*self.findings, *other.findings),
        )


async def plans_on_record(session: AsyncSession) -> list[str]:
    """Every plan that has an application, a cycle or a root."""
    found: set[str] = set()
    for table in (Application, Cycle, AuditRoot):
        found |= set(await session.scalars(select(table.plan_id).distinct()))
    return sorted(found)


def look_at_case(case: Case) -> list[Finding]:
    """One application: its chain, where its record says it stands, and its certificate."""
    if case.unreadable:
        return _unreadable(case.name, case.unreadable)
    of_certificates = [
        finding(Proof.RECORD, Tampering.REWRITTEN, case.name, fault.zh, fault.en)
        for fault in certificate_faults(case)
    ]
    gone = case.removal
    if gone is not None:
        by_itself = [
            finding(Proof.CHAIN, Tampering.CHANGED, case.name, f"清除后的审计链：{fault}", fault)
            for fault in verify_removed(case.facts, gone.chain, gone.skeleton)
        ]
        if not case.ended:
            zh, en = "在办而内容已清除", "its words were removed while it is open: no rule removes those"
            by_itself.append(finding(Proof.RECORD, Tampering.REMOVED, case.name, zh, en))
        return [*by_itself, *of_certificates]
    by_itself = look_at_chain(case.name, case.facts)
    at_the_end = look_at_record(case.name, case.facts, case.row.seq, case.row.chain)
    return [*by_itself, *at_the_end, *of_certificates]


async def verify_chains(database: Database, plan_id: str, ref: str | None = None) -> Verified:
    """Every application of the plan (or one), its cycle, its lists, and every text that has a hash."""
    found: list[Finding] = []
    applications = entries = 0
    async for case in cases(database, plan_id, ref):
        applications, entries = applications + 1, entries + len(case.facts)
        found += look_at_case(case)
    looked = {"applications": applications, "entries": entries}
    if ref is not None:
        return Verified(looked_at=looked, findings=tuple(found))
    async with database.reading() as session:
        found += await _strays(session, plan_id)
        facts, unreadable = await cycle_facts(session, plan_id)
        cycle = await session.get(Cycle, plan_id)
        place = f"cycle/{plan_id}"
        found += _unreadable(place, unreadable) or look_at_chain(place, facts)
        if cycle is not None or facts:
            seq, chain = (cycle.seq, cycle.chain) if cycle is not None else (0, "")
            found += look_at_record(place, facts, seq, chain)
        lists, of_lists = await _lists(session, plan_id)
        found += [one async for one in changed_texts(session, plan_id)]
        found += await changed_counts(session, plan_id)
    looked |= {"cycle entries": len(facts), "lists": lists}
    return Verified(looked_at=looked, findings=(*found, *of_lists))


async def verify_common(database: Database) -> Verified:
    """What belongs to no plan alone: notices on working days, the register of removals."""
    async with database.reading() as session:
        return Verified(looked_at={}, findings=tuple(await changed_everywhere(session)))


async def _strays(session: AsyncSession, plan_id: str) -> list[Finding]:
    """Entries of applications that are on no record."""
    refs = await session.scalars(
        select(AuditEntry.application_ref)
        .outerjoin(
            Application,
            (Application.plan_id == AuditEntry.plan_id)
            & (Application.application_ref == AuditEntry.application_ref),
        )
        .where(AuditEntry.plan_id == plan_id, Application.application_ref.is_(None))
        .distinct()
    )
    zh, en = "有审计记录而无申报登记", "there are entries, and the application is on no record"
    return [finding(Proof.RECORD, Tampering.REMOVED, f"{plan_id}/{ref}", zh, en) for ref in refs]


async def cycle_facts(session: AsyncSession, plan_id: str) -> tuple[list[Fact], list[int]]:
    """The chain of the cycle, and the numbers of entries that hold what none can hold."""
    rows = await session.scalars(
        select(CycleFact)
        .filter_by(plan_id=plan_id)
        .where(CycleFact.orphaned_at.is_(None))
        .order_by(CycleFact.seq)
    )
    facts, unreadable = list[Fact](), list[int]()
    for row in rows:
        try:
            facts.append(row.to_fact())
        except ValueError:
            unreadable.append(row.seq)
    return facts, unreadable


def _unreadable(place: str, numbers: Sequence[int]) -> list[Finding]:
    return [
        finding(Proof.CHAIN, Tampering.CHANGED, f"{place} #{number}", "内容不可读", "it cannot be read")
        for number in numbers
    ]


async def _lists(session: AsyncSession, plan_id: str) -> tuple[int, list[Finding]]:
    """Each list whose names are still there gives the hash under which it was posted."""
    rows = (
        await session.scalars(
            select(PostedList)
            .filter_by(plan_id=plan_id)
            .where(PostedList.status != "draft")
            .order_by(PostedList.n)
        )
    ).all()
    found = []
    for row in rows:
        blanked = await _blanked(session, row)
        if row.taken_down_at is None and blanked["for no reason"]:
            zh, en = "有行被抹去而名单未撤下", "a line is blank, and the list was not taken down"
            found.append(finding(Proof.RECORD, Tampering.LIST_CHANGED, f"{plan_id} list {row.n}", zh, en))
        elif not sum(blanked.values()) and (await posted_file(session, row)).sha256 != row.sha256:
            zh, en = "名单内容与公示时的哈希不符", "its lines do not give the hash under which it was posted"
            found.append(finding(Proof.CHAIN, Tampering.LIST_CHANGED, f"{plan_id} list {row.n}", zh, en))
    return len(rows), found


async def _blanked(session: AsyncSession, row: PostedList) -> dict[str, int]:
    """How many lines show no name: as the words of the application were removed, or for no reason."""
    removed = exists().where(
        Removal.plan_id == PostedEntry.plan_id,
        Removal.application_ref == PostedEntry.application_ref,
        Removal.chain.is_not(None),
    )
    lines = select(removed).select_from(PostedEntry)
    found = (await session.scalars(lines.filter_by(plan_id=row.plan_id, n=row.n, shown_name=None))).all()
    return {"removed": sum(found), "for no reason": len(found) - sum(found)}


async def verify_roots(
    database: Database, plan_id: str, published: Sequence[Root] | None = None, ref: str | None = None
) -> Verified:
    """Every root computed again, held against the published copy, and against what is there now.

    With `ref`: of the leaves, those of one application alone.
    """
    async with database.reading() as session:
        roots = await roots_of(session, plan_id)
        leaves = await leaves_by_root(session, plan_id, readable=True)
        found = _roots_by_themselves(plan_id, roots, leaves)
        found += _against_published(plan_id, roots, published)
        wanted = [
            (n, leaf)
            for n, some in leaves.items()
            for leaf in some
            if ref is None or (leaf.kind is LeafKind.APPLICATION and leaf.ref == ref)
        ]
        found += await _still_there(session, plan_id, wanted)
    looked = {"roots": len(roots), "leaves": len(wanted)}
    if published is not None:
        looked["published roots"] = sum(root.plan_id == plan_id for root in published)
    return Verified(looked_at=looked, findings=tuple(found))


def _roots_by_themselves(plan_id: str, roots: Sequence[Root], leaves: dict[int, list[Leaf]]) -> list[Finding]:
    words = {
        "missing": ("缺失", "is missing"),
        "changed": ("内容与哈希不符", "does not have the hash that it carries"),
        "does not follow": ("不接续前一根", "does not follow the root before it"),
        "out of order": ("日期不递增", "bears a day that is not later than that of the root before it"),
    }
    found = []
    for n, fault in faults_of(roots):
        kind = Tampering.ROOT_MISSING if fault == "missing" else Tampering.ROOT_CHANGED
        zh, en = words[fault]
        found.append(finding(Proof.ROOT, kind, _name(plan_id, n), f"第{n}号审计根{zh}", f"root {n} {en}"))
    tree = Tree()
    for root in roots:
        if tree.put_all(leaves.get(root.n, ())).top != root.tree:
            zh, en = f"第{root.n}号审计根的叶被改动", f"the leaves of root {root.n} do not give its tree"
            found.append(finding(Proof.ROOT, Tampering.ROOT_CHANGED, _name(plan_id, root.n), zh, en))
            break
    return found


def _against_published(
    plan_id: str, roots: Sequence[Root], published: Sequence[Root] | None
) -> list[Finding]:
    ours = {root.n: root for root in roots}
    found = []
    for root in (one for one in published or () if one.plan_id == plan_id):
        mine = ours.get(root.n)
        if root.computed_hash() != root.hash:
            zh, en = "公布件自身不符", "the published copy does not have the hash that it carries"
        elif mine is None:
            zh, en = f"已公布的第{root.n}号审计根不在库中", f"root {root.n} was published, and is not on file"
            found.append(finding(Proof.ROOT, Tampering.ROOT_MISSING, _name(plan_id, root.n), zh, en))
            continue
        elif mine.hash == root.hash:
            continue
        else:
            zh, en = f"第{root.n}号审计根与公布件不符", f"root {root.n} is not the one that was published"
        found.append(finding(Proof.ROOT, Tampering.ROOT_CHANGED, _name(plan_id, root.n), zh, en))
    return found


def _name(plan_id: str, n: int) -> str:
    return f"{plan_id} root {n}"


async def _still_there(
    session: AsyncSession, plan_id: str, wanted: Sequence[tuple[int, Leaf]]
) -> list[Finding]:
    """What was sealed is there, at its number and with its hash; one finding a chain, the earliest."""
    now = {leaf.name: leaf for leaf in await records(session, plan_id)}
    removals = (await session.scalars(select(Removal.hash).order_by(Removal.id))).all()
    told: set[str] = set()
    found = []
    kinds = (LeafKind.APPLICATION, LeafKind.CYCLE)
    chains = await _hashes(session, plan_id, {leaf.ref for _, leaf in wanted if leaf.kind in kinds})
    for n, leaf in wanted:
        if leaf.kind in kinds:
            chain = chains.get(leaf.name, {})
            there, length = chain.get(leaf.seq), max(chain, default=0)
        elif leaf.kind is LeafKind.REMOVALS:
            there = removals[leaf.seq - 1] if leaf.seq <= len(removals) else None
            length = len(removals)
        else:
            there = now[leaf.name].hash if leaf.name in now else None
            length = 1 if there else 0
        if there == leaf.hash or leaf.name in told:
            continue
        told.add(leaf.name)
        found.append(await _gone(session, plan_id, n, leaf, there, length))
    return found


async def _hashes(session: AsyncSession, plan_id: str, refs: set[str]) -> dict[str, dict[int, str]]:
    found: dict[str, dict[int, str]] = {}
    query = select(AuditEntry.application_ref, AuditEntry.seq, AuditEntry.hash).filter_by(plan_id=plan_id)
    if len(refs) == 1:
        query = query.where(AuditEntry.application_ref.in_(refs))
    for ref, seq, hash_ in await session.execute(query):
        found.setdefault(f"{LeafKind.APPLICATION.value}/{ref}", {})[seq] = hash_
    of_cycle = select(CycleFact.seq, CycleFact.hash).filter_by(plan_id=plan_id)
    for seq, hash_ in await session.execute(of_cycle.where(CycleFact.orphaned_at.is_(None))):
        found.setdefault(f"{LeafKind.CYCLE.value}/{plan_id}", {})[seq] = hash_
    return found


async def _gone(
    session: AsyncSession, plan_id: str, n: int, leaf: Leaf, there: str | None, length: int
) -> Finding:
    place = f"{plan_id}/{leaf.ref} #{leaf.seq}" if leaf.kind is LeafKind.APPLICATION else leaf.name
    if await _was_set_aside(session, plan_id, leaf):
        zh = f"第{n}号审计根所封的第{leaf.seq}条后被作废：须由工作流历史证实（--from-histories）"
        en = f"sealed in root {n}, and set aside since: only the history can say rightly (--from-histories)"
        return finding(Proof.ROOT, Tampering.SET_ASIDE, place, zh, en, "warning")
    if leaf.kind is LeafKind.RESULT_LIST:
        kind, zh, en = Tampering.LIST_CHANGED, "名单行被改动", "the list or its lines were changed"
    elif there is not None:
        kind, zh, en = Tampering.REWRITTEN, "被改写", "it was written anew"
    elif length:
        kind, zh, en = Tampering.TRUNCATED, "链尾被截去", "the end of the chain was cut off"
    else:
        kind, zh, en = Tampering.REMOVED, "整件被移除", "all of it was removed"
    return finding(Proof.ROOT, kind, place, f"第{n}号审计根所封：{zh}", f"sealed in root {n}: {en}")


async def _was_set_aside(session: AsyncSession, plan_id: str, leaf: Leaf) -> bool:
    """Whether the entry is kept as one that is no part of its chain."""
    if leaf.kind is LeafKind.APPLICATION:
        orphans = select(AuditOrphan.id).filter_by(plan_id=plan_id, application_ref=leaf.ref, hash=leaf.hash)
        return bool(await session.scalar(select(orphans.exists())))
    if leaf.kind is LeafKind.CYCLE:
        aside = select(CycleFact.seq).filter_by(plan_id=plan_id, hash=leaf.hash)
        return bool(await session.scalar(select(aside.where(CycleFact.orphaned_at.is_not(None)).exists())))
    return False
