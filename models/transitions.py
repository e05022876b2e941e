"""The shape of a transition: everything that handbook, diagram, permission matrix and engine read of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from models.commands import Command
from models.guards import Guard
from models.roles import Role
from models.stages import Stage
from models.state import ApplicationState
from models.wire import Label

Choice = Callable[[ApplicationState, Command], bool]
"""Which of several events of one command applies; a question of fact, not of permission."""


@dataclass(frozen=True)
class Transition:
    """One event of the lifecycle.

    `target` None: the stage stays. `command` None: the system does it by itself (timer or computed step).
    `when` are the command's fields that select it. `hop` names the activity that records it. `notify`
    are the roles told. `ends` finishes the application's run.
    `continues` applies the same command again in the new stage.
    """

    event: str
    sources: tuple[Stage, ...]
    target: Stage | None
    by: tuple[Role, ...]
    label: Label
    citation: str
    hop: str
    command: str | None = None
    when: tuple[tuple[str, object], ...] = ()
    guards: tuple[Guard, ...] = ()
    evidence: Label | None = None
    chosen: Choice | None = None
    notify: tuple[Role, ...] = ()
    every_stage: bool = False
    while_held: bool = False
    ends: bool = False
    bar: bool = False
    continues: bool = False

    def matches(self, command: Command) -> bool:
        """True when the command is the one this transition answers to, whoever sends it."""
        kind = getattr(command, "kind", None)
        return self.command == kind and all(
            getattr(command, name, None) in (value if isinstance(value, tuple) else (value,))
            for name, value in self.when
        )


def event(
    name: str,
    sources: tuple[Stage, ...] | Stage,
    target: Stage | None,
    by: tuple[Role, ...] | Role,
    zh: str,
    en: str,
    citation: str,
    hop: str,
    command: str | None = None,
    *,
    when: dict[str, object] | None = None,
    guards: tuple[Guard, ...] = (),
    evidence: tuple[str, str] | None = None,
    chosen: Choice | None = None,
    notify: tuple[Role, ...] = (),
    every_stage: bool = False,
    while_held: bool = False,
    ends: bool = False,
    bar: bool = False,
    continues: bool = False,
) -> Transition:
    """Builds a transition from its table row: name, sources, target, actors, labels, source, hop, command."""
    return Transition(
        event=name,
        sources=sources if isinstance(sources, tuple) else (sources,),
        target=target,
        by=by if isinstance(by, tuple) else (by,),
        label=Label(zh=zh, en=en),
        citation=citation,
        hop=hop,
        command=command,
        when=tuple((when or {}).items()),
        guards=guards,
        evidence=Label(zh=evidence[0], en=evidence[1]) if evidence else None,
        chosen=chosen,
        notify=notify,
        every_stage=every_stage,
        while_held=while_held,
        ends=ends,
        bar=bar,
        continues=continues,
    )
