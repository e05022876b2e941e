"""Saved searches over HTTP: the own ones, and those that an organisation of the caller shares."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query

from activities.saved_searches import remove_search, save_search, saved_by
from models.roles import Reference, Role
from models.saved_search import Owner, SavedView, SearchName
from models.selection import SearchText
from models.visibility import Grant
from models.wire import Wire
from workers.gateway.caller import Caller
from workers.gateway.context import Context, context_of
from workers.gateway.paths import OF_CALLER, problems
from workers.gateway.problems import not_found, problem
from workers.gateway.tokens import caller_of

router = APIRouter(prefix="/v1", tags=["searches"])
Here = Annotated[Context, Depends(context_of)]
Who = Annotated[Caller, Depends(caller_of)]
Name = Annotated[SearchName, Path(description="The name, written `@name` in a search.", examples=["late"])]


class Sharing(Wire):
    """For whom: the organisation of one of the caller's roles; without it the caller alone."""

    role: Role | None = None
    organisation: Reference | None = None


class SaveSearch(Sharing):
    """What is kept under the name."""

    search: SearchText


@router.get("/searches", operation_id="list_searches", responses=problems(*OF_CALLER, 503))
async def many(here: Here, caller: Who) -> list[SavedView]:
    """What the caller may write `@name` for."""
    async with here.database.reading() as session:
        return await saved_by(session, Owner.all_of(caller.subject, caller.grants))


@router.put("/searches/{name}", operation_id="save_search", responses=problems(*OF_CALLER, 413, 415, 503))
async def save(here: Here, caller: Who, name: Name, given: SaveSearch) -> SavedView:
    """Keep a search under a name, over what was there."""
    owner = _owner(caller, given)
    async with here.database.transaction() as session:
        return await save_search(session, owner, name, given.search, caller.subject, datetime.now(UTC))


@router.delete(
    "/searches/{name}",
    operation_id="remove_search",
    status_code=204,
    responses=problems(*OF_CALLER, 404, 503),
)
async def remove(here: Here, caller: Who, name: Name, whose: Annotated[Sharing, Query()]) -> None:
    """Forget a search."""
    async with here.database.transaction() as session:
        if not await remove_search(session, _owner(caller, whose), name):
            raise not_found("已存查询", "saved search")


def _owner(caller: Caller, given: Sharing) -> Owner:
    """The caller, or an organisation that the token grants. Raises the problem 422 or 403."""
    if (given.role is None) != (given.organisation is None):
        raise problem(
            422,
            "malformed",
            zh="role 与 organisation 须同时填写或省略。",
            en="Give role and organisation together, or neither.",
            fix_zh="请补全，或都不填（仅本人使用）。",
            fix_en="Complete them, or leave both out (for yourself alone).",
            field="organisation",
        )
    if given.role is None or given.organisation is None:
        return Owner(id=caller.subject)
    if Grant(role=given.role, organisation=given.organisation) not in caller.grants:
        raise problem(
            403,
            "wrong_organisation",
            zh="您的账户不代表该机构。",
            en="Your account does not hold this role for this organisation.",
            fix_zh="请使用您所代表的机构，或仅存为本人使用。",
            fix_en="Name one that it holds, or save it for yourself.",
            field="organisation",
        )
    return Owner(role=given.role, id=given.organisation)
