"""A known cycle before a real worker and a gateway: who asks it by command and over HTTP hears the same."""

from __future__ import annotations

import asyncio
import json
import re
from typing import Any

import httpx
import pytest

from activities.database import Database
from tests.activities.hall import Hall
from tests.activities.recorded import Desk, told
from tests.models.life import Cast, certified, posted, published, voted, with_office
from tests.operations.reading import Sheets
from tests.workers.conftest import Zhicheng, rehearsal_clock, served, zhicheng
from tests.workers.gateway.conftest import PLAN, Bearer, bearer, gateway, gateway_settings, http
from workers.client import ReviewClient
from workers.connect import connect
from workers.rehearsal.cast import CITY_OFFICE, OFFICE, Json
from workers.rehearsal.meeting_cast import MeetingCast
from workers.settings import Settings

__all__ = ["bearer", "gateway", "gateway_settings", "http", "served", "zhicheng"]

BOARD = f"/board/plans/{PLAN}"
AT = "2023-11-03T09:00"
"""A Friday: one working day before the departments' window closes."""

LIVES = {
    "with-office": with_office,
    "to-prove": posted,
    "on-view": published,
    "titled": certified,
    "passed": voted,
}


class Asking:
    """One person at the command line, and the same offices over HTTP."""

    def __init__(self, zhicheng: Zhicheng, http: httpx.AsyncClient, bearer: Bearer) -> None:
        self._zhicheng, self._http = zhicheng, http
        self._bearer = bearer
        self._browsers: dict[str, httpx.AsyncClient] = {}
        self.office = bearer("office-clerk", ("office", OFFICE))
        self.city = bearer("city-clerk", ("city_office", CITY_OFFICE))
        self.unit = bearer("employer-clerk", ("employer", Cast("x").employer))

    def of(self, person: str, role: str, organisation: str | None) -> dict[str, str]:
        """The token of somebody else."""
        return self._bearer(person, (role, organisation))

    async def refused(self, method: str, path: str, body: Json, headers: dict[str, str]) -> Any:
        """The problem that the API answers."""
        answer = await self._http.request(method, _url(path), json=body, headers=headers)
        assert answer.status_code >= 400, answer.text
        return answer.json()

    async def text(self, *words: str, status: int | None = 0) -> str:
        """What a command prints; `status` None: whatever it ends with."""
        result = await asyncio.to_thread(self._zhicheng, *words, ZHICHENG_REHEARSAL="true")
        assert status is None or result.exit_code == status, result.output
        return result.stdout

    async def told(self, *words: str, status: int | None = 0) -> Any:
        """What a command prints as JSON; the worker of this process may log to the same stream beside it."""
        text = await self.text(*words, "--json", status=status)
        begins = re.search(r"^[\[{]", text, re.MULTILINE)
        assert begins is not None, text
        return json.JSONDecoder().raw_decode(text, begins.start())[0]

    async def get(self, path: str, headers: dict[str, str] | None = None, **params: Any) -> Any:
        """What the API answers; a path without a leading / is one of the plan."""
        answer = await self._http.get(_url(path), params=params, headers=headers or self.office)
        assert answer.status_code == 200, answer.text
        return answer.json() if "json" in answer.headers["content-type"] else answer.text

    async def send(self, method: str, path: str, body: Json, headers: dict[str, str] | None = None) -> Any:
        """What the API answers to something that is sent."""
        answer = await self._http.request(method, _url(path), json=body, headers=headers or self.office)
        assert answer.status_code in (200, 201), answer.text
        return answer.json() if "json" in answer.headers["content-type"] else answer.text

    async def page(self, path: str, headers: dict[str, str] | None = None, **params: Any) -> Sheets:
        """What the board shows of it, in English if nothing else is said."""
        browser = await self._signed_in(headers or self.office)
        answer = await browser.get(f"{BOARD}/{path}", params={"lang": "en", **params})
        assert answer.status_code == 200, answer.text
        return Sheets(answer.text)

    async def act(self, path: str, form: dict[str, Any], headers: dict[str, str] | None = None) -> Sheets:
        """What the board shows after a form was sent from the page that has it."""
        browser = await self._signed_in(headers or self.office)
        csrf = re.search(r'name="csrf" value="(\w+)"', (await browser.get(f"{BOARD}/cycle")).text)
        assert csrf is not None
        answer = await browser.post(f"{BOARD}/{path}", data={**form, "csrf": csrf[1]}, follow_redirects=True)
        assert answer.status_code == 200, answer.text
        return Sheets(answer.text)

    async def _signed_in(self, headers: dict[str, str]) -> httpx.AsyncClient:
        token = headers["Authorization"].removeprefix("Bearer ")
        if token not in self._browsers:
            browser = httpx.AsyncClient(transport=self._http._transport, base_url="http://gateway")
            answer = await browser.post("/board/sign-in", data={"token": token})
            assert answer.status_code == 303, answer.text
            self._browsers[token] = browser
        return self._browsers[token]


def _url(path: str) -> str:
    return path if path.startswith("/") else f"/v1/plans/{PLAN}/{path}"


@pytest.fixture
def asking(cycle: None, zhicheng: Zhicheng, http: httpx.AsyncClient, bearer: Bearer) -> Asking:  # noqa: ARG001
    """Somebody who asks about the known cycle."""
    return Asking(zhicheng, http, bearer)


@pytest.fixture(scope="session")
def cycle(served: Settings) -> None:
    """Four lives on record, and three applications that run: returned, on hold, with their employer."""
    asyncio.run(_made(served))


async def _made(served: Settings) -> None:
    database = Database(served.database_url.get_secret_value())
    desk = Desk(database)
    for ref, way in LIVES.items():
        life = told(way, Cast(ref))
        if ref == "to-prove":
            life.at("2023-10-09 09:00")
        await desk.write_all(life)
    await Hall(database, MeetingCast("spring")).furnish()
    await database.close()
    door = ReviewClient(await connect(served), served.task_queue)
    for ref in ("returned", "held", "waiting"):
        cast = Cast(ref)
        await door.start(cast.start(clock=rehearsal_clock(f"{AT}:00+08:00")))
        await door.send(ref, cast.submit())
        if ref == "returned":
            await door.send(ref, cast.employer_return())
        if ref == "held":
            await door.send(ref, cast.hold())
