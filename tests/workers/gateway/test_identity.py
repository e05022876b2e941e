"""Who is let in: every route for every role, tokens wrong in each way, and the rule of seeing in SQL."""

from __future__ import annotations

import asyncio
import dataclasses
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from fastapi import APIRouter, FastAPI
from starlette.routing import Mount, Route

from models.roles import Role
from tests.workers.conftest import end_cycle
from tests.workers.gateway.conftest import PLAN, Bearer, Door, clock, person_of
from workers.gateway import app as gateway_app
from workers.gateway.app import NoPolicyError, create_app, every_route
from workers.gateway.limits import Limits
from workers.gateway.policy import POLICY
from workers.issuer import KEY_FILE
from workers.rehearsal.cast import OFFICE, Cast
from workers.settings import Settings

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
        body = {"name": "王"} if route.operation_id == "correct_applicant_name" else {"command_id": "c-1"}
        method, path = address(route, cast)
        for role in POLICY[route.operation_id or ""].roles:
            stranger = bearer("stranger", (role.value, None if role is Role.APPLICANT else "elsewhere"))
            answer = await http.request(method, path, json=body, headers=stranger)
            assert answer.status_code == 404, (path, role, answer.text)
            assert "draft" not in answer.text
    elsewhere = bearer("stranger", ("office", "another-office"))
    listed = await http.get(f"/v1/plans/{PLAN}/applications", headers=elsewhere)
    assert listed.json()["items"] == []
    assert (await http.get(f"/v1/plans/{PLAN}/statistics", headers=elsewhere)).status_code == 404


async def test_a_role_that_is_held_elsewhere_opens_nothing_to_another_role(
    http: httpx.AsyncClient, bearer: Bearer, stage_door: Door
) -> None:
    """An official of another office who applies here is an applicant here."""
    cast = stage_door.cast
    await stage_door.start()
    both = bearer(f"p-{cast.ref}", ("applicant", None), ("office", "another-office"))
    assert (await http.get(stage_door.path, headers=both)).status_code == 200
    tried = []
    for route in every_route():
        access = POLICY[route.operation_id or ""]
        decides = route.path.endswith(("/decisions", f"/commands/{route.operation_id}"))
        of_one = "{application_ref}" in route.path and not decides
        if not of_one or Role.APPLICANT in access.roles or Role.OFFICE not in access.roles:
            continue
        method, path = address(route, cast)
        answer = await http.request(method, path, json={"name": "王"}, headers=both)
        assert answer.status_code == 404, (path, answer.text)
        tried.append(route.operation_id)
    assert {"application_looks", "application_notices", "applicant_name", "correct_applicant_name"} <= {
        *tried
    }


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
        "signature": jwt.encode(said, ec.generate_private_key(ec.SECP256R1()), "ES256", header),
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
    assert len(gateway.routes) == len(gateway_app.ROUTERS) + 2  # and the board, which has a door of its own


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
