"""How a cycle reads what comes to it before it is a command: its start, and the outcome of an order."""

from __future__ import annotations

from typing import Any

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from pydantic import ValidationError

    from models.cycle_dates import next_tick
    from models.cycle_state import CycleInput, CycleState, CycleTaskDone
    from models.field_errors import first_field_error
    from models.refusal import RefusalCode, refuse


def first_state(start: Any, carried: Any) -> CycleState:
    """The state at the start, or as it was carried over. Raises `Refused` for an input that breaks a rule."""
    info = workflow.info()
    if carried is not None and info.continued_run_id is not None:
        return CycleState.model_validate(carried)
    try:
        given = CycleInput.model_validate(start)
    except ValidationError as error:
        field, rule = first_field_error(error)
        path = field or "(input)"
        raise refuse(
            RefusalCode.MALFORMED,
            zh=f"字段 {path} 不符合要求：{rule.zh}。",
            en=f"The field {path} breaks a rule: {rule.en}.",
            fix_zh="请按 CycleInput 的 JSON Schema 更正后另行启动。",
            fix_en="Correct it by the JSON Schema of CycleInput and start again.",
            field=path,
        ) from None
    if carried is not None or info.workflow_id != given.workflow_id:
        raise refuse(
            RefusalCode.MALFORMED,
            zh="工作流编号与方案编号不一致，或自带了状态。",
            en=f"The workflow id must be '{given.workflow_id}', and a cycle brings no state of its own.",
            fix_zh="请用规定的工作流编号启动，仅发送 CycleInput。",
            fix_en="Start it under that id with the CycleInput alone.",
            field="workflow_id",
        )
    now = given.clock.now(info.workflow_start_time)
    return CycleState(input=given, opened_at=now, looked_at=now, next_tick=next_tick(now))


def outcome_of(body: Any) -> CycleTaskDone:
    """What came of an order, as its workflow says it. Raises `Refused` when it cannot be read."""
    try:
        return CycleTaskDone.model_validate(body)
    except ValidationError as error:
        field, rule = first_field_error(error)
        raise refuse(
            RefusalCode.MALFORMED,
            zh=f"字段 {field or '(body)'} 不符合要求：{rule.zh}。",
            en=f"The field {field or '(body)'} breaks a rule: {rule.en}.",
            fix_zh="该信号由系统发送。",
            fix_en="This signal is the service's own.",
            field=field,
        ) from None
