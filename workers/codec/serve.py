"""Runs the codec server, by itself or in the embedded stack."""

from __future__ import annotations

import asyncio
import socket

from activities.database import Database
from workers.board.session import Sessions
from workers.codec.door import CodecDoor
from workers.codec.ring import key_ring
from workers.codec.server import CodecServer, create_codec_app
from workers.codec.settings import listed
from workers.connect import connect_config
from workers.gateway.access_book import AccessBook
from workers.gateway.limits import Limits
from workers.gateway.serve import listening_socket, serve_app, verifier
from workers.settings import Settings, SettingsError, is_this_machine, split_address


async def run_codec(
    settings: Settings,
    database: Database,
    stop: asyncio.Event,
    *,
    sock: socket.socket | None = None,
    more_origins: tuple[str, ...] = (),
) -> None:
    """Serves on `sock`, or on `settings.codec_address`, until `stop`.

    Raises `SettingsError` where nobody could be let in or there is no key, `OSError` for a taken address.
    """
    config = connect_config(settings)
    ring = key_ring(settings, config["target_host"], config["namespace"])
    if ring is None:
        raise SettingsError(
            "ZHICHENG_PAYLOAD_ENCRYPTION: is off and there are no keys, so there is nothing to open. Remedy: "
            "give ZHICHENG_PAYLOAD_KEYS, or do without the codec server."
        )
    if settings.local_issuer and not (
        settings.rehearsal or is_this_machine(split_address(settings.codec_address)[0])
    ):
        raise SettingsError(
            "ZHICHENG_LOCAL_ISSUER: must not be true where the network reaches the codec server "
            "(ZHICHENG_CODEC_ADDRESS). Remedy: give ZHICHENG_OIDC_ISSUER, or listen at 127.0.0.1."
        )
    origins = frozenset((*listed(settings.codec_origins), *more_origins))
    door = CodecDoor(
        verifier(settings),
        Sessions(settings),
        Limits(settings.gateway_calls_a_minute, settings.gateway_public_calls_a_minute),
        origins=origins,
        services=frozenset(listed(settings.codec_services)),
    )
    server = CodecServer(
        door,
        ring,
        AccessBook(database),
        seals=settings.payload_encryption == "on",
        tokens_at_sign_in=settings.oidc_issuer is None,
    )
    listening = sock or listening_socket(settings.codec_address)
    await serve_app(create_codec_app(server, origins), listening, stop)
