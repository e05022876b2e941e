"""Handing out a file with many applications in it: who takes it is on record first."""

from __future__ import annotations

from datetime import UTC, datetime

from fastapi import Request, Response

from activities.exporting import note_export
from workers.gateway.access_book import grants_in_words
from workers.gateway.caller import Caller
from workers.gateway.context import Context


async def on_record(
    request: Request,
    here: Context,
    caller: Caller,
    plan_id: str,
    content: bytes,
    *,
    what: str,
    search: str,
    rows: int,
) -> None:
    """Writes down who takes a file, with its digest."""
    async with here.database.transaction() as session:
        await note_export(
            session,
            content,
            at=datetime.now(UTC),
            subject=caller.subject,
            grants=grants_in_words(caller),
            plan_id=plan_id,
            what=what,
            search=search,
            rows=rows,
            request_id=request.state.request_id,
        )


def csv_answer(content: bytes) -> Response:
    """The bytes of a CSV file."""
    return Response(content, media_type="text/csv; charset=utf-8")
