"""The figures of the service as gauges, told by the courier that works: by one, so that nothing counts twice.

They are taken every half minute; a courier that stops tells none, so that an old number is never read.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from activities.database import Database
from activities.figures import Figures, take_figures
from workers.observe.metrics import REGISTRY
from workers.settings import Settings

TAKEN_EVERY = 30.0
"""Seconds."""

_NOTICES = {
    "notices_pending": "pending",
    "notices_without_contact": "without_contact",
    "notices_dead": "dead",
}
_WEBHOOKS = {"webhooks": "active", "webhooks_failing": "failing", "webhooks_paused": "paused"}


class Gauges(Collector):
    """Shows the figures that were taken last."""

    def __init__(self, settings: Settings) -> None:
        self._folder = settings.data_dir
        self._expires = certificate_expiry(settings.signing_certificate_file)
        self._figures: Figures | None = None

    async def take(self, database: Database, at: datetime) -> None:
        """Takes them anew, as of `at`."""
        self._figures = await take_figures(database, at)

    def forget(self) -> None:
        """From now on there are none: another process tells them."""
        self._figures = None

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """One family a metric."""
        yield from self._of_the_machine()
        if self._figures is not None:
            yield from families(self._figures)

    def _of_the_machine(self) -> Iterator[GaugeMetricFamily]:
        if self._folder.is_dir():
            disk = shutil.disk_usage(self._folder)
            yield _gauge("data_free_bytes", "Free bytes where the data directory lies.", disk.free)
            yield _gauge("data_size_bytes", "Bytes of the disk where the data directory lies.", disk.total)
        if self._expires is not None:
            told = "When the certificate that signs papers expires, in seconds since 1970."
            yield _gauge("signing_certificate_expiry_timestamp_seconds", told, self._expires)


@contextmanager
def gauges(settings: Settings) -> Iterator[Gauges]:
    """Gauges on the page of this process while the block runs."""
    made = Gauges(settings)
    REGISTRY.register(made)
    try:
        yield made
    finally:
        REGISTRY.unregister(made)


def certificate_expiry(path: Path | None) -> float | None:
    """When the first certificate of a PEM file expires; None without a file that can be read."""
    try:
        return (
            x509.load_pem_x509_certificate(path.read_bytes()).not_valid_after_utc.timestamp()
            if path
            else None
        )
    except (OSError, ValueError):
        return None


def families(figures: Figures) -> Iterator[GaugeMetricFamily]:
    """The gauges of these figures."""
    at = figures.at.astimezone(UTC).timestamp()
    yield _gauge("figures_taken_timestamp_seconds", "When these gauges were taken.", at)
    count = _labelled("applications", "Living applications, by stage.", "plan", "stage")
    longest = _labelled(
        "stage_waiting_seconds", "How long the first application of a stage has been in it.", "plan", "stage"
    )
    for one in figures.waiting:
        count.add_metric([one.plan_id, one.stage], one.count)
        longest.add_metric([one.plan_id, one.stage], one.longest)
    overdue = _labelled("overdue", "Open work that is over its date, by whose it is.", "plan", "role")
    soon = _labelled("due_soon", "Open work that ends within three days, by whose it is.", "plan", "role")
    for due in figures.due:
        overdue.add_metric([due.plan_id, due.role], due.overdue)
        soon.add_metric([due.plan_id, due.role], due.soon)
    missing = _labelled(
        "deadlines_without_calendar", "Deadlines that wait for the notice of a calendar year.", "year"
    )
    for year, waiting in figures.missing_years.items():
        missing.add_metric([str(year)], waiting)
    notices = _labelled("notices", "Notices that are not sent, by why.", "state")
    for name, state in _NOTICES.items():
        notices.add_metric([state], figures.notices[name])
    webhooks = _labelled("webhooks", "Subscriptions, by state; those that fail are active too.", "state")
    for name, state in _WEBHOOKS.items():
        webhooks.add_metric([state], figures.webhooks[name])
    yield from (count, longest, overdue, soon, missing, notices, webhooks)
    yield _gauge(
        "notices_longest_pending_seconds", "How long the first unsent notice waits.", figures.longest_pending
    )
    dead = figures.webhooks["webhooks_dead"]
    yield _gauge("webhook_deliveries_dead", "Deliveries that were refused too often.", dead)


def _gauge(name: str, told: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"zhicheng_{name}", told, value=value)


def _labelled(name: str, told: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"zhicheng_{name}", told, labels=labels)
