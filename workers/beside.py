"""The kinds of workflows that run beside the applications, by the type under which a server lists them."""

from __future__ import annotations

from models.wire import Label

BESIDE: dict[str, Label] = {
    "ReviewCycleWorkflow": Label(zh="评审年度", en="cycle"),
    "ReviewMeetingWorkflow": Label(zh="评审会议", en="meeting"),
    "CycleOrderWorkflow": Label(zh="年度指令", en="order of a cycle"),
    "BatchWorkflow": Label(zh="批量办理", en="batch"),
}
"""One cycle carries all applications of its plan: what breaks it breaks their year."""
