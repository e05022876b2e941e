"""Deliveries to a real receiver: signed, in order, again after a failure; and where nothing is sent."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from activities.database import Database
from activities.sealing import Seal
from activities.webhooks import Webhooks
from models.webhooks import Verdict, new_secret
from tests.support import eventually
from tests.workers.courier.conftest import SEAL, SECRET, courier, subscribe, write
from tests.workers.courier.receiver import Receiver, published
from workers.courier import post as post_module
from workers.courier.post import Post
from workers.courier.webhooks import UNSEALABLE, send_test
from workers.settings import Settings

Receive = Callable[..., Receiver]


async def test_what_happens_is_delivered_signed_and_in_order(
    database: Database, settings: Settings, receive: Receive
) -> None:
    receiver, other = receive(), receive(answer=lambda _: 503)
    await write(database, "one")
    await subscribe(database, receiver.url)
    await subscribe(database, other.url, "wh-2")
    async with courier(settings, database):
        await eventually(lambda: receiver.sequences() == [1, 2])
        await write(database, "two", "three")
        await eventually(lambda: receiver.sequences() == [1, 2, 3, 4, 5, 6])
    first = receiver.deliveries[0]
    assert first.message_id == "wh-1_1"
    assert first.seen is not None
    assert first.seen["type"] == "application.opened"
    assert first.seen["data"]["application_ref"] == "one"
    assert "p-life" not in first.raw.decode()
    assert first.headers["host"].startswith("127.0.0.1:")
    assert set(other.sequences()) == {1}, "a receiver that is away holds up nobody but itself"
    found = await Webhooks(database).get("wh-2")
    assert found is not None
    assert (found.position, found.last_answer) == (0, "503")


async def test_after_a_failure_the_same_delivery_comes_again_and_nothing_overtakes_it(
    database: Database, settings: Settings, receive: Receive
) -> None:
    receiver = receive(answer=lambda n: 500 if n == 2 else 307 if n == 3 else 204)
    await write(database, "one", "two")
    await subscribe(database, receiver.url)
    async with courier(settings, database):
        await eventually(lambda: len(receiver.deliveries) == 2)
        await _hurry(database, receiver, 3)
        await _hurry(database, receiver, 4)
        await eventually(lambda: receiver.sequences() == [1, 2, 2, 2, 3, 4])
    again = receiver.deliveries[1:4]
    assert {one.message_id for one in again} == {"wh-1_2"}
    assert len({one.raw for one in again}) == 1


async def _hurry(database: Database, receiver: Receiver, until: int) -> None:
    """Lets the next try be due now, as soon as the failure is on record."""

    async def tried() -> None:
        await Webhooks(database).resume("wh-1")
        assert len(receiver.deliveries) >= until

    await eventually(tried)


async def test_a_signature_by_another_secret_or_an_old_one_does_not_hold(
    database: Database, settings: Settings, receive: Receive
) -> None:
    receiver = receive()
    await write(database, "one")
    webhook = await subscribe(database, receiver.url)
    post = Post(settings.networks())
    assert (await send_test(post, webhook, SEAL)).answer == "204"
    good = receiver.deliveries[0]
    assert good.seen == {
        "type": "webhook.test",
        "timestamp": good.seen["timestamp"] if good.seen else "",
        "data": {"webhook": "wh-1", "plan_id": webhook.plan_id},
    }
    stranger = published(new_secret(b"x" * 24))["verified"]
    assert stranger(good.headers, good.raw) is None
    assert receiver.verified(good.headers, good.raw + b" ") is None
    old = {**good.headers, "webhook-timestamp": str(int(good.headers["webhook-timestamp"]) - 400)}
    assert receiver.verified(old, good.raw) is None
    webhooks = Webhooks(database)
    await webhooks.new_secret("wh-1", SEAL.seal("wh-1", new_secret(b"y" * 32)), datetime.now(UTC))
    changed = await webhooks.get("wh-1")
    assert changed is not None
    await send_test(post, changed, SEAL)
    both = receiver.deliveries[1]
    assert both.seen is not None, "the former secret still holds"
    assert published(new_secret(b"y" * 32))["verified"](both.headers, both.raw) == both.seen
    assert await send_test(post, changed, Seal(b"k" * 32)) == UNSEALABLE
    assert len(receiver.deliveries) == 2, "nothing is sent unsigned"


@pytest.mark.parametrize(
    ("url", "answer"),
    [
        ("https://localhost:9/", "private_address"),
        ("https://169.254.169.254/latest/meta-data", "private_address"),
        ("https://[::ffff:127.0.0.1]:9/", "private_address"),
        ("https://no-such-host.invalid/", "name_unknown"),
        ("https://a..b/", "name_unknown"),
        ("https://xn--a/", "name_unknown"),
    ],
)
async def test_nothing_is_sent_inside_whatever_the_name_says(url: str, answer: str) -> None:
    outcome = await Post(()).send_once(url, [SECRET], "m_1", b"{}")
    assert (outcome.verdict, outcome.answer) == (Verdict.AWAY, answer)


async def test_http_is_for_this_machine_and_tls_is_verified(settings: Settings, receive: Receive) -> None:
    receiver = receive()
    post = Post(settings.networks())
    assert (await post.send_once(receiver.url, [SECRET], "m_1", b"{}")).answer == "204"
    plain = receiver.url.replace("http:", "https:")
    assert (await post.send_once(plain, [SECRET], "m_2", b"{}")).answer == "tls"
    closed = "http://127.0.0.1:1/"
    assert (await post.send_once(closed, [SECRET], "m_3", b"{}")).answer == "unreachable"
    assert len(receiver.deliveries) == 1


async def test_https_is_verified_against_the_name_while_the_checked_address_is_called(
    settings: Settings, receive: Receive, tmp_path: Path
) -> None:
    """The certificate is for `localhost` alone: called by its address the same receiver is not believed."""
    serving, trust = certified("localhost", tmp_path)
    receiver = receive(tls=serving)
    post = Post(settings.networks(), trust)
    by_name = receiver.url.replace("http://127.0.0.1", "https://localhost")
    assert (await post.send_once(by_name, [SECRET], "m_1", b"{}")).answer == "204"
    assert receiver.deliveries[0].headers["host"].startswith("localhost:")
    by_address = by_name.replace("localhost", "127.0.0.1")
    assert (await post.send_once(by_address, [SECRET], "m_2", b"{}")).answer == "tls"
    assert (await Post(settings.networks()).send_once(by_name, [SECRET], "m_3", b"{}")).answer == "tls"
    assert len(receiver.deliveries) == 1


def certified(name: str, folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Who serves as `name`, and who trusts exactly that certificate."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / "certificate.pem"
    file.write_bytes(
        certificate.public_bytes(Encoding.PEM)
        + key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(file)
    return serving, ssl.create_default_context(cafile=str(file))


async def test_a_receiver_that_says_nothing_is_left(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(post_module, "ANSWER_SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        outcome = await Post(settings.networks()).send_once(url, [SECRET], "m_1", b"{}")
    assert (outcome.verdict, outcome.answer) == (Verdict.AWAY, "timeout")
