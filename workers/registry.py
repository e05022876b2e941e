"""Which workflows and activities this service has."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from activities import (
    archive,
    cases,
    certification,
    committee,
    corrections,
    credit,
    department,
    employer,
    everywhere,
    examination,
    office,
    publicity,
    screening,
    spot_checks,
)
from activities.batches import Batches
from activities.calendar import Calendars
from activities.cycle import CycleDesk
from activities.cycle_watch import Watch
from activities.database import Database
from activities.lists import Lists
from activities.meetings import Meetings
from activities.opening import Opening
from activities.orders import Orders
from activities.orders_ended import orders_ended
from activities.papers.config import PaperConfig
from activities.papers.making import Papers
from activities.records import FactWriter, Records
from activities.reports import Reports
from activities.review import write_answers
from activities.statistics import Statistics
from activities.versions import Versions
from models.batch import FOUR_EYES_ABOVE
from workflows.application import ApplicationWorkflow
from workflows.batch import BatchWorkflow
from workflows.cycle import ReviewCycleWorkflow
from workflows.cycle_orders import CycleOrderWorkflow
from workflows.meeting import ReviewMeetingWorkflow

WORKFLOWS: list[type] = [
    ApplicationWorkflow,
    ReviewMeetingWorkflow,
    ReviewCycleWorkflow,
    CycleOrderWorkflow,
    BatchWorkflow,
]

_HOPS: dict[str, FactWriter] = {
    **screening.FACTS,
    **employer.FACTS,
    **department.FACTS,
    **office.FACTS,
    **examination.FACTS,
    **committee.FACTS,
    **publicity.FACTS,
    **certification.FACTS,
    **archive.FACTS,
    **everywhere.FACTS,
    **corrections.FACTS,
}
FACTS = credit.beside(credit.beside(_HOPS, credit.FACTS), cases.FACTS)
"""What each event leaves beside the common records: its hop's own rows, then case and credit record."""

REBUILT: dict[str, FactWriter] = {
    **{event: writer for event, writer in _HOPS.items() if event not in screening.FACTS},
    **{
        event: write_answers
        for event, writer in screening.FACTS.items()
        if writer is screening.write_answers_and_findings
    },
}
"""What of it a rebuild writes again: the hop's own rows, without findings, which hang on their day."""


def make_activities(
    database: Database,
    *,
    rehearsal: bool,
    calendar_dir: Path | None = None,
    papers: PaperConfig | None = None,
    released_on: date | None = None,
    four_eyes_above: int = FOUR_EYES_ABOVE,
    identity_required: bool = False,
) -> list[Callable[..., Any]]:
    """Every activity, bound to one database. In a rehearsal the calendar knows what was known that day.

    `calendar_dir` holds notices on working days that are newer than this release. `papers`: by default
    they lie beside the SQLite file, and only a rehearsal makes itself a key to sign them with.
    `released_on`: the calendar of the release is taken as it was on that day (a rehearsal of older years).
    A batch of more items than `four_eyes_above` needs a second person. `identity_required`: nobody begins
    before an identity document is recorded.
    """
    if papers is None:
        papers = PaperConfig(database.folder or Path("data").absolute(), may_make_key=rehearsal)
    lists = Lists(database)
    meetings = Meetings(database, rehearsal=rehearsal)
    calendars = Calendars(as_of=rehearsal, folder=calendar_dir, released_on=released_on)
    records = Records(database, calendars, FACTS)
    versions = Versions(database, calendars)
    batches = Batches(database, four_eyes_above, calendars, rehearsal=rehearsal)
    desk = CycleDesk(records, rehearsal=rehearsal)
    return [
        Opening(records, rehearsal=rehearsal, identified=identity_required).open_application,
        screening.Screening(records).screening,
        employer.Employer(records).employer,
        department.Department(records).department,
        office.Office(records).office,
        examination.Examination(records).examination,
        committee.Committee(records).committee,
        publicity.Publicity(records).publicity,
        certification.Certification(records).certification,
        archive.Archive(records).archive,
        everywhere.Everywhere(records).records,
        desk.cycle_dates,
        desk.cycle_records,
        desk.list_open_cases,
        Watch(records).watch_cycle,
        Orders(database).carry_out,
        orders_ended,
        batches.record_batch,
        batches.batch_leg,
        versions.issue_plan_version,
        versions.issue_calendar,
        meetings.plan_meeting,
        meetings.meeting_act,
        meetings.meeting_alarm,
        meetings.send_from_meeting,
        lists.publish_list,
        lists.take_down_lists,
        spot_checks.SpotChecks(database).spot_check,
        Statistics(records).cycle_statistics,
        Reports(records).file_report,
        Papers(database, papers).make_papers,
    ]
