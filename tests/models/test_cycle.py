"""The year by itself: dates of process (c), worked chains, reminders, overdue steps, refusals."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from models import cycle_decide as decide
from models import cycle_life as life
from models.audit import verify
from models.calendar import WorkCalendar
from models.cycle_commands import CYCLE_COMMANDS
from models.cycle_dates import CycleTerms, DatesAnswer, Marks, dates_of, next_tick
from models.cycle_messages import Done
from models.cycle_state import KEPT, CycleInput, CycleState, OrderState, UndrawnMeeting, Watched
from models.cycle_steps import STEPS, StepId, StepKind
from models.cycle_views import cycle_view, statistics_view
from models.decide import kind_of
from models.refusal import Refused
from tests.models.life import moment
from tests.models.plan_changes import REAL, real_plan

CALENDAR = WorkCalendar.load()
OFFICE = {"id": "wang", "role": "office", "organisation": "tj-scjg-title-office"}
CITY = {"id": "li", "role": "city_office", "organisation": "tj-rsj-title-office"}


def days(marks: Marks = Marks(), calendar: WorkCalendar = CALENDAR) -> dict[str, str | None]:  # noqa: B008
    found = dates_of(real_plan(), calendar, marks)
    return {step.value: str(due.last_day) if due.last_day else None for step, due in found.items()}


def begun(at: str = "2023-09-01 09:00", calendar: WorkCalendar = CALENDAR) -> CycleState:
    """A cycle that has just been opened."""
    now = moment(at)
    state = CycleState(input=CycleInput(plan_id=REAL), opened_at=now, looked_at=now, next_tick=next_tick(now))
    answered(state, at, calendar, opening=True)
    state.phase = life.phase_at(state, now)
    return state


def answered(state: CycleState, at: str, calendar: WorkCalendar = CALENDAR, *, opening: bool = False) -> None:
    """The calendar activity has answered."""
    plan = real_plan()
    answer = DatesAnswer(terms=CycleTerms.of(plan), steps=dates_of(plan, calendar, state.marks))
    life.take_dates(state, answer, moment(at), opening=opening)


def until(state: CycleState, at: str, **numbers: Any) -> list[tuple[str, str | None]]:
    """Time passes; each morning the same numbers are seen. What was recorded on the way."""
    before, end = state.seq, moment(at)
    while (now := life.next_look(state, min(end, life.next_wake(state)))) is not None:
        life.pass_boundaries(state, now)
        if life.take_tick(state, now):
            life.take_watched(state, Watched(at=now, **numbers))
            if state.stale_dates:
                answered(state, f"{now:%Y-%m-%d %H:%M}")
            life.remind(state, now)
            life.refresh_phase(state, now)
    return [(f.event, f.details.get("step")) for f in state.history if f.seq > before]


def test_the_dates_of_the_year() -> None:
    """Process (c), column by column."""
    found = days()
    assert found["plan_filed"] == found["plan_published"] == "2023-09-15"
    assert (found["opens"], found["department_closes"]) == ("2023-09-18", "2023-11-06")
    assert (found["office_review"], found["exam"]) == ("2023-11-20", "2023-11-30")
    assert found["experts_drawn"] == found["committee_checked"] == "2023-11-24"
    assert found["meetings"] == "2023-12-31"
    assert found["close"] is None


@pytest.mark.parametrize(
    ("marks", "chain"),
    [
        (Marks(last_meeting=date(2023, 12, 15)), ("2023-12-22", "2023-12-29", "2024-01-08", "2024-01-22")),
        (Marks(last_meeting=date(2023, 12, 29)), ("2024-01-08", "2024-01-15", "2024-01-22", "2024-02-04")),
        (Marks(), ("2024-01-08", "2024-01-15", "2024-01-22", "2024-02-04")),
        (
            Marks(last_meeting=date(2023, 12, 15), list_posted=date(2023, 12, 18)),
            ("2023-12-22", "2023-12-25", "2024-01-02", "2024-01-16"),
        ),
        (
            Marks(unlisted_meeting=date(2023, 12, 29), list_posted=date(2023, 12, 18)),
            ("2024-01-08", "2024-01-15", "2024-01-22", "2024-02-04"),
        ),
    ],
)
def test_the_worked_chains(marks: Marks, chain: tuple[str, ...]) -> None:
    """Process (c), worked chain: list, publicity, report, certificates."""
    found = days(marks)
    assert tuple(found[s] for s in ("result_list", "result_publicity", "report", "certificates")) == chain


def test_the_draw_is_due_before_the_next_meeting() -> None:
    assert days(Marks(next_meeting=date(2023, 12, 20)))["experts_drawn"] == "2023-12-13"


def test_a_missing_year_is_named_and_asked_for_until_it_is_there() -> None:
    early = WorkCalendar.load(known_on=date(2023, 9, 1))
    assert days(calendar=early)["result_list"] is None
    state = begun(calendar=early)
    assert state.missing_year == 2024
    answered(state, "2023-10-26 08:30")
    assert state.missing_year is None
    assert [f.event for f in state.history] == ["calendar_missing", "calendar_known"]
    assert str(state.step(StepId.RESULT_LIST).due.last_day) == "2024-01-08"


def test_each_step_says_what_it_is_and_where_it_comes_from() -> None:
    assert list(STEPS) == list({step.id: step for step in STEPS.values()})
    assert set(STEPS) == set(StepId) == {StepId(name) for name in days()}
    assert all(spec.citation and spec.label.zh and spec.date_from for spec in STEPS.values())


def test_reminders_five_two_and_one_working_days_before() -> None:
    state = begun()
    due = state.step(StepId.OFFICE_REVIEW).due
    assert [f"{at:%m-%d %H:%M}" for at in due.reminders] == ["11-13 08:30", "11-16 08:30", "11-17 08:30"]
    assert [f"{at:%m-%d}" for at in state.step(StepId.MEETINGS).due.reminders] == ["12-29"], "reading 4"


def test_who_is_late_is_reminded_then_escalated_each_once() -> None:
    state = begun()
    found = until(state, "2023-12-05 12:00", stages={"office_review": 3}, overdue={"office_review": 3})
    assert found.count(("reminded", "office_review")) == 3
    assert found.count(("escalated", "office_review")) == 1
    assert found.count(("reminded", "meetings")) == 0
    escalated = next(
        f for f in state.history if f.event == "escalated" and f.details["step"] == "office_review"
    )
    assert (f"{escalated.at:%m-%d %H:%M}", escalated.details["applications_late"]) == ("11-21 08:30", 3)
    assert verify(state.history) == []


def test_nobody_is_reminded_of_what_is_done() -> None:
    state = begun("2023-11-01 09:00")
    found = until(state, "2023-12-05 12:00", stages={"review_ready": 3})
    assert ("step_done", "office_review") in found
    assert not {("reminded", "office_review"), ("escalated", "office_review")} & set(found)


def test_a_late_beginning_makes_up_for_no_reminder() -> None:
    state = begun("2023-09-14 09:00")
    found = until(state, "2023-09-15 09:00")
    assert not [event for event, _ in found if event == "reminded"]


def test_a_moved_date_is_reminded_of_anew() -> None:
    state = begun("2023-11-15 09:00")
    until(state, "2023-11-21 09:00", stages={"office_review": 1})
    assert state.step(StepId.OFFICE_REVIEW).escalated
    plan = real_plan()
    steps = dates_of(plan, CALENDAR, state.marks)
    later = steps[StepId.EXAM].model_copy()
    answer = DatesAnswer(terms=CycleTerms.of(plan), steps=steps | {StepId.OFFICE_REVIEW: later})
    life.take_dates(state, answer, moment("2023-11-21 10:00"))
    assert not state.step(StepId.OFFICE_REVIEW).escalated
    assert ("reminded", "office_review") in until(state, "2023-11-23 09:00", stages={"office_review": 1})


def test_the_phases_change_at_their_own_instants() -> None:
    state = begun()
    until(state, "2023-12-05 12:00", stages={"review_ready": 1})
    changes = [(f.to_stage, f"{f.at:%m-%d %H:%M}") for f in state.history if f.event == "phase"]
    assert changes == [
        ("open", "09-18 00:00"),
        ("reviewing", "11-07 00:00"),
        ("examining", "11-21 00:00"),
        ("meeting", "12-01 00:00"),
    ]


def test_a_long_silence_is_made_up_for_with_one_look() -> None:
    state = begun()
    state.next_tick = moment("2023-09-02 08:30")
    looks = 0
    while (now := life.next_look(state, moment("2023-11-30 12:00"))) is not None:
        life.pass_boundaries(state, now)
        looks += life.take_tick(state, now)
    assert looks == 1
    assert [f.to_stage for f in state.history] == ["open", "reviewing", "examining"]


def test_a_missing_draw_is_told_once_before_and_once_after_its_last_day() -> None:
    state = begun("2023-11-20 09:00")
    meeting = UndrawnMeeting(meeting_ref="m-1", meeting_on=date(2023, 12, 15), draw_by=date(2023, 12, 8))
    far = meeting.model_copy(update={"meeting_ref": "m-2", "draw_by": date(2023, 12, 24)})
    found = until(state, "2023-12-12 09:00", undrawn=(meeting, far), next_meeting=meeting.meeting_on)
    assert [event for event, _ in found if event.startswith("draw")] == ["draw_missing", "draw_late"]
    told = next(f for f in state.history if f.event == "draw_missing")
    assert (f"{told.at:%m-%d}", told.details["meeting_ref"]) == ("12-01", "m-1")


def test_the_numbers_at_risk_go_with_the_reminder_of_the_window() -> None:
    state = begun("2023-10-27 09:00")
    until(state, "2023-10-30 09:00", at_risk=7, at_risk_departments={"binhai-hrss": 7})
    (told,) = [f for f in state.history if f.event == "reminded"]
    assert (told.details["at_risk"], told.details["departments"]) == (7, {"binhai-hrss": 7})


def body(kind: str, **more: Any) -> dict[str, Any]:
    filled: dict[str, dict[str, Any]] = {
        "issue_plan_version": {"plan_toml": "x" * 20, "document_no": "津1号", "text": "延长"},
        "issue_calendar": {"notice_toml": "x" * 20, "document_no": "国1号", "text": "通知"},
        "extend_deadline": {
            "selection": {},
            "changes": [{"name": "exam", "add_working_days": 2}],
            "document_no": "津2号",
            "text": "停电",
        },
        "admit_late": {
            "application_ref": "a",
            "last_day": "2023-11-15",
            "document_no": "津3号",
            "text": "故障",
        },
        "spot_check": {"size": 1, "question": "证明", "answer_by": "2023-12-24", "document_no": "津4号"},
        "publish_list": {"postings": [{"place": "review_system", "posted_at": "2023-12-18T09:00:00+08:00"}]},
        "file_report": {"report_ref": "津5号"},
        "record_step": {"step": "plan_filed", "on": "2023-09-01", "document_no": "津6号"},
        "close": {"text": "结束"},
    }
    actor = CITY if decide.SENDERS[kind][0] == "city_office" else OFFICE
    return {"kind": kind, "actor": actor, "command_id": f"{kind}-1", **filled[kind], **more}


@pytest.mark.parametrize("kind", CYCLE_COMMANDS)
def test_only_the_plans_own_offices_are_heard(kind: str) -> None:
    state = begun("2023-12-20 09:00")
    allowed = decide.SENDERS[kind]
    for role in ("office", "city_office", "convening_unit", "department", "public", "system"):
        if role not in allowed:
            stranger = decide.parse_cycle_command(kind, body(kind, actor={**OFFICE, "role": role}))
            with pytest.raises(Refused) as refused:
                decide.judge(state, stranger, moment("2023-12-20 09:00"))
            assert refused.value.refusal.code == "wrong_role"
            assert refused.value.refusal.revision is None, "a stranger learns nothing"
    actor = {**body(kind)["actor"], "organisation": "another"}
    with pytest.raises(Refused, match=r"actor\.organisation"):
        decide.judge(
            state, decide.parse_cycle_command(kind, body(kind, actor=actor)), moment("2023-12-20 09:00")
        )


@pytest.mark.parametrize(
    ("at", "kind", "more", "field"),
    [
        ("2023-11-06 09:00", "admit_late", {}, "application_ref"),
        ("2023-11-16 09:00", "admit_late", {}, "last_day"),
        ("2023-11-10 09:00", "admit_late", {"last_day": "2023-11-21"}, "last_day"),
        ("2023-11-30 09:00", "publish_list", {}, "postings"),
        ("2023-12-26 09:00", "file_report", {}, "report_ref"),
        ("2023-10-01 09:00", "close", {}, "kind"),
        ("2023-09-01 09:00", "record_step", {"on": "2023-09-02"}, "on"),
        ("2023-09-01 09:00", "record_step", {"document_no": None}, "document_no"),
        ("2023-12-24 09:00", "spot_check", {}, "answer_by"),
        ("2023-11-01 09:00", "extend_deadline", {"changes": [{"name": "exam"}]}, "changes.0"),
        ("2023-11-01 09:00", "extend_deadline", {"selection": {"search": "slack<3"}}, "selection.search"),
        ("2023-12-20 09:00", "close", {"expected_revision": 99}, "expected_revision"),
        ("2023-12-20 09:00", "close", {"expires_at": "2023-12-01T00:00:00+08:00"}, "expires_at"),
    ],
)
def test_each_condition_names_its_field(at: str, kind: str, more: dict[str, Any], field: str) -> None:
    state = begun(at)
    command = decide.parse_cycle_command(kind, body(kind, **more))
    before = state.model_copy(deep=True)
    with pytest.raises(Refused) as refused:
        decide.judge(state, command, moment(at))
    refusal = refused.value.refusal
    assert refusal.field == field
    assert refusal.rule.zh
    assert refusal.remedy.en
    assert state == before, "asking changes nothing"


@pytest.mark.parametrize("wrong", [7, None, [], {"kind": "close"}, {"kind": "archive"}, {"actor": OFFICE}])
def test_what_cannot_be_read_is_refused(wrong: object) -> None:
    with pytest.raises(Refused):
        decide.parse_cycle_command("close", wrong)
    with pytest.raises(Refused, match="no command named"):
        decide.parse_cycle_command("no_such_kind", {})


def accepted(state: CycleState, at: str, kind: str, **more: Any) -> decide.CycleReceipt:
    command = decide.parse_cycle_command(kind, body(kind, **more))
    decide.judge(state, command, moment(at))
    return decide.carried_out(state, command, Done(), None, moment(at))


def test_sending_twice_gives_the_same_receipt_and_another_body_is_refused() -> None:
    state = begun()
    receipt = accepted(state, "2023-09-01 10:00", "record_step")
    command = decide.parse_cycle_command("record_step", body("record_step"))
    assert decide.answer_again(state, command) == receipt.model_copy(update={"duplicate": True})
    other = decide.parse_cycle_command("record_step", body("record_step", text="another"))
    with pytest.raises(Refused) as refused:
        decide.answer_again(state, other)
    assert refused.value.refusal.code == "reused_command_id"


def test_long_texts_are_kept_as_their_hash() -> None:
    state = begun()
    accepted(state, "2023-09-01 10:00", "issue_plan_version")
    details = state.history[-1].details
    assert "plan_toml" not in details
    assert len(details["plan_toml_sha256"]) == 64


def test_orders_say_what_each_application_is_told() -> None:
    late = decide.parse_cycle_command("admit_late", body("admit_late"))
    sent, selection = decide.order_body(late)
    assert sent is not None
    assert (sent["ground"], selection.refs) == ("late_admission", ("a",))
    assert sent["changes"] == [{"name": "department_submission", "last_day": "2023-11-15"}]
    extension = decide.parse_cycle_command("extend_deadline", body("extend_deadline"))
    sent, _ = decide.order_body(extension)
    assert sent is not None
    assert (sent["ground"], sent["actor"]["role"]) == ("extension", "city_office")
    state = begun()
    assert len(decide.order_id_of(state, late)) == 16, "80 characters of a reference fit behind it"
    assert decide.order_id_of(state, late) != decide.order_id_of(state, extension)


def test_an_order_is_finished_once_and_by_its_own_id() -> None:
    state = begun()
    at = moment("2023-09-02 09:00")
    life.order_started(state, OrderState(order_id="o1", activity="carry_out", command="x", started_at=at))
    assert not life.order_finished(state, "forged", {"accepted": 9}, None, at)
    assert life.order_finished(state, "o1", {"accepted": 9}, None, at)
    assert not life.order_finished(state, "o1", {"accepted": 0}, "again", at)
    assert (state.orders["o1"].status, state.orders["o1"].counts) == ("done", {"accepted": 9})
    with pytest.raises(Refused, match="open until"):
        decide.judge(state, decide.parse_cycle_command("close", body("close")), at)


def test_a_closed_cycle_looks_weekly_at_its_open_cases_and_ends_with_the_last() -> None:
    state = begun("2024-01-10 09:00")
    command = decide.parse_cycle_command("close", body("close", with_open_cases=True))
    answer = Done(counts={"open": 1, "stage.recheck": 1})
    decide.carried_out(state, command, answer, None, moment("2024-01-10 10:00"))
    assert (state.phase, state.open_cases, state.ended) == ("closed", {"recheck": 1}, False)
    state.next_tick = moment("2024-01-11 08:30")
    assert life.take_tick(state, moment("2024-01-11 08:30"))
    assert state.next_tick - moment("2024-01-11 08:30") == timedelta(days=7)
    with pytest.raises(Refused) as refused:
        accepted(state, "2024-01-12 09:00", "admit_late")
    assert refused.value.refusal.code == "closed"
    accepted(state, "2024-01-12 09:00", "publish_list")
    life.settle_open_cases(state, Watched(at=moment("2024-01-18 08:30"), stages={"archived": 4}))
    assert (state.ended, state.history[-1].event) == (True, "last_case_settled")
    with pytest.raises(Refused):
        accepted(state, "2024-01-19 09:00", "publish_list", command_id="later")


def test_the_state_stays_small_whatever_is_sent() -> None:
    state = begun()
    for number in range(KEPT + 50):
        accepted(state, "2023-09-02 09:00", "record_step", command_id=f"c-{number}", text="重" * 400)
        state.trim()
    assert (len(state.history), len(state.answered)) == (KEPT, KEPT)
    assert len(str(state.carried())) < 1_900_000
    again = CycleState.model_validate(state.carried())
    assert (again.seq, again.chain, again.steps) == (state.seq, state.chain, state.steps)


def test_the_views_tell_what_is_known() -> None:
    state = begun("2023-11-22 09:00")
    now = moment("2023-11-22 10:00")
    view = cycle_view(state, now)
    assert view.phase == "examining"
    assert StepId.OFFICE_REVIEW in view.overdue
    assert view.next_step is StepId.COMMITTEE_CHECKED
    assert {step.step for step in view.steps if step.kind is StepKind.DUTY} >= {StepId.REPORT, StepId.EXAM}
    assert statistics_view(state, now).as_of is None
    life.take_watched(state, Watched(at=now, stages={"draft": 2}, overdue={"exam": 1}))
    assert statistics_view(state, now).overdue == {"exam": 1}
    assert kind_of(decide.parse_cycle_command("close", body("close"))) == "close"
