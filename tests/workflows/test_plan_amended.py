"""A plan that only the database knows, amended in the middle of its cycle, on the real server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import pytest_asyncio
from sqlalchemy import select
from temporalio.testing import WorkflowEnvironment

from activities.plans import file_plan
from models.audit import verify
from models.tables import Application, DeadlineEntry, Notice, OrderRefusal
from tests.support import eventually, unique
from tests.workflows.apart import apart
from tests.workflows.cycle import Cycle, moment
from tests.workflows.plans_of_years import amended, plan_of_year
from tests.workflows.year import begin, command, office

PLAN_ID = "tianjin-2024"
PLAN = plan_of_year(PLAN_ID, date(2024, 9, 16))
DOCUMENT = "津人社办函〔2024〕320号"
VERSION_2 = amended(
    PLAN,
    DOCUMENT,
    date(2024, 10, 25),
    {
        "dates.department": date(2024, 11, 11),
        "dates.office": date(2024, 11, 25),
        "correction.cap": date(2024, 11, 25),
    },
)


@pytest_asyncio.fixture(loop_scope="session")
async def own(environment: WorkflowEnvironment, tmp_path: Path) -> AsyncIterator[Cycle]:
    """The cycle of a plan that is on file in this test's database."""
    async with apart(environment, tmp_path) as made:
        async with made.database.transaction() as session:
            await file_plan(session, PLAN, "津人社办函〔2024〕250号", moment("2024-09-13 09:00"))
        yield made
        await environment.client.get_workflow_handle(f"cycle/{PLAN_ID}").terminate("end of the test")


async def test_an_amended_plan_reaches_every_open_application_once(own: Cycle) -> None:
    draft, posted, corrected = await asyncio.gather(
        *(own.start("2024-09-16 09:00", plan_id=PLAN_ID) for _ in range(3))
    )
    await corrected.at("2024-09-18 09:00")
    for body in (corrected.cast.submit(), corrected.cast.recommend(), corrected.cast.start_publicity()):
        await corrected.send(body)
    await corrected.at("2024-10-15 09:00")
    await corrected.send(corrected.cast.file_evidence())
    await corrected.send(corrected.cast.department_submit())
    await posted.at("2024-10-23 09:00")
    for body in (posted.cast.submit(), posted.cast.recommend(), posted.cast.start_publicity()):
        await posted.send(body)
    lives = (draft, posted, corrected)
    await asyncio.gather(*(life.at("2024-10-25 10:00") for life in lives))
    publicity = (await posted.deadlines())["employer_publicity"]
    assert publicity.last_day == date(2024, 10, 30), "24, 25, 28, 29, 30 October"

    year = await begin(own, "2024-10-25 10:00", PLAN_ID)
    wrong = command(
        "issue_plan_version",
        office(),
        plan_toml=VERSION_2.replace("employer_wd = { value = 5", "employer_wd = { value = 7", 1),
        document_no=DOCUMENT,
        text="延期",
    )
    assert await year.refused(wrong) == ("guard", "publicity.employer_wd.value")
    receipt = await year.send(
        command(
            "issue_plan_version", office(), plan_toml=VERSION_2, document_no=DOCUMENT, text="申报期限延长"
        )
    )
    assert receipt.facts["dates.department"] == "2024-11-04 24:00 -> 2024-11-11 24:00"
    counts = await year.order(receipt.order_id)
    assert counts == {"chosen": 3, "accepted": 3, "refused": 0, "ended": 0}
    assert (await year.state()).plan_version == 2

    for life in lives:
        assert (await life.state()).plan_version == 2
        history = await life.history()
        assert verify(history) == []
        assert [f.event for f in history].count("revise_deadlines") == 1
        assert history[-1].plan == f"{PLAN_ID}@2"
    for life, name, day in (
        (draft, "department_submission", date(2024, 11, 11)),
        (posted, "department_submission", date(2024, 11, 11)),
        (corrected, "office_review", date(2024, 11, 25)),
    ):
        view = (await life.deadlines())[name]
        assert view.last_day == day
        assert [moved.document_no for moved in view.moved] == [DOCUMENT]
    assert (await posted.deadlines())["employer_publicity"] == publicity

    late = await own.start("2024-11-08 09:00", plan_id=PLAN_ID)
    await late.at("2024-11-11 23:00")
    assert ((await late.state()).stage, (await late.state()).plan_version) == ("draft", 2)
    await draft.at("2024-11-05 09:00")
    assert (await draft.state()).stage == "draft", "the old end bars nobody"
    await draft.at("2024-11-12 00:05")
    assert (await draft.handle.result())["stage"] == "lapsed"
    await corrected.at("2024-11-20 09:00")
    await corrected.send(corrected.cast.office_return())
    assert (await corrected.deadlines())["correction"].last_day == date(2024, 11, 25), (
        "cut off at the new cap"
    )

    async with own.database.reading() as session:
        rows = {r.application_ref: r.plan_version for r in await session.scalars(select(Application))}
        assert rows == {life.cast.ref: 2 for life in (*lives, late)}
        assert (await session.scalars(select(OrderRefusal))).all() == []
        told = await session.scalars(
            select(Notice.template).filter_by(application_ref=draft.cast.ref, to_role="applicant")
        )
        assert list(told).count("deadline_moved") == 1
        entries = await session.scalars(
            select(DeadlineEntry)
            .filter_by(application_ref=posted.cast.ref, name="department_submission")
            .order_by(DeadlineEntry.seq)
        )
        assert [(e.last_day, e.document_no) for e in entries] == [
            (date(2024, 11, 4), None),
            (date(2024, 11, 11), DOCUMENT),
        ]


async def test_the_second_version_of_a_plan_again_moves_nobody_twice(own: Cycle) -> None:
    life = await own.start("2024-09-16 09:00", plan_id=PLAN_ID)
    await life.at("2024-10-25 10:00")
    year = await begin(own, "2024-10-25 10:00", PLAN_ID)
    body = command("issue_plan_version", office(), plan_toml=VERSION_2, document_no=DOCUMENT, text="延期")
    first = await year.send(body)
    await year.order(first.order_id)
    assert (await year.send(body)).duplicate
    other = await year.send(body | {"command_id": unique("again")})
    counts = await year.order(other.order_id)
    assert (counts["accepted"], counts["refused"]) == (0, 1), "it follows that version already"

    async def listed() -> None:
        async with own.database.reading() as session:
            (row,) = await session.scalars(select(OrderRefusal))
        assert (row.application_ref, row.code) == (life.cast.ref, "guard")

    await eventually(listed)
    assert (await life.events()).count("revise_deadlines") == 1
