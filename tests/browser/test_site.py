"""The public pages in a real Chromium: both languages, light and dark, paper, and nothing from elsewhere."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from lxml import etree
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.test_bpmn_js import CHROMIUM, FLAGS
from tests.site_material import NASTY, material
from workers.site.folder import MANIFEST, write_site
from workers.site.pages import SECTIONS, site_files

FILES = site_files(material())
PAGES = sorted(name for name in FILES if name.endswith(".html"))
CONTRAST = """() => {
    const light = (c) => {
        const part = (v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
        return 0.2126 * part(c[0]) + 0.7152 * part(c[1]) + 0.0722 * part(c[2]);
    };
    const rgb = (text) => text.match(/[\\d.]+/g).map(Number);
    const behind = (e) => {
        for (; e; e = e.parentElement) {
            const c = rgb(getComputedStyle(e).backgroundColor);
            if (c.length < 4 || c[3] > 0) return c;
        }
        return [255, 255, 255];
    };
    const found = [];
    for (const e of document.querySelectorAll('body *')) {
        const own = [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
        if (!own || !e.getClientRects().length || e.closest('noscript, script')) continue;
        const [a, b] = [light(rgb(getComputedStyle(e).color)), light(behind(e))].sort((x, y) => y - x);
        const ratio = (a + 0.05) / (b + 0.05);
        if (ratio < 4.5) found.push(`${e.tagName}.${e.className} ${ratio.toFixed(2)}`);
    }
    return found;
}"""


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Says nothing."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the site, served as a portal serves files."""
    folder = tmp_path_factory.mktemp("site")
    write_site(folder, FILES)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        pytest.fail(f"{CHROMIUM} is missing: run make browser")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield opened
        opened.close()


class Watched:
    """A page, what it asks for, and what it complains of."""

    def __init__(self, page: Page, site: str) -> None:
        self.page, self.site = page, site
        self.problems: list[str] = []
        page.on("console", lambda message: self.problems.append(message.text))
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("requestfailed", lambda request: self.problems.append(f"failed {request.url}"))
        page.on("request", lambda request: self._asks(request.url))
        page.on("response", lambda answer: self._answered(answer.status, answer.url))

    def _asks(self, url: str) -> None:
        if not url.startswith((self.site, "data:")):
            self.problems.append(f"asks {url}")

    def _answered(self, status: int, url: str) -> None:
        if status >= 400:
            self.problems.append(f"{status} {url}")

    def go(self, path: str) -> Page:
        self.page.goto(self.site + path)
        return self.page


@pytest.fixture(params=["light", "dark"])
def watched(request: pytest.FixtureRequest, browser: Browser, site: str) -> Iterator[Watched]:
    """A page on a narrow screen, in both colour schemes; at the end it must have had no trouble."""
    context = browser.new_context(viewport={"width": 390, "height": 800}, color_scheme=request.param)
    seen = Watched(context.new_page(), site)
    yield seen
    assert seen.problems == []
    context.close()


def test_every_page_reads_well_and_asks_for_nothing_from_elsewhere(watched: Watched) -> None:
    for name in PAGES:
        page = watched.go(name)
        assert page.evaluate(CONTRAST) == [], name
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide == 0, f"{name} scrolls sideways"
        assert page.locator("h1").count() == 1


def test_from_the_first_page_to_a_list_in_the_other_language_and_its_file(watched: Watched) -> None:
    page = watched.go("index.html")
    page.get_by_role("link", name="第2号名单").click()
    assert page.locator("html").get_attribute("lang") == "zh-CN"
    page.get_by_role("link", name="English").click()
    assert page.url.endswith("en/list-2.html")
    assert page.locator("caption").inner_text() == "Those who have passed (4)"
    assert NASTY in page.locator("table.people").inner_text()
    file = page.request.get(page.get_by_role("link", name="The file").evaluate("link => link.href"))
    assert file.body() == FILES["list-2.json"]


@pytest.mark.parametrize(
    ("asked", "standing", "says"),
    [
        ("?n=tj-2023-eng-000001&h=ABABABABABABABAB", "valid", "TJ-2023-ENG-000001：证书有效。"),
        ("?n=TJ-2023-ENG-000001&h=abababababababac", "differs", "不一致"),
        ("?n=TJ-2023-ENG-000002", "revoked", "证书已撤销"),
        ("?n=%3Cb%3E9", "unknown", "<B>9：没有该编号"),
    ],
)
def test_a_certificate_is_looked_up(
    browser: Browser, site: str, asked: str, standing: str, says: str
) -> None:
    seen = Watched(browser.new_page(), site)
    page = seen.go(f"verify.html{asked}")
    page.wait_for_selector(f"#result[data-standing={standing}]")
    assert says in page.locator("#result").inner_text()
    page.fill("#n", "TJ-2023-ENG-000002")
    page.get_by_role("button", name="核验").click()
    page.wait_for_selector("#result[data-standing=revoked]")
    assert "2024-03-01" in page.locator("#result").inner_text()
    assert seen.problems == []
    page.close()


def test_on_paper_the_list_is_whole_and_the_menu_is_gone(browser: Browser, site: str) -> None:
    page = browser.new_page()
    page.goto(f"{site}list-2.html")
    page.emulate_media(media="print")
    assert page.locator("nav").is_hidden()
    assert page.locator("table.people tbody tr").count() == 4
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
    page.close()


@pytest.mark.parametrize("name", PAGES)
def test_the_markup_is_well_formed_and_every_link_leads_somewhere(name: str) -> None:
    tree = etree.fromstring(FILES[name])
    assert tree.get("lang") in ("zh-CN", "en")
    levels = [int(h.tag[1]) for h in tree.iter("h1", "h2", "h3")]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(table.find("caption") is not None for table in tree.iter("table"))
    assert all(head.get("scope") for head in tree.iter("th"))
    ids = [element.get("id") for element in tree.iter() if element.get("id")]
    assert len(ids) == len(set(ids))
    folder = Path("/site") / name
    for element in tree.iter():
        target = element.get("href") or element.get("src")
        if target is None or target.startswith(("#", "data:")):
            continue
        assert "://" not in target, target
        path = (folder.parent / target.split("#")[0]).as_posix()
        parts: list[str] = []
        for part in path.split("/")[2:]:
            parts = parts[:-1] if part == ".." else [*parts, part]
        assert "/".join(parts) in FILES, f"{name} -> {target}"


def test_both_languages_have_the_same_pages_and_nothing_needs_the_manifest() -> None:
    chinese = {name for name in PAGES if not name.startswith("en/")}
    assert {f"en/{name}" for name in chinese} == set(PAGES) - chinese
    assert {f"{name}.html" for name in SECTIONS} < chinese
    assert MANIFEST not in FILES
