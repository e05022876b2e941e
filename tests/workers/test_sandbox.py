"""The sandbox that is entered for workflow code only: what the SDK asks of it, it still answers itself."""

from __future__ import annotations

from temporalio.converter import WorkflowSerializationContext
from temporalio.worker import WorkflowInstance
from temporalio.workflow import _Definition

from workers.registry import WORKFLOWS
from workers.sandbox import ASKED, Sandbox
from workers.worker import sandbox_runner

_MADE: list[WorkflowInstance] = []


class _Watched(Sandbox):
    """Keeps what it made."""

    def create_instance(self, det):  # type: ignore[no-untyped-def]  # the SDK's own signature
        made = super().create_instance(det)
        _MADE.append(made)
        return made


async def test_the_questions_on_the_tables_do_not_enter_the_sandbox() -> None:
    runner = _Watched(restrictions=sandbox_runner().restrictions)
    runner.prepare_workflow(_Definition.must_from_class(WORKFLOWS[0]))
    made = _MADE.pop()
    entered: list[str] = []
    made._run_code = lambda code, **_: entered.append(code)  # type: ignore[attr-defined]
    context = made.get_serialization_context(None)
    assert isinstance(context, WorkflowSerializationContext)
    assert entered == []
    assert context.workflow_id == made.get_info().workflow_id
    assert all(name in vars(made) for name in ASKED), "this SDK keeps its instance elsewhere"
