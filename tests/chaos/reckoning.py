"""The account: what was acknowledged, against what the applications, the database and the listeners have.

It is made when everything is healed and at rest, by fresh workers that know the applications from their
histories only. Whatever does not add up is named.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import and_, func, select

from activities.database import Database
from models.audit import Fact, verify
from models.tables import AuditEntry, Certificate, FeedEvent, Letter, Notice, PostEntry
from tests.chaos.ledger import Answer
from workers.client import ReviewClient
from workers.courier.mail import Mailbox

AT_ONCE = 12
REFUSED = "refused"


@dataclass
class Account:
    """What it comes to. `acknowledged`: different commands; the lists name what does not add up."""

    acknowledged: int = 0
    waited: int = 0
    facts: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    unexplained: list[str] = field(default_factory=list)
    effects: dict[str, int] = field(default_factory=dict)

    @property
    def whole(self) -> bool:
        """Everything adds up."""
        return not (self.lost or self.doubled or self.unexplained)

    def line(self) -> str:
        """The last word but one."""
        return f"acknowledged {self.acknowledged}, lost {len(self.lost)}, doubled {len(self.doubled)}"


class Doings:
    """How often each command was done. One command may leave several facts: different events, one after the
    other, in one application. Anything else was done again."""

    def __init__(self) -> None:
        self.places: dict[str, list[tuple[str, int, str]]] = defaultdict(list)

    def add(self, key: str, ref: str, seq: int, event: str) -> None:
        """A fact of a command."""
        self.places[key].append((ref, seq, event))

    def __getitem__(self, key: str) -> int:
        times, last, events = 0, ("", -1), set[str]()
        for ref, seq, event in sorted(self.places.get(key, [])):
            if (ref, seq - 1) != last or event in events:
                times, events = times + 1, set[str]()
            last = (ref, seq)
            events.add(event)
        return times


def reckon(
    answers: Sequence[Answer], histories: Mapping[str, Sequence[Fact]], rows: Iterable[Row]
) -> Account:
    """Compares the ledger of the clients with histories of workflows and rows of the audit. Pure."""
    account = Account()
    done, refused = Doings(), Counter[str]()
    for ref, facts in histories.items():
        account.facts += len(facts)
        for fact in facts:
            if fact.event == REFUSED:
                refused[str(fact.details.get("command_id"))] += 1
            elif fact.command_id is not None:
                done.add(fact.command_id, ref, fact.seq, fact.event)
    written, facts_written = Doings(), defaultdict(dict)
    for row in rows:
        facts_written[row.ref][row.seq] = row.hash
        if row.refused is not None:
            refused[row.refused] += 1  # a workflow keeps the last of them only
        elif row.key is not None:
            written.add(row.key, row.ref, row.seq, row.event)

    said: dict[str, list[Answer]] = defaultdict(list)
    for answer in answers:
        said[answer.key].append(answer)
    for key, given in said.items():
        kinds = {answer.kind for answer in given}
        if key.startswith("start "):
            (ref,) = {answer.ref for answer in given}
            if "accepted" in kinds and ref not in histories:
                account.lost.append(f"{key}: there is no application")
            continue
        if kinds == {REFUSED}:
            if done[key]:
                account.unexplained.append(f"{key} was refused and done")
            continue
        account.acknowledged += 1
        account.waited += "accepted" in kinds
        if "accepted" in kinds:
            receipts = {str(sorted(a.said.items())) for a in given if a.kind == "accepted"}
            if len(receipts) > 1:
                account.unexplained.append(f"{key} got {len(receipts)} different receipts")
            if not done[key]:
                account.lost.append(f"{key} is in no history")
            if not written[key]:
                account.lost.append(f"{key} has no row in the audit")
        elif not done[key] and not refused[key]:
            account.lost.append(f"{key} was taken, and is neither done nor refused")
        elif done[key] and not written[key]:
            account.lost.append(f"{key} has no row in the audit")
    for key in dict.fromkeys((*done.places, *written.places)):
        if done[key] > 1 or written[key] > 1:
            account.doubled.append(f"{key}: {done[key]} in histories, {written[key]} in the audit")
        elif key not in said:
            account.unexplained.append(f"{key} was done and answered to nobody")
    for ref, facts in histories.items():
        account.unexplained += [f"{ref}: {fault}" for fault in verify(list(facts), kept=True)]
        missing = [fact.seq for fact in facts if facts_written[ref].get(fact.seq) != fact.hash]
        if missing or len(facts_written[ref]) != facts[-1].seq:
            account.unexplained.append(
                f"{ref}: the rows of the audit are not the facts of the workflow, e.g. {missing[:3]}"
            )
    return account


@dataclass(frozen=True)
class Row:
    """A row of the audit, as much of it as is compared."""

    ref: str
    seq: int
    hash: str
    key: str | None
    event: str
    refused: str | None = None


async def histories_of(client: ReviewClient, refs: Iterable[str]) -> dict[str, Sequence[Fact]]:
    """What each application itself tells of its life; one that is not there is missing."""
    from workers.client_errors import UnknownApplication

    gate = asyncio.Semaphore(AT_ONCE)
    found: dict[str, Sequence[Fact]] = {}

    async def one(ref: str) -> None:
        async with gate:
            try:
                found[ref] = await client.history(ref)
            except UnknownApplication:
                return

    await asyncio.gather(*(one(ref) for ref in refs))
    return found


async def rows_of(database: Database) -> list[Row]:
    """The audit of all applications."""
    async with database.reading() as session:
        found = await session.scalars(select(AuditEntry))
        return [
            Row(
                r.application_ref,
                r.seq,
                r.hash,
                r.command_id,
                r.event,
                str(r.details["command_id"]) if r.event == REFUSED else None,
            )
            for r in found
        ]


async def side_effects(account: Account, database: Database, folder: Path) -> None:
    """What happens beside the chain happened once: notices, mails, certificates, posts, the feed."""
    async with database.reading() as session:
        waiting = await session.execute(
            select(Notice.to_role, Notice.template, Letter.status, Letter.reason, func.count())
            .outerjoin(Letter, and_(Letter.source == "notices", Letter.notice_id == Notice.id))
            .where(Notice.status == "pending")
            .group_by(Notice.to_role, Notice.template, Letter.status, Letter.reason)
        )
        pending = [f"{row[4]} of {row[1]} to {row[0]} ({row[2]}, {row[3]})" for row in waiting]
        notices = await session.scalar(select(func.count()).select_from(Notice)) or 0
        certificates = (await session.scalars(select(Certificate))).all()
        entries = (await session.scalars(select(PostEntry))).all()
        sequences = (await session.scalars(select(FeedEvent.sequence).order_by(FeedEvent.sequence))).all()
        audited = await session.scalar(select(func.count()).select_from(AuditEntry)) or 0
    account.lost += [f"notices never sent: {some}" for some in pending]
    mails = Counter(str(mail["message-id"]) for _, mail in Mailbox(folder / "mailbox").mails())
    account.doubled += [f"mail {name} is there {n} times" for name, n in mails.items() if n > 1]
    for what, values in (
        ("certificate number", [one.number for one in certificates]),
        ("certificate of", [one.application_ref for one in certificates]),
    ):
        account.doubled += [f"{what} {name}: {n}" for name, n in Counter(values).items() if n > 1]
    held = Counter[str]()
    for entry in entries:
        held[entry.application_ref] += entry.delta
    account.doubled += [f"{ref} holds {n} posts" for ref, n in held.items() if n not in (0, 1)]
    if list(sequences) != list(range(1, len(sequences) + 1)):
        account.unexplained.append("the numbers of the feed have a gap")
    account.effects |= {
        "notices": notices,
        "mails": len(mails),
        "certificates": len(certificates),
        "posts in use": sum(held.values()),
        "events of the feed": len(sequences),
        "rows of the audit": audited,
    }


def deliveries(
    account: Account,
    taken: Mapping[str, set[str]],
    order: Sequence[str],
    times: Mapping[str, int],
    events: int,
) -> None:
    """Every event reached the listener, under one id and with one body, the first time in order."""
    numbers = [int(name.rpartition("_")[2]) for name in order]
    missing = set(range(1, events + 1)) - set(numbers)
    if missing:
        account.lost.append(f"{len(missing)} events were never delivered, e.g. {sorted(missing)[:3]}")
    if numbers != sorted(numbers):
        account.unexplained.append("deliveries came out of their order")
    account.unexplained += [f"delivery {name} had {len(b)} bodies" for name, b in taken.items() if len(b) > 1]
    account.effects |= {
        "deliveries": len(numbers),
        "deliveries repeated under their id": sum(n - 1 for n in times.values()),
    }
