"""What every workflow of this service does with messages: read a body, answer no, know a long history."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from temporalio import workflow
from temporalio.common import RawValue
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from models.commands import MAX_COMMAND_BYTES
    from models.refusal import Refusal, RefusalCode, refuse

HISTORY_LIMIT = 8_000
"""Events after which a workflow continues as new; a whole life of an application takes about a hundred."""


def body_of(name: str, args: Sequence[RawValue]) -> Any:
    """The one JSON value of a message. Raises `Refused`: none or several, too large, or not readable."""
    if len(args) != 1:
        raise refuse(
            RefusalCode.MALFORMED,
            zh=f"指令 {name[:60]} 须恰有一个参数（JSON 对象），收到{len(args)}个。",
            en=f"'{name[:60]}' takes exactly one argument, a JSON object; it came with {len(args)}.",
            fix_zh="请只发送一个 JSON 对象。",
            fix_en="Send one JSON object.",
        )
    payload = args[0].payload
    if len(payload.data) > MAX_COMMAND_BYTES:
        raise refuse(
            RefusalCode.OVERSIZED,
            zh=f"指令过大（{len(payload.data)}字节，上限{MAX_COMMAND_BYTES}）。",
            en=f"The command is too large ({len(payload.data)} bytes; the limit is {MAX_COMMAND_BYTES}).",
            fix_zh="材料请以哈希引用，不要放入指令。",
            fix_en="Refer to documents by hash instead of sending them.",
        )
    try:
        return workflow.payload_converter().from_payload(payload)
    except Exception:
        raise refuse(
            RefusalCode.MALFORMED,
            zh="指令内容不是可读取的 JSON。",
            en="The command is not readable as JSON.",
            fix_zh="请以 JSON 编码发送。",
            fix_en="Send it encoded as JSON.",
        ) from None


def refusal_error(refusal: Refusal) -> ApplicationError:
    """The typed error of a refused update: type `Refused`, the refusal as its detail."""
    return ApplicationError(
        refusal.sentence(), refusal.model_dump(mode="json"), type="Refused", non_retryable=True
    )


def start_error(refusal: Refusal) -> ApplicationError:
    """The typed error of a refused start: type `RefusedStart`, the refusal as its detail."""
    return ApplicationError(
        refusal.sentence(), refusal.model_dump(mode="json"), type="RefusedStart", non_retryable=True
    )


def history_is_long() -> bool:
    """True when it is time to continue as new."""
    info = workflow.info()
    return info.is_continue_as_new_suggested() or info.get_current_history_length() > HISTORY_LIMIT
