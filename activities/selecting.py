"""The filter of `models.selection` as conditions on the read model."""

from __future__ import annotations

from sqlalchemy import ColumnElement

from models.selection import Selection
from models.tables import Application
from models.wire import end_of

_EXACT = ("employer", "department", "specialty", "level", "status", "action_by")


def conditions(selection: Selection) -> list[ColumnElement[bool]]:
    """What the rows of `applications` must fulfil; none for a selection without a field."""
    found: list[ColumnElement[bool]] = [
        getattr(Application, name) == value
        for name in _EXACT
        if (value := getattr(selection, name)) is not None
    ]
    if selection.stages:
        found.append(Application.stage.in_([stage.value for stage in selection.stages]))
    if selection.refs:
        found.append(Application.application_ref.in_(selection.refs))
    if selection.due_before is not None:
        found.append(Application.due_at <= end_of(selection.due_before))
    if selection.changed_since is not None:
        found.append(Application.at >= selection.changed_since)
    if selection.returns_at_least is not None:
        found.append(Application.returns >= selection.returns_at_least)
    return found
