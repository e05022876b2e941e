"""What a person is given of the data on them: all that is theirs, nothing of others, and on record."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from activities.credit import blank_case
from activities.database import Database
from activities.evidence.store import key_of, open_store
from activities.identity import record_identity
from activities.looks import Looker
from activities.person_data import export_person
from models.identity import Document
from models.refusal import Refused
from models.tables import (
    AccessEntry,
    CaseStep,
    Contact,
    EvidenceLink,
    EvidenceObject,
    Export,
    Person,
    SideCase,
)
from tests.activities.recorded import Desk, RecordedLife
from tests.activities.stories import STORIES
from tests.activities.test_hops import every
from tests.activities.test_identity import KEYS, NUMBER
from tests.models.life import Cast, archived, posted
from workers.rehearsal.cast import COMMITTEE

AT = datetime(2024, 1, 9, tzinfo=UTC)
PLAN = "tianjin-quality-2023"
OFFICE = Looker("office-clerk", "office:tj-scjg-title-office, expert:tj-committee", request_id="r-1")


async def exported(
    database: Database, person: str, folder: Path, **more: Any
) -> tuple[zipfile.ZipFile, dict[str, Any]]:
    """The archive, and its JSON by name."""
    out = io.BytesIO()
    store = open_store(None, folder / "evidence")
    digest, _ = await export_person(
        database, KEYS, OFFICE, person, AT, out, store, folder, reason="本人申请", **more
    )
    assert digest == sha256(out.getvalue()).hexdigest()
    archive = zipfile.ZipFile(out)
    assert archive.testzip() is None
    names = [name for name in archive.namelist() if name.endswith(".json")]
    return archive, {name: json.loads(archive.read(name)) for name in names}


async def test_everything_that_is_theirs_and_nothing_of_others(database: Database, tmp_path: Path) -> None:
    desk = Desk(database)
    mine = RecordedLife(Cast("mine"))
    archived(mine)
    await desk.write_all(mine)
    content = "%PDF-论文".encode()
    digest = sha256(content).hexdigest()
    await open_store(None, tmp_path / "evidence").put(key_of(digest), content)
    async with database.transaction() as session:
        session.add(
            Person(ref="p-mine", version=1, name="王小明", kind=None, recorded_at=AT, document_no=None)
        )
        session.add(Contact(recipient="p-mine", channel="mail", address="wang@example.cn", set_at=AT))
        await record_identity(session, KEYS, OFFICE, "p-mine", Document.RESIDENT_ID, NUMBER, AT)
        session.add(
            EvidenceObject(
                sha256=digest,
                size=len(content),
                media_type="application/pdf",
                flags=[],
                state="stored",
                stored_at=AT,
                checked_at=None,
            )
        )
        await session.flush()
        link = {"plan_id": PLAN, "application_ref": "mine", "sha256": digest, "owner": "p-mine", "at": AT}
        session.add(EvidenceLink(**link, kind="dossier", file_name="论文.pdf"))
    archive, found = await exported(database, "p-mine", tmp_path)
    person = found["person.json"]
    assert [one["name"] for one in person["names"]] == ["王小明"]
    assert person["identity"]["number"] == "110***********002X"
    assert person["contact"]["address"] == "wang@example.cn"
    application = found[f"applications/{PLAN}/mine/application.json"]
    steps = [step["what"]["zh"] for step in application["history"]]
    assert len(steps) == len(mine.state.history)
    assert "提交" in steps
    assert application["handed_in"]
    assert application["notices"]
    assert application["certificates"][0]["number"]
    [file] = [name for name in archive.namelist() if name.endswith("论文.pdf")]
    assert archive.read(file) == content
    assert found["manifest.json"][file] == digest
    assert {"README.zh.md", "README.en.md"} <= set(archive.namelist())
    looks = found["looks.json"]
    assert {look["what"] for look in looks} >= {"identity_recorded", "person_data"}
    assert looks[0]["roles"] == ["expert", "office"]
    text = json.dumps(found, ensure_ascii=False)
    for hidden in (COMMITTEE, "committee_ref", "expert-", "office-clerk", '"yes"', "attending", NUMBER):
        assert hidden not in text.replace('"expert"', ""), hidden
    _, whole = await exported(database, "p-mine", tmp_path, whole=True)
    assert whole["person.json"]["identity"]["number"] == NUMBER
    logs = await every(database, Export)
    assert [(one.what, one.search, one.rows) for one in logs] == [("person_data", "person:p-mine", 1)] * 2
    assert [one.what for one in await every(database, AccessEntry)].count("person_data") == 2


async def test_objectors_and_experts_stay_hidden(house_of_objections: Database, tmp_path: Path) -> None:
    _, found = await exported(house_of_objections, "p-life", tmp_path)
    text = json.dumps(found, ensure_ascii=False)
    assert "异议" in text
    for hidden in ("业绩材料与实际不符", "somebody", "public-", "意见之言"):
        assert hidden not in text, hidden


async def test_what_one_wrote_oneself_is_in_the_copy(database: Database, tmp_path: Path) -> None:
    """The own objection, and the own answer to a case; the same words of another person stay hidden."""
    life = RecordedLife(Cast("life"))
    posted(life)
    mine = life.cast.actor("applicant", "p-life")
    life.do(life.cast.objects(actor=mine, grounds="本人对公示内容有异议"), "2023-09-26 09:00")
    await Desk(database).write_all(life)
    answer = {"step": "answered", "at": AT, "plan_id": PLAN, "application_ref": "life", "details": {}}
    async with database.transaction() as session:
        session.add(SideCase(**_a_case()))
        await session.flush()
        for n, (person, words) in enumerate((("p-life", "本人的答复"), ("p-other", "他人的答复")), start=1):
            who = {"actor_id": person, "actor_role": "applicant", "actor_organisation": None}
            step = {"case_id": "sc-1", "n": n, "seq": 1, "key": f"k-{n}", "words": words}
            session.add(CaseStep(**answer, **who, **step))
    _, found = await exported(database, "p-life", tmp_path)
    text = json.dumps(found, ensure_ascii=False)
    assert "本人对公示内容有异议" in text
    assert "本人的答复" in text
    assert "他人的答复" not in text


def _a_case() -> dict[str, Any]:
    return blank_case() | {
        "id": "sc-1",
        "plan_id": PLAN,
        "application_ref": "life",
        "seq": 1,
        "at": AT,
        "kind": "spot_check",
        "status": "answered",
        "question": "请提交证明",
        "opened_by": "m-clerk",
        "opened_by_role": "city_office",
    }


@pytest.fixture
async def house_of_objections(database: Database) -> Database:
    """One application against which two people objected."""
    life = STORIES["two objections to the employer's publicity"]()
    await Desk(database).write_all(life)
    return database


async def test_nobody_known_is_said(database: Database, tmp_path: Path) -> None:
    with pytest.raises(Refused) as refused:
        await exported(database, "p-nobody", tmp_path)
    assert refused.value.refusal.field == "person"
    assert await every(database, Export) == []
