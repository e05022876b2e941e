"""The plans of this release, read once a process: an activity must not parse one each time."""

from __future__ import annotations

from functools import cache

from models.plan import ReviewPlan
from models.roles import Role


@cache
def plan_of(plan_id: str) -> ReviewPlan:
    """The plan with this id. Raises `models.plan.UnknownPlanError`."""
    return ReviewPlan.load(plan_id)


@cache
def organisations_of(plan_id: str) -> dict[str, str]:
    """Role -> organisation, for the roles that the plan itself fills; empty for an unknown plan."""
    if plan_id not in ReviewPlan.known():
        return {}
    return {Role(role).value: unit for role, unit in plan_of(plan_id).organisations.items()}


@cache
def certificate_prefix(plan_id: str) -> str:
    """What the certificate numbers of a plan begin with; the plan's id in capitals unless it says."""
    given = plan_of(plan_id).certificate_prefix if plan_id in ReviewPlan.known() else None
    return given or plan_id.upper()
