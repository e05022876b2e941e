"""Runs the gateway: connects, opens the database, listens, and stops gracefully."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta

import uvicorn
from starlette.types import ASGIApp
from temporalio.client import Client

from activities.database import Database
from activities.feed import Feed
from workers.client import ReviewClient
from workers.client_cycle import CycleClient
from workers.evidence_desk import evidence_desk
from workers.gateway.access_book import AccessBook
from workers.gateway.app import create_app
from workers.gateway.context import Context
from workers.gateway.ears import Ears
from workers.gateway.limits import Limits
from workers.gateway.oidc import Fetch, KeyRing, Verifier, fetched_from
from workers.issuer import ISSUER, LocalIssuer
from workers.key_files import identity_keys
from workers.settings import Settings, SettingsError, is_this_machine, split_address

DRAIN_SECONDS = 20
"""How long a request that was begun may take to end when the gateway stops."""


def local_issuer(settings: Settings) -> LocalIssuer:
    """The issuer of this machine, whose key lies in the data directory."""
    return LocalIssuer(
        settings.data_dir.absolute(),
        settings.oidc_audience,
        settings.oidc_grants_claim,
        settings.oidc_service_claim,
    )


def verifier(settings: Settings) -> Verifier:
    """Who verifies tokens.

    Raises `SettingsError`: no issuer is set, or both kinds are, or the local one would let in the network.
    """
    if settings.oidc_issuer is not None and settings.local_issuer:
        raise SettingsError(
            "ZHICHENG_LOCAL_ISSUER: must not be true beside ZHICHENG_OIDC_ISSUER. Remedy: unset one of them."
        )
    if settings.oidc_issuer is not None:
        issuer, fetch = settings.oidc_issuer, fetched_from(settings.oidc_issuer, settings.oidc_jwks_url)
    elif settings.local_issuer:
        if not (settings.rehearsal or is_this_machine(split_address(settings.gateway_address)[0])):
            raise SettingsError(
                "ZHICHENG_LOCAL_ISSUER: must not be true where the network reaches the gateway "
                "(ZHICHENG_GATEWAY_ADDRESS). Remedy: give ZHICHENG_OIDC_ISSUER, or listen at 127.0.0.1."
            )
        issuer, fetch = ISSUER, _own_keys(local_issuer(settings))
    else:
        raise SettingsError(
            "ZHICHENG_OIDC_ISSUER: is not set, so nobody could be let in. Remedy: give the issuer's address, "
            "or ZHICHENG_LOCAL_ISSUER=true on a machine for rehearsals."
        )
    return Verifier(
        KeyRing(fetch),
        issuer=issuer,
        audience=settings.oidc_audience,
        grants_claim=settings.oidc_grants_claim,
        service_claim=settings.oidc_service_claim,
        algorithms=settings.algorithms(),
    )


def _own_keys(issuer: LocalIssuer) -> Fetch:
    async def fetch() -> dict[str, object]:
        return await asyncio.to_thread(issuer.jwks)

    return fetch


@asynccontextmanager
async def context(settings: Settings, client: Client) -> AsyncIterator[Context]:
    """What the routes work with; the database is closed at the end. Raises `SettingsError`."""
    verifying = verifier(settings)
    applications = ReviewClient(
        client,
        settings.task_queue,
        patience=settings.gateway_patience,
        task_timeout=timedelta(seconds=5),
    )
    database = Database(settings.database_url.get_secret_value())
    try:
        yield Context(
            settings=settings,
            temporal=client,
            database=database,
            applications=applications,
            cycles=CycleClient.beside(applications),
            verifier=verifying,
            limits=Limits(settings.gateway_calls_a_minute, settings.gateway_public_calls_a_minute),
            book=AccessBook(database),
            evidence=evidence_desk(settings, database),
            identities=identity_keys(settings),
            ears=Ears(Feed(database).catch_up),
        )
    finally:
        await database.close()


class _Server(uvicorn.Server):
    """Leaves signals to whoever runs it."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def listening_socket(address: str) -> socket.socket:
    """A socket that listens at host:port; port 0 finds a free one. Raises `OSError` when it is taken."""
    host, port = split_address(address)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=512)


async def run_gateway(
    settings: Settings, client: Client, stop: asyncio.Event, sock: socket.socket | None = None
) -> None:
    """Serves on `sock`, or on `settings.gateway_address`, until `stop`; then lets requests end.

    Raises `SettingsError`, and `OSError` when the address is taken.
    """
    async with context(settings, client) as made:
        listening = sock or listening_socket(settings.gateway_address)
        await serve_app(create_app(made), listening, stop, made.closing.set)


async def serve_app(
    app: ASGIApp, listening: socket.socket, stop: asyncio.Event, closing: Callable[[], None] = lambda: None
) -> None:
    """Serves an application until `stop`; then calls `closing`, and lets requests end."""
    server = _Server(
        uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            server_header=False,
            lifespan="off",
            timeout_graceful_shutdown=DRAIN_SECONDS,
        )
    )
    serving = asyncio.create_task(server.serve([listening]))
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        stopping.cancel()
        closing()
        server.should_exit = True
        await serving
        listening.close()
