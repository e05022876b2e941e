"""`zhicheng demo`: the 2023 cycle as stories, side by side, on a real Temporal server in rehearsal time.

One line at the end says how many stories ended as they must: `stories: N of N as expected`. The exit
status is 0 only if all did.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import signal
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rich.console import Console
from rich.live import Live

from activities.database import Database
from models.clock import BusinessClock
from models.wire import SHANGHAI
from workers.client import ReviewClient
from workers.connect import connect
from workers.exit import finish
from workers.processes import ServerRecord
from workers.rehearsal import table
from workers.rehearsal.player import Player
from workers.rehearsal.processes import Processes
from workers.rehearsal.sight import Sight
from workers.rehearsal.stories import STORIES, choose
from workers.rehearsal.verdict import Verdict, judge
from workers.settings import Settings

BEGINS = datetime(2023, 9, 18, 8, 0, tzinfo=SHANGHAI)
ENDS = datetime(2024, 2, 24, 0, 0, tzinfo=SHANGHAI)
"""The part of the cycle that the stories fill; `seconds` of real time go by in it."""

SECONDS = 115.0
GRACE = 60.0
"""Real seconds beyond `seconds` after which a story that has not ended has failed."""

TASK_TIMEOUT = timedelta(seconds=3)
PATIENCE = 4.0
"""Real seconds in which a command is answered, or sent again: three business days, when the cycle takes two
minutes. What was lost with a worker must not be waited for until a publicity is over."""

LOG_WIDTH = 150
LINE_EVERY = 5.0
"""Real seconds between two lines where there is no terminal to draw the table on."""


class Rehearsal:
    """One performance of some stories: processes, clock, players, picture."""

    def __init__(self, processes: Processes, seconds: float, names: Sequence[str], console: Console) -> None:
        self._processes, self._seconds, self._console = processes, seconds, console
        self._stories = choose(names)
        self._news: list[str] = []

    def say(self, line: str) -> None:
        """Something happened to a process."""
        self._news.append(line)
        if not self._console.is_terminal:
            self._console.print(f"! {line}", highlight=False, soft_wrap=True)

    async def perform(self) -> list[Verdict]:
        """Plays every story and judges it."""
        url = self._processes.database_url
        client = await connect(self._processes.settings())
        door = ReviewClient(client, _task_queue(), patience=PATIENCE, task_timeout=TASK_TIMEOUT)
        await self._worker_is_there()
        clock = BusinessClock(
            real_start=datetime.now(UTC),
            business_start=BEGINS,
            speed=(ENDS - BEGINS).total_seconds() / self._seconds,
        )
        database = Database(url)
        sight = Sight(database)
        players = [Player(story, door, clock, database, sight) for story in self._stories]
        try:
            await self._play(players, clock)
            return [await judge(player, database) for player in players]
        finally:
            await database.close()

    async def _worker_is_there(self) -> None:
        """The clock starts once somebody works; the first start of a worker takes the longest."""
        ready = self._processes.ready_file
        deadline = time.monotonic() + GRACE
        while not ready.exists() and time.monotonic() < deadline:  # noqa: ASYNC110 - another process's file
            await asyncio.sleep(0.05)

    async def _play(self, players: Sequence[Player], clock: BusinessClock) -> None:
        picture = asyncio.create_task(self._draw(players, clock))
        try:
            async with asyncio.timeout(self._seconds + GRACE):
                await asyncio.gather(*(player.play() for player in players))
        except TimeoutError:
            self.say("the time is over")
        finally:
            picture.cancel()
            with suppress(asyncio.CancelledError):
                await picture
        with suppress(TimeoutError):
            async with asyncio.timeout(GRACE):
                await asyncio.gather(*(player.listen() for player in players))

    async def _draw(self, players: Sequence[Player], clock: BusinessClock) -> None:
        if not self._console.is_terminal:
            while True:
                line = table.progress(players, clock.now(datetime.now(UTC)))
                self._console.print(line, highlight=False, soft_wrap=True)
                await asyncio.sleep(LINE_EVERY)
        hint = web_hint(self._processes.server.ui_url)
        with Live(console=self._console, auto_refresh=False, vertical_overflow="crop") as live:
            try:
                while True:
                    now = clock.now(datetime.now(UTC))
                    live.update(table.scene(players, now, hint, self._news), refresh=True)
                    await asyncio.sleep(0.25)
            finally:
                now = clock.now(datetime.now(UTC))
                live.update(table.scene(players, now, hint, self._news), refresh=True)


async def rehearse(seconds: float, names: Sequence[str], data_dir: Path, ui: bool) -> int:
    """Starts the processes, plays, tells, and stops the processes again, also on SIGINT and SIGTERM."""
    console = Console() if sys.stdout.isatty() else Console(width=LOG_WIDTH)
    began = time.monotonic()
    news: list[str] = []
    processes = Processes(data_dir, ui=ui, say=news.append)
    rehearsal = Rehearsal(processes, seconds, names, console)
    processes.say = rehearsal.say
    performing = asyncio.current_task()
    assert performing is not None
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, performing.cancel)
    try:
        await processes.start()
        if ui:
            console.print(web_hint(processes.server.ui_url))
        verdicts = await rehearsal.perform()
    except asyncio.CancelledError:
        console.print("interrupted: server and worker are stopped")
        return 130
    finally:
        await processes.stop()
    console.print(table.summary(verdicts))
    good = sum(1 for verdict in verdicts if verdict.as_expected)
    console.print(
        f"{time.monotonic() - began:.0f} s, {processes.restarts} restarts; data: {data_dir}", highlight=False
    )
    sys.stdout.write(f"stories: {good} of {len(verdicts)} as expected\n")
    return 0 if good == len(verdicts) else 1


def run(
    seconds: float = SECONDS,
    stories: Sequence[str] = (),
    data_dir: Path | None = None,
    ui: bool = True,
) -> int:
    """The exit status of a whole demo. `data_dir` is by default a fresh one under `data/demo`.

    Raises `ValueError` for a story that is unknown, `DevServerError` when the server does not start.
    """
    choose(stories)
    return asyncio.run(rehearse(seconds, stories, data_dir or fresh_directory(Path("data/demo")), ui))


def web_hint(address: str | None) -> str:
    """Where the stories can be looked at while they run."""
    return f"Temporal Web UI: {address} (every story is a workflow there)" if address else "without a Web UI"


def fresh_directory(parent: Path) -> Path:
    """A new directory for this run; those of earlier runs are removed unless a server still lives in them."""
    for old in parent.glob("run-*"):
        record = ServerRecord.read(old / "temporal" / "temporal-server.json")
        if record is None or not record.is_alive():
            shutil.rmtree(old, ignore_errors=True)
    made = parent / f"run-{datetime.now(UTC):%Y%m%d-%H%M%S}-{os.getpid()}"
    made.mkdir(parents=True)
    return made


def _task_queue() -> str:
    default: str = Settings.model_fields["task_queue"].default
    return default


def main() -> None:
    """`python -m workers.rehearsal.demo`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=SECONDS, help="real seconds for the whole cycle")
    parser.add_argument("--story", action="append", default=[], metavar="NAME", help="only this one; again")
    parser.add_argument(
        "--data-dir", type=Path, default=None, help="where its data are; default: a fresh one"
    )
    parser.add_argument("--no-ui", action="store_true", help="without Temporal's Web UI")
    parser.add_argument("--list", action="store_true", help="name the stories and end")
    given = parser.parse_args()
    if given.list:
        for story in STORIES:
            sys.stdout.write(f"{story.name:30} {story.zh} / {story.en}\n")
        finish(0)
    try:
        status = run(given.seconds, given.story, given.data_dir, not given.no_ui)
    except ValueError as error:
        sys.stderr.write(f"{error}\n")
        status = 2
    finish(status)


if __name__ == "__main__":
    main()
