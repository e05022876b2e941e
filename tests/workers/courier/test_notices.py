"""Notices by a real mail server, to a real webhook and into the folder; each once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from sqlalchemy import select, update

from activities.database import Database
from activities.letters import Letters, Parcel, set_contact
from models.tables import Letter, Notice
from tests.support import eventually
from tests.workers.courier.conftest import EMPLOYER, SECRET, courier, write
from tests.workers.courier.receiver import Receiver
from workers.courier.mail import Mailbox, mail_of, text_of
from workers.processes import free_port
from workers.settings import Settings


class Postmaster:
    """Takes mail; `refuses` says for a recipient with which line."""

    def __init__(self) -> None:
        self.mails: list[tuple[list[str], EmailMessage]] = []
        self.refuses: dict[str, str] = {}

    async def handle_RCPT(  # noqa: N802 - the name that the server calls
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if address in self.refuses:
            return self.refuses[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        content = envelope.content
        assert isinstance(content, bytes)
        self.mails.append((envelope.rcpt_tos, message_from_bytes(content, policy=policy.default)))
        return "250 OK"


@pytest.fixture
def postmaster() -> Postmaster:
    return Postmaster()


@pytest.fixture
def post_office(postmaster: Postmaster) -> Iterator[str]:
    """The address of a mail server on this machine."""
    server = Controller(postmaster, hostname="127.0.0.1", port=free_port())
    server.start()
    yield f"127.0.0.1:{server.port}"
    server.stop()


def with_mail(settings: Settings, address: str) -> Settings:
    changed: dict[str, Any] = {
        "smtp_address": address,
        "smtp_security": "none",
        "smtp_from": "titles@office.example.cn",
    }
    return settings.model_copy(update=changed)


async def statuses(database: Database) -> dict[str | None, str]:
    async with database.reading() as session:
        rows = await session.execute(select(Notice.recipient, Notice.status))
        return dict(rows.all())


async def test_a_notice_is_one_mail_in_both_languages_and_goes_once(
    database: Database, settings: Settings, postmaster: Postmaster, post_office: str
) -> None:
    await write(database, "one")
    await set_contact(database, EMPLOYER, "mail", "hr@unit.example.cn", datetime.now(UTC))
    async with courier(with_mail(settings, post_office), database):
        await eventually(lambda: len(postmaster.mails) == 1)

        async def settled() -> None:
            figures = await Letters(database).figures()
            assert (figures["notices_pending"], figures["notices_sent"]) == (0, 1)

        await eventually(settled)
    ((to, mail),) = postmaster.mails
    assert to == ["hr@unit.example.cn"]
    assert mail["From"] == "职称评审 <titles@office.example.cn>"
    assert "【职称评审】" in mail["Subject"]
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Message-ID"].endswith("@office.example.cn>")
    assert [part.get_content_type() for part in mail.walk()] == [
        "multipart/alternative",
        "text/plain",
        "text/html",
    ]
    assert "申报编号：one" in text_of(mail)
    assert "Application: one" in text_of(mail)
    held = await Letters(database).unsent()
    assert {(row.recipient, row.status, row.reason) for row in held} <= {
        (recipient, "no_contact", "no_contact") for recipient in await statuses(database)
    }
    assert held


async def test_a_mail_sent_twice_after_a_crash_is_the_same_mail(
    database: Database, settings: Settings, postmaster: Postmaster, post_office: str
) -> None:
    """The crash: the mail was taken, and the mark that says so is lost."""
    await write(database, "one")
    await set_contact(database, EMPLOYER, "mail", "hr@unit.example.cn", datetime.now(UTC))
    for count in (1, 2):
        async with courier(with_mail(settings, post_office), database):
            await eventually(lambda: len(postmaster.mails) == count)  # noqa: B023 - waits here
        async with database.transaction() as session:
            await session.execute(update(Notice).values(status="pending", sent_at=None))
            await session.execute(Letter.__table__.delete())
    (first, again) = (mail["Message-ID"] for _, mail in postmaster.mails)
    assert first == again


async def test_a_refused_address_dies_a_busy_server_is_waited_for(
    database: Database, settings: Settings, postmaster: Postmaster, post_office: str
) -> None:
    await write(database, "one")
    letters = Letters(database, everybody=True)
    other = next(one.recipient for one in await letters.due(datetime.now(UTC)) if one.recipient != EMPLOYER)
    assert other is not None
    for recipient, address in ((EMPLOYER, "gone@x.example.cn"), (other, "busy@x.example.cn")):
        await set_contact(database, recipient, "mail", address, datetime.now(UTC))
    postmaster.refuses = {"gone@x.example.cn": "550 no such user", "busy@x.example.cn": "451 later"}

    async def known() -> None:
        found = {row.recipient: (row.status, row.reason) for row in await letters.unsent()}
        assert found.get(EMPLOYER) == ("dead", "recipient_refused_550")
        assert found.get(other) == ("waiting", "recipient_refused_451")

    async with courier(with_mail(settings, post_office), database):
        await eventually(known)
        postmaster.refuses = {}
        await letters.retry(datetime.now(UTC))
        await eventually(lambda: "gone@x.example.cn" in {to[0] for to, _ in postmaster.mails})


async def test_a_mail_server_that_is_away_costs_nothing(database: Database, settings: Settings) -> None:
    await write(database, "one")
    await set_contact(database, EMPLOYER, "mail", "hr@unit.example.cn", datetime.now(UTC))

    async def known() -> None:
        found = {row.recipient: (row.status, row.reason) for row in await Letters(database).unsent()}
        assert found.get(EMPLOYER) == ("waiting", "mail_server_away")

    async with courier(with_mail(settings, f"127.0.0.1:{free_port()}"), database):
        await eventually(known)


async def test_a_notice_by_webhook_is_signed(
    database: Database, settings: Settings, receive: Callable[..., Receiver]
) -> None:
    receiver = receive()
    await write(database, "one")
    await set_contact(database, EMPLOYER, "webhook", receiver.url, datetime.now(UTC))
    signing = Settings.load(**settings.model_dump() | {"notice_webhook_secret": SECRET})
    async with courier(signing, database):
        await eventually(lambda: len(receiver.deliveries) == 1)
    (told,) = receiver.deliveries
    assert told.seen is not None
    assert told.seen["type"].startswith("notice.")
    assert told.seen["data"]["recipient"] == EMPLOYER
    assert "申报编号：one" in told.seen["data"]["text_zh"]
    assert told.message_id.startswith("notice_")


async def test_without_contacts_everything_lies_in_the_folder_once(
    database: Database, settings: Settings
) -> None:
    await write(database, "one", "two")
    box = Mailbox(settings.data_dir / "mailbox")
    async with courier(settings, database, mailbox=True):

        async def all_sent() -> None:
            assert set((await statuses(database)).values()) == {"sent"}

        await eventually(all_sent)
    mails = list(box.mails())
    async with database.reading() as session:
        notices = (await session.scalars(select(Notice))).all()
    assert len(mails) == len(notices) > 2
    assert {str(mail["Subject"]) for _, mail in mails} == {notice.subject_zh for notice in notices}
    assert "recipient@mailbox.invalid" in str(mails[0][1]["To"])


async def test_a_mail_put_into_the_folder_twice_is_there_once(settings: Settings) -> None:
    parcel = Parcel(
        source="notices",
        notice_id=1,
        key="ab" * 20,
        recipient="unit-1",
        to_role="employer",
        template="submit",
        about="a-1",
        at=datetime.now(UTC),
        subject_zh="【职称评审】\n申报",
        text_zh="<b>一</b>",
        text_en="one",
        channel="mailbox",
        address="unit-1",
        tries=0,
    )
    mail, folder = mail_of(parcel, "zhicheng@localhost"), settings.data_dir / "mailbox"
    await Mailbox(folder).put(mail, parcel)
    open_to_others = [place for place in (folder, *folder.iterdir()) if place.stat().st_mode & 0o077]
    assert open_to_others == [], "its words are about persons"
    box = Mailbox(folder)
    await box.put(mail, parcel)
    await box.put(mail, parcel)
    ((key, found),) = box.mails()
    assert (key, found["Subject"]) == (parcel.key, "【职称评审】 申报")
    page = found.get_body(("html",))
    assert page is not None
    assert "&lt;b&gt;" in page.get_content()
    (file,) = (folder / "new").iterdir()
    file.rename(folder / "cur" / f"{file.name}:2,S")
    await box.put(mail, parcel)
    assert len(list(box.mails())) == 1
    assert not list((folder / "tmp").iterdir())
