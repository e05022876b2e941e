"""A team with a namespace of its own: its workflow calls the service `title-review` through Nexus."""

from __future__ import annotations

from typing import Any

from temporalio import workflow
from temporalio.exceptions import ApplicationError, NexusOperationError

with workflow.unsafe.imports_passed_through():
    from nexusrpc import HandlerError

    from workflows.title_review import TitleReview


@workflow.defn
class Caller:
    """Asks what it is told to by updates; at the end it waits for what it started."""

    def __init__(self) -> None:
        self._started: workflow.NexusOperationHandle[dict[str, Any]] | None = None
        self._enough = False

    @workflow.run
    async def run(self) -> dict[str, Any] | None:
        """How the application that it started has ended."""
        await workflow.wait_condition(lambda: self._enough)
        return await self._started if self._started else None

    @workflow.signal
    def enough(self) -> None:
        """Nothing more will be asked."""
        self._enough = True

    @workflow.update
    async def ask(self, endpoint: str, operation: str, given: Any) -> dict[str, Any]:
        """`{"answer": ...}` or `{"error": type, "refusal": ... or None}`."""
        client = workflow.create_nexus_client(service=TitleReview, endpoint=endpoint)
        try:
            if operation != "start":
                return {
                    "answer": await client.execute_operation(operation, given, output_type=dict[str, Any])
                }
            self._started = await client.start_operation(operation, given, output_type=dict[str, Any])
            return {"answer": {"token": self._started.operation_token}}
        except NexusOperationError as error:
            return _told(error)


def _told(error: BaseException) -> dict[str, Any]:
    told: dict[str, Any] = {"error": None, "refusal": None, "text": str(error.__cause__)}
    cause = error.__cause__
    while cause is not None:
        if isinstance(cause, HandlerError) and told["error"] is None:
            told["error"] = cause.type.value
        if isinstance(cause, ApplicationError) and cause.details:
            told["error"] = told["error"] or cause.type
            told["refusal"] = cause.details[0]
        cause = cause.__cause__
    return told
