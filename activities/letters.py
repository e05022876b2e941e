"""Notices on their way: what is to be sent, where to, what came of it. Knows no mail server.

A notice is `pending` in its own table until it was sent, so that one whose fact was never acknowledged still
becomes `void`; how the sending goes stands beside it in `letters`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, case, exists, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from activities.database import Database
from activities.writing import write_over
from models.tables import Contact, CycleNotice, Letter, MeetingNotice, Notice, OperatorNotice
from models.webhooks import MOST_TRIES, wait_after

WAITING, NO_CONTACT, SENT, DEAD = "waiting", "no_contact", "sent", "dead"
MAIL, WEBHOOK, MAILBOX = "mail", "webhook", "mailbox"
CHANNELS = (MAIL, WEBHOOK, MAILBOX)

Table = Any
"""One of the tables of notices; they share the columns that are used here."""


@dataclass(frozen=True)
class Source:
    """A table of notices. `subject`: the subject line of a row. `keeps_time`: it has a column `sent_at`."""

    name: str
    table: Table
    subject: Callable[[Any], str]
    keeps_time: bool = True


SOURCES = (
    Source("operator_notices", OperatorNotice, lambda row: str(row.subject_zh)),
    Source("notices", Notice, lambda row: str(row.subject_zh)),
    Source("cycle_notices", CycleNotice, lambda row: f"【职称评审】{row.subject_zh}（{row.plan_id}）"),
    Source(
        "meeting_notices",
        MeetingNotice,
        lambda row: f"【职称评审】评审会议通知（{row.meeting_ref}）",
        keeps_time=False,
    ),
)
_BY_NAME = {source.name: source for source in SOURCES}


@dataclass(frozen=True)
class Parcel:
    """One notice for one recipient, with all that a sender needs.

    `key`: names this notice for ever; sent twice after a crash, it is the same. `channel` and `address` are
    None when nobody has said where the recipient is.
    """

    source: str
    notice_id: int
    key: str
    recipient: str | None
    to_role: str
    template: str
    about: str | None
    at: datetime
    subject_zh: str
    text_zh: str
    text_en: str
    channel: str | None
    address: str | None
    tries: int


class Letters:
    """The notices of one database. `everybody` has a mailbox: without a contact it goes to the folder."""

    def __init__(self, database: Database, *, everybody: bool = False) -> None:
        self._database, self._everybody = database, everybody

    async def due(self, at: datetime, limit: int = 50) -> list[Parcel]:
        """What is to be sent at `at`, the oldest of each kind first; held and void ones never."""
        found: list[Parcel] = []
        async with self._database.reading() as session:
            for source in SOURCES:
                found += [
                    self._parcel(source, row, letter, contact)
                    for row, letter, contact in await session.execute(self._due(source, at).limit(limit))
                ]
        return found

    def _due(self, source: Source, at: datetime) -> Any:
        table = source.table
        reachable = table.recipient.is_not(None) if self._everybody else Contact.recipient.is_not(None)
        return (
            select(table, Letter, Contact)
            .outerjoin(Letter, and_(Letter.source == source.name, Letter.notice_id == table.id))
            .outerjoin(Contact, Contact.recipient == table.recipient)
            .where(
                table.status == "pending",
                or_(
                    Letter.notice_id.is_(None),
                    and_(Letter.status == WAITING, Letter.next_at <= at),
                    and_(Letter.status == NO_CONTACT, reachable),
                ),
            )
            .order_by(table.id)
        )

    def _parcel(self, source: Source, row: Any, letter: Letter | None, contact: Contact | None) -> Parcel:
        key = hashlib.sha256(f"{source.name}/{row.dedupe_key}".encode()).hexdigest()[:40]
        channel, address = (contact.channel, contact.address) if contact else (None, None)
        if contact is None and self._everybody and row.recipient is not None:
            channel, address = MAILBOX, row.recipient
        return Parcel(
            source=source.name,
            notice_id=row.id,
            key=key,
            recipient=row.recipient,
            to_role=row.to_role,
            template=row.template,
            about=getattr(row, "application_ref", None) or getattr(row, "meeting_ref", None),
            at=row.at,
            subject_zh=source.subject(row),
            text_zh=row.text_zh,
            text_en=row.text_en,
            channel=channel,
            address=address,
            tries=letter.tries if letter else 0,
        )

    async def sent(self, parcel: Parcel, at: datetime) -> None:
        """Marks it as sent. One that became void meanwhile stays void, with the time of the sending: revived,
        it is not sent again."""
        source = _BY_NAME[parcel.source]
        status = case((source.table.status == "pending", "sent"), else_=source.table.status)
        values: dict[str, Any] = {"status": status} | ({"sent_at": at} if source.keeps_time else {})
        async with self._database.transaction() as session:
            table = source.table
            mine = (table.id == parcel.notice_id, table.status != "sent")
            await session.execute(update(table).where(*mine).values(**values))
            await self._write(session, parcel, at, status=SENT, tries=parcel.tries + 1)

    async def held(self, parcel: Parcel, at: datetime) -> None:
        """Nobody knows where the recipient is: it waits, in sight, until somebody says."""
        reason = "no_contact" if parcel.recipient else "no_recipient"
        async with self._database.transaction() as session:
            await self._write(session, parcel, at, status=NO_CONTACT, tries=parcel.tries, reason=reason)

    async def failed(
        self, parcel: Parcel, reason: str, at: datetime, luck: float, *, away: bool, final: bool = False
    ) -> str:
        """Marks a failed try: `waiting` for the next one, or `dead`.

        `away`: nobody looked at it, so it is tried for ever. `final`: it would be refused again.
        """
        tries = parcel.tries + 1
        status = DEAD if final or (not away and tries >= MOST_TRIES) else WAITING
        next_at = at + wait_after(tries, luck) if status == WAITING else None
        async with self._database.transaction() as session:
            await self._write(session, parcel, at, status=status, tries=tries, reason=reason, next_at=next_at)
        return status

    async def _write(
        self,
        session: AsyncSession,
        parcel: Parcel,
        at: datetime,
        *,
        status: str,
        tries: int,
        reason: str | None = None,
        next_at: datetime | None = None,
    ) -> None:
        row = {
            "source": parcel.source,
            "notice_id": parcel.notice_id,
            "recipient": parcel.recipient,
            "status": status,
            "tries": tries,
            "next_at": next_at,
            "reason": reason[:60] if reason else None,
            "changed_at": at,
        }
        await write_over(session, Letter, row, ("source", "notice_id"))

    async def unsent(self, status: str | None = None) -> Sequence[Letter]:
        """What is on its way and not there yet; or only what is `waiting`, `no_contact` or `dead`.

        What became void meanwhile goes nowhere any more, and is not among them.
        """
        wanted = Letter.status == status if status else Letter.status != SENT
        if status != SENT:
            wanted = and_(wanted, _to_be_sent())
        async with self._database.reading() as session:
            rows = await session.scalars(
                select(Letter).where(wanted).order_by(Letter.source, Letter.notice_id)
            )
            return rows.all()

    async def retry(self, at: datetime, source: str | None = None, notice_id: int | None = None) -> int:
        """Dead letters are sent again: all, those of a kind, or one; how many."""
        asked = update(Letter).filter_by(status=DEAD).where(_to_be_sent())
        if source is not None:
            asked = asked.filter_by(source=source)
        if notice_id is not None:
            asked = asked.filter_by(notice_id=notice_id)
        async with self._database.transaction() as session:
            found = await session.scalars(
                asked.values(status=WAITING, tries=0, next_at=at).returning(Letter.notice_id)
            )
            return len(found.all())

    async def figures(self) -> dict[str, int]:
        """How it stands, in numbers: notices that wait, without a contact, dead."""
        async with self._database.reading() as session:
            pending = 0
            for source in SOURCES:
                table = source.table
                settled = exists().where(
                    Letter.source == source.name,
                    Letter.notice_id == table.id,
                    Letter.status.in_((NO_CONTACT, DEAD)),
                )
                counted = select(func.count()).select_from(table).where(table.status == "pending", ~settled)
                pending += await session.scalar(counted) or 0
            alive = or_(Letter.status == SENT, _to_be_sent())
            by_status = select(Letter.status, func.count()).where(alive).group_by(Letter.status)
            counts = dict((await session.execute(by_status)).all())
        return {
            "notices_pending": pending,
            "notices_sent": counts.get(SENT, 0),
            "notices_without_contact": counts.get(NO_CONTACT, 0),
            "notices_dead": counts.get(DEAD, 0),
        }


def _to_be_sent() -> ColumnElement[bool]:
    """Whether the notice of a letter is still to be sent: not one whose fact was set aside."""
    return or_(
        *(
            and_(
                Letter.source == source.name,
                exists().where(source.table.id == Letter.notice_id, source.table.status == "pending"),
            )
            for source in SOURCES
        )
    )


async def set_contact(database: Database, recipient: str, channel: str, address: str, at: datetime) -> None:
    """Says where what is meant for a recipient goes from now on; what waited for that is sent."""
    row = {"recipient": recipient, "channel": channel, "address": address, "set_at": at}
    async with database.transaction() as session:
        await write_over(session, Contact, row, ("recipient",))


async def forget_contact(database: Database, recipient: str) -> bool:
    """Forgets where a recipient is; whether it was known."""
    async with database.transaction() as session:
        known = await session.get(Contact, recipient)
        if known is not None:
            await session.delete(known)
        return known is not None


async def contacts(database: Database) -> Sequence[Contact]:
    """All that are known, by recipient."""
    async with database.reading() as session:
        return (await session.scalars(select(Contact).order_by(Contact.recipient))).all()
