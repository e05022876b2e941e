"""How a command is read from what was sent: one way and the same words for every workflow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from pydantic import ValidationError

from models.field_errors import first_field_error
from models.refusal import RefusalCode, Refused, refuse
from models.wire import Label, Wire

C = TypeVar("C", bound=Wire)


def read_command(known: Mapping[str, type[C]], kind: str, body: object, owner: Label | None = None) -> C:
    """The command `kind` from its JSON object. `owner` is whose commands `known` are, in a sentence.

    Raises `Refused`: unknown kind, not an object, another kind inside, or a field that breaks a rule (the
    first one is named as a dotted path).
    """
    model = known.get(kind)
    if model is None:
        raise refuse(
            RefusalCode.UNKNOWN_KIND,
            zh=f"{owner.zh if owner else ''}没有名为“{kind[:60]}”的指令。",
            en=f"{f'{owner.en} has' if owner else 'There is'} no command named '{kind[:60]}'.",
            fix_zh=f"可用指令：{'、'.join(known)}。",
            fix_en=f"Use one of: {', '.join(known)}.",
            field="kind",
        )
    if not isinstance(body, dict):
        raise refuse(
            RefusalCode.MALFORMED,
            zh="指令内容必须是一个 JSON 对象。",
            en="The command must be one JSON object.",
            fix_zh="请按该指令的 JSON Schema 发送。",
            fix_en=f"Send one object that follows the JSON Schema of '{kind}'.",
        )
    if body.get("kind", kind) != kind:
        raise refuse(
            RefusalCode.MALFORMED,
            zh="内容中的 kind 与指令名称不一致。",
            en=f"The body says kind '{str(body['kind'])[:60]}' but was sent as '{kind}'.",
            fix_zh="请使两者一致或省略 kind。",
            fix_en="Make the two agree, or leave `kind` out.",
            field="kind",
        )
    try:
        return model.model_validate({**body, "kind": kind})
    except ValidationError as error:
        raise _malformed(kind, error) from None


def read_as(model: type[C], body: object, name: str) -> C:
    """A message that is no command; `name` is its schema. Raises `Refused` that names the wrong field."""
    try:
        return model.model_validate(body)
    except ValidationError as error:
        raise _malformed(name, error) from None


def _malformed(kind: str, error: ValidationError) -> Refused:
    field, rule = first_field_error(error)
    path = field or "(body)"
    return refuse(
        RefusalCode.MALFORMED,
        zh=f"字段 {path} 不符合要求：{rule.zh}。",
        en=f"The field {path} breaks a rule: {rule.en}.",
        fix_zh=f"请按 {kind} 的 JSON Schema 更正后重发；未作任何更改。",
        fix_en=f"Correct it by the JSON Schema of '{kind}' and send it again; nothing was changed.",
        field=path,
    )
