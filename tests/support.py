"""What tests share: waiting for something to become true, and names that no other test uses."""

from __future__ import annotations

import asyncio
import inspect
import sys
import time
import uuid
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar, overload

import structlog

T = TypeVar("T")

PATIENCE = 3
"""How much longer is waited than a test says: it helps a slow machine, and costs nothing on a quick one."""


@overload
async def eventually(check: Callable[[], Coroutine[Any, Any, T]], timeout: float = ...) -> T: ...  # noqa: ASYNC109
@overload
async def eventually(check: Callable[[], T], timeout: float = ...) -> T: ...  # noqa: ASYNC109
async def eventually(check: Callable[[], Any], timeout: float = 10.0) -> Any:  # noqa: ASYNC109
    """Call `check` until it fails by no assertion, unpacking or look-up, nor returns False; its answer.

    `timeout` in seconds, of a machine that does nothing else; at its end the last failure is raised, so that
    the test tells why.
    """
    deadline = time.monotonic() + timeout * PATIENCE
    while True:
        try:
            answer = check()
            value = await answer if inspect.isawaitable(answer) else answer
            assert value is not False, f"{check} stays False"
            return value
        except (AssertionError, ValueError, LookupError):  # "one of many" fails by unpacking, too
            if time.monotonic() > deadline:
                raise
        await asyncio.sleep(0.05)


def unique(prefix: str) -> str:
    """`prefix` and a random part: a task queue, a workflow id."""
    return f"{prefix}-{uuid.uuid4().hex[:12]}"


def log_to_stderr() -> None:
    """Logging as tests have it: a worker in the test's process must not write where a command prints."""
    structlog.reset_defaults()
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.__stderr__))
