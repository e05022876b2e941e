"""Every form of the lifecycle says everything: each stage, each event, in each language, always the same."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Callable
from hashlib import sha256

import pytest

from models.commands import COMMANDS
from models.drawing.as_json import as_json
from models.drawing.bpmn import bpmn
from models.drawing.handbook import handbook, handbooks
from models.drawing.invariants import INVARIANTS
from models.drawing.matrix import matrix
from models.drawing.mermaid import mermaid
from models.drawing.reading import Lang
from models.drawing.svg import svg
from models.lifecycle import BY_EVENT, TRANSITIONS
from models.roles import Role
from models.stages import STAGES, Stage

SVG = "{http://www.w3.org/2000/svg}"
WRITERS: dict[str, Callable[[Lang], str]] = {
    "mermaid": mermaid,
    "svg": svg,
    "bpmn": bpmn,
    "handbook": handbooks,
    "json": lambda _: as_json(),
}


@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.parametrize("lang", ["zh", "en", "both"])
def test_every_stage_and_event_is_in_every_form(name: str, lang: Lang) -> None:
    text = WRITERS[name](lang)
    words = set(re.findall(r"[a-z_]+", text))
    ids = words | {word.removeprefix("stage_") for word in words}
    assert {stage.value for stage in Stage} <= ids
    assert set(BY_EVENT) <= ids
    shown = re.sub(r"\s", "", text)
    for spec in STAGES.values():
        assert lang == "en" or spec.label.zh in shown
        assert lang == "zh" or "".join(spec.label.en.split()) in shown


def test_the_mermaid_diagram_has_an_arrow_for_each_step_and_a_note_for_the_rest() -> None:
    text = mermaid("en")
    assert text.startswith("stateDiagram-v2\n")
    assert "[*] --> draft" in text
    assert "employer_review --> quota_check: recommend [recommend]" in text
    assert "draft --> lapsed: BAR" in text
    assert "employer_declined --> [*]: WINDOW" in text
    assert "--> withdrawn" not in text
    note = text.split("note right of draft")[1].split("end note")[0]
    assert "[withdraw]" in note
    assert not re.search(r":[^\n]*[;:\"]", text.split("note")[0].replace("-->", "").split("[*]", 1)[1])


def test_the_svg_has_hooks_for_stages_and_events() -> None:
    root = ET.fromstring(svg())
    groups = {g.get("id"): g for g in root.iter(f"{SVG}g") if g.get("id")}
    assert {f"stage-{stage.value}" for stage in Stage} <= set(groups)
    assert {g.get("data-event") for g in root.iter(f"{SVG}g")} - {None} == set(BY_EVENT)
    for stage in Stage:
        css = (groups[f"stage-{stage.value}"].get("class") or "").split()
        assert ("final" in css) == STAGES[stage].final
        assert ("terminal" in css) == (STAGES[stage].terminal and not STAGES[stage].final)
    assert {b.text for b in root.iterfind(f".//{SVG}g/{SVG}text")} >= {"BAR", "DUTY", "PERIOD", "WINDOW"}
    assert "prefers-color-scheme:dark" in svg()


def test_the_svg_marks_where_an_application_is_and_how_it_got_there() -> None:
    path = [Stage.DRAFT, Stage.EMPLOYER_REVIEW, Stage.EMPLOYER_RETURNED]
    root = ET.fromstring(svg(current=Stage.EMPLOYER_RETURNED, path=path))
    marked = {g.get("id"): (g.get("class") or "").split() for g in root.iter(f"{SVG}g")}
    assert "current" in marked["stage-employer_returned"]
    assert "past" in marked["stage-draft"]
    assert "past" not in marked["stage-employer_returned"]
    walked = {g.get("data-event") for g in root.iter(f"{SVG}g") if "walked" in (g.get("class") or "")}
    assert walked == {"submit", "employer_return"}
    assert 'class="edge walked"' not in svg()


def test_the_handbook_tells_conditions_evidence_and_invariants() -> None:
    for lang in ("zh", "en"):
        text = handbook(lang)
        for t in TRANSITIONS:
            assert t.citation in text
            for guard in t.guards:
                assert getattr(guard.label, lang) in text
            assert t.evidence is None or getattr(t.evidence, lang) in text
        for rule in INVARIANTS:
            assert getattr(rule, lang) in text
    for link in re.findall(r"\]\(#([^)]+)\)", text):
        assert f'<a id="{link}"></a>' in text


def test_the_matrix_has_a_dot_where_a_role_may_act() -> None:
    rows = [line.strip("| ").split("|") for line in matrix("en").splitlines() if line.startswith("| ")]
    by_name = {row[0].strip().split("`")[-2]: row for row in rows if "`" in row[0]}
    assert set(BY_EVENT) | set(COMMANDS) <= set(by_name)
    lines = {line.split("`")[1]: line for line in matrix("en").splitlines() if "`" in line}
    for t in TRANSITIONS:
        cells = lines[t.event].split(" | ")[-len(Role) :] if t.event in lines else None
        if cells is not None and t.event not in COMMANDS:
            assert [("●" in cell) for cell in cells] == [role in t.by for role in Role], t.event


def test_the_json_is_versioned_and_complete() -> None:
    told = json.loads(as_json())
    assert told["schema"] == 1
    assert [stage["stage"] for stage in told["stages"]] == [stage.value for stage in Stage]
    events = {event["event"]: event for event in told["events"]}
    assert events["lapse"]["bar"]
    assert events["submit"]["conditions"][0]["label"]["zh"] == "申报窗口已开放"
    publicity = next(s for s in told["stages"] if s["stage"] == "employer_publicity")
    period = next(d for d in publicity["deadlines"] if d["kind"] == "period")
    assert period["on_expiry"] == ["publicity_over_clear", "publicity_over_contested"]


def test_another_process_gives_the_same_bytes() -> None:
    code = (
        "from hashlib import sha256; from models.drawing.svg import svg\n"
        "from models.drawing.bpmn import bpmn\n"
        "print(sha256((svg() + bpmn()).encode()).hexdigest())"
    )
    env = {**os.environ, "PYTHONHASHSEED": "4711"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env, check=True)
    assert done.stdout.strip() == sha256((svg() + bpmn()).encode()).hexdigest()
