"""The committee's year and its meetings over HTTP: who may do what; no expert goes into a history."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from activities.database import Database
from models.meeting_messages import meeting_workflow_id
from tests.activities.hall import IN_TIME, ON_THE_DAY, Hall
from tests.codec import unsealed
from tests.support import eventually, unique
from tests.workers.conftest import end_cycle, rehearsal_clock
from tests.workers.gateway.conftest import PLAN, Bearer
from tests.workers.gateway.test_gateway import problem_of
from workers.client_cycle import CycleClosed, UnknownCycle
from workers.client_errors import ReviewClosed, UnknownApplication
from workers.client_meeting import UnknownMeeting
from workers.connect import connect
from workers.gateway.problems import of_error
from workers.rehearsal.cast import CITY_OFFICE, COMMITTEE, CONVENING_UNIT, OFFICE, Json
from workers.rehearsal.meeting_cast import MeetingCast, in_person
from workers.settings import Settings

CYCLE = f"/v1/plans/{PLAN}/cycle"
FILED = {"step": "plan_filed", "on": "2023-09-14", "document_no": "津市监〔2023〕1号"}


@pytest.fixture
async def year(served: Settings, http: httpx.AsyncClient) -> AsyncIterator[httpx.AsyncClient]:
    """The server is shared: no cycle of this plan before or after."""
    await end_cycle(served, PLAN)
    yield http
    await end_cycle(served, PLAN)


@pytest.fixture
def office(bearer: Bearer) -> dict[str, str]:
    """The clerk of the committee office."""
    return bearer("office-clerk", ("office", OFFICE))


async def test_a_year_is_begun_and_its_steps_are_recorded(
    year: httpx.AsyncClient, bearer: Bearer, office: dict[str, str]
) -> None:
    problem_of(await year.get("/v1/plans/nowhere-1999/cycle", headers=office), 404, "not_found")
    body = {"clock": rehearsal_clock("2023-09-14T09:00:00+08:00")}
    begun = await year.put(CYCLE, json=body, headers=office)
    assert (begun.status_code, begun.json()["phase"]) == (200, "preparing"), begun.text
    assert (await year.put(CYCLE, json=body, headers=office)).json()["opened_at"] == begun.json()["opened_at"]
    problem_of(await year.put(CYCLE, json={}, headers=office), 409, "different_input")

    url, keyed = f"{CYCLE}/commands/record_step", office | {"Idempotency-Key": unique("filed")}
    first = await year.post(url, json=FILED, headers=keyed)
    assert first.status_code == 200, first.text
    assert (await year.post(url, json=FILED, headers=keyed)).json() == first.json()
    again = await year.post(url, json=FILED | {"on": "2023-09-15"}, headers=keyed)
    problem_of(again, 409, "reused_command_id")
    state = await year.get(CYCLE, headers=office)
    assert state.headers["etag"] == first.headers["etag"]
    done = {step["step"]: step["done_on"] for step in state.json()["steps"]}
    assert done["plan_filed"] == "2023-09-14"
    stale = office | {"Idempotency-Key": "late-1", "If-Match": '"0"'}
    problem_of(await year.post(url, json=FILED, headers=stale), 409, "stale_revision")

    fact = (await year.get(f"{CYCLE}/history", headers=office)).json()[-1]
    assert fact["actor"] == {"id": "office-clerk", "role": "office", "organisation": OFFICE}
    extend = f"{CYCLE}/commands/extend_deadline"
    problem_of(await year.post(extend, json={}, headers=office), 403, "wrong_role")
    elsewhere = bearer("clerk", ("office", "another-office"))
    problem_of(await year.get(CYCLE, headers=elsewhere), 404, "not_found")
    outside = await year.post(url, json=FILED, headers=elsewhere | {"Idempotency-Key": "x-1"})
    assert "stage" not in problem_of(outside, 403, "wrong_organisation")

    asked = office | {"Prefer": "respond-async", "Idempotency-Key": "late-2", "If-Match": '"0"'}
    handed = await year.post(url, json=FILED, headers=asked)
    assert handed.status_code == 202

    async def refused() -> None:
        found = await year.get(handed.json()["refused"], headers=office)
        assert [one["refusal"]["code"] for one in found.json()] == ["stale_revision"]

    await eventually(refused)


@pytest.mark.parametrize(
    ("error", "status", "word"),
    [
        (UnknownCycle("cycle/p"), 404, "cycle"),
        (CycleClosed("cycle/p"), 409, "cycle"),
        (UnknownMeeting("meeting/p/m"), 404, "meeting"),
        (UnknownApplication("application/p/a"), 404, "application"),
        (ReviewClosed("application/p/a"), 409, "application"),
    ],
)
def test_what_is_not_there_or_over_is_called_by_its_name(error: Exception, status: int, word: str) -> None:
    found = of_error(error)
    assert found is not None
    assert (found.problem.status, word in found.problem.title) == (status, True)


@pytest.fixture
async def hall(served: Settings) -> AsyncIterator[Hall]:
    """A meeting in the database of the worker, its experts drawn in time; its workflow is not begun."""
    database = Database(served.database_url.get_secret_value())
    made = Hall(database, MeetingCast(unique("m")))
    await made.furnish()
    yield made
    await database.close()


class Acts:
    """The acts of one meeting over HTTP."""

    def __init__(self, http: httpx.AsyncClient, hall: Hall) -> None:
        self.http, self.path = http, f"/v1/plans/{PLAN}/meetings/{hall.cast.meeting_ref}"

    async def send(self, act: Json, headers: dict[str, str]) -> httpx.Response:
        """An act of the cast, by whoever holds the token."""
        body = {k: v for k, v in act.items() if k not in ("actor", "kind", "command_id")}
        keyed = headers | {"Idempotency-Key": act["command_id"]}
        return await self.http.post(f"{self.path}/commands/{act['kind']}", json=body, headers=keyed)

    async def read(self, headers: dict[str, str], what: str = "") -> httpx.Response:
        """How it stands."""
        return await self.http.get(f"{self.path}{what}", headers=headers)


async def test_experts_are_drawn_by_two_offices(
    http: httpx.AsyncClient, hall: Hall, bearer: Bearer, office: dict[str, str]
) -> None:
    acts, cast = Acts(http, hall), hall.cast
    problem_of(await acts.read(office), 404, "not_found")
    body = {
        "committee_ref": COMMITTEE,
        "meeting_on": "2023-12-08",
        "clock": rehearsal_clock("2023-11-20T09:00:00+08:00"),
    }
    witness = bearer("convening_unit-clerk", ("convening_unit", CONVENING_UNIT))
    problem_of(await http.put(acts.path, json=body, headers=witness), 403, "wrong_role")
    planned = await http.put(acts.path, json=body, headers=office)
    assert planned.json()["draw_by"] == "2023-12-01", planned.text
    other = await http.put(acts.path, json=body | {"meeting_on": "2023-12-11"}, headers=office)
    problem_of(other, 409, "different_input")
    none = await http.put(f"{acts.path}-x", json=body | {"committee_ref": "nobody"}, headers=office)
    assert none.status_code == 422, none.text

    assert (await acts.send(cast.commit("drawer"), office)).json()["status"] == "planned"
    assert (await acts.send(cast.commit("witness"), witness)).status_code == 200
    draw = cast.draw()
    drawn = await acts.send(draw, office)
    assert drawn.json()["counts"] == {"pool": 30, "drawn": 11}, drawn.text
    assert (await acts.send(draw, office)).json() == drawn.json()
    early = await acts.send(cast.open_meeting(1), office)
    assert problem_of(early, 409, "too_early")["citation"]
    watching = bearer("watcher", ("city_office", CITY_OFFICE))
    assert (await acts.read(watching)).headers["etag"] == drawn.headers["etag"]
    listed = (await http.get(f"/v1/plans/{PLAN}/meetings", headers=watching)).json()
    assert [m["status"] for m in listed if m["meeting_ref"] == cast.meeting_ref] == ["drawn"]
    for stranger in (("chair", "another-committee"), ("office", "another-office")):
        problem_of(await acts.read(bearer("curious", stranger)), 404, "not_found")


async def test_a_chair_acts_under_the_reference_of_the_duty(
    http: httpx.AsyncClient, hall: Hall, bearer: Bearer, office: dict[str, str], served: Settings
) -> None:
    acts, cast, clock = Acts(http, hall), hall.cast, rehearsal_clock("2023-12-08T09:00:00+08:00")
    await hall.plan(clock=clock)
    for act in (cast.commit("drawer"), cast.commit("witness"), cast.draw()):
        await hall.do(act, IN_TIME)
    experts = await hall.panel()
    body = {"committee_ref": COMMITTEE, "meeting_on": "2023-12-08", "clock": clock}
    assert (await http.put(acts.path, json=body, headers=office)).json()["status"] == "drawn"
    for expert in experts:
        await hall.room.sign_in(*hall.key, in_person(expert), expert, ON_THE_DAY)
    opened = await acts.send(cast.open_meeting(1, 2), office)
    assert opened.json()["status"] == "open", opened.text

    presides = bearer(experts[0], ("chair", COMMITTEE))
    sits = bearer(experts[5], ("chair", COMMITTEE))
    problem_of(await acts.send(cast.close_meeting(), sits), 403, "wrong_person")
    ended = cast.close_meeting()
    closed = await acts.send(ended, presides)
    assert closed.json()["status"] == "closed", closed.text
    assert (await acts.send(ended, presides)).json() == closed.json(), "also when it is over"

    facts: list[dict[str, Any]] = (await acts.read(presides, "/history")).json()
    duty = await hall.room.chair_reference(*hall.key, experts[0])
    assert facts[-1]["actor"] == {"id": duty, "role": "chair", "organisation": COMMITTEE}
    client = await connect(served)
    history = unsealed(await client.get_workflow_handle(meeting_workflow_id(*hall.key)).fetch_history())
    written = b"".join(event.SerializeToString() for event in history.events)
    assert str(duty).encode() in written
    assert not [expert for expert in experts if expert.encode() in written]
