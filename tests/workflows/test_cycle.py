"""The committee's year on the real server: a whole one, its orders, its refusals, its history."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import AsyncIterator
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
import pytest_asyncio
from sqlalchemy import select
from temporalio.client import WorkflowHistory
from temporalio.testing import WorkflowEnvironment

from activities.people import record_name
from models.audit import verify
from models.tables import Application, CycleFact, CycleNotice, OpenCase, Paper, Person, Unit
from models.tables import Cycle as CycleRow
from tests.codec import replayer, unsealed
from tests.histories import FOLDER
from tests.support import eventually
from tests.workflows import lives
from tests.workflows.apart import apart
from tests.workflows.cycle import Cycle, Life
from tests.workflows.year import Year, begin, city, command, office, posted
from workers.bench.cost import cost_of

QUIET_DAY, COMMAND = 8, 20
"""The ceilings, in events: a day on which nobody sends anything, and a command with its order."""

WHOLE_YEAR = 3_000
"""What two hundred days with forty commands may cost."""


@pytest_asyncio.fixture(loop_scope="session")
async def own(environment: WorkflowEnvironment, tmp_path: Path) -> AsyncIterator[Cycle]:
    """A database and a queue of this test: the numbers of a cycle are those of its own applications."""
    async with apart(environment, tmp_path) as made:
        yield made


async def _named(own: Cycle, life: Life) -> None:
    async with own.database.transaction() as session:
        await record_name(session, Person, f"p-{life.cast.ref}", "甲", life.now)
        await record_name(session, Unit, life.cast.employer, "天津市计量院", life.now)


async def _in_stage(own: Cycle, life: Life, stage: str) -> None:
    """The database has followed."""

    async def followed() -> None:
        async with own.database.reading() as session:
            row = await session.get_one(Application, (life.cast.plan_id, life.cast.ref))
            assert row.stage == stage

    await eventually(followed)


async def _replay(history: WorkflowHistory) -> None:
    await replayer().replay_workflow(history)


async def _rows(own: Cycle) -> SimpleNamespace:
    async with own.database.reading() as session:
        facts = await session.scalars(select(CycleFact).order_by(CycleFact.seq))
        return SimpleNamespace(
            facts=[row.to_fact() for row in facts],
            row=(await session.scalars(select(CycleRow))).one(),
            notices=list(await session.scalars(select(CycleNotice).order_by(CycleNotice.id))),
            open_cases=list(await session.scalars(select(OpenCase))),
            papers=list(await session.scalars(select(Paper))),
        )


async def _autumn(own: Cycle, year: Year) -> tuple[Life, Life]:
    """One application is accepted, one is late and let in again."""
    good, late = await own.start(), await own.start()
    await lives.to_review_ready(good)
    await lives.to_department_review(late)
    await year.at("2023-11-05 09:00", late)
    numbers = await year.statistics()
    assert numbers.stages == {"review_ready": 1, "department_review": 1}
    assert numbers.counts["applications"] == 2
    assert await year.refused(_admit(late)) == ("too_early", "application_ref")
    await year.at("2023-11-07 09:00", late)
    assert (await year.state()).phase == "reviewing"
    await _in_stage(own, late, "lapsed")
    admitted = await year.send(_admit(late))
    assert await year.order(admitted.order_id) == {"chosen": 1, "accepted": 1, "refused": 0, "ended": 0}
    assert (await late.state()).stage == "department_review"
    return good, late


def _admit(life: Life) -> dict[str, object]:
    return command(
        "admit_late",
        city(),
        application_ref=life.cast.ref,
        last_day="2023-11-15",
        document_no="津人社〔2023〕7号",
        text="主管部门系统故障",
    )


async def _winter(own: Cycle, year: Year, good: Life) -> None:
    """Checked, met, listed, reported, certified."""
    await year.at("2023-11-10 10:00")
    check = command(
        "spot_check",
        city(),
        size=1,
        question="请提交继续教育证明",
        answer_by="2023-11-24",
        document_no="津人社〔2023〕9号",
    )
    assert await year.refused({**check, "answer_by": "2023-11-10"}) == ("guard", "answer_by")
    assert (await year.send(check)).counts["drawn"] == 1
    publish = command("publish_list", office(), postings=posted("2023-12-04 09:00"))
    assert await year.refused(publish) == ("too_early", "postings")
    await _named(own, good)
    await good.at("2023-11-24 09:00")
    await good.send(good.cast.schedule(date(2023, 12, 1), date(2023, 11, 23)))
    await good.at("2023-12-01 16:00")
    await good.send(good.cast.vote(7))
    await _in_stage(own, good, "passed")
    await year.at("2023-12-04 10:00", good)
    state = await year.state()
    days = {step.step.value: step.last_day.isoformat() for step in state.steps if step.last_day}
    assert days["result_list"] == "2023-12-08"
    assert await year.refused(command("file_report", office(), report_ref="津市监报〔2023〕1号")) == (
        "too_early",
        "report_ref",
    )
    listed = await year.send(publish)
    assert listed.counts["accepted"] == 1
    assert listed.phase == "publicity"
    assert (await good.state()).stage == "result_publicity"
    await year.at("2023-12-12 10:00", good)
    assert (await year.state()).phase == "confirming"
    await year.send(command("file_report", office(), report_ref="津市监报〔2023〕1号"))
    await good.send(good.cast.confirm())
    await _in_stage(own, good, "certified")


async def test_the_year_opens(own: Cycle) -> None:
    """Filed in time, not published in time; at midnight of 18 September applications open."""
    year = await begin(own, "2023-09-14 09:00")
    assert (await year.state()).phase == "preparing"
    no_number = command("record_step", office(), step="plan_filed", on="2023-09-14")
    assert await year.refused(no_number) == ("guard", "document_no")
    filed = command(
        "record_step", office(), step="plan_filed", on="2023-09-14", document_no="津市监〔2023〕1号"
    )
    receipt = await year.send(filed)
    again = await year.send(filed)
    assert (again.duplicate, again.revision) == (True, receipt.revision)
    assert await year.refused({**filed, "on": "2023-09-13"}) == ("reused_command_id", "command_id")
    await year.at("2023-09-17 23:59")
    state = await year.state()
    assert (state.phase, state.overdue) == ("preparing", ("plan_published",))
    assert state.next_step == "opens"
    await year.at("2023-09-18 00:01")
    assert (await year.state()).phase == "open"
    facts = {(f.event, f.details.get("step"), f.at.isoformat()) for f in await year.history()}
    assert ("phase", None, "2023-09-18T00:00:00+08:00") in facts
    assert ("escalated", "plan_published", "2023-09-16T08:30:00+08:00") in facts
    assert not any(step == "plan_filed" for event, step, _ in facts if event != "record_step")
    notices = (await _rows(own)).notices
    escalated = {n.to_role for n in notices if n.template == "escalated"}
    assert escalated == {"office", "convening_unit", "city_office"}


async def test_a_whole_year(own: Cycle, request: pytest.FixtureRequest) -> None:
    """From the filed plan to the close with a case left open, and the end with that case.

    `--record` writes its history for the replay gate.
    """
    year = await begin(own, "2023-11-04 09:00")
    good, late = await _autumn(own, year)
    await _winter(own, year, good)
    await year.at("2023-12-14 09:00", good)

    async def papers_made() -> None:
        assert {paper.kind for paper in (await _rows(own)).papers} >= {"certificate"}

    await eventually(papers_made, timeout=30)
    await good.send(good.cast.archive())
    await _in_stage(own, good, "archived")
    close = command("close", office(), text="年度评审结束")
    assert await year.refused(close) == ("guard", "with_open_cases")
    closed = await year.send({**close, "with_open_cases": True})
    assert closed.counts == {"open": 1, "stage.department_review": 1}
    assert (await year.state()).open_cases == {"department_review": 1}
    found = await _rows(own)
    assert [(case.application_ref, case.stage) for case in found.open_cases] == [
        (late.cast.ref, "department_review")
    ]
    assert await year.refused(_admit(late)) == ("closed", "kind")
    facts = await year.history()
    await late.at("2023-11-16 09:00")
    await _in_stage(own, late, "lapsed")
    await own.environment.fast_forward(year.handle, timedelta(days=8))
    head = await year.handle.result()
    assert (head["phase"], head["open_cases"]) == ("closed", {})
    found = await _rows(own)
    assert verify(found.facts) == []
    assert [fact.hash for fact in found.facts[: len(facts)]] == [fact.hash for fact in facts]
    assert (found.row.seq, found.row.phase) == (head["seq"], "closed")
    _told_once(found)
    history = await year.handle.fetch_history()
    _within_the_budget(history)
    await _replay(history)
    if request.config.getoption("--record"):
        text = re.sub(r"\d+@[^\"/]+", "recorder", unsealed(history).to_json())
        text = re.sub(r'"stackTrace": "(?:[^"\\]|\\.)*"', '"stackTrace": ""', text)
        (FOLDER / "cycle.json").write_text(text + "\n", encoding="utf-8")


def _told_once(found: SimpleNamespace) -> None:
    """Who was reminded of what, each once; nobody of what was done in time."""
    keys = Counter(notice.dedupe_key for notice in found.notices)
    assert set(keys.values()) == {1}
    told = {(n.template, n.to_role, n.at.astimezone().date().isoformat()) for n in found.notices}
    assert ("reminded", "office", "2023-11-17") in told, "the committee's filing was not recorded"
    facts = [(fact.event, fact.details.get("step")) for fact in found.facts]
    assert facts.count(("reminded", "department_closes")) == 0, "on 3 November the last time"
    assert facts.count(("reminded", "meetings")) == 0, "held before the reminder of 29 December"


def _within_the_budget(history: WorkflowHistory) -> None:
    """Nobody sent anything from the 8th to the 26th day (12 to 30 November)."""
    first = history.events[0].event_time.ToDatetime()
    days = [(event.event_time.ToDatetime() - first).days for event in history.events]
    silence = [event for event, day in zip(history.events, days, strict=True) if 8 <= day < 26]
    whole = cost_of(history).events
    quiet = cost_of(WorkflowHistory(history.workflow_id, silence)).events / 18
    print(f"\ncycle: {whole} events in {days[-1]} days, {quiet:.1f} on a quiet day")
    assert 5 < quiet <= QUIET_DAY
    assert whole <= days[-1] * QUIET_DAY + 12 * COMMAND
    assert 200 * QUIET_DAY + 40 * COMMAND < WHOLE_YEAR
