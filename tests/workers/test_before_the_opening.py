"""A service that begins applications before the window opens: what it hands over is done on the day."""

from __future__ import annotations

from datetime import timedelta

import httpx

from tests.support import eventually, unique
from tests.workers.conftest import rehearsal_clock
from tests.workers.doors import OpenDoors
from workers.rehearsal.cast import Cast


async def test_what_is_handed_over_before_the_opening_is_done_at_the_opening(open_doors: OpenDoors) -> None:
    cast = Cast(unique("eve"))
    path = f"/v1/plans/{cast.plan_id}/applications/{cast.ref}"
    start = cast.start(clock=rehearsal_clock("2023-09-17T12:00:00+08:00"))
    submit = cast.submit()
    headers = {"Authorization": f"Bearer {open_doors.token(submit['actor'])}"}
    body = {"dossier": submit["dossier"], "command_id": submit["command_id"]}
    async with httpx.AsyncClient(base_url=open_doors.gateway, headers=headers, timeout=60) as http:
        given = {name: value for name, value in start.items() if name not in ("plan_id", "application_ref")}
        assert (await http.put(path, json=given)).json()["stage"] == "draft"
        early = await http.post(f"{path}/commands/submit", json=body)
        assert (early.status_code, early.json()["code"]) == (409, "not_open_yet")
        handed = await http.post(f"{path}/commands/submit", json=body, headers={"Prefer": "respond-async"})
        assert handed.status_code == 202
        assert (await http.get(path)).json()["state"]["stage"] == "draft"
        await open_doors.put_forward(f"application/{cast.plan_id}/{cast.ref}", timedelta(hours=13))

        async def done() -> None:
            assert (await http.get(path)).json()["state"]["stage"] == "employer_review"

        await eventually(done, 20.0)
        fact = (await http.get(f"{path}/history")).json()[-1]
        assert (fact["event"], fact["at"][:10]) == ("submit", "2023-09-18")
        assert (await http.get(f"{path}/refused")).json() == []
