"""What a cycle sends to many: a new plan version through a killed worker, extensions, notices."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import date, timedelta
from pathlib import Path

import pytest_asyncio
from temporalio.service import RPCError
from temporalio.testing import WorkflowEnvironment

from activities.database import Database
from models.calendar_overlay import Holiday
from models.wire import Label
from tests.support import eventually, unique
from tests.workflows.cycle import Cycle, Life
from tests.workflows.plans_of_years import PLAN_2023, amended, amendment
from tests.workflows.year import PLAN_ID, Year, begin, city, command, office
from workers.database import upgrade
from workers.registry import WORKFLOWS, make_activities
from workers.settings import Settings
from workers.worker import build_worker

DOCUMENT = "津市监〔2023〕12号"
LATER = {"dates.department": date(2023, 11, 13), "dates.office": date(2023, 11, 27)}
MANY = 30


class House:
    """A database and a queue, with workers that come and go."""

    def __init__(self, environment: WorkflowEnvironment, database: Database, queue: str) -> None:
        self.cycle = Cycle(environment, queue, database, task_timeout=timedelta(seconds=2))
        self._environment, self._database = environment, database

    @asynccontextmanager
    async def worker(self) -> AsyncIterator[None]:
        """A worker; at the end it drops at once whatever it is doing."""
        settings = Settings.load(
            task_queue=self.cycle.queue, rehearsal=True, drain_seconds=0.1, sticky_seconds=1.0
        )
        activities = make_activities(self._database, rehearsal=True)
        async with build_worker(self._environment.client, settings, WORKFLOWS, activities):
            yield


@pytest_asyncio.fixture(loop_scope="session")
async def house(environment: WorkflowEnvironment, tmp_path: Path) -> AsyncIterator[House]:
    url = f"sqlite+aiosqlite:///{tmp_path / 'orders.db'}"
    upgrade(url)
    database = Database(url)
    yield House(environment, database, unique("orders"))
    with suppress(RPCError):
        await environment.client.get_workflow_handle(f"cycle/{PLAN_ID}").terminate("end of the test")
    await database.close()


async def _last_day(life: Life, name: str) -> str:
    return str((await life.deadlines())[name].last_day)


async def _revised(life: Life, ground: str) -> int:
    facts = await life.history()
    return sum(1 for f in facts if f.event == "revise_deadlines" and f.details["ground"] == ground)


async def _attempts(house: House, order_id: str | None) -> int:
    """How often the order's activity was begun."""
    client = house.cycle.environment.client
    history = await client.get_workflow_handle(f"cycle/{PLAN_ID}/order/{order_id}").fetch_history()
    started = [e.activity_task_started_event_attributes.attempt for e in history.events]
    return max(started)


def _version(toml: str, **more: object) -> dict[str, object]:
    return command(
        "issue_plan_version", office(), plan_toml=toml, document_no=DOCUMENT, text="延长申报期限", **more
    )


async def test_orders_reach_every_open_application_once(house: House) -> None:
    async with house.worker():
        year = await begin(house.cycle, "2023-10-09 09:00")
        people = await asyncio.gather(*(house.cycle.start("2023-10-09 08:00") for _ in range(MANY)))
        order_id = await _new_version(year, list(people))
        first = min(people, key=lambda life: life.cast.ref)

        async def begun() -> None:
            assert await _revised(first, "plan_amendment") == 1

        await eventually(begun)
    async with house.worker():
        await _version_counts(year)
        counts = await year.order(order_id)
        assert counts == {"chosen": MANY, "accepted": MANY, "refused": 0, "ended": 0}
        assert {await _last_day(life, "department_submission") for life in people} == {"2023-11-13"}
        assert {await _revised(life, "plan_amendment") for life in people} == {1}
        assert await _attempts(house, order_id) > 1, "the first worker was killed at it"
        await _extension(year, people[0], people[1])
        await _notice(year, people[1])


async def _new_version(year: Year, people: list[Life]) -> str | None:
    """Bad input first; then a preview, which changes nothing; then the version: the receipt does not wait."""
    toml = amended(PLAN_2023, DOCUMENT, date(2023, 10, 9), LATER)
    assert (await year.refused(_version("id = " + "x" * 20)))[0] == "guard"
    earlier = amended(PLAN_2023, DOCUMENT, date(2023, 10, 9), {"dates.department": date(2023, 11, 1)})
    assert await year.refused(_version(earlier)) == ("guard", "dates.department")
    outsider = _version(toml) | {"actor": {**office(), "organisation": "another-office"}}
    assert await year.refused(outsider) == ("wrong_organisation", "actor.organisation")
    unit = {"id": "u", "role": "convening_unit", "organisation": "tj-scjg"}
    assert await year.refused(_version(toml) | {"actor": unit}) == ("wrong_role", "actor.role")
    preview = await year.send(_version(toml, apply=False))
    assert (preview.order_id, preview.counts["dates_moved"]) == (None, 2)
    assert (await year.state()).plan_version == 1
    assert {await _last_day(life, "department_submission") for life in people} == {"2023-11-06"}
    issued = await year.send(_version(toml))
    assert issued.order_id is not None
    return issued.order_id


async def _version_counts(year: Year) -> None:
    state = await year.state()
    assert state.plan_version == 2
    days = {step.step.value: str(step.last_day) for step in state.steps}
    assert (days["department_closes"], days["office_review"]) == ("2023-11-13", "2023-11-27")


async def _extension(year: Year, chosen: Life, other: Life) -> None:
    change = {"name": "department_submission", "last_day": "2023-11-20"}
    body = command(
        "extend_deadline",
        city(),
        selection={"refs": [chosen.cast.ref]},
        changes=[change],
        document_no="津人社〔2023〕8号",
        text="单位系统故障",
    )
    assert await year.refused({**body, "actor": office()}) == ("wrong_role", "actor.role")
    past = {**body, "changes": [{**change, "last_day": "2023-10-01"}]}
    assert await year.refused(past) == ("guard", "changes.0.last_day")
    assert await year.refused({**body, "changes": [change, change]}) == ("guard", "changes.1.name")
    receipt = await year.send(body)
    assert (await year.order(receipt.order_id))["accepted"] == 1
    assert await _last_day(chosen, "department_submission") == "2023-11-20"
    assert await _last_day(other, "department_submission") == "2023-11-13"


async def _notice(year: Year, posted: Life) -> None:
    """Two days off: a publicity that runs over them ends later."""
    for body in (posted.cast.submit(), posted.cast.recommend(), posted.cast.start_publicity()):
        await posted.send(body)
    toml = amendment(
        2023,
        "国办发明电〔2023〕98号",
        date(2023, 10, 9),
        "国办发明电〔2022〕16号",
        Holiday(name=Label(zh="防汛停工", en="flood"), first=date(2023, 10, 12), last=date(2023, 10, 13)),
    )
    body = command(
        "issue_calendar",
        city(),
        notice_toml=toml,
        document_no="国办发明电〔2023〕98号",
        text="防汛",
    )
    assert await year.refused({**body, "notice_toml": "no notice at all"}) == ("guard", "notice_toml")
    assert await _last_day(posted, "employer_publicity") == "2023-10-16"
    receipt = await year.send(body)
    assert receipt.counts["moves"] == 1
    assert (await year.order(receipt.order_id))["accepted"] == MANY

    async def later() -> None:
        assert await _last_day(posted, "employer_publicity") == "2023-10-18"

    await eventually(later)
