"""Uploads: begun for an application, found again by their owner, discarded, swept away when they expire."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from activities.database import Database
from activities.evidence.config import EvidenceConfig
from activities.evidence.refusals import (
    empty,
    ended,
    key_reused,
    over_quota,
    too_large,
    too_many_open,
)
from activities.evidence.store import UPLOADS, EvidenceStore
from activities.writing import write_new
from models.evidence import EvidenceKind, file_name
from models.tables import Application, EvidenceLink, EvidenceObject, EvidencePart, EvidenceUpload

_MEANT: dict[str, str] = {
    "image/jpg": "image/jpeg",
    "image/pjpeg": "image/jpeg",
    "application/x-pdf": "application/pdf",
}
_SAYS_NOTHING = ("", "application/octet-stream")


@dataclass(frozen=True)
class NewUpload:
    """What its sender says of a file. `key`: the same one again finds the same upload."""

    plan_id: str
    application_ref: str
    owner: str
    kind: EvidenceKind
    size: int
    file_name: str | None = None
    declared_type: str | None = None
    declared_sha256: str | None = None
    key: str | None = None


class Uploads:
    """The uploads of all applications, whichever process receives their pieces."""

    def __init__(self, database: Database, store: EvidenceStore, config: EvidenceConfig) -> None:
        self.database, self.store, self.config = database, store, config

    async def begin(self, new: NewUpload, now: datetime) -> EvidenceUpload:
        """A new upload, or the one that was begun with the same key. Raises `EvidenceRefused`.

        The application must exist, and the caller must be known to see it.
        """
        if new.size <= 0:
            raise empty()
        if new.size > self.config.max_bytes:
            raise too_large(self.config.max_bytes)
        async with self.database.transaction() as session:
            upload_ref = _ref_of(new)
            known = await session.get(EvidenceUpload, upload_ref)
            if known is None:
                await self._has_room(session, new, upload_ref, now)
                await write_new(session, EvidenceUpload, [self._row_of(new, upload_ref, now)])
                known = await session.get_one(EvidenceUpload, upload_ref)
            return _same(known, new, now)

    def _row_of(self, new: NewUpload, upload_ref: str, now: datetime) -> dict[str, Any]:
        return {
            "upload_ref": upload_ref,
            "plan_id": new.plan_id,
            "application_ref": new.application_ref,
            "owner": new.owner,
            "kind": new.kind.value,
            "file_name": file_name(new.file_name),
            "declared_type": _claimed(new.declared_type),
            "declared_sha256": new.declared_sha256,
            "size": new.size,
            "received": 0,
            "state": "open",
            "begun_at": now,
            "touched_at": now,
            "expires_at": now + self.config.waits,
        }

    async def _has_room(self, session: AsyncSession, new: NewUpload, upload_ref: str, now: datetime) -> None:
        """One creation for an application at a time, so that two cannot both take what is left.

        What rested too long takes no room, nor does the same upload that was begun at this very moment.
        """
        of = (new.plan_id, new.application_ref)
        await session.get(Application, of, with_for_update=True)
        stored = await session.scalar(
            select(func.sum(EvidenceObject.size))
            .join(EvidenceLink, EvidenceLink.sha256 == EvidenceObject.sha256)
            .where(EvidenceLink.plan_id == of[0], EvidenceLink.application_ref == of[1])
        )
        coming, count = (
            await session.execute(
                select(func.sum(EvidenceUpload.size), func.count()).where(
                    EvidenceUpload.plan_id == of[0],
                    EvidenceUpload.application_ref == of[1],
                    EvidenceUpload.state == "open",
                    EvidenceUpload.expires_at > now,
                    EvidenceUpload.upload_ref != upload_ref,
                )
            )
        ).one()
        if count >= self.config.open_uploads:
            raise too_many_open(self.config.open_uploads)
        left = self.config.quota_bytes - int(stored or 0) - int(coming or 0)
        if new.size > left:
            raise over_quota(self.config.quota_bytes, max(0, left))

    async def find(self, upload_ref: str) -> EvidenceUpload | None:
        """An upload; whose it is, is for the door to look at."""
        async with self.database.reading() as session:
            return await session.get(EvidenceUpload, upload_ref)

    async def discard(self, row: EvidenceUpload, now: datetime) -> None:
        """An upload that is not wanted any more. Raises `EvidenceRefused` when it is stored already."""
        if row.state == "stored":
            raise ended(row.state, None)
        if not await self.end(row.upload_ref, "discarded", None, now):
            there = await self.find(row.upload_ref)
            if there is not None and there.state == "stored":
                raise ended(there.state, None)

    async def sweep(self, now: datetime) -> list[str]:
        """Ends the uploads that waited too long and removes what ended ones left; their references."""
        async with self.database.reading() as session:
            over = await session.scalars(
                select(EvidenceUpload.upload_ref).where(
                    EvidenceUpload.state == "open", EvidenceUpload.expires_at <= now
                )
            )
            waited = list(over)
        for upload_ref in waited:
            await self.end(upload_ref, "expired", None, now, EvidenceUpload.expires_at <= now)
        await self._remove_leftovers()
        return waited

    async def _remove_leftovers(self) -> None:
        """Looks at the store first: an upload that begins meanwhile has its row before its first piece."""
        keys = [entry.key async for entry in self.store.entries(UPLOADS)]
        async with self.database.reading() as session:
            found = await session.scalars(
                select(EvidenceUpload.upload_ref).where(EvidenceUpload.state == "open")
            )
            alive = set(found)
        for upload_ref in {key.split("/")[1] for key in keys} - alive:
            await self.store.delete_upload(upload_ref)

    async def end(
        self, upload_ref: str, state: str, reason: str | None, now: datetime, *still: ColumnElement[bool]
    ) -> bool:
        """An open upload of which `still` holds ends without a file, and its pieces go, and its name.

        False: it is not open any more, or somebody moved it meanwhile. Nothing of it was touched then.
        """
        async with self.database.transaction() as session:
            ended: Any = await session.execute(
                update(EvidenceUpload)
                .where(EvidenceUpload.upload_ref == upload_ref, EvidenceUpload.state == "open", *still)
                .values(state=state, reason=reason, touched_at=now, file_name=None)
            )
            if ended.rowcount != 1:
                return False
            await session.execute(delete(EvidencePart).where(EvidencePart.upload_ref == upload_ref))
        await self.store.delete_upload(upload_ref)
        return True


def state_of(row: EvidenceUpload, now: datetime) -> str:
    """How it stands: an upload that rested too long is over, also before anybody swept it away."""
    return "expired" if row.state == "open" and row.expires_at <= now else row.state


def _ref_of(new: NewUpload) -> str:
    if new.key is None:
        return secrets.token_hex(16)
    return hashlib.sha256(f"{new.owner}\n{new.key}".encode()).hexdigest()[:32]


def _same(known: EvidenceUpload, new: NewUpload, now: datetime) -> EvidenceUpload:
    was = (known.owner, known.plan_id, known.application_ref, known.kind, known.size)
    if was != (new.owner, new.plan_id, new.application_ref, new.kind.value, new.size):
        raise key_reused()
    hashes = {known.declared_sha256, new.declared_sha256} - {None}
    if len(hashes) > 1 or state_of(known, now) not in ("open", "stored"):
        raise key_reused()
    return known


def _claimed(declared: str | None) -> str | None:
    """The type that a sender claims, without parameters; None where it says nothing."""
    said = "".join(sign for sign in (declared or "").partition(";")[0] if sign.isprintable()).strip().lower()
    said = _MEANT.get(said, said)
    return None if said in _SAYS_NOTHING else said[:60]
