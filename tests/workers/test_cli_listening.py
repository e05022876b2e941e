"""`zhicheng webhook`, `contact`, `notices` and `mailbox` as they are typed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from activities.database import Database
from activities.letters import Letters
from models.webhooks import new_secret
from tests.activities.recorded import Desk, told
from tests.cli import CliRunner, Result
from tests.databases import sqlite_template, sqlite_url
from tests.models.life import Cast, submitted
from tests.support import eventually
from tests.workers.courier.receiver import Receiver
from workers.cli import app
from workers.courier.courier import run_courier
from workers.settings import Settings

__all__ = ["sqlite_template", "sqlite_url"]

SECRET = new_secret(bytes(range(32)))
Run = Callable[..., Result]


@pytest.fixture
def run(sqlite_url: str, tmp_path: Path) -> Run:
    """The command line, on a database of this test with one submitted application."""

    async def write() -> None:
        database = Database(sqlite_url)
        await Desk(database).write_all(told(submitted, Cast("one")))
        await database.close()

    asyncio.run(write())
    environment = {
        "ZHICHENG_DATABASE_URL": sqlite_url.replace("sqlite:", "sqlite+aiosqlite:"),
        "ZHICHENG_DATA_DIR": str(tmp_path),
        "ZHICHENG_WEBHOOK_NETWORKS": "127.0.0.0/8",
    }
    return lambda *words, **more: CliRunner().invoke(app, list(words), env={**environment, **more})


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    found = Receiver(SECRET)
    yield found
    found.close()


def test_an_operator_subscribes_and_looks_after_it(run: Run, receiver: Receiver) -> None:
    wanted = ("--role", "employer", "--organisation", Cast("any").employer, "--key", "k", "--json")
    made = run("webhook", "add", receiver.url, *wanted, ZHICHENG_WEBHOOK_SECRET=SECRET)
    assert made.exit_code == 0, made.output
    told = json.loads(made.stdout)
    assert (told["secret"], told["position"]) == (SECRET, 2)
    again = json.loads(run("webhook", "add", receiver.url, *wanted).stdout)
    assert (again["id"], again["secret"]) == (told["id"], None)
    sent = run("webhook", "test", told["id"], "--json")
    assert json.loads(sent.stdout) == {"taken": True, "answer": "204"}
    assert receiver.deliveries[0].seen is not None
    assert run("webhook", "replay", told["id"], "--after", "0").exit_code == 0
    assert run("webhook", "pause", told["id"]).exit_code == 0
    (listed,) = json.loads(run("webhook", "list", "--json").stdout)
    assert (listed["position"], listed["status"]) == (0, "paused")
    assert "secret" not in listed
    assert told["id"] in run("webhook", "list").stdout
    assert json.loads(run("webhook", "dead", told["id"], "--json").stdout) == []
    assert run("webhook", "retry", told["id"]).stdout == f"{told['id']}  0 due\n"
    assert run("webhook", "resume", told["id"]).exit_code == 0
    assert run("webhook", "secret", told["id"]).stdout.startswith("whsec_")
    assert run("webhook", "remove", told["id"]).exit_code == 0
    gone = run("webhook", "test", told["id"])
    assert gone.exit_code == 2
    assert "zhicheng webhook list" in gone.stderr


@pytest.mark.parametrize(
    ("words", "status", "why"),
    [
        (("http://hr.example.cn/", "--role", "employer", "--organisation", "u"), 1, "must be https"),
        (("https://hr.example.cn/", "--role", "applicant", "--organisation", "u"), 2, "no role of"),
        (
            ("https://hr.example.cn/", "--role", "employer", "--organisation", "u", "--event", "x"),
            1,
            "no event x",
        ),
        (
            ("https://hr.example.cn/", "--role", "employer", "--organisation", "u", "--plan", "none"),
            2,
            "--plan",
        ),
    ],
)
def test_a_subscription_that_cannot_be_is_refused(
    run: Run, words: tuple[str, ...], status: int, why: str
) -> None:
    done = run("webhook", "add", *words)
    assert (done.exit_code, why in done.stderr) == (status, True), done.output


def test_contacts_notices_and_the_mailbox(run: Run, sqlite_url: str, tmp_path: Path) -> None:
    unit = Cast("any").employer
    assert run("contact", "set", unit, "--mail", "hr@unit.example.cn").exit_code == 0
    (known,) = json.loads(run("contact", "list", "--json").stdout)
    assert (known["recipient"], known["channel"], known["address"]) == (unit, "mail", "hr@unit.example.cn")
    assert "hr@unit.example.cn" in run("contact", "list").stdout
    assert run("contact", "set", unit, "--mail", "a@b, c@d").exit_code == 2
    assert run("contact", "set", unit).exit_code == 2
    assert run("contact", "set", "13800138000 x", "--mailbox").exit_code == 2
    assert run("contact", "forget", unit).exit_code == 0
    assert run("contact", "forget", unit).exit_code == 2
    asyncio.run(_deliver(sqlite_url, tmp_path))
    mails = json.loads(run("mailbox", "list", "--json").stdout)
    assert mails
    shown = run("mailbox", "show", mails[0]["key"])
    assert "申报编号：one" in shown.stdout
    assert "Application: one" in shown.stdout
    assert run("mailbox", "show", "zz").exit_code == 2
    assert mails[0]["key"][:12] in run("mailbox", "list").stdout
    found = json.loads(run("notices", "list", "--json").stdout)
    assert found["unsent"] == []
    assert found["figures"]["notices_sent"] == len(mails)
    assert f"sent {len(mails)}" in run("notices", "list").stdout
    assert run("notices", "retry").stdout == "0 due\n"
    assert run("notices", "retry", "notices").exit_code == 2
    assert run("notices", "list", "--status", "lost").exit_code == 2


async def _deliver(url: str, data_dir: Path) -> None:
    """A courier with a mailbox, until nothing is left to send."""
    database, stop = Database(url), asyncio.Event()
    working = asyncio.create_task(run_courier(Settings.load(data_dir=data_dir), database, stop, mailbox=True))

    async def all_sent() -> None:
        assert await Letters(database, everybody=True).due(datetime.now(UTC)) == []

    await eventually(all_sent)
    stop.set()
    await working
    await database.close()
