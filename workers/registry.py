"""Which workflows and activities this service has."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from activities import (
    archive,
    cases,
    certification,
    committee,
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
from activities.calendar import Calendars
from activities.database import Database
from activities.lists import Lists
from activities.meetings import Meetings
from activities.opening import Opening
from activities.orders import Orders
from activities.papers.config import PaperConfig
from activities.papers.making import Papers
from activities.records import FactWriter, Records
from activities.reports import Reports
from activities.statistics import Statistics
from workflows.application import ApplicationWorkflow
from workflows.meeting import ReviewMeetingWorkflow

WORKFLOWS: list[type] = [ApplicationWorkflow, ReviewMeetingWorkflow]

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
}
FACTS = credit.beside(credit.beside(_HOPS, credit.FACTS), cases.FACTS)
"""What each event leaves beside the common records: its hop's own rows, then case and credit record."""


def make_activities(
    database: Database,
    *,
    rehearsal: bool,
    calendar_dir: Path | None = None,
    papers: PaperConfig | None = None,
) -> list[Callable[..., Any]]:
    """Every activity, bound to one database. In a rehearsal the calendar knows what was known that day.

    `calendar_dir` holds notices on working days that are newer than this release. `papers`: by default
    they lie beside the SQLite file, and only a rehearsal makes itself a key to sign them with.
    """
    if papers is None:
        papers = PaperConfig(database.folder or Path("data").absolute(), may_make_key=rehearsal)
    lists = Lists(database)
    meetings = Meetings(database, rehearsal=rehearsal)
    records = Records(database, Calendars(as_of=rehearsal, folder=calendar_dir), FACTS)
    return [
        Opening(records, rehearsal=rehearsal).open_application,
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
        Orders(database).carry_out,
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
