"""Two couriers as processes: the one that works is killed in the middle of a delivery."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from activities.database import Database
from models.tables import Lease
from tests.support import eventually
from tests.workers.courier.conftest import SEAL_KEY, subscribe, write
from tests.workers.courier.receiver import Receiver

PROGRAM = str(Path(sys.executable).with_name("zhicheng"))


async def test_a_courier_killed_in_the_middle_loses_nothing_and_doubles_one_at_most(
    postgres_url: str, tmp_path: Path, receive: Callable[..., Receiver]
) -> None:
    open_up = threading.Event()

    def third_one_waits(n: int) -> int:
        if n == 3:
            open_up.wait(30)
        return 204

    receiver, database = receive(answer=third_one_waits), Database(postgres_url)
    await write(database, "one", "two")
    await subscribe(database, receiver.url)
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("ZHICHENG_", "TEMPORAL_"))} | {
        "ZHICHENG_DATABASE_URL": postgres_url.replace("postgresql://", "postgresql+psycopg://"),
        "ZHICHENG_DATA_DIR": str(tmp_path),
        "ZHICHENG_WEBHOOK_NETWORKS": "127.0.0.0/8",
        "ZHICHENG_WEBHOOK_KEY": SEAL_KEY,
    }
    log = (tmp_path / "log").open("wb")
    couriers = [
        await asyncio.create_subprocess_exec(PROGRAM, "courier", env=environment, stderr=log)
        for _ in range(2)
    ]
    try:
        await eventually(lambda: len(receiver.deliveries) == 3, 30)
        working = await _holder(database)
        (first,) = [one for one in couriers if one.pid == working]
        (second,) = [one for one in couriers if one.pid != working]
        first.kill()
        await first.wait()
        await write(database, "three")
        await eventually(lambda: set(receiver.sequences()) == {1, 2, 3, 4, 5, 6}, 30)
        second.send_signal(signal.SIGTERM)
        assert await second.wait() == 0
    finally:
        open_up.set()
        for one in couriers:
            if one.returncode is None:
                one.kill()
                await one.wait()
        log.close()
    told = Counter(one.message_id for one in receiver.deliveries)
    assert told == {f"wh-1_{n}": 2 if n == 3 else 1 for n in range(1, 7)}
    in_order = list(dict.fromkeys(receiver.sequences()))
    assert in_order == [1, 2, 3, 4, 5, 6]
    async with database.reading() as session:
        assert await session.get(Lease, "courier") is None, "given back"
    await database.close()


async def _holder(database: Database) -> int:
    async with database.reading() as session:
        lease = await session.get_one(Lease, "courier")
        return int(lease.holder.partition("@")[0])


def test_it_needs_a_database(tmp_path: Path) -> None:
    done = subprocess.run(
        [PROGRAM, "courier"],
        env={**os.environ, "ZHICHENG_DATA_DIR": str(tmp_path / "none"), "ZHICHENG_DATABASE_URL": "mysql://x"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "ZHICHENG_DATABASE_URL" in done.stderr
