"""Registers the search attributes of the contract on a Temporal server, and checks that they are there.

A workflow that sets an unregistered attribute is stuck, so this runs before the first worker does.
"""

from __future__ import annotations

from dataclasses import dataclass

from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest, ListSearchAttributesRequest
from temporalio.client import Client
from temporalio.service import RPCError

from workflows.search_attributes import SEARCH_ATTRIBUTES

_TYPE_NAMES = {
    IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD: "Keyword",
    IndexedValueType.INDEXED_VALUE_TYPE_DATETIME: "Datetime",
    IndexedValueType.INDEXED_VALUE_TYPE_INT: "Int",
}


OURS = "Title"
"""How the names of the contract begin."""


class SearchAttributeError(RuntimeError):
    """The server has not, or does not take, the search attributes; the text says which and what to do."""


@dataclass(frozen=True)
class SearchAttributeReport:
    """What a server has of the contract's search attributes.

    `wrong_type` maps a name to the server's type; names and types as the `temporal` CLI writes them.
    `unknown`: attributes with our prefix that the contract does not know; they do no harm.
    """

    present: tuple[str, ...]
    missing: tuple[str, ...]
    wrong_type: dict[str, str]
    unknown: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Every attribute is there with its type."""
        return not self.missing and not self.wrong_type


def server_types() -> dict[str, str]:
    """Name -> type as the server spells it, e.g. `{"TitleReturns": "Int"}`."""
    return {
        name: _TYPE_NAMES[IndexedValueType.ValueType(key.indexed_value_type)]
        for name, key in SEARCH_ATTRIBUTES.items()
    }


async def check_search_attributes(client: Client) -> SearchAttributeReport:
    """Compare the client's namespace with the contract. Raises `SearchAttributeError` if it cannot ask."""
    try:
        answer = await client.operator_service.list_search_attributes(
            ListSearchAttributesRequest(namespace=client.namespace)
        )
    except RPCError as error:
        raise _refused(client, error) from error
    found = {**answer.system_attributes, **answer.custom_attributes}
    wrong = {
        name: IndexedValueType.Name(found[name]).removeprefix("INDEXED_VALUE_TYPE_").capitalize()
        for name, key in SEARCH_ATTRIBUTES.items()
        if name in found and int(found[name]) != int(key.indexed_value_type)
    }
    return SearchAttributeReport(
        present=tuple(n for n in SEARCH_ATTRIBUTES if n in found and n not in wrong),
        missing=tuple(n for n in SEARCH_ATTRIBUTES if n not in found),
        wrong_type=wrong,
        unknown=tuple(
            sorted(n for n in answer.custom_attributes if n.startswith(OURS) and n not in SEARCH_ATTRIBUTES)
        ),
    )


async def register_search_attributes(client: Client) -> SearchAttributeReport:
    """Add what is missing in the client's namespace; returns the report from before. Idempotent.

    Raises `SearchAttributeError` when a name is taken with another type, or the server refuses.
    """
    report = await check_search_attributes(client)
    if report.wrong_type:
        taken = ", ".join(f"{name} is {kind}" for name, kind in report.wrong_type.items())
        raise SearchAttributeError(
            f"Namespace {client.namespace!r} has search attributes of another type: {taken}. "
            "Remove or rename them there, or use another namespace."
        )
    if report.missing:
        try:
            await client.operator_service.add_search_attributes(
                AddSearchAttributesRequest(
                    namespace=client.namespace,
                    search_attributes={
                        name: IndexedValueType.ValueType(SEARCH_ATTRIBUTES[name].indexed_value_type)
                        for name in report.missing
                    },
                )
            )
        except RPCError as error:
            raise _refused(client, error) from error
    return report


def _refused(client: Client, error: RPCError) -> SearchAttributeError:
    return SearchAttributeError(
        f"The server does not manage search attributes of namespace {client.namespace!r} for us "
        f"({error.status.name}: {error.message}). On Temporal Cloud add them in the namespace's settings: "
        + ", ".join(f"{name}={kind}" for name, kind in server_types().items())
        + "."
    )
