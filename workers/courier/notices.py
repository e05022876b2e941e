"""Sends notices: by a mail server, to a webhook, or into the mailbox folder; each once and one by one."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.errors import MessageError
from pathlib import Path
from typing import Any

import aiosmtplib
import structlog

from activities import letters
from activities.letters import Letters, Parcel
from models.webhooks import Verdict
from models.wire import SHANGHAI
from workers.courier.mail import Mailbox, mail_of
from workers.courier.post import Post, body_of
from workers.settings import Settings, split_address

_log = structlog.stdlib.get_logger("courier")

SMTP_SECONDS = 15.0


@dataclass(frozen=True)
class Fault:
    """Why it was not sent. `away`: nobody looked at it; `final`: it would be refused again."""

    reason: str
    away: bool = False
    final: bool = False


NO_ADDRESS = (ValueError, MessageError)
"""What making a mail raises for an address that none can be sent to, as one with two dots in a row."""


class MailServer:
    """One connection to the mail server, opened when it is needed."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._open: aiosmtplib.SMTP | None = None
        self._away: Fault | None = None

    async def send(self, parcel: Parcel) -> Fault | None:
        """Sends the mail; None when the server has taken it."""
        if self._settings.smtp_address is None:
            return Fault("no_mail_server", away=True)
        if self._away is not None:
            return self._away
        try:
            mail = mail_of(parcel, self._settings.smtp_from)
        except NO_ADDRESS:
            return Fault("wrong_address", final=True)
        try:
            server = self._open or await self._connected(self._settings.smtp_address)
            await server.send_message(mail)
        except aiosmtplib.SMTPRecipientsRefused as refused:
            return _by_code("recipient_refused", max(one.code for one in refused.recipients))
        except aiosmtplib.SMTPHeloError:  # it will not talk with this machine; that says nothing of the mail
            return await self._gone("greeting_refused")
        except aiosmtplib.SMTPDataError as refused:
            return _by_code("mail_refused", refused.code)
        except aiosmtplib.SMTPAuthenticationError:
            return await self._gone("authentication_refused")
        except aiosmtplib.SMTPSenderRefused:
            return await self._gone("sender_refused")
        except (aiosmtplib.SMTPException, OSError):
            return await self._gone("mail_server_away")
        return None

    async def _connected(self, address: str) -> aiosmtplib.SMTP:
        host, port = split_address(address)
        password = self._settings.smtp_password
        server = aiosmtplib.SMTP(
            hostname=host,
            port=port,
            timeout=SMTP_SECONDS,
            use_tls=self._settings.smtp_security == "tls",
            start_tls=self._settings.smtp_security == "starttls",
            username=self._settings.smtp_user,
            password=password.get_secret_value() if password else None,
        )
        await server.connect()
        self._open = server
        return server

    async def _gone(self, reason: str) -> Fault:
        """The rest of this round need not try."""
        await self.close()
        self._away = Fault(reason, away=True)
        return self._away

    async def close(self) -> None:
        """Ends the connection."""
        server, self._open = self._open, None
        if server is not None:
            server.close()


def _by_code(reason: str, code: int) -> Fault:
    return Fault(f"{reason}_{code}", final=code >= 500)


class NoticeSender:
    """The notices of one courier. `goes_on`: whether it still is the one that works."""

    def __init__(
        self,
        notices: Letters,
        post: Post,
        settings: Settings,
        mailbox: Path,
        goes_on: Callable[[], bool],
    ) -> None:
        self._letters, self._post, self._settings, self._goes_on = notices, post, settings, goes_on
        self._mailbox = Mailbox(mailbox)
        self.sent = 0

    async def round(self) -> int:
        """Sends what is due; how many it looked at."""
        parcels = await self._letters.due(datetime.now(UTC))
        server = MailServer(self._settings)
        try:
            for parcel in parcels:
                if not self._goes_on():
                    break
                await self._handle(parcel, server.send)
        finally:
            await server.close()
        return len(parcels)

    async def _handle(self, parcel: Parcel, mail: Callable[[Parcel], Awaitable[Fault | None]]) -> None:
        if parcel.channel is None:
            await self._letters.held(parcel, datetime.now(UTC))
            return
        match parcel.channel:
            case letters.MAIL:
                fault = await mail(parcel)
            case letters.WEBHOOK:
                fault = await self._by_webhook(parcel)
            case _:
                fault = await self._into_the_folder(parcel)
        now = datetime.now(UTC)
        if fault is None:
            self.sent += 1
            await self._letters.sent(parcel, now)
            return
        became = await self._letters.failed(
            parcel, fault.reason, now, random.random(), away=fault.away, final=fault.final
        )
        _log.warning(
            "notice not sent",
            source=parcel.source,
            notice=parcel.notice_id,
            reason=fault.reason,
            became=became,
        )

    async def _into_the_folder(self, parcel: Parcel) -> Fault | None:
        try:
            await self._mailbox.put(mail_of(parcel, self._settings.smtp_from), parcel)
        except NO_ADDRESS:
            return Fault("wrong_address", final=True)
        except OSError:
            return Fault("folder_unwritable", away=True)
        return None

    async def _by_webhook(self, parcel: Parcel) -> Fault | None:
        secret = self._settings.notice_webhook_secret
        if secret is None:
            return Fault("no_secret", away=True)
        body = body_of(f"notice.{parcel.template}", parcel.at.astimezone(SHANGHAI), _told(parcel))
        outcome = await self._post.send_once(
            parcel.address or "", [secret.get_secret_value()], f"notice_{parcel.key}", body
        )
        match outcome.verdict:
            case Verdict.TAKEN:
                return None
            case Verdict.GONE:
                return Fault(outcome.answer, final=True)
            case verdict:
                return Fault(outcome.answer, away=verdict is Verdict.AWAY)


def _told(parcel: Parcel) -> dict[str, Any]:
    return {
        "recipient": parcel.recipient,
        "role": parcel.to_role,
        "about": parcel.about,
        "subject_zh": parcel.subject_zh,
        "text_zh": parcel.text_zh,
        "text_en": parcel.text_en,
    }
