"""What a check found, in words for people: advisory, never a decision.

A "bar" says that a rule stands against it, a "flag" asks a person to look, an "ok" says what was checked.
PIPL Art. 24 para 3 lets a person refuse a decision made only automatically: a named person decides.
"""

from __future__ import annotations

from typing import Literal

from models.cited import Mark
from models.wire import Label, Wire

Severity = Literal["ok", "flag", "bar"]


class Finding(Wire):
    """One result of a check, with the rule it rests on and how sure we are of that rule."""

    code: str
    severity: Severity
    subject: str
    words: Label
    citation: str
    mark: Mark


def bars(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """The findings that a rule stands against."""
    return tuple(finding for finding in findings if finding.severity == "bar")
