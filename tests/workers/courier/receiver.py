"""A real HTTP receiver in a thread, which verifies deliveries with the code that the documentation gives."""

from __future__ import annotations

import re
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from workers.processes import free_port

PAGE = Path("docs") / "listening.md"


def published(secret: str) -> dict[str, Any]:
    """The names of the receiver that the documentation gives, with this secret."""
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    names: dict[str, Any] = {"__name__": "receiver"}
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("TITLES_SECRET", secret)
        exec(code, names)
    return names


@dataclass
class Delivery:
    """One request as it came; `seen` is None when its signature does not hold."""

    message_id: str
    seen: dict[str, Any] | None
    headers: dict[str, str]
    raw: bytes

    @property
    def sequence(self) -> int:
        assert self.seen is not None
        return int(self.seen["data"]["sequence"])


class Receiver:
    """Listens on a loopback port; `answer` says the status for the n-th delivery (from 1), or blocks."""

    def __init__(
        self, secret: str, answer: Callable[[int], int] = lambda _: 204, tls: ssl.SSLContext | None = None
    ) -> None:
        self.verified = published(secret)["verified"]
        self.answer = answer
        self.deliveries: list[Delivery] = []
        self._lock = threading.Lock()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                status = outer.took(self.path, dict(self.headers), body)
                self.send_response(status)
                self.send_header("content-length", "0")
                if status in (301, 307):
                    self.send_header("location", "http://127.0.0.1:1/elsewhere")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", free_port()), Handler)
        self._server.daemon_threads = True
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/in?x=1"

    def took(self, path: str, headers: dict[str, str], body: bytes) -> int:
        assert path == "/in?x=1"
        with self._lock:
            told = Delivery(headers["webhook-id"], self.verified(headers, body), headers, body)
            self.deliveries.append(told)
            count = len(self.deliveries)
        return self.answer(count)

    def sequences(self) -> list[int]:
        """The sequences in the order in which they came."""
        with self._lock:
            return [one.sequence for one in self.deliveries]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
