"""Plans and notices in the database: filed, amended, in force for the transaction that asks."""

from __future__ import annotations

import asyncio
from datetime import date

import pytest
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession
from temporalio.testing import ActivityEnvironment

from activities.calendar import Calendars
from activities.calendar_preview import recount
from activities.database import Database
from activities.opening import Opening
from activities.plans import (
    certificate_prefix,
    file_plan,
    offices_of,
    plan_at,
    plan_in_force,
    read_plan,
    store_version,
    wait_for_my_turn,
)
from activities.records import Records
from activities.versions import Versions
from models.audit import GENESIS, Fact
from models.calendar import WorkCalendar
from models.cycle_messages import Asked, Done
from models.outbox import OpenRequest, OpenResult
from models.plan import UnknownPlanError
from models.plan_amend import DATES
from models.refusal import Refused
from models.roles import SYSTEM
from models.tables import Application, CalendarNotice, PlanVersion
from models.terms import PlanDates
from models.wire import end_of
from tests.models.life import moment
from tests.models.test_calendar_notice import AMENDED, HOLIDAY
from tests.support import eventually
from tests.workflows.plans_of_years import amended, plan_of_year
from tests.workflows.year import city, office
from workers.registry import FACTS
from workers.rehearsal.cast import Cast

PLAN = plan_of_year("tianjin-2024", date(2024, 9, 16))
AT = moment("2024-09-01 09:00")
DOCUMENT = "津人社办函〔2024〕9号"
LATER = amended(PLAN, DOCUMENT, date(2024, 10, 8), {"dates.department": date(2024, 11, 11)})


async def filed(database: Database, toml: str = PLAN) -> None:
    async with database.transaction() as session:
        await file_plan(session, toml, "津人社办函〔2024〕1号", AT)


async def issue(database: Database, kind: str, at: str, **body: object) -> Done:
    versions = Versions(database, Calendars(as_of=True))
    actor = office() if kind == "issue_plan_version" else city()
    command = {"kind": kind, "actor": actor, "command_id": "c-1", "text": "调整", **body}
    asked = Asked(plan_id="tianjin-2024", plan_version=1, at=moment(at), command=command)
    done: Done = await ActivityEnvironment().run(getattr(versions, kind), asked)
    return done


async def opened(database: Database, ref: str, at: str, plan_id: str = "tianjin-2024") -> OpenResult:
    given = Cast(ref, plan_id=plan_id).start(
        clock={"real_start": AT.isoformat(), "business_start": AT.isoformat()}
    )
    fact = Fact(
        seq=1,
        at=moment(at),
        revision=0,
        event="opened",
        from_stage="draft",
        to_stage="draft",
        actor=SYSTEM,
        rule="process (b)",
        plan=plan_id,
        prev_hash=GENESIS,
    ).sealed()
    request = OpenRequest(
        application=given,
        workflow_id=f"application/{plan_id}/{ref}",
        run_id=f"run-{ref}",
        at=moment(at),
        fact=fact,
    )
    records = Records(database, Calendars(as_of=True), FACTS)
    return await ActivityEnvironment().run(Opening(records, rehearsal=True).open_application, request)


async def test_a_plan_that_only_the_database_knows_is_in_force(database: Database) -> None:
    await filed(database)
    async with database.transaction() as session:
        plan = await plan_in_force(session, "tianjin-2024")
        assert (plan.version, plan.year) == (1, 2024)
        assert await plan_at(session, "tianjin-2024", 1) is plan, "parsed once"
        assert (await offices_of(session, "tianjin-2024", 1))["office"] == "tj-scjg-title-office"
        assert (await certificate_prefix(session, "tianjin-2024", 1)).startswith("TJ-2024-")
        assert (await plan_in_force(session, "tianjin-quality-2023")).year == 2023
        with pytest.raises(UnknownPlanError) as caught:
            await plan_in_force(session, "nowhere")
        assert caught.value.known == ("tianjin-2024", "tianjin-quality-2023")
    result = await opened(database, "life-1", "2024-09-16 09:00")
    assert result.terms is not None
    assert result.terms.department_deadline == end_of(date(2024, 11, 4))


@pytest.mark.parametrize(
    ("toml", "field"),
    [
        ("id = ", "plan_toml"),
        (PLAN.replace("year = 2024", "year = 'x'", 1), "year"),
        (LATER, "version"),
        (PLAN.replace('"tianjin-2024"', '"tianjin-quality-2023"', 1), "id"),
        (PLAN.replace("employer_wd = { value = 5", "employer_wd = { value = 3", 1), "publicity.employer_wd"),
    ],
)
async def test_a_plan_with_a_fault_is_not_filed(sqlite_url: str, toml: str, field: str) -> None:
    database = Database(sqlite_url)
    with pytest.raises(Refused) as caught:
        await filed(database, toml)
    assert caught.value.refusal.field == field
    async with database.reading() as session:
        assert (await session.scalars(select(PlanVersion))).all() == []
    await database.close()


async def test_filed_again_it_changes_nothing_but_another_text_is_refused(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    await filed(database)
    await filed(database)
    with pytest.raises(Refused) as caught:
        await filed(database, PLAN + "\n# another text\n")
    assert caught.value.refusal.field == "id"
    await database.close()


async def test_a_new_version_is_in_force_for_those_who_open_after_it(database: Database) -> None:
    await filed(database)
    before = await opened(database, "life-1", "2024-09-16 09:00")
    shown = await issue(
        database, "issue_plan_version", "2024-10-08 09:00", plan_toml=LATER, document_no=DOCUMENT, apply=False
    )
    assert shown.facts["dates.department"] == "2024-11-04 24:00 -> 2024-11-11 24:00"
    async with database.reading() as session:
        assert (await plan_in_force(session, "tianjin-2024")).version == 1, "it only asked"
    given = {"plan_toml": LATER, "document_no": DOCUMENT}
    done = await issue(database, "issue_plan_version", "2024-10-08 09:00", **given)
    assert (done.counts["plan_version"], done.counts["dates_moved"]) == (2, 1)
    dates = PlanDates.model_validate_json(done.facts[DATES])
    assert dates.department_deadline == end_of(date(2024, 11, 11))
    assert dates.last_publicity_start == date(2024, 11, 1), "4, 5, 6, 7, 8 November; a week later than before"
    after = await opened(database, "life-2", "2024-10-08 10:00")
    assert before.terms is not None
    assert after.terms is not None
    assert (before.terms.version, after.terms.version) == (1, 2)
    assert after.answers[0].last_day == date(2024, 11, 11)
    async with database.reading() as session:
        rows = {row.application_ref: row.plan_version for row in await session.scalars(select(Application))}
        assert rows == {"life-1": 1, "life-2": 2}
        assert (await plan_at(session, "tianjin-2024", 1)).version == 1
        stored = await session.get_one(PlanVersion, ("tianjin-2024", 2))
        assert (stored.amends, stored.dated, stored.document_no) == (1, date(2024, 10, 8), DOCUMENT)
    again = await issue(database, "issue_plan_version", "2024-10-09 09:00", **given)
    assert again == done, "the same text again gives the same answer"


@pytest.mark.parametrize(
    ("toml", "field"),
    [
        (PLAN, "version"),
        (
            LATER.replace("pass_share = { value = [2, 3]", "pass_share = { value = [1, 2]"),
            "vote.pass_share.value.0",
        ),
        (LATER.replace("tianjin-2024", "tianjin-2025"), "id"),
        (LATER.replace(f'document = "{DOCUMENT}"', 'document = "another"'), "amendments.0.document"),
        (
            amended(PLAN, DOCUMENT, date(2024, 10, 8), {"dates.department": date(2024, 12, 24)}),
            "dates.office",
        ),
    ],
)
async def test_a_version_that_may_not_be_issued_is_answered_and_not_stored(
    sqlite_url: str, toml: str, field: str
) -> None:
    database = Database(sqlite_url)
    await filed(database)
    done = await issue(
        database, "issue_plan_version", "2024-10-08 09:00", plan_toml=toml, document_no=DOCUMENT
    )
    assert done.field == field
    assert done.refused_zh
    assert done.refused_en
    async with database.reading() as session:
        assert (await plan_in_force(session, "tianjin-2024")).version == 1
    await database.close()


async def test_a_notice_counts_in_every_transaction_after_it(database: Database) -> None:
    asked, calendars = moment("2023-11-01 09:00"), Calendars(as_of=True)
    friday = date(2023, 11, 3)

    async def ends(session: AsyncSession) -> date:
        known: WorkCalendar = await calendars.within(session, asked)
        return known.end_of_period(friday, 5).last_day

    async with database.transaction() as session:
        assert await ends(session) == date(2023, 11, 10)
    notice = AMENDED + HOLIDAY
    done = await issue(
        database,
        "issue_calendar",
        "2023-11-01 09:00",
        notice_toml=notice,
        document_no="国办发明电〔2023〕99号",
    )
    assert done.facts["days"] == "2023-11-08 rest, 2023-11-09 rest, 2023-11-11 work"
    async with database.transaction() as session:
        assert await ends(session) == date(2023, 11, 13), "6, 7, 10, 11, 13 November"
        earlier = await calendars.within(session, moment("2023-10-29 09:00"))
        assert earlier.end_of_period(friday, 5).last_day == date(2023, 11, 10), "nobody knew on that day"
    wrong = await issue(
        database,
        "issue_calendar",
        "2023-11-01 09:00",
        notice_toml=notice,
        document_no="国办发明电〔2023〕1号",
    )
    assert wrong.field == "notice.0.document"
    async with database.reading() as session:
        assert len((await session.scalars(select(CalendarNotice))).all()) == 1


async def test_a_preview_counts_again_what_the_stage_counts(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    await filed(database)
    await opened(database, "life-1", "2024-09-16 09:00")
    found = [one async for one in recount(database, "tianjin-2024", WorkCalendar.load())]
    assert [(one.deadline.value, one.moves) for one in found] == [("department_submission", False)]
    await database.close()


async def test_an_opening_waits_for_the_version_that_is_being_issued(postgres_url: str) -> None:
    """Else it could open under the old version, unseen by the order to those who are open already."""
    database = Database(postgres_url)
    await filed(database)

    async def waits() -> None:
        async with database.reading() as session:
            waiting = await session.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted"))
        assert waiting == 1

    async with database.transaction() as session:
        await wait_for_my_turn(session, changing=True)
        opening = asyncio.create_task(opened(database, "life-1", "2024-10-08 10:00"))
        await eventually(waits)
        store_version(session, read_plan(LATER), LATER, DOCUMENT, moment("2024-10-08 09:00"))
    result = await opening
    assert result.terms is not None
    assert result.terms.version == 2
    await database.close()
