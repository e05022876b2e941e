"""The BPMN file in the viewer most people use, bpmn-js, in a real Chromium."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from lxml import etree
from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).parents[2]
FILE = ROOT / "docs" / "lifecycle" / "lifecycle.bpmn"
CHROMIUM = Path("/usr/bin/chromium")
PACKAGE = ROOT / ".cache" / "browser" / "node_modules" / "bpmn-js" / "dist"
VIEWER = PACKAGE / "bpmn-navigated-viewer.production.min.js"
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
IMPORT = """async (xml) => {
    const viewer = new BpmnJS({container: '#canvas'});
    const done = await viewer.importXML(xml);
    viewer.get('canvas').zoom('fit-viewport');
    const registry = viewer.get('elementRegistry');
    const drawn = registry.filter(e => !e.labelTarget).filter(e => {
        const box = registry.getGraphics(e).getBBox();
        return box.width > 0 || box.height > 0;
    });
    const labels = registry.filter(e => e.labelTarget).map(e => ({
        id: e.id, x: e.x, y: e.y, width: e.width, height: e.height
    }));
    return {warnings: done.warnings.map(w => w.message), drawn: drawn.map(e => e.id), labels};
}"""


@pytest.fixture
def page() -> Iterator[Page]:
    for needed in (CHROMIUM, VIEWER):
        if not needed.exists():
            pytest.fail(f"{needed} is missing: run make browser")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport={"width": 1600, "height": 1200})
        page.set_content('<div id="canvas" style="width:100vw;height:100vh"></div>')
        page.add_script_tag(path=VIEWER)
        yield page
        browser.close()


def test_bpmn_js_opens_the_file_without_a_warning_and_draws_everything(page: Page) -> None:
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    result: dict[str, Any] = page.evaluate(IMPORT, FILE.read_text("utf-8"))
    assert result["warnings"] == []
    assert problems == []
    expected = etree.parse(FILE).xpath("//*[starts-with(name(), 'bpmndi:BPMN')][@bpmnElement]/@bpmnElement")
    assert sorted(result["drawn"]) == sorted(expected)


def test_no_label_lies_on_another_in_the_viewer(page: Page) -> None:
    """With the viewer's own fonts and line breaks; two pixels of slack for rounding."""
    labels = page.evaluate(IMPORT, FILE.read_text("utf-8"))["labels"]
    assert len(labels) > 100
    for number, a in enumerate(labels):
        for b in labels[number + 1 :]:
            beside = a["x"] + a["width"] <= b["x"] + 10 or b["x"] + b["width"] <= a["x"] + 10
            apart = a["y"] + a["height"] <= b["y"] + 2 or b["y"] + b["height"] <= a["y"] + 2
            assert beside or apart, (a, b)
