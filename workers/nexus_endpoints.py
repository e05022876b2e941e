"""The Nexus endpoints on the server: each points to the namespace and the task queue of this service."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from temporalio.api.nexus.v1 import Endpoint, EndpointSpec, EndpointTarget
from temporalio.api.operatorservice.v1 import CreateNexusEndpointRequest, ListNexusEndpointsRequest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

_TIMEOUT = timedelta(seconds=10)


class EndpointTakenError(RuntimeError):
    """The endpoint exists and leads elsewhere; the text says where and what to do."""


@dataclass(frozen=True)
class EndpointReport:
    """One endpoint, where it leads, and whether it was made now."""

    name: str
    namespace: str
    task_queue: str
    outcome: Literal["created", "present"]


async def create_endpoints(client: Client, task_queue: str, names: Iterable[str]) -> list[EndpointReport]:
    """Make the endpoints that are missing; those that lead here are left alone.

    Raises `EndpointTakenError` for one that leads elsewhere, `RPCError`.
    """
    return [await _create(client, task_queue, name) for name in names]


async def _create(client: Client, task_queue: str, name: str) -> EndpointReport:
    target = EndpointTarget.Worker(namespace=client.namespace, task_queue=task_queue)
    spec = EndpointSpec(name=name, target=EndpointTarget(worker=target))
    try:
        await client.operator_service.create_nexus_endpoint(
            CreateNexusEndpointRequest(spec=spec), timeout=_TIMEOUT
        )
        return EndpointReport(name, client.namespace, task_queue, "created")
    except RPCError as error:
        if error.status is not RPCStatusCode.ALREADY_EXISTS:
            raise
    found = await find_endpoint(client, name)
    there = found.spec.target.worker if found else EndpointTarget.Worker()
    if (there.namespace, there.task_queue) != (client.namespace, task_queue):
        raise EndpointTakenError(
            f"The Nexus endpoint '{name}' leads to namespace '{there.namespace}', task queue "
            f"'{there.task_queue}': give the account of ZHICHENG_NEXUS_CALLERS to another name, or change it "
            "with `temporal operator nexus endpoint update`."
        )
    return EndpointReport(name, client.namespace, task_queue, "present")


async def find_endpoint(client: Client, name: str) -> Endpoint | None:
    """The endpoint of this name, if the server has it."""
    answer = await client.operator_service.list_nexus_endpoints(
        ListNexusEndpointsRequest(name=name), timeout=_TIMEOUT
    )
    return answer.endpoints[0] if answer.endpoints else None
