"""Traces: from the HTTP request over the workflow to the activity, sent by OTLP where an address is set.

Where none is set nothing is made and nothing costs. A span names ids of the contract and codes; the texts of
errors stay behind, since a database quotes what was written.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.metadata import version

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace import SpanKind, Status, StatusCode, Tracer
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from workers.settings import Settings

STANDARD = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
"""Variables of OpenTelemetry itself that say where traces go, when ours does not."""

_PROPAGATOR = TraceContextTextMapPropagator()
_tracer: Tracer | None = None


class Discreet(SpanExporter):
    """Passes spans on without their events and without what an error said."""

    def __init__(self, inner: SpanExporter) -> None:
        self._inner = inner

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """As the exporter within answers."""
        return self._inner.export([_without_texts(span) for span in spans])

    def shutdown(self) -> None:
        """Ends the exporter within."""
        self._inner.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Sends what waits, within `timeout_millis` milliseconds."""
        return self._inner.force_flush(timeout_millis)


def _without_texts(span: ReadableSpan) -> ReadableSpan:
    return ReadableSpan(
        name=span.name,
        context=span.context,
        parent=span.parent,
        resource=span.resource,
        attributes=span.attributes,
        links=span.links,
        kind=span.kind,
        status=Status(span.status.status_code),
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )


def tracer() -> Tracer | None:
    """The tracer of this process, None where traces are off."""
    return _tracer


@contextmanager
def tracing(settings: Settings, process: str) -> Iterator[None]:
    """Traces are sent while the block runs, if the settings or OpenTelemetry's own variables say where to."""
    if settings.traces_endpoint is None and not any(os.environ.get(name) for name in STANDARD):
        yield
        return
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    given = settings.traces_endpoint
    exporter = OTLPSpanExporter(endpoint=f"{given.rstrip('/')}/v1/traces" if given else None)
    with tracing_to(BatchSpanProcessor(Discreet(exporter)), process):
        yield


@contextmanager
def tracing_to(processor: SpanProcessor, process: str) -> Iterator[None]:
    """Spans go to `processor` while the block runs; what waits is sent at its end."""
    global _tracer
    resource = Resource.create(
        {"service.name": f"zhicheng-{process}", "service.version": version("zhicheng")}
    )
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_span_processor(processor)
    _tracer = provider.get_tracer("zhicheng")
    try:
        yield
    finally:
        _tracer = None
        provider.shutdown()


def trace_id_of(headers: Mapping[str, str]) -> str | None:
    """The trace id (32 hex digits) of a `traceparent` header, None without a valid one."""
    found = trace.get_current_span(_PROPAGATOR.extract(headers, Context())).get_span_context()
    return f"{found.trace_id:032x}" if found.is_valid else None


class ServerSpan:
    """The span of one request, and nothing where traces are off."""

    def __init__(self, span: trace.Span | None, method: str) -> None:
        self._span, self._method = span, method

    def answered(self, route: str | None, status: int) -> None:
        """Names the span by its route, and marks what the service got wrong."""
        if self._span is None:
            return
        self._span.update_name(f"{self._method} {route or 'none'}")
        self._span.set_attribute("http.response.status_code", status)
        if status >= 500:
            self._span.set_status(StatusCode.ERROR)


@contextmanager
def server_span(method: str, headers: Mapping[str, str]) -> Iterator[ServerSpan]:
    """A request is served in the block; the trace of `traceparent` goes on."""
    if _tracer is None:
        yield ServerSpan(None, method)
        return
    with _tracer.start_as_current_span(
        method,
        context=_PROPAGATOR.extract(headers, Context()),
        kind=SpanKind.SERVER,
        attributes={"http.request.method": method},
        record_exception=False,
        set_status_on_exception=False,
    ) as span:
        yield ServerSpan(span, method)
