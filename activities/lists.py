"""Publishes a list of the passed: stores what was posted, and starts the period of everyone it concerns.

The list is stored in one transaction, under the id of the command; then each application is told. A try that
comes after a crash finds the stored list and tells only those who were not told. The names are looked up here
and go into the database alone: a workflow sees the hash.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from pydantic import ValidationError
from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from temporalio import activity

from activities.database import Database
from activities.list_building import Built, Wanted, build
from activities.list_checks import check_actor, check_moments, check_places, unmet
from activities.list_take_down import take_down
from activities.orders import in_pages, send_to_all
from activities.plans import plan_in_force
from activities.writing import write_new
from models.cycle_commands import PublishList
from models.cycle_messages import Asked, Done
from models.field_errors import first_field_error
from models.plan import ReviewPlan, UnknownPlanError
from models.refusal import Refusal, RefusalCode, Refused
from models.tables import ListPosting, OrderRefusal, PostedEntry, PostedList

NONCE_BYTES = 16


class Lists:
    """Publishes lists and takes them down."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @activity.defn(name="publish_list")
    async def publish_list(self, asked: Asked) -> Done:
        """Carries out `PublishList`. Give it a heartbeat timeout of a minute."""
        try:
            command = _read(asked)
            async with self._database.transaction() as session:
                plan = await plan_in_force(session, asked.plan_id)
                posted = await store(session, plan, command, asked.at)
        except Refused as refused:
            return not_done(refused.refusal)
        except UnknownPlanError as unknown:
            return Done(refused_zh="没有该方案。", refused_en=str(unknown), field="plan_id")
        await self._tell(posted, command, asked.at)
        async with self._database.reading() as session:
            return await _done(session, posted)

    @activity.defn(name="take_down_lists")
    async def take_down_lists(self, asked: Asked) -> Done:
        """Takes down the lists whose time is over at `asked.at`; the command may be empty."""
        async with self._database.transaction() as session:
            plan = await plan_in_force(session, asked.plan_id)
            numbers = await take_down(session, plan, asked.at)
        return Done(counts={"taken_down": len(numbers)}, facts={"lists": ", ".join(map(str, numbers))})

    async def _tell(self, posted: PostedList, command: PublishList, at: datetime) -> None:
        mine = {"plan_id": posted.plan_id, "n": posted.n}
        async with self._database.reading() as session:
            rows = await session.scalars(select(PostedEntry).filter_by(**mine, outcome="pending"))
            pending = {row.application_ref: row.corrects for row in rows}
        if not pending:
            return
        order_id = order_of(posted)
        common: dict[str, Any] = {
            "kind": "publish_result",
            "actor": command.actor.model_dump(mode="json"),
            "list_sha256": posted.sha256,
            "postings": [posting.model_dump(mode="json") for posting in command.postings],
        }

        def body_for(ref: str) -> dict[str, Any]:
            corrects = pending[ref]
            return {**common, "corrects": corrects} if corrects is not None else common

        await send_to_all(
            activity.client(),
            self._database,
            posted.plan_id,
            lambda after: in_pages(list(pending), after),
            body_for,
            order_id,
            at=at,
        )
        async with self._database.transaction() as session:
            refusals = (await session.scalars(select(OrderRefusal).filter_by(order_id=order_id))).all()
            for refusal in refusals:
                outcome = "ended" if refusal.code == RefusalCode.CLOSED.value else "refused"
                await session.execute(
                    update(PostedEntry)
                    .filter_by(**mine, application_ref=refusal.application_ref, outcome="pending")
                    .values(outcome=outcome, reason=f"{refusal.code}: {refusal.reason}")
                )
            await session.execute(
                update(PostedEntry).filter_by(**mine, outcome="pending").values(outcome="accepted")
            )


def order_of(posted: PostedList) -> str:
    """The id of the order that tells the applications of a list; short, so that references fit behind it."""
    return f"list-{posted.n}-{posted.sha256[:8]}"


async def store(session: AsyncSession, plan: ReviewPlan, command: PublishList, at: datetime) -> PostedList:
    """The posted list of this command: the stored one, or a new one. Raises `Refused`, and stores nothing."""
    mine = {"plan_id": plan.id}
    known: PostedList | None = await session.scalar(
        select(PostedList).filter_by(**mine, command_id=command.command_id)
    )
    if known is not None:
        return known
    check_actor(plan, command)
    check_places(plan, command.postings, at)
    wanted = Wanted(
        at=at, meeting_refs=command.meeting_refs, corrects=command.corrects, reason=command.reason
    )
    draft = await session.scalar(
        select(PostedList).filter_by(**mine, status="draft", corrects=wanted.corrects)
    )
    n, nonce = await _number(session, plan.id, draft)
    built = await build(session, plan, wanted, n, nonce)
    if draft is not None and draft.sha256 != built.list.sha256:
        raise _draft_differs(draft)
    check_moments(command.postings, built.after)
    posted = await _write(session, built, wanted, command)
    if built.replaces is not None:
        built.replaces.status = "corrected"
    return posted


async def make_draft(session: AsyncSession, plan: ReviewPlan, wanted: Wanted) -> PostedList:
    """The list as it is to be posted: the file with its hash, before anybody is told; replaces a draft.

    Publishing posts it as it is, or is refused when something has changed since. Raises `Refused`.
    """
    old = await session.scalar(
        select(PostedList).filter_by(plan_id=plan.id, status="draft", corrects=wanted.corrects)
    )
    n, _ = await _number(session, plan.id, old)
    built = await build(session, plan, wanted, n, secrets.token_hex(NONCE_BYTES))
    return await _write(session, built, wanted, None)


async def _number(session: AsyncSession, plan_id: str, draft: PostedList | None) -> tuple[int, str]:
    if draft is not None:
        return draft.n, draft.nonce or ""
    last = await session.scalar(select(func.max(PostedList.n)).filter_by(plan_id=plan_id))
    return (last or 0) + 1, secrets.token_hex(NONCE_BYTES)


async def _write(
    session: AsyncSession, built: Built, wanted: Wanted, command: PublishList | None
) -> PostedList:
    """Writes list, lines and postings over a draft of the same number."""
    made, mine = built.list, {"plan_id": built.list.plan_id, "n": built.list.n}
    await session.execute(delete(PostedEntry).filter_by(**mine))
    await session.execute(delete(PostedList).filter_by(**mine, status="draft"))
    posted = PostedList(
        **mine,
        sha256=made.sha256,
        status="draft" if command is None else "published",
        made_at=wanted.at,
        command_id=None if command is None else command.command_id,
        columns=list(made.columns),
        meeting_refs=list(built.meeting_refs),
        nonce=made.nonce,
        corrects=made.corrects,
        reason=wanted.reason,
        started_at=None if command is None else max(p.posted_at for p in command.postings),
        taken_down_at=None,
    )
    session.add(posted)
    await session.flush()
    await write_new(session, PostedEntry, list(_rows(built)))
    if command is not None:
        await write_new(session, ListPosting, [{**mine, **p.model_dump()} for p in command.postings])
    return posted


def _rows(built: Built) -> Iterable[dict[str, Any]]:
    for entry in built.list.entries:
        line, shown = built.lines[entry.application_ref], entry.shown
        yield {
            "plan_id": built.list.plan_id,
            "n": built.list.n,
            "position": entry.position,
            "application_ref": entry.application_ref,
            "shown_name": shown.person,
            "shown_unit": shown.unit,
            "shown_specialty": shown.specialty,
            "shown_level": shown.level,
            "change": line.change,
            "corrects": line.corrects,
            "period_sha256": line.period_sha256 or built.list.sha256,
            "outcome": "pending" if line.tell else "linked",
            "reason": None,
        }


async def _done(session: AsyncSession, posted: PostedList) -> Done:
    """What the list holds and what came of telling: the same however often it is asked."""
    rows = (await session.scalars(select(PostedEntry).filter_by(plan_id=posted.plan_id, n=posted.n))).all()
    counts = {"entries": len(rows)}
    for word in (*(row.change for row in rows), *(row.outcome for row in rows)):
        counts[word] = counts.get(word, 0) + 1
    if posted.corrects is not None:
        old = await session.scalars(
            select(PostedEntry.application_ref)
            .join(PostedList, (PostedList.plan_id == PostedEntry.plan_id) & (PostedList.n == PostedEntry.n))
            .where(PostedList.plan_id == posted.plan_id, PostedList.sha256 == posted.corrects)
        )
        counts["removed"] = len(set(old) - {row.application_ref for row in rows})
    facts = {"list_sha256": posted.sha256, "list": str(posted.n)}
    if posted.corrects is not None:
        facts["corrects"] = posted.corrects
    return Done(counts=counts, facts=facts)


def not_done(refusal: Refusal) -> Done:
    """The answer of an activity that changed nothing."""
    return Done(
        refused_zh=f"{refusal.rule.zh}{refusal.remedy.zh}",
        refused_en=f"{refusal.rule.en} {refusal.remedy.en}",
        field=refusal.field,
    )


def _read(asked: Asked) -> PublishList:
    try:
        return PublishList.model_validate({"kind": "publish_list", **asked.command})
    except ValidationError as error:
        where, rule = first_field_error(error, "publish_list")
        raise unmet(
            f"字段 {where or '(body)'} 不符合要求：{rule.zh}。",
            f"The field {where or '(body)'} breaks a rule: {rule.en}.",
            "请更正后重发。",
            "Correct it and send it again.",
            where,
        ) from None


def _draft_differs(draft: PostedList) -> Refused:
    return unmet(
        f"第{draft.n}号名单草稿生成后情况有变，与现应公示的不一致。",
        f"The draft of list {draft.n} is no longer what would be posted: something has changed since.",
        "请重新生成草稿（zhicheng lists draft），核对后发布。",
        "Make the draft anew (`zhicheng lists draft`), look at it, and post that one.",
        None,
    )
