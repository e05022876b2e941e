"""A walk through the board in Chromium, on a simulated cycle that stands still on 3 November 2023.

`python -m tests.board.walk 500 [--pictures]`: with so many applicants; prints what it saw, and the times.
Every step asserts what it sees; the short walk of the suite opens each page once.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Literal

import httpx
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, async_playwright, expect

from models.calendar import WorkCalendar
from models.deadline_labels import DEADLINE_LABELS
from models.plan import ReviewPlan
from models.plan_periods import terms_on
from models.roles import Role
from models.stages import STAGES, Stage
from models.visibility import Grant
from tests.browser.test_bpmn_js import CHROMIUM, FLAGS
from tests.support import eventually
from tests.workers.conftest import rehearsal_clock
from workers.board.render import SECTIONS
from workers.board.words import Lang, text
from workers.connect import connect
from workers.gateway.serve import listening_socket, local_issuer, run_gateway
from workers.rehearsal.cast import COMMITTEE, OFFICE
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
Scheme = Literal["light", "dark"]
PAGES = tuple(SECTIONS)
MEETING = "autumn"
ELSEWHERE = {"application": "applications/{}", "meeting": f"meetings/{MEETING}"}
"""Pages that the menu does not lead to."""
PICTURED = ("cycle", "risk")


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
    looked: list[str] = field(default_factory=list)


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
            await _meeting_is_planned(address, token)
            yield Standing(address, token, applications, time.monotonic() - began)
        finally:
            stop.set()
            await serving


async def _meeting_is_planned(address: str, token: str) -> None:
    body = {
        "committee_ref": COMMITTEE,
        "meeting_on": "2023-12-08",
        "clock": rehearsal_clock(f"{STOPS}T09:00:00+08:00"),
    }
    async with httpx.AsyncClient(headers={"Authorization": f"Bearer {token}"}, timeout=60) as http:

        async def planned() -> None:
            answer = await http.put(f"{address}/v1/plans/{PLAN}/meetings/{MEETING}", json=body)
            assert answer.status_code in (200, 201), answer.text

        await eventually(planned, 60.0)  # the workers have just lived half a year


def _settings(stand: Ground, folder: Path) -> Settings:
    assert stand.database.folder is not None
    return Settings.load(
        temporal_address=stand.client.service_client.config.target_host,
        task_queue=QUEUE,
        database_url=f"sqlite+aiosqlite:///{stand.database.folder / DATABASE}",
        data_dir=folder,
        rehearsal=True,
        payload_encryption="off",  # as the workers of a simulation
        payload_keys=None,
        local_issuer=True,
        gateway_calls_a_minute=100_000,
        gateway_public_calls_a_minute=100_000,
    )


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """Debian's Chromium."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        await browser.close()


class Walker:
    """One visitor in one window: in a language, in the light or in the dark."""

    def __init__(self, page: Page, at: Standing, seen: Seen, lang: Lang, scheme: str, pictures: bool) -> None:
        self.page, self.at, self.seen, self.lang, self.scheme = page, at, seen, lang, scheme
        self.pictures = pictures
        self.base = f"{at.address}/board/plans/{PLAN}"
        page.on("console", lambda said: self._complain(said.text))
        page.on("pageerror", lambda error: self._complain(str(error)))

    def _complain(self, said: str) -> None:
        self.seen.complaints.append(said)

    async def sign_in(self) -> None:
        """By the token, as on one machine."""
        await self.page.goto(f"{self.at.address}/board?lang={self.lang}")
        await self._axe("sign-in")
        await self.page.fill("#token", self.at.token)
        await self.page.click("main button")
        await self.page.wait_for_url("**/cycle")

    async def go(self, path: str, name: str, *, axe: bool = True) -> None:
        """Opens a page, and lets axe look at it."""
        began = time.monotonic()
        answer = await self.page.goto(f"{self.base}/{path}{'&' if '?' in path else '?'}lang={self.lang}")
        self.seen.times.setdefault(name, []).append((time.monotonic() - began) * 1000)
        assert answer is not None
        assert answer.status == 200, (path, answer.status)
        assert await self.page.locator("h1").count() == 1
        assert await self.page.locator("html").get_attribute("lang") == {"zh": "zh-CN", "en": "en"}[self.lang]
        if axe:
            await self._axe(name)

    async def _axe(self, name: str) -> None:
        found = await Axe().run(self.page)
        assert found.response["passes"], "axe has looked at nothing"
        self.seen.looked.append(f"{name}/{self.lang}/{self.scheme}")
        self.seen.faults += [
            f"{name}/{self.lang}/{self.scheme}: {one['id']} {one['impact']} {one['nodes'][0]['html'][:160]}"
            for one in found.response["violations"]
            if one["impact"] in ("serious", "critical")
        ]

    async def picture(self, name: str) -> None:
        """For the documents, when asked for."""
        if self.pictures:
            PICTURES.mkdir(exist_ok=True)
            await self.page.screenshot(path=PICTURES / f"board-{name}.png")

    async def pages(self, named: Sequence[str], reference: str) -> None:
        """Pages of the menu, one application, one meeting."""
        for name in named:
            await self.go(ELSEWHERE.get(name, name).format(reference), name)
            current = self.page.locator("nav a[aria-current=page]")
            if name not in ELSEWHERE:
                assert await current.inner_text() == text(self.lang, name), "the menu shows where one is"
                if name in PICTURED:
                    await self.picture(name)

    async def keyboard_and_paper(self) -> None:
        """The first Tab leads past the menu; what has the focus shows it; paper has the content alone."""
        page = self.page
        await self.go("cycle", "cycle", axe=False)
        await page.keyboard.press("Tab")
        assert await page.evaluate("document.activeElement.className") == "skip"
        await page.keyboard.press("Enter")
        assert await page.evaluate("document.activeElement.id") == "content"
        await page.keyboard.press("Tab")
        outline = await page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline == "solid", "the focus is to be seen"
        await page.emulate_media(media="print")
        assert not await page.locator("header").is_visible()
        assert await page.locator("#stages").is_visible()
        assert await page.locator("svg.lifecycle").is_visible()
        await page.emulate_media(media="screen")

    async def story(self) -> str:
        """From the diagram to who will miss 6 November, why, a batch that is returned, counts that move."""
        office = await self._by_the_diagram()
        reference = await self._who_will_miss()
        would = await self._dry_run(office)
        await self._counts_move(would[:2])
        return reference

    async def _by_the_diagram(self) -> int:
        """A click on a stage of the diagram finds as many as stand on it, and nothing else."""
        page = self.page
        await self.go("cycle", "cycle", axe=False)
        stage = page.locator("#go-office_review")
        standing = int(await stage.locator(".count text").text_content() or "0")
        assert standing > 0
        assert await page.locator("#stages").get_by_text(str(standing)).count() > 0
        await stage.locator("rect").first.click()
        await page.wait_for_url("**/search?q=stage*office_review*")
        rows = page.locator("#found tbody tr")
        assert await rows.count() == min(standing, 100)
        stages = set(await rows.locator("td:nth-child(2)").all_inner_texts())
        assert stages == {STAGES[Stage.OFFICE_REVIEW].label.zh}, stages
        self.seen.told.append(f"in the office, by a click on the diagram: {standing}")
        await page.go_back()
        await page.locator("#go-employer_review").focus()
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/search?q=stage*employer_review*")
        return standing

    async def _who_will_miss(self) -> str:
        page = self.page
        await self.go("risk?q=deadline:department_submission&within=2", "risk", axe=False)
        first = page.locator("#risks tbody tr").filter(has_text=text("zh", "may_miss")).first
        reference = await first.locator("th a").inner_text()
        cells = await first.locator("td").all_inner_texts()
        assert "2023年11月6日" in cells[1]
        assert cells[-1] == text("zh", "may_miss")
        await first.locator("th a").click()
        await page.wait_for_url(f"**/applications/{reference}")
        await self._axe("application")
        named = DEADLINE_LABELS["department_submission"].zh
        heading = page.locator("h3", has_text=named)
        assert "2023年11月6日" in await heading.inner_text()
        assert await page.locator(".lifecycle .stage.current").count() == 1
        assert await page.locator("#history tbody tr").count() >= 2
        assert await page.locator("#next tbody tr").count() >= 1
        self.seen.told.append(f"will miss 6 November: {reference}, {cells[0]} working days left, {cells[-1]}")
        await self.picture("application")
        return reference

    async def _batch(self, name: str, q: str) -> str:
        """From what a search finds to the dry run of a return; the words of its result."""
        page = self.page
        await self.go(f"search?q={q}", "search", axe=False)
        await page.fill("[name=batch_ref]", name)
        await page.select_option("[name=kind]", "return")
        await page.fill("[name=text]", "首页未加盖公章")
        await page.get_by_role("button", name="试算").click()
        await page.wait_for_selector("#status[data-status=previewed]", timeout=60_000)
        return (await page.locator(".facts").inner_text()).replace("\n", " ")

    async def _dry_run(self, office: int) -> list[str]:
        """It says of each what would come of it, and changes nothing; those that would be returned."""
        told = await self._batch("walk-1", "stage:office_review")
        rows = self.page.locator("#items tbody tr")
        assert await rows.count() == min(office, 200)
        fine = rows.filter(has=self.page.locator("td:last-child", has_text=text("zh", "accepted")))
        would = await fine.locator("th a").all_inner_texts()
        assert f"{text('zh', 'accepted')}: {len(would)}" in told, told
        assert would, "some of them may be returned"
        self.seen.told.append(f"dry run: {told}")
        await self._axe("batch")
        await self.picture("batch")
        await self.go("search?q=stage:office_review", "search", axe=False)
        assert await self.page.locator("#found tbody tr").count() == min(office, 100), "nothing has changed"
        return would

    async def _counts_move(self, refs: list[str]) -> None:
        """Two are returned; the page of the cycle that is open elsewhere shows it without being loaded."""
        page = self.page
        watching = await page.context.new_page()
        watching.on("console", lambda said: self._complain(said.text))
        await watching.goto(f"{self.base}/cycle?q=ref:{','.join(refs)}&lang=zh")
        loaded = await watching.evaluate("performance.timeOrigin")
        count = watching.locator("#go-office_review .count text")
        await expect(count).to_have_text(str(len(refs)))
        await self._batch("walk-2", f"ref:{','.join(refs)}")
        await page.click("#do-apply")
        await page.wait_for_selector("#status[data-status=done]", timeout=60_000)
        returned = watching.locator("#go-office_returned .count text")
        await expect(returned).to_have_text(str(len(refs)), timeout=60_000)
        await expect(count).to_have_count(0)
        assert await watching.evaluate("performance.timeOrigin") == loaded, "it was loaded once"
        self.seen.told.append(f"returned, seen without loading: {len(refs)}")
        await watching.close()


async def walk(
    at: Standing, seen: Seen, *, pictures: bool = False, times: int = 1, short: bool = False
) -> None:
    """The story in Chinese in the light, then every page: in both languages, in the light and in the dark.

    `short`: every page once, one half in Chinese in the light, the other in English in the dark.
    """
    ways: list[tuple[Lang, Scheme]] = [("zh", "light"), ("en", "dark")]
    if not short:
        ways += [("zh", "dark"), ("en", "light")]
    reference = ""
    async with chromium() as browser:
        for lang, scheme in ways:
            context = await browser.new_context(
                viewport={"width": 1440, "height": 900}, color_scheme=scheme, locale="zh-CN"
            )
            first = not reference
            walker = Walker(await context.new_page(), at, seen, lang, scheme, pictures and first)
            await walker.sign_in()
            if first:
                reference = await walker.story()
                await walker.keyboard_and_paper()
            named = [*PAGES, *ELSEWHERE]
            for _ in range(times):
                await walker.pages(named[0 if first else 1 :: 2] if short else named, reference)
            await context.close()


async def main(applications: int, pictures: bool) -> None:
    """Prepares, walks, and tells. Ends with an error where somebody had something to say against a page."""
    with tempfile.TemporaryDirectory() as folder:
        async with standing(applications, Path(folder)) as at:
            print(f"{applications} applicants simulated to {STOPS} in {at.prepared:.0f} s")
            seen = Seen()
            try:
                await walk(at, seen, pictures=pictures, times=2)
            finally:
                _tell(seen)
            assert not seen.faults
            assert not seen.complaints


def _tell(seen: Seen) -> None:
    for name, took in seen.times.items():
        print(
            f"{name:12} median {statistics.median(took):5.0f} ms  longest {max(took):5.0f} ms  ({len(took)})"
        )
    print("\n".join(seen.told))
    print(
        f"axe looked at {len(seen.looked)} pages; serious or critical: {len(seen.faults)}",
        *seen.faults,
        sep="\n  ",
    )
    print(f"complaints of the browser: {len(seen.complaints)}", *seen.complaints[:10], sep="\n  ")


if __name__ == "__main__":
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("applications", type=int, nargs="?", default=500)
    asked.add_argument("--pictures", action="store_true")
    given = asked.parse_args()
    asyncio.run(main(given.applications, given.pictures))
