"""Sends one signed body to a receiver: a checked address, small time-outs, no redirect, nothing kept.

The name of a receiver is looked up here and the address that was checked is the one that is called: a name
that leads elsewhere the next moment (DNS rebinding) gains nothing.
"""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import Any

import httpx

from activities.webhooks import Outcome
from models.webhooks import LONGEST_WAIT, Address, Network, Verdict, headers_of, may_go_to, verdict_on

CONNECT_SECONDS, ANSWER_SECONDS = 4.0, 10.0
"""To reach a receiver; and for the whole of a delivery."""


class _NowhereError(Exception):
    """There is no address that may be called; the argument says why in a word."""


def body_of(kind: str, at: datetime, data: Mapping[str, Any]) -> bytes:
    """The body of a delivery by the specification: `type`, `timestamp`, `data`; the same bytes every time."""
    whole = {"type": kind, "timestamp": at.isoformat(), "data": data}
    return json.dumps(whole, ensure_ascii=False, separators=(",", ":")).encode()


class Line:
    """An open line to one receiver."""

    def __init__(self, url: str, allowed: Iterable[Network], client: httpx.AsyncClient) -> None:
        self._url, self._allowed, self._client = httpx.URL(url), tuple(allowed), client
        self._host = self._url.raw_host.decode("ascii")
        self._addresses: list[Address] = []

    async def send(self, secrets: Iterable[str], message_id: str, body: bytes) -> Outcome:
        """Delivers, and says how it went; never raises for what a receiver does."""
        headers = headers_of(secrets, message_id, datetime.now(UTC), body)
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                self._addresses = self._addresses or await self._checked_addresses()
                return await self._send(headers, body)
        except _NowhereError as nowhere:
            return Outcome(Verdict.AWAY, str(nowhere))
        except TimeoutError:
            return Outcome(Verdict.AWAY, "timeout")

    async def _send(self, headers: Mapping[str, str], body: bytes) -> Outcome:
        failed = Outcome(Verdict.AWAY, "unreachable")
        for address in self._addresses:
            try:
                return await self._ask(address, headers, body)
            except httpx.TimeoutException:
                failed = Outcome(Verdict.AWAY, "timeout")
            except httpx.ConnectError as error:
                failed = Outcome(Verdict.AWAY, "tls" if _is_tls(error) else "unreachable")
            except httpx.HTTPError:  # the line broke while it spoke: it may have been heard
                return Outcome(Verdict.AWAY, "broken_off")
        return failed

    async def _ask(self, address: Address, headers: Mapping[str, str], body: bytes) -> Outcome:
        request = self._client.build_request(
            "POST",
            self._url.copy_with(host=str(address)),
            content=body,
            headers={
                "host": self._url.netloc.decode(),
                "content-type": "application/json",
                "user-agent": "zhicheng",
                **headers,
            },
            extensions={"sni_hostname": self._host},
        )
        response = await self._client.send(request, stream=True)
        await response.aclose()
        wait = response.headers.get("retry-after", "")
        seconds = timedelta(seconds=int(wait)) if wait.isdecimal() and len(wait) < 6 else timedelta(0)
        verdict = verdict_on(response.status_code)
        return Outcome(verdict, str(response.status_code), min(seconds, LONGEST_WAIT))

    async def _checked_addresses(self) -> list[Address]:
        host, port = self._host, self._url.port or (443 if self._url.scheme == "https" else 80)
        try:
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):  # a label that is empty or too long is no name at all
            raise _NowhereError("name_unknown") from None
        addresses = [ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]
        allowed = [one for one in dict.fromkeys(addresses) if may_go_to(one, self._allowed)]
        if not allowed:
            raise _NowhereError("private_address")
        if self._url.scheme != "https" and not all(one.is_loopback for one in allowed):
            raise _NowhereError("not_https")
        return allowed


def _is_tls(error: BaseException) -> bool:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            return True
        cause = cause.__cause__ or cause.__context__
    return False


class Post:
    """Where lines are opened. `trust`: whom it believes about TLS; by default this machine's store."""

    def __init__(self, allowed: Iterable[Network], trust: ssl.SSLContext | None = None) -> None:
        self.allowed = tuple(allowed)
        self._trust = trust or ssl.create_default_context()

    @asynccontextmanager
    async def line(self, url: str) -> AsyncIterator[Line]:
        """A line to one receiver. Not shared: a connection that was proved for one name serves no other."""
        async with httpx.AsyncClient(
            verify=self._trust,
            trust_env=False,
            follow_redirects=False,
            timeout=httpx.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS),
        ) as client:
            yield Line(url, self.allowed, client)

    async def send_once(self, url: str, secrets: Iterable[str], message_id: str, body: bytes) -> Outcome:
        """One delivery on a line of its own."""
        async with self.line(url) as line:
            return await line.send(secrets, message_id, body)
