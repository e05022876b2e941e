"""A wire on loopback that can be cut, slowed down, stopped, or closed in one direction only.

Everything that two processes say to each other goes through one of these; it looks at nothing of it.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from dataclasses import dataclass, field

from workers.processes import LOOPBACK, free_port

PIECE = 65_536


@dataclass(eq=False)
class _Pair:
    """One connection through the wire: both ends, and which directions were closed on purpose."""

    near: asyncio.StreamWriter
    far: asyncio.StreamWriter | None = None
    deaf: set[str] = field(default_factory=set)

    def abort(self) -> None:
        """Both ends get a reset, and not a polite end."""
        for end in (self.near, self.far):
            if end is not None:
                wire = end.get_extra_info("socket")
                with contextlib.suppress(OSError):
                    wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                end.transport.abort()


class Link:
    """Listens on a port of its own and passes everything on to `target`, a port of this machine."""

    def __init__(self, name: str, target: int) -> None:
        self.name, self.target = name, target
        self.port = free_port()
        self.delay = 0.0
        self.connections = 0
        self._passes = asyncio.Event()
        self._passes.set()
        self._pairs: set[_Pair] = set()
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def address(self) -> str:
        """Where to connect."""
        return f"{LOOPBACK}:{self.port}"

    async def open(self) -> None:
        """Begins to listen."""
        self._server = await asyncio.start_server(self._serve, LOOPBACK, self.port, backlog=512)

    async def close(self) -> None:
        """Ends every connection and listens no more."""
        self.heal()
        if self._server is not None:
            self._server.close()
        self.cut()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.sleep(0.02)  # transports that were aborted are closed by the loop

    # --- what may go wrong -----------------------------------------------------------------------------

    def cut(self) -> int:
        """Resets every connection; new ones are taken. How many there were."""
        pairs = list(self._pairs)
        for pair in pairs:
            pair.abort()
        return len(pairs)

    def half_close(self) -> int:
        """Nothing more comes back on the connections of this moment, though what is said is taken."""
        for pair in self._pairs:
            pair.deaf.add("back")
            with contextlib.suppress(OSError, RuntimeError):
                pair.near.write_eof()
        return len(self._pairs)

    def hole(self) -> None:
        """Nothing passes and nothing is refused, as where a cable was pulled."""
        self._passes.clear()

    def heal(self) -> None:
        """As it was."""
        self.delay = 0.0
        self._passes.set()

    # --- passing on ------------------------------------------------------------------------------------

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        pair = _Pair(writer)
        self._pairs.add(pair)
        self.connections += 1
        try:
            await self._passes.wait()
            back, pair.far = await asyncio.open_connection(LOOPBACK, self.target)
            async with asyncio.TaskGroup() as group:
                group.create_task(self._pump(reader, pair.far, pair, "on"))
                group.create_task(self._pump(back, writer, pair, "back"))
        except (OSError, ExceptionGroup, asyncio.CancelledError):
            pair.abort()
        finally:
            self._pairs.discard(pair)
            self._tasks.discard(task)
            for end in (pair.near, pair.far):
                if end is not None:
                    end.close()

    async def _pump(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, pair: _Pair, way: str
    ) -> None:
        while piece := await source.read(PIECE):
            await self._passes.wait()
            if self.delay:
                await asyncio.sleep(self.delay)
            if way in pair.deaf:
                continue
            sink.write(piece)
            await sink.drain()
        if way not in pair.deaf:
            with contextlib.suppress(OSError, RuntimeError):
                sink.write_eof()
