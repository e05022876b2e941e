"""What an attacker, or a slip of the hand, tries at the doors: nothing leaks, nothing is answered 500."""

from __future__ import annotations

import json

from tests.workers.gateway.conftest import Door


async def test_the_story_in_words_names_no_objector_to_the_applicant(stage_door: Door) -> None:
    """What the history keeps back from the applicant, its telling in words keeps back as well."""
    await stage_door.start()
    cast = stage_door.cast
    for command in (cast.submit(), cast.recommend(), cast.start_publicity()):
        assert (await stage_door.send(command)).is_success
    objected = await stage_door.http.post(
        f"{stage_door.path}/commands/object",
        json={"grounds": "业绩材料与实际不符", "real_name": True},
        headers=stage_door.headers("employer", "colleague-7")
        | {"Idempotency-Key": f"{cast.ref}-o", "Zhicheng-Role": "public"},
    )
    assert objected.is_success, objected.text
    whole = (await stage_door.read("/explain", "office")).json()
    mine = (await stage_door.read("/explain", "applicant")).json()
    assert "colleague-7" in json.dumps(whole)
    assert [one["event"] for one in mine["story"]] == [one["event"] for one in whole["story"]]
    told = json.dumps(mine, ensure_ascii=False)
    assert "colleague-7" not in told
    assert "业绩材料与实际不符" not in told
