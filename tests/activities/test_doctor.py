"""A healthy house is clean; each of many planted corruptions is found, and its runbook has the section."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from activities.calendar import Calendars
from activities.database import Database
from activities.doctor.examination import examine
from activities.papers.storage import FileStore
from models.audit import Fact
from models.deadlines import DeadlineKind
from models.doctor import LABELS, RUNBOOK, Examination, Symptom
from models.tables import (
    Application,
    AuditEntry,
    Certificate,
    CurrentDeadline,
    InboxItem,
    LiveApplication,
    Notice,
    Paper,
    PostPool,
    PublicityPosted,
    PublicityStep,
)
from models.tables.chain import columns_of
from tests.activities.recorded import Desk, told
from tests.activities.stories import STORIES
from tests.models.life import Cast, accepted, archived
from workers.database import upgrade

ROOT = Path(__file__).parents[2]
ENDED, LIVING = "ended", "living"
NOW = datetime(2023, 10, 25, tzinfo=UTC)
"""While the one that lives waits for the office."""

Plant = Callable[[AsyncSession], Awaitable[object]]


async def furnish(database: Database) -> None:
    """One application that has gone all the way, one that is on its way, one that held a post."""
    desk = Desk(database)
    await desk.write_all(told(archived, Cast(ENDED)))
    await desk.write_all(told(accepted, Cast(LIVING)))
    await desk.write_all(STORIES["post held and given back"]())
    async with database.transaction() as session:
        await session.execute(update(Notice).values(status="sent"))


@pytest.fixture(scope="module")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file to copy from."""
    path = tmp_path_factory.mktemp("house") / "zhicheng.db"
    upgrade(f"sqlite:///{path}")

    async def fill() -> None:
        database = Database(f"sqlite:///{path}")
        await furnish(database)
        await database.close()

    asyncio.run(fill())
    return path


@pytest.fixture
async def house(furnished: Path, tmp_path: Path) -> AsyncIterator[Database]:
    """A house of this test."""
    shutil.copy(furnished, tmp_path / "zhicheng.db")
    opened = Database(f"sqlite:///{tmp_path / 'zhicheng.db'}")
    yield opened
    await opened.close()


async def of(database: Database, files: FileStore | None = None) -> Examination:
    return await examine(database, Calendars(as_of=True), NOW, files=files)


def entry_of(seq: int, ref: str = ENDED) -> Any:
    return (AuditEntry.application_ref == ref) & (AuditEntry.seq == seq)


async def test_a_healthy_house_is_clean(database: Database) -> None:
    await furnish(database)
    found = await of(database)
    assert found.troubles == ()
    assert found.clean
    assert found.looked_at["applications"] == 3
    assert found.looked_at["pools"] == 1
    assert found.looked_at["deadlines"] > 0


async def a_changed_fact(session: AsyncSession) -> None:
    await session.execute(update(AuditEntry).where(entry_of(3)).values(actor_id="somebody-else"))


async def a_missing_fact(session: AsyncSession) -> None:
    await session.execute(delete(AuditEntry).where(entry_of(4)))


async def reordered_facts(session: AsyncSession) -> None:
    for seq, other in ((3, 9999), (4, 3), (9999, 4)):
        await session.execute(update(AuditEntry).where(entry_of(seq)).values(seq=other))


async def an_inserted_fact(session: AsyncSession) -> None:
    last = (await session.scalars(select(AuditEntry).where(entry_of(3)))).one().to_fact()
    forged = Fact.model_validate({**last.model_dump(), "seq": 1000})
    await session.execute(insert(AuditEntry).values(**columns_of("tianjin-quality-2023", ENDED, forged)))


async def another_stage(session: AsyncSession) -> None:
    await session.execute(update(Application).filter_by(application_ref=LIVING).values(stage="scheduled"))


async def a_step_that_is_not_legal(session: AsyncSession) -> None:
    """The chain is forged whole, so that its hashes are right: only the law can tell."""
    rows = (await session.scalars(select(AuditEntry).filter_by(application_ref=LIVING))).all()
    before = ""
    for row in sorted(rows, key=lambda one: one.seq):
        fact = row.to_fact()
        changed = (
            {"actor": {"id": "x", "role": "employer", "organisation": "y"}} if row.seq == len(rows) else {}
        )
        again = Fact.model_validate({**fact.model_dump(), **changed, "prev_hash": before or fact.prev_hash})
        again = again.model_copy(update={"hash": again.computed_hash()})
        before = again.hash
        columns = columns_of(row.plan_id, row.application_ref, again)
        await session.execute(update(AuditEntry).where(AuditEntry.id == row.id).values(**columns))
    await session.execute(update(Application).filter_by(application_ref=LIVING).values(chain=before))


async def a_post_too_many(session: AsyncSession) -> None:
    await session.execute(update(PostPool).values(consumed=PostPool.consumed + 1))


async def a_publicity_without_its_row(session: AsyncSession) -> None:
    await session.execute(delete(PublicityPosted).filter_by(application_ref=ENDED, of="employer"))


async def a_proof_without_its_image(session: AsyncSession) -> None:
    filed = update(PublicityStep).filter_by(application_ref=LIVING, step="evidence")
    await session.execute(filed.values(image_sha256=None))


async def an_orphaned_item(session: AsyncSession) -> None:
    item = update(InboxItem).filter_by(application_ref=LIVING).where(InboxItem.closed_at.is_(None))
    await session.execute(item.values(role="department"))


async def a_reservation_of_somebody_else(session: AsyncSession) -> None:
    held = update(LiveApplication).filter_by(application_ref=LIVING)
    await session.execute(held.values(applicant="somebody-else"))


async def a_notice_that_nobody_sends(session: AsyncSession) -> None:
    one = (await session.scalars(select(Notice).order_by(Notice.id).limit(1))).one()
    one.status, one.at = "pending", NOW - timedelta(days=2)


async def a_year_without_a_calendar(session: AsyncSession) -> None:
    one = (await session.scalars(select(CurrentDeadline).filter_by(application_ref=LIVING).limit(1))).one()
    one.missing_year, one.due_at, one.last_day = 2024, None, None


async def a_deadline_that_nobody_kept(session: AsyncSession) -> None:
    one = (await session.scalars(select(CurrentDeadline).filter_by(application_ref=LIVING).limit(1))).one()
    one.kind, one.due_at = DeadlineKind.BAR.value, NOW - timedelta(days=1)
    row = await session.get_one(Application, (one.plan_id, LIVING))
    row.due_at = one.due_at


async def a_certificate_that_nobody_decided(session: AsyncSession) -> None:
    await session.execute(update(Certificate).filter_by(application_ref=ENDED).values(status="void"))


async def a_title_that_dates_from_another_day(session: AsyncSession) -> None:
    await session.execute(update(Certificate).values(title_date=date(2020, 1, 1)))


PLANTED: dict[str, tuple[Plant, Symptom]] = {
    plant.__name__: (plant, symptom)
    for plant, symptom in (
        (a_changed_fact, Symptom.CHAIN_BROKEN),
        (a_missing_fact, Symptom.CHAIN_BROKEN),
        (reordered_facts, Symptom.CHAIN_BROKEN),
        (an_inserted_fact, Symptom.CHAIN_BROKEN),
        (another_stage, Symptom.RECORD_DIFFERS),
        (a_step_that_is_not_legal, Symptom.INVARIANT_BROKEN),
        (a_post_too_many, Symptom.POSTS_DIFFER),
        (a_publicity_without_its_row, Symptom.PUBLICITY_UNPROVED),
        (a_proof_without_its_image, Symptom.PUBLICITY_UNPROVED),
        (an_orphaned_item, Symptom.INBOX_ORPHANED),
        (a_reservation_of_somebody_else, Symptom.RESERVATION_DIFFERS),
        (a_notice_that_nobody_sends, Symptom.OUTBOX_STUCK),
        (a_year_without_a_calendar, Symptom.CALENDAR_MISSING),
        (a_deadline_that_nobody_kept, Symptom.DEADLINE_PASSED),
        (a_certificate_that_nobody_decided, Symptom.CERTIFICATE_UNFOUNDED),
        (a_title_that_dates_from_another_day, Symptom.CERTIFICATE_UNFOUNDED),
    )
}


@pytest.mark.parametrize("planted", PLANTED)
async def test_a_corruption_is_found_and_named(house: Database, planted: str) -> None:
    plant, symptom = PLANTED[planted]
    async with house.transaction() as session:
        await plant(session)
    found = await of(house)
    assert symptom in {one.symptom for one in found.troubles}, found.troubles
    for one in found.troubles:
        assert one.runbook == f"{RUNBOOK}#{one.symptom.value}"
        assert one.what.zh
        assert one.what.en
    mine = {one.subject.rpartition("/")[2] for one in found.troubles if one.symptom is symptom}
    assert not mine & {ENDED, LIVING} or len(mine & {ENDED, LIVING}) == 1, "only what was touched"


async def test_a_paper_that_was_altered_or_lost_is_found(house: Database, tmp_path: Path) -> None:
    store = FileStore(tmp_path)
    kept, altered, lost = (store.put(content) for content in (b"kept", b"altered", b"lost"))
    async with house.transaction() as session:
        for version, key in enumerate((kept, altered, lost), start=1):
            session.add(_paper(version, key))
    assert (await of(house, store)).clean
    (tmp_path / altered).write_bytes(b"forged")
    (tmp_path / lost).unlink()
    found = (await of(house, store)).troubles
    assert [one.symptom for one in found] == [Symptom.PAPER_DAMAGED] * 2
    assert altered in found[0].what.en
    assert lost in found[1].what.en
    assert (await of(house)).clean, "papers are looked at only when their store is given"


def _paper(version: int, key: str) -> Paper:
    digest = Path(key).stem
    return Paper(
        plan_id="tianjin-quality-2023",
        application_ref=ENDED,
        kind="certificate",
        version=version,
        number="TJ-2023-ENG-000001",
        status="current" if version == 3 else "superseded",
        certificate_sha256=digest,
        content_sha256=digest,
        sha256=digest,
        size=4,
        storage_key=key,
        person_version=1,
        unit_version=1,
        rehearsal=True,
        made_at=NOW,
    )


async def test_one_plan_is_looked_at_alone(house: Database) -> None:
    other = await examine(house, Calendars(as_of=True), NOW, plan_id="another-plan")
    assert other.looked_at["applications"] == other.looked_at["pools"] == 0
    assert other.clean


def test_every_symptom_has_its_words_and_its_section_in_the_runbook() -> None:
    page = (ROOT / RUNBOOK).read_text("utf-8")
    assert set(LABELS) == set(Symptom)
    for symptom in Symptom:
        section = page.partition(f"## {symptom.value}\n")[2].partition("\n## ")[0]
        assert len(section.split()) > 20, symptom
