"""Secrets of webhooks at rest: what the database keeps lets nobody sign."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from activities.database import Database
from activities.sealing import Seal, SealedError
from activities.webhooks import Webhooks, seal_what_is_open
from models.webhooks import new_secret
from tests.activities.test_listening import NOW, subscription

SEAL, SECRET = Seal(bytes(32)), new_secret(bytes(range(32)))


def test_only_the_key_opens_it_and_only_in_its_own_row() -> None:
    kept = SEAL.seal("wh-1", SECRET)
    assert SECRET.removeprefix("whsec_") not in kept
    assert SEAL.open("wh-1", kept) == SECRET
    assert SEAL.seal("wh-1", SECRET) != kept
    for seal, row, sealed in (
        (Seal(b"k" * 32), "wh-1", kept),
        (SEAL, "wh-2", kept),
        (SEAL, "wh-1", kept[:-8]),
        (SEAL, "wh-1", "sealed1.&"),
    ):
        with pytest.raises(SealedError):
            seal.open(row, sealed)


async def test_secrets_from_before_there_was_a_seal_are_sealed_once(database: Database) -> None:
    former = new_secret(b"f" * 32)
    await subscription(database, secret=former)
    await Webhooks(database).new_secret("wh-1", SECRET, NOW)
    row = await Webhooks(database).get("wh-1")
    assert row is not None
    assert SEAL.open("wh-1", row.secret) == SECRET, "one that is not sealed yet still signs"
    assert [await seal_what_is_open(database, SEAL) for _ in range(2)] == [2, 0]
    async with database.reading() as session:
        (kept,) = await session.execute(text("SELECT secret, former_secret FROM webhooks"))
    assert [SEAL.open("wh-1", one) for one in kept] == [SECRET, former]
    assert not any(one.startswith("whsec_") for one in kept)
