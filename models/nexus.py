"""What Temporal-native teams send through Nexus: a command without its actor, or a question.

Who acts is not in the message: it follows from the endpoint that the message came through.
"""

from __future__ import annotations

from typing import Any

from pydantic import Field

from models.roles import Reference, Role
from models.wire import Wire

SERVICE = "title-review"
"""The name of the Nexus service."""


class NexusQuestion(Wire):
    """Which application is asked for."""

    plan_id: Reference
    application_ref: Reference


class NexusDecision(Wire):
    """One command for one application.

    `command` is the body of the contract (`kind`, `command_id` and its fields) without `actor`. `role` and
    `organisation` say in which of its roles the endpoint's account acts, when it holds several.
    """

    plan_id: Reference
    application_ref: Reference
    command: dict[str, Any] = Field(examples=[{"kind": "withdraw", "command_id": "w-1", "reason": "..."}])
    role: Role | None = None
    organisation: Reference | None = None
