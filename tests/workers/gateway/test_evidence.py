"""Uploads over tus as its clients speak it, who may do what with a paper, and commands that name one."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import zlib
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from models.evidence import EvidenceCode
from models.tables import EvidenceObject
from tests.evidence_material import PAGE, pdf, picture
from tests.workers.gateway.conftest import PLAN, Bearer, Door
from workers.gateway.app import create_app
from workers.gateway.catalogue import CATALOGUE
from workers.gateway.context import Context
from workers.rehearsal.cast import paper

FILE = pdf(20_000)
SHA = hashlib.sha256(FILE).hexdigest()
URL = "/v1/evidence/uploads"
TUS = {"Tus-Resumable": "1.0.0"}
BYTES = TUS | {"Content-Type": "application/offset+octet-stream"}


def meta(**said: str) -> str:
    return ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in said.items())


class Desk:
    """Somebody who uploads for one application."""

    def __init__(self, door: Door, role: str = "applicant", subject: str | None = None) -> None:
        self.door, self.http = door, door.http
        self.who = door.headers(role, subject)

    async def begin(self, size: int = len(FILE), headers: dict[str, str] | None = None, **said: str) -> Any:
        told = {"plan": PLAN, "application": self.door.cast.ref} | said
        sent = {"Upload-Length": str(size), "Upload-Metadata": meta(**told)}
        return await self.http.post(URL, headers=self.who | TUS | sent | (headers or {}))

    async def url(self, size: int = len(FILE), **said: str) -> str:
        begun = await self.begin(size, **said)
        assert begun.status_code == 201, begun.text
        return str(begun.headers["Location"])

    async def send(self, url: str, at: int, content: Any, **more: str) -> httpx.Response:
        sent = BYTES | {"Upload-Offset": str(at)} | {k.replace("_", "-"): v for k, v in more.items()}
        return await self.http.patch(url, headers=self.who | sent, content=content)

    async def head(self, url: str) -> httpx.Response:
        return await self.http.head(url, headers=self.who | TUS)

    async def store(self, content: bytes = FILE, **said: str) -> str:
        """The hash."""
        done = await self.send(await self.url(len(content), **said), 0, content)
        assert done.status_code == 204, done.text
        return done.headers["Zhicheng-Evidence"].removeprefix("sha256:")

    async def get(self, sha256: str = SHA, **headers: str) -> httpx.Response:
        """As a paper of this application."""
        part_of = {"plan": PLAN, "application": self.door.cast.ref}
        return await self.http.get(f"/v1/evidence/{sha256}", params=part_of, headers=self.who | headers)


@pytest.fixture
async def desk(stage_door: Door) -> Desk:
    await stage_door.start()
    return Desk(stage_door)


async def test_an_upload_as_tus_clients_do_it(desk: Desk) -> None:
    spoken = await desk.http.options(URL)
    assert spoken.status_code == 204
    assert spoken.headers["Tus-Version"] == "1.0.0"
    assert spoken.headers["Tus-Extension"] == "creation,termination,checksum,expiration"
    assert {"sha1", "sha256"} <= set(spoken.headers["Tus-Checksum-Algorithm"].split(","))
    assert spoken.headers["Tus-Max-Size"] == "500000000"
    begun = await desk.begin(filename="论文.pdf", filetype="application/pdf")
    assert (begun.status_code, begun.headers["Tus-Resumable"]) == (201, "1.0.0")
    assert begun.headers["Upload-Expires"].endswith("GMT")
    url = begun.headers["Location"]
    standing = await desk.head(url)
    assert (standing.headers["Upload-Offset"], standing.headers["Upload-Length"]) == ("0", "20000")
    assert standing.headers["Cache-Control"] == "no-store"
    part = await desk.send(url, 0, FILE[:9000])
    assert (part.status_code, part.headers["Upload-Offset"]) == (204, "9000")
    conflict = await desk.send(url, 0, FILE[:10])
    assert (conflict.status_code, conflict.headers["Upload-Offset"]) == (409, "9000")
    assert conflict.json()["remedy"]["zh"]
    override = await desk.http.post(
        url,
        headers=desk.who | BYTES | {"Upload-Offset": "9000", "X-HTTP-Method-Override": "PATCH"},
        content=FILE[9000:12_000],
    )
    assert override.headers["Upload-Offset"] == "12000"
    last = await desk.send(url, 12_000, FILE[12_000:])
    assert last.headers["Zhicheng-Evidence"] == f"sha256:{SHA}"
    assert (await desk.head(url)).headers["Zhicheng-Evidence"] == f"sha256:{SHA}"
    again = await desk.send(url, 20_000, b"")
    assert (again.status_code, again.headers["Upload-Offset"]) == (204, "20000")
    assert (await desk.http.delete(url, headers=desk.who | TUS)).status_code == 410


async def test_what_a_client_gets_wrong_is_said_and_changes_nothing(desk: Desk) -> None:
    url = await desk.url()
    for headers, status in (
        ({"Tus-Resumable": "0.2.2"}, 412),
        ({"Content-Type": "application/octet-stream"}, 415),
        ({"Upload-Offset": "-1"}, 400),
        ({"Upload-Offset": "20000"}, 413),
        ({"Upload-Offset": "5"}, 409),
        ({"Upload-Checksum": "crc32 AAAA"}, 400),
        ({"Upload-Checksum": "sha1 ???"}, 400),
        ({"Upload-Checksum": f"sha1 {base64.b64encode(b'0' * 20).decode()}"}, 460),
    ):
        sent = desk.who | BYTES | {"Upload-Offset": "0"} | headers
        answer = await desk.http.patch(url, headers=sent, content=FILE[:100])
        assert (answer.status_code, answer.headers["Tus-Resumable"]) == (status, "1.0.0"), headers
        assert answer.json()["remedy"]["zh"]
    assert (await desk.http.patch(url, headers=desk.who | {"Tus-Resumable": "0.2.2"})).headers[
        "Tus-Version"
    ] == "1.0.0"
    assert (await desk.head(url)).headers["Upload-Offset"] == "0"
    right = base64.b64encode(hashlib.sha256(FILE[:100]).digest()).decode()
    assert (await desk.send(url, 0, FILE[:100], Upload_Checksum=f"sha256 {right}")).status_code == 204

    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield FILE[100:]

    assert (await desk.send(url, 100, endless())).status_code == 413
    for said, status in (
        ({"kind": "novel"}, 400),
        ({"sha256": "beef"}, 400),
        ({"plan": "../x"}, 400),
        ({"application": "not-there"}, 404),
    ):
        assert (await desk.begin(**said)).status_code == status
    assert (await desk.begin(headers={"Upload-Metadata": "plan %%%"})).status_code == 400
    assert (await desk.begin(headers={"Upload-Length": "many"})).status_code == 400
    for size, code in ((0, "file_empty"), (500_000_001, "file_too_large")):
        assert (await desk.begin(size)).json()["code"] == code
    key = {"Idempotency-Key": f"k-{desk.door.cast.ref}"}
    first, second = [(await desk.begin(headers=key)).headers["Location"] for _ in range(2)]
    assert first == second
    assert (await desk.begin(5, headers=key)).json()["code"] == "reused_key"


async def test_forged_files_are_refused_by_their_content(desk: Desk) -> None:
    for content, said, code in (
        (PAGE, {"filetype": "application/pdf"}, "type_not_allowed"),
        (picture("PNG"), {"filetype": "application/pdf"}, "type_forged"),
        (zlib.compress(FILE), {}, "type_not_allowed"),
    ):
        url = await desk.url(len(content), filename="证书.pdf", **said)
        refused = await desk.send(url, 0, content)
        assert (refused.status_code, refused.json()["code"]) == (415, code)
        assert (await desk.head(url)).status_code == 410
        assert (await desk.send(url, 0, FILE[:10])).status_code == 410


async def test_an_upload_is_its_senders_alone(desk: Desk) -> None:
    url = await desk.url()
    await desk.send(url, 0, FILE[:100])
    for other in (
        Desk(desk.door, "employer"),
        Desk(desk.door, "office"),
        Desk(desk.door, "applicant", "somebody"),
    ):
        assert (await other.head(url)).status_code == 404
        assert (await other.send(url, 100, FILE[100:])).json()["code"] == "unknown_upload"
        assert (await other.http.delete(url, headers=other.who | TUS)).status_code == 404
    assert (await Desk(desk.door, "applicant", "somebody").begin()).status_code == 404
    assert (await desk.head(url)).headers["Upload-Offset"] == "100"
    assert (await desk.http.delete(url, headers=desk.who | TUS)).status_code == 204
    assert (await desk.head(url)).status_code == 410
    looks = (await desk.door.read("/looks")).json()
    tried = {(one["subject"], one["what"], one["outcome"]) for one in looks}
    assert ("somebody", "upload_bytes", "not_visible") in tried
    assert ("employer-clerk", "discard_upload", "not_visible") in tried


async def test_a_paper_is_read_whole_and_in_part_by_who_may_see_it(desk: Desk) -> None:
    sha256 = await desk.store(filename='论文 "1".exe')
    whole = await desk.get()
    assert (whole.status_code, whole.content, sha256) == (200, FILE, SHA)
    assert whole.headers["Content-Type"] == "application/pdf"
    assert whole.headers["X-Content-Type-Options"] == "nosniff"
    disposition = whole.headers["Content-Disposition"]
    assert disposition.startswith("attachment; filename*=UTF-8''%E8%AE%BA%E6%96%87")
    assert disposition.endswith(".pdf")
    for asked, span in (
        ("bytes=0-9", FILE[:10]),
        ("bytes=19990-", FILE[19_990:]),
        ("bytes=-10", FILE[-10:]),
        ("bytes=5-99999", FILE[5:]),
    ):
        part = await desk.get(f"sha256:{SHA}", Range=asked)
        assert (part.status_code, part.content) == (206, span)
        assert part.headers["Content-Range"].endswith("/20000")
    assert (await desk.get(Range="bytes=0-1,5-6")).content == FILE
    assert (await desk.get(Range="bytes=0-9", **{"If-Range": '"another"'})).status_code == 200
    none = await desk.get(Range="bytes=20000-")
    assert (none.status_code, none.headers["Content-Range"]) == (416, "bytes */20000")
    for reader in ("employer", "department", "office", "convening_unit"):
        assert (await Desk(desk.door, reader).get()).status_code == 200
    assert (await Desk(desk.door, "applicant", "somebody").get()).status_code == 404
    assert (await desk.get("0" * 64)).json()["code"] == "not_found"
    assert (await desk.http.get(f"/v1/evidence/{SHA}", headers=desk.who)).content == FILE
    looks = (await desk.door.read("/looks")).json()
    assert ("employer-clerk", "evidence_file") in {(one["subject"], one["what"]) for one in looks}


async def test_what_an_objector_hands_in_is_not_shown_to_the_applicant(desk: Desk) -> None:
    unit = Desk(desk.door, "employer")
    theirs = await unit.store(picture("JPEG"), kind="objection")
    mine = await desk.store()
    path = f"{desk.door.path}/evidence"
    for who, seen in ((desk, [mine]), (unit, [theirs, mine])):
        listed = (await who.http.get(path, headers=who.who)).json()
        assert [one["sha256"] for one in listed] == seen
        assert listed[-1]["reference"] == f"sha256:{mine}"
    assert (await desk.get(theirs)).status_code == 404
    assert (await unit.get(theirs)).status_code == 200


async def test_a_damaged_paper_never_ends_well(desk: Desk, gateway: FastAPI) -> None:
    context: Context = gateway.state.context
    folder = context.settings.data_dir / "evidence" / "files"
    content = pdf(20_000, seed=zlib.crc32(desk.door.cast.ref.encode()))
    sha256 = await desk.store(content)
    (stored,) = folder.rglob(sha256)
    stored.write_bytes(content[:-1] + b"x")
    broken = await desk.get(sha256)
    assert len(broken.content) < int(broken.headers["Content-Length"])
    async with context.database.reading() as session:
        found = await session.get(EvidenceObject, sha256)
        assert found is not None
        assert found.state == "altered"
    stored.unlink()
    gone = await desk.get(sha256)
    assert (gone.status_code, gone.json()["code"]) == (503, "evidence_missing")
    assert await desk.store(content) == sha256
    assert (await desk.get(sha256)).content == content


async def test_a_store_that_is_away_is_said_and_nothing_is_lost(desk: Desk, gateway: FastAPI) -> None:
    context: Context = gateway.state.context
    folder = context.settings.data_dir / "evidence"
    assert folder.stat().st_mode & 0o077 == 0
    content = pdf(20_000, seed=zlib.crc32(b"away" + desk.door.cast.ref.encode()))
    url = await desk.url(len(content))
    assert (await desk.send(url, 0, content[:8000])).status_code == 204
    folder.rename(folder.with_name("elsewhere"))
    folder.write_text("a disk that is not mounted")
    try:
        away = await desk.send(url, 8000, content[8000:])
        assert (away.status_code, away.json()["code"]) == (503, "store_away")
        assert away.headers["Retry-After"]
    finally:
        folder.unlink()
        folder.with_name("elsewhere").rename(folder)
    at = int((await desk.head(url)).headers["Upload-Offset"])
    assert at >= 8000
    assert (await desk.send(url, at, content[at:])).status_code == 204


@pytest.fixture
async def strict(gateway: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A gateway that refuses commands which name papers that are not stored."""
    here: Context = gateway.state.context
    settings = here.settings.model_copy(update={"evidence_named": "refuse"})
    app = create_app(dataclasses.replace(here, settings=settings))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://gateway") as client:
        yield client


async def test_a_command_that_names_a_paper_which_is_not_there_is_flagged_or_refused(
    desk: Desk, strict: httpx.AsyncClient, bearer: Bearer
) -> None:
    cast = desk.door.cast
    one = paper()
    scans = [pdf(9_000, seed) for seed in range(4)]
    for part, scan in zip(one["parts"], scans, strict=True):
        part["sha256"] = hashlib.sha256(scan).hexdigest()
    submit = cast.submit(dossier=cast.dossier(achievements=[one]))
    for scan in scans[:-1]:
        await desk.store(scan)
    elsewhere = Door(desk.http, bearer, type(cast)(f"{cast.ref}-2"))
    await elsewhere.start()
    await Desk(elsewhere).store(scans[-1])
    strictly = Door(strict, bearer, cast)
    refused = await strictly.send(submit)
    assert (refused.status_code, refused.json()["code"]) == (422, "evidence_not_stored")
    assert refused.json()["field"] == "dossier.achievements.0.parts.3.sha256"
    missing = f"sha256:{one['parts'][3]['sha256']}"
    assert missing in refused.json()["rule"]["zh"]
    later = await strictly.send(submit, Prefer="respond-async")
    assert later.status_code == 422
    await desk.store(scans[-1])
    accepted = await strictly.send(submit)
    assert accepted.status_code == 200, accepted.text
    assert "Zhicheng-Evidence-Missing" not in accepted.headers
    flagged = await Door(desk.http, bearer, elsewhere.cast).send(elsewhere.cast.submit())
    assert flagged.status_code == 200
    assert len(flagged.headers["Zhicheng-Evidence-Missing"].split(", ")) == 4


def test_every_refusal_has_a_status_and_the_rule_is_strict_outside_of_rehearsals(gateway: FastAPI) -> None:
    assert {code.value for code in EvidenceCode} <= set(CATALOGUE)
    settings = gateway.state.context.settings
    assert settings.refuses_unknown_evidence is False
    real = settings.model_copy(update={"rehearsal": False})
    assert real.refuses_unknown_evidence is True
    assert real.model_copy(update={"evidence_named": "flag"}).refuses_unknown_evidence is False
