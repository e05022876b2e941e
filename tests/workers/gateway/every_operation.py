"""The OpenAPI document against the running gateway: a process of its own, asked what its document allows.

Schemathesis makes requests from the document, good ones and bad ones: no answer may be a server error, nor
one that the document does not describe. Making them takes seconds and happens when the tests are collected:
`test_schemathesis.py` runs this file, so that it happens once, and not in each process of the suite.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis import Case
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from models.roles import Role
from models.visibility import Grant
from tests.support import eventually
from tests.workers.conftest import end_cycle, environment_of
from tests.workers.gateway.conftest import PLAN
from workers.gateway.app import openapi_text
from workers.gateway.routes_starts import MOST_STARTS
from workers.gateway.serve import local_issuer
from workers.processes import free_port
from workers.rehearsal.cast import OFFICE
from workers.settings import Settings


@schemathesis.serializer("application/offset+octet-stream")
def bytes_of_an_upload(_context: Any, value: Any) -> bytes:
    """The bytes of an upload are sent as they are."""
    return value if isinstance(value, bytes) else str(value).encode()


schema = schemathesis.openapi.from_dict(json.loads(openapi_text())).exclude(operation_id="event_stream")


@pytest.fixture(scope="module")
def running(served: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """`zhicheng gateway` as users run it; the address it listens at."""
    address = f"127.0.0.1:{free_port()}"
    log = tmp_path_factory.mktemp("gateway") / "gateway.log"
    environment = {
        **os.environ,
        **environment_of(served),
        "ZHICHENG_GATEWAY_ADDRESS": address,
        "ZHICHENG_LOCAL_ISSUER": "true",
        "ZHICHENG_GATEWAY_CALLS_A_MINUTE": "100000",
        "ZHICHENG_GATEWAY_PUBLIC_CALLS_A_MINUTE": "100000",
        "ZHICHENG_GATEWAY_PATIENCE": "3",
    }
    program = Path(sys.executable).with_name("zhicheng")
    with log.open("wb") as words:
        process = subprocess.Popen([program, "gateway"], env=environment, stdout=words, stderr=words)

    async def answers() -> None:
        try:
            async with httpx.AsyncClient() as client:
                status = (await client.get(f"http://{address}/v1/health")).status_code
        except httpx.TransportError as error:
            raise AssertionError("nobody listens") from error
        assert status == 200

    try:
        asyncio.run(eventually(answers, 30.0))
        yield f"http://{address}"
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
        assert "request failed" not in log.read_text()
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        asyncio.run(end_cycle(served, PLAN))


@pytest.fixture(scope="module")
def office(served: Settings) -> dict[str, str]:
    """An account that holds several roles, so that most routes let it in."""
    grants = [Grant(role=Role.OFFICE, organisation=OFFICE)]
    token = local_issuer(served).mint("tester", grants, life=timedelta(hours=1))
    return {"Authorization": f"Bearer {token}"}


PATIENCE = 60.0
"""Seconds in which an answer must come; a hundred starts at once, on a busy machine, take more than ten."""


WHOLE = 1
"""As many applications at once as may be are begun in one case; the others begin two each."""

_begun: list[int] = []


def in_short(body: Any) -> Any:
    """The body as it is sent: once a long list of starts was sent whole, of others the first two."""
    items = body.get("items") if isinstance(body, dict) else None
    if not isinstance(items, list) or not 2 < len(items) <= MOST_STARTS:
        return body
    _begun.append(len(items))
    return body if len(_begun) <= WHOLE else body | {"items": items[:2]}


@schema.parametrize()
@settings(
    max_examples=3,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_no_server_error_and_no_undocumented_answer(case: Case, running: str, office: dict[str, str]) -> None:
    case.body = in_short(case.body)
    answer = case.call(base_url=running, headers=office, timeout=PATIENCE)
    assert answer.status_code not in (500, 502, 504), answer.text
    checks = (status_code_conformance, content_type_conformance, response_schema_conformance)
    case.validate_response(answer, checks=list(checks))


def test_the_published_document_is_the_one_that_is_served(running: str) -> None:
    assert httpx.get(f"{running}/openapi.json", timeout=PATIENCE).json() == json.loads(openapi_text())
