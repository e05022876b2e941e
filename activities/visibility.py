"""The rule of `models.visibility` as a condition on the read model: for lists, and for one application."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import ColumnElement, and_, false, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from activities.plans import offices_of
from models.roles import Role
from models.tables import AgendaEntry, AgendaItem, Application, FeedEvent, ReviewMeeting
from models.visibility import OF_THE_COMMITTEE, OF_THE_PLAN, Grant, Ties

_OF_ITS_MEETING = and_(
    ReviewMeeting.plan_id == AgendaItem.plan_id, ReviewMeeting.meeting_ref == AgendaItem.meeting_ref
)


def visible_to(subject: str, grants: Iterable[Grant], offices: Mapping[str, str]) -> ColumnElement[bool]:
    """True for the rows of `applications`, of one plan with these `offices`, that this person may see."""
    return or_(false(), *(_by(subject, grant, offices) for grant in grants))


def heard_by(subject: str, grants: Iterable[Grant], offices: Mapping[str, str]) -> ColumnElement[bool]:
    """True for the events of the feed, of one plan with these `offices`, that this person may see.

    Of applications those that it sees; of a cycle what the offices of the plan see; of a meeting what they
    and its committee see; of a batch what the house sees that made it, in the role that made it.
    """
    grants = tuple(grants)
    heard = [and_(FeedEvent.subject == "application", visible_to(subject, grants, offices))]
    for grant in grants:
        if grant.organisation is None:
            continue
        house = (FeedEvent.role == grant.role.value, FeedEvent.organisation == grant.organisation)
        heard.append(and_(FeedEvent.subject == "batch", *house))
        if grant.role in OF_THE_PLAN and offices.get(grant.role.value) == grant.organisation:
            heard.append(FeedEvent.subject.in_(("cycle", "meeting")))
        if grant.role in OF_THE_COMMITTEE:
            heard.append(and_(FeedEvent.subject == "meeting", _meeting_of(grant.organisation)))
    return or_(*heard)


def _meeting_of(committee: str) -> ColumnElement[bool]:
    return (
        select(ReviewMeeting.meeting_ref)
        .where(
            ReviewMeeting.plan_id == FeedEvent.plan_id,
            ReviewMeeting.meeting_ref == FeedEvent.subject_ref,
            ReviewMeeting.committee_ref == committee,
        )
        .exists()
    )


def _by(subject: str, grant: Grant, offices: Mapping[str, str]) -> ColumnElement[bool]:
    if grant.role is Role.APPLICANT:
        return Application.applicant == subject
    organisation = grant.organisation
    if organisation is None:  # in SQL a comparison with nothing would find what has no keeper
        return false()
    match grant.role:
        case Role.EMPLOYER:
            return Application.employer == organisation
        case Role.DEPARTMENT:
            return Application.department == organisation
        case Role.ARCHIVE:
            return kept_by(organisation, offices)
        case role if role in OF_THE_COMMITTEE:
            return _on_an_agenda_of(organisation)
        case role if role in OF_THE_PLAN:
            return true() if offices.get(role.value) == organisation else false()
        case _:
            return false()


def kept_by(organisation: str, offices: Mapping[str, str]) -> ColumnElement[bool]:
    """True for the rows whose file this organisation keeps: `models.visibility.archive_of` in SQL."""
    of_plan = true() if offices.get(Role.ARCHIVE.value) == organisation else false()
    given = Application.archive_keeper
    return or_(given == organisation, and_(given.is_(None), of_plan))


def _on_an_agenda_of(committee: str) -> ColumnElement[bool]:
    """On the agenda of a meeting held here, or scheduled for one that is held elsewhere (`schedule`)."""
    here = (
        select(AgendaItem.application_ref)
        .join(ReviewMeeting, _OF_ITS_MEETING)
        .where(
            AgendaItem.plan_id == Application.plan_id,
            AgendaItem.application_ref == Application.application_ref,
            ReviewMeeting.committee_ref == committee,
        )
    )
    elsewhere = select(AgendaEntry.application_ref).where(
        AgendaEntry.plan_id == Application.plan_id,
        AgendaEntry.application_ref == Application.application_ref,
        AgendaEntry.committee_ref == committee,
    )
    return or_(here.exists(), elsewhere.exists())


async def ties_of(session: AsyncSession, row: Application) -> Ties:
    """Whom this application belongs to."""
    ids = {"plan_id": row.plan_id, "application_ref": row.application_ref}
    committees: Any = await session.scalars(
        select(ReviewMeeting.committee_ref)
        .select_from(AgendaItem)
        .join(ReviewMeeting, _OF_ITS_MEETING)
        .where(AgendaItem.plan_id == row.plan_id, AgendaItem.application_ref == row.application_ref)
        .union(select(AgendaEntry.committee_ref).filter_by(**ids))
    )
    return Ties(
        applicant=row.applicant,
        employer=row.employer,
        department=row.department,
        archive_keeper=row.archive_keeper,
        offices=await offices_of(session, row.plan_id, row.plan_version),
        committees=frozenset(committees),
    )
