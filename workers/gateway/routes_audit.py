"""The daily roots, for everybody; that one application stands in the newest, for whoever may see it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request

from activities.audit.checking import Verified, verify_chains, verify_common, verify_roots
from activities.audit.sealing import NoLeafError, inclusion, roots_of
from activities.plans import plan_in_force
from models.plan import UnknownPlanError
from models.roots import Inclusion, LeafKind, Root
from workers.gateway.access_log import viewing
from workers.gateway.caller import Caller
from workers.gateway.context import Context, context_of
from workers.gateway.offices import for_the_plan
from workers.gateway.paths import OF_CALLER, PlanId, Ref, problems
from workers.gateway.problems import not_found
from workers.gateway.tokens import caller_of

router = APIRouter(prefix="/v1", tags=["audit"])
Here = Annotated[Context, Depends(context_of)]
Who = Annotated[Caller, Depends(caller_of)]


@router.get("/plans/{plan_id}/audit/roots", operation_id="audit_roots", responses=problems(404))
async def roots(plan_id: PlanId, here: Here) -> list[Root]:
    """Every daily root of a plan, in order, each chained to the one before. Keep a copy: it binds us."""
    async with here.database.reading() as session:
        try:
            await plan_in_force(session, plan_id)
        except UnknownPlanError:
            raise not_found("方案", "plan") from None
        return await roots_of(session, plan_id)


@router.get(
    "/plans/{plan_id}/applications/{application_ref}/proof",
    operation_id="application_proof",
    responses=problems(*OF_CALLER, 404, 503),
)
async def proof(
    request: Request, here: Here, caller: Who, plan_id: PlanId, application_ref: Ref
) -> Inclusion:
    """That the application's chain, up to an entry, stands in the newest root (docs/audit.md)."""
    await viewing(request, caller, plan_id, application_ref)
    async with here.database.reading() as session:
        try:
            return await inclusion(session, plan_id, LeafKind.APPLICATION, application_ref)
        except NoLeafError:
            raise not_found("审计根", "root with this application") from None


@router.get("/plans/{plan_id}/audit", operation_id="audit_verify", responses=problems(*OF_CALLER, 404, 503))
async def verify(here: Here, caller: Who, plan_id: PlanId) -> Verified:
    """What was changed, removed, inserted, reordered or written anew: chains and roots, from the database.

    `zhicheng audit verify --from-histories` holds every decision against the workflows as well.
    """
    await for_the_plan(here, caller, plan_id)
    found = await verify_chains(here.database, plan_id)
    found = found.joined(await verify_roots(here.database, plan_id))
    return found.joined(await verify_common(here.database))
