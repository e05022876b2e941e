"""Which applications are meant: one filter for lists, orders of a cycle, batches and the command line.

Every field that is given narrows. Pure data: `activities.selecting` says the same in SQL.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Annotated, Any, Literal, cast, get_origin

from pydantic import (
    AfterValidator,
    Field,
    GetJsonSchemaHandler,
    SerializerFunctionWrapHandler,
    ValidationError,
    model_serializer,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from models.field_errors import first_field_error
from models.refusal import RefusalCode, Refused, refuse
from models.roles import Reference, Role
from models.search import MOST_CHARACTERS, Search, canonical_search, parse_search
from models.stages import Stage
from models.wire import Instant, Wire

LISTS = {"stage": "stages", "ref": "refs"}
"""Fields of which several may be given, by the name of one value."""

SearchText = Annotated[str, Field(max_length=MOST_CHARACTERS), AfterValidator(canonical_search)]
"""A search in the grammar of `models.search`, kept in its canonical form."""


class Selection(Wire):
    """Which applications: those that fit every field given; `refs` names them singly.

    `due_before` is the last day (Asia/Shanghai) by which the next deadline ends; `changed_since` an instant.
    `search`: terms like `stage:office_review returned>=2` (`models.search`), which narrow as well.
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
    search: SearchText | None = None

    @property
    def terms(self) -> Search:
        """The search, read."""
        return parse_search(self.search or "")

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


_LATER = ("status", "action_by", "due_before", "changed_since", "returns_at_least", "search")


def read_search(text: str) -> Selection:
    """The selection of a search text. Raises `models.search.SearchError` with the place and the rule."""
    return Selection(search=canonical_search(text))


def read_selection(conditions: Iterable[str]) -> Selection:
    """A selection from words like `stage=office_review`; `stage` and `ref` may be given several times.

    Raises `Refused` that names the word and the rule.
    """
    fields: dict[str, Any] = {}
    for condition in conditions:
        name, equals, value = condition.partition("=")
        field = LISTS.get(name, name)
        if not equals or field not in Selection.model_fields:
            raise _unknown(condition)
        if get_origin(Selection.model_fields[field].annotation) is tuple:
            fields.setdefault(field, []).extend(part for part in value.split(",") if part)
        else:
            fields[field] = value
    try:
        return Selection.model_validate(fields)
    except ValidationError as error:
        path, rule = first_field_error(error)
        raise refuse(
            RefusalCode.MALFORMED,
            zh=f"条件 {path} 不符合要求：{rule.zh}。",
            en=f"The condition {path} breaks a rule: {rule.en}.",
            fix_zh="请更正后重试。",
            fix_en="Correct it and try again.",
            field=path,
        ) from None


def _unknown(condition: str) -> Refused:
    names = [*LISTS, *(name for name in Selection.model_fields if name not in LISTS.values())]
    return refuse(
        RefusalCode.MALFORMED,
        zh=f"“{condition[:80]}”不是筛选条件。",
        en=f"'{condition[:80]}' is not a condition.",
        fix_zh=f"请写作 名称=值，名称为：{'、'.join(names)}。",
        fix_en=f"Write name=value with one of: {', '.join(names)}.",
        field="where",
    )
