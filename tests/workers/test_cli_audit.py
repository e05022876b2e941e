"""`zhicheng audit` and `zhicheng rebuild` on workflows that run; a proof checked as the page says."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select, update

from activities.database import Database
from activities.retention.finding import Due
from activities.retention.register import append
from models.removed import skeleton_of, without_details
from models.retention import Kept
from models.roots import Root
from models.tables import Application, AuditEntry, AuditLeaf, Base, InboxItem, Removal
from models.tables.chain import columns_of
from tests.activities.hall import Hall
from tests.cli import CliRunner
from tests.support import eventually, unique
from tests.workers.conftest import ServingThread, environment_of, rehearsal_clock
from workers.cli import app
from workers.client import ReviewClient
from workers.connect import connect
from workers.embedded import DevServer
from workers.rehearsal.cast import COMMITTEE, OFFICE, Cast
from workers.rehearsal.meeting_cast import NUMBERS
from workers.settings import Settings

PAGE = Path(__file__).parents[2] / "docs" / "audit.md"
PLAN = "tianjin-quality-2023"
Run = Callable[..., tuple[int, Any]]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """A server and a database that hold nothing but what this module begins: every history is looked at."""
    folder = tmp_path_factory.mktemp("house")
    server = DevServer()
    asyncio.run(server.start())
    settings = Settings.load(
        temporal_address=server.address, task_queue=unique("house"), data_dir=folder, rehearsal=True
    )
    thread = ServingThread(settings)
    thread.start()
    asyncio.run(eventually(thread.ready_file.exists, 30.0))
    yield settings
    thread.end()
    asyncio.run(server.stop())


@pytest.fixture(scope="module")
def casts(house: Settings) -> list[Cast]:
    """Two applications that wait for their employer, and one that was withdrawn."""
    casts = [Cast(unique(name)) for name in ("one", "two", "gone")]

    async def begin() -> None:
        door = ReviewClient(await connect(house), house.task_queue)
        for cast in casts:
            await door.start(cast.start(clock=rehearsal_clock("2023-09-19T09:00:00+08:00")))
            await door.send(cast.ref, cast.submit())
        await door.send(casts[2].ref, casts[2].withdraw())

    asyncio.run(begin())
    return casts


@pytest.fixture
def run(house: Settings, casts: list[Cast]) -> Run:
    """A command with `--json`; its status, and what it said."""
    assert casts

    def run(*words: str) -> tuple[int, Any]:
        environment = {**environment_of(house), "ZHICHENG_REHEARSAL": "true"}
        done = CliRunner().invoke(app, [*words], env=environment)
        assert done.stdout, done.stderr
        try:
            return done.exit_code, json.loads(done.stdout)
        except ValueError:
            return done.exit_code, done.stdout

    return run


async def with_database(settings: Settings, work: Callable[[Database], Any]) -> Any:
    database = Database(settings.database_url.get_secret_value())
    try:
        return await work(database)
    finally:
        await database.close()


async def with_session(settings: Settings, work: Callable[[Any], Any]) -> Any:
    async def inside(database: Database) -> Any:
        async with database.transaction() as session:
            return await work(session)

    return await with_database(settings, inside)


def verified(run: Run, *words: str) -> tuple[int, set[tuple[str, str]]]:
    status, found = run("audit", "verify", "--plan", PLAN, "--json", *words)
    assert found["looked_at"]["applications"] == 3
    return status, {(one["proof"], one["tampering"]) for one in found["findings"]}


def test_sealed_published_proved_offline_and_clean(run: Run, casts: list[Cast], tmp_path: Path) -> None:
    status, (made,) = run("audit", "root", "--at", "2023-09-19T23:59", "--json")
    assert (status, made["made"], made["leaves"], made["unconfirmed"]) == (0, True, 3, 0)
    assert run("audit", "root", "--at", "2023-09-19T23:59", "--json")[1][0]["made"] is False
    roots, proof = tmp_path / "roots.json", tmp_path / "proof.json"
    assert run("audit", "roots", "--out", str(roots))[0] == 0
    assert run("audit", "prove", casts[0].ref, "--out", str(proof))[0] == 0
    assert [Root.model_validate(one).n for one in json.loads(roots.read_text())] == [1]
    assert verified(run, "--from-histories", "--roots", str(roots)) == (0, set())

    script = tmp_path / "check.py"
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.S)
    script.write_text(code)
    checked = subprocess.run(
        [sys.executable, "-I", str(script), str(proof), str(roots)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (checked.returncode, checked.stderr) == (0, "")
    assert f"application/{casts[0].ref}" in checked.stdout
    lied = json.loads(proof.read_text())
    lied["leaf"]["seq"] += 1
    proof.write_text(json.dumps(lied))
    again = subprocess.run([sys.executable, "-I", str(script), str(proof), str(roots)], check=False)
    assert again.returncode == 1


def test_a_forged_end_is_seen_by_the_history_alone_and_put_right(
    run: Run, house: Settings, casts: list[Cast]
) -> None:
    ref = casts[0].ref

    async def forge(session: Any) -> None:
        rows = await session.scalars(
            select(AuditEntry).filter_by(application_ref=ref).order_by(AuditEntry.seq.desc())
        )
        last = rows.first().to_fact()
        changes = {"seq": last.seq + 1, "event": "recommend", "prev_hash": last.hash, "command_id": "forged"}
        forged = last.model_copy(update=changes).sealed()
        session.add(AuditEntry(**columns_of(PLAN, ref, forged)))
        row = update(Application).filter_by(application_ref=ref)
        await session.execute(row.values(seq=forged.seq, chain=forged.hash))
        await session.execute(delete(InboxItem).filter_by(application_ref=ref))

    asyncio.run(with_session(house, forge))
    assert verified(run) == (0, set())
    assert verified(run, "--from-histories") == (1, {("history", "not_in_history")})
    status, (made,) = run("audit", "root", "--at", "2023-09-20T23:59", "--json")
    assert (status, made["made"], made["unconfirmed"]) == (0, True, 1), "no workflow stands for it"

    status, (shown,) = run("rebuild", ref, "--audit", "--json")
    assert (status, shown["written"]) == (1, False)
    assert {one["table"] for one in shown["differences"]} == {"applications", "inbox", "audit"}
    status, (done,) = run("rebuild", ref, "--audit", "--apply", "--json")
    assert (status, done["written"], done["differences"]) == (0, True, shown["differences"])
    assert verified(run, "--from-histories") == (0, set())
    assert run("rebuild", ref, "--json") == (0, [{**done, "differences": [], "written": False}])
    told = run("rebuild", ref)[1]
    assert "0 rows differ" in told


def test_a_record_that_was_removed_is_in_the_root_and_in_the_history(
    run: Run, house: Settings, casts: list[Cast]
) -> None:
    async def remove(session: Any) -> None:
        await session.execute(delete(AuditEntry).filter_by(application_ref=casts[1].ref))

    asyncio.run(with_session(house, remove))
    status, found = verified(run, "--from-histories")
    assert status == 1
    assert {("root", "removed"), ("record", "truncated"), ("history", "not_recorded")} <= found
    status, told = run("audit", "verify", casts[1].ref)
    assert status == 1
    assert "all of it was removed" in told
    assert run("rebuild", casts[1].ref, "--audit", "--apply", "--json")[0] == 0
    assert verified(run, "--from-histories") == (0, set())


def test_a_removal_that_was_invented_hides_nothing(run: Run, house: Settings, casts: list[Cast]) -> None:
    """Words removed by retention are no longer held against the hash: whoever invents a removal rewrites."""
    ref = casts[2].ref

    async def invent(session: Any) -> None:
        rows = (await session.scalars(select(AuditEntry).filter_by(application_ref=ref))).all()
        for row in sorted(rows, key=lambda one: one.seq):
            row.details = without_details(row.to_fact()).details
        rows[-1].actor_id = "somebody-else"
        facts = [row.to_fact() for row in sorted(rows, key=lambda one: one.seq)]
        one = Due(Kept.NOT_PURSUED, f"application/{PLAN}/{ref}", date(2024, 7, 1), None, PLAN, ref)
        seal = {"chain": facts[-1].hash, "skeleton": skeleton_of(facts)}
        await append(session, one, {"audit": len(rows)}, None, datetime.now(UTC), "os:operator", **seal)

    asyncio.run(with_session(house, invent))
    assert verified(run) == (0, set())
    assert verified(run, "--from-histories") == (1, {("history", "rewritten")})

    async def of_a_living_one(session: Any) -> None:
        await session.execute(update(Removal).values(application_ref=casts[0].ref))

    asyncio.run(with_session(house, of_a_living_one))
    assert ("record", "removed") in verified(run)[1]


def test_a_cycle_and_a_meeting_that_were_removed_whole_are_in_their_histories(
    run: Run, house: Settings
) -> None:
    """No root has sealed them yet: only the server can tell that they were."""

    async def hall(database: Database) -> None:
        await Hall(database).furnish()

    asyncio.run(with_database(house, hall))
    assert run("cycle", "start", PLAN, "--rehearse-from", "2023-09-14T09:00:00+08:00")[0] == 0
    begun = ("meeting", "start", "m-1", "--committee", COMMITTEE, "--on", "2023-12-08")
    assert run(*begun, "--rehearse-from", "2023-11-20T09:00:00+08:00", "--json")[0] == 0
    numbers = [word for name, number in NUMBERS for word in ("--number", f"{name}={number}")]
    commit = ("meeting", "commit", "m-1", "--side", "drawer", "--as", f"office:clerk@{OFFICE}")
    assert run(*commit, "--nonce", "drawer-0123456789abcdef", *numbers, "--json")[0] == 0
    before = verified(run, "--from-histories")[1]

    async def remove(session: Any) -> None:
        for table in reversed(Base.metadata.sorted_tables):
            if "meeting_ref" in table.c or table.name.startswith("cycle"):
                await session.execute(delete(table).where(table.c.plan_id == PLAN))

    asyncio.run(with_session(house, remove))
    assert verified(run)[1] <= before
    status, found = run("audit", "verify", "--plan", PLAN, "--from-histories", "--json")
    places = {one["place"] for one in found["findings"] if one["tampering"] == "not_recorded"}
    assert status == 1
    assert any(place.startswith(f"cycle/{PLAN}") for place in places), places
    assert any(place.startswith(f"{PLAN}/m-1") for place in places), places


def test_what_cannot_be_asked_says_so(house: Settings) -> None:
    def refused(*words: str) -> tuple[int, str]:
        done = CliRunner().invoke(app, list(words), env=environment_of(house))
        return done.exit_code, done.stderr

    assert refused("audit", "verify", "no-such-one")[0] == 2
    status, said = refused("audit", "prove", "no-such-one")
    assert (status, "no root has it yet" in said) == (2, True)
    assert refused("audit", "verify", "--roots", "/nowhere.json")[0] == 2
    assert refused("rebuild")[0] == 2
    away = {**environment_of(house), "ZHICHENG_TEMPORAL_ADDRESS": "127.0.0.1:1"}
    done = CliRunner().invoke(app, ["audit", "root"], env=away)
    assert (done.exit_code, "127.0.0.1:1" in done.stderr) == (3, True)

    async def leaves(session: Any) -> int:
        return len((await session.scalars(select(AuditLeaf))).all())

    assert asyncio.run(with_session(house, leaves)) == 3, "what nobody confirmed is not sealed"
