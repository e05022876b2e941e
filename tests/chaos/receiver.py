"""One that listens to webhooks: takes every delivery down by its id, and says no now and then."""

from __future__ import annotations

import asyncio
import hashlib
import random
from collections import Counter

from models.webhooks import ID_HEADER
from workers.processes import LOOPBACK

SAYS_NO = 0.05
"""How often it answers 503: the same delivery must come again."""


class Receiver:
    """A server on a free port of loopback. `taken`: by delivery id, the hashes of the bodies that came."""

    def __init__(self, luck: random.Random) -> None:
        self._luck = luck
        self.taken: dict[str, set[str]] = {}
        self.order: list[str] = []
        self.times: Counter[str] = Counter()
        self.port = 0
        self._server: asyncio.Server | None = None

    async def open(self) -> None:
        """Listens."""
        self._server = await asyncio.start_server(self._serve, LOOPBACK, 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Listens no more."""
        if self._server is not None:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                fields = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:] if ": " in line)
                named = {name.lower(): value for name, value in fields.items()}
                body = await reader.readexactly(int(named.get("content-length", "0")))
                status = self._take(named.get(ID_HEADER, ""), body)
                writer.write(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n".encode())
                await writer.drain()
        except (asyncio.IncompleteReadError, OSError):
            pass
        finally:
            writer.close()

    def _take(self, name: str, body: bytes) -> str:
        if self._luck.random() < SAYS_NO:
            return "503 Service Unavailable"
        if name not in self.taken:
            self.order.append(name)
        self.taken.setdefault(name, set()).add(hashlib.sha256(body).hexdigest())
        self.times[name] += 1
        return "200 OK"
