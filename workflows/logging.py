"""How workflow code logs: structured, and once.

A workflow's code runs again on every replay; its log lines must not. The logger here is silent while
history is replayed. Plan, application, workflow id, run id, update and attempt are added to every line
by the worker (`workers.telemetry`); hop, revision and command id are known to the workflow only and are
given through `log_context`. Never log a name, a number or a text that a person wrote.
"""

from __future__ import annotations

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    import structlog
    from structlog.contextvars import bound_contextvars

Fact = str | int | float | bool | None
"""What a log line may carry: a code, a count, an id."""


class WorkflowLogger:
    """A logger that says nothing while history is replayed.

    Queries and update validators that run during a replay are live, and are logged. Outside of a workflow
    (a test of a pure part) it logs as any logger.
    """

    def __init__(self, name: str) -> None:
        self._log = structlog.stdlib.get_logger(name)

    def debug(self, event: str, **facts: Fact) -> None:
        """For the engineer who looks for a fault."""
        self._write("debug", event, facts)

    def info(self, event: str, **facts: Fact) -> None:
        """What happened in the ordinary course."""
        self._write("info", event, facts)

    def warning(self, event: str, **facts: Fact) -> None:
        """What an operator should know of, and need not act on."""
        self._write("warning", event, facts)

    def error(self, event: str, **facts: Fact) -> None:
        """What an operator must act on."""
        self._write("error", event, facts)

    def _write(self, level: str, event: str, facts: dict[str, Fact]) -> None:
        if workflow.in_workflow() and workflow.unsafe.is_replaying_history_events():
            return
        getattr(self._log, level)(event, **facts)


def workflow_logger(name: str = "workflow") -> WorkflowLogger:
    """The logger for workflow code; `name` appears as `logger` in each line. Safe at module level."""
    return WorkflowLogger(name)


log_context = bound_contextvars
"""`with log_context(hop=..., revision=..., command_id=...):` adds these facts to every line in the block.

They belong to the task that opened the block: another handler of the same workflow does not see them.
"""
