"""Uploads: pieces, crashes, two senders, quotas, what ends one, and what is found missing."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from activities.database import Database
from activities.evidence import receiving
from activities.evidence.checking import check
from activities.evidence.config import EvidenceConfig
from activities.evidence.files import files_of, find_file, not_stored
from activities.evidence.receiving import Reached, Receiver
from activities.evidence.store import EvidenceStore, StoreUrlError, key_of, open_store
from activities.evidence.uploads import NewUpload, Uploads
from models.evidence import EvidenceKind, EvidenceRefused, MediaType, Named
from models.roles import Role
from models.tables import Application, EvidenceLink, EvidenceObject, EvidencePart, EvidenceUpload
from models.visibility import Grant
from tests.activities.recorded import Desk, RecordedLife
from tests.evidence_material import EXE, pdf, picture
from tests.models.life import Cast

PLAN = "tianjin-quality-2023"
NOW = datetime(2026, 11, 24, tzinfo=UTC)
FILE = pdf(300_000)
SHA = hashlib.sha256(FILE).hexdigest()
ME = [Grant(role=Role.APPLICANT)]


@pytest.fixture(autouse=True)
def _small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receiving, "PIECE", 64_000)


class Hall:
    """A database with two applications, a store, and a process that receives."""

    def __init__(self, database: Database, folder: Path, **config: Any) -> None:
        self.database, self.folder = database, folder
        self.store: EvidenceStore = open_store(None, folder)
        self.uploads = Uploads(database, self.store, EvidenceConfig(**config))
        self.receiver = Receiver(self.uploads)
        self.now = NOW

    def restarted(self) -> Hall:
        """Another process, which remembers nothing."""
        return Hall(self.database, self.folder, **vars(self.uploads.config))

    async def begin(self, ref: str = "a-1", content: bytes = FILE, **more: Any) -> EvidenceUpload:
        given: dict[str, Any] = {"owner": f"p-{ref}", "kind": EvidenceKind.DOSSIER, "size": len(content)}
        return await self.uploads.begin(NewUpload(PLAN, ref, **(given | more)), self.now)

    async def send(
        self, row: EvidenceUpload, offset: int, content: bytes, *, chunk: int = 10_000, **more: Any
    ) -> Reached:
        """Sends to the upload as it stands in the database."""
        now = await self.uploads.find(row.upload_ref)
        assert now is not None
        return await self.receiver.receive(now, offset, chunks(content, chunk), lambda: self.now, **more)

    async def refused(self, row: EvidenceUpload, offset: int, content: bytes, **more: Any) -> EvidenceRefused:
        with pytest.raises(EvidenceRefused) as refused:
            await self.send(row, offset, content, **more)
        return refused.value

    async def state(self, row: EvidenceUpload) -> tuple[str, int]:
        found = await self.uploads.find(row.upload_ref)
        assert found is not None
        return found.state, found.received

    def left(self) -> list[Path]:
        """What lies in the store of uploads."""
        return [path for path in (self.folder / "uploads").rglob("*") if path.is_file()]


async def chunks(content: bytes, size: int) -> AsyncIterator[bytes]:
    for start in range(0, len(content), size):
        yield content[start : start + size]


async def opened(database: Database, folder: Path, **config: Any) -> Hall:
    """A hall with two applications."""
    desk = Desk(database)
    for ref in ("a-1", "a-2"):
        await desk.open(RecordedLife(Cast(ref)))
    return Hall(database, folder / "evidence", **config)


@pytest.fixture
async def either_hall(database: Database, tmp_path: Path) -> Hall:
    """On SQLite, and on PostgreSQL."""
    return await opened(database, tmp_path)


@pytest.fixture
async def sqlite(sqlite_url: str) -> AsyncIterator[Database]:
    """A database, quickly."""
    database = Database(sqlite_url)
    yield database
    await database.close()


@pytest.fixture
async def hall(sqlite: Database, tmp_path: Path) -> Hall:
    """On SQLite."""
    return await opened(sqlite, tmp_path)


async def test_a_file_comes_in_pieces_over_crashes_and_is_stored_once_it_is_whole(either_hall: Hall) -> None:
    hall = either_hall
    row = await hall.begin(file_name="../论文.pdf", declared_type="application/pdf", declared_sha256=SHA)
    assert await hall.send(row, 0, FILE[:1000]) == Reached(1000)
    assert await hall.send(row, 1000, FILE[1000:150_000]) == Reached(150_000)
    after = hall.restarted()
    assert await after.state(row) == ("open", 150_000)
    assert (await after.refused(row, 0, FILE)).offset == 150_000
    assert (await after.refused(row, 150_000, FILE[150_000:] + bytes(50_000))).code == "file_too_large"
    assert await after.state(row) == ("open", 278_000), "what fitted counts, and it is the file's"
    assert await after.send(row, 278_000, FILE[278_000:]) == Reached(len(FILE), SHA)
    assert (hall.folder / key_of(SHA)).read_bytes() == FILE
    assert hall.left() == []
    assert await after.send(row, len(FILE), b"") == Reached(len(FILE), SHA), "asked again, told again"
    async with hall.database.reading() as session:
        assert (await session.scalars(select(EvidencePart))).all() == []
        application = await session.get(Application, (PLAN, "a-1"))
        assert application is not None
        (paper,) = await files_of(session, application, "p-a-1", ME)
    assert (paper.sha256, paper.media_type, paper.size) == (SHA, MediaType.PDF, len(FILE))
    assert (paper.file_name, paper.flags, paper.state) == ("论文.pdf", (), "stored")


async def test_of_two_senders_one_is_told_where_the_upload_stands(either_hall: Hall) -> None:
    hall = either_hall
    row = await hall.begin()
    other = hall.restarted()
    said = await asyncio.gather(
        hall.send(row, 0, FILE[:200_000]), other.send(row, 0, FILE[:200_000]), return_exceptions=True
    )
    (lost,) = [one for one in said if isinstance(one, EvidenceRefused)]
    assert (lost.code, lost.offset is not None) == ("offset_differs", True)
    state, received = await hall.state(row)
    done = await hall.send(row, received, FILE[received:])
    assert (state, done.sha256) == ("open", SHA)
    assert (hall.folder / key_of(SHA)).read_bytes() == FILE


async def test_the_last_piece_of_two_senders_counts_once(either_hall: Hall) -> None:
    hall = either_hall
    row = await hall.begin()
    await hall.send(row, 0, FILE[:280_000])
    other = hall.restarted()
    said = await asyncio.gather(
        hall.send(row, 280_000, FILE[280_000:]),
        other.send(row, 280_000, FILE[280_000:]),
        return_exceptions=True,
    )
    assert sorted(type(one).__name__ for one in said) == ["EvidenceRefused", "Reached"]
    assert await hall.state(row) == ("stored", len(FILE))


async def test_what_does_not_have_its_checksum_does_not_count(hall: Hall) -> None:
    row = await hall.begin()
    assert await hall.send(row, 0, FILE[:200_000], proved=lambda: False) == Reached(0)
    assert (await hall.state(row), hall.left()) == (("open", 0), [])
    assert await hall.send(row, 0, FILE[:200_000], proved=lambda: True) == Reached(200_000)
    assert (await hall.send(row, 200_000, FILE[200_000:], proved=lambda: True)).sha256 == SHA


@pytest.mark.parametrize("chunk", [1, 100_000])
async def test_a_forged_file_ends_its_upload_with_its_first_bytes(hall: Hall, chunk: int) -> None:
    row = await hall.begin(file_name="证书.pdf", declared_type="application/pdf", content=EXE)
    taken = 0

    async def coming() -> AsyncIterator[bytes]:
        nonlocal taken
        async for part in chunks(EXE, chunk):
            taken += len(part)
            yield part

    with pytest.raises(EvidenceRefused, match=r"x-msdownload|octet-stream"):
        await hall.receiver.receive(row, 0, coming(), lambda: NOW)
    assert taken <= max(2, chunk)
    assert await hall.state(row) == ("refused", 0)
    assert (await hall.refused(row, 0, FILE)).code == "upload_ended"
    assert hall.left() == []


async def test_what_ends_an_upload_when_it_is_whole(hall: Hall) -> None:
    png = picture("PNG")
    for content, more, code in (
        (FILE[:-30], {}, "file_broken"),
        (FILE, {"declared_sha256": "0" * 64}, "hash_differs"),
        (png, {"declared_type": "application/pdf"}, "type_forged"),
    ):
        row = await hall.begin(content=content, **more)
        assert (await hall.refused(row, 0, content)).code == code
        assert (await hall.state(row))[0] == "refused"
    async with hall.database.reading() as session:
        assert (await session.scalars(select(EvidenceObject))).all() == []
    assert [path for path in hall.folder.rglob("*") if path.is_file()] == []


async def test_a_piece_that_is_lost_or_altered_in_the_store_is_noticed(hall: Hall) -> None:
    for spoil in ("lost", "altered"):
        row = await hall.begin()
        await hall.send(row, 0, FILE[:200_000])
        piece = sorted(hall.left())[1]
        if spoil == "lost":
            piece.unlink()
            assert (await check(hall.database, hall.store, NOW)).lost_pieces != []
        else:
            piece.write_bytes(bytes(piece.stat().st_size))
        assert (await hall.refused(row, 200_000, FILE[200_000:])).code == "piece_lost"
        assert (await hall.state(row))[0] == "refused"
        assert not (hall.folder / key_of(SHA)).exists()


async def test_uploads_are_bounded_and_found_again(sqlite: Database, tmp_path: Path) -> None:
    hall = await opened(sqlite, tmp_path, max_bytes=400_000, quota_bytes=700_000, open_uploads=2)
    for size, code in ((0, "file_empty"), (400_001, "file_too_large")):
        with pytest.raises(EvidenceRefused) as refused:
            await hall.begin(size=size)
        assert refused.value.code == code
    first = await hall.begin(key="k-1")
    assert (await hall.begin(key="k-1")).upload_ref == first.upload_ref
    with pytest.raises(EvidenceRefused, match="used for another"):
        await hall.begin(key="k-1", size=5)
    assert (await hall.begin(key="k-1", owner="p-2", size=5)).upload_ref != first.upload_ref
    with pytest.raises(EvidenceRefused, match="not finished"):
        await hall.begin()
    await hall.send(first, 0, FILE)
    with pytest.raises(EvidenceRefused, match="399995 are left"):
        await hall.begin(size=399_996)
    assert (await hall.begin(size=399_995)).state == "open"


async def test_an_upload_that_rests_too_long_is_swept_away_and_no_other(hall: Hall) -> None:
    rests, goes_on, unwanted = [await hall.begin() for _ in range(3)]
    for row in (rests, goes_on, unwanted):
        await hall.send(row, 0, FILE[:100_000])
    await hall.uploads.discard(unwanted, NOW)
    assert await hall.state(unwanted) == ("discarded", 100_000)
    hall.now += timedelta(days=6)
    await hall.send(goes_on, 100_000, FILE[100_000:200_000])
    (hall.folder / "uploads" / ("f" * 32)).mkdir()
    (hall.folder / "uploads" / ("f" * 32) / "0-x").write_bytes(b"left by a crash")
    hall.now += timedelta(days=2)
    assert await hall.uploads.sweep(hall.now) == [rests.upload_ref]
    assert {path.parent.name for path in hall.left()} == {goes_on.upload_ref}
    assert (await hall.refused(rests, 100_000, FILE[100_000:])).code == "upload_ended"
    stored = await hall.send(goes_on, 200_000, FILE[200_000:])
    assert stored.sha256 == SHA
    found = await hall.uploads.find(goes_on.upload_ref)
    assert found is not None
    with pytest.raises(EvidenceRefused, match="stored"):
        await hall.uploads.discard(found, hall.now)


async def test_nobody_learns_that_another_has_the_same_file(hall: Hall) -> None:
    mine = await hall.begin("a-1")
    await hall.send(mine, 0, FILE)
    named = [Named(field="x", sha256=SHA)]
    async with hall.database.reading() as session:
        assert await find_file(session, SHA, "p-a-2", ME) is None
        assert await not_stored(session, PLAN, "a-2", named) == named
        assert await not_stored(session, PLAN, "a-1", named) == []
    (hall.folder / key_of(SHA)).write_bytes(b"spoilt")
    second = await hall.begin("a-2", file_name="b.pdf")
    assert (await hall.send(second, 0, FILE)).sha256 == SHA
    assert (hall.folder / key_of(SHA)).read_bytes() == FILE, "written anew, and so healed"
    async with hall.database.reading() as session:
        for ref in ("a-1", "a-2"):
            found = await find_file(session, SHA, f"p-{ref}", ME)
            assert found is not None
            assert found.application_ref == ref
        assert len((await session.scalars(select(EvidenceObject))).all()) == 1
        assert len((await session.scalars(select(EvidenceLink))).all()) == 2


async def test_what_is_missing_altered_or_nobodys_is_found(hall: Hall) -> None:
    files = [pdf(50_000, seed) for seed in range(4)]
    hashes = [hashlib.sha256(content).hexdigest() for content in files]
    for content in files:
        await hall.send(await hall.begin(content=content), 0, content)
    sound = await check(hall.database, hall.store, NOW)
    assert (sound.sound, sound.files, sound.size, sound.orphaned) == (True, 4, 200_000, [])
    (hall.folder / key_of(hashes[0])).unlink()
    spoilt = hall.folder / key_of(hashes[1])
    spoilt.write_bytes(bytes([spoilt.read_bytes()[0] ^ 1]) + files[1][1:])
    (hall.folder / key_of("0" * 64)).parent.mkdir(parents=True)
    (hall.folder / key_of("0" * 64)).write_bytes(b"x")
    found = await check(hall.database, hall.store, NOW + timedelta(days=1))
    assert (found.missing, found.altered, found.orphaned) == ([hashes[0]], [hashes[1]], [key_of("0" * 64)])
    async with hall.database.reading() as session:
        assert await not_stored(session, PLAN, "a-1", [Named(field="x", sha256=h) for h in hashes[:3]]) == [
            Named(field="x", sha256=h) for h in hashes[:2]
        ]
    spoilt.write_bytes(files[1])
    later = await check(hall.database, hall.store, NOW + timedelta(days=2), sample=2)
    assert (later.files, later.missing + later.altered) in ((2, []), (2, [hashes[0]]))
    again = await check(hall.database, hall.store, NOW + timedelta(days=3), sample=2)
    assert len({*later.missing, *again.missing}) == 1, "two samples of two look at all four"


@pytest.mark.parametrize(
    "url", ["file://relative", "s3://", "http://x", "s3://key:secret@bucket", "memory://"]
)
def test_an_address_of_a_store_that_cannot_be_used_is_refused(url: str, tmp_path: Path) -> None:
    with pytest.raises(StoreUrlError) as refused:
        open_store(url, tmp_path)
    assert "secret" not in str(refused.value)
