"""The page with the numbers: `/metrics` on an address of its own, never on the gateway's door."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import start_http_server

from workers.observe.metrics import REGISTRY
from workers.observe.tracing import tracing
from workers.settings import Settings, split_address


@contextmanager
def observed(settings: Settings, process: str) -> Iterator[int | None]:
    """While the block runs the process can be watched: its page at `service_metrics_address`, its traces.

    Gives the port of the page, None when it is off. Raises `OSError` when the address is taken.
    """
    host, port = split_address(settings.service_metrics_address)
    with tracing(settings, process):
        if not port:
            yield None
            return
        with metrics_page(host, port) as bound:
            yield bound


@contextmanager
def metrics_page(host: str, port: int) -> Iterator[int]:
    """The page at host:port, served by a thread of its own; port 0 takes a free one. Gives the port."""
    server, thread = start_http_server(port, host, registry=REGISTRY)
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
