"""The base of everything that is stored or sent: frozen, closed pydantic models, and the one time zone.

Instants are timezone-aware; the review lives in Asia/Shanghai. Dates are calendar days there.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from functools import cache
from typing import Annotated, Any, cast
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    GetJsonSchemaHandler,
    SerializerFunctionWrapHandler,
    StringConstraints,
    model_serializer,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

SHANGHAI = ZoneInfo("Asia/Shanghai")

Instant = AwareDatetime
"""A moment, ISO-8601 with an offset on the wire."""


def _printable(text: str) -> str:
    if any(ord(sign) < 32 and sign not in "\n\r\t" for sign in text):
        raise ValueError("control characters are not allowed in a text")
    return text


ShortText = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=500),
    AfterValidator(_printable),
]
LongText = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=4000),
    AfterValidator(_printable),
]


class Wire(BaseModel):
    """A value object of the contract: frozen, no unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Told(BaseModel):
    """What a workflow tells an activity: frozen. A field that a newer release added is left out by an older
    worker, which would otherwise try it again for ever while the releases change."""

    model_config = ConfigDict(frozen=True, extra="ignore")


@cache
def _defaults(kind: type[BaseModel]) -> dict[str, Any]:
    """The defaults of its fields, to compare with: looked up once, since states are written at every step."""
    return {name: field.get_default() for name, field in kind.model_fields.items() if not field.is_required()}


class Compact(Wire):
    """A value object that is stored in workflow histories: fields at their default are left out."""

    @model_serializer(mode="wrap")
    def _without_defaults(self, serialize: SerializerFunctionWrapHandler) -> dict[str, Any]:
        defaults = _defaults(type(self))
        whole: dict[str, Any] = serialize(self)
        mine = self.__dict__
        return {
            name: value
            for name, value in whole.items()
            if name not in defaults or (mine[name] is not defaults[name] and mine[name] != defaults[name])
        }

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """The schema of the fields; that some may be absent is what their defaults say."""
        fields_only = {key: value for key, value in core_schema.items() if key != "serialization"}
        return handler(cast(CoreSchema, fields_only))


class Label(Wire):
    """A name that people see, in Chinese and in English."""

    zh: str
    en: str

    def __str__(self) -> str:
        return f"{self.zh} ({self.en})"


def start_of(day: date) -> datetime:
    """00:00 of `day` in Asia/Shanghai."""
    return datetime.combine(day, time(0), SHANGHAI)


def end_of(day: date) -> datetime:
    """24:00 of `day` in Asia/Shanghai, i.e. the first instant that no longer belongs to it.

    Source: Civil Code Art. 203 para 2 (the last day of a period ends at 24:00).
    """
    return start_of(day + timedelta(days=1))


def local_day(instant: datetime) -> date:
    """The calendar day in Asia/Shanghai on which `instant` falls."""
    return instant.astimezone(SHANGHAI).date()


def last_day_before(instant: datetime) -> date:
    """The last calendar day in Asia/Shanghai that lies, at least in part, before the exclusive `instant`."""
    return local_day(instant - timedelta(seconds=1))
