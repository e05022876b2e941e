"""How an application is started: once per id and input, with its search attributes from the first moment."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ValidationError
from temporalio.client import (
    Client,
    WorkflowExecutionStatus,
    WorkflowFailureError,
    WorkflowHandle,
)
from temporalio.common import (
    WorkflowIDConflictPolicy,
    WorkflowIDReusePolicy,
)
from temporalio.exceptions import ApplicationError, WorkflowAlreadyStartedError

from models.application import ApplicationInput
from models.audit import digest
from models.field_errors import first_field_error
from models.plan import ReviewPlan, UnknownPlanError
from models.refusal import Refusal
from models.state import ApplicationState
from models.terms import PlanTerms
from models.views import StateView
from models.wire import Wire
from workers.client_errors import StartRefused
from workflows.attributes import first_attributes

M = TypeVar("M", bound=BaseModel)

WORKFLOW_TYPE = "ApplicationWorkflow"
MEMO_DIGEST = "input_sha256"
MEMO_OPEN = "answers_open"
"""Of an application that another namespace waits for: see `workers.codec.border`."""

TASK_TIMEOUT = timedelta(seconds=5)
"""How long a worker that died holds an application up; longer tasks are kept alive by the SDK."""


class StartOutcome(Wire):
    """What came of a start: `started` now, or the same application was `running` or had `finished` before.

    `opened` is true once its plan is loaded; only then are `stage`, `revision` and `plan_version` known (the
    version that holds for it from its start on).
    """

    workflow_id: str
    application_ref: str
    run_id: str
    outcome: Literal["started", "running", "finished"]
    opened: bool = False
    stage: str | None = None
    revision: int | None = None
    plan_version: int | None = None

    def once_open(self, state: StateView) -> StartOutcome:
        """The same with what is known once it is open."""
        known = {name: getattr(state, name) for name in ("stage", "revision", "plan_version")}
        return self.model_copy(update={"opened": True, **known})


def input_of(model: type[M], given: M | Mapping[str, Any]) -> M:
    """What starts a workflow, checked against its schema. Raises `StartRefused` with the field."""
    try:
        return given if isinstance(given, model) else model.model_validate(dict(given))
    except ValidationError as error:
        path, rule = first_field_error(error)
        raise StartRefused(f"{path}: {rule.en}: correct the field and start again.") from None


def read_input(given: ApplicationInput | Mapping[str, Any]) -> ApplicationInput:
    """The input, checked against its schema and a plan of the release. Raises `StartRefused` with the field.

    A plan that was filed in the database is known to the worker alone: the opening checks it.
    """
    read = input_of(ApplicationInput, given)
    terms = _terms_of_the_release(read.plan_id)
    if terms is None:
        return read
    for name, value, offered in (
        ("specialty", read.specialty, terms.specialties),
        ("level", read.level, terms.levels),
    ):
        if value not in offered:
            raise StartRefused(
                f"{name}: the plan does not offer '{value}': choose from {', '.join(offered)}."
            )
    return read


@lru_cache(maxsize=64)
def _terms_of_the_release(plan_id: str) -> PlanTerms | None:
    try:
        return ReviewPlan.load(plan_id).terms()
    except UnknownPlanError:
        return None


async def start_or_find(
    client: Client,
    task_queue: str,
    given: ApplicationInput,
    rpc_timeout: timedelta,
    task_timeout: timedelta = TASK_TIMEOUT,
) -> StartOutcome:
    """Start the workflow, or find the one that was started with the same id and input.

    An application whose start was refused may be started again. Raises `StartRefused` that names the
    differing fields when the id has another input, and `RPCError`.
    """
    try:
        handle: WorkflowHandle[Any, Any] = await client.start_workflow(
            WORKFLOW_TYPE,
            given.model_dump(mode="json"),
            task_queue=task_queue,
            id_conflict_policy=WorkflowIDConflictPolicy.FAIL,
            task_timeout=task_timeout,
            rpc_timeout=rpc_timeout,
            **start_options(given),
        )
    except WorkflowAlreadyStartedError:
        return await existing(client, given)
    return StartOutcome(
        workflow_id=given.workflow_id,
        application_ref=given.application_ref,
        run_id=handle.first_execution_run_id or handle.result_run_id or "",
        outcome="started",
    )


def start_options(given: ApplicationInput, *, answers_open: bool = False) -> dict[str, Any]:
    """What every door starts an application with: id, what is found later by, and what tells inputs apart.

    `answers_open`: another namespace waits for its end, and must be able to read it.
    """
    state = ApplicationState(input=given, entered_at=given.clock.now(datetime.now(UTC)))
    return {
        "id": given.workflow_id,
        "id_reuse_policy": WorkflowIDReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY,
        "memo": {
            MEMO_DIGEST: digest(given.model_dump(mode="json")),
            **({MEMO_OPEN: True} if answers_open else {}),
        },
        "search_attributes": first_attributes(state, _terms_of_the_release(given.plan_id)),
        "static_summary": f"{given.specialty}, {given.level}, {given.employer.id}",
        "static_details": _details(given),
    }


def _details(given: ApplicationInput) -> str:
    """What never changes, for Temporal's Web UI: codes only."""
    rows = {
        "方案 plan": given.plan_id,
        "专业 specialty": given.specialty,
        "级别 level": given.level,
        "单位 employer": given.employer.id,
        "主管部门 department": given.department,
    }
    return "\n".join(f"- {name}: `{value}`" for name, value in rows.items())


async def existing(client: Client, given: ApplicationInput) -> StartOutcome:
    """The application that has this id. Raises `StartRefused` when it was started with another input."""
    body = given.model_dump(mode="json")
    handle = client.get_workflow_handle(given.workflow_id)
    found = await handle.describe()
    if await found.memo_value(MEMO_DIGEST, None) != digest(body):
        first = await _input_of(client, handle)
        differing = _differences(first, body)
        if differing:
            raise StartRefused(
                f"{given.workflow_id} exists already with another {', '.join(differing)}: start it with the "
                "same input to find it, or use another reference.",
                differing=differing,
            )
    running = found.status in (WorkflowExecutionStatus.RUNNING, WorkflowExecutionStatus.CONTINUED_AS_NEW)
    return StartOutcome(
        workflow_id=given.workflow_id,
        application_ref=given.application_ref,
        run_id=found.run_id,
        outcome="running" if running else "finished",
        opened=not running,
    )


async def _input_of(client: Client, handle: WorkflowHandle[Any, Any]) -> dict[str, Any]:
    """The input that the application was started with, whoever started it, as the model writes it."""
    async for event in handle.fetch_history_events(page_size=1):
        payloads = event.workflow_execution_started_event_attributes.input.payloads
        values = await client.data_converter.decode(list(payloads[:1]))
        try:
            return ApplicationInput.model_validate(values[0]).model_dump(mode="json")
        except (ValidationError, IndexError):
            break
    return {}


def _differences(old: Any, new: Any, path: str = "") -> list[str]:
    """Dotted paths of the fields that differ."""
    if isinstance(old, dict) and isinstance(new, dict):
        names = dict.fromkeys([*old, *new])
        return [d for n in names for d in _differences(old.get(n), new.get(n), f"{path}.{n}" if path else n)]
    return [] if old == new else [path or "input"]


async def start_refusal(handle: WorkflowHandle[Any, Any]) -> StartRefused | None:
    """Why the application did not open, if its start was refused; None for any other application."""
    if (await handle.describe()).status is not WorkflowExecutionStatus.FAILED:
        return None
    try:
        await handle.result(rpc_timeout=timedelta(seconds=5))
    except WorkflowFailureError as failure:
        cause = failure.cause
        if isinstance(cause, ApplicationError) and cause.type == "RefusedStart" and cause.details:
            refusal = Refusal.model_validate(cause.details[0])
            return StartRefused(f"{handle.id} was not opened: {refusal.sentence()}", refusal=refusal)
        return StartRefused(f"{handle.id} has failed: {cause}. Look at the worker's log.")
    return None
