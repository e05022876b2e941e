"""What a decision of a review hop leaves: what was attested and why, and the list of a return."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from activities.facts import day, write_row, write_rows
from models.audit import Fact
from models.outbox import HopBatch
from models.tables import ReturnAnswer, ReturnItem, ReturnList, ReviewDecision


async def write_decision(session: AsyncSession, batch: HopBatch, fact: Fact) -> None:
    """The decision itself (a `review` command)."""
    said = fact.details
    await write_row(
        session,
        ReviewDecision,
        batch,
        fact,
        hop=said["hop"],
        outcome=said["outcome"],
        attested=said.get("attested", []),
        reasons=said.get("reasons", []),
        post=said.get("post"),
    )


async def write_return(session: AsyncSession, batch: HopBatch, fact: Fact) -> None:
    """The decision to return, with its list."""
    said = fact.details
    await write_decision(session, batch, fact)
    await write_row(
        session,
        ReturnList,
        batch,
        fact,
        hop=said["hop"],
        change_class=said.get("change_class") or "substantive",
        correction_due=day(said.get("correction_due")),
    )
    await write_items(session, batch, fact)


async def write_items(session: AsyncSession, batch: HopBatch, fact: Fact) -> None:
    """The points of the list that a fact carries."""
    await write_rows(session, ReturnItem, batch, fact, map(_item, fact.details.get("items", [])))


async def write_answers(session: AsyncSession, batch: HopBatch, fact: Fact) -> None:
    """The answers to a return list (a `resubmit` command)."""
    answers: Sequence[dict[str, Any]] = fact.details.get("answers", [])
    rows = [{"item": answer["item"], "words": answer["text"]} for answer in answers]
    await write_rows(session, ReturnAnswer, batch, fact, rows)


def _item(item: dict[str, Any]) -> dict[str, Any]:
    return {
        "item": item["id"],
        "words": item["text"],
        "part": item.get("part"),
        "unrepaired": item.get("unrepaired"),
        "newly_arisen": item.get("newly_arisen", False),
    }
