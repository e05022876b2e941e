"""The options of a command, made from its model, and the command's body, made from the options.

One option a field. A list may be given piece by piece: `--items 'o1=the contents page is missing'`. A part
with fields of its own is a JSON object or the name of a file that holds one. What the values mean is
checked by the model, not here.
"""

from __future__ import annotations

import hashlib
import inspect
import json
import types
from collections.abc import Callable
from datetime import date, datetime
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import typer
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from models.commands import Command, DeadlineChange

COMMON = ("kind", "actor", "command_id", "expected_revision", "expires_at")
"""Fields that every command has; their options are written by hand."""


class BadOptionError(ValueError):
    """An option cannot be read; the text is one sentence with the remedy."""


def option_parameters(model: type[Command]) -> list[inspect.Parameter]:
    """One keyword parameter a field of the command, for typer."""
    return [_parameter(n, f) for n, f in model.model_fields.items() if n not in COMMON]


def body_from(model: type[Command], given: dict[str, Any]) -> dict[str, Any]:
    """The fields that were given, as JSON values. Raises `BadOptionError`."""
    body: dict[str, Any] = {}
    for name, field in model.model_fields.items():
        value = given.get(name)
        if name in COMMON or value is None or value == []:
            continue
        inner, many = _inner(field.annotation)
        read = _reader(name, field, inner)
        body[name] = [read(item) for item in value] if many else read(value)
    return body


def flag(name: str) -> str:
    """The option of a field."""
    return f"--{name.replace('_', '-')}"


def _parameter(name: str, field: FieldInfo) -> inspect.Parameter:
    inner, many = _inner(field.annotation)
    annotation, metavar = _shown(inner, field)
    help_text = _help(inner, field, many)
    if annotation is bool and not many:
        option = typer.Option(f"{flag(name)}/--no-{name.replace('_', '-')}", help=help_text)
    else:
        option = typer.Option(flag(name), help=help_text, metavar=metavar)
    typed: Any = list[annotation] if many else annotation  # type: ignore[valid-type]
    return inspect.Parameter(
        name,
        inspect.Parameter.KEYWORD_ONLY,
        default=None,
        annotation=Annotated[typed | None, option],
    )


def _inner(annotation: Any) -> tuple[Any, bool]:
    """The type of one value, and whether the field takes several."""
    if get_origin(annotation) in (Union, types.UnionType):
        annotation = next(a for a in get_args(annotation) if a is not type(None))
    if get_origin(annotation) is tuple:
        return _inner(get_args(annotation)[0])[0], True
    if get_origin(annotation) is Annotated:
        return _inner(get_args(annotation)[0])
    return annotation, False


def _shown(inner: Any, field: FieldInfo) -> tuple[Any, str | None]:
    if get_origin(inner) is Literal or (isinstance(inner, type) and issubclass(inner, Enum)):
        return inner, None
    if inner in (bool, int):
        return inner, None
    if inner is date:
        return str, "YYYY-MM-DD"
    if inner is datetime:
        return str, "INSTANT"
    if isinstance(inner, type) and issubclass(inner, BaseModel):
        pair = _pair(inner)
        return str, f"{pair[0]}={pair[1]}|JSON" if pair else "JSON|FILE"
    return str, "HEX|@FILE" if _is_hash(field) else "TEXT"


def _help(inner: Any, field: FieldInfo, many: bool) -> str:
    parts = []
    if isinstance(inner, type) and issubclass(inner, BaseModel):
        parts.append((inspect.getdoc(inner) or inner.__name__).split("\n")[0])
    if inner is DeadlineChange:
        parts.append("name=YYYY-MM-DD, or name=+N for more working days.")
    if _is_hash(field):
        parts.append("A sha-256, or @FILE: the hash of that file is taken.")
    if many:
        parts.append("May be repeated.")
    if field.is_required():
        parts.append("Needed.")
    elif field.default not in (None, ()):
        default = field.default.value if isinstance(field.default, Enum) else field.default
        parts.append(f"Default: {default}.")
    return " ".join(parts)


def _is_hash(field: FieldInfo) -> bool:
    return "{64}" in repr(field.annotation) + repr(field.metadata)


def _pair(model: type[BaseModel]) -> tuple[str, str] | None:
    """The two fields of a short form `first=second`, for models that are little more than such a pair."""
    names = list(model.model_fields)
    needed = [name for name, field in model.model_fields.items() if field.is_required()]
    if len(needed) == 2 and all(_is_plain(model, name) for name in needed):
        return needed[0], needed[1]
    return (names[0], names[1]) if model is DeadlineChange else None


def _is_plain(model: type[BaseModel], name: str) -> bool:
    return _inner(model.model_fields[name].annotation)[0] in (str, datetime, date)


def _reader(name: str, field: FieldInfo, inner: Any) -> Callable[[Any], Any]:
    if isinstance(inner, type) and issubclass(inner, BaseModel):
        return lambda value: _object(name, inner, value)
    if _is_hash(field):
        return lambda value: _hash(name, value)
    return lambda value: value.value if isinstance(value, Enum) else value


def _object(name: str, model: type[BaseModel], text: str) -> Any:
    pair = _pair(model)
    if text.lstrip().startswith("{"):
        return _json(name, text, "the text given")
    if pair:
        key, equals, value = text.partition("=")
        if not equals:
            raise BadOptionError(
                f"{flag(name)} {text!r}: write it as {pair[0]}={pair[1]}, or as a JSON object."
            )
        if model is DeadlineChange and value.startswith("+"):
            return {pair[0]: key, "add_working_days": value.removeprefix("+")}
        return {pair[0]: key, pair[1]: value}
    try:
        return _json(name, Path(text).read_text("utf-8"), text)
    except (OSError, UnicodeDecodeError) as error:
        raise BadOptionError(f"{flag(name)} {text}: cannot be read ({error}): give a file of JSON.") from None


def _json(name: str, text: str, where: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:  # nested too deeply
        raise BadOptionError(f"{flag(name)}: {where} is not JSON ({error}).") from None


def _hash(name: str, text: str) -> str:
    if not text.startswith("@"):
        return text
    try:
        return hashlib.sha256(Path(text[1:]).read_bytes()).hexdigest()
    except OSError as error:
        raise BadOptionError(f"{flag(name)} {text}: cannot be read ({error.strerror}).") from None
