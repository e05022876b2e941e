"""One id from the request to the last activity, and the trace with it; and what was refused, counted.

The id travels in Temporal's headers. A workflow records facts in its own time, long after the command's
handler has answered: so the headers of a command are kept under its `command_id`, and the activity that
records its fact gets them. What a timer did has no cause, and gets none. Headers are no part of what a
replay compares; nothing here emits a command.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import Any

import structlog
from opentelemetry import context as otel
from structlog.contextvars import bind_contextvars, reset_contextvars
from temporalio import activity, client, worker, workflow
from temporalio.api.common.v1 import Payload
from temporalio.common import RawValue
from temporalio.contrib.opentelemetry import TracingInterceptor, TracingWorkflowInboundInterceptor
from temporalio.contrib.opentelemetry._interceptor import default_text_map_propagator
from temporalio.converter import PayloadConverter
from temporalio.exceptions import ApplicationError
from temporalio.worker import WorkflowInterceptorClassInput

from models.outbox import HopBatch
from models.refusal import legible
from workers.observe.metrics import count_recorded, count_refused
from workers.observe.tracing import tracer
from workflows.logging import workflow_logger

HEADER = "zhicheng-correlation-id"
FIELD = "correlation_id"
TRACE_HEADER = "_tracer-data"
"""The header of the SDK's tracing."""

REMEMBERED = 64
"""Commands whose facts are not yet recorded; an older one loses its id in the logs, and nothing else."""

Headers = Mapping[str, Payload]
_CONVERTER = PayloadConverter.default
_log = structlog.stdlib.get_logger("recorded")
_workflow_log = workflow_logger("workflow")
_COUNT = "__zhicheng_count_refused"
_carrier: ContextVar[dict[str, str] | None] = ContextVar("the trace of the command in hand", default=None)


def interceptors() -> list[client.Interceptor]:
    """For every client, and through it for every worker."""
    tracing = tracer()
    return [*([CommandTracing(tracing)] if tracing else []), Correlation()]


class Correlation(client.Interceptor, worker.Interceptor):
    """Carries `correlation_id` along and binds it to the log lines."""

    def intercept_client(self, next: client.OutboundInterceptor) -> client.OutboundInterceptor:
        """Puts the id of the present task on what is sent."""
        return _Outbound(next)

    def intercept_activity(
        self, next: worker.ActivityInboundInterceptor
    ) -> worker.ActivityInboundInterceptor:
        """Binds it in activities, and counts what they recorded."""
        return _Activity(next)

    def workflow_interceptor_class(
        self, input: WorkflowInterceptorClassInput
    ) -> type[worker.WorkflowInboundInterceptor] | None:
        """Keeps it in workflows."""
        input.unsafe_extern_functions.update(**{_COUNT: count_refused})
        return _Workflow


class _Outbound(client.OutboundInterceptor):
    async def start_workflow(self, input: client.StartWorkflowInput) -> Any:
        input.headers = _with_id(input.headers)
        return await super().start_workflow(input)

    async def signal_workflow(self, input: client.SignalWorkflowInput) -> None:
        input.headers = _with_id(input.headers)
        await super().signal_workflow(input)

    async def start_workflow_update(self, input: client.StartWorkflowUpdateInput) -> Any:
        input.headers = _with_id(input.headers)
        return await super().start_workflow_update(input)


class _Activity(worker.ActivityInboundInterceptor):
    async def execute_activity(self, input: worker.ExecuteActivityInput) -> Any:
        with _bound(input.headers):
            answer = await super().execute_activity(input)
            batch = input.args[0] if input.args else None
            if isinstance(batch, HopBatch):
                _tell(batch)
                count_recorded(batch, activity.info().scheduled_time)
        return answer


class _Workflow(worker.WorkflowInboundInterceptor):
    def __init__(self, next: worker.WorkflowInboundInterceptor) -> None:
        super().__init__(next)
        self.causes: OrderedDict[str, Headers] = OrderedDict()
        self._count = workflow.extern_functions()[_COUNT]

    def init(self, outbound: worker.WorkflowOutboundInterceptor) -> None:
        super().init(_FromWorkflow(outbound, self))

    async def handle_signal(self, input: worker.HandleSignalInput) -> None:
        self._remember(input.args, input.headers)
        with _bound(input.headers):
            await super().handle_signal(input)

    def handle_update_validator(self, input: worker.HandleUpdateInput) -> None:
        with _bound(input.headers), self._refusals(input.update):
            super().handle_update_validator(input)

    async def handle_update_handler(self, input: worker.HandleUpdateInput) -> Any:
        self._remember(input.args, input.headers)
        with _bound(input.headers), self._refusals(input.update):
            return await super().handle_update_handler(input)

    def _remember(self, args: Sequence[Any], headers: Headers) -> None:
        kept = {name: headers[name] for name in (HEADER, TRACE_HEADER) if name in headers}
        command_id = _command_id(args)
        if not kept or command_id is None:
            return
        self.causes[command_id] = kept
        while len(self.causes) > REMEMBERED:
            self.causes.popitem(last=False)

    @contextmanager
    def _refusals(self, command: str) -> Iterator[None]:
        try:
            yield
        except ApplicationError as error:
            if error.type == "Refused" and not workflow.unsafe.is_replaying_history_events():
                details = error.details[0] if error.details else {}
                code = details.get("code") if isinstance(details, dict) else getattr(details, "code", None)
                self._count(command, code)
                _workflow_log.info("refused", command=legible(command, 60), reason=code)
            raise


class _FromWorkflow(worker.WorkflowOutboundInterceptor):
    def __init__(self, next: worker.WorkflowOutboundInterceptor, root: _Workflow) -> None:
        super().__init__(next)
        self._root = root

    def start_activity(self, input: worker.StartActivityInput) -> Any:
        with self._caused(input):
            return super().start_activity(input)

    def start_local_activity(self, input: worker.StartLocalActivityInput) -> Any:
        with self._caused(input):
            return super().start_local_activity(input)

    @contextmanager
    def _caused(self, input: worker.StartActivityInput | worker.StartLocalActivityInput) -> Iterator[None]:
        batch = input.args[0] if input.args else None
        cause = batch.facts[0].command_id if isinstance(batch, HopBatch) and batch.facts else None
        kept = self._root.causes.get(cause) if cause is not None else None
        if kept is None:
            yield
            return
        if HEADER in kept:
            input.headers = {**input.headers, HEADER: kept[HEADER]}
        if TRACE_HEADER not in kept:
            yield
            return
        token = otel.attach(_traced(kept[TRACE_HEADER]))
        try:
            yield
        finally:
            otel.detach(token)


class CommandTracing(TracingInterceptor):
    """The SDK's tracing, but a command's handler belongs to the command's trace, not to that of the start."""

    def workflow_interceptor_class(
        self, input: WorkflowInterceptorClassInput
    ) -> type[TracingWorkflowInboundInterceptor]:
        """The same for workflows."""
        super().workflow_interceptor_class(input)
        return _CommandTracing


class _CommandTracing(TracingWorkflowInboundInterceptor):
    async def handle_signal(self, input: worker.HandleSignalInput) -> None:
        with self._within(input.headers):
            await super().handle_signal(input)

    def handle_update_validator(self, input: worker.HandleUpdateInput) -> None:
        with self._within(input.headers):
            super().handle_update_validator(input)

    async def handle_update_handler(self, input: worker.HandleUpdateInput) -> Any:
        with self._within(input.headers):
            return await super().handle_update_handler(input)

    def _load_workflow_context_carrier(self) -> Any:
        return _carrier.get() or super()._load_workflow_context_carrier()

    @contextmanager
    def _within(self, headers: Headers) -> Iterator[None]:
        given = headers.get(TRACE_HEADER)
        token = _carrier.set(_CONVERTER.from_payloads([given])[0] if given is not None else None)
        try:
            yield
        finally:
            with suppress(ValueError):  # a handler of an evicted workflow may end in another context
                _carrier.reset(token)


def _tell(batch: HopBatch) -> None:
    """One line a fact: an activity is not run again by a replay."""
    for fact in batch.facts:
        _log.info(
            fact.event,
            hop=batch.hop,
            revision=fact.revision,
            command_id=fact.command_id,
            role=fact.actor.role.value,
            stage=fact.to_stage,
        )


def _with_id(headers: Headers) -> Headers:
    present = structlog.contextvars.get_contextvars().get(FIELD)
    if present is None:
        return headers
    return {**headers, HEADER: _CONVERTER.to_payloads([present])[0]}


@contextmanager
def _bound(headers: Headers) -> Iterator[None]:
    payload = headers.get(HEADER)
    if payload is None:
        yield
        return
    tokens = bind_contextvars(**{FIELD: _CONVERTER.from_payloads([payload])[0]})
    try:
        yield
    finally:
        with suppress(ValueError):  # as above
            reset_contextvars(**tokens)


def _command_id(args: Sequence[Any]) -> str | None:
    """Of a command's body, whoever sent it in whatever shape; what cannot be read has none."""
    body = args[-1] if args else None
    if isinstance(body, list | tuple):  # of a dynamic handler: its name, then its arguments, undecoded
        body = body[0] if body else None
    if isinstance(body, RawValue):
        try:
            body = workflow.payload_converter().from_payload(body.payload)
        except Exception:
            return None
    found = body.get("command_id") if isinstance(body, dict) else None
    return found if isinstance(found, str) else None


def _traced(payload: Payload) -> otel.Context:
    carrier = _CONVERTER.from_payloads([payload])[0]
    return default_text_map_propagator.extract(carrier, otel.get_current())
