"""The courier as a process: takes the lease, numbers, delivers, sends; hands over when it ends or dies.

Several may run. The one with the lease works; when it is killed another takes over after `LASTS`, and what
was just being sent is sent once more, under the same id.
"""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta

import structlog
from sqlalchemy.exc import SQLAlchemyError

from activities.database import Database
from activities.feed import Feed
from activities.lease import leave_lease, take_lease
from activities.letters import Letters
from activities.webhooks import Webhooks, seal_what_is_open
from workers.courier.notices import NoticeSender
from workers.courier.post import Post
from workers.courier.webhooks import WebhookSender
from workers.key_files import seal_of
from workers.observe.gauges import TAKEN_EVERY, Gauges, gauges
from workers.settings import Settings
from workers.worker import new_identity

_log = structlog.stdlib.get_logger("courier")

WORK = "courier"
LASTS, RENEWED_EVERY = timedelta(seconds=6), 2.0
"""How long a lease lasts, and after how many seconds it is renewed."""

LOOKS_EVERY, TELLS_EVERY = 0.5, 60.0
"""Seconds between two looks at what is to be done, and between two lines that say how it stands."""

ENDS_WITHIN = 20.0
"""Seconds for what is being sent when it stops; longer than any time-out."""


class _Tenure:
    """Whether this courier is the one that works."""

    def __init__(self, database: Database, stop: asyncio.Event) -> None:
        self._database, self._stop, self._holder = database, stop, new_identity()
        self._until = 0.0

    def goes_on(self) -> bool:
        """It has the lease for sure, and nobody asked it to stop."""
        return not self._stop.is_set() and time.monotonic() < self._until

    async def keep(self) -> None:
        """Takes the lease whenever it is free, and renews it."""
        while not self._stop.is_set():
            began, had = time.monotonic(), self.goes_on()
            try:
                if await take_lease(self._database, WORK, self._holder, LASTS):
                    self._until = began + LASTS.total_seconds()
            except (SQLAlchemyError, OSError) as error:
                _log.warning("lease cannot be asked for", reason=type(error).__name__)
            if self.goes_on() and not had:
                _log.info("courier works")
            await wait_for(self._stop, RENEWED_EVERY)

    async def leave(self) -> None:
        """Lets another one begin at once."""
        try:
            await leave_lease(self._database, WORK, self._holder)
        except (SQLAlchemyError, OSError):
            _log.warning("lease runs out by itself")


async def run_courier(
    settings: Settings, database: Database, stop: asyncio.Event, *, mailbox: bool = False
) -> None:
    """Works until `stop`. `mailbox`: what has no contact goes into the folder, instead of being held."""
    tenure = _Tenure(database, stop)
    notices = Letters(database, everybody=mailbox)
    post = Post(settings.networks())
    seal = seal_of(settings)
    webhooks = WebhookSender(database, post, seal, tenure.goes_on)
    sender = NoticeSender(notices, post, settings, settings.data_dir.absolute() / "mailbox", tenure.goes_on)
    keeping = asyncio.create_task(tenure.keep())
    counting = asyncio.create_task(_counts(database, settings, tenure, stop))
    sending = asyncio.create_task(_sends(sender, tenure, stop))
    told_at, sealed = 0.0, False
    try:
        while not stop.is_set():
            if tenure.goes_on():
                try:
                    if not sealed:
                        await seal_what_is_open(database, seal)
                        sealed = True
                    await Feed(database).catch_up()
                    await webhooks.round()
                    if time.monotonic() - told_at > TELLS_EVERY:
                        told_at = time.monotonic()
                        await _tell(database, notices, webhooks, sender)
                except Exception as error:
                    _log.warning(
                        "the courier stumbled", reason=type(error).__name__, exc_info=_unless_away(error)
                    )
            await wait_for(stop, LOOKS_EVERY)
    finally:
        stop.set()
        try:
            async with asyncio.timeout(ENDS_WITHIN):
                await asyncio.gather(keeping, sending, counting, webhooks.end())
            await tenure.leave()
        except TimeoutError:
            _log.error("the courier did not end in time")
        _log.info("courier stopped", delivered=webhooks.delivered, sent=sender.sent)


def goes_to_mailbox(settings: Settings, *, usually: bool) -> bool:
    """Whether what has no contact goes into the folder. `usually`: on one machine without a mail server."""
    if settings.notice_delivery is not None:
        return settings.notice_delivery == "mailbox"
    return usually and settings.smtp_address is None


async def _sends(sender: NoticeSender, tenure: _Tenure, stop: asyncio.Event) -> None:
    """Notices have a loop of their own: a mail server that is slow holds up no webhook."""
    while not stop.is_set():
        looked_at = 0
        if tenure.goes_on():
            try:
                looked_at = await sender.round()
            except Exception as error:
                _log.warning("sending stumbled", reason=type(error).__name__, exc_info=_unless_away(error))
        if not looked_at:
            await wait_for(stop, 2 * LOOKS_EVERY)


async def _counts(database: Database, settings: Settings, tenure: _Tenure, stop: asyncio.Event) -> None:
    """Gauges have a loop of their own, too; only the courier that works tells them."""
    with gauges(settings) as shown:
        taken_at = float("-inf")
        while not stop.is_set():
            if not tenure.goes_on():
                shown.forget()
                taken_at = float("-inf")
            elif time.monotonic() - taken_at >= TAKEN_EVERY:
                taken_at = time.monotonic()
                await _take(shown, database)
            await wait_for(stop, 4 * LOOKS_EVERY)


async def _take(shown: Gauges, database: Database) -> None:
    try:
        await shown.take(database, datetime.now(UTC))
    except (SQLAlchemyError, OSError) as error:
        shown.forget()
        _log.warning("figures cannot be taken", reason=type(error).__name__)


def _unless_away(error: Exception) -> Exception | None:
    """A database that is away is no surprise; anything else is shown with its place."""
    return None if isinstance(error, SQLAlchemyError | OSError) else error


async def _tell(database: Database, notices: Letters, webhooks: WebhookSender, sender: NoticeSender) -> None:
    figures = {**await Webhooks(database).figures(), **await notices.figures()}
    _log.info("courier", delivered=webhooks.delivered, sent=sender.sent, **figures)


async def wait_for(stop: asyncio.Event, seconds: float) -> None:
    """Waits, and not a moment longer than until `stop`."""
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        return
