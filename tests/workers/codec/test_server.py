"""The codec server asked as Temporal's tools ask it: who may, from where, and what stands on record."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from google.protobuf.json_format import MessageToDict, ParseDict
from sqlalchemy import select
from temporalio.api.common.v1 import Payload, Payloads

from activities.database import Database
from models.roles import Role
from models.tables import AccessEntry
from models.visibility import Grant
from tests.codec import ring
from workers.board.session import Sessions
from workers.codec.codec import is_sealed, seal
from workers.codec.door import COOKIE, CodecDoor
from workers.codec.given import new_key
from workers.codec.server import MOST_BYTES, CodecServer, create_codec_app
from workers.database import upgrade
from workers.gateway.access_book import AccessBook
from workers.gateway.limits import Limits
from workers.gateway.serve import local_issuer, verifier
from workers.settings import Settings

UI, ELSEWHERE = "http://127.0.0.1:8233", "http://127.0.0.1:9999"
PLANTED = Payload(metadata={"encoding": b"json/plain"}, data='"张三的学历证书"'.encode())


class Asked:
    """The server, and whoever asks it."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self.settings, self.database = settings, database
        self.door = CodecDoor(
            verifier(settings),
            Sessions(settings),
            Limits(100_000, 100_000),
            origins=frozenset({UI}),
            services=frozenset({"svc-hr"}),
        )
        server = CodecServer(self.door, ring(), AccessBook(database), seals=True, tokens_at_sign_in=True)
        app = create_codec_app(server, frozenset({UI}))
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1:8082")

    def token(self, role: Role, subject: str = "somebody", *, service: bool = False) -> str:
        organisation = None if role is Role.APPLICANT else "an-organisation"
        grants = [Grant(role=role, organisation=organisation)]
        life = timedelta(hours=1)
        return local_issuer(self.settings).mint(subject, grants, life=life, service=service)

    async def ask(self, what: str, *payloads: Payload, token: str | None = None, **more: Any) -> Any:
        headers = {"X-Namespace": "default", "Authorization": f"Bearer {token}", **more.pop("headers", {})}
        if token is None:
            headers.pop("Authorization")
        body = more.pop("json", MessageToDict(Payloads(payloads=payloads)))
        return await self.http.post(what, json=body, headers=headers, **more)

    async def record(self) -> list[AccessEntry]:
        async with self.database.reading() as session:
            return list((await session.scalars(select(AccessEntry).order_by(AccessEntry.id))).all())


@pytest.fixture
async def asked(tmp_path: Path) -> AsyncIterator[Asked]:
    settings = Settings.load(data_dir=tmp_path, local_issuer=True)
    url = settings.database_url.get_secret_value()
    upgrade(url)
    database = Database(url)
    yield Asked(settings, database)
    await database.close()


def payloads_in(answer: httpx.Response) -> list[Payload]:
    assert answer.status_code == 200, answer.text
    return list(ParseDict(answer.json(), Payloads()).payloads)


async def test_an_office_reads_and_it_is_on_record_without_a_word_of_it(asked: Asked) -> None:
    office = asked.token(Role.OFFICE, "office-clerk")
    [sealed] = payloads_in(await asked.ask("/encode", PLANTED, token=office))
    assert is_sealed(sealed)
    plain = Payload(metadata={"encoding": b"json/plain"}, data=b"1")
    assert payloads_in(await asked.ask("/decode", sealed, plain, token=office)) == [PLANTED, plain]
    assert payloads_in(await asked.ask("/decode", plain, token=office)) == [plain]
    [row] = await asked.record()
    assert (row.subject, row.what, row.plan_id, row.application_ref, row.outcome, row.reason) == (
        *("office-clerk", "codec_decode", "payloads", "default", "shown"),
        "1 payloads",
    )


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.SYSTEM, Role.PUBLIC}, key=lambda role: role.value))
async def test_everybody_else_is_refused(asked: Asked, role: Role) -> None:
    may = role in (Role.OFFICE, Role.CONVENING_UNIT, Role.CITY_OFFICE)
    for what in ("/decode", "/encode"):
        answer = await asked.ask(what, seal(PLANTED, ring()), token=asked.token(role))
        assert answer.status_code == (200 if may else 403), answer.text
    assert len(await asked.record()) == (1 if may else 0)


async def test_a_service_account_must_be_named(asked: Asked) -> None:
    sealed = seal(PLANTED, ring())
    named = asked.token(Role.EMPLOYER, "svc-hr", service=True)
    assert payloads_in(await asked.ask("/decode", sealed, token=named)) == [PLANTED]
    for token in (
        asked.token(Role.EMPLOYER, "svc-other", service=True),
        asked.token(Role.EMPLOYER, "svc-hr"),  # a person of that name is no system
    ):
        assert (await asked.ask("/decode", sealed, token=token)).status_code == 403


async def test_without_a_token_or_with_a_wrong_one_nobody_reads(asked: Asked) -> None:
    sealed = seal(PLANTED, ring())
    for headers in ({}, {"Authorization": "Bearer x.y.z"}, {"Authorization": "Basic eDp5"}):
        answer = await asked.ask("/decode", sealed, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthorised")
    assert await asked.record() == []


async def test_a_page_of_the_ui_reads_with_a_session_and_no_other_page_does(asked: Asked) -> None:
    sealed = seal(PLANTED, ring())
    signed_in = await asked.http.post("/sign-in", data={"token": asked.token(Role.OFFICE)})
    assert signed_in.status_code == 303
    kept = signed_in.headers["set-cookie"]
    assert kept.startswith(f"{COOKIE}=")
    assert "HttpOnly" in kept
    assert "SameSite=strict" in kept
    answer = await asked.ask("/decode", sealed, headers={"Origin": UI})
    assert payloads_in(answer) == [PLANTED]
    assert answer.headers["access-control-allow-origin"] == UI
    assert answer.headers["access-control-allow-credentials"] == "true"
    for headers in ({"Origin": ELSEWHERE}, {}):
        answer = await asked.ask("/decode", sealed, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (403, "wrong_page")
        assert "access-control-allow-origin" not in answer.headers


async def test_who_may_not_read_gets_no_session(asked: Asked) -> None:
    refused = await asked.http.post("/sign-in", data={"token": asked.token(Role.EMPLOYER)})
    assert (refused.status_code, "set-cookie" in refused.headers) == (403, False)
    assert (await asked.http.post("/sign-in", data={"token": "<script>"})).status_code == 401


@pytest.mark.parametrize(("origin", "status"), [(UI, 200), (ELSEWHERE, 400)])
async def test_browsers_ask_first_and_only_the_ui_is_let(asked: Asked, origin: str, status: int) -> None:
    asks = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "x-namespace"}
    answer = await asked.http.options("/decode", headers={"Origin": origin, **asks})
    assert answer.status_code == status


async def test_what_cannot_be_read_is_refused_in_words(asked: Asked) -> None:
    office, sealed = asked.token(Role.OFFICE), seal(PLANTED, ring())
    other = new_key("lost")
    altered = Payload(metadata=sealed.metadata, data=sealed.data[:-1] + b"\0")
    for payload, code in ((seal(PLANTED, ring(other)), "unknown_key"), (altered, "damaged")):
        answer = await asked.ask("/decode", payload, token=office)
        assert (answer.status_code, answer.json()["code"]) == (422, code)
        assert base64.b64encode(payload.data).decode() not in answer.text
    elsewhere = await asked.ask("/decode", sealed, token=office, headers={"X-Namespace": "elsewhere"})
    assert (elsewhere.status_code, elsewhere.json()["code"]) == (403, "wrong_namespace")
    wrong = await asked.ask("/decode", token=office, json={"payloads": [{"data": 7}]})
    assert wrong.status_code == 422
    headers = {"X-Namespace": "default", "Authorization": f"Bearer {office}"}
    form = await asked.http.post("/decode", content="{}", headers=headers | {"Content-Type": "text/plain"})
    assert form.status_code == 415
    whole = b'{"payloads": []}' + b" " * MOST_BYTES
    large = await asked.http.post(
        "/decode", content=whole, headers=headers | {"Content-Type": "application/json"}
    )
    assert large.status_code == 413
