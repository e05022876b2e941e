"""`zhicheng token`, `access-log` and `gateway` as they are typed."""

from __future__ import annotations

import json

import jwt
import pytest

from tests.workers.conftest import Zhicheng
from tests.workers.gateway.conftest import Door


def test_a_token_says_who_and_as_what(zhicheng: Zhicheng) -> None:
    done = zhicheng(
        "token", "--subject", "clerk-3", "--role", "employer:unit-1", "--role", "applicant", "--service"
    )
    assert done.exit_code == 0, done.output
    claims = jwt.decode(done.stdout.strip(), options={"verify_signature": False})
    assert claims["sub"] == "clerk-3"
    assert claims["zhicheng_service"] is True
    assert claims["zhicheng_grants"] == [
        {"role": "employer", "organisation": "unit-1"},
        {"role": "applicant"},
    ]


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--subject", "c", "--role", "king"), "roles are applicant"),
        (("--subject", "c", "--role", "system"), "cannot be granted"),
        (("--subject", "c", "--role", "office"), "name it"),
        (("--subject", "13800138000", "--role", "applicant"), "opaque reference"),
    ],
)
def test_a_token_that_nobody_may_hold_is_not_minted(
    zhicheng: Zhicheng, words: tuple[str, ...], why: str
) -> None:
    done = zhicheng("token", *words)
    assert done.exit_code == 2
    assert why in done.output


def test_where_an_issuer_is_set_no_token_is_minted(zhicheng: Zhicheng) -> None:
    done = zhicheng(
        "token", "--subject", "c", "--role", "applicant", ZHICHENG_OIDC_ISSUER="https://issuer.example"
    )
    assert (done.exit_code, "get a token from that issuer" in done.output) == (2, True)


def test_a_gateway_that_could_let_nobody_in_does_not_start(zhicheng: Zhicheng) -> None:
    done = zhicheng("gateway")
    assert done.exit_code == 2
    assert "nobody could be let in" in done.output


async def test_who_looked_is_told(zhicheng: Zhicheng, stage_door: Door) -> None:
    import asyncio

    await stage_door.start()
    await stage_door.read(role="employer")
    done = await asyncio.to_thread(zhicheng, "access-log", stage_door.cast.ref, "--json")
    (look,) = json.loads(done.stdout)
    assert (look["subject"], look["what"], look["outcome"]) == (
        "employer-clerk",
        "application_state",
        "shown",
    )
    shown = await asyncio.to_thread(zhicheng, "access-log", stage_door.cast.ref)
    assert "employer-clerk" in shown.stdout
