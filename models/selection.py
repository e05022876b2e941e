"""Which applications are meant: one filter for lists, orders of a cycle, samples.

Every field that is given narrows. Pure data: `activities.selecting` says the same in SQL.
"""

from __future__ import annotations

from datetime import date
from typing import Any, Literal, cast

from pydantic import (
    Field,
    GetJsonSchemaHandler,
    SerializerFunctionWrapHandler,
    model_serializer,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from models.roles import Reference, Role
from models.stages import Stage
from models.wire import Instant, Wire


class Selection(Wire):
    """Which applications: those that fit every field given; `refs` names them singly.

    `due_before` is the last day (Asia/Shanghai) by which the next deadline ends; `changed_since` an instant.
    """

    stages: tuple[Stage, ...] = Field(default=(), max_length=40)
    employer: Reference | None = None
    department: Reference | None = None
    specialty: Reference | None = None
    level: Reference | None = None
    refs: tuple[Reference, ...] = Field(default=(), max_length=500)
    status: Literal["open", "on_hold", "ended"] | None = None
    action_by: Role | None = None
    due_before: date | None = None
    changed_since: Instant | None = None
    returns_at_least: int | None = Field(default=None, ge=0, le=1_000)

    @model_serializer(mode="wrap")
    def _as_before(self, serialize: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Fields that came later are left out when unset: a command sent again has the digest it had."""
        whole: dict[str, Any] = serialize(self)
        return {name: value for name, value in whole.items() if name not in _LATER or value is not None}

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """The schema of the fields, whatever is left out."""
        fields_only = {key: value for key, value in core_schema.items() if key != "serialization"}
        return handler(cast(CoreSchema, fields_only))


_LATER = ("status", "action_by", "due_before", "changed_since", "returns_at_least")
