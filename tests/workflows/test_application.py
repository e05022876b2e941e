"""Lives on a real server: timers, deadlines, signals, queries, the end."""

from __future__ import annotations

from datetime import date

from temporalio.client import WorkflowExecutionStatus

from models.audit import verify
from tests.workflows import lives
from tests.workflows.cycle import Cycle, moment


async def test_the_main_line_reaches_the_archive(cycle: Cycle) -> None:
    life = await cycle.start()
    await lives.to_archived(life)
    state = await life.state()
    assert (state.stage, state.status) == ("archived", "open")
    assert state.certificate_no
    history = await life.history()
    assert verify(history) == []
    assert [f.event for f in history] == [
        "opened",
        "submit",
        "recommend",
        "quota_pass",
        "start_publicity",
        "publicity_over_clear",
        "file_evidence",
        "department_submit",
        "office_accept",
        "route_to_review",
        "schedule",
        "open_and_count",
        "vote_passed",
        "publish_result",
        "result_over_clear",
        "confirm",
        "certificate_made",
        "archive",
    ]


async def test_publicity_across_the_national_day_ends_on_the_make_up_sunday(cycle: Cycle) -> None:
    life = await cycle.start()
    await lives.to_publicity(life, "2023-09-25")
    deadline = (await life.deadlines())["employer_publicity"]
    assert deadline.last_day == date(2023, 10, 8)
    await life.at("2023-10-08 23:30")
    assert (await life.state()).stage == "employer_publicity"
    await life.at("2023-10-09 00:05")
    assert (await life.state()).stage == "publicity_ended"


async def test_not_submitted_by_6_november_lapses_and_ends(cycle: Cycle) -> None:
    life = await cycle.start()
    await life.at("2023-11-06 23:30")
    assert (await life.state()).stage == "draft"
    await life.at("2023-11-07 00:05")
    result = await life.handle.result()
    assert result["stage"] == "lapsed"
    events = await life.events()
    assert events == ["opened", "reminded", "reminded", "reminded", "lapse"]


async def test_reminders_come_five_two_and_one_working_days_before(cycle: Cycle) -> None:
    life = await cycle.start()
    await life.at("2023-11-07 00:05")
    days = [
        f.at.astimezone(moment("2023-11-01").tzinfo).date()
        for f in await life.history()
        if f.event == "reminded"
    ]
    assert days == [date(2023, 10, 30), date(2023, 11, 2), date(2023, 11, 3)]


async def test_a_late_office_is_escalated_and_nobody_is_harmed(cycle: Cycle) -> None:
    life = await cycle.start()
    await lives.to_office_review(life)
    await life.at("2023-11-21 09:00")
    assert (await life.state()).stage == "office_review"
    assert "escalated" in await life.events()
    await life.at("2023-11-24 09:00")
    await life.send(life.cast.accept())
    assert (await life.state()).stage == "review_ready"


async def test_an_uncorrected_return_is_deemed_abandoned(cycle: Cycle) -> None:
    life = await cycle.start()
    await lives.to_office_review(life)
    await life.at("2023-11-07 09:00")
    await life.send(life.cast.office_return())
    assert (await life.deadlines())["correction"].last_day == date(2023, 11, 14)
    await life.at("2023-11-15 00:05")
    assert (await life.handle.result())["stage"] == "deemed_abandoned"


async def test_a_correction_goes_through_the_whole_chain(cycle: Cycle) -> None:
    life = await cycle.start()
    await lives.to_office_review(life)
    await life.at("2023-11-07 09:00")
    await life.send(life.cast.office_return())
    await life.send(life.cast.resubmit("o1"))
    assert (await life.state()).action_by == "employer"
    await life.send(life.cast.resubmit(role="employer"))
    await life.send(life.cast.resubmit(role="department"))
    assert (await life.state()).stage == "office_review"


async def test_an_objection_at_2359_is_in_time_and_at_midnight_a_complaint(cycle: Cycle) -> None:
    in_time, late = await cycle.start(), await cycle.start()
    for life in (in_time, late):
        await lives.to_publicity(life)
    await in_time.at("2023-10-08 23:59")
    receipt = await in_time.send(in_time.cast.objects())
    assert receipt.event == "employer_object"
    await in_time.at("2023-10-09 00:05")
    assert (await in_time.state()).stage == "employer_objection"
    await late.at("2023-10-09 00:00")
    assert (await late.send(late.cast.objects())).event == "complaint"
    assert (await late.state()).stage == "publicity_ended"


async def test_an_early_signal_is_kept_and_tried_when_its_stage_is_reached(cycle: Cycle) -> None:
    life = await cycle.start()
    await life.at("2023-09-20 09:00")
    await life.send(life.cast.submit())
    await life.signal(life.cast.start_publicity())
    assert (await life.state()).early == ("start_publicity",)
    await life.send(life.cast.recommend())
    state = await life.state()
    assert (state.stage, state.early) == ("employer_publicity", ())


async def test_a_whole_life_by_signals_only(cycle: Cycle) -> None:
    life = await cycle.start()
    await life.at("2023-09-20 09:00")
    for body in (life.cast.submit(), life.cast.recommend(), life.cast.start_publicity()):
        await life.signal(body)
    await life.at("2023-10-09 09:00")
    for body in (life.cast.file_evidence(), life.cast.department_submit(), life.cast.accept()):
        await life.signal(body)
    state = await life.state()
    assert (state.stage, state.refused) == ("review_ready", 0)


async def test_a_withdrawal_ends_it_and_a_later_command_is_told_so(cycle: Cycle) -> None:
    life = await cycle.start()
    await lives.to_employer_review(life)
    await life.send(life.cast.withdraw())
    assert (await life.handle.result())["stage"] == "withdrawn"
    description = await life.handle.describe()
    assert description.status == WorkflowExecutionStatus.COMPLETED
    assert description.typed_search_attributes  # the last state is visible to operators
    assert (await life.state()).status == "ended"


async def test_revoked_after_the_archive(cycle: Cycle) -> None:
    life = await cycle.start()
    await lives.to_archived(life)
    await life.send(life.cast.revoke())
    assert (await life.handle.result())["stage"] == "revoked"


async def test_an_extension_moves_a_running_timer(cycle: Cycle) -> None:
    life = await cycle.start()
    change = {"name": "department_submission", "last_day": "2023-11-09"}
    await life.at("2023-11-06 09:00")
    await life.send(life.cast.revise("extension", [change]))
    await life.at("2023-11-07 09:00")
    assert (await life.state()).stage == "draft"
    moved = [f for f in await life.history() if f.event == "deadline_moved"]
    assert moved[0].details["old_last_day"] == "2023-11-06"
    assert moved[0].details["new_last_day"] == "2023-11-09"
    await life.at("2023-11-10 00:05")
    assert (await life.handle.result())["stage"] == "lapsed"


async def test_search_attributes_follow_the_state(cycle: Cycle) -> None:
    life = await cycle.start()
    await lives.to_employer_review(life)
    description = await life.handle.describe()
    found = {pair.key.name: pair.value for pair in description.typed_search_attributes}
    assert found["TitleStage"] == "employer_review"
    assert found["TitleActionBy"] == "employer"
    assert found["TitlePlan"] == "tianjin-quality-2023"
    assert found["TitleDueAt"] == moment("2023-11-07 00:00")
