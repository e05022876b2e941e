"""Counts what a history costs: events, bytes as stored, and Temporal Cloud's billable actions."""

from __future__ import annotations

from dataclasses import dataclass

from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import WorkflowHistory

_ONE_ACTION = {
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED,
    EventType.EVENT_TYPE_TIMER_STARTED,
    EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED,
    EventType.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW,
}


_OF_VIRTUAL_TIME = {
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_TIME_SKIPPING_TRANSITIONED,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_OPTIONS_UPDATED,
}
"""Events that only the test's virtual clock writes; a real server has none of them."""


@dataclass(frozen=True)
class Cost:
    """Events and bytes of the history, and billable actions."""

    events: int
    bytes: int
    actions: int


def cost_of(history: WorkflowHistory) -> Cost:
    """The cost of one run.

    Actions by Temporal's published list: a start, a timer, a (remote) activity, an upsert, a signal, an
    update, and all local activities of one workflow task together.
    """
    events = [event for event in history.events if event.event_type not in _OF_VIRTUAL_TIME]
    actions = sum(1 for event in events if event.event_type in _ONE_ACTION)
    return Cost(
        events=len(events),
        bytes=sum(event.ByteSize() for event in events),
        actions=actions + _tasks_with_local_activities(events),
    )


def _tasks_with_local_activities(events: list[HistoryEvent]) -> int:
    tasks = {
        event.marker_recorded_event_attributes.workflow_task_completed_event_id
        for event in events
        if event.event_type == EventType.EVENT_TYPE_MARKER_RECORDED
        and event.marker_recorded_event_attributes.marker_name == "core_local_activity"
    }
    return len(tasks)
