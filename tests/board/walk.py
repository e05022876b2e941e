"""A walk through the board in Chromium, on a simulated cycle that stands still on 3 November 2023.

`python -m tests.board.walk 500 [--pictures]`: with so many applicants; prints what it saw, and the times.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import BrowserContext, Page, async_playwright, expect

from models.calendar import WorkCalendar
from models.plan import ReviewPlan
from models.plan_periods import terms_on
from models.roles import Role
from models.visibility import Grant
from tests.browser.test_bpmn_js import CHROMIUM, FLAGS
from workers.connect import connect
from workers.gateway.serve import listening_socket, local_issuer, run_gateway
from workers.rehearsal.cast import OFFICE
from workers.settings import Settings
from workers.simulate.chamber import found_committee
from workers.simulate.distribution import Distribution
from workers.simulate.engine import SPARE, quiet
from workers.simulate.ground import Ground, ground
from workers.simulate.mind import World
from workers.simulate.population import Population
from workers.simulate.worker import QUEUE
from workers.simulate.year import Year

PLAN = "tianjin-quality-2023"
DATABASE = "simulation.db"
STOPS = date(2023, 11, 3)
"""The morning on which the year stands still: two working days before the departments' window closes."""
PICTURES = Path(__file__).parents[2] / "docs" / "pictures"
PAGES = ("cycle", "risk", "search", "inbox", "batches")


class HalfYear(Year):
    """A year that is lived to a morning and left there."""

    async def live_until(self, day: date) -> None:
        """Everything that is due before this day."""
        await found_committee(self._ground, self._world)
        await self.office.begin()
        await self._until(day, quiet)


@dataclass
class Standing:
    """Where the board is, and a token of the office."""

    address: str
    token: str
    applications: int
    prepared: float


@dataclass
class Seen:
    """What the walk saw: times of pages in milliseconds, faults of axe, complaints of the browser."""

    times: dict[str, list[float]] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)


@asynccontextmanager
async def standing(applications: int, folder: Path) -> AsyncIterator[Standing]:
    """A cycle with so many applications, and a gateway before it."""
    plan, calendar, given = ReviewPlan.load(PLAN), WorkCalendar.load(), Distribution.load()
    world = World(terms_on(plan, calendar), calendar, given)
    began = time.monotonic()
    async with ground(cached=applications + SPARE) as stand:
        year = HalfYear(plan, world, Population(given, 1), applications, stand)
        await stand.while_it_stands(year.live_until(STOPS))
        settings = _settings(stand, folder)
        office = Grant(role=Role.OFFICE, organisation=OFFICE)
        token = local_issuer(settings).mint("office-clerk", [office], life=timedelta(hours=2))
        sock, stop = listening_socket("127.0.0.1:0"), asyncio.Event()
        address = f"http://127.0.0.1:{sock.getsockname()[1]}"
        serving = asyncio.create_task(run_gateway(settings, await connect(settings), stop, sock))
        try:
            yield Standing(address, token, applications, time.monotonic() - began)
        finally:
            stop.set()
            await serving


def _settings(stand: Ground, folder: Path) -> Settings:
    assert stand.database.folder is not None
    return Settings.load(
        temporal_address=stand.client.service_client.config.target_host,
        task_queue=QUEUE,
        database_url=f"sqlite+aiosqlite:///{stand.database.folder / DATABASE}",
        data_dir=folder,
        rehearsal=True,
        local_issuer=True,
        gateway_calls_a_minute=100_000,
        gateway_public_calls_a_minute=100_000,
    )


@asynccontextmanager
async def chromium(scheme: Any) -> AsyncIterator[BrowserContext]:
    """Debian's Chromium with an empty profile, in a colour scheme."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield await browser.new_context(
            viewport={"width": 1440, "height": 900}, color_scheme=scheme, locale="zh-CN"
        )
        await browser.close()


class Walker:
    """One visitor in one browser."""

    def __init__(self, page: Page, at: Standing, seen: Seen, pictures: bool) -> None:
        self.page, self.at, self.seen, self.pictures = page, at, seen, pictures
        self.base = f"{at.address}/board/plans/{PLAN}"
        page.on("console", lambda said: self._complain(said.text))
        page.on("pageerror", lambda error: self._complain(str(error)))

    def _complain(self, text: str) -> None:
        self.seen.complaints.append(text)

    async def sign_in(self) -> None:
        """By the token, as on one machine."""
        await self.page.goto(f"{self.at.address}/board")
        await self._axe("sign-in")
        await self.page.fill("#token", self.at.token)
        await self.page.click("main button")
        await self.page.wait_for_url("**/cycle")

    async def go(self, path: str, name: str, lang: str = "zh") -> None:
        """Opens a page, and lets axe look at it."""
        began = time.monotonic()
        answer = await self.page.goto(f"{self.base}/{path}{'&' if '?' in path else '?'}lang={lang}")
        self.seen.times.setdefault(name, []).append((time.monotonic() - began) * 1000)
        assert answer is not None
        assert answer.status == 200, (path, answer.status)
        assert await self.page.locator("h1").count() == 1
        await self._axe(f"{name}/{lang}")

    async def _axe(self, name: str) -> None:
        found = (await Axe().run(self.page)).response["violations"]
        self.seen.faults += [
            f"{name}: {one['id']} {one['impact']} {one['nodes'][0]['html'][:160]}"
            for one in found
            if one["impact"] in ("serious", "critical")
        ]

    async def picture(self, name: str) -> None:
        """For the documents, when asked for."""
        if self.pictures:
            PICTURES.mkdir(exist_ok=True)
            await self.page.screenshot(path=PICTURES / f"board-{name}.png")

    async def all_pages(self) -> None:
        """Each page in both languages."""
        for lang in ("zh", "en"):
            for name in PAGES:
                await self.go(name, name, lang)
                if lang == "zh" and name in ("cycle", "risk"):
                    await self.picture(name)

    async def story(self) -> None:
        """From the diagram to who will miss 6 November, why, a batch's dry run, and counts that move."""
        page, told = self.page, self.seen.told
        await self.go("cycle", "cycle")
        stage = page.locator('a[id^="go-"]:has(.count)').filter(has=page.locator("#stage-office_review"))
        told.append(f"in the office: {await stage.locator('.count text').text_content()}")
        await stage.focus()
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/search?q=stage*office_review*")
        told.append(f"found by the diagram: {await page.locator('#found tbody tr').count()}")
        await self.go("risk?q=deadline:department_submission&within=2", "risk")
        first = page.locator("#risks tbody tr").first
        reference = await first.locator("th a").inner_text()
        told.append(f"will miss 6 November: {reference}, {await first.locator('td').last.inner_text()}")
        await self.go(f"applications/{reference}", "application")
        assert "department_submission" not in await page.locator("h3").first.inner_text()
        assert await page.get_by_text("2023年11月6日").count() > 0
        await self.picture("application")
        await self._batch()
        await self._counts_move(reference)

    async def _batch(self) -> None:
        page = self.page
        await self.go("search?q=stage:office_review", "search")
        await page.fill("[name=batch_ref]", "walk-1")
        await page.select_option("[name=kind]", "return")
        await page.fill("[name=text]", "首页未加盖公章")
        await page.get_by_role("button", name="试算").click()
        await page.wait_for_selector("#status[data-status=previewed]", timeout=60_000)
        self.seen.told.append(f"dry run: {await page.locator('.facts').inner_text()}".replace("\n", " "))
        await self._axe("batch")
        await self.picture("batch")

    async def _counts_move(self, reference: str) -> None:
        """Somebody else ends an application on hold; the page that is open shows it without being loaded."""
        page = self.page
        await self.go(f"search?q=ref:{reference}", "search")
        await page.fill("[name=batch_ref]", f"walk-{reference[-8:]}")
        await page.select_option("[name=kind]", "hold")
        await page.fill("[name=text]", "核实")
        await page.get_by_role("button", name="试算").click()
        await page.wait_for_selector("#status[data-status=previewed]", timeout=60_000)
        watching = await page.context.new_page()
        await watching.goto(f"{self.base}/cycle?q=status:on_hold&lang=zh")
        before = int(await watching.locator("#total").inner_text())
        await page.click("#do-apply")
        await expect(watching.locator("#total")).to_have_text(str(before + 1), timeout=60_000)
        self.seen.told.append(f"on hold, seen without loading: {before} -> {before + 1}")
        await watching.close()


async def walk(at: Standing, seen: Seen, *, pictures: bool = False, times: int = 1) -> None:
    """The whole walk in the light, and every page once in the dark."""
    async with chromium("light") as context:
        walker = Walker(await context.new_page(), at, seen, pictures)
        await walker.sign_in()
        for _ in range(times):
            await walker.all_pages()
        await walker.story()
    async with chromium("dark") as context:
        walker = Walker(await context.new_page(), at, seen, pictures=False)
        await walker.sign_in()
        for name in PAGES:
            await walker.go(name, name)


async def main(applications: int, pictures: bool) -> None:
    """Prepares, walks, and tells."""
    with tempfile.TemporaryDirectory() as folder:
        async with standing(applications, Path(folder)) as at:
            print(f"{applications} applicants simulated to {STOPS} in {at.prepared:.0f} s")
            seen = Seen()
            try:
                await walk(at, seen, pictures=pictures, times=3)
            finally:
                _tell(seen)


def _tell(seen: Seen) -> None:
    for name, took in seen.times.items():
        print(
            f"{name:12} median {statistics.median(took):5.0f} ms  longest {max(took):5.0f} ms  ({len(took)})"
        )
    print("\n".join(seen.told))
    print(f"axe, serious or critical: {len(seen.faults)}", *seen.faults, sep="\n  ")
    print(f"complaints of the browser: {len(seen.complaints)}", *seen.complaints[:10], sep="\n  ")


if __name__ == "__main__":
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("applications", type=int, nargs="?", default=500)
    asked.add_argument("--pictures", action="store_true")
    given = asked.parse_args()
    asyncio.run(main(given.applications, given.pictures))
