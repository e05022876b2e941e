"""Batches over HTTP: make one, read it, act on it. Maker and approver come from the token."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Header, Path, Query, Request, Response
from pydantic import Field

from activities.batch_reading import batch_seen, batches_of, items_of, of_house, results_csv
from activities.saved_searches import written_out
from models.batch import BatchRef, template_of
from models.batch_commands import BATCH_COMMANDS
from models.batch_messages import ItemStatus
from models.batch_rows import GivenItem
from models.batch_state import BatchReceipt, BatchView
from models.clock import REAL_TIME, BusinessClock
from models.commands import CommandId
from models.roles import Actor
from models.saved_search import Owner
from models.search import MOST_CHARACTERS
from models.selection import Selection
from models.tables import Batch, BatchItem
from models.wire import SHANGHAI, Instant, Wire
from workers.client_batch import BatchClient, command_of
from workers.gateway.caller import Caller
from workers.gateway.context import Context, context_of
from workers.gateway.cursor import Cursor
from workers.gateway.exports import csv_answer, on_record
from workers.gateway.paths import OF_CALLER, PlanId, problems
from workers.gateway.problems import not_found, problem
from workers.gateway.tokens import actor_of, caller_of

router = APIRouter(prefix="/v1", tags=["batches"])
Here = Annotated[Context, Depends(context_of)]
Who = Annotated[Caller, Depends(caller_of)]
As = Annotated[Actor, Depends(actor_of)]
Name = Annotated[BatchRef, Path(description="The batch's reference.", examples=["return-2023-11-06"])]
_ONE = problems(*OF_CALLER, 404, 503)

MOST_CSV = 900_000
_EXAMPLE = {
    "command": {"kind": "return", "items": [{"id": "o1", "text": "首页未加盖公章"}]},
    "selection": {"stages": ["office_review"], "employer": "tj-metrology-institute"},
}


class MakeBatch(Wire):
    """What is sent to whom: `command` is the template (`kind` and what is the same for all).

    One of `search` (terms, `@name` of a saved one), `selection`, `items` and `csv` (a column `application`,
    and fields of the command).
    """

    command: dict[str, Any]
    search: Annotated[str, Field(max_length=MOST_CHARACTERS)] | None = None
    selection: Selection | None = None
    items: Annotated[tuple[GivenItem, ...], Field(max_length=20_000)] = ()
    csv: Annotated[str, Field(max_length=MOST_CSV)] | None = None
    expect_revision: bool = True
    per_second: int = Field(default=20, ge=1, le=200)
    clock: BusinessClock = Field(default=REAL_TIME, description="Of a rehearsal only.")


class BatchOrder(Wire):
    """What a command of a batch may carry; `force` belongs to `retry`, `text` to `approve` and `stop`."""

    expected_revision: int | None = Field(default=None, ge=0)
    text: str | None = Field(default=None, max_length=500)
    force: bool | None = None


class BatchRow(Wire):
    """One batch in a list."""

    batch_ref: str
    kind: str
    status: str
    maker: str
    approver: str | None
    needs_approval: bool
    items: int
    counts: dict[str, int]
    made_at: Instant
    changed_at: Instant


class ItemResult(Wire):
    """One item: the revision it was frozen at, what the dry run said, what came of it, and why."""

    application_ref: str
    status: str
    code: str | None
    reason: str | None
    revision: int | None
    became: int | None
    preview_code: str | None
    preview_reason: str | None
    fields: dict[str, Any] | None
    at: Instant | None


class ItemResults(Wire):
    """A page of items; `next` is the cursor of the following one."""

    items: tuple[ItemResult, ...]
    next: str | None


class ItemFilter(Wire):
    """Which items."""

    status: ItemStatus | None = None
    code: Annotated[str, Query(max_length=60)] | None = None
    limit: Annotated[int, Query(ge=1, le=500)] = 100
    cursor: Annotated[str, Query(max_length=400)] | None = None


@router.put(
    "/plans/{plan_id}/batches/{batch_ref}",
    operation_id="make_batch",
    responses=problems(*OF_CALLER, 404, 409, 413, 415, 503),
)
async def make(
    here: Here,
    caller: Who,
    actor: As,
    plan_id: PlanId,
    batch_ref: Name,
    given: Annotated[MakeBatch, Body(examples=[_EXAMPLE])],
) -> BatchView:
    """Freeze the selection and begin the dry run. The same body again finds the same batch."""
    sources = (
        given.search is not None,
        given.selection is not None,
        bool(given.items),
        given.csv is not None,
    )
    if sum(sources) != 1:
        raise problem(
            422,
            "malformed",
            zh="search、selection、items、csv 须且只能填写一项。",
            en="Give one of search, selection, items and csv.",
            fix_zh="请只保留一项。",
            fix_en="Keep one of them.",
            field="selection",
        )
    start: dict[str, Any] = {
        "batch_ref": batch_ref,
        "plan_id": plan_id,
        "maker": actor,
        "command": template_of(given.command, actor),
        "expect_revision": given.expect_revision,
        "per_second": given.per_second,
        "clock": given.clock,
    }
    door = BatchClient.beside(here.applications)
    selection = given.selection
    if given.search is not None:
        async with here.database.reading() as session:
            owners = Owner.all_of(caller.subject, caller.grants)
            selection = await written_out(session, given.search, owners)
    if selection is not None:
        return await door.start({**start, "selection": selection})
    return await door.start_with(here.database, start, given.csv or list(given.items))


@router.get("/plans/{plan_id}/batches", operation_id="list_batches", responses=problems(*OF_CALLER, 503))
async def many(
    here: Here, caller: Who, plan_id: PlanId, limit: Annotated[int, Query(ge=1, le=500)] = 100
) -> list[BatchRow]:
    """The batches of the caller's organisation, the newest first."""
    found = await batches_of(here.database, plan_id, of_house(caller.grants), limit=limit)
    return [_row(one) for one in found]


@router.get("/plans/{plan_id}/batches/{batch_ref}", operation_id="batch_state", responses=_ONE)
async def state(here: Here, caller: Who, plan_id: PlanId, batch_ref: Name, response: Response) -> BatchView:
    """Where it stands, in numbers; who made and approved it; what may be sent. `ETag` is the revision."""
    await _seen(here, caller, plan_id, batch_ref)
    view = await BatchClient.beside(here.applications).state(batch_ref)
    response.headers["ETag"] = f'"{view.revision}"'
    return view


@router.get("/plans/{plan_id}/batches/{batch_ref}/items", operation_id="batch_items", responses=_ONE)
async def items(
    here: Here, caller: Who, plan_id: PlanId, batch_ref: Name, wanted: Annotated[ItemFilter, Query()]
) -> ItemResults:
    """What the dry run said of each item, and what came of it, page by page."""
    await _seen(here, caller, plan_id, batch_ref)
    after = Cursor.read(wanted.cursor).after if wanted.cursor is not None else ""
    found = await items_of(
        here.database,
        batch_ref,
        status=wanted.status,
        code=wanted.code,
        after=after,
        limit=wanted.limit + 1,
    )
    shown = found[: wanted.limit]
    more = len(found) > wanted.limit
    return ItemResults(
        items=tuple(_item(one) for one in shown),
        next=Cursor(after=shown[-1].application_ref).text() if more else None,
    )


@router.get(
    "/plans/{plan_id}/batches/{batch_ref}/results",
    operation_id="batch_results",
    response_class=Response,
    responses={200: {"content": {"text/csv": {}}, "description": "One line an item."}, **_ONE},
)
async def results(request: Request, here: Here, caller: Who, plan_id: PlanId, batch_ref: Name) -> Response:
    """The whole report as CSV. Who took it is on record before it is sent."""
    batch = await _seen(here, caller, plan_id, batch_ref)
    content = "".join([part async for part in results_csv(here.database, batch_ref)]).encode()
    search = f"batch {batch_ref}"
    await on_record(
        request, here, caller, plan_id, content, what="batch_results", search=search, rows=batch.items
    )
    return csv_answer(content)


def _route(kind: str) -> Callable[..., Any]:
    async def send(
        here: Here,
        caller: Who,
        actor: As,
        plan_id: PlanId,
        batch_ref: Name,
        idempotency_key: Annotated[CommandId, Header()],
        given: Annotated[BatchOrder | None, Body()] = None,
    ) -> BatchReceipt:
        more = given.model_dump(exclude_none=True) if given is not None else {}
        return await ordered(here, caller, plan_id, batch_ref, kind, actor, idempotency_key, **more)

    return send


async def ordered(
    here: Context,
    caller: Caller,
    plan_id: str,
    batch_ref: str,
    kind: str,
    actor: Actor,
    command_id: str,
    **more: Any,
) -> BatchReceipt:
    """Sends a command to a batch that the caller may see. Raises the problem 404 for any other."""
    await _seen(here, caller, plan_id, batch_ref)
    body = command_of(kind, actor, command_id, **more)
    return await BatchClient.beside(here.applications).send(batch_ref, body)


def _register() -> None:
    for kind, model in BATCH_COMMANDS.items():
        router.add_api_route(
            f"/plans/{{plan_id}}/batches/{{batch_ref}}/commands/{kind}",
            _route(kind),
            methods=["POST"],
            operation_id=f"batch_{kind}",
            name=f"batch_{kind}",
            description=(model.__doc__ or "").strip(),
            response_model=BatchReceipt,
            responses=problems(*OF_CALLER, 404, 409, 413, 415, 503),
        )


_register()


async def _seen(here: Context, caller: Caller, plan_id: str, batch_ref: str) -> Batch:
    """A batch of another organisation is answered as if it were not there."""
    mine = of_house(caller.grants)
    found = await batch_seen(here.database, batch_ref, Batch.plan_id == plan_id, mine)
    if found is None:
        raise not_found("批次", "batch")
    return found


def _row(one: Batch) -> BatchRow:
    return BatchRow(
        batch_ref=one.batch_ref,
        kind=one.kind,
        status=one.status,
        maker=one.maker_id,
        approver=one.approver_id,
        needs_approval=one.needs_approval,
        items=one.items,
        counts=one.counts or {},
        made_at=one.made_at.astimezone(SHANGHAI),
        changed_at=one.at.astimezone(SHANGHAI),
    )


def _item(one: BatchItem) -> ItemResult:
    at: datetime | None = one.at.astimezone(SHANGHAI) if one.at is not None else None
    same = {name: getattr(one, name) for name in ItemResult.model_fields if name != "at"}
    return ItemResult(**same, at=at)
