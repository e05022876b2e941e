"""The gateway in the test's own loop, before the real worker; callers with tokens of the local issuer."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import timedelta

import httpx
import pytest
from fastapi import FastAPI
from starlette.routing import Mount

from models.roles import Role
from models.visibility import Grant
from tests.support import unique
from workers.board.session import Sessions
from workers.connect import connect
from workers.gateway.app import create_app
from workers.gateway.context import Context
from workers.gateway.serve import context, local_issuer
from workers.rehearsal.cast import CITY_OFFICE, COMMITTEE, CONVENING_UNIT, OFFICE, Cast, Json
from workers.settings import Settings

PLAN = "tianjin-quality-2023"


@pytest.fixture(scope="session")
def gateway_settings(served: Settings) -> Settings:
    """The settings of the worker's gateway, with the local issuer."""
    return served.model_copy(
        update={
            "local_issuer": True,
            "gateway_calls_a_minute": 100_000,
            "gateway_public_calls_a_minute": 100_000,
        }
    )


_built: dict[tuple[str, ...], FastAPI] = {}


def app_of(made: Context) -> FastAPI:
    """The application as it is served, with this context. Its routes are built once for all tests: FastAPI
    does that at the first request of each application, and takes longer for it than for most tests."""
    shaped_by = tuple(made.settings.origins())
    if shaped_by not in _built:
        _built[shaped_by] = create_app(made)
    app = _built[shaped_by]
    board = next(route.app for route in app.routes if isinstance(route, Mount) and route.path == "/board")
    assert isinstance(board, FastAPI)
    app.state.context = board.state.context = made
    board.state.sessions = Sessions(made.settings)
    return app


@pytest.fixture
async def gateway(gateway_settings: Settings) -> AsyncIterator[FastAPI]:
    """The application, before the worker."""
    client = await connect(gateway_settings)
    async with context(gateway_settings, client) as made:
        yield app_of(made)


@pytest.fixture
async def http(gateway: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A client without a token."""
    transport = httpx.ASGITransport(app=gateway, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
        yield client


Bearer = Callable[..., dict[str, str]]


@pytest.fixture
def bearer(gateway_settings: Settings) -> Bearer:
    """The header of a caller: `bearer(subject, (role, organisation), ...)`."""
    issuer = local_issuer(gateway_settings)

    def mint(subject: str, *grants: tuple[str, str | None]) -> dict[str, str]:
        held = [Grant(role=Role(role), organisation=organisation) for role, organisation in grants]
        return {"Authorization": f"Bearer {issuer.mint(subject, held, life=timedelta(hours=1))}"}

    return mint


def person_of(cast: Cast, role: str) -> tuple[str, str | None]:
    """The grant that the usual person of a role holds around this application."""
    return role, {
        "applicant": None,
        "employer": cast.employer,
        "department": cast.department,
        "office": OFFICE,
        "convening_unit": CONVENING_UNIT,
        "city_office": CITY_OFFICE,
        "expert": COMMITTEE,
        "chair": COMMITTEE,
        "archive": "tj-personnel-archive",
    }[role]


class Door:
    """One application over HTTP: what its people send, each with an own token."""

    def __init__(self, http: httpx.AsyncClient, bearer: Bearer, cast: Cast) -> None:
        self.http, self.bearer, self.cast = http, bearer, cast
        self.path = f"/v1/plans/{cast.plan_id}/applications/{cast.ref}"

    def headers(self, role: str, subject: str | None = None) -> dict[str, str]:
        """The token of the usual person of a role."""
        who = subject or (f"p-{self.cast.ref}" if role == "applicant" else f"{role}-clerk")
        return self.bearer(who, person_of(self.cast, role))

    async def start(self, **change: object) -> httpx.Response:
        """Begins the application in the autumn of the plan, as its applicant."""
        body = {
            k: v for k, v in self.cast.start(clock=clock()).items() if k not in ("plan_id", "application_ref")
        }
        return await self.http.put(self.path, json=body | change, headers=self.headers("applicant"))

    async def send(self, command: Json, **headers: str) -> httpx.Response:
        """A command of the cast; its actor decides whose token is sent, and does not travel."""
        actor = command["actor"]
        body = {k: v for k, v in command.items() if k not in ("actor", "kind", "command_id")}
        return await self.http.post(
            f"{self.path}/commands/{command['kind']}",
            json=body,
            headers=self.headers(actor["role"], actor["id"])
            | {"Idempotency-Key": command["command_id"]}
            | headers,
        )

    async def contested(self) -> None:
        """It is on view, and a colleague of the employer has objected under their name."""
        await self.start()
        for command in (self.cast.submit(), self.cast.recommend(), self.cast.start_publicity()):
            assert (await self.send(command)).is_success
        objected = await self.http.post(
            f"{self.path}/commands/object",
            json={"grounds": "业绩材料与实际不符", "real_name": True},
            headers=self.headers("employer", "colleague-7")
            | {"Idempotency-Key": f"{self.cast.ref}-o", "Zhicheng-Role": "public"},
        )
        assert objected.is_success, objected.text

    async def read(self, what: str = "", role: str = "office") -> httpx.Response:
        """One of the reading routes."""
        return await self.http.get(f"{self.path}{what}", headers=self.headers(role))


_clock: dict[str, Json] = {}


def clock() -> Json:
    """The same clock for the whole session, so that a start can be sent again."""
    from tests.workers.conftest import rehearsal_clock

    return _clock.setdefault("clock", rehearsal_clock("2023-09-20T09:00:00+08:00"))


@pytest.fixture
def stage_door(http: httpx.AsyncClient, bearer: Bearer) -> Door:
    """An application that no other test knows, not yet begun."""
    return Door(http, bearer, Cast(unique("g")))
