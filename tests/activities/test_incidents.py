"""Failures of each kind are found in their time, and the same cause stands together."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert, select

from activities.database import Database
from activities.incidents import incidents
from models.tables import Batch, BatchItem, DeadDelivery, Letter, Notice, OrderRefusal, PaperFault, Webhook
from tests.activities.recorded import Desk, told
from tests.models.life import Cast, moment, submitted

PLAN = "tianjin-quality-2023"
NOW = moment("2023-10-12 09:00")
REFS = ("a", "b", "c")


def of(ref: str, **more: Any) -> dict[str, Any]:
    return {"plan_id": PLAN, "application_ref": ref, **more}


def items(at: datetime) -> list[dict[str, Any]]:
    """Two refused for one cause, one for another long ago, and one that went well."""
    base = {"batch_ref": "b-1", "status": "refused", "round": 1, "at": at}
    return [
        of("a", **base, code="on_hold"),
        of("b", **base, code="on_hold"),
        of("c", **{**base, "at": at - timedelta(days=2)}, code="closed"),
        of("d", **{**base, "status": "accepted"}, code="accepted"),
    ]


async def test_failures_stand_together_by_cause(database: Database) -> None:
    desk, ago = Desk(database), NOW - timedelta(minutes=10)
    for ref in (*REFS, "d"):
        await desk.write_all(told(submitted, Cast(ref)))
    batch = {
        "batch_ref": "b-1",
        "plan_id": PLAN,
        "kind": "remind",
        "status": "done",
        "command": {},
        "maker_id": "li",
        "maker_role": "office",
        "needs_approval": False,
        "items": 4,
        "made_at": ago,
        "seq": 1,
        "at": ago,
    }
    webhook = {
        "id": "wh-1",
        "plan_id": PLAN,
        "role": "office",
        "organisation": "o",
        "url": "https://example.cn/",
        "secret": "s",
        "status": "active",
        "position": 0,
        "tries": 0,
        "delivered": 0,
        "created_by": "li",
        "created_at": ago,
    }
    dead = {"webhook_id": "wh-1", "tries": 9, "last_answer": "500", "died_at": ago, "status": "dead"}
    async with database.transaction() as session:
        notice = await session.scalar(select(Notice.id).filter_by(application_ref="a").limit(1))
        letter = {"source": "notices", "notice_id": notice, "status": "dead", "tries": 9, "reason": "refused"}
        for table, rows in (
            (Batch, [batch]),
            (BatchItem, items(ago)),
            (OrderRefusal, [of("a", order_id="o-1", code="no_answer", reason="", at=ago)]),
            (Letter, [{**letter, "changed_at": ago}]),
            (Webhook, [webhook]),
            (DeadDelivery, [{**dead, "sequence": 1}, {**dead, "sequence": 2}]),
            (PaperFault, [of("b", kind="certificate", code="no_name", zh="缺姓名", en="no name", at=ago)]),
        ):
            for row in rows:
                await session.execute(insert(table), row)
    async with database.reading() as session:
        lately = await incidents(session, PLAN, NOW - timedelta(hours=1))
        assert {(one.kind, one.of, one.cause, one.failures, one.example) for one in lately} == {
            ("batch", "b-1", "on_hold", 2, "a"),
            ("order", "o-1", "no_answer", 1, "a"),
            ("notice", "notices", "refused", 1, "a"),
            ("webhook", "wh-1", "500", 2, "1"),
            ("paper", "certificate", "no_name", 1, "b"),
        }
        assert all(one.again for one in lately)
        assert len(await incidents(session, PLAN, NOW - timedelta(days=3))) == 6
        assert await incidents(session, PLAN, NOW) == []
        assert await incidents(session, "other", NOW - timedelta(days=3)) == []
