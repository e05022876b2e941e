"""The doors that clients use, each until somebody answers: HTTP at either gateway, update, signal.

A sending has an answer or none. What has none is sent again with the same command id, for as long as it
takes; what was answered is in the ledger before anybody acts on it.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import httpx
from temporalio.service import RPCError

from models.roles import Role
from models.visibility import Grant
from tests.chaos.ledger import Answer, Ledger
from tests.chaos.lives import Life
from workers.client import ReviewClient
from workers.client_errors import ClientError, CommandRefused, ReviewClosed, StartRefused
from workers.gateway.serve import local_issuer
from workers.issuer import LocalIssuer
from workers.rehearsal.cast import Json
from workers.settings import Settings

AGAIN = (408, 425, 429, 500, 502, 503, 504)
"""Answers of a gateway that answer nothing: the same is sent again."""

ANSWERS = (200, 202, 403, 404, 409, 422)
PAUSE = 0.5


class Doors:
    """`gateways` and `temporal`: addresses of links. `counts`: sendings, and those that nobody answered."""

    def __init__(
        self,
        settings: Settings,
        ledger: Ledger,
        gateways: list[str],
        client: ReviewClient,
        luck: random.Random,
    ) -> None:
        self._ledger, self._client, self._luck = ledger, client, luck
        self._issuer: LocalIssuer = local_issuer(settings)
        self._tokens: dict[tuple[str, str, str | None], str] = {}
        self._http = [
            httpx.AsyncClient(
                base_url=f"http://{address}",
                timeout=httpx.Timeout(15, pool=None),
                limits=httpx.Limits(max_connections=60, max_keepalive_connections=20),
            )
            for address in gateways
        ]
        self.counts: Counter[str] = Counter()
        self.unexplained: list[str] = []
        self.heard: dict[str, str] = {}
        """What was sent and has no answer yet, with the last thing that was heard instead."""

    async def close(self) -> None:
        """Closes the connections."""
        for one in self._http:
            await one.aclose()

    # --- doors -----------------------------------------------------------------------------------------

    async def begin(self, life: Life) -> None:
        """Starts the application through a gateway; the start is acknowledged when this returns."""
        body = {k: v for k, v in life.start().items() if k not in ("plan_id", "application_ref")}
        headers = {"Authorization": f"Bearer {self._token({'id': f'p-{life.ref}', 'role': 'applicant'})}"}
        answer = await self._until_answered("PUT", _path(life), body, headers)
        kind = "accepted" if answer.status_code in (200, 201, 202) else "refused"
        if kind == "refused":
            self.unexplained.append(f"start of {life.ref}: {answer.status_code} {answer.text[:200]}")
        await self._ledger.enter(Answer(f"start {life.ref}", life.ref, "http", kind))

    async def http(self, life: Life, command: Json, *, waits: bool = True) -> Answer:
        """Over HTTP; without waiting it is `Prefer: respond-async`."""
        body = {k: v for k, v in command.items() if k not in ("actor", "kind", "command_id")}
        headers = {
            "Authorization": f"Bearer {self._token(command['actor'])}",
            "Idempotency-Key": command["command_id"],
            **({} if waits else {"Prefer": "respond-async"}),
        }
        answer = await self._until_answered(
            "POST", f"{_path(life)}/commands/{command['kind']}", body, headers
        )
        said, door = answer.json(), "http" if waits else "http, not waiting"
        if answer.status_code == 200:
            return await self._enter(life, command, door, "accepted", said)
        if answer.status_code == 202:
            return await self._enter(life, command, door, "taken", {})
        if not said.get("code"):
            self.unexplained.append(f"{command['command_id']}: {answer.status_code} {answer.text[:200]}")
        return await self._enter(life, command, door, "refused", {"code": said.get("code", "")})

    async def update(self, life: Life, command: Json) -> Answer:
        """As an update, past the gateways."""
        try:
            receipt = await self._insist(
                f"update {command['command_id']}", lambda: self._client.send(life.ref, command)
            )
        except (CommandRefused, ReviewClosed) as refused:
            return await self._enter(life, command, "update", "refused", {"code": _code(refused)})
        return await self._enter(life, command, "update", "accepted", receipt.model_dump(mode="json"))

    async def signal(self, life: Life, command: Json) -> Answer:
        """As a signal: taken, and nobody says what came of it."""
        try:
            await self._insist(
                f"signal {command['command_id']}", lambda: self._client.signal(life.ref, command)
            )
        except (CommandRefused, ReviewClosed) as refused:
            return await self._enter(life, command, "signal", "refused", {"code": _code(refused)})
        return await self._enter(life, command, "signal", "taken", {})

    async def some(self, life: Life, command: Json) -> Answer:
        """Through one of the doors, by chance."""
        dice = self._luck.random()
        if command["actor"]["role"] == "public":  # over HTTP the public is told nothing of what came of it
            dice = 0.6 + dice * 0.4
        if dice < 0.55:
            return await self.http(life, command)
        if dice < 0.6:
            return await self.http(life, command, waits=False)
        if dice < 0.9:
            return await self.update(life, command)
        return await self.signal(life, command)

    # --- until there is an answer ----------------------------------------------------------------------

    async def _until_answered(self, method: str, path: str, body: Json, headers: Json) -> httpx.Response:
        name = f"{method} {path} {headers.get('Idempotency-Key', '')}"
        while True:
            self.counts["sent"] += 1
            try:
                answer = await self._luck.choice(self._http).request(method, path, json=body, headers=headers)
            except httpx.TransportError as error:
                self.counts[f"no answer: {type(error).__name__}"] += 1
                self.heard[name] = repr(error)
            else:
                if answer.status_code not in AGAIN:
                    self.heard.pop(name, None)
                    return answer
                self.heard[name] = f"{answer.status_code} {answer.text[:200]}"
                self.counts[f"no answer: {answer.status_code}"] += 1
                if answer.status_code == 500:
                    self.unexplained.append(f"500 for {method} {path}: {answer.text[:200]}")
            await asyncio.sleep(PAUSE * (0.5 + self._luck.random()))

    async def _insist(self, name: str, call: Callable[[], Awaitable[Any]]) -> Any:
        while True:
            self.counts["sent"] += 1
            try:
                answer = await call()
                self.heard.pop(name, None)
                return answer
            except (CommandRefused, ReviewClosed, StartRefused):
                self.heard.pop(name, None)
                raise
            except (ClientError, RPCError, TimeoutError, ConnectionError) as error:
                self.counts[f"no answer: {type(error).__name__}"] += 1
                self.heard[name] = repr(error)[:300]
            await asyncio.sleep(PAUSE * (0.5 + self._luck.random()))

    async def _enter(self, life: Life, command: Json, door: str, kind: str, said: Json) -> Answer:
        answer = Answer(command["command_id"], life.ref, door, kind, said)
        await self._ledger.enter(answer)
        return answer

    def _token(self, actor: Json) -> str:
        who = actor["role"], actor["id"], actor.get("organisation")
        if who not in self._tokens:
            grant = Grant(role=Role(actor["role"]), organisation=who[2])
            self._tokens[who] = self._issuer.mint(who[1], [grant], life=timedelta(hours=2))
        return self._tokens[who]


def _path(life: Life) -> str:
    return f"/v1/plans/{life.cast.plan_id}/applications/{life.ref}"


def _code(error: CommandRefused | ReviewClosed) -> str:
    return error.refusal.code.value if isinstance(error, CommandRefused) else "closed"
