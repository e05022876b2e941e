"""The life of an application: every event, who may cause it, under which conditions, with which source.

This is the ONE source, joined from the tables in `models.stages` and `models.events`. The state machine,
the diagram, the BPMN file, the handbook, the permission matrix and the answer to "what may come next" all
come from it. It knows no clock, no database and no Temporal. An incomplete entry does not import.
"""

from __future__ import annotations

import types
from collections.abc import Callable
from functools import cache
from typing import Any

from statemachine import State, StateMachine
from statemachine.transition_list import TransitionList

from models.events.corrections import CORRECTIONS
from models.events.department import DEPARTMENT
from models.events.employer import EMPLOYER
from models.events.everywhere import EVERYWHERE
from models.events.examination import EXAMINATION
from models.events.meeting import MEETING
from models.events.office import OFFICE
from models.events.posts import POSTS
from models.events.result import RESULT
from models.roles import Role
from models.stages import STAGES, Stage
from models.transitions import Transition

TRANSITIONS: tuple[Transition, ...] = (
    *EMPLOYER,
    *DEPARTMENT,
    *OFFICE,
    *EXAMINATION,
    *MEETING,
    *RESULT,
    *POSTS,
    *EVERYWHERE,
    *CORRECTIONS,
)
"""Every event of the lifecycle, in the order of a life."""

BY_EVENT: dict[str, Transition] = {t.event: t for t in TRANSITIONS}


def _check_complete() -> None:
    """Refuses to import a table with a gap: label, actor, citation, way out, deadline that nothing ends."""
    if len(BY_EVENT) != len(TRANSITIONS):
        raise TypeError("two transitions share an event name")
    for stage in Stage:
        if stage not in STAGES:
            raise TypeError(f"stage {stage} has no entry in STAGES")
        spec = STAGES[stage]
        if not (spec.label.zh and spec.label.en and spec.citation):
            raise TypeError(f"stage {stage} lacks a label or a citation")
        leaves = any(stage in t.sources and t.target not in (None, stage) for t in TRANSITIONS)
        if spec.final and any(stage in t.sources for t in TRANSITIONS):
            raise TypeError(f"final stage {stage} has a way out")
        if not spec.terminal and not leaves:
            raise TypeError(f"stage {stage} has no way out")
        if not (spec.terminal or spec.automatic or spec.deadlines):
            raise TypeError(f"stage {stage} has no deadline")
    for t in TRANSITIONS:
        if not (t.label.zh and t.label.en and t.citation and t.by and t.sources and t.hop):
            raise TypeError(f"transition {t.event} lacks label, citation, actor, source or hop")
        if (t.command is None) != (t.by == (Role.SYSTEM,)):
            raise TypeError(f"transition {t.event}: the system acts without a command, all others with one")
        if t.command is not None and t.evidence is None and t.event != "employer_reopen":
            raise TypeError(f"transition {t.event} names no evidence")


_check_complete()


def _stay(state: State) -> TransitionList:
    """A step that leaves the stage as it is."""
    to_itself: Callable[..., TransitionList] = state.to.itself
    return to_itself(internal=True)


def _members(namespace: dict[str, Any]) -> None:
    states = {
        stage: State(spec.label.zh, value=stage.value, initial=stage is Stage.DRAFT, final=spec.final)
        for stage, spec in STAGES.items()
    }
    for stage, state in states.items():
        namespace[f"at_{stage.value}"] = state
    for t in TRANSITIONS:
        edges = [
            states[source].to(states[t.target]) if t.target is not None else _stay(states[source])
            for source in t.sources
        ]
        joined = edges[0]
        for edge in edges[1:]:
            joined = joined | edge
        namespace[t.event] = joined
    namespace["__doc__"] = "The flat, strict, synchronous state machine of one application."
    namespace["__module__"] = __name__


ApplicationLifecycle: type[StateMachine] = types.new_class(
    "ApplicationLifecycle", (StateMachine,), exec_body=_members
)
"""The state machine, built from `STAGES` and `TRANSITIONS`: an illegal event raises, nothing is ignored."""


class _Place:
    """The model the machine reads its state from and writes it to."""

    def __init__(self, stage: Stage) -> None:
        self.state = stage.value


@cache
def advance(stage: Stage, event: str) -> Stage:
    """The stage after `event`; raises `TransitionNotAllowed` when the machine does not know that step.

    The chart is flat and fixed, so each step is asked of the machine once in a process.
    """
    place = _Place(stage)
    ApplicationLifecycle(place).send(event)
    return Stage(place.state)


@cache
def leaving(stage: Stage) -> tuple[Transition, ...]:
    """Every event possible in a stage, in the order of the table."""
    return tuple(t for t in TRANSITIONS if stage in t.sources)


@cache
def stages_of(command: str) -> tuple[Stage, ...]:
    """The stages in which some event of a command is possible, in the order of the table."""
    return tuple(dict.fromkeys(s for t in TRANSITIONS if t.command == command for s in t.sources))
