"""What is wrong with a work plan, in words: where, which rule, what to do about it, and the source."""

from __future__ import annotations

from typing import Literal

from models.wire import Label, Wire

PlanSeverity = Literal["error", "warning", "info"]


class PlanFinding(Wire):
    """One finding of the plan lint. An error must be repaired before the plan is published."""

    severity: PlanSeverity
    field: str
    rule: Label
    remedy: Label
    citation: str


def finding(
    severity: PlanSeverity, field: str, rule: tuple[str, str], remedy: tuple[str, str], citation: str
) -> PlanFinding:
    """A finding from (zh, en) pairs."""
    return PlanFinding(
        severity=severity,
        field=field,
        rule=Label(zh=rule[0], en=rule[1]),
        remedy=Label(zh=remedy[0], en=remedy[1]),
        citation=citation,
    )
