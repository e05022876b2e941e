"""Keeps saved searches, and writes out what stands for one (`@name`) in a search."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from activities.writing import write_over
from models.refusal import RefusalCode, refuse
from models.roles import Role
from models.saved_search import PERSON, Owner, SavedView
from models.search import Search, canonical_search, parse_search
from models.selection import Selection
from models.tables import SavedSearch
from models.wire import SHANGHAI

MOST_OF_ONE = 100
"""Searches that one owner may keep."""


async def save_search(
    session: AsyncSession, owner: Owner, name: str, text: str, by: str, at: datetime
) -> SavedView:
    """Keeps the search under the name, over what was there. Raises `Refused`: it cannot be read, too many."""
    canonical = canonical_search(text)
    role, owner_id = owner.key
    kept = await saved_by(session, [owner])
    if len(kept) >= MOST_OF_ONE and name not in {one.name for one in kept}:
        raise refuse(
            RefusalCode.GUARD,
            zh=f"已存查询最多{MOST_OF_ONE}条。",
            en=f"At most {MOST_OF_ONE} searches are kept for one owner.",
            fix_zh="请先删除不用的查询。",
            fix_en="Remove one that is not needed.",
            field="name",
        )
    key = {"owner_role": role, "owner": owner_id, "label": name}
    row = {**key, "text": canonical, "saved_by": by, "saved_at": at}
    await write_over(session, SavedSearch, row, tuple(key))
    return SavedView(name=name, search=canonical, owner=owner, saved_by=by, saved_at=at)


async def saved_by(session: AsyncSession, owners: Sequence[Owner]) -> list[SavedView]:
    """The searches of these owners, by name; of one name the first owner's first."""
    keys = [owner.key for owner in owners]
    rows = await session.scalars(
        select(SavedSearch)
        .where(tuple_(SavedSearch.owner_role, SavedSearch.owner).in_(keys))
        .order_by(SavedSearch.label)
    )
    found = [
        SavedView(
            name=row.label,
            search=row.text,
            owner=Owner(role=None if row.owner_role == PERSON else Role(row.owner_role), id=row.owner),
            saved_by=row.saved_by,
            saved_at=row.saved_at.astimezone(SHANGHAI),
        )
        for row in rows
    ]
    return sorted(found, key=lambda one: (one.name, keys.index(one.owner.key)))


async def remove_search(session: AsyncSession, owner: Owner, name: str) -> bool:
    """Forgets it; False when there was none."""
    role, owner_id = owner.key
    gone = await session.execute(
        delete(SavedSearch)
        .filter_by(owner_role=role, owner=owner_id, label=name)
        .returning(SavedSearch.label)
    )
    return gone.first() is not None


async def written_out(session: AsyncSession, text: str, owners: Sequence[Owner]) -> Selection:
    """The selection of a search text with every `@name` replaced; of one name the last owner's counts.

    Raises `models.search_errors.SearchError`.
    """
    read: Search = parse_search(text)
    if read.saved:
        read = read.expanded({one.name: one.search for one in await saved_by(session, owners)})
    return Selection(search=read.text)
