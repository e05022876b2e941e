"""Identity numbers at rest: sealed, found blind, on record; one person under two references stays one."""

from __future__ import annotations

import asyncio
import base64
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from activities import identity
from activities.database import Database
from activities.identity_keys import IdentityKeyError, IdentityKeys, KeyRing
from activities.looks import Looker, looks_at_person
from models.identity import Document
from models.key_ring import KEY_BYTES
from models.refusal import Refused
from models.tables import Application, PersonIdentity
from tests.activities.recorded import Desk
from tests.activities.test_hops import every
from tests.activities.test_opening import another, refusal

NUMBER, OTHER = "11010519491231002X", "110105194912310038"
AT = datetime(2023, 9, 20, tzinfo=UTC)
OFFICE = Looker("office-clerk", "office:tj-scjg-title-office", request_id="r-1")
ID = Document.RESIDENT_ID


def ring(**keys: int) -> KeyRing:
    return KeyRing({name: bytes([fill]) * KEY_BYTES for name, fill in keys.items()})


KEYS = IdentityKeys(ring(a=1), ring(i=2))


async def record(database: Database, person: str, number: str = NUMBER, **more: str) -> identity.Recorded:
    async with database.transaction() as session:
        return await identity.record_identity(session, KEYS, OFFICE, person, ID, number, AT, **more)


async def test_a_number_is_sealed_found_and_opened_on_record(database: Database) -> None:
    assert await record(database, "p-1") == identity.Recorded("p-1", 1, new=True)
    assert await record(database, "p-1") == identity.Recorded("p-1", 1, new=False)
    (row,) = await every(database, PersonIdentity)
    assert NUMBER not in " ".join(str(value) for value in vars(row).values())
    async with database.transaction() as session:
        assert await identity.persons_with(session, KEYS, OFFICE, ID, "11010519491231002x", AT) == ("p-1",)
        masked = await identity.identity_of(session, KEYS, OFFICE, "p-1", AT)
        assert masked is not None
        assert masked.number == "110***********002X"
        whole = await identity.identity_of(session, KEYS, OFFICE, "p-1", AT, whole=True, reason="学历核验")
        assert whole is not None
        assert whole.number == NUMBER
        looks = await looks_at_person(session, ["p-1"])
    assert [(look.what, look.outcome, look.reason) for look in looks] == [
        ("identity_recorded", "recorded", None),
        ("identity_recorded", "recorded", None),
        ("identity_lookup", "shown", None),
        ("identity_masked", "shown", None),
        ("identity_revealed", "shown", "学历核验"),
    ]


async def test_the_whole_number_needs_a_reason(database: Database) -> None:
    await record(database, "p-1")
    async with database.transaction() as session:
        with pytest.raises(Refused) as refused:
            await identity.identity_of(session, KEYS, OFFICE, "p-1", AT, whole=True, reason="  ")
    assert refused.value.refusal.field == "reason"


async def test_a_correction_names_its_document_and_the_old_number_finds_nobody(database: Database) -> None:
    await record(database, "p-1")
    with pytest.raises(Refused) as refused:
        await record(database, "p-1", OTHER)
    assert refused.value.refusal.field == "document_no"
    assert OTHER not in str(refused.value)
    assert (await record(database, "p-1", OTHER, document_no="更正〔2023〕1号")).version == 2
    async with database.transaction() as session:
        assert await identity.persons_with(session, KEYS, OFFICE, ID, NUMBER, AT) == ()
        assert await identity.persons_with(session, KEYS, OFFICE, ID, OTHER, AT) == ("p-1",)


async def test_a_sealed_number_opens_in_its_own_row_only(database: Database) -> None:
    await record(database, "p-1")
    await record(database, "p-2", OTHER)
    async with database.transaction() as session:
        first, second = await session.scalars(select(PersonIdentity).order_by(PersonIdentity.person))
        first.sealed = second.sealed
    async with database.transaction() as session:
        with pytest.raises(IdentityKeyError):
            await identity.identity_of(session, KEYS, OFFICE, "p-1", AT)


async def test_two_references_with_one_number_are_one_person(database: Database) -> None:
    """At the start door: the live application, the finished one and the ban of the one are the other's."""
    desk = Desk(database)
    await record(database, "p-life")
    assert (await record(database, "p-again")).same == ("p-life",)
    assert (await desk.open(another("first"))).terms is not None
    life = another("second", applicant="p-again")
    assert await refusal(desk, life) == "applicant"
    result = await desk.open(life)
    assert "another reference" in (result.refused_en or "")
    assert NUMBER not in f"{result.refused_en}{result.refused_zh}"
    assert (await desk.open(another("third", applicant="p-other"))).terms is not None


async def test_of_two_references_opened_in_the_same_moment_one_lives(database: Database) -> None:
    persons = [f"p-{n}" for n in range(4)]
    for person in persons:
        await record(database, person)
    lives = [another(f"twin-{n}", applicant=person) for n, person in enumerate(persons)]
    results = await asyncio.gather(*(Desk(database).open(life) for life in lives))
    assert sorted(str(r.refused_code) for r in results) == ["None", *["applicant"] * 3]
    assert len(await every(database, Application)) == 1


async def test_what_was_begun_before_it_was_known_is_told(database: Database) -> None:
    desk = Desk(database)
    await desk.open(another("first", applicant="p-1"))
    await desk.open(another("second", applicant="p-2"))
    await record(database, "p-1")
    assert (await record(database, "p-2")).twice == ("tianjin-quality-2023",)
    async with database.reading() as session:
        assert await identity.live_twice(session) == [("tianjin-quality-2023", ("p-1", "p-2"))]


async def test_keys_are_changed_while_people_look(database: Database) -> None:
    """A new first key, the old one behind it; rows move over, and a number is found under either."""
    await record(database, "p-1")
    await record(database, "p-2", OTHER)
    newer = IdentityKeys(ring(b=3, a=1), ring(j=4, i=2))
    async with database.transaction() as session:
        assert await identity.stale(session, newer) == 2
        assert await identity.persons_with(session, newer, OFFICE, ID, NUMBER, AT) == ("p-1",)
        same = await identity.record_identity(session, newer, OFFICE, "p-3", ID, NUMBER, AT)
        assert same.same == ("p-1",)
    async with database.reading() as session:
        assert await identity.same_person(session, "p-1") == ("p-1", "p-3")
    async with database.transaction() as session:
        assert (await identity.rekey(session, newer, 1)).done == 1
        assert (await identity.rekey(session, newer)).done == 1
        assert await identity.stale(session, newer) == 0
    alone = IdentityKeys(ring(b=3), ring(j=4))
    async with database.transaction() as session:
        found = await identity.identity_of(session, alone, OFFICE, "p-2", AT, whole=True, reason="x")
        assert found is not None
        assert found.number == OTHER
        with pytest.raises(IdentityKeyError, match="is not in ZHICHENG_IDENTITY_KEYS"):
            await identity.identity_of(session, IdentityKeys(ring(c=5), ring(j=4)), OFFICE, "p-2", AT)


async def test_an_index_key_that_was_taken_out_too_early_is_missed(database: Database) -> None:
    """Without it nobody would be found who is indexed under it: one person would become two, unnoticed."""
    await record(database, "p-1")
    too_early = IdentityKeys(ring(b=3, a=1), ring(j=4))
    async with database.transaction() as session:
        with pytest.raises(IdentityKeyError, match="'i' is not in ZHICHENG_IDENTITY_INDEX_KEYS"):
            await identity.record_identity(session, too_early, OFFICE, "p-2", ID, NUMBER, AT)
        with pytest.raises(IdentityKeyError, match="people rekey"):
            await identity.persons_with(session, too_early, OFFICE, ID, NUMBER, AT)
        assert (await identity.rekey(session, too_early)).done == 1
        found = await identity.record_identity(session, too_early, OFFICE, "p-2", ID, NUMBER, AT)
    assert found.same == ("p-1",)


async def test_a_number_whose_key_is_lost_keeps_no_other_under_the_old_key(database: Database) -> None:
    await record(database, "p-1")
    await record(database, "p-2", OTHER)
    async with database.transaction() as session:
        lost = await session.get_one(PersonIdentity, ("p-1", 1))
        lost.key_id = "lost"
    newer = IdentityKeys(ring(b=3, a=1), ring(j=4, i=2))
    async with database.transaction() as session:
        first = await identity.rekey(session, newer, 1)
        assert (first.done, first.last) == (0, ("p-1", 1))
        assert "p-1, version 1: the sealing key 'lost' is not in" in first.closed[0]
        rest = await identity.rekey(session, newer, 1, ("p-1", 1))
        assert (rest.done, rest.closed) == (1, ())
        assert await identity.stale(session, newer) == 1
        again = await identity.record_identity(session, newer, OFFICE, "p-1", ID, NUMBER, AT)
        assert (again.version, again.new) == (1, False), "the index is another key: the number is known"
        assert await identity.stale(session, newer) == 0
        shown = await identity.identity_of(session, newer, OFFICE, "p-1", AT, whole=True, reason="核验")
    assert shown is not None
    assert shown.number == NUMBER


def test_a_ring_says_what_is_wrong_and_shows_no_key() -> None:
    good, other = (base64.b64encode(bytes(range(first, first + 32))).decode() for first in (0, 1))
    for text, rule in (
        ("", "at least one key"),
        ("a", "must be id:base64"),
        ("a:xx", "'a' must be base64"),
        (f"a:{good},a:{other}", "the same id twice"),
        (f"a:{good},b:{good}", "the same key twice"),
        ("a:" + good[:20], "'a' must have 32 bytes, it has 15"),
        ("a:" + base64.b64encode(bytes(32)).decode(), "'a' must be random"),
    ):
        with pytest.raises(ValueError, match=rule) as wrong:
            KeyRing.read(text)
        assert good not in str(wrong.value)
    assert KeyRing.read(f"2026.11:{other},a:{good}").current == "2026.11"
    with pytest.raises(ValueError, match="must differ"):
        IdentityKeys(ring(a=1), ring(i=1))
