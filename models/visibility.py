"""Who may see an application, and begin one: a grant (a role for an organisation) against its ties.

Deny by default: a role without a rule here sees nothing. Seeing is not deciding: what may be done is
`models.access`. `activities.visibility` says the same in SQL.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from models.roles import Reference, Role
from models.wire import Wire

OF_THE_PLAN = frozenset({Role.OFFICE, Role.CONVENING_UNIT, Role.CITY_OFFICE})
"""Roles that see every application of a plan that names their organisation."""

OF_THE_COMMITTEE = frozenset({Role.EXPERT, Role.CHAIR})
"""Roles that see what stands on the agenda of a meeting of their committee."""


class Grant(Wire):
    """One role that a caller holds: for an organisation, or (applicant) for the own person."""

    role: Role
    organisation: Reference | None = None


class Ties(Wire):
    """Whom an application belongs to. `offices`: role -> organisation, as the plan says.

    `committees`: those on whose agendas it stands or stood.
    """

    applicant: Reference
    employer: Reference
    department: Reference
    archive_keeper: Reference | None = None
    offices: Mapping[str, str] = {}
    committees: frozenset[str] = frozenset()


def archive_of(keeper: str | None, offices: Mapping[str, str]) -> str | None:
    """Who keeps the file in the end: the keeper that the application names, or else the archive of its plan.

    None where neither is known: then nobody archives, sees or is told as the archive.
    `activities.visibility.kept_by` says the same in SQL.
    """
    return keeper if keeper is not None else offices.get(Role.ARCHIVE.value)


def sees(subject: str, grant: Grant, ties: Ties) -> bool:
    """Whether this person sees the application in this role."""
    match grant.role:
        case Role.APPLICANT:
            return subject == ties.applicant
        case Role.EMPLOYER:
            return grant.organisation == ties.employer
        case Role.DEPARTMENT:
            return grant.organisation == ties.department
        case Role.ARCHIVE:
            keeper = archive_of(ties.archive_keeper, ties.offices)
            return keeper is not None and grant.organisation == keeper
        case role if role in OF_THE_COMMITTEE:
            return grant.organisation in ties.committees
        case role if role in OF_THE_PLAN:
            holder = ties.offices.get(role.value)
            return holder is not None and grant.organisation == holder
        case _:
            return False


def may_see(subject: str, grants: Iterable[Grant], ties: Ties) -> bool:
    """Whether any of the grants lets this person see the application."""
    return any(sees(subject, grant, ties) for grant in grants)


def may_begin(
    subject: str, grants: Iterable[Grant], applicant: str, employer: str, office: str | None
) -> bool:
    """Whether this person may begin an application: the own one, one of the own unit, the office any.

    `office` is the organisation that is the office of the plan; without one the opening refuses.
    """
    return any(
        (grant.role is Role.APPLICANT and applicant == subject)
        or (grant.role is Role.EMPLOYER and employer == grant.organisation)
        or (grant.role is Role.OFFICE and office in (grant.organisation, None))
        for grant in grants
    )
