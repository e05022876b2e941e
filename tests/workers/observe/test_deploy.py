"""What is deployed beside the service: alerts that fire when they should, names that are really exported."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import temporalio.bridge.temporal_sdk_bridge as sdk
import typer
import yaml

from activities.figures import Due, Figures, Waiting
from workers.cli import app
from workers.observe.gauges import families
from workers.observe.metrics import REGISTRY

ROOT = Path(__file__).parents[3]
PROMTOOL = ROOT / ".cache/prometheus/promtool"
RULES = sorted((ROOT / "deploy/prometheus/rules").glob("*.yml"))
TESTS = sorted((ROOT / "deploy/prometheus/tests").glob("*.yml"))
DASHBOARDS = sorted((ROOT / "deploy/grafana").glob("*.json"))
RUNBOOKS = ROOT / "docs/runbooks"
_NAME = re.compile(r"\b(?:zhicheng|temporal)_[a-z0-9_]+")
_PART = re.compile(r"_(bucket|count|sum)$")


def promtool(*words: str | Path) -> str:
    """What promtool says; it must agree. `make promtool` installs it."""
    run = subprocess.run([PROMTOOL, *words], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout + run.stderr


def rules() -> list[dict[str, Any]]:
    """Every alert of every file."""
    files = [yaml.safe_load(path.read_text("utf-8")) for path in RULES]
    return [rule for file in files for group in file["groups"] for rule in group["rules"]]


def exported() -> set[str]:
    """Every name on the pages of our processes."""
    figures = Figures(
        at=datetime.now(UTC),
        waiting=(Waiting("p", "draft", 1, 1.0),),
        due=(Due("p", "office", 1, 1),),
        missing_years={2027: 1},
        notices={"notices_pending": 1, "notices_without_contact": 1, "notices_dead": 1},
        webhooks={"webhooks": 1, "webhooks_failing": 1, "webhooks_paused": 1, "webhooks_dead": 1},
        longest_pending=1.0,
    )
    machine = {"data_free_bytes", "data_size_bytes", "signing_certificate_expiry_timestamp_seconds"}
    counters = {
        f"{family.name}_total" if family.type == "counter" else family.name for family in REGISTRY.collect()
    }
    return counters | {family.name for family in families(figures)} | {f"zhicheng_{n}" for n in machine}


def test_promtool_takes_the_rules_and_each_alert_fires_and_keeps_silent() -> None:
    assert f"{len(rules())} rules found" in promtool("check", "rules", *RULES)
    promtool("test", "rules", *TESTS)
    cases = [case for path in TESTS for case in yaml.safe_load(path.read_text("utf-8"))["tests"]]
    fires = {t["alertname"] for c in cases for t in c["alert_rule_test"] if t["exp_alerts"]}
    silent = {t["alertname"] for c in cases for t in c["alert_rule_test"] if not t["exp_alerts"]}
    names = {rule["alert"] for rule in rules()}
    assert fires == silent == names


def expressions() -> Iterator[tuple[str, str]]:
    """Every query of alerts and dashboards, with where it stands."""
    for rule in rules():
        yield rule["alert"], rule["expr"]
    for path in DASHBOARDS:
        board = json.loads(path.read_text("utf-8"))
        for panel in board["panels"]:
            for target in panel["targets"]:
                yield f"{path.stem}: {panel['title']}", target["expr"]
        for variable in board["templating"]["list"]:
            yield f"{path.stem}: {variable['name']}", variable["query"]


def test_each_name_in_a_query_is_one_that_is_exported() -> None:
    """The SDK keeps its names in its native library."""
    library = Path(sdk.__file__ or "").read_bytes()
    ours, seen = exported(), set()
    for where, expression in expressions():
        for name in _NAME.findall(expression):
            seen.add(name)
            whole = _PART.sub("", name)
            if name.startswith("temporal_"):
                assert whole.removeprefix("temporal_").encode() in library, (where, name)
            else:
                assert whole in ours or name in ours, (where, name)
    assert len(seen) > 25
    assert len(DASHBOARDS) == 2


def test_the_queries_of_the_dashboards_are_promql(tmp_path: Path) -> None:
    queries = [
        {"record": f"panel_{place}", "expr": expression.replace("$plan", "p")}
        for place, (where, expression) in enumerate(expressions())
        if ": " in where and expression.count("(") and not expression.startswith("label_values")
    ]
    checked = tmp_path / "panels.yml"
    checked.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": queries}]}))
    assert f"{len(queries)} rules found" in promtool("check", "rules", checked)


def test_each_alert_has_a_runbook_whose_commands_exist() -> None:
    command_line = typer.main.get_command(app)
    pages = set()
    for rule in rules():
        page = ROOT / rule["annotations"]["runbook_url"]
        text = page.read_text("utf-8")
        pages.add(page.name)
        assert text.startswith(f"# {rule['alert']}\n")
        assert f"({page.name})" in (RUNBOOKS / "README.md").read_text("utf-8")
        for words in re.findall(r"zhicheng ((?:[a-z][a-z-]+ ?)+)", text):
            _assert_command(command_line, words.split())
    assert len(pages) == len(rules())


def _assert_command(here: Any, words: list[str]) -> None:
    for word in words:
        if not hasattr(here, "commands"):
            return
        assert word in here.commands, f"there is no `zhicheng {' '.join(words)}`"
        here = here.commands[word]


@pytest.mark.parametrize("path", [*RULES, *TESTS, *DASHBOARDS], ids=lambda path: path.name)
def test_no_tool_is_asked_for_what_only_a_person_may_see(path: Path) -> None:
    """Labels of queries are closed sets."""
    labels = set(re.findall(r"by \(([^)]*)\)", path.read_text("utf-8")))
    allowed = {"le", "plan", "role", "stage", "hop", "outcome", "reason", "state", "year", "status", "route"}
    allowed |= {"task_queue", "instance", "poller_type", "worker_type", "activity_type", "operation"}
    assert {word.strip() for group in labels for word in group.split(",")} <= allowed
