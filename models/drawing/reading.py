"""How the tables are read for a drawing: every event of a stage is an outcome, a stay, an expiry or global.

A global event may happen at many stages and would hide the rest if it were drawn everywhere; it is told once.
"""

from __future__ import annotations

from typing import Literal

from models.deadlines import DEADLINE_KIND_LABELS, DeadlineKind
from models.lifecycle import TRANSITIONS, leaving
from models.roles import ROLE_LABELS, Role
from models.stages import STAGES, Stage, StageDeadline
from models.transitions import Transition
from models.wire import Label

Lang = Literal["zh", "en", "both"]

_MANY = 3
"""A command possible at more stages than this is told once instead of drawn at each."""

LANES: tuple[Role, ...] = (
    Role.APPLICANT,
    Role.EMPLOYER,
    Role.DEPARTMENT,
    Role.OFFICE,
    Role.EXPERT,
    Role.CHAIR,
    Role.CONVENING_UNIT,
    Role.CITY_OFFICE,
    Role.ARCHIVE,
)
"""The lanes from top to bottom, in the order in which an application meets them."""


def is_global(t: Transition) -> bool:
    """True for an event that is told once: possible at every stage, or at many."""
    return t.every_stage or (t.command is not None and len(t.sources) > _MANY)


GLOBALS: tuple[Transition, ...] = tuple(t for t in TRANSITIONS if is_global(t))


def expiries(stage: Stage, deadline: StageDeadline) -> tuple[Transition, ...]:
    """What the system does when a deadline passes in a stage; more than one when it depends on the facts.

    Empty for a DUTY: an officer is reminded, nothing happens to the application.
    """
    if deadline.expiry is None:
        return ()
    named = tuple(t for t in leaving(stage) if t.event == deadline.expiry)
    if named:
        return named
    others = {d.expiry for d in STAGES[stage].deadlines}
    system = (t for t in leaving(stage) if t.by == (Role.SYSTEM,) and not is_global(t))
    return tuple(t for t in system if t.event not in others)


def deadlines_in_order(stage: Stage) -> tuple[StageDeadline, ...]:
    """The deadlines of a stage, with a publicity or a window last: what follows it is drawn to its right."""
    order = (DeadlineKind.BAR, DeadlineKind.DUTY, DeadlineKind.PERIOD, DeadlineKind.WINDOW)
    return tuple(sorted(STAGES[stage].deadlines, key=lambda d: order.index(d.kind)))


def outcomes(stage: Stage) -> tuple[Transition, ...]:
    """The events that lead out of a stage and are neither global nor the passing of a deadline."""
    timed = {t.event for d in STAGES[stage].deadlines for t in expiries(stage, d)}
    return tuple(
        t
        for t in leaving(stage)
        if not is_global(t) and t.event not in timed and t.target not in (None, stage)
    )


def stays(stage: Stage) -> tuple[Transition, ...]:
    """The events that happen in a stage and leave it as it is, except the global ones."""
    timed = {t.event for d in STAGES[stage].deadlines for t in expiries(stage, d)}
    return tuple(
        t for t in leaving(stage) if not is_global(t) and t.event not in timed and t.target in (None, stage)
    )


def is_reached_only_globally(stage: Stage) -> bool:
    """True for an end that only global events lead to: it is drawn where that event is told."""
    incoming = [t for t in TRANSITIONS if t.target is stage]
    return bool(incoming) and STAGES[stage].final and all(is_global(t) for t in incoming)


def words(label: Label, lang: Lang, between: str = " ") -> str:
    """A label in one language or in both."""
    return f"{label.zh}{between}{label.en}" if lang == "both" else str(getattr(label, lang))


def kind_words(kind: DeadlineKind, lang: Lang) -> str:
    """What a kind of deadline means, with its name once in front."""
    label = DEADLINE_KIND_LABELS[kind]
    plain = Label(zh=label.zh, en=label.en.removeprefix(f"{kind.name}: "))
    return f"{kind.name}: {words(plain, lang)}"


def roles_label(roles: tuple[Role, ...]) -> Label:
    """Several roles as one label; more than three are counted."""
    if len(roles) > _MANY:
        return Label(zh=f"{len(roles)}类主体", en=f"{len(roles)} roles")
    return Label(
        zh="、".join(ROLE_LABELS[r].zh for r in roles), en=", ".join(ROLE_LABELS[r].en for r in roles)
    )
