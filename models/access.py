"""Who may act on this application: role, organisation, person, and nobody at two hops.

Deny by default: a role without a rule here may do nothing. Checked at every door and again by the
lifecycle, whichever way a command came.
"""

from __future__ import annotations

from models.commands import Command
from models.refusal import RefusalCode, refuse
from models.roles import ROLE_LABELS, Actor, Role
from models.state import ApplicationState
from models.visibility import archive_of

OPEN_TO_ANYONE = "object"
"""Objections and complaints come from anyone."""

_PLAN_ROLES = (Role.OFFICE, Role.CONVENING_UNIT, Role.CITY_OFFICE)


def check_role(command: Command, allowed: tuple[Role, ...]) -> None:
    """The actor's role is one of those that may send this command at all."""
    role = command.actor.role
    if role is Role.SYSTEM or role not in allowed:
        names_zh = "、".join(ROLE_LABELS[r].zh for r in allowed)
        raise refuse(
            RefusalCode.WRONG_ROLE,
            zh=f"{ROLE_LABELS[role].zh}不能发送此指令。",
            en=f"The role '{role.value}' may not send this command.",
            fix_zh=f"应由{names_zh}发送。",
            fix_en=f"It is for: {', '.join(r.value for r in allowed)}.",
            field="actor.role",
            citation="process (a) roles",
        )


def check_organisation(state: ApplicationState, command: Command) -> None:
    """The actor belongs to the organisation that holds this role for this application.

    Anyone objects, as the public; whoever objects in another role must hold it here as for any command.
    """
    actor = command.actor
    if getattr(command, "kind", "") == OPEN_TO_ANYONE and actor.role is Role.PUBLIC:
        return
    if actor.role is Role.APPLICANT:
        if actor.id != state.input.applicant:
            raise refuse(
                RefusalCode.WRONG_PERSON,
                zh="只能办理本人的申报。",
                en="An applicant acts on the own application only.",
                fix_zh="请使用本人账户。",
                fix_en="Sign in as the applicant of this application.",
                field="actor.id",
                citation="process (a) roles",
            )
        return
    expected = _organisation_of(state, actor)
    if expected is None or actor.organisation not in expected:
        raise refuse(
            RefusalCode.WRONG_ORGANISATION,
            zh="该机构无权办理此申报。",
            en="This organisation does not hold that role for this application.",
            fix_zh="请由负责本申报的机构办理。",
            fix_en="Send it for the organisation in charge of this application.",
            field="actor.organisation",
            citation="process (a) roles",
        )


def _organisation_of(state: ApplicationState, actor: Actor) -> tuple[str, ...] | None:
    match actor.role:
        case Role.EMPLOYER:
            return (state.input.employer.id,)
        case Role.DEPARTMENT:
            return (state.input.department,)
        case Role.EXPERT | Role.CHAIR:
            return (state.meeting.committee_ref,) if state.meeting else None
        case Role.ARCHIVE:
            keeper = archive_of(state.input.archive_keeper, state.plan.organisations)
            return (keeper,) if keeper else None
        case role if role in _PLAN_ROLES:
            holder = state.plan.organisations.get(role.value)
            return (holder,) if holder else None
        case _:
            return None


def check_separation(state: ApplicationState, command: Command) -> None:
    """Nobody decides on the own application, nor at two hops on the same one (separation of duties)."""
    actor = command.actor
    if getattr(command, "kind", "") == OPEN_TO_ANYONE or actor.role is Role.APPLICANT:
        return
    if actor.id == state.input.applicant:
        raise refuse(
            RefusalCode.SEPARATION_OF_DUTIES,
            zh="不得办理本人的申报。",
            en="Nobody decides on the own application.",
            fix_zh="请由其他人员办理。",
            fix_en="Let somebody else decide.",
            field="actor.id",
            citation="separation of duties, by design",
        )
    earlier = state.acted.get(actor.id)
    if earlier is not None and earlier != actor.role.value:
        raise refuse(
            RefusalCode.SEPARATION_OF_DUTIES,
            zh=f"同一人不得在两个环节办理同一申报（已作为{ROLE_LABELS[Role(earlier)].zh}办理）。",
            en=f"Nobody acts at two hops on one application (this person acted as '{earlier}').",
            fix_zh="请由其他人员办理。",
            fix_en="Let somebody else decide.",
            field="actor.id",
            citation="separation of duties, by design",
        )
