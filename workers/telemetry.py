"""Logs as one JSON object a line, from our code, from the SDK and from every library alike.

Each line carries where it was written: plan, application, workflow and run, activity and attempt. Nothing
is written twice because of a replay, and nothing personal is written at all (`workers.redaction`).
"""

from __future__ import annotations

import logging
import sys
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger
from temporalio import activity, workflow
from temporalio.runtime import (
    LogForwardingConfig,
    LoggingConfig,
    PrometheusConfig,
    Runtime,
    TelemetryConfig,
    TelemetryFilter,
)

from workers.redaction import format_error, redact
from workers.settings import Settings, split_address

QUIET = dict.fromkeys(("sqlalchemy", "aiosqlite", "asyncio", "httpx", "httpcore"), logging.WARNING)
"""Libraries whose ordinary course is of no interest, or tells addresses."""

_SDK_DETAILS = ("temporal_workflow", "temporal_activity")


def configure_logging(settings: Settings, stream: TextIO | None = None) -> None:
    """Route structlog and standard logging through one chain to `stream` (default: standard error).

    Replaces whatever was configured before; call it once, at the start of a process. The instant of a
    line is UTC. Never raises for what is logged.
    """
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        add_temporal_context,
    ]
    last: list[Processor] = [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        format_exception,
        structlog.processors.StackInfoRenderer(),
        redact,
    ]
    if settings.log_format == "json":
        last.append(structlog.processors.JSONRenderer(ensure_ascii=False))
    else:
        last.append(structlog.dev.ConsoleRenderer(colors=False))
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=False,  # module-level loggers exist before this call
    )
    handler = logging.StreamHandler(stream) if stream else _Stderr()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.ExtraAdder(allow=_SDK_DETAILS), *shared], processors=last
        )
    )
    handler.addFilter(_not_again)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name, floor in QUIET.items():
        logging.getLogger(name).setLevel(max(level, floor))
    # The SDK would repeat its context in the text of the message; it is in the fields.
    workflow.logger.workflow_info_on_message = False
    activity.logger.activity_info_on_message = False


class _Stderr(logging.StreamHandler[TextIO]):
    """Writes to what is `sys.stderr` at that moment, which tests and commands replace, and close."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> TextIO:  # type: ignore[override]
        """The error output of now."""
        return sys.stderr


def temporal_runtime(settings: Settings) -> Runtime:
    """The SDK's native part: its logs go where ours go, its metrics to `metrics_address` unless off.

    Create one in a process, after `configure_logging`, and give it to `connect`. Raises `RuntimeError`
    when the metrics address cannot be bound.
    """
    port = split_address(settings.metrics_address)[1]
    return Runtime(
        telemetry=TelemetryConfig(
            logging=LoggingConfig(
                filter=TelemetryFilter(core_level="WARN", other_level="ERROR"),
                forwarding=LogForwardingConfig(logger=logging.getLogger("temporalio.core")),
            ),
            metrics=PrometheusConfig(bind_address=settings.metrics_address, durations_as_seconds=True)
            if port
            else None,
        )
    )


def add_temporal_context(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """structlog processor: add where the line was written. What the line says itself wins."""
    facts: dict[str, Any] = {}
    if workflow.in_workflow():
        info = workflow.info()
        facts |= {"workflow_id": info.workflow_id, "run_id": info.run_id, "workflow_type": info.workflow_type}
        facts["attempt"] = info.attempt
        if update := workflow.current_update_info():
            facts |= {"update_id": update.id, "update": update.name}
    elif activity.in_activity():
        here = activity.info()
        facts |= {"workflow_id": here.workflow_id, "run_id": here.workflow_run_id}
        facts |= {"workflow_type": here.workflow_type, "activity_type": here.activity_type}
        facts |= {"activity_id": here.activity_id, "attempt": here.attempt}
    for key in _SDK_DETAILS:  # the SDK logs some lines about a workflow from outside of it
        details: dict[str, Any] = event.pop(key, None) or {}
        for name in ("workflow_id", "workflow_type", "activity_type", "activity_id", "attempt", "update_id"):
            if name in details:
                facts[name] = details[name]
        if run_id := details.get("run_id") or details.get("workflow_run_id"):
            facts["run_id"] = run_id
    facts |= subject_of(facts.get("workflow_id"))
    return {**{k: v for k, v in facts.items() if v is not None}, **event}


def subject_of(workflow_id: str | None) -> dict[str, str]:
    """Plan and application (or meeting) that an id of the contract speaks of; empty for any other id."""
    match (workflow_id or "").split("/"):
        case ["application", plan, reference]:
            return {"plan": plan, "application": reference}
        case ["meeting", plan, reference]:
            return {"plan": plan, "meeting": reference}
        case ["cycle", plan]:
            return {"plan": plan}
        case ["batch", reference]:
            return {"batch": reference}
        case _:
            return {}


def format_exception(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """structlog processor: `exc_info` becomes `exception`, a traceback without the input that caused it."""
    info = event.pop("exc_info", None)
    error = info if isinstance(info, BaseException) else None
    if isinstance(info, tuple):
        error = info[1]
    elif info is True:
        error = sys.exc_info()[1]
    if error is not None:
        event["exception"] = format_error(error)
    return event


def _not_again(record: logging.LogRecord) -> bool:
    """Drop a line that workflow code writes while it is replayed, whichever logger it used.

    The SDK's own lines stay: it knows when it replays, and a failed replay must be seen.
    """
    if record.name.startswith("temporalio") or not workflow.in_workflow():
        return True
    return not workflow.unsafe.is_replaying_history_events()
