"""The search attributes of an application: computed from its state, upserted only where they changed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from temporalio import workflow
from temporalio.common import (
    SearchAttributeKey,
    SearchAttributePair,
    SearchAttributeUpdate,
    TypedSearchAttributes,
)

from workflows import search_attributes as sa

with workflow.unsafe.imports_passed_through():
    from models.state import ApplicationState
    from models.terms import PlanTerms


def attributes_of(state: ApplicationState) -> dict[SearchAttributeKey[Any], str | int | datetime | None]:
    """Every attribute of the contract with its present value; None where there is nothing to say."""
    given = state.input
    return {
        sa.TITLE_PLAN: given.plan_id,
        sa.TITLE_STAGE: state.stage.value,
        sa.TITLE_STATUS: state.status,
        sa.TITLE_ACTION_BY: state.action_by,
        sa.TITLE_EMPLOYER: given.employer.id,
        sa.TITLE_DEPARTMENT: given.department,
        sa.TITLE_SPECIALTY: given.specialty,
        sa.TITLE_LEVEL: given.level,
        sa.TITLE_DUE_AT: state.due_at(),
        sa.TITLE_RETURNS: state.times_returned,
    }


def changed_attributes(
    state: ApplicationState, present: TypedSearchAttributes
) -> list[SearchAttributeUpdate[Any]]:
    """The updates that bring `present` up to date; empty when nothing changed (an upsert costs an event)."""
    updates: list[SearchAttributeUpdate[Any]] = []
    for key, value in attributes_of(state).items():
        if value == present.get(key):
            continue
        updates.append(key.value_unset() if value is None else key.value_set(value))
    return updates


def first_attributes(state: ApplicationState, terms: PlanTerms | None) -> TypedSearchAttributes:
    """The attributes to start an application with: free at the start, one event and one action later.

    `terms` is None for a plan that the sender does not know: the first date follows from the opening.
    """
    first = attributes_of(state) | {sa.TITLE_DUE_AT: terms.department_deadline if terms else None}
    return TypedSearchAttributes([SearchAttributePair(k, v) for k, v in first.items() if v is not None])
