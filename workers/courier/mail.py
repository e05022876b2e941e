"""A notice as a mail, and the two ways it goes: to a mail server, or into a folder (Maildir)."""

from __future__ import annotations

import asyncio
import html
import os
from collections.abc import Iterator
from email.headerregistry import Address
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import SMTP as WIRE
from pathlib import Path

from activities.letters import Parcel
from models.wire import SHANGHAI

NOBODY = "mailbox.invalid"
"""The domain of recipients that are only a reference (RFC 2606: it never exists)."""

FOLDERS = ("tmp", "new", "cur")


def message_id_of(parcel: Parcel, sender: str) -> str:
    """The Message-ID: made from the notice, so that a mail sent twice can be told."""
    return f"<{parcel.key}@{sender.rpartition('@')[2]}>"


def mail_of(parcel: Parcel, sender: str) -> EmailMessage:
    """One mail in both languages, Chinese first. Raises `ValueError` for an address that is none."""
    mail = EmailMessage(policy=WIRE)
    mail["From"] = Address("职称评审", addr_spec=sender)
    mail["To"] = _to(parcel)
    mail["Subject"] = " ".join(parcel.subject_zh.split())
    mail["Date"] = parcel.at.astimezone(SHANGHAI)
    mail["Message-ID"] = message_id_of(parcel, sender)
    mail["Content-Language"] = "zh-CN, en"
    mail["Auto-Submitted"] = "auto-generated"
    mail["Zhicheng-Notice"] = f"{parcel.source}/{parcel.notice_id}"
    mail.set_content(f"{parcel.text_zh}\n\n--\n\n{parcel.text_en}\n", cte="base64")
    mail.add_alternative(_page(parcel), subtype="html", cte="base64")
    return mail


def _to(parcel: Parcel) -> Address:
    if parcel.channel == "mail":
        return Address(addr_spec=parcel.address or "")
    return Address(parcel.recipient or "", username="recipient", domain=NOBODY)


def _page(parcel: Parcel) -> str:
    parts = [
        f'<div lang="{lang}">{"".join(f"<p>{html.escape(line)}</p>" for line in text.splitlines())}</div>'
        for lang, text in (("zh-CN", parcel.text_zh), ("en", parcel.text_en))
    ]
    return (
        f'<!doctype html><html lang="zh-CN"><meta charset="utf-8"><body>{"<hr>".join(parts)}</body></html>\n'
    )


class Mailbox:
    """A folder of mails that every mail program reads (Maildir). A mail put in twice is there once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def put(self, mail: EmailMessage, parcel: Parcel) -> None:
        """Writes the mail to the disk. Raises `OSError`."""
        await asyncio.to_thread(self._put, bytes(mail), f"{int(parcel.at.timestamp())}.{parcel.key}.zhicheng")

    def _put(self, mail: bytes, name: str) -> None:
        for place in FOLDERS:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)  # words about persons: for the owner
            (self._folder / place).mkdir(exist_ok=True, mode=0o700)
        if next((self._folder / "cur").glob(f"{name}*"), None) is not None:
            return  # somebody has read it
        draft = self._folder / "tmp" / name
        with draft.open("wb") as file:
            file.write(mail)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._folder / "new" / name)

    def mails(self) -> Iterator[tuple[str, EmailMessage]]:
        """The mails with their keys, the earliest first."""
        files = [file for place in ("new", "cur") for file in (self._folder / place).glob("*.zhicheng*")]
        for file in sorted(files, key=lambda one: one.name):
            yield file.name.split(".")[1], _read(file)


def _read(file: Path) -> EmailMessage:
    with file.open("rb") as opened:
        found = BytesParser(policy=WIRE).parse(opened)
    assert isinstance(found, EmailMessage)
    return found


def text_of(mail: EmailMessage) -> str:
    """The words of a mail, in both languages."""
    plain = mail.get_body(("plain",))
    return str(plain.get_content()) if plain is not None else ""
