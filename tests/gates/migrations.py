"""The gate of migrations: while a release may run that does not know them, they only add.

A worker of the release before goes on, and may be started, on the schema of this one. So an upgrade makes
tables, indexes and columns that may be empty or have a default of the server; it removes, renames and
tightens nothing. What nobody reads any more is removed by a later release, whose migration says so:
`REMOVES = "what, and which release was the last to use it"`.
"""

from __future__ import annotations

import ast
from pathlib import Path

VERSIONS = Path(__file__).parents[2] / "models" / "migrations" / "versions"

BEFORE_THE_FIRST_RELEASE = frozenset({"0015"})
"""Nothing ran yet that could have been broken."""

ADDS = {"create_table", "create_index", "drop_index", "add_column", "batch_alter_table", "bulk_insert", "f"}
"""An index that goes makes a question slower, and breaks none."""

_WORDS_THAT_ADD = ("CREATE ", "INSERT ", "UPDATE ")


def breaking(source: str) -> list[str]:
    """What the `upgrade` of a migration does that would break the release before, line by line."""
    tree = ast.parse(source)
    if any(_names(node) == "REMOVES" for node in tree.body):
        return []
    found: list[str] = []
    for function in tree.body:
        if isinstance(function, ast.FunctionDef) and function.name == "upgrade":
            tables = {"op"} | {
                item.optional_vars.id
                for node in ast.walk(function)
                if isinstance(node, ast.With)
                for item in node.items
                if isinstance(item.optional_vars, ast.Name)
            }
            found += [fault for call in ast.walk(function) if (fault := _fault(call, tables))]
    return found


def revision_of(source: str) -> str:
    """The revision that a migration names."""
    for node in ast.parse(source).body:
        if isinstance(node, ast.Assign) and _names(node) == "revision":
            return str(ast.literal_eval(node.value))
    raise ValueError("no migration: it names no revision")


def _names(node: ast.stmt) -> str | None:
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
        return node.targets[0].id
    return None


def _fault(node: ast.AST, tables: set[str]) -> str | None:
    """`tables`: `op`, and the names that a batch gives to the table that it changes."""
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
        return None
    if not isinstance(node.func.value, ast.Name) or node.func.value.id not in tables:
        return None
    called = node.func.attr
    if called == "add_column":
        column = next((one for one in node.args if isinstance(one, ast.Call)), None)
        given = {word.arg: ast.unparse(word.value) for word in column.keywords} if column else {}
        if given.get("nullable") == "True" or "server_default" in given:
            return None
        return f"line {node.lineno}: a column that must be filled, and that the release before leaves out"
    if called == "execute":
        words = " ".join(str(getattr(one, "value", "")) for one in node.args).strip().upper()
        return None if words.startswith(_WORDS_THAT_ADD) else f"line {node.lineno}: {words[:60]}"
    return None if called in ADDS else f"line {node.lineno}: {called}"
