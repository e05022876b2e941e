"""Which organisation holds which role in a plan, and whether a caller speaks for one of them."""

from __future__ import annotations

from collections.abc import Iterable

from activities.plans import plan_in_force
from models.plan import UnknownPlanError
from models.roles import Role
from models.visibility import OF_THE_PLAN
from workers.gateway.caller import Caller
from workers.gateway.context import Context
from workers.gateway.problems import not_found


async def offices_of_plan(here: Context, plan_id: str) -> dict[str, str]:
    """Role -> organisation by the plan in force. Raises the problem 404 for an unknown plan."""
    async with here.database.reading() as session:
        try:
            plan = await plan_in_force(session, plan_id)
        except UnknownPlanError:
            raise not_found("方案", "plan") from None
    return {role.value: organisation for role, organisation in plan.organisations.items()}


async def speaks_for(
    here: Context, caller: Caller, plan_id: str, roles: Iterable[Role] = OF_THE_PLAN
) -> bool:
    """Whether the caller holds one of these roles for the organisation that the plan names.

    Raises the problem 404 for an unknown plan.
    """
    offices = await offices_of_plan(here, plan_id)
    held = [grant for grant in caller.grants if grant.role in set(roles) and grant.organisation is not None]
    return any(offices.get(grant.role.value) == grant.organisation for grant in held)


async def for_the_plan(
    here: Context, caller: Caller, plan_id: str, roles: Iterable[Role] = OF_THE_PLAN
) -> None:
    """Raises the problem 404 when the caller does not speak for the plan in one of these roles."""
    if not await speaks_for(here, caller, plan_id, roles):
        raise not_found("方案", "plan")
