"""A migrated database with lives in it, a courier in the test's own loop, receivers and a mail server."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from activities.database import Database
from activities.sealing import Seal
from activities.webhooks import Owner, Webhooks
from models.roles import Role
from models.tables import Webhook
from models.webhooks import new_secret
from tests.activities.recorded import Desk, told
from tests.databases import postgres, postgres_url, sqlite_template, sqlite_url
from tests.models.life import Cast, submitted
from tests.workers.courier.receiver import Receiver
from workers.courier.courier import run_courier
from workers.settings import Settings

__all__ = ["postgres", "postgres_url", "sqlite_template", "sqlite_url"]

PLAN = "tianjin-quality-2023"
SECRET = new_secret(bytes(range(32)))
SEAL_KEY, SEAL = base64.b64encode(bytes(32)).decode(), Seal(bytes(32))
EMPLOYER = Cast("any").employer


@pytest.fixture
async def database(sqlite_url: str) -> AsyncIterator[Database]:
    """A migrated database of this test."""
    opened = Database(sqlite_url)
    yield opened
    await opened.close()


@pytest.fixture
def settings(tmp_path: Path, sqlite_url: str) -> Settings:
    """Where this machine may be called."""
    return Settings.load(
        data_dir=tmp_path,
        database_url=sqlite_url.replace("sqlite://", "sqlite+aiosqlite://"),
        webhook_networks="127.0.0.0/8",
        webhook_key=SEAL_KEY,
    )


@pytest.fixture
def receive() -> Iterator[Callable[..., Receiver]]:
    """Makes receivers; they end with the test."""
    made: list[Receiver] = []

    def make(**more: Any) -> Receiver:
        made.append(Receiver(SECRET, **more))
        return made[-1]

    yield make
    for one in made:
        one.close()


@asynccontextmanager
async def courier(settings: Settings, database: Database, *, mailbox: bool = False) -> AsyncIterator[None]:
    """A courier that works while the block runs."""
    stop = asyncio.Event()
    working = asyncio.create_task(run_courier(settings, database, stop, mailbox=mailbox))
    try:
        yield
    finally:
        stop.set()
        await working


async def write(database: Database, *refs: str) -> None:
    """For each reference a submitted application: two events."""
    for ref in refs:
        await Desk(database).write_all(told(submitted, Cast(ref)))


async def subscribe(database: Database, url: str, webhook_id: str = "wh-1", **more: Any) -> Webhook:
    """The employer of the usual cast listens from the beginning."""
    return await Webhooks(database).add(
        Owner(PLAN, Role.EMPLOYER, EMPLOYER),
        webhook_id=webhook_id,
        url=url,
        secret=SEAL.seal(webhook_id, SECRET),
        events=None,
        application_ref=None,
        after=0,
        created_by="svc",
        at=datetime.now(UTC),
        **more,
    )
