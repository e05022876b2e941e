"""The ledger of the doors: every route of the HTTP API and every Nexus operation, field by field.

What is sent and what is answered break in different ways: a sent field must not become required, an answered
one must not become optional. Both are written as entries of the ledger of messages.
"""

from __future__ import annotations

import json
from typing import Any

from workers.contract import NEXUS_OPERATIONS
from workers.gateway.app import openapi_text

Entry = dict[str, Any]
Ledger = dict[str, dict[str, Entry]]

_WORDS = ("title", "description", "default", "examples", "example")
_PREFIX = "#/components/schemas/"


def doors() -> Ledger:
    """The doors as they are now."""
    return http_ledger(json.loads(openapi_text())) | nexus_ledger(NEXUS_OPERATIONS)


def nexus_ledger(operations: dict[str, tuple[str, str | None, bool]]) -> Ledger:
    """Operation -> what it takes and answers; the messages themselves stand in the ledger of messages."""
    return {
        f"nexus {operation}": {
            "input": {"type": given},
            "answer": {"type": answer or "result"},
            "at_once": {"type": at_once},
        }
        for operation, (given, answer, at_once) in operations.items()
    }


def http_ledger(document: dict[str, Any]) -> Ledger:
    """Route -> parameters, body and answers; and each schema that they refer to, sent or answered."""
    found: Ledger = {}
    schemas = document.get("components", {}).get("schemas", {})
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            fields: dict[str, Entry] = {"(name)": {"type": operation["operationId"]}}
            for parameter in operation.get("parameters", ()):
                fields[f"{parameter['in']} {parameter['name']}"] = {
                    "type": _type_of(parameter["schema"]),
                    "required": parameter.get("required", False),
                }
            body = operation.get("requestBody")
            if body:
                _sent(found, fields, body, schemas)
            for status, answer in operation["responses"].items():
                for media, content in answer.get("content", {}).items():
                    schema = content.get("schema", {})
                    fields[f"answer {status} {media}"] = {"type": _type_of(schema)}
                    _follow(found, schema, schemas, sent=False)
            found[f"http {method.upper()} {path}"] = fields
    return found


def _sent(found: Ledger, fields: dict[str, Entry], body: dict[str, Any], schemas: dict[str, Any]) -> None:
    for media, content in body["content"].items():
        schema = content.get("schema", {})
        fields[f"body {media}"] = {
            "type": _type_of({k: v for k, v in schema.items() if k not in ("properties", "required")}),
            "required": body.get("required", False),
        }
        fields |= {f"body {name}": entry for name, entry in _fields(schema, sent=True).items()}
        _follow(found, schema, schemas, sent=True)


def _follow(found: Ledger, schema: Any, schemas: dict[str, Any], *, sent: bool) -> None:
    """Adds every schema that this one refers to, and theirs.

    What is nested in the body of a command (`submit.Dossier`) stands in the ledger of messages already.
    """
    for name in sorted(_references(schema)):
        entry = f"http {'sent' if sent else 'answered'} {name}"
        if entry in found or name not in schemas or "." in name:
            continue
        definition = schemas[name]
        whole = {"(values)": {"type": _type_of(definition)}}
        found[entry] = _fields(definition, sent=sent) if "properties" in definition else whole
        _follow(found, definition, schemas, sent=sent)


def _references(schema: Any) -> set[str]:
    if isinstance(schema, dict):
        own = {schema["$ref"].removeprefix(_PREFIX)} if isinstance(schema.get("$ref"), str) else set()
        return own.union(*(_references(value) for value in schema.values()))
    if isinstance(schema, list):
        return set[str]().union(*(_references(value) for value in schema))
    return set()


def _fields(schema: dict[str, Any], *, sent: bool) -> dict[str, Entry]:
    always = schema.get("required", ())
    mark = "required" if sent else "always"
    return {
        name: {"type": _type_of(definition), mark: name in always}
        for name, definition in schema.get("properties", {}).items()
    }


def _type_of(definition: Any) -> Any:
    if isinstance(definition, dict):
        return {k: _type_of(v) for k, v in sorted(definition.items()) if k not in _WORDS}
    if isinstance(definition, list):
        return [_type_of(v) for v in definition]
    return definition
