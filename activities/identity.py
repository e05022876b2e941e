"""Whose identity number it is: recorded sealed, compared blind, opened only with a row that says who looked.

Two references with one number are one person: the opening of an application asks here. Nothing of this module
goes into a workflow, a log, the read model or a list.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, or_, select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from activities.identity_keys import IdentityKeyError, IdentityKeys
from activities.looks import Looker, put_on_record
from models.identity import Document, masked, normalised
from models.names_file import fault_of
from models.refusal import RefusalCode, refuse
from models.tables import LiveApplication, PersonIdentity
from models.wire import local_day

_LOCK = 7_302_315
"""The PostgreSQL advisory lock under which numbers are recorded: there is no row yet that could be locked."""

RECORDED, SHOWN, REVEALED, LOOKED_UP = (
    "identity_recorded",
    "identity_masked",
    "identity_revealed",
    "identity_lookup",
)
"""What the access log says of it."""


@dataclass(frozen=True)
class Recorded:
    """What came of recording a number. `same`: other references of this person.

    `twice`: plans in which this person has two live applications, begun before it was known who it is.
    """

    person: str
    version: int
    new: bool
    same: tuple[str, ...] = ()
    twice: tuple[str, ...] = ()


@dataclass(frozen=True)
class Identity:
    """An identity document as it is shown: `number` masked or whole, as was asked for."""

    person: str
    version: int
    document: Document
    number: str
    recorded_at: datetime
    recorded_by: str
    document_no: str | None
    same: tuple[str, ...]


async def record_identity(
    session: AsyncSession,
    keys: IdentityKeys,
    looker: Looker,
    person: str,
    document: Document,
    number: str,
    at: datetime,
    document_no: str | None = None,
) -> Recorded:
    """Records who a reference stands for. The same number again changes nothing, or seals what no longer
    opens. Raises `Refused`.

    Another number than is recorded is a correction and names its document (PIPL Art. 8, 46). Raises
    `IdentityKeyError` while somebody is indexed under a key that is not in the ring, unless a document is
    named: that is how people are recorded anew whose keys are lost.
    """
    wrong = fault_of(person, "-")
    if wrong is not None:
        raise refuse(
            RefusalCode.MALFORMED,
            zh=f"{wrong.zh}。",
            en=f"{wrong.en}.",
            fix_zh="请使用身份系统给出的不透明编号。",
            fix_en="Use the opaque reference that the identity system gives.",
            field="person",
        )
    plain = normalised(document, number, local_day(at))
    if document_no is None:
        await _must_find_everybody(session, keys)
    if session.get_bind().dialect.name == "postgresql":  # of two at once the second one finds the first
        await session.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
    same = await _with_number(session, keys, document, plain, lock=True)
    last = await session.scalar(
        select(PersonIdentity).filter_by(person=person, current=True).with_for_update()
    )
    known = next((row for row in same if row.person == person), None)
    others = tuple(sorted(row.person for row in same if row.person != person))
    index_key_id, blind_index = keys.blind(document, plain)
    for row in same:  # those under an older key are found by the new one from now on
        row.index_key_id, row.blind_index = index_key_id, blind_index
    if known is not None:
        version = known.version
        _seal_if_lost(keys, known, document, plain)
    else:
        if last is not None and document_no is None:
            raise refuse(
                RefusalCode.GUARD,
                zh=f"{person} 已登记另一证件号码（第{last.version}版）。",
                en=f"{person} is recorded with another identity number already (version {last.version}).",
                fix_zh="更正号码须注明依据文件（--document-no 或 document_no）；若为另一人，请使用另一编号。",
                fix_en="A correction names the document that allows it (--document-no, `document_no`); "
                "another person needs another reference.",
                field="document_no",
                citation="PIPL Art. 8, 46",
            )
        version = 1 if last is None else last.version + 1
        if last is not None:
            last.current = False
        key_id, sealed = keys.seal(person, document, plain)
        session.add(
            PersonIdentity(
                person=person,
                version=version,
                current=True,
                document=document.value,
                key_id=key_id,
                sealed=sealed,
                index_key_id=index_key_id,
                blind_index=blind_index,
                recorded_at=at,
                recorded_by=looker.subject,
                document_no=document_no,
            )
        )
    await put_on_record(session, looker, RECORDED, at, person=person, outcome="recorded")
    twice = await _live_twice(session, (person, *others)) if others else ()
    return Recorded(person, version, known is None, others, twice)


def _seal_if_lost(keys: IdentityKeys, row: PersonIdentity, document: Document, number: str) -> None:
    """The index says that it is the number: whoever types it again gives it back."""
    try:
        keys.open(row.person, document, row.key_id, row.sealed)
    except IdentityKeyError:
        row.key_id, row.sealed = keys.seal(row.person, document, number)


async def identity_of(
    session: AsyncSession,
    keys: IdentityKeys,
    looker: Looker,
    person: str,
    at: datetime,
    *,
    whole: bool = False,
    reason: str | None = None,
) -> Identity | None:
    """The identity document of a person, masked unless `whole`; the look is on record either way.

    None: nothing is recorded. A whole number needs a reason. Raises `Refused`, `IdentityKeyError`.
    """
    if whole and not (reason or "").strip():
        raise refuse(
            RefusalCode.GUARD,
            zh="查看完整证件号码须说明理由。",
            en="A whole identity number is shown for a reason.",
            fix_zh="请填写 reason（--reason），例如“核验学历”。",
            fix_en="Say why in `reason` (--reason), for instance 'degree verification'.",
            field="reason",
            citation="PIPL Art. 6, 51",
        )
    row = await session.scalar(select(PersonIdentity).filter_by(person=person, current=True))
    what = REVEALED if whole else SHOWN
    outcome = "shown" if row is not None else "not_there"
    await put_on_record(session, looker, what, at, person=person, outcome=outcome, reason=reason)
    if row is None:
        return None
    document = Document(row.document)
    number = keys.open(person, document, row.key_id, row.sealed)
    return Identity(
        person=person,
        version=row.version,
        document=document,
        number=number if whole else masked(number),
        recorded_at=row.recorded_at,
        recorded_by=row.recorded_by,
        document_no=row.document_no,
        same=tuple(one for one in await same_person(session, person) if one != person),
    )


async def persons_with(
    session: AsyncSession, keys: IdentityKeys, looker: Looker, document: Document, number: str, at: datetime
) -> tuple[str, ...]:
    """The references that stand for whoever has this number; each of them gets a look on record.

    Raises `IdentityKeyError` while somebody is indexed under a key that is not in the ring.
    """
    await _must_find_everybody(session, keys)
    plain = normalised(document, number, local_day(at))
    found = tuple(sorted(row.person for row in await _with_number(session, keys, document, plain)))
    for person in found or (None,):
        outcome = "shown" if person else "not_there"
        await put_on_record(session, looker, LOOKED_UP, at, person=person, outcome=outcome)
    return found


async def same_person(session: AsyncSession, person: str, *, lock: bool = False) -> tuple[str, ...]:
    """Every reference of this person, the given one among them; only that one when nothing else is known.

    `lock`: of two that decide about one person at once the second one waits.
    """
    index = await session.scalar(select(PersonIdentity.blind_index).filter_by(person=person, current=True))
    if index is None:
        return (person,)
    question = select(PersonIdentity.person).filter_by(blind_index=index, current=True)
    question = question.order_by(PersonIdentity.person)
    return tuple(await session.scalars(question.with_for_update() if lock else question))


async def is_identified(session: AsyncSession, person: str) -> bool:
    """Whether an identity document is recorded for this reference."""
    return await session.get(PersonIdentity, (person, 1)) is not None


@dataclass(frozen=True)
class Rekeyed:
    """Of some rows: how many are under the present keys now, what did not open, and the last one looked at.

    `last` is None when there is nothing after these.
    """

    done: int
    closed: tuple[str, ...]
    last: tuple[str, int] | None


async def rekey(
    session: AsyncSession, keys: IdentityKeys, limit: int = 200, after: tuple[str, int] = ("", 0)
) -> Rekeyed:
    """Seals and indexes anew what is under an older key: at most `limit` rows, those that follow `after`.

    A row that does not open (its key is lost, or it was changed) stays as it is and is named: it keeps
    nobody else's number under the old key.
    """
    key = tuple_(PersonIdentity.person, PersonIdentity.version)
    rows = (
        await session.scalars(
            select(PersonIdentity)
            .where(_stale(keys), key > after)
            .order_by(PersonIdentity.person, PersonIdentity.version)
            .limit(limit)
            .with_for_update()
        )
    ).all()
    closed = []
    for row in rows:
        document = Document(row.document)
        try:
            number = keys.open(row.person, document, row.key_id, row.sealed)
        except IdentityKeyError as error:
            closed.append(f"{row.person}, version {row.version}: {error}")
            continue
        row.key_id, row.sealed = keys.seal(row.person, document, number)
        row.index_key_id, row.blind_index = keys.blind(document, number)
    last = (rows[-1].person, rows[-1].version) if len(rows) == limit else None
    return Rekeyed(len(rows) - len(closed), tuple(closed), last)


async def stale(session: AsyncSession, keys: IdentityKeys) -> int:
    """How many rows are still under an older key."""
    question = select(func.count()).select_from(PersonIdentity).where(_stale(keys))
    return await session.scalar(question) or 0


def _stale(keys: IdentityKeys) -> ColumnElement[bool]:
    return or_(
        PersonIdentity.key_id != keys.sealing.current, PersonIdentity.index_key_id != keys.index.current
    )


async def _must_find_everybody(session: AsyncSession, keys: IdentityKeys) -> None:
    """An index key that was taken out too early would make one person two, and say nothing."""
    lacking = await session.scalar(
        select(PersonIdentity.index_key_id)
        .where(PersonIdentity.current, PersonIdentity.index_key_id.not_in(keys.index.keys))
        .limit(1)
    )
    if lacking is not None:
        raise IdentityKeyError(
            f"the index key '{lacking}' is not in ZHICHENG_IDENTITY_INDEX_KEYS, and people are indexed under "
            "it: put it back into the ring, or index them anew (zhicheng people rekey)"
        )


async def _with_number(
    session: AsyncSession, keys: IdentityKeys, document: Document, plain: str, *, lock: bool = False
) -> Sequence[PersonIdentity]:
    indexes = keys.blind_under_each(document, plain)
    question = (
        select(PersonIdentity)
        .where(PersonIdentity.blind_index.in_(indexes.values()), PersonIdentity.current)
        .order_by(PersonIdentity.person)
    )
    return (await session.scalars(question.with_for_update() if lock else question)).all()


async def _live_twice(session: AsyncSession, persons: Iterable[str]) -> tuple[str, ...]:
    plans = await session.scalars(
        select(LiveApplication.plan_id)
        .where(LiveApplication.applicant.in_(tuple(persons)))
        .group_by(LiveApplication.plan_id)
        .having(func.count() > 1)
        .order_by(LiveApplication.plan_id)
    )
    return tuple(plans)


async def live_twice(session: AsyncSession) -> list[tuple[str, tuple[str, ...]]]:
    """For the doctor: plans in which one person has two live applications, with the references."""
    rows = await session.execute(
        select(LiveApplication.plan_id, PersonIdentity.blind_index, LiveApplication.applicant)
        .join(PersonIdentity, PersonIdentity.person == LiveApplication.applicant)
        .where(PersonIdentity.current)
        .order_by(LiveApplication.plan_id, LiveApplication.applicant)
    )
    by_person: dict[tuple[str, str], list[str]] = {}
    for plan_id, index, applicant in rows:
        by_person.setdefault((plan_id, index), []).append(applicant)
    return [(plan_id, tuple(refs)) for (plan_id, _), refs in by_person.items() if len(refs) > 1]
