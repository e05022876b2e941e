"""The numbers of the service, for Prometheus: one registry a process, every name and label in this file.

Labels are closed sets: hops, events, stages, roles, routes, codes. Never an application, a person, a text.
The SDK's own numbers (`temporal_*`) are on another page (`ZHICHENG_METRICS_ADDRESS`).
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Histogram, Info

from models.audit import Fact
from models.batch_commands import BATCH_COMMANDS
from models.commands import COMMANDS
from models.cycle_commands import CYCLE_COMMANDS
from models.meeting_commands import MEETING_COMMANDS
from models.outbox import HopBatch
from models.refusal import RefusalCode
from models.roles import Role

REGISTRY = CollectorRegistry()
"""Of this process; whoever has numbers of its own registers a collector here."""

_KINDS = frozenset({*COMMANDS, *CYCLE_COMMANDS, *MEETING_COMMANDS, *BATCH_COMMANDS})
_CODES = frozenset(code.value for code in RefusalCode)
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_QUICK = (0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_LATE = (0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600, 6 * 3600, 24 * 3600)

BUILD = Info("zhicheng_build", "The release that runs.", registry=REGISTRY)
BUILD.info({"version": version("zhicheng")})

DECISIONS = Counter(
    "zhicheng_decisions",
    "Facts recorded by this worker, by the hop that recorded them and what happened; a retry after a lost "
    "answer counts again.",
    ("hop", "outcome", "role"),
    registry=REGISTRY,
)
REFUSED = Counter(
    "zhicheng_refused",
    "Commands refused by an application, a cycle, a meeting or a batch, by command and code.",
    ("command", "reason"),
    registry=REGISTRY,
)
RECORDING = Histogram(
    "zhicheng_read_model_lag_seconds",
    "Seconds from when a workflow asked for a hop to be recorded until it stood in the database.",
    ("hop",),
    buckets=_LATE,
    registry=REGISTRY,
)
LATENESS = Histogram(
    "zhicheng_timer_lateness_seconds",
    "Seconds of business time from the moment that something was due until the service acted on it.",
    buckets=_LATE,
    registry=REGISTRY,
)
REQUESTS = Counter(
    "zhicheng_http_requests",
    "Answers of the gateway, by route (its operation_id; 'none' where there is none), method and status.",
    ("route", "method", "status"),
    registry=REGISTRY,
)
REQUEST_SECONDS = Histogram(
    "zhicheng_http_request_seconds",
    "Seconds until an answer of the gateway was sent.",
    ("route",),
    buckets=_QUICK,
    registry=REGISTRY,
)


def count_recorded(batch: HopBatch, asked_at: datetime) -> None:
    """A hop's batch stands in the database. `asked_at`: when the workflow asked for that, UTC."""
    for fact in batch.facts:
        if fact.event == "refused":
            count_refused(fact.details.get("command"), fact.details.get("code"))
            continue
        DECISIONS.labels(batch.hop, fact.event, fact.actor.role.value).inc()
    RECORDING.labels(batch.hop).observe(max(0.0, (datetime.now(UTC) - asked_at).total_seconds()))
    for fact in _of_the_clock(batch.facts):
        LATENESS.observe(max(0.0, (batch.snapshot.at - fact.at).total_seconds()))


def count_refused(command: Any, reason: Any) -> None:
    """A command was refused; what is no name of the contract counts as 'unknown'."""
    known = command if command in _KINDS else "unknown"
    REFUSED.labels(known, reason if reason in _CODES else "unknown").inc()


def count_request(route: str | None, method: str, status: int, seconds: float) -> None:
    """The gateway has answered. `route` is an operation_id, None for what has no route."""
    with suppress(ValueError):
        named = route or "none"
        REQUESTS.labels(named, method if method in _METHODS else "other", str(status)).inc()
        REQUEST_SECONDS.labels(named).observe(seconds)


def _of_the_clock(facts: Sequence[Fact]) -> list[Fact]:
    """What a timer did: the system's own facts, if nobody's command came with them."""
    if any(fact.command_id is not None or fact.actor.role is not Role.SYSTEM for fact in facts):
        return []
    return [fact for fact in facts if fact.event != "opened"]
