"""Mail over TLS with a login, and mail servers that fail: nothing is lost, nothing goes in the clear."""

from __future__ import annotations

import asyncio
import gc
import warnings
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword, Session
from aiosmtpd.smtp import Envelope as Mail

from activities.letters import Parcel
from tests.workers.courier.test_notices import Postmaster, with_mail
from tests.workers.courier.test_webhooks import certified
from workers.courier.notices import Fault, MailServer
from workers.processes import free_port
from workers.settings import Settings

USER, PASSWORD = "titles", "open sesame"
Open = Callable[..., tuple[Settings, Postmaster]]


class Moody(Postmaster):
    """A mail server whose answers change; `ends`: how often it hangs up instead of taking the mail."""

    def __init__(self) -> None:
        super().__init__()
        self.ends, self.greets = 0, True

    async def handle_EHLO(  # noqa: N802 - the name that the server calls
        self, _server: SMTP, session: Session, _envelope: Mail, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        return responses if self.greets else ["550 not from there"]

    async def handle_HELO(  # noqa: N802
        self, _server: SMTP, session: Session, _envelope: Mail, hostname: str
    ) -> str:
        session.host_name = hostname
        return "250 hello" if self.greets else "550 not from there"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Mail) -> str:  # noqa: N802
        if not self.ends:
            return await super().handle_DATA(server, session, envelope)
        self.ends -= 1
        assert server.transport is not None
        server.transport.abort()
        return "250 OK"


def _login(_server: SMTP, _session: Session, _envelope: Mail, _mechanism: str, given: Any) -> AuthResult:
    assert isinstance(given, LoginPassword)
    right = (given.login, given.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=right, handled=False)


@pytest.fixture
def opened(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    """Opens mail servers; `name` is that of the certificate, without one there is no TLS."""
    running: list[Controller] = []

    def make(name: str | None = None, **changed: Any) -> tuple[Settings, Postmaster]:
        more: dict[str, Any] = {}
        if name is not None:
            serving, _ = certified(name, tmp_path)
            monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "certificate.pem"))
            more = {"tls_context": serving, "auth_required": True, "authenticator": _login}
        postmaster = Moody()
        server = Controller(postmaster, hostname="127.0.0.1", port=free_port(), **more)
        server.start()
        running.append(server)
        return with_mail(settings, f"localhost:{server.port}").model_copy(update=changed), postmaster

    yield make
    for one in running:
        asyncio.run_coroutine_threadsafe(_settled(), one.loop).result()
        one.stop()
    with warnings.catch_warnings():  # asyncio leaves the connection of a failed handshake to the collector
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


async def _settled() -> None:
    """The loop has done what was waiting: a connection that is closing has been closed."""
    for _ in range(10):
        await asyncio.sleep(0)


def parcel(address: str = "hr@unit.example.cn") -> Parcel:
    return Parcel(
        source="notices",
        notice_id=1,
        key="ab" * 20,
        recipient="unit-1",
        to_role="employer",
        template="submit",
        about="a-1",
        at=datetime.now(UTC),
        subject_zh="【职称评审】申报",
        text_zh="一",
        text_en="one",
        channel="mail",
        address=address,
        tries=0,
    )


async def sent(settings: Settings, *parcels: Parcel) -> list[Fault | None]:
    """What comes of these mails on one connection, as in one round of the courier."""
    server = MailServer(settings)
    try:
        return [await server.send(one) for one in parcels]
    finally:
        await server.close()
        await _settled()


def _with_login(settings: Settings, password: str = PASSWORD, security: str = "starttls") -> Settings:
    given = settings.model_dump() | {"smtp_user": USER, "smtp_password": password}
    return Settings.load(**given | {"smtp_security": security})


async def test_mail_goes_over_starttls_with_a_login(opened: Open) -> None:
    settings, postmaster = opened("localhost")
    assert await sent(_with_login(settings), parcel()) == [None]
    ((to, mail),) = postmaster.mails
    assert (to, mail["To"]) == (["hr@unit.example.cn"], "hr@unit.example.cn")


@pytest.mark.parametrize(
    ("certificate", "password", "why"),
    [
        ("localhost", "wrong", "authentication_refused"),
        ("mail.example.cn", PASSWORD, "mail_server_away"),
        (None, PASSWORD, "mail_server_away"),
    ],
    ids=["a wrong password", "a certificate of another name", "no TLS offered"],
)
async def test_without_trust_and_login_nothing_goes_and_nothing_dies(
    opened: Open, certificate: str | None, password: str, why: str
) -> None:
    settings, postmaster = opened(certificate)
    assert await sent(_with_login(settings, password), parcel(), parcel()) == [Fault(why, away=True)] * 2
    assert postmaster.mails == []


async def test_a_server_that_refuses_the_greeting_kills_no_letter(opened: Open) -> None:
    settings, postmaster = opened()
    assert isinstance(postmaster, Moody)
    postmaster.greets = False
    assert await sent(settings, parcel()) == [Fault("greeting_refused", away=True)]
    postmaster.greets = True
    assert await sent(settings, parcel()) == [None]


async def test_a_server_that_is_gone_in_the_middle_gets_the_same_mail_again(opened: Open) -> None:
    settings, postmaster = opened()
    assert isinstance(postmaster, Moody)
    postmaster.ends = 1
    assert await sent(settings, parcel()) == [Fault("mail_server_away", away=True)]
    assert await sent(settings, parcel()) == [None]
    assert len(postmaster.mails) == 1


async def test_a_refused_recipient_holds_up_nobody_and_what_is_refused_for_now_goes_later(
    opened: Open,
) -> None:
    settings, postmaster = opened()
    postmaster.refuses = {"gone@x.example.cn": "550 no such user", "busy@x.example.cn": "451 later"}
    gone, busy, good = (parcel(f"{name}@x.example.cn") for name in ("gone", "busy", "good"))
    assert await sent(settings, gone, busy, good) == [
        Fault("recipient_refused_550", final=True),
        Fault("recipient_refused_451"),
        None,
    ]
    postmaster.refuses = {}
    assert await sent(settings, busy) == [None]
    assert [to for to, _ in postmaster.mails] == [["good@x.example.cn"], ["busy@x.example.cn"]]
