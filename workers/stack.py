"""The embedded stack: Temporal server, database and worker in one start, everything under one directory.

A second start finds the applications of the first, whatever ended it.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from workers.processes import AlreadyStartingError, ServerRecord, can_bind, only_one
from workers.settings import Settings, SettingsError, split_address

if TYPE_CHECKING:
    from workers.embedded import DevServer

USUAL_PORT, USUAL_UI_PORT = 7233, 8233
RECORD = "temporal-server.json"


class StackError(RuntimeError):
    """The stack cannot run; the text says why and what to do."""


@dataclass(frozen=True)
class StackPlaces:
    """Where everything of a running stack is."""

    data_dir: Path
    temporal: str
    namespace: str
    task_queue: str
    web: str | None
    gateway: str
    codec: str | None
    database: str
    log: Path
    pid: int


def temporal_dir(settings: Settings) -> Path:
    """Where the embedded server keeps its database, its pid file and its log."""
    return settings.data_dir.absolute() / "temporal"


def settings_to_reach(settings: Settings) -> Settings:
    """The settings with the address of the embedded server, when it runs and no other was asked for."""
    asked = settings.temporal_address or settings.temporal_profile
    named = any(
        os.environ.get(name) for name in ("TEMPORAL_ADDRESS", "TEMPORAL_PROFILE", "TEMPORAL_CONFIG_FILE")
    )
    if asked or named:
        return settings
    found = ServerRecord.read(temporal_dir(settings) / RECORD)
    if found is None or not found.is_alive():
        return settings
    return settings.model_copy(update={"temporal_address": f"127.0.0.1:{found.port}"})


async def run_stack(
    settings: Settings,
    *,
    port: int | None = None,
    ui_port: int | None = None,
    ui: bool = True,
    announce: Callable[[StackPlaces], None] = lambda _: None,
    stop: asyncio.Event | None = None,
) -> int:
    """Run until SIGTERM, SIGINT or `stop`; then drain the worker and stop the server. The exit status.

    `announce` is called once the worker serves. Raises `StackError` when a stack runs already in this
    data directory, or a part of it does not start.
    """
    data_dir = settings.data_dir.absolute()
    data_dir.mkdir(parents=True, exist_ok=True)
    with _alone(data_dir):
        return await _run(settings, port, ui_port, ui, announce, stop)


async def _run(
    settings: Settings,
    port: int | None,
    ui_port: int | None,
    ui: bool,
    announce: Callable[[StackPlaces], None],
    stop: asyncio.Event | None,
) -> int:
    from activities.database import Database
    from workers.codec.ring import make_key_file
    from workers.codec.serve import run_codec
    from workers.connect import connect
    from workers.courier.courier import goes_to_mailbox, run_courier
    from workers.database import upgrade
    from workers.embedded import NAMESPACE, DevServer, DevServerError
    from workers.gateway.serve import run_gateway, verifier
    from workers.nexus import nexus_services
    from workers.nexus_endpoints import create_endpoints
    from workers.observe.page import observed
    from workers.registry import WORKFLOWS, make_activities
    from workers.search_attributes import register_search_attributes
    from workers.telemetry import temporal_runtime
    from workers.worker import run_worker, stop_on_signal

    try:
        verifier(_own_issuer(settings))
    except SettingsError as error:
        raise StackError(str(error)) from None
    url = settings.database_url.get_secret_value()
    await asyncio.to_thread(upgrade, url)
    known = ServerRecord.read(temporal_dir(settings) / RECORD)
    opening = _opens_payloads(settings)
    codec = _listening(settings.codec_address) if opening else None
    server = DevServer(
        db_file=temporal_dir(settings) / "temporal.db",
        port=port or (None if known else _if_free(USUAL_PORT)),
        ui_port=ui_port or (None if known else _if_free(USUAL_UI_PORT)),
        ui=ui,
        ui_codec_endpoint=_address_of(codec) if codec else None,
    )
    try:
        await server.start()
    except DevServerError as error:
        raise StackError(str(error)) from error
    database = Database(url)
    try:
        here = settings.model_copy(
            update={"temporal_address": server.address, "temporal_namespace": NAMESPACE}
        )
        async with AsyncExitStack() as stack:
            stack.enter_context(observed(here, "stack"))
            stopping = await stack.enter_async_context(
                stop_on_signal() if stop is None else nullcontext(stop)
            )
            make_key_file(here, server.address)
            client = await connect(here, runtime=temporal_runtime(here))
            await register_search_attributes(client)
            await create_endpoints(client, here.task_queue, here.nexus_callers)
            listening = _listening(settings.gateway_address)
            announce(
                StackPlaces(
                    data_dir=settings.data_dir.absolute(),
                    temporal=server.address,
                    namespace=NAMESPACE,
                    task_queue=settings.task_queue,
                    web=server.ui_url,
                    gateway=_address_of(listening),
                    codec=_address_of(codec) if codec else None,
                    database=database_words(url),
                    log=log_file(settings),
                    pid=os.getpid(),
                )
            )
            serving = asyncio.gather(
                run_gateway(_own_issuer(here), client, stopping, listening),
                run_courier(here, database, stopping, mailbox=goes_to_mailbox(here, usually=True)),
                *(
                    [run_codec(_own_issuer(here), database, stopping, sock=codec, more_origins=_ui(server))]
                    if codec
                    else []
                ),
            )
            try:
                return await run_worker(
                    here,
                    client=client,
                    workflows=WORKFLOWS,
                    database=database,
                    activities=make_activities(
                        database,
                        rehearsal=settings.rehearsal,
                        calendar_dir=settings.calendar_dir,
                        papers=settings.papers(may_make_key=True),
                        four_eyes_above=settings.batch_four_eyes_above,
                        identity_required=settings.identity_required,
                    ),
                    nexus_services=nexus_services(here, database),
                    stop=stopping,
                )
            finally:
                stopping.set()
                await serving
    finally:
        await database.close()
        await server.stop()


def log_file(settings: Settings) -> Path:
    """Where a stack writes its log."""
    return settings.data_dir.absolute() / "zhicheng.log"


def database_words(url: str) -> str:
    """A database URL without its password."""
    head, _, tail = url.partition("://")
    return f"{head}://{tail.rpartition('@')[2]}"


def _listening(address: str) -> socket.socket:
    """Where a door listens: at the address of the settings, or at any port when that is taken."""
    from workers.gateway.serve import listening_socket

    try:
        return listening_socket(address)
    except OSError:
        return listening_socket(f"{split_address(address)[0]}:0")


def _address_of(listening: socket.socket) -> str:
    return "http://{}:{}".format(*listening.getsockname()[:2])


def _opens_payloads(settings: Settings) -> bool:
    """Whether there is anything that a codec server could open, and nobody turned it off."""
    has_keys = settings.payload_encryption == "on" or settings.payload_keys is not None
    return has_keys and split_address(settings.codec_address)[1] != 0


def _ui(server: DevServer) -> tuple[str, ...]:
    """The origin of the Web UI, which may ask the codec server."""
    return (server.ui_url,) if server.ui_url else ()


def _own_issuer(settings: Settings) -> Settings:
    """On one machine the gateway takes the tokens of `zhicheng token`, unless an issuer is set."""
    return settings.model_copy(update={"local_issuer": settings.oidc_issuer is None})


def _if_free(port: int) -> int | None:
    return port if can_bind(port) else None


@contextmanager
def _alone(data_dir: Path) -> Iterator[None]:
    """One stack a data directory; the mark says which process it is."""
    mark = data_dir / "up.json"
    try:
        with only_one(data_dir / "up.lock"):
            mark.write_text(json.dumps({"pid": os.getpid()}))
            yield
            mark.unlink(missing_ok=True)
    except AlreadyStartingError:
        raise StackError(
            f"`zhicheng up` is running already for {data_dir} (process {_pid_in(mark)}): use it, stop it "
            "first, or choose another ZHICHENG_DATA_DIR."
        ) from None


def _pid_in(mark: Path) -> str:
    try:
        return str(json.loads(mark.read_text())["pid"])
    except (OSError, ValueError, KeyError, TypeError):
        return "unknown"
