"""A new version of a plan: what it may move, what it may not touch, and the order that follows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest

from models.commands import ReviseDeadlines
from models.cycle_commands import IssueCalendar, IssuePlanVersion
from models.cycle_messages import Done
from models.plan import ReviewPlan
from models.plan_amend import DATES, VERSION, amend, order_after
from models.refusal import Refusal, Refused
from tests.models.plan_changes import real_plan

DOCUMENT = "津人社办函〔2023〕400号"
ON = date(2023, 10, 20)
CITY = {"id": "city-chief", "role": "city_office", "organisation": "tj-rsj-title-office"}


def version_2(changes: Mapping[str, object], **fields: object) -> ReviewPlan:
    """The next version of the 2023 plan with the values at these dotted paths replaced."""
    data = real_plan().model_dump()
    for path, value in changes.items():
        *steps, last = path.split(".")
        node: Any = data
        for step in steps:
            node = node[int(step)] if step.isdigit() else node[step]
        node[last] = value
    entry = {"version": 2, "document": DOCUMENT, "dated": ON, "what": {"zh": "延期", "en": "later"}}
    return ReviewPlan.model_validate({**data, "version": 2, "amendments": [entry], **fields})


LATER = {"dates.department.last_day.value": date(2023, 11, 13)}


def refusal(new: ReviewPlan, document_no: str = DOCUMENT, on: date = ON) -> Refusal:
    with pytest.raises(Refused) as caught:
        amend(real_plan(), new, document_no, on)
    assert caught.value.refusal.remedy.zh
    return caught.value.refusal


def test_dates_that_move_later_are_told_old_to_new() -> None:
    changes = {
        **LATER,
        "dates.department.last_day.source": "津人社办函〔2023〕400号",
        "dates.meeting.last_day.value": date(2024, 1, 12),
        "correction.cap.last_day.value": date(2023, 11, 27),
    }
    assert [tuple(move) for move in amend(real_plan(), version_2(changes), DOCUMENT, ON)] == [
        ("dates.department", "2023-11-06 24:00", "2023-11-13 24:00"),
        ("dates.meeting.last_day", "2023-12-31", "2024-01-12"),
        ("correction.cap", "2023-11-20 24:00", "2023-11-27 24:00"),
    ]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"dates.department.last_day.value": date(2023, 11, 3)}, "dates.department"),
        ({"dates.department.until.value": "18:00"}, "dates.department"),
        ({"dates.meeting.last_day.value": date(2023, 12, 29)}, "dates.meeting.last_day"),
        ({"dates.opens.first_day.value": date(2023, 10, 25)}, "dates.opens"),
        ({"dates.department.kind.value": "DUTY"}, "dates.department.kind.value"),
        ({**LATER, "vote.pass_share.value": (1, 2)}, "vote.pass_share.value.0"),
        ({**LATER, "vote.quorum.value": (1, 2)}, "vote.quorum.value.0"),
        ({**LATER, "publicity.employer_wd.value": 3}, "publicity.employer_wd.value"),
        ({**LATER, "specialties.0.id": "law"}, "specialties.0.id"),
        ({**LATER, "dates.years_counted_to.value": date(2024, 12, 31)}, "dates.years_counted_to.value"),
        ({}, "dates"),
    ],
)
def test_what_shortens_or_touches_more_than_dates_is_refused_with_its_path(
    changes: dict[str, object], field: str
) -> None:
    refused = refusal(version_2(changes))
    assert refused.field == field
    assert refused.citation is not None
    assert "dates may move later" in refused.citation


@pytest.mark.parametrize(
    ("fields", "document_no", "field"),
    [
        ({"id": "another-plan"}, DOCUMENT, "id"),
        ({"version": 3}, DOCUMENT, "version"),
        ({"amendments": []}, DOCUMENT, "amendments"),
        ({}, "津人社办函〔2023〕401号", "amendments.0.document"),
    ],
)
def test_it_is_the_next_version_by_the_document_it_names(
    fields: dict[str, object], document_no: str, field: str
) -> None:
    assert refusal(version_2(LATER, **fields), document_no).field == field


def test_the_opening_may_move_while_it_lies_ahead() -> None:
    new = version_2({"dates.opens.first_day.value": date(2023, 9, 25)})
    (move,) = amend(real_plan(), new, DOCUMENT, date(2023, 9, 1))
    assert (move.old, move.new) == ("2023-09-18 00:00", "2023-09-25 00:00")


def test_the_order_brings_the_version_and_its_dates_to_every_application() -> None:
    new = version_2(LATER)
    common = {"actor": CITY, "command_id": "c-1", "document_no": DOCUMENT, "text": "延期"}
    command = IssuePlanVersion.model_validate({**common, "plan_toml": "x" * 20})
    done = Done(counts={VERSION: 2}, facts={DATES: new.terms().dates().model_dump_json()})
    body = order_after(command, done)
    assert body is not None
    sent = ReviseDeadlines.model_validate({**body, "command_id": "order:life"})
    assert sent.plan_version == 2
    assert sent.plan_dates == new.terms().dates()
    assert (sent.ground, sent.document_no, sent.actor.id) == ("plan_amendment", DOCUMENT, "city-chief")
    assert order_after(command, Done(refused_zh="否", refused_en="no")) is None
    assert order_after(command.model_copy(update={"apply": False}), done) is None
    notice = IssueCalendar.model_validate({**common, "notice_toml": "x" * 20})
    body = order_after(notice, Done())
    assert body is not None
    assert ReviseDeadlines.model_validate({**body, "command_id": "c"}).ground == "calendar_notice"
