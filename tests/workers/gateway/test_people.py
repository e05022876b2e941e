"""Identity numbers over HTTP and at the command line: recorded, masked, revealed for a reason."""

from __future__ import annotations

import asyncio
import io
import json
import zipfile
from pathlib import Path

import httpx
import pytest

from models.audit import Fact, verify
from tests.support import unique
from tests.workers.conftest import Lines, Zhicheng
from tests.workers.gateway.conftest import PLAN, Bearer, Door
from workers.rehearsal.cast import CITY_OFFICE, CONVENING_UNIT, OFFICE

NUMBER, OTHER = "11010519491231002X", "110105194912310038"


async def test_the_office_records_and_only_some_see_the_whole(
    http: httpx.AsyncClient, bearer: Bearer, lines: Lines
) -> None:
    person, twin = unique("p"), unique("p")
    path = f"/v1/plans/{PLAN}/people/{person}/identity"
    office = bearer("office-clerk", ("office", OFFICE))
    recorded = await http.put(path, json={"number": "110105194912310 02x"}, headers=office)
    assert recorded.status_code == 200, recorded.text
    assert (recorded.json()["version"], recorded.json()["new"]) == (1, True)
    same = await http.put(f"/v1/plans/{PLAN}/people/{twin}/identity", json={"number": NUMBER}, headers=office)
    assert person in same.json()["same_person"]
    masked = await http.get(path, headers=office)
    assert masked.json()["number"] == "110***********002X"
    unit = bearer("unit-clerk", ("convening_unit", CONVENING_UNIT))
    assert (await http.get(path, headers=unit)).status_code == 200
    assert (await http.post(f"{path}/reveal", json={"reason": "x"}, headers=unit)).status_code == 403
    assert (await http.post(f"{path}/reveal", json={}, headers=office)).status_code == 422
    city = bearer("city-clerk", ("city_office", CITY_OFFICE))
    whole = await http.post(f"{path}/reveal", json={"reason": "学历核验"}, headers=city)
    assert whole.json()["number"] == NUMBER
    found = await http.post(f"/v1/plans/{PLAN}/people/find", json={"number": NUMBER}, headers=office)
    assert {person, twin} <= set(found.json()["persons"])
    stranger = bearer("stranger", ("office", "another-office"))
    assert (await http.get(path, headers=stranger)).status_code == 404
    assert NUMBER not in lines.stream.getvalue()


@pytest.mark.parametrize(("number", "field"), [("110105194912310021", "number"), (OTHER, "document_no")])
async def test_a_wrong_number_and_an_unfounded_correction_are_refused(
    http: httpx.AsyncClient, bearer: Bearer, number: str, field: str
) -> None:
    path = f"/v1/plans/{PLAN}/people/{unique('p')}/identity"
    office = bearer("office-clerk", ("office", OFFICE))
    assert (await http.put(path, json={"number": NUMBER}, headers=office)).status_code == 200
    refused = await http.put(path, json={"number": number}, headers=office)
    assert refused.status_code in (409, 422)
    assert refused.json()["field"] == field
    assert number not in refused.text


def test_at_the_command_line_a_number_is_no_argument(zhicheng: Zhicheng, tmp_path: Path) -> None:
    person = unique("p")
    nothing = zhicheng("people", "identify", person, given="")
    assert (nothing.exit_code, "No number came" in nothing.stderr) == (2, True)
    done = zhicheng("people", "identify", person, "--json", given=f"{NUMBER}\n")
    assert done.exit_code == 0, done.stderr
    [told] = json.loads(done.stdout)
    assert (told["person"], told["version"]) == (person, 1)
    assert "110***********002X" in zhicheng("people", "identity", person).stdout
    refused = zhicheng("people", "identity", person, "--whole")
    assert (refused.exit_code, "for a reason" in refused.stderr) == (1, True)
    whole = zhicheng("people", "identity", person, "--whole", "--reason", "degree check", "--json")
    assert json.loads(whole.stdout)["number"] == NUMBER
    assert person in zhicheng("people", "who-has", given=NUMBER).stdout.split()
    file = tmp_path / "numbers.csv"
    file.write_text(f"ref,number\n{unique('p')},{OTHER}\n{unique('p')},123\n", "utf-8")
    wrong = zhicheng("people", "identify", "--file", str(file))
    assert (wrong.exit_code, "Line 3" in wrong.stderr, "123" in wrong.stderr) == (1, True, False)
    assert zhicheng("people", "who-has", given=OTHER).stdout.strip() == "nobody"
    assert "0 left" in zhicheng("people", "rekey").stdout


async def test_one_takes_a_copy_of_the_own_data(http: httpx.AsyncClient, stage_door: Door) -> None:
    """By oneself with the whole number; by the office masked and for a reason; nobody else."""
    await stage_door.start()
    person = f"p-{stage_door.cast.ref}"
    office = stage_door.headers("office")
    path = f"/v1/plans/{PLAN}/people/{person}"
    assert (await http.put(f"{path}/identity", json={"number": NUMBER}, headers=office)).is_success
    mine = await http.get("/v1/me/data", headers=stage_door.headers("applicant"))
    assert mine.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(mine.content)) as archive:
        told = json.loads(archive.read("person.json"))
        assert told["identity"]["number"] == NUMBER
        assert f"applications/{PLAN}/{stage_door.cast.ref}/application.json" in archive.namelist()
    assert (await http.get(f"{path}/data", headers=office)).status_code == 422
    given = await http.get(f"{path}/data", params={"reason": "本人申请"}, headers=office)
    with zipfile.ZipFile(io.BytesIO(given.content)) as archive:
        assert NUMBER not in archive.read("person.json").decode()
        looks = json.loads(archive.read("looks.json"))
    assert [look["what"] for look in looks].count("person_data") == 2
    nobody = {"Authorization": stage_door.bearer("p-nobody", ("applicant", None))["Authorization"]}
    assert (await http.get("/v1/me/data", headers=nobody)).status_code == 404
    employer = stage_door.headers("employer")
    assert (await http.get(f"{path}/data", params={"reason": "x"}, headers=employer)).status_code == 403


def test_retention_at_the_command_line(zhicheng: Zhicheng) -> None:
    """What is kept how long; a hold with its document; nothing is due of what lives."""
    classes = {one["class"]: one for one in json.loads(zhicheng("retention", "classes", "--json").stdout)}
    assert classes["passed"]["period"] == "10 years"
    assert classes["certificate"]["period"] == "for ever"
    nobody = zhicheng("retention", "hold", "no-such", "--reason", "x", "--document-no", "y")
    assert (nobody.exit_code, "no application" in nobody.stderr) == (1, True)
    assert zhicheng("retention", "apply", "--json").exit_code == 0
    log = zhicheng("retention", "log", "--json")
    assert json.loads(log.stdout)["broken"] == []
    assert zhicheng("retention", "lift", "4711", "--document-no", "x").exit_code == 1


async def test_looks_through_every_door_are_in_one_log(stage_door: Door, zhicheng: Zhicheng) -> None:
    """HTTP, the board's door behind it, the command line: whoever shows a dossier writes it down first."""
    await stage_door.start()
    ref = stage_door.cast.ref
    for what in ("", "/history", "/deadlines", "/refused", "/next", "/evidence", "/notices", "/name"):
        assert (await stage_door.read(what)).is_success, what

    def at_the_command_line() -> None:
        for words in (("show",), ("next",), ("history",), ("refused",), ("why-deadline",), ("diagram",)):
            assert zhicheng(*words, ref).exit_code == 0, words
        assert zhicheng("evidence", "list", ref).exit_code == 0

    await asyncio.to_thread(at_the_command_line)
    looks = await asyncio.to_thread(lambda: json.loads(zhicheng("access-log", ref, "--json").stdout))
    seen = {look["what"] for look in looks}
    assert seen >= {"application_state", "application_history", "application_deadlines", "application_next"}
    assert seen >= {"application_refused", "application_evidence", "application_notices", "applicant_name"}
    assert seen >= {"cli_show", "cli_next", "cli_history", "cli_refused", "cli_why_deadline", "cli_diagram"}
    assert "cli_evidence_list" in seen
    mine = [look for look in looks if look["what"].startswith("cli_")]
    assert {look["subject"].partition(":")[0] for look in mine} == {"os"}
    assert {look["grants"] for look in mine} == {"command line"}


async def test_the_applicant_does_not_read_who_objected_and_what_was_said(stage_door: Door) -> None:
    """The office reads all of it; the applicant that it happened; the links of the chain hold for both."""
    await stage_door.contested()
    whole = (await stage_door.read("/history", "office")).json()
    mine = (await stage_door.read("/history", "applicant")).json()
    assert [fact["hash"] for fact in mine] == [fact["hash"] for fact in whole]
    assert "colleague-7" in json.dumps(whole)
    assert "业绩材料与实际不符" in json.dumps(whole, ensure_ascii=False)
    assert "colleague-7" not in json.dumps(mine)
    assert "业绩材料与实际不符" not in json.dumps(mine, ensure_ascii=False)
    facts = [Fact.model_validate(fact) for fact in mine]
    assert verify(facts, kept=True) == []
    own = next(fact for fact in facts if fact.event == "submit")
    assert own.actor.id == f"p-{stage_door.cast.ref}"
