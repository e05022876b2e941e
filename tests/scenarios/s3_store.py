"""Papers in an S3-compatible store: a whole upload with a cut and a crash, reading, damage, clearing up.

    python -m tests.scenarios.s3_store [BUCKET]

By default a server of its own (moto, fetched by `uv`; it is no part of the lock) holds the bucket. With the
name of a bucket, and `AWS_ENDPOINT_URL` and credentials in the environment, it is that one; what is made
there goes again.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from activities.database import Database
from activities.evidence.checking import check
from activities.evidence.config import EvidenceConfig
from activities.evidence.receiving import PIECE, Receiver
from activities.evidence.store import EvidenceStore, key_of, open_store
from activities.evidence.uploads import NewUpload, Uploads
from models.evidence import EvidenceKind, EvidenceRefused
from tests.activities.recorded import Desk, RecordedLife
from tests.evidence_material import EXE, pdf
from tests.models.life import Cast
from workers.database import upgrade
from workers.processes import free_port

SERVER = ("tool", "run", "--from", "moto[s3,server]==5.2.5", "moto_server")
NOW = datetime(2026, 11, 24, tzinfo=UTC)
SIZE = 23 * 1024 * 1024
"""Several pieces, and several parts of what is written in parts."""


class BrokenOffError(Exception):
    """The content of an object ends before it is whole."""


@contextlib.contextmanager
def served(bucket: str) -> Iterator[None]:
    """A server with one empty bucket; the environment says where."""
    address = f"http://127.0.0.1:{(port := free_port())}"
    uv = Path(sys.executable).with_name("uv")
    with subprocess.Popen(
        [uv, *SERVER, "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            until = time.monotonic() + 120
            while True:
                with contextlib.suppress(httpx.TransportError):
                    assert httpx.put(f"{address}/{bucket}").status_code == 200
                    break
                assert process.poll() is None, "the server did not start: is the package index reachable?"
                assert time.monotonic() < until, "the server does not answer"
                time.sleep(0.2)
            os.environ |= {
                "AWS_ENDPOINT_URL": address,
                "AWS_ALLOW_HTTP": "true",
                "AWS_ACCESS_KEY_ID": "anybody",
                "AWS_SECRET_ACCESS_KEY": "anything",
                "AWS_REGION": "us-east-1",
            }
            yield
        finally:
            process.terminate()


async def chunks(content: bytes) -> AsyncIterator[bytes]:
    """As a network brings them."""
    for start in range(0, len(content), 60_000):
        yield content[start : start + 60_000]


async def keys(store: EvidenceStore) -> list[str]:
    """Everything that lies there."""
    return [entry.key for prefix in ("files", "uploads") async for entry in store.entries(prefix)]


async def whole(store: EvidenceStore, key: str, span: tuple[int, int] | None = None) -> bytes:
    """What is stored under a key."""
    return b"".join([chunk async for chunk in store.stream(key, span)])


async def s3_store(url: str, folder: Path) -> None:
    """Everything that a store must do. Raises `AssertionError`."""
    database_url = f"sqlite+aiosqlite:///{folder / 's3.db'}"
    await asyncio.to_thread(upgrade, database_url)
    database = Database(database_url)
    try:
        await Desk(database).open(RecordedLife(Cast("a-1")))
        store = open_store(url, folder)
        await _kept(store)
        await _an_upload(database, store)
        await _damage(database, store)
    finally:
        await database.close()


def of(size: int) -> NewUpload:
    """A paper of the applicant."""
    return NewUpload("tianjin-quality-2023", "a-1", "p-a-1", EvidenceKind.DOSSIER, size)


async def _kept(store: EvidenceStore) -> None:
    assert await store.size("files/no/such/key") is None
    await store.delete("files/no/such/key")
    with pytest.raises(FileNotFoundError):
        await whole(store, "files/no/such/key")

    async def breaks() -> AsyncIterator[bytes]:
        yield b"x" * (6 * 1024 * 1024)
        raise BrokenOffError

    await store.put("files/a", b"before")
    with pytest.raises(BrokenOffError):
        await store.put_stream("files/a", breaks())
    assert await whole(store, "files/a") == b"before", "what broke off replaced what was there"
    await store.put("files/a", b"after")
    assert (await store.size("files/a"), await store.read("files/a", 1, 3)) == (5, b"fte")
    await store.delete("files/a")
    assert await keys(store) == []


async def _an_upload(database: Database, store: EvidenceStore) -> None:
    content = pdf(SIZE)
    uploads = Uploads(database, store, EvidenceConfig())
    row = await uploads.begin(of(SIZE), NOW)
    cut = 2 * PIECE + 12_345
    reached = await Receiver(uploads).receive(row, 0, chunks(content[:cut]), lambda: NOW)
    assert reached.offset == cut, "what came before the cut counts"
    again = await uploads.find(row.upload_ref)
    assert again is not None
    fresh = Receiver(uploads)  # another process, which has seen none of it
    done = await fresh.receive(again, cut, chunks(content[cut:]), lambda: NOW)
    sha256 = hashlib.sha256(content).hexdigest()
    assert (done.offset, done.sha256) == (SIZE, sha256)
    assert await keys(store) == [key_of(sha256)], "pieces go, the file stays"
    assert await whole(store, key_of(sha256)) == content
    assert await whole(store, key_of(sha256), (SIZE - 7, SIZE)) == content[-7:]

    forged = await uploads.begin(of(len(EXE)), NOW)
    with pytest.raises(EvidenceRefused) as refused:
        await fresh.receive(forged, 0, chunks(EXE), lambda: NOW)
    assert refused.value.code == "type_not_allowed"
    rests = await uploads.begin(of(SIZE), NOW)
    await fresh.receive(rests, 0, chunks(content[: PIECE + 1]), lambda: NOW)
    await uploads.sweep(NOW + timedelta(days=8))
    assert await keys(store) == [key_of(sha256)], "what rested too long is swept away"


async def _damage(database: Database, store: EvidenceStore) -> None:
    [key] = await keys(store)
    sound = await check(database, store, NOW)
    assert (sound.sound, sound.files, sound.size) == (True, 1, SIZE)
    kept = await whole(store, key)
    await store.put(key, b"\x00" + kept[1:])
    await store.put("files/00/00/stray", b"x")
    found = await check(database, store, NOW)
    assert (len(found.altered), found.orphaned) == (1, ["files/00/00/stray"])
    await store.delete(key)
    assert len((await check(database, store, NOW)).missing) == 1
    await store.put(key, kept)
    assert (await check(database, store, NOW)).sound
    for one in (key, "files/00/00/stray"):
        await store.delete(one)


def main() -> int:
    """Prints what was done; status 1 with the reason otherwise."""
    given = sys.argv[1] if len(sys.argv) > 1 else None
    bucket, began = given or "papers", time.monotonic()
    prefix = f"zhicheng-check-{uuid4().hex[:8]}"
    with (
        contextlib.nullcontext() if given else served(bucket),
        tempfile.TemporaryDirectory(prefix="zhicheng-s3-") as folder,
    ):
        ready = time.monotonic()
        asyncio.run(s3_store(f"s3://{bucket}/{prefix}", Path(folder)))
    print(
        f"s3://{bucket}: cut, resumed, read, forged, swept, damaged, healed; {SIZE} bytes, "
        f"{time.monotonic() - ready:.1f} s (server {ready - began:.1f} s)"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
