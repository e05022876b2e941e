"""A meeting among applications that cannot answer, on the real server."""

from __future__ import annotations

from dataclasses import replace

import pytest
from temporalio.testing import ActivityEnvironment

from activities.meetings import Meetings
from activities.sending import PATIENT_ATTEMPTS
from models.meeting_messages import Sending, SendingDone, ToSend
from tests.support import unique
from tests.workflows.cycle import Cycle
from workers.rehearsal.cast import Json
from workers.rehearsal.meeting_cast import MeetingCast


async def test_an_application_that_stays_silent_does_not_hold_up_the_meeting(cycle: Cycle) -> None:
    """Whether a ballot was opened must be known; for the rest, silence is an answer after some attempts."""
    awake = await cycle.start()
    asleep = await Cycle(cycle.environment, unique("nobody-works-here"), cycle.database).start()
    office = MeetingCast("m").actor("office")
    bodies = [
        {"kind": "schedule", "actor": office, "command_id": unique("silent"), "step": step}
        for step in ("", "opened")
    ]
    meetings = Meetings(cycle.database, rehearsal=True)
    environment = ActivityEnvironment(client=cycle.environment.client)
    environment.info = replace(environment.info, attempt=PATIENT_ATTEMPTS)

    async def send(body: Json) -> SendingDone:
        sends = tuple(ToSend(application_ref=life.cast.ref, body=body) for life in (asleep, awake))
        sending = Sending(plan_id=awake.cast.start()["plan_id"], sends=sends)
        return await environment.run(meetings.send_from_meeting, sending)

    silent, spoken = (await send(bodies[0])).outcomes
    assert (silent.accepted, "no answer" in (silent.reason or "")) == (False, True)
    assert (spoken.accepted, "no answer" in (spoken.reason or "")) == (False, False)
    with pytest.raises(TimeoutError, match="does not answer"):
        await send(bodies[1])
