"""Every operation of the OpenAPI document, asked by Schemathesis (`every_operation.py`)."""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
from pathlib import Path

from workers.gateway.app import openapi_text

ASKED = Path(__file__).with_name("every_operation.py")
LEFT_OUT = {"event_stream"}
"""It has no end."""


async def test_no_server_error_and_no_undocumented_answer(temporal_address: str) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "pytest", ASKED, "-n", "0", "--temporal-address", temporal_address, "-q"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env=environment,
        cwd=Path(__file__).parents[3],
    )
    words = (await process.communicate())[0].decode()
    assert process.returncode == 0, words
    passed = re.search(r"(\d+) passed in", words)
    assert passed is not None, words
    paths = json.loads(openapi_text())["paths"].values()
    operations = {o["operationId"] for methods in paths for o in methods.values() if isinstance(o, dict)}
    assert operations > LEFT_OUT
    assert int(passed.group(1)) > len(operations - LEFT_OUT), words
