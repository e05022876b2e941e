"""The filter of `models.selection` as conditions on the read model: what each term is there."""

from __future__ import annotations

import operator
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, false, not_, or_, select

from models.search import NONE, Term
from models.search_fields import Kind
from models.selection import Selection
from models.slack import Span, Today, span_of
from models.tables import Application, CurrentDeadline
from models.wire import end_of, start_of

EARLIEST, LATEST = date(1900, 1, 1), date(9000, 1, 1)
"""Beyond them nothing of a review lies; the ends of time themselves exist in no other time zone."""

_EXACT = ("employer", "department", "specialty", "level", "status", "action_by")
_COLUMNS = {
    "ref": Application.application_ref,
    "returned": Application.returns,
    "slack": Application.due_at,
    "due": Application.due_at,
    "days_at_stage": Application.entered_at,
    "entered": Application.entered_at,
    "changed": Application.at,
}
"""Where the name of a field is not that of its column."""

_COMPARED = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}


def conditions(selection: Selection, today: Today | None = None) -> list[ColumnElement[bool]]:
    """What the rows of `applications` must fulfil; none for a selection without a field.

    `today`: from which working days are counted. Raises `Refused` where a term counts them and there is none,
    or a year of the calendar is missing.
    """
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
        found.append(Application.due_at <= end_of(min(selection.due_before, LATEST)))
    if selection.changed_since is not None:
        found.append(Application.at >= _bounded(selection.changed_since))
    if selection.returns_at_least is not None:
        found.append(Application.returns >= selection.returns_at_least)
    return [*found, *(_holds(term, today) for term in selection.terms.terms)]


def _bounded(moment: datetime) -> datetime:
    """The instant, or the nearest one that exists in every time zone."""
    if EARLIEST.year <= moment.year <= LATEST.year:
        return moment
    return start_of(EARLIEST if moment.year < EARLIEST.year else LATEST)


def _holds(term: Term, today: Today | None) -> ColumnElement[bool]:
    plain = _plain(term, today)
    return not_(plain) if term.negated else plain


def _plain(term: Term, today: Today | None) -> ColumnElement[bool]:
    """True or false, never unknown: what is not there fulfils nothing, and its negation everything."""
    match term.field:
        case "unit":
            return or_(Application.employer.in_(term.values), Application.department.in_(term.values))
        case "deadline":
            return _next_deadline(term.values)
    column: Any = _COLUMNS.get(term.field) or getattr(Application, term.field)
    named = [value for value in term.values if value != NONE]
    fits: ColumnElement[bool]
    match term.kind:
        case Kind.CODE:
            fits = column.in_(named)
        case Kind.NUMBER:
            fits = _number(column, term)
        case _:
            fits = or_(false(), *(_within(term.field, span_of(term, value, today)) for value in named))
    if NONE in term.values:
        return or_(column.is_(None), and_(column.is_not(None), fits))
    return and_(column.is_not(None), fits)


def _number(column: Any, term: Term) -> Any:
    if term.operator == ":":
        return column.in_([int(value) for value in term.values])
    return _COMPARED[term.operator](column, int(term.values[0]))


def _within(field: str, span: Span) -> ColumnElement[bool]:
    column = _COLUMNS[field]
    bounds: list[ColumnElement[bool]] = []
    if field in ("due", "slack"):  # an exclusive instant: the last day ends there
        if span.since is not None:
            bounds.append(column > start_of(span.since))
        if span.before is not None:
            bounds.append(column <= start_of(span.before))
    else:
        if span.since is not None:
            bounds.append(column >= start_of(span.since))
        if span.before is not None:
            bounds.append(column < start_of(span.before))
    return and_(*bounds)


def _next_deadline(names: tuple[str, ...]) -> ColumnElement[bool]:
    """The deadline that ends next is one of these."""
    return (
        select(CurrentDeadline.name)
        .where(
            CurrentDeadline.plan_id == Application.plan_id,
            CurrentDeadline.application_ref == Application.application_ref,
            CurrentDeadline.due_at == Application.due_at,
            (CurrentDeadline.name + "").in_(names),  # `ix_deadlines_next` answers, and no row is opened
        )
        .correlate(Application)  # a question that joins deadlines of its own asks about others
        .exists()
    )
