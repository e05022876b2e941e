"""Making a stored file of an upload whose last byte has come.

The file is written even if the same one is stored for another application: nobody learns from the time it
takes that somebody else has it, and a damaged one is healed.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, update
from sqlalchemy.ext.asyncio import AsyncSession

from activities.evidence.content import Scanner, of_whole
from activities.evidence.pieces import Pieces, lost
from activities.evidence.refusals import ended, hash_differs, not_at
from activities.evidence.store import TO_REMOVE, key_of
from activities.writing import write_new, write_over
from models.evidence import EvidenceRefused, MediaType
from models.tables import EvidenceLink, EvidenceObject, EvidencePart, EvidenceUpload, ToRemove

if TYPE_CHECKING:
    from activities.evidence.uploads import Uploads


async def finish(
    uploads: Uploads,
    row: EvidenceUpload,
    at: int,
    whole: Pieces,
    kind: MediaType,
    sha256: str,
    now: datetime,
) -> None:
    """Judges the whole file, stores it under `sha256`, and makes that known. Raises `EvidenceRefused`.

    `at`: where the upload stood when its last pieces came; it stands there still, or somebody was faster.
    """
    if row.declared_sha256 not in (None, sha256):
        raise hash_differs(str(row.declared_sha256), sha256)
    flags = await of_whole(whole, kind)
    scanner = Scanner(kind)
    await uploads.store.put_stream(key_of(sha256), _copied(whole, scanner, sha256, row.size))
    seen = sorted({flag.value for flag in (*flags, *scanner.flags())})
    async with uploads.database.transaction() as session:
        await _make_known(session, row, at, kind, seen, sha256, now)
        await _keep(session, sha256)
    if await uploads.store.size(key_of(sha256)) is None:  # a removal was under way
        await uploads.store.put_stream(key_of(sha256), _copied(whole, Scanner(kind), sha256, row.size))
    await uploads.store.delete_upload(row.upload_ref)


async def _copied(whole: Pieces, scanner: Scanner, sha256: str, size: int) -> AsyncIterator[bytes]:
    """The bytes on their way, counted again: what was received must be what is stored."""
    counted, passed = hashlib.sha256(), 0
    async for chunk in whole.stream():
        await asyncio.to_thread(counted.update, chunk)
        scanner.feed(chunk)
        passed += len(chunk)
        if passed == size and counted.hexdigest() != sha256:
            break
        yield chunk
    if passed != size or counted.hexdigest() != sha256:
        raise lost()


async def _make_known(
    session: AsyncSession,
    row: EvidenceUpload,
    at: int,
    kind: MediaType,
    flags: list[str],
    sha256: str,
    now: datetime,
) -> None:
    moved: Any = await session.execute(
        update(EvidenceUpload)
        .where(
            EvidenceUpload.upload_ref == row.upload_ref,
            EvidenceUpload.state == "open",
            EvidenceUpload.received == at,
        )
        .values(received=row.size, media_type=kind.value, state="stored", sha256=sha256, touched_at=now)
    )
    if moved.rowcount != 1:
        raise await overtaken(session, row.upload_ref)
    await session.execute(delete(EvidencePart).where(EvidencePart.upload_ref == row.upload_ref))
    stored = {
        "sha256": sha256,
        "size": row.size,
        "media_type": kind.value,
        "flags": flags,
        "state": "stored",
        "stored_at": now,
        "checked_at": now,
    }
    await write_over(session, EvidenceObject, stored, ["sha256"])
    belongs = {
        "plan_id": row.plan_id,
        "application_ref": row.application_ref,
        "sha256": sha256,
        "kind": row.kind,
        "owner": row.owner,
        "file_name": row.file_name,
        "at": now,
    }
    await write_new(session, EvidenceLink, [belongs])


async def _keep(session: AsyncSession, sha256: str) -> None:
    """An equal file that was to be removed stays; a removal under way is waited for (`retention.outside`)."""
    await session.execute(delete(ToRemove).where(ToRemove.place == TO_REMOVE, ToRemove.key == sha256))


async def overtaken(session: AsyncSession, upload_ref: str) -> EvidenceRefused:
    """Somebody else has moved the upload meanwhile: where it stands."""
    now = await session.get(EvidenceUpload, upload_ref, populate_existing=True)
    if now is None or now.state not in ("open", "stored"):
        return ended(now.state if now else "discarded", now.reason if now else None)
    return not_at(now.received)
