"""The Nexus service `title-review`: other namespaces start applications, decide on them and read them.

Through which endpoint a request came is said by the server, not by the sender. One endpoint is one account:
`Settings.nexus_callers` names its subject and its roles, and an endpoint without an account may do nothing.
Nothing in a payload makes anybody somebody else.
"""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from typing import Any, NoReturn, TypeVar

from nexusrpc import HandlerError, HandlerErrorType, OperationError, OperationErrorState
from nexusrpc.handler import (
    OperationHandler,
    StartOperationContext,
    operation_handler,
    service_handler,
    sync_operation,
)
from temporalio import nexus
from temporalio.client import WorkflowFailureError
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.exceptions import ApplicationError, WorkflowAlreadyStartedError

from activities.database import Database
from activities.plans import plan_in_force
from models.application import workflow_id
from models.nexus import SERVICE, NexusDecision, NexusQuestion
from models.plan import UnknownPlanError
from models.reading import read_as
from models.refusal import Refusal, RefusalCode, Refused, refuse
from models.roles import Actor, Role
from models.state import Receipt
from models.views import StateView
from models.wire import Label
from workers.client import ReviewClient
from workers.client_errors import (
    ClientError,
    CommandRefused,
    NoWorker,
    ReferenceTaken,
    ServerAway,
    StartRefused,
    UnknownApplication,
)
from workers.client_start import WORKFLOW_TYPE, existing, read_input, start_options
from workers.gateway.access_log import note, seen
from workers.gateway.caller import Caller
from workers.settings import NexusAccount, Settings

PATIENCE = 6.0
"""Seconds in which an operation must be answered: the server gives a handler ten."""

_NAMED = (
    "role",
    Label(
        zh="请在 role（必要时 organisation）字段中指明以何身份办理。",
        en="Name one in the field `role`, and if needed in `organisation`.",
    ),
)

T = TypeVar("T")


def nexus_services(settings: Settings, database: Database) -> list[Any]:
    """The Nexus services of a worker; none where no endpoint has an account."""
    accounts = settings.nexus_callers
    return [TitleReviewService(accounts, database, settings.task_queue)] if accounts else []


@service_handler(name=SERVICE)
class TitleReviewService:
    """The operations of `workflows.title_review.TitleReview`; any input is read, to be refused in words."""

    def __init__(self, accounts: Mapping[str, NexusAccount], database: Database, task_queue: str) -> None:
        self.accounts, self.database, self.task_queue = dict(accounts), database, task_queue

    @operation_handler
    def start(self) -> OperationHandler[Any, dict[str, Any]]:
        """Begin an application; the operation ends when the application has."""
        return _Start(self)

    @sync_operation
    async def decide(self, ctx: StartOperationContext, given: Any) -> Receipt:
        """Send one command, as the endpoint's account; the receipt, or the error that says why not."""
        caller = self.caller()
        return await answered(self._decide(caller, ctx.request_id, given))

    @sync_operation
    async def state(self, ctx: StartOperationContext, given: Any) -> StateView:
        """The state of an application that the endpoint's account may see."""
        caller = self.caller()
        return await answered(self._state(caller, ctx.request_id, given))

    def caller(self) -> Caller:
        """Whose endpoint the request came through. Raises `HandlerError` for one without an account."""
        endpoint = nexus.info().endpoint
        account = self.accounts.get(endpoint)
        if account is None:
            raise denied(_no_account(endpoint))
        return Caller(subject=account.subject, grants=account.grants, service=True, token_id=endpoint)

    def door(self) -> ReviewClient:
        """The applications, with less patience than the server has with a handler."""
        return ReviewClient(nexus.client(), self.task_queue, patience=PATIENCE)

    async def office_of(self, plan_id: str) -> str | None:
        """The office of the plan; None for an unknown plan, in which nothing can begin."""
        async with self.database.reading() as session:
            try:
                return (await plan_in_force(session, plan_id)).organisations.get(Role.OFFICE)
            except UnknownPlanError:
                return None

    async def _decide(self, caller: Caller, request_id: str, given: Any) -> Receipt:
        decision = read_as(NexusDecision, given, "nexus-decision")
        actor = _actor(caller, decision)
        door = self.door()
        application = workflow_id(decision.plan_id, decision.application_ref)
        await self._must_see(caller, request_id, decision, "decide", door, only_failures=True)
        return await door.send(application, decision.command | {"actor": actor.model_dump(mode="json")})

    async def _state(self, caller: Caller, request_id: str, given: Any) -> StateView:
        question = read_as(NexusQuestion, given, "nexus-question")
        door = self.door()
        await self._must_see(caller, request_id, question, "state", door)
        return await door.state(workflow_id(question.plan_id, question.application_ref))

    async def _must_see(
        self,
        caller: Caller,
        request_id: str,
        asked: NexusDecision | NexusQuestion,
        what: str,
        door: ReviewClient,
        *,
        only_failures: bool = False,
    ) -> None:
        """The look is on record first. Raises `UnknownApplication` for what is not there or not visible."""
        plan_id, ref = asked.plan_id, asked.application_ref
        row = await seen(self.database, caller, plan_id, ref)
        if row is None and await _is_opening(door, workflow_id(plan_id, ref)):
            row = await seen(self.database, caller, plan_id, ref)
        if row is None or not only_failures:
            outcome = "not_visible" if row is None else "shown"
            await note(
                self.database,
                caller,
                plan_id,
                ref,
                what=f"nexus_{what}",
                outcome=outcome,
                request_id=request_id[:80],
            )
        if row is None:
            raise UnknownApplication(workflow_id(plan_id, ref))


class _Start(nexus.TemporalOperationHandler[Any, dict[str, Any]]):
    """Starts the workflow behind the operation, or joins the one that was started with the same input."""

    def __init__(self, service: TitleReviewService) -> None:
        self._service = service

    async def start_operation(
        self,
        ctx: nexus.TemporalStartOperationContext,  # noqa: ARG002 - the shape of a handler
        client: nexus.TemporalNexusClient,
        input: Any,
    ) -> nexus.TemporalOperationResult[dict[str, Any]]:
        """Raises `OperationError` with the refusal, `HandlerError`."""
        caller = self._service.caller()
        return await answered(self._start(caller, client, input))

    async def cancel_workflow_run(
        self,
        ctx: nexus.TemporalCancelOperationContext,  # noqa: ARG002 - the shape of a handler
        options: nexus.CancelWorkflowRunOptions,
    ) -> None:
        """A caller that goes away does not end an application: that is a command."""
        raise HandlerError(
            f"{options.workflow_id} does not end with the operation: send `withdraw`. 撤回请发送 withdraw。",
            type=HandlerErrorType.NOT_IMPLEMENTED,
            retryable_override=False,
        )

    async def _start(
        self, caller: Caller, client: nexus.TemporalNexusClient, given: Any
    ) -> nexus.TemporalOperationResult[dict[str, Any]]:
        application = read_input(given if isinstance(given, Mapping) else {"(input)": given})
        office = await self._service.office_of(application.plan_id)
        if not caller.may_begin(application.applicant, application.employer.id, office):
            raise _not_yours()

        async def begin(policy: WorkflowIDConflictPolicy) -> nexus.TemporalOperationResult[dict[str, Any]]:
            return await client.start_workflow(
                WORKFLOW_TYPE,
                application.model_dump(mode="json"),
                task_queue=self._service.task_queue,
                id_conflict_policy=policy,
                result_type=dict[str, Any],
                **start_options(application, answers_open=True),
            )

        try:
            return await begin(WorkflowIDConflictPolicy.FAIL)
        except WorkflowAlreadyStartedError:
            try:
                found = await existing(nexus.client(), application)
            except StartRefused as refused:
                raise caller.told(refused, application.applicant, application.employer.id, office) from None
        if found.outcome == "running":
            return await begin(WorkflowIDConflictPolicy.USE_EXISTING)
        ended = await nexus.client().get_workflow_handle(application.workflow_id).result()
        return nexus.TemporalOperationResult[dict[str, Any]].sync(ended)


def _actor(caller: Caller, decision: NexusDecision) -> Actor:
    """Who acts: the account, in the role that it names if it holds several. Raises `Refused`."""
    actor = caller.actor(decision.role, decision.organisation, _NAMED)
    claimed = decision.command.get("actor")
    if claimed is not None and claimed != actor.model_dump(mode="json"):
        raise refuse(
            RefusalCode.WRONG_PERSON,
            zh="内容中的 actor 与该端点的账户不一致。",
            en="The actor in the command is not the account of the endpoint.",
            fix_zh="请省略 actor：它取自端点。",
            fix_en="Leave `actor` out: it follows from the endpoint.",
            field="command.actor",
        )
    return actor


async def _is_opening(door: ReviewClient, application: str) -> bool:
    """Whether it exists, waiting for its opening if need be: only then it stands in the read model."""
    try:
        return (await door.opened(application)).plan_version is not None
    except (UnknownApplication, StartRefused):
        return False


async def answered(work: Awaitable[T]) -> T:
    """What came of it, with every "no" as the error that Nexus has for it."""
    try:
        return await work
    except Refused as refused:
        failed(refused.refusal)
    except CommandRefused as refused:
        failed(refused.refusal)
    except StartRefused as refused:
        failed(refused.refusal or _of_start(refused), "RefusedStart")
    except UnknownApplication as unknown:
        raise HandlerError(
            "There is no such application, or this account may not see it. 没有此申报，或无权查看。",
            type=HandlerErrorType.NOT_FOUND,
            retryable_override=False,
        ) from unknown
    except (NoWorker, ServerAway) as silence:
        raise HandlerError(str(silence), type=HandlerErrorType.UNAVAILABLE) from silence
    except (ClientError, WorkflowFailureError) as error:  # e.g. somebody terminated it on the server
        raise HandlerError(str(error), type=HandlerErrorType.CONFLICT, retryable_override=False) from error


def failed(refusal: Refusal, kind: str = "Refused") -> NoReturn:
    """The operation fails as an update does: an application error of this type, the refusal as its detail."""
    raise OperationError(refusal.sentence(), state=OperationErrorState.FAILED) from _cause(refusal, kind)


def denied(refusal: Refusal) -> HandlerError:
    """The endpoint may not use the service at all."""
    error = HandlerError(refusal.sentence(), type=HandlerErrorType.UNAUTHORIZED, retryable_override=False)
    error.__cause__ = _cause(refusal, "Refused")
    return error


def _cause(refusal: Refusal, kind: str) -> ApplicationError:
    return ApplicationError(
        refusal.sentence(), refusal.model_dump(mode="json"), type=kind, non_retryable=True
    )


def _no_account(endpoint: str) -> Refusal:
    return refuse(
        RefusalCode.WRONG_ROLE,
        zh=f"Nexus 端点“{endpoint}”没有账户，不能使用本服务。",
        en=f"The Nexus endpoint '{endpoint}' has no account here and may do nothing.",
        fix_zh="请由系统维护人员在 ZHICHENG_NEXUS_CALLERS 中为其登记账户与身份。",
        fix_en="Whoever runs the service gives it an account in ZHICHENG_NEXUS_CALLERS.",
        field="endpoint",
    ).refusal


def _not_yours() -> Refused:
    return refuse(
        RefusalCode.WRONG_PERSON,
        zh="只能为本人或本单位人员发起申报。",
        en="An application is begun by the applicant, the own unit, or the office.",
        fix_zh="请核对 applicant 与 employer，或使用相应端点。",
        fix_en="Check `applicant` and `employer`, or use their endpoint.",
        field="applicant",
    )


def _of_start(refused: StartRefused) -> Refusal:
    """A start that the client refuses in words of its own, as a refusal."""
    taken = isinstance(refused, ReferenceTaken)
    code = RefusalCode.REUSED_COMMAND_ID if taken or refused.differing else RefusalCode.MALFORMED
    return refuse(
        code,
        zh=f"申报不能建立：{refused}",
        en=str(refused),
        fix_zh="请更正后另行启动。",
        fix_en="Correct it and start again.",
        field=refused.differing[0] if refused.differing else None,
    ).refusal
