"""Nothing goes before its time, nothing stays after it, and what went can be proved: on both databases."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from activities.calendar import Calendars
from activities.database import Database
from activities.doctor.examination import examine
from activities.evidence.store import key_of, open_store
from activities.identity import record_identity, same_person
from activities.looks import Looker
from activities.papers.storage import FileStore
from activities.retention import holds, outside, register
from activities.retention.finding import Due, due
from activities.retention.work import apply
from activities.writing import table_of
from models.doctor import Symptom
from models.identity import Document
from models.refusal import Refused
from models.retention import Kept, Period, due_on
from models.retention_payload import OF_APPLICATION
from models.tables import (
    AccessEntry,
    Application,
    AuditEntry,
    Base,
    Contact,
    CreditRecord,
    DossierVersion,
    EvidenceLink,
    EvidenceObject,
    Notice,
    Person,
    PersonIdentity,
    Removal,
    SideCase,
    ToRemove,
    VoteCount,
)
from models.wire import SHANGHAI
from tests.activities.recorded import Desk, RecordedLife
from tests.activities.test_hops import every
from tests.activities.test_identity import KEYS, NUMBER
from tests.models.life import Cast, archived, certified, submitted, voted
from workers.database import upgrade

PLAN = "tianjin-quality-2023"
BY = "os:operator"


def life(ref: str, way: Callable[[RecordedLife], object]) -> RecordedLife:
    told = RecordedLife(Cast(ref))
    way(told)
    return told


def _archived(told: RecordedLife) -> None:
    archived(told).at("2034-02-01 09:00")


LIVES: dict[str, Callable[[RecordedLife], object]] = {
    "lapsed": lambda told: submitted(told).at("2023-11-08 09:00"),
    "failed": lambda told: voted(told, yes=1).at("2024-02-20 09:00"),
    "titled": _archived,
    "going": certified,
}


async def furnish(database: Database) -> None:
    """One that lapsed, one that was not passed, one whose record's time is over, one that lives."""
    desk = Desk(database)
    for ref, way in LIVES.items():
        told = life(ref, way)
        await desk.write_all(told)
    async with database.transaction() as session:
        await session.execute(update(Notice).values(status="sent"))
        at = datetime(2023, 9, 1, tzinfo=UTC)
        for ref in ("p-lapsed", "p-failed", "p-titled", "p-going"):
            session.add(
                Person(ref=ref, version=1, name=f"名-{ref}", kind=None, recorded_at=at, document_no=None)
            )
            session.add(Contact(recipient=ref, channel="mail", address=f"{ref}@example.cn", set_at=at))


def on(day: date) -> datetime:
    return datetime.combine(day, time(12), SHANGHAI)


async def found(database: Database, day: date) -> list[Due]:
    async with database.reading() as session:
        return await due(session, day)


async def words_left(database: Database, ref: str) -> dict[str, int]:
    """Rows of the payload of an application that still hold something."""
    left = {}
    async with database.reading() as session:
        for name, change in OF_APPLICATION.items():
            table = Base.metadata.tables[name]
            mine = select(table).where(table.c.application_ref == ref)
            rows = [row._mapping for row in await session.execute(mine)]
            if not isinstance(change, str):
                rows = [row for row in rows if any(row[column] != blank for column, blank in change.items())]
            if rows:
                left[name] = len(rows)
    return left


@pytest.fixture(scope="module")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file to copy from."""
    path = tmp_path_factory.mktemp("kept") / "zhicheng.db"
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


async def test_nothing_before_its_time_nothing_after_it(house: Database) -> None:
    """Day by day around every end: what is due goes on that day, and on the day before it stays."""
    async with house.reading() as session:
        rows = {row.application_ref: row for row in await session.scalars(select(Application))}
    assert {ref: row.status for ref, row in rows.items()} == {
        "lapsed": "ended",
        "failed": "ended",
        "titled": "ended",
        "going": "open",
    }
    ends = {one.application_ref: one.due_on for one in await found(house, date(2060, 1, 1))}
    ends.pop(None)
    failed = rows["failed"].entered_at.astimezone(SHANGHAI).date()
    assert ends == {
        "lapsed": date(2024, 7, 1),  # no cycle on file: the plan's review ends on 2023-12-31
        "failed": max(date(2027, 1, 1), due_on(failed, Period(3, "years")) or date.min),
        "titled": date(2034, 1, 1),
    }
    gone: set[str] = set()
    for ref, day in sorted(ends.items(), key=lambda pair: pair[1]):
        assert ref is not None
        before = {name: await words_left(house, name) for name in LIVES}
        await apply(house, on(day - timedelta(days=1)), BY)
        assert {name: await words_left(house, name) for name in LIVES} == before
        outcome = await apply(house, on(day), BY)
        gone.add(ref)
        assert sum(outcome.removed[kept] for kept in ("not_pursued", "not_passed", "passed")) == 1
        for name in LIVES:
            assert bool(await words_left(house, name)) is (name not in gone), (day, name)
    assert await found(house, date(2060, 1, 1)) == []
    again = await apply(house, on(date(2060, 1, 1)), BY)
    assert again.removed.total() == 0


async def test_what_stays_is_proved_and_the_doctor_is_content(house: Database) -> None:
    day = date(2044, 6, 1)
    votes = len(await every(house, VoteCount))
    await apply(house, on(day), BY)
    assert len(await every(house, VoteCount)) == votes
    entries = await every(house, Removal)
    assert {entry.kept for entry in entries} == {"not_pursued", "not_passed", "passed", "person"}
    assert all(entry.by == BY and entry.rule and entry.rows for entry in entries)
    people = {row.ref for row in await every(house, Person)}
    assert people == {"p-titled", "p-going"}  # a certificate bears the name
    assert {row.recipient for row in await every(house, Contact)} == {"p-going"}
    report = await examine(house, Calendars(as_of=True), on(day))
    wrong = [t for t in report.troubles if t.subject != f"{PLAN}/going"]
    assert wrong == [], wrong


async def test_the_doctor_finds_what_somebody_does_to_what_stays(house: Database) -> None:
    await apply(house, on(date(2024, 7, 1)), BY)
    now = on(date(2024, 7, 2))

    async def troubles() -> set[tuple[str, str]]:
        seen = (await examine(house, Calendars(as_of=True), now)).troubles
        return {(t.symptom, t.subject) for t in seen if t.symptom is Symptom.CHAIN_BROKEN}

    assert await troubles() == set()
    async with house.transaction() as session:
        first = AuditEntry.application_ref == "lapsed"
        await session.execute(update(AuditEntry).where(first, AuditEntry.seq == 2).values(actor_id="p-x"))
    assert await troubles() == {(Symptom.CHAIN_BROKEN, f"{PLAN}/lapsed")}
    async with house.transaction() as session:
        await session.execute(update(Removal).values(by="nobody"))
    assert (Symptom.CHAIN_BROKEN, "removals") in await troubles()


async def test_what_is_overdue_is_told(house: Database) -> None:

    async def told(day: date) -> list[str]:
        report = await examine(house, Calendars(as_of=True), on(day))
        return [t.subject for t in report.troubles if t.symptom is Symptom.RETENTION_OVERDUE]

    assert await told(date(2024, 7, 30)) == []
    assert await told(date(2024, 7, 31)) == ["not_pursued"]


@pytest.mark.parametrize("why", ["legal_hold", "open_case", "ban_in_force"])
async def test_what_is_held_is_not_touched(house: Database, why: str) -> None:
    at = datetime(2024, 1, 2, tzinfo=UTC)
    async with house.transaction() as session:
        if why == "legal_hold":
            number = await holds.place(session, PLAN, "lapsed", "行政诉讼", "（2024）津01行初1号", BY, at)
        elif why == "open_case":
            await session.execute(_case_row("open"))
        else:
            await session.execute(_ban_row(date(2024, 12, 31)))
    day = date(2024, 7, 1)
    [one] = [one for one in await found(house, day) if one.application_ref == "lapsed"]
    assert one.held == why
    outcome = await apply(house, on(day), BY)
    assert (outcome.removed.total(), outcome.held[why]) == (0, 1)
    assert await words_left(house, "lapsed")
    async with house.transaction() as session:
        if why == "legal_hold":
            await holds.lift(session, number, "结案〔2024〕1号", BY, at)
        elif why == "open_case":
            await session.execute(update(SideCase).values(status="ruled", effect_outcome="none"))
        else:
            day = date(2025, 1, 2)
    assert (await apply(house, on(day), BY)).removed["not_pursued"] == 1
    assert not await words_left(house, "lapsed")


async def test_a_broken_chain_is_kept_as_evidence(house: Database) -> None:
    async with house.transaction() as session:
        entry = (AuditEntry.application_ref == "lapsed") & (AuditEntry.seq == 2)
        await session.execute(update(AuditEntry).where(entry).values(event="withdraw"))
    outcome = await apply(house, on(date(2024, 7, 1)), BY)
    assert outcome.held["chain_broken"] == 1
    assert await words_left(house, "lapsed")


async def test_two_that_remove_at_once_remove_once(database: Database) -> None:
    await furnish(database)
    day = on(date(2044, 6, 1))
    outcomes = await asyncio.gather(*(apply(database, day, f"os:{n}") for n in range(3)))
    removed = sum(sum(o.removed[k] for k in ("not_pursued", "not_passed", "passed")) for o in outcomes)
    assert removed == 3
    async with database.reading() as session:
        assert await register.verify(session) == []
        of = await session.scalar(
            select(func.count()).select_from(Removal).where(Removal.application_ref == "lapsed")
        )
    assert of == 1


async def test_a_hold_that_is_being_placed_is_waited_for(database: Database) -> None:
    """Whoever is told that something is kept finds it kept, whatever ran in the same moment."""
    await furnish(database)
    day = on(date(2024, 7, 1))
    async with database.transaction() as session:
        await holds.place(session, PLAN, "lapsed", "行政诉讼", "（2024）津01行初1号", BY, day)
        running = asyncio.create_task(apply(database, day, BY))
        await asyncio.wait({running}, timeout=1.0)
    outcome = await running
    assert outcome.removed.total() == 0
    assert await words_left(database, "lapsed")


async def test_who_is_just_beginning_is_not_forgotten(database: Database) -> None:
    """Nothing is known of a person for half a year; an application is opened while the entry is removed."""
    await furnish(database)
    known = datetime(2023, 9, 1, tzinfo=UTC)
    async with database.transaction() as session:
        looker = Looker("office-clerk", "office:o", request_id="r-1")
        await record_identity(session, KEYS, looker, "p-new", Document.RESIDENT_ID, NUMBER, known)
    day = on(date(2024, 4, 1))
    assert "person/p-new" in {one.subject for one in await found(database, date(2024, 4, 1))}
    async with database.transaction() as session:
        assert await same_person(session, "p-new", lock=True) == ("p-new",)
        going = await session.get_one(Application, (PLAN, "going"))
        columns = {c.key: getattr(going, c.key) for c in Application.__table__.columns}
        new = {"application_ref": "new", "applicant": "p-new", "workflow_id": "application/x/new"}
        session.add(Application(**columns | new))
        await session.flush()
        running = asyncio.create_task(apply(database, day, BY, only=[Kept.PERSON]))
        await asyncio.wait({running}, timeout=1.0)
    assert (await running).removed.total() == 0
    assert [row.person for row in await every(database, PersonIdentity)] == ["p-new"]


async def test_nothing_is_promised_of_words_that_are_gone(house: Database) -> None:
    await apply(house, on(date(2024, 7, 1)), BY)
    async with house.transaction() as session:
        with pytest.raises(Refused, match="were removed on 2024-07-01"):
            await holds.place(session, PLAN, "lapsed", "行政诉讼", "1号", BY, on(date(2024, 7, 2)))


async def test_a_limit_leaves_the_rest_for_the_next_run(house: Database) -> None:
    day = on(date(2044, 6, 1))
    first = await apply(house, day, BY, limit=1)
    assert first.removed.total() == 1
    assert first.left > 0
    await apply(house, day, BY)
    assert await found(house, date(2044, 6, 1)) == []


async def test_logs_go_after_three_years(house: Database) -> None:
    async with house.transaction() as session:
        for day in (date(2021, 7, 1), date(2021, 7, 2), date(2024, 1, 1)):
            session.add(
                AccessEntry(
                    at=on(day),
                    subject="s",
                    grants="g",
                    service=False,
                    what="w",
                    plan_id=PLAN,
                    application_ref="a",
                    outcome="shown",
                    request_id="r",
                    person=None,
                    reason=None,
                )
            )
    await apply(house, on(date(2024, 7, 2)), BY)
    assert [row.at.astimezone(SHANGHAI).date() for row in await every(house, AccessEntry)] == [
        date(2021, 7, 2),
        date(2024, 1, 1),
    ]


async def test_files_and_histories_go_too_and_a_shared_file_stays(house: Database, tmp_path: Path) -> None:
    """One file is the lapsed one's alone, one is another's as well; a crash in between loses nothing."""
    store, papers = open_store(None, tmp_path / "evidence"), FileStore(tmp_path)
    alone, shared = "a" * 64, "b" * 64
    at = datetime(2023, 9, 20, tzinfo=UTC)
    async with house.transaction() as session:
        for sha in (alone, shared):
            session.add(
                EvidenceObject(
                    sha256=sha,
                    size=1,
                    media_type="application/pdf",
                    flags=[],
                    state="stored",
                    stored_at=at,
                    checked_at=None,
                )
            )
            await store.put(key_of(sha), b"x")
        await session.flush()
        for sha, ref in ((alone, "lapsed"), (shared, "lapsed"), (shared, "going")):
            session.add(
                EvidenceLink(
                    plan_id=PLAN,
                    application_ref=ref,
                    sha256=sha,
                    kind="paper",
                    owner="p",
                    file_name="王小明的论文.pdf",
                    at=at,
                )
            )
    await apply(house, on(date(2024, 7, 1)), BY)
    assert await store.size(key_of(alone)) == 1  # written down, not done yet
    asked: list[str] = []

    async def away(workflow_id: str) -> None:
        asked.append(workflow_id)
        raise ConnectionError("the server is away")

    async def delete_history(workflow_id: str) -> None:
        asked.append(workflow_id)

    done, left = await outside.Outside(house, evidence=store, papers=papers, histories=away).remove()
    assert (done, left) == (1, 1)
    assert await store.size(key_of(alone)) is None
    assert await store.size(key_of(shared)) == 1
    [row] = await every(house, ToRemove)
    assert (row.place, row.tries, row.reason) == ("history", 1, "ConnectionError")
    works = outside.Outside(house, evidence=store, papers=papers, histories=delete_history)
    assert await works.remove() == (1, 0)
    assert asked == [f"application/{PLAN}/lapsed"] * 2


async def test_what_is_removed_is_not_in_the_file_either(house: Database) -> None:
    """SQLite overwrites what it removes, and its write-ahead log is emptied."""
    assert house.folder is not None
    file = house.folder / "zhicheng.db"
    async with house.transaction() as session:
        row = (await session.scalars(select(DossierVersion).filter_by(application_ref="lapsed"))).one()
        row.content = {"planted": "隐私之言-7f3a"}
    assert "隐私之言-7f3a".encode() in _bytes_of(file)
    await apply(house, on(date(2024, 7, 1)), BY)
    for gone in ("隐私之言-7f3a", "p-lapsed@example.cn", "名-p-lapsed"):
        assert gone.encode() not in _bytes_of(file)
    assert "名-p-going".encode() in _bytes_of(file)


def _bytes_of(file: Path) -> bytes:
    return b"".join(one.read_bytes() for one in file.parent.glob(f"{file.name}*"))


def _case_row(status: str) -> object:
    from activities.credit import blank_case

    return (
        table_of(SideCase)
        .insert()
        .values(
            **{
                **blank_case(),
                "plan_id": PLAN,
                "application_ref": "lapsed",
                "seq": 0,
                "at": datetime(2023, 12, 1, tzinfo=UTC),
                "id": "cp-1",
                "kind": "complaint",
                "opened_by": "x",
                "opened_by_role": "city_office",
                "question": "q",
                "status": status,
            }
        )
    )


def _ban_row(until: date) -> object:
    return (
        table_of(CreditRecord)
        .insert()
        .values(
            plan_id=PLAN,
            application_ref="lapsed",
            seq=0,
            at=datetime(2023, 12, 1, tzinfo=UTC),
            applicant="p-lapsed",
            ground="fraud",
            act_date=date(2023, 11, 1),
            decision_date=date(2023, 12, 1),
            decided_by="x",
            decided_by_role="city_office",
            until=until,
            source="s",
            banned_from=date(2023, 12, 1),
            banned_until=until,
        )
    )
