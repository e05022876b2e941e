"""Subscriptions over HTTP: an organisation makes, sees and ends its own, and nobody else's."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from models.webhooks import key_of
from tests.support import unique
from tests.workers.gateway.conftest import PLAN, Bearer

URL = f"/v1/plans/{PLAN}/webhooks"
HOOK = {"url": "https://hr.example.cn/titles"}


@pytest.fixture
def mine(bearer: Bearer) -> dict[str, str]:
    """The account of a unit that no other test knows."""
    return bearer("svc-hr", ("employer", unique("unit")))


async def test_a_subscription_is_made_once_and_its_secret_shown_once(
    http: httpx.AsyncClient, mine: dict[str, str], bearer: Bearer
) -> None:
    keyed = mine | {"Idempotency-Key": "k-1"}
    made = await http.post(URL, json=HOOK | {"events": ["submit", "confirm"]}, headers=keyed)
    assert made.status_code == 201, made.text
    key_of(made.json()["secret"])
    again = await http.post(URL, json=HOOK | {"events": ["confirm", "submit"]}, headers=keyed)
    assert (again.status_code, again.json()) == (200, made.json() | {"secret": None})
    other = await http.post(URL, json=HOOK, headers=keyed)
    assert (other.status_code, other.json()["code"]) == (409, "reused_command_id")
    assert (await http.get(URL, headers=mine)).json() == [again.json()]
    one = f"{URL}/{made.json()['id']}"
    stranger = bearer("svc-x", ("employer", "another-unit"))
    assert (await http.get(URL, headers=stranger)).json() == []
    for method, path in (("GET", one), ("DELETE", one), ("POST", f"{one}/pause"), ("GET", f"{one}/dead")):
        assert (await http.request(method, path, headers=stranger)).status_code == 404
    assert (await http.post(f"{one}/pause", headers=mine)).json()["status"] == "paused"
    assert (await http.post(f"{one}/resume", headers=mine)).json()["status"] == "active"
    replayed = await http.post(f"{one}/replay", json={"after": 0}, headers=mine)
    assert replayed.json()["position"] == 0
    new = (await http.post(f"{one}/secret", headers=mine)).json()
    assert new["secret"] not in (None, made.json()["secret"])
    assert (await http.get(f"{one}/dead", headers=mine)).json() == []
    assert (await http.post(f"{one}/dead/retry", json={}, headers=mine)).json() == {"due": 0}
    assert (await http.delete(one, headers=mine)).status_code == 204
    assert (await http.get(one, headers=mine)).status_code == 404


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"url": "http://hr.example.cn/"}, "url"),
        ({"url": "https://10.0.0.1/"}, "url"),
        ({"url": "http://127.0.0.1:9/"}, "url"),
        (HOOK | {"events": ["submitted"]}, "events"),
        (HOOK | {"after": -1}, "body.after"),
        (HOOK | {"secret": "whsec_x"}, "body.secret"),
    ],
)
async def test_what_is_not_delivered_is_named(
    http: httpx.AsyncClient, mine: dict[str, str], body: dict[str, Any], field: str
) -> None:
    refused = await http.post(URL, json=body, headers=mine)
    assert (refused.status_code, refused.json()["field"]) == (422, field)
    assert refused.json()["rule"]["zh"]


async def test_only_organisations_subscribe_to_a_plan_that_is_there(
    http: httpx.AsyncClient, bearer: Bearer, mine: dict[str, str]
) -> None:
    person = bearer("p-7", ("applicant", None))
    assert (await http.post(URL, json=HOOK, headers=person)).status_code == 403
    both = bearer("p-7", ("applicant", None), ("employer", "u")) | {"Zhicheng-Role": "applicant"}
    assert (await http.post(URL, json=HOOK, headers=both)).status_code == 403
    assert (await http.post(URL, json=HOOK)).status_code == 401
    unknown = await http.post(URL.replace(PLAN, "no-such-plan"), json=HOOK, headers=mine)
    assert unknown.status_code == 404


async def test_a_test_delivery_never_goes_inside(http: httpx.AsyncClient, mine: dict[str, str]) -> None:
    made = (await http.post(URL, json={"url": "https://localhost:9/"}, headers=mine)).json()
    told = await http.post(f"{URL}/{made['id']}/test", headers=mine)
    assert told.json() == {"taken": False, "answer": "private_address"}
