"""Which event a command means, where one command may mean several: questions of fact, not of permission."""

from __future__ import annotations

from models.ballot import passes
from models.commands import (
    ChangeClass,
    Command,
    PublishResult,
    RecordVote,
    Resubmit,
    RuleOnObjection,
    Schedule,
)
from models.guards import vote_rule
from models.roles import Role
from models.stages import Stage
from models.state import ApplicationState


def correction_chain(state: ApplicationState) -> tuple[str, ...]:
    """Who confirms a formal correction, in order, under one timer.

    Department return: applicant, employer. Office return: applicant, employer, department, or the
    applicant alone where the plan lets corrections go straight back (flag `correction_route`).
    """
    if state.stage is Stage.DEPARTMENT_RETURNED:
        return (Role.APPLICANT, Role.EMPLOYER)
    if state.stage is Stage.OFFICE_RETURNED and state.plan.correction_route == "full_chain":
        return (Role.APPLICANT, Role.EMPLOYER, Role.DEPARTMENT)
    return (Role.APPLICANT,)


def is_substantive(state: ApplicationState, command: Command) -> bool:
    """The repair needs a new publicity: the reviewer said so, or the applicant does."""
    last = state.last_return
    if last is None or last.confirmed_by:
        return False
    said = command.change_class if isinstance(command, Resubmit) else None
    return ChangeClass.SUBSTANTIVE in (last.change_class, said)


def correction_goes_on(state: ApplicationState, command: Command) -> bool:
    """A formal correction that someone else has still to confirm."""
    last = state.last_return
    if last is None or is_substantive(state, command):
        return False
    return len(last.confirmed_by) + 1 < len(correction_chain(state))


def correction_complete(state: ApplicationState, command: Command) -> bool:
    """A formal correction with its last confirmation."""
    return not is_substantive(state, command) and not correction_goes_on(state, command)


def other_objection(state: ApplicationState, command: Command) -> bool:
    """Another objection to the same publicity is open beside the one ruled on."""
    of = "employer" if state.stage in (Stage.EMPLOYER_PUBLICITY, Stage.EMPLOYER_OBJECTION) else "result"
    ruled = command.objection_id if isinstance(command, RuleOnObjection) else None
    return any(o.id != ruled for o in state.open_objections(of))


def no_other_objection(state: ApplicationState, command: Command) -> bool:
    """The one ruled on is the last open one."""
    return not other_objection(state, command)


def vote_passes(state: ApplicationState, command: Command) -> bool:
    """The counts reach the plan's share."""
    return isinstance(command, RecordVote) and passes(
        command.yes, command.attending, command.recused, vote_rule(state)
    )


def vote_fails(state: ApplicationState, command: Command) -> bool:
    """The counts do not reach the plan's share."""
    return not vote_passes(state, command)


def defence_in_plan(state: ApplicationState, command: Command) -> bool:
    """The plan has a defence (答辩); 2023 has none."""
    return state.plan.defence


def no_defence_in_plan(state: ApplicationState, command: Command) -> bool:
    """The plan is 专家评审 only."""
    return not state.plan.defence


def replaces_meeting(state: ApplicationState, command: Command) -> bool:
    """The command names the meeting that the application is on now."""
    meeting = state.meeting
    return isinstance(command, Schedule) and meeting is not None and command.replaces == meeting.meeting_ref


def corrects_list(state: ApplicationState, command: Command) -> bool:
    """The command names the list that is posted now."""
    posted = state.running_publicity()
    return (
        isinstance(command, PublishResult) and posted is not None and command.corrects == posted.list_sha256
    )


def corrects_ended_list(state: ApplicationState, command: Command) -> bool:
    """The command names the list whose period has run, before anything is confirmed."""
    ended = state.completed_publicity("result")
    return isinstance(command, PublishResult) and ended is not None and command.corrects == ended.list_sha256
