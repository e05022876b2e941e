"""Who is let in: every route for every role, tokens wrong in each way, and the rule of seeing in SQL."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
import uvicorn
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from fastapi import APIRouter, FastAPI
from hypothesis import given, settings
from hypothesis import strategies as st
from jwt.algorithms import ECAlgorithm, RSAAlgorithm
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.routing import Mount, Route

from activities.visibility import visible_to
from models.roles import Role
from models.tables import AgendaItem, Application, Base, ReviewMeeting
from models.visibility import Grant, Ties, may_see
from tests.support import unique
from tests.workers.conftest import end_cycle
from tests.workers.gateway.conftest import PLAN, Bearer, Door, clock, person_of
from workers.gateway import app as gateway_app
from workers.gateway.app import NoPolicyError, create_app, every_route
from workers.gateway.limits import Limits
from workers.gateway.oidc import (
    KEYS_LAST,
    KEYS_LIVE,
    REFETCH_EVERY,
    IssuerAwayError,
    KeyRing,
    TokenRefusedError,
    Verifier,
    fetched_from,
)
from workers.gateway.policy import POLICY
from workers.gateway.serve import listening_socket, verifier
from workers.issuer import ISSUER, KEY_FILE, LocalIssuer
from workers.rehearsal.cast import OFFICE, Cast
from workers.settings import Settings, SettingsError

GRANTABLE = [role for role in Role if role not in (Role.SYSTEM, Role.PUBLIC)]


def address(route: Any, cast: Cast) -> tuple[str, str]:
    """Method and path of a route, for one application."""
    path = route.path.replace("{plan_id}", cast.plan_id).replace("{application_ref}", cast.ref)
    path = path.replace("{meeting_ref}", cast.ref)
    return next(iter(route.methods)), path.replace("{number}", "TJ-2023-ENG-000001")


async def test_every_route_for_every_role(
    gateway: FastAPI, http: httpx.AsyncClient, bearer: Bearer, stage_door: Door, served: Settings
) -> None:
    """What the table says is what the door does: 401 without a token, 403 for a role that is not in it."""
    cast = stage_door.cast
    await stage_door.start()
    gateway.state.context.closing.set()  # streams end at once
    looked_at = 0
    people = {role: bearer(f"{role.value}-clerk", person_of(cast, role.value)) for role in GRANTABLE}
    for route in every_route():
        access = POLICY[route.operation_id or ""]
        method, path = address(route, cast)
        bare = await http.request(method, path, json={})
        assert (bare.status_code == 401) is not access.public, (path, bare.status_code)
        if access.public:
            continue
        assert bare.headers["www-authenticate"].startswith("Bearer")
        answers = await asyncio.gather(
            *(http.request(method, path, json={}, headers=people[role]) for role in GRANTABLE)
        )
        for role, answer in zip(GRANTABLE, answers, strict=True):
            let_in = access.anyone or role in access.roles
            turned_away = answer.status_code == 403 and answer.json()["rule"]["en"].startswith("None of your")
            assert turned_away is not let_in, (path, role, answer.text)
            assert answer.status_code < 500
            looked_at += 1
    await end_cycle(served, PLAN)  # those who may have begun one
    private = [route for route in every_route() if not POLICY[route.operation_id or ""].public]
    assert looked_at == len(private) * len(GRANTABLE) > 250


async def test_another_organisation_sees_nothing_of_it(
    http: httpx.AsyncClient, bearer: Bearer, stage_door: Door
) -> None:
    cast = stage_door.cast
    await stage_door.start()
    for route in every_route():
        if "{application_ref}" not in route.path or route.operation_id in ("object", "start_application"):
            continue
        method, path = address(route, cast)
        for role in POLICY[route.operation_id or ""].roles:
            stranger = bearer("stranger", (role.value, None if role is Role.APPLICANT else "elsewhere"))
            answer = await http.request(method, path, json={"command_id": "c-1"}, headers=stranger)
            assert answer.status_code == 404, (path, role, answer.text)
            assert "draft" not in answer.text
    elsewhere = bearer("stranger", ("office", "another-office"))
    listed = await http.get(f"/v1/plans/{PLAN}/applications", headers=elsewhere)
    assert listed.json()["items"] == []
    assert (await http.get(f"/v1/plans/{PLAN}/statistics", headers=elsewhere)).status_code == 404


async def test_a_wrong_token_opens_no_route(
    gateway: FastAPI, http: httpx.AsyncClient, bearer: Bearer, stage_door: Door, served: Settings
) -> None:
    """Tokens that are wrong in one way each, with the real key where it is not the key that is wrong."""
    right = bearer("office-clerk", ("office", OFFICE))["Authorization"].removeprefix("Bearer ")
    said = jwt.decode(right, options={"verify_signature": False})
    header = {"kid": jwt.get_unverified_header(right)["kid"]}
    real = load_pem_private_key((served.data_dir / KEY_FILE).read_bytes(), None)
    assert isinstance(real, ec.EllipticCurvePrivateKey)
    wrong = {
        "expired": jwt.encode(said | {"exp": said["iat"] - 3600}, real, "ES256", header),
        "another issuer": jwt.encode(said | {"iss": "https://evil.example"}, real, "ES256", header),
        "another audience": jwt.encode(said | {"aud": "another"}, real, "ES256", header),
        "signature": jwt.encode(said, OTHER, "ES256", header),
        "nobody may hold": jwt.encode(
            said | {"zhicheng_grants": [{"role": "system"}]}, real, "ES256", header
        ),
    }
    again = jwt.encode(said, real, "ES256", header)
    assert (await http.get("/v1/me", headers={"Authorization": f"Bearer {again}"})).status_code == 200
    for route in every_route():
        if POLICY[route.operation_id or ""].public:
            continue
        method, path = address(route, stage_door.cast)
        for why, sent in wrong.items():
            answer = await http.request(method, path, json={}, headers={"Authorization": f"Bearer {sent}"})
            told = method == "HEAD" or why in answer.text
            assert (answer.status_code, told) == (401, True), (path, why, answer.text)
            assert answer.headers["www-authenticate"].startswith("Bearer")
    beside = [route for route in gateway.routes if isinstance(route, Route)]  # no way in but the routers
    assert [route.path for route in beside] == ["/openapi.json"]
    assert len(gateway.routes) == len(gateway_app.ROUTERS) + 1


async def test_who_may_not_see_an_application_learns_nothing_of_it_by_beginning_one(
    http: httpx.AsyncClient, bearer: Bearer, stage_door: Door
) -> None:
    cast = stage_door.cast
    await stage_door.start()
    whole = {k: v for k, v in cast.start(clock=clock()).items() if k not in ("plan_id", "application_ref")}
    for grant, change in (
        (("applicant", None), {"applicant": "curious"}),
        (("employer", "another-unit"), {"employer": {"id": "another-unit"}}),
    ):
        sent = whole | change
        answer = await http.put(stage_door.path, json=sent, headers=bearer("curious", grant))
        assert (answer.status_code, answer.json()["code"]) == (409, "reference_taken")
        assert answer.json()["differing"] == []
        many = await http.post(
            f"/v1/plans/{PLAN}/applications",
            json={"items": [sent | {"application_ref": cast.ref, "level": "intermediate"}]},
            headers=bearer("curious", grant),
        )
        assert grant[0] == "applicant" or many.json()["items"][0]["problem"]["code"] == "reference_taken"
    own = await stage_door.start(department="another", level="intermediate")
    assert own.json()["differing"] == ["department", "level"]
    unit = await http.put(
        stage_door.path, json=whole | {"applicant": "p-2"}, headers=stage_door.headers("employer")
    )
    assert unit.json()["differing"] == ["applicant"]


async def test_a_try_in_a_role_that_has_no_business_there_is_on_record(
    http: httpx.AsyncClient, bearer: Bearer, stage_door: Door
) -> None:
    await stage_door.start()
    curious = bearer("curious", ("expert", "a-committee"))
    for method, what in (("GET", "/looks"), ("POST", "/commands/archive")):
        answer = await http.request(method, f"{stage_door.path}{what}", json={}, headers=curious)
        assert answer.status_code == 403
    unreadable = f"/v1/plans/{PLAN}/applications/{'x' * 90}/looks"
    assert (await http.get(unreadable, headers=curious)).status_code == 403
    looks = (await stage_door.read("/looks")).json()
    assert [(look["subject"], look["what"], look["outcome"]) for look in looks[1:]] == [
        ("curious", "archive", "wrong_role"),
        ("curious", "application_looks", "wrong_role"),
    ]


async def test_work_waits_for_the_person_whatever_the_token_names_beside_the_role(
    http: httpx.AsyncClient, bearer: Bearer, stage_door: Door
) -> None:
    await stage_door.start()
    me = f"p-{stage_door.cast.ref}"

    async def waits_for(headers: dict[str, str]) -> list[str]:
        found = (await http.get(f"/v1/plans/{PLAN}/inbox", headers=headers)).json()
        return [row["application_ref"] for row in found]

    assert await waits_for(bearer(me, ("applicant", None))) == [stage_door.cast.ref]
    assert await waits_for(bearer(me, ("applicant", "an-employer"))) == [stage_door.cast.ref]
    assert await waits_for(bearer("curious", ("applicant", me))) == []
    assert await waits_for(bearer("curious", ("applicant", None), ("archive", "an-archive"))) == []


def test_a_route_without_a_policy_does_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    router = APIRouter()

    @router.get("/v1/secret", operation_id="secret")
    async def secret() -> str:
        return "open to all"

    monkeypatch.setattr(gateway_app, "ROUTERS", (*gateway_app.ROUTERS, router))
    with pytest.raises(NoPolicyError, match="secret"):
        create_app(None)
    monkeypatch.undo()
    mounted = APIRouter(routes=[Mount("/v1/files", routes=[])])
    monkeypatch.setattr(gateway_app, "ROUTERS", (*gateway_app.ROUTERS, mounted))
    with pytest.raises(NoPolicyError, match="files"):
        create_app(None)
    monkeypatch.undo()
    monkeypatch.delitem(POLICY, "review")
    with pytest.raises(NoPolicyError, match="review"):
        create_app(None)


# --- tokens -------------------------------------------------------------------------------------------------

GOOD = ec.generate_private_key(ec.SECP256R1())
OTHER = ec.generate_private_key(ec.SECP256R1())
RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def claims(**change: Any) -> dict[str, Any]:
    now = datetime.now(UTC)
    whole: dict[str, Any] = {
        "iss": "https://issuer.example",
        "aud": "zhicheng",
        "sub": "clerk-1",
        "iat": now,
        "exp": now + timedelta(minutes=5),
        "zhicheng_grants": [{"role": "office", "organisation": "an-office"}],
    }
    return {name: value for name, value in (whole | change).items() if value is not None}


def public(key: Any, kid: str, algorithm: Any = ECAlgorithm) -> dict[str, Any]:
    return {**algorithm.to_jwk(key.public_key(), as_dict=True), "kid": kid, "use": "sig"}


def token(key: Any = GOOD, kid: str | None = "good", algorithm: str = "ES256", **change: Any) -> str:
    return jwt.encode(claims(**change), key, algorithm=algorithm, headers={"kid": kid} if kid else {})


def verifying(*keys: dict[str, Any]) -> Verifier:
    async def fetch() -> dict[str, Any]:
        return {"keys": list(keys or (public(GOOD, "good"), public(RSA, "rsa", RSAAlgorithm)))}

    return Verifier(
        KeyRing(fetch),
        issuer="https://issuer.example",
        audience="zhicheng",
        grants_claim="zhicheng_grants",
        service_claim="zhicheng_service",
    )


async def test_a_good_token_says_who_it_is() -> None:
    found = await verifying().caller(token(zhicheng_service=True, jti="t-1"))
    assert (found.subject, found.service, found.token_id) == ("clerk-1", True, "t-1")
    assert found.grants == (Grant(role=Role.OFFICE, organisation="an-office"),)
    assert (await verifying().caller(token(RSA, "rsa", "RS256"))).subject == "clerk-1"
    assert (await verifying().caller(token(zhicheng_grants=None))).grants == ()


def _unsigned() -> str:
    return jwt.encode(claims(), None, algorithm="none", headers={"kid": "good"})


def _shared_secret() -> str:
    """What anybody knows, taken as a shared secret: the classic confusion of algorithms."""
    known = str(public(GOOD, "good")["x"]) * 2
    return jwt.encode(claims(), known, algorithm="HS256", headers={"kid": "good"})


PAST = datetime(2023, 1, 1, tzinfo=UTC)
BAD = {
    "expired": (lambda: token(exp=PAST), "expired"),
    "not yet": (lambda: token(nbf=datetime.now(UTC) + timedelta(hours=1)), "do not hold"),
    "no expiry": (lambda: token(exp=None), "do not hold"),
    "no subject": (lambda: token(sub=None), "do not hold"),
    "another issuer": (lambda: token(iss="https://evil.example"), "another issuer"),
    "another audience": (lambda: token(aud="another-service"), "another audience"),
    "another key": (lambda: token(OTHER), "do not hold"),
    "unknown key": (lambda: token(OTHER, "unknown"), "does not have"),
    "no key named": (lambda: token(kid=None), "names no key"),
    "unsigned": (_unsigned, "not allowed"),
    "a shared secret": (_shared_secret, "not allowed"),
    "the algorithm of another key": (lambda: token(RSA, "good", "RS256"), "do not hold"),
    "an identity number": (lambda: token(sub="120101199001011234"), "opaque"),
    "the service itself": (lambda: token(zhicheng_grants=[{"role": "system"}]), "nobody may hold"),
    "an unknown role": (lambda: token(zhicheng_grants=[{"role": "king"}]), "zhicheng_grants"),
    "grants of another shape": (lambda: token(zhicheng_grants={"office": True}), "zhicheng_grants"),
    "changed": (lambda: token()[:-8] + "AAAAAAAA", "do not hold"),
    "no token": (lambda: "hello", "JSON Web Token"),
    "endless": (lambda: "a" * 20_000, "too long"),
}


@pytest.mark.parametrize("how", BAD)
async def test_a_bad_token_is_refused_with_its_reason(how: str) -> None:
    make, why = BAD[how]
    with pytest.raises(TokenRefusedError, match=why):
        await verifying().caller(make())


async def test_keys_outlive_the_issuer_and_forged_ids_do_not_hammer_it() -> None:
    fetched, away, now = 0, False, 1000.0

    async def fetch() -> dict[str, Any]:
        nonlocal fetched
        fetched += 1
        if away:
            raise httpx.ConnectError("away")
        odd = [{"kid": "odd", "kty": "RSA", "alg": "RSA-OAEP"}, {"kid": "odder", "kty": "??"}, "oddest"]
        return {"keys": [*odd, public(GOOD, "good"), {"kid": "secret", "kty": "oct", "k": "AAAA"}]}

    ring = KeyRing(fetch, lambda: now)
    assert (await ring.key("good")).key_id == "good"
    for n in range(20):
        with pytest.raises(TokenRefusedError):
            await ring.key(f"forged-{n}")
    assert fetched == 1
    now += REFETCH_EVERY
    for kid in ("secret", "odd", "odder"):
        with pytest.raises(TokenRefusedError):
            await ring.key(kid)
    assert fetched == 2
    away, now = True, now + KEYS_LIVE
    assert (await ring.key("good")).key_id == "good"
    with pytest.raises(IssuerAwayError):
        await ring.key("new")  # perhaps the issuer has it: nobody can say now
    assert fetched == 3
    now += KEYS_LAST
    with pytest.raises(IssuerAwayError):
        await ring.key("good")
    away, now = False, now + REFETCH_EVERY
    assert (await ring.key("good")).key_id == "good"


async def test_who_has_a_known_key_does_not_wait_for_an_issuer_that_hangs() -> None:
    now, answers, asked = 1000.0, asyncio.Event(), asyncio.Event()
    answers.set()

    async def fetch() -> dict[str, Any]:
        asked.set()
        await answers.wait()
        return {"keys": [public(GOOD, "good"), public(OTHER, "new")]}

    ring = KeyRing(fetch, lambda: now)
    await ring.key("good")
    now += KEYS_LIVE
    answers.clear()
    asked.clear()
    waiting = asyncio.create_task(ring.key("unknown"))
    await asked.wait()
    assert (await ring.key("good")).key_id == "good"
    assert not waiting.done()
    answers.set()
    with pytest.raises(TokenRefusedError):
        await waiting
    assert (await ring.key("new")).key_id == "new"


async def test_keys_are_discovered_and_only_where_they_can_be_trusted() -> None:
    """A real HTTP server as issuer on this machine; then documents that send us elsewhere."""
    keys = {"keys": [public(GOOD, "good")]}
    async with _issuing(keys) as issuer:
        settings_of = Settings.load(oidc_issuer=issuer, oidc_audience="titles")
        found = await verifier(settings_of).caller(token(iss=issuer, aud=["other", "titles"]))
        assert found.subject == "clerk-1"
        explicit = Settings.load(oidc_issuer="https://named.example", oidc_jwks_url=f"{issuer}/keys")
        assert (await verifier(explicit).caller(token(iss="https://named.example"))).subject == "clerk-1"
        pinned = Settings.load(oidc_issuer=issuer, oidc_algorithms="RS256, PS256")
        with pytest.raises(TokenRefusedError, match="not allowed"):
            await verifier(pinned).caller(token(iss=issuer))
    with pytest.raises(IssuerAwayError):
        await verifier(settings_of).caller(token(iss=issuer))
    for document in (
        {"issuer": "https://evil.example", "jwks_uri": "https://issuer.example/keys"},
        {"issuer": "https://issuer.example", "jwks_uri": "http://issuer.example/keys"},
        {"issuer": "https://issuer.example", "jwks_uri": "https://issuer.example/moved"},
        {"issuer": "https://issuer.example"},
        ["no document"],
    ):

        def answer(request: httpx.Request, document: Any = document) -> httpx.Response:
            if request.url.path.endswith("openid-configuration"):
                return httpx.Response(200, json=document)
            if request.url.path == "/moved":
                return httpx.Response(302, headers={"Location": "https://issuer.example/keys"})
            return httpx.Response(200, json=keys)

        fetch = fetched_from("https://issuer.example", None, httpx.MockTransport(answer))
        with pytest.raises(IssuerAwayError):
            await KeyRing(fetch).key("good")


@asynccontextmanager
async def _issuing(keys: dict[str, Any]) -> AsyncIterator[str]:
    """An issuer that publishes these keys; its address."""
    sock = listening_socket("127.0.0.1:0")
    issuer = f"http://127.0.0.1:{sock.getsockname()[1]}"
    app = FastAPI()

    @app.get("/.well-known/openid-configuration")
    async def discovery() -> dict[str, Any]:
        return {"issuer": issuer, "jwks_uri": f"{issuer}/keys"}

    @app.get("/keys")
    async def jwks() -> dict[str, Any]:
        return keys

    server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off"))
    serving = asyncio.create_task(server.serve([sock]))
    try:
        yield issuer
    finally:
        server.should_exit = True
        await serving


def test_the_local_issuer_keeps_its_key_and_grants_no_more_than_it_may(tmp_path: Path) -> None:
    issuer = LocalIssuer(tmp_path, "zhicheng", "zhicheng_grants", "zhicheng_service")
    office = [Grant(role=Role.OFFICE, organisation="an-office")]
    minted = issuer.mint("clerk-1", office, life=timedelta(hours=1))
    again = LocalIssuer(tmp_path, "zhicheng", "zhicheng_grants", "zhicheng_service")
    key = jwt.PyJWK(again.jwks()["keys"][0])
    assert (
        jwt.decode(minted, key, algorithms=["ES256"], audience="zhicheng", issuer=ISSUER)["sub"] == "clerk-1"
    )
    (file,) = tmp_path.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "PRIVATE" not in json.dumps(again.jwks())
    assert "d" not in again.jwks()["keys"][0]
    for grants, life in (
        (office, timedelta(hours=25)),
        ([], timedelta(hours=1)),
        ([Grant(role=Role.SYSTEM)], timedelta(hours=1)),
        ([Grant(role=Role.OFFICE)], timedelta(hours=1)),
    ):
        with pytest.raises(ValueError, match=r"\w"):
            issuer.mint("clerk-1", grants, life=life)


def test_nobody_is_let_in_by_default(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="nobody could be let in"):
        verifier(Settings.load(data_dir=tmp_path))
    open_to_all = {"local_issuer": True, "gateway_address": "0.0.0.0:8080"}
    with pytest.raises(SettingsError, match="where the network reaches"):
        verifier(Settings.load(data_dir=tmp_path, **open_to_all))
    assert verifier(Settings.load(data_dir=tmp_path, rehearsal=True, **open_to_all))
    with pytest.raises(SettingsError, match="unset one"):
        verifier(Settings.load(data_dir=tmp_path, local_issuer=True, oidc_issuer="https://issuer.example"))


@pytest.mark.parametrize(
    ("name", "value", "rule"),
    [
        ("oidc_issuer", "http://issuer.example", "must begin with https"),
        ("oidc_jwks_url", "http://10.0.0.1/keys", "must begin with https"),
        ("oidc_algorithms", "RS256,HS256", "asymmetric"),
        ("oidc_algorithms", "none", "asymmetric"),
        ("oidc_algorithms", ",", "asymmetric"),
        ("gateway_origins", "*", "must be scheme://host"),
        ("gateway_origins", "https://a.example/path", "must be scheme://host"),
    ],
)
def test_settings_that_would_open_the_door_are_refused(name: str, value: str, rule: str) -> None:
    with pytest.raises(SettingsError, match=rule):
        Settings.load(**{name: value})


async def test_too_many_calls_wait() -> None:
    limits = Limits(of_accounts=3, of_public=2)
    assert [await limits.wait_for("a", "account") for _ in range(3)] == [0, 0, 0]
    assert 1 <= await limits.wait_for("a", "account") <= 60
    assert await limits.wait_for("b", "account") == 0
    assert [await limits.wait_for("a", "public") for _ in range(2)] == [0, 0]
    assert await limits.wait_for("a", "public") >= 1
    assert await limits.wait_for("a", "refused") == 0


async def test_a_caller_in_a_hurry_is_told_when(
    gateway: FastAPI, http: httpx.AsyncClient, bearer: Bearer
) -> None:
    """Without a token: by the address. With one: by the subject. With a wrong one: by the address."""
    gateway.state.context = dataclasses.replace(gateway.state.context, limits=Limits(1, 1))
    somebody, another = (bearer(name, ("applicant", None)) for name in ("somebody", "another"))
    wrong = {"Authorization": "Bearer wrong"}
    for path, headers, status in (
        ("/v1/health", {}, 200),
        ("/v1/health", {}, 429),
        ("/v1/me", wrong, 401),
        ("/v1/me", {}, 429),
        ("/v1/me", somebody, 200),
        ("/v1/me", somebody, 429),
        ("/v1/me", another, 200),
    ):
        answer = await http.get(path, headers=headers)
        assert answer.status_code == status, (path, headers.keys(), answer.text)
        if status == 429:
            assert 1 <= int(answer.headers["retry-after"]) <= 60
            assert answer.json()["code"] == "too_many_calls"


async def test_only_pages_of_named_origins_may_call(gateway: FastAPI, http: httpx.AsyncClient) -> None:
    page = {"Origin": "https://titles.example.cn"}
    asked = page | {"Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "if-match"}
    by_default = await http.get("/v1/health", headers=page)
    assert not [name for name in by_default.headers if name.startswith("access-control")]
    assert (await http.options("/v1/health", headers=asked)).status_code == 405
    made = gateway.state.context
    open_to = made.settings.model_copy(update={"gateway_origins": "https://titles.example.cn"})
    transport = httpx.ASGITransport(app=create_app(dataclasses.replace(made, settings=open_to)))
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
        allowed = await client.options("/v1/health", headers=asked)
        assert allowed.headers["access-control-allow-origin"] == "https://titles.example.cn"
        assert "access-control-allow-credentials" not in allowed.headers
        refused = await client.get("/v1/me", headers=page)
        assert (refused.status_code, refused.headers["access-control-allow-origin"]) == (401, page["Origin"])
        assert "WWW-Authenticate" in refused.headers["access-control-expose-headers"]
        elsewhere = await client.options("/v1/health", headers=asked | {"Origin": "https://evil.example"})
        assert "access-control-allow-origin" not in elsewhere.headers


# --- seeing -------------------------------------------------------------------------------------------------

ORGANISATIONS = st.sampled_from(["one", "two", "three", None])
PEOPLE = st.sampled_from(["p-1", "p-2"])
GRANTS = st.lists(st.builds(Grant, role=st.sampled_from(list(Role)), organisation=ORGANISATIONS), max_size=3)
NAMED = st.sampled_from(["one", "two", "three"])


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Any:
    from sqlalchemy import create_engine

    engine = create_engine(f"sqlite:///{tmp_path_factory.mktemp('seeing') / 'seeing.db'}")
    Base.metadata.create_all(engine)
    yield engine
    engine.dispose()


@settings(max_examples=150, deadline=None)
@given(
    subject=PEOPLE,
    grants=GRANTS,
    applicant=PEOPLE,
    employer=NAMED,
    department=NAMED,
    keeper=ORGANISATIONS,
    committee=ORGANISATIONS,
    offices=st.dictionaries(st.sampled_from([r.value for r in Role]), NAMED),
)
def test_the_list_shows_what_the_rule_says(
    tables: Any,
    subject: str,
    grants: list[Grant],
    applicant: str,
    employer: str,
    department: str,
    keeper: str | None,
    committee: str | None,
    offices: dict[str, str],
) -> None:
    ref, at = unique("v"), datetime(2023, 9, 20, tzinfo=UTC)
    ties = Ties(
        applicant=applicant,
        employer=employer,
        department=department,
        archive_keeper=keeper,
        offices=offices,
        committees=frozenset({committee} - {None}),
    )
    with Session(tables) as session:
        session.add(_row(ref, applicant, employer, department, keeper, at))
        if committee is not None:
            session.add(_meeting(ref, committee, at))
            session.flush()
            session.add(
                AgendaItem(plan_id="p", meeting_ref=ref, application_ref=ref, status="x", added_at=at)
            )
        session.flush()
        question = select(Application).where(
            Application.application_ref == ref, visible_to(subject, grants, offices)
        )
        assert (session.scalar(question) is not None) is may_see(subject, grants, ties)
        session.rollback()


def _row(ref: str, applicant: str, employer: str, department: str, keeper: str | None, at: datetime) -> Any:
    return Application(
        plan_id="p",
        application_ref=ref,
        plan_version=1,
        workflow_id=ref,
        run_id=ref,
        applicant=applicant,
        employer=employer,
        department=department,
        specialty="s",
        level="l",
        archive_keeper=keeper,
        stage="draft",
        status="open",
        revision=0,
        seq=0,
        chain="0" * 64,
        returns=0,
        entered_at=at,
        at=at,
    )


def _meeting(ref: str, committee: str, at: datetime) -> Any:
    return ReviewMeeting(
        plan_id="p",
        meeting_ref=ref,
        committee_ref=committee,
        committee_size=11,
        committee_valid_until=at.date(),
        meeting_on=at.date(),
        status="planned",
        planned_at=at,
    )
