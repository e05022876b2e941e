"""How the service stands, in numbers: what waits, what is late, what will be soon, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from prometheus_client import generate_latest
from sqlalchemy import update

from activities.database import Database
from activities.figures import Due, take_figures
from models.tables import CurrentDeadline, InboxItem
from models.wire import SHANGHAI
from tests.activities.recorded import Desk, told
from tests.models.life import Cast, archived, submitted, with_office
from workers.observe.gauges import gauges
from workers.observe.metrics import REGISTRY
from workers.settings import Settings

PLAN = "tianjin-quality-2023"
DEADLINE = datetime(2023, 11, 7, tzinfo=SHANGHAI)


async def test_what_waits_and_what_is_late(database: Database) -> None:
    desk = Desk(database)
    for ref in ("one", "two"):
        await desk.write_all(told(submitted, Cast(ref)))
    await desk.write_all(told(with_office, Cast("three")))
    await desk.write_all(told(archived, Cast("four")))

    early = await take_figures(database, DEADLINE - timedelta(days=20))
    assert {(w.stage, w.count) for w in early.waiting} >= {("employer_review", 2), ("office_review", 1)}
    assert Due(PLAN, "employer", 0, 0) in early.due
    near = await take_figures(database, DEADLINE - timedelta(days=1))
    assert Due(PLAN, "employer", 0, 2) in near.due
    late = await take_figures(database, DEADLINE)
    assert Due(PLAN, "employer", 2, 0) in late.due
    first, second = (next(w.longest for w in f.waiting if w.stage == "employer_review") for f in (near, late))
    assert second - first == 24 * 3600
    assert late.notices["notices_pending"] > 0
    assert late.longest_pending > 0
    assert late.missing_years == {}

    async with database.transaction() as session:
        await session.execute(
            update(CurrentDeadline).filter_by(application_ref="one").values(missing_year=2027, due_at=None)
        )
        await session.execute(update(InboxItem).values(due_at=None))
    without = await take_figures(database, DEADLINE)
    assert without.missing_years == {2027: 1}
    assert Due(PLAN, "employer", 0, 0) in without.due


async def test_the_page_shows_them_only_while_they_are_told(database: Database) -> None:
    await Desk(database).write_all(told(submitted, Cast("one")))
    with gauges(Settings.load()) as shown:
        await shown.take(database, datetime.now(UTC))
        page = generate_latest(REGISTRY).decode()
        assert f'zhicheng_applications{{plan="{PLAN}",stage="employer_review"}} 1.0' in page
        assert f'zhicheng_overdue{{plan="{PLAN}",role="employer"}} 1.0' in page
        shown.forget()
        assert "zhicheng_applications{" not in generate_latest(REGISTRY).decode()
    assert "zhicheng_data_free_bytes" not in generate_latest(REGISTRY).decode()
