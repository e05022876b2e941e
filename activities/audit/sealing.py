"""Makes the root of a business day: once, whoever asks and however often; a crash leaves none or a whole one.

The heads are read, those of applications are confirmed by whoever knows better than the database (their
workflows), and leaves and root are written in one transaction. A day that was missed has no root: the next
one seals what came meanwhile, and nothing is dated back.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from activities.audit.heads import heads
from activities.database import Database
from models.roots import Inclusion, Leaf, LeafKind, Root, Tree, moved_on, next_root
from models.tables import AuditLeaf, AuditRoot
from models.wire import Wire, local_day

Confirm = Callable[[str, Sequence[Leaf]], Awaitable[list[Leaf]]]
"""Of the leaves of applications of a plan: those that their workflows know, as far as they know them."""


class Sealed(Wire):
    """The root of a day. `leaves`: what it brought; `unconfirmed`: what no workflow stands for yet."""

    root: Root
    made: bool
    leaves: int = 0
    unconfirmed: int = 0


class NoLeafError(LookupError):
    """Nothing of that name stands in any root yet."""


async def seal(database: Database, plan_id: str, at: datetime, confirm: Confirm | None = None) -> Sealed:
    """The root of the business day of `at`; made if that day has none yet. Nothing sealed is ever changed."""
    async with database.reading() as session:
        last = await last_root(session, plan_id)
        if last is not None and last.day >= local_day(at):
            return Sealed(root=last, made=False)
        known = await sealed_leaves(session, plan_id)
        new = moved_on(await heads(session, plan_id), known)
    confirmed = await _confirmed(plan_id, new, confirm)
    fresh = moved_on(confirmed, known)
    tree = Tree().put_all(known.values()).put_all(fresh)
    root = next_root(plan_id, local_day(at), at.replace(microsecond=0), tree.top, last)
    try:
        async with database.transaction() as session:
            await _write(session, root, fresh)
    except IntegrityError:  # another one sealed the same day, or the same number, at the same time
        async with database.reading() as session:
            theirs = await last_root(session, plan_id)
        assert theirs is not None
        return Sealed(root=theirs, made=False)
    return Sealed(root=root, made=True, leaves=len(fresh), unconfirmed=_lacking(new, fresh))


async def _confirmed(plan_id: str, new: Sequence[Leaf], confirm: Confirm | None) -> list[Leaf]:
    if confirm is None:
        return list(new)
    asked = [leaf for leaf in new if leaf.kind is LeafKind.APPLICATION]
    known = {leaf.name: leaf for leaf in await confirm(plan_id, asked)} if asked else {}
    return [
        known[leaf.name] if leaf.kind is LeafKind.APPLICATION else leaf
        for leaf in new
        if leaf.kind is not LeafKind.APPLICATION or leaf.name in known
    ]


def _lacking(new: Sequence[Leaf], fresh: Sequence[Leaf]) -> int:
    """Of how many the head was not sealed as the database had it."""
    known = {leaf.name: leaf.seq for leaf in fresh}
    return sum(1 for leaf in new if known.get(leaf.name) != leaf.seq)


async def _write(session: AsyncSession, root: Root, fresh: Sequence[Leaf]) -> None:
    session.add(AuditRoot(**root.model_dump()))
    await session.flush()
    session.add_all(
        AuditLeaf(plan_id=root.plan_id, n=root.n, place=place, **leaf.model_dump(mode="json"))
        for place, leaf in enumerate(fresh, start=1)
    )
    await session.flush()


async def last_root(session: AsyncSession, plan_id: str) -> Root | None:
    """The newest root of the plan."""
    row = await session.scalar(
        select(AuditRoot).filter_by(plan_id=plan_id).order_by(AuditRoot.n.desc()).limit(1)
    )
    return row.to_root() if row is not None else None


async def roots_of(session: AsyncSession, plan_id: str) -> list[Root]:
    """Every root of the plan, in order: what is published."""
    rows = await session.scalars(select(AuditRoot).filter_by(plan_id=plan_id).order_by(AuditRoot.n))
    return [row.to_root() for row in rows]


async def leaves_by_root(
    session: AsyncSession, plan_id: str, *, readable: bool = False
) -> dict[int, list[Leaf]]:
    """What each root brought, in the order in which it was hashed.

    A leaf that is none raises `ValueError`. `readable`: it is left out, so that its root does not give its
    tree: a look must not stop at what it looks for.
    """
    rows = await session.scalars(
        select(AuditLeaf).filter_by(plan_id=plan_id).order_by(AuditLeaf.n, AuditLeaf.place)
    )
    found: dict[int, list[Leaf]] = {}
    for row in rows:
        try:
            found.setdefault(row.n, []).append(row.to_leaf())
        except ValueError:
            if not readable:
                raise
    return found


async def sealed_leaves(session: AsyncSession, plan_id: str) -> dict[str, Leaf]:
    """The newest of each leaf, in the order of first appearance: the order of the tree."""
    found: dict[str, Leaf] = {}
    for leaves in (await leaves_by_root(session, plan_id)).values():
        found |= {leaf.name: leaf for leaf in leaves}
    return found


async def inclusion(session: AsyncSession, plan_id: str, kind: LeafKind, ref: str) -> Inclusion:
    """That the last sealed head stands in the newest root. Raises `NoLeafError`."""
    leaves, root = await sealed_leaves(session, plan_id), await last_root(session, plan_id)
    leaf = leaves.get(f"{kind.value}/{ref}")
    if leaf is None or root is None:
        raise NoLeafError(f"{plan_id}/{ref}")
    return Inclusion(leaf=leaf, path=Tree().put_all(leaves.values()).path(leaf.name), root=root)
