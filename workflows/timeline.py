"""What Temporal's own Web UI shows of an application beside its events, as Markdown: where it stands, and
who decided what, when. Roles and stages only: whoever may look at that UI need not see persons.

It is kept in the workflow's memory and asked for by a query: it adds no event to the history.
"""

from __future__ import annotations

from datetime import datetime

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from models.audit import Fact
    from models.lifecycle import BY_EVENT
    from models.roles import ROLE_LABELS
    from models.stages import label_of
    from models.state import ApplicationState
    from models.wire import SHANGHAI

SHOWN = 30
"""The last facts; the database has them all."""


def timeline(state: ApplicationState) -> str:
    """The Markdown, times in Asia/Shanghai."""
    facts = state.history[-SHOWN:]
    due = state.due_at()
    head = [
        f"**{_stage(state.stage.value)}**",
        f"期限 due: {_when(due)}" if due else "无期限 no date",
        f"r{state.revision}",
    ]
    rows = [f"| {_when(f.at)} | {_role(f)} | {_event(f)} | {_stage(f.to_stage)} |" for f in facts]
    left_out = len(state.history) - len(facts)
    more = [f"\n{left_out} earlier facts: `zhicheng history`"] if left_out else []
    table = ["| 时间 when | 谁 who | 什么 what | 环节 stage |", "|---|---|---|---|", *rows]
    return "\n".join([" · ".join(head), "", *table, *more])


def summary_of(facts: list[Fact]) -> str | None:
    """One line for the activity that records these facts: what happened, and where it led."""
    if not facts:
        return None
    return f"{', '.join(dict.fromkeys(fact.event for fact in facts))} > {facts[-1].to_stage}"[:200]


def _when(at: datetime) -> str:
    return f"{at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"


def _role(fact: Fact) -> str:
    return ROLE_LABELS[fact.actor.role].zh


def _event(fact: Fact) -> str:
    known = BY_EVENT.get(fact.event)
    return f"{known.label.zh} {fact.event}" if known else fact.event


def _stage(name: str) -> str:
    return f"{label_of(name).zh} {name}"
