"""What is deployed, checked by the tools of each field: hadolint, kustomize, the schemas of Kubernetes."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from compose_spec import PyCompose

from tests.cli import CliRunner
from workers.cli import app
from workers.settings import PREFIX, Settings

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
BIN = Path(sys.executable).parent
KUBERNETES = "1.37"
KEDA = "keda.sh/v1alpha1"
TEMPORALS_OWN = {"TEMPORAL_API_KEY"}


DELIVERING = ("worker", "gateway", "courier")
"""The processes that count what the service does."""

DAILY = {
    "audit-root": ["audit", "root"],
    "retention": ["retention", "apply", "--json"],
    "evidence-sweep": ["evidence", "sweep", "--json"],
    "doctor": ["doctor", "--json"],
}
"""What is done once a day, with the words of the command line."""


def names_of_settings() -> set[str]:
    return {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}


@pytest.fixture(scope="module")
def cluster() -> list[dict[str, Any]]:
    """The manifests of the production overlay, as kustomize makes them."""
    made = subprocess.run(
        [BIN / "kubectl", "kustomize", DEPLOY / "kubernetes" / "production"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return list(yaml.safe_load_all(made.stdout))


def pods(cluster: list[dict[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    for one in cluster:
        if one["kind"] in ("Deployment", "Job"):
            yield one["metadata"]["name"], one["spec"]["template"]["spec"]
        elif one["kind"] == "CronJob":
            yield one["metadata"]["name"], one["spec"]["jobTemplate"]["spec"]["template"]["spec"]


def of_kind(cluster: list[dict[str, Any]], kind: str) -> dict[str, dict[str, Any]]:
    return {one["metadata"]["name"]: one for one in cluster if one["kind"] == kind}


def test_the_image_has_nothing_that_hadolint_minds() -> None:
    found = subprocess.run(
        [BIN / "hadolint", "--failure-threshold", "style", DEPLOY / "image" / "Dockerfile"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (found.returncode, found.stdout) == (0, "")


def test_the_image_gets_the_versions_that_are_tested() -> None:
    """Its locks are parts of the lock of the project, hashes included."""
    whole = pinned(ROOT / "requirements.lock")
    for lock in ("requirements.lock", "build.lock"):
        part = pinned(DEPLOY / "image" / lock)
        assert part
        assert {name: whole[name] for name in part} == part
    needed = {word.split(">")[0].split("[")[0] for word in project()["dependencies"]}
    assert needed <= set(pinned(DEPLOY / "image" / "requirements.lock"))


def test_every_manifest_is_valid(cluster: list[dict[str, Any]]) -> None:
    ours = [one for one in cluster if one["apiVersion"] != KEDA]
    assert len(ours) >= 20
    for one in ours:
        kubernetes_validate.validate(one, KUBERNETES, strict=True)
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate({**ours[0], "spce": {}}, KUBERNETES, strict=True)


def test_the_workers_scale_by_the_backlog_of_the_queue_they_serve(cluster: list[dict[str, Any]]) -> None:
    """KEDA's own schema is not among those of Kubernetes: what it must name is looked at here."""
    (scaled,) = [one for one in cluster if one["apiVersion"] == KEDA]
    settings = of_settings(cluster)
    (trigger,) = scaled["spec"]["triggers"]
    assert trigger["type"] == "temporal"
    assert trigger["metadata"]["endpoint"] == settings["ZHICHENG_TEMPORAL_ADDRESS"]
    assert trigger["metadata"]["namespace"] == settings["ZHICHENG_TEMPORAL_NAMESPACE"]
    assert trigger["metadata"]["taskQueue"] == Settings.model_fields["task_queue"].default
    assert set(trigger["metadata"]["queueTypes"].split(",")) <= {"workflow", "activity", "nexus"}
    target = of_kind(cluster, "Deployment")[scaled["spec"]["scaleTargetRef"]["name"]]
    assert "replicas" not in target["spec"], "two owners of one number"
    assert 1 < scaled["spec"]["minReplicaCount"] < scaled["spec"]["maxReplicaCount"]


def test_every_pod_is_as_poor_as_it_can_be(cluster: list[dict[str, Any]]) -> None:
    seen = []
    for name, pod in pods(cluster):
        seen.append(name)
        assert pod["automountServiceAccountToken"] is False
        assert pod["enableServiceLinks"] is False, "a Service's variables would be taken for settings"
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        (container,) = pod["containers"]
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert container["resources"]["limits"]["memory"]
        assert container["image"].startswith("registry.example/zhicheng:")
    once = ["migrate", "search-attributes"]
    assert sorted(seen) == sorted(["codec", "courier", "gateway", "worker", *once, *DAILY])


def test_what_serves_is_probed_and_never_all_taken_at_once(cluster: list[dict[str, Any]]) -> None:
    budgets = of_kind(cluster, "PodDisruptionBudget")
    for name, deployment in of_kind(cluster, "Deployment").items():
        labels = deployment["spec"]["template"]["metadata"]["labels"]
        selected = budgets[name]["spec"]["selector"]["matchLabels"]
        assert selected.items() <= labels.items()
        drain = Settings.model_fields["drain_seconds"].default
        assert deployment["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] > drain + 10
    for name in ("worker", "gateway", "codec"):
        (container,) = of_kind(cluster, "Deployment")[name]["spec"]["template"]["spec"]["containers"]
        served = {port["name"] for port in container["ports"]}
        for kind in ("startupProbe", "readinessProbe", "livenessProbe"):
            assert container[kind]["httpGet"]["port"] in served


def test_what_is_done_daily_is_done_in_the_time_of_the_office(cluster: list[dict[str, Any]]) -> None:
    jobs = of_kind(cluster, "CronJob")
    for name, words in DAILY.items():
        spec = jobs[name]["spec"]
        assert (spec["timeZone"], spec["concurrencyPolicy"]) == ("Asia/Shanghai", "Forbid")
        (container,) = spec["jobTemplate"]["spec"]["template"]["spec"]["containers"]
        assert container["args"] == words
    assert jobs["audit-root"]["spec"]["schedule"] == "50 23 * * *", "before midnight: the root is of this day"
    assert jobs["doctor"]["spec"]["jobTemplate"]["spec"]["backoffLimit"] == 0, "a finding is no accident"


def test_what_holds_for_every_pod_holds_for_the_daily_ones() -> None:
    pod, day = (
        yaml.safe_load((DEPLOY / "kubernetes" / "base" / f"every-{name}.yaml").read_text("utf-8"))
        for name in ("pod", "day")
    )
    assert day["spec"]["jobTemplate"]["spec"]["template"] == pod["spec"]["template"]


@pytest.mark.parametrize("words", DAILY.values(), ids=DAILY)
def test_what_is_done_daily_is_a_command(words: list[str]) -> None:
    shown = CliRunner().invoke(app, [*words, "--help"])
    assert shown.exit_code == 0, shown.output


def test_one_host_does_daily_what_a_cluster_does(cluster: list[dict[str, Any]]) -> None:
    lines = (DEPLOY / "compose" / "crontab").read_text("utf-8").splitlines()
    assert "CRON_TZ=Asia/Shanghai" in lines
    rows = [line.split() for line in lines if line[:1].isdigit()]
    planned = {" ".join(row[:5]): " ".join(row[row.index("worker") + 1 :]) for row in rows}
    jobs = of_kind(cluster, "CronJob")
    assert {schedule: words.removesuffix(" --json") for schedule, words in planned.items()} == {
        jobs[name]["spec"]["schedule"]: " ".join(words).removesuffix(" --json")
        for name, words in DAILY.items()
    }
    assert "worker" in yaml.safe_load((DEPLOY / "compose" / "compose.yaml").read_text("utf-8"))["services"]


def test_the_network_is_closed_but_for_what_is_named(cluster: list[dict[str, Any]]) -> None:
    policies = of_kind(cluster, "NetworkPolicy")
    closed = [
        policy["spec"] for policy in policies.values() if not ({"ingress", "egress"} & set(policy["spec"]))
    ]
    assert {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]} in closed
    for policy in policies.values():
        for rule in policy["spec"].get("ingress", []):
            assert rule["from"], "from everywhere"
            assert rule["ports"]


def test_a_cluster_is_given_only_settings_that_exist_and_no_secret(cluster: list[dict[str, Any]]) -> None:
    settings = of_settings(cluster)
    assert set(settings) <= names_of_settings()
    secret = {name for name, field in Settings.model_fields.items() if "SecretStr" in str(field.annotation)}
    assert secret
    assert not {f"{PREFIX}{name.upper()}" for name in secret} & set(settings)
    assert not of_kind(cluster, "Secret")


def test_the_settings_of_the_cluster_are_accepted(
    cluster: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name, value in of_settings(cluster).items():
        if not name.startswith("ZHICHENG_SIGNING"):  # files that are mounted there
            monkeypatch.setenv(name, value)
    monkeypatch.setenv("ZHICHENG_DATA_DIR", str(tmp_path))
    assert Settings.load().temporal_namespace == "title-review"


def test_compose_reads_the_file_and_demands_every_secret() -> None:
    path = DEPLOY / "compose" / "compose.yaml"
    text = path.read_text("utf-8")
    given = yaml.safe_dump(
        yaml.safe_load(re.sub(r"\$\{[^}]*\}", "given", text))
    )  # with its variables filled in
    read = set(PyCompose.from_yaml(given).service_names())
    assert {"worker", "gateway", "codec", "courier", "migrate", "temporal", "postgres", "prometheus"} <= read
    with pytest.raises(ValueError, match="restrat"):
        PyCompose.from_yaml(given.replace("restart:", "restrat:"))
    services = yaml.safe_load(text)["services"]
    ours = {name for name in settings_of(services["gateway"]) if name.startswith(PREFIX)}
    assert ours <= names_of_settings()
    for service in services.values():
        for name, value in (service.get("environment") or {}).items():
            if "PASSWORD" in name and "SMTP" not in name:
                assert re.fullmatch(r"\$\{\w+:\?.+\}", value), name
        for port in service.get("ports", []):
            assert port.startswith("127.0.0.1:"), port
    example = {
        line.split("=")[0]
        for line in (DEPLOY / "compose" / "example.env").read_text("utf-8").splitlines()
        if line and not line.startswith("#")
    }
    demanded = {word.split(":?")[0] for word in text.split("${")[1:] if ":?" in word.split("}")[0]}
    assert demanded <= example


def test_files_that_compose_mounts_are_there() -> None:
    folder = DEPLOY / "compose"
    mounted = 0
    for service in yaml.safe_load((folder / "compose.yaml").read_text("utf-8"))["services"].values():
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            if source.startswith("."):
                assert (folder / source).exists(), source
                mounted += 1
    assert mounted >= 5


def test_prometheus_finds_every_page_of_every_process() -> None:
    """Nothing rings about a number that nobody fetches. The SDK's page is served by worker and gateway."""
    scraped = yaml.safe_load((DEPLOY / "compose" / "prometheus.yml").read_text("utf-8"))["scrape_configs"]
    assert {job["job_name"] for job in scraped} == {"worker", "gateway", "courier", "temporal"}
    found = {
        (name, one["port"])
        for job in scraped
        for one in job.get("dns_sd_configs", ())
        for name in one["names"]
    }
    services = yaml.safe_load((DEPLOY / "compose" / "compose.yaml").read_text("utf-8"))["services"]
    settings = settings_of(services["gateway"])
    sdk, own = (
        int(settings[f"{PREFIX}{name}"].rpartition(":")[2])
        for name in ("METRICS_ADDRESS", "SERVICE_METRICS_ADDRESS")
    )
    assert found == {("worker", sdk), ("gateway", sdk), *((one, own) for one in DELIVERING)}


def test_the_alerts_and_the_dashboards_are_where_one_host_looks_for_them() -> None:
    folder = DEPLOY / "compose"
    services = yaml.safe_load((folder / "compose.yaml").read_text("utf-8"))["services"]

    def files_at(service: str, pattern: str) -> set[Path]:
        """The files that a pattern of a service's own file system finds, as they lie here."""
        for volume in services[service]["volumes"]:
            here, there = volume.split(":")[:2]
            if here.startswith(".") and pattern.startswith(f"{there}/"):
                return {one.resolve() for one in (folder / here).glob(pattern.removeprefix(f"{there}/"))}
        return set()

    (rules,) = yaml.safe_load((folder / "prometheus.yml").read_text("utf-8"))["rule_files"]
    assert files_at("prometheus", rules) == set((DEPLOY / "prometheus" / "rules").iterdir())
    (given,) = files_at("grafana", "/etc/grafana/provisioning/dashboards/*.yaml")
    (provider,) = yaml.safe_load(given.read_text("utf-8"))["providers"]
    shown = files_at("grafana", f"{provider['options']['path']}/*.json")
    assert shown == set((DEPLOY / "grafana").iterdir())


def of_settings(cluster: list[dict[str, Any]]) -> dict[str, str]:
    (found,) = [one for one in cluster if one["kind"] == "ConfigMap"]
    settings: dict[str, str] = found["data"]
    return settings


def settings_of(service: dict[str, Any]) -> dict[str, str]:
    found: dict[str, str] = service["environment"]
    return found


def pinned(lock: Path) -> dict[str, str]:
    """Package to the rest of its entry: version, marker, hashes."""
    entries: dict[str, str] = {}
    for entry in lock.read_text("utf-8").replace("\\\n", "").splitlines():
        name, _, rest = entry.partition("==")
        entries[name] = rest
    return entries


def project() -> dict[str, Any]:
    found: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    return found
