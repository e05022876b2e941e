"""The gateway before PostgreSQL, where what SQLite forgives is an error, and writers come side by side."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import httpx
import pytest
from pydantic import SecretStr

from activities.database import Database
from tests.databases import postgres, postgres_url
from tests.support import unique
from tests.workers.gateway.conftest import PLAN, Bearer, app_of
from tests.workers.gateway.rows import a_draft
from workers.connect import connect
from workers.gateway.serve import context
from workers.rehearsal.cast import OFFICE
from workers.settings import Settings

__all__ = ["postgres", "postgres_url"]


@pytest.fixture
async def beside_postgres(gateway_settings: Settings, postgres_url: str) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a gateway whose database is PostgreSQL."""
    settings = gateway_settings.model_copy(update={"database_url": SecretStr(postgres_url)})
    async with context(settings, await connect(settings)) as made:
        transport = httpx.ASGITransport(app=app_of(made), raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
            yield client


async def test_one_number_that_is_recorded_many_times_at_once_is_recorded_once(
    beside_postgres: httpx.AsyncClient, bearer: Bearer
) -> None:
    path = f"/v1/plans/{PLAN}/people/{unique('p')}/identity"
    office, number = bearer("office-clerk", ("office", OFFICE)), {"number": "11010519491231002X"}
    every = await asyncio.gather(*(beside_postgres.put(path, json=number, headers=office) for _ in range(8)))
    assert [answer.status_code for answer in every] == [200] * 8, [answer.text for answer in every]
    assert sorted(answer.json()["new"] for answer in every) == [False] * 7 + [True]


@pytest.mark.parametrize("kind", ["activity", "notice", "webhook"])
async def test_an_incident_that_no_text_can_name_is_none(
    beside_postgres: httpx.AsyncClient, bearer: Bearer, kind: str
) -> None:
    answer = await beside_postgres.post(
        f"/v1/plans/{PLAN}/incidents/retry",
        json={"kind": kind, "of": "\0", "cause": "\0"},
        headers=bearer("office-clerk", ("office", OFFICE)),
    )
    assert (answer.status_code, answer.json()) == (200, {"retried": 0})


@pytest.mark.parametrize("document_no", [None, "津公〔2023〕1号"])
async def test_names_that_are_recorded_at_once_are_versions_or_are_refused(
    beside_postgres: httpx.AsyncClient, bearer: Bearer, postgres_url: str, document_no: str | None
) -> None:
    """One of two first names stands, and the other one needs a document like any later one."""
    database, ref = Database(postgres_url), unique("a")
    async with database.transaction() as session:
        session.add(a_draft(PLAN, ref, datetime(2023, 9, 20, tzinfo=UTC)))
    await database.close()
    path, office = f"/v1/plans/{PLAN}/applications/{ref}/name", bearer("office-clerk", ("office", OFFICE))
    every = await asyncio.gather(
        *(
            beside_postgres.put(path, json={"name": f"张{n}", "document_no": document_no}, headers=office)
            for n in range(8)
        )
    )
    taken = [answer for answer in every if answer.status_code == 200]
    assert {answer.status_code for answer in every} <= {200, 409, 422}, [answer.text for answer in every]
    assert len(taken) == (8 if document_no else 1)
    versions = (await beside_postgres.get(path, headers=office)).json()
    assert [one["version"] for one in versions] == list(range(1, len(taken) + 1))
