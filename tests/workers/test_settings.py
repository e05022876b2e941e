"""Settings: where they come from, what is refused and in which words, and that secrets stay secret."""

from __future__ import annotations

from pathlib import Path

import pytest

from workers.connect import TemporalUnreachableError, connect, connect_config
from workers.processes import free_port
from workers.settings import Settings, SettingsError, split_address

PROFILES = """
[profile.default]
address = "from-profile:7233"
namespace = "profile-space"
[profile.cloud]
address = "cloud.example:7233"
namespace = "titles.prod"
api_key = "very-secret-key"
"""


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("TEMPORAL_ADDRESS", "TEMPORAL_NAMESPACE", "TEMPORAL_PROFILE", "TEMPORAL_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TEMPORAL_CONFIG_FILE", str(tmp_path / "temporal.toml"))


def test_the_defaults_need_no_environment() -> None:
    settings = Settings.load()
    assert settings.task_queue == "title-review"
    assert settings.rehearsal is False
    assert (
        settings.database_url.get_secret_value()
        == f"sqlite+aiosqlite:///{Path('data/zhicheng.db').absolute()}"
    )
    assert connect_config(settings) == {"target_host": "127.0.0.1:7233", "namespace": "default"}


def test_the_environment_is_read_and_the_database_follows_the_data(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("ZHICHENG_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("ZHICHENG_LOG_LEVEL", "WARNING")
    monkeypatch.setenv("ZHICHENG_TASK_QUEUE", "")
    settings = Settings.load(drain_seconds=3)
    assert settings.database_url.get_secret_value() == f"sqlite+aiosqlite:///{tmp_path}/zhicheng.db"
    assert (settings.log_level, settings.task_queue, settings.drain_seconds) == ("warning", "title-review", 3)


@pytest.mark.parametrize(
    ("name", "value", "rule"),
    [
        ("TEMPORAL_ADDRESS", "localhost", "must be host:port"),
        ("HEALTH_ADDRESS", "127.0.0.1:99999", "from 0 to 65535"),
        ("LOG_LEVEL", "loud", "'debug', 'info', 'warning' or 'error'"),
        ("LOG_FORMAT", "xml", "'json' or 'console'"),
        ("DRAIN_SECONDS", "soon", "valid number"),
        ("MAX_CACHED_WORKFLOWS", "-1", "greater than or equal to 0"),
        ("REHEARSAL", "perhaps", "valid boolean"),
        ("DATABASE_URL", "mysql://root:hunter2@db/x", "must begin with one of sqlite+aiosqlite://"),
    ],
)
def test_a_bad_value_is_refused_with_variable_rule_and_remedy(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, rule: str
) -> None:
    monkeypatch.setenv(f"ZHICHENG_{name}", value)
    with pytest.raises(SettingsError) as refusal:
        Settings.load()
    sentence = str(refusal.value)
    assert sentence.startswith(f"ZHICHENG_{name}: ")
    assert rule in sentence
    assert "Remedy: " in sentence
    assert "hunter2" not in sentence


def test_every_fault_is_named_at_once() -> None:
    with pytest.raises(SettingsError) as refusal:
        Settings.load(log_level="loud", drain_seconds=-1)
    assert len(str(refusal.value).splitlines()) == 2


def test_a_password_is_in_no_representation() -> None:
    settings = Settings.load(database_url="postgresql+psycopg://clerk:hunter2@db/titles")
    assert "hunter2" not in f"{settings!r}{settings}{settings.model_dump_json()}"


def test_a_profile_is_used_and_later_sources_win(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "temporal.toml").write_text(PROFILES)
    assert connect_config(Settings.load())["target_host"] == "from-profile:7233"
    monkeypatch.setenv("TEMPORAL_PROFILE", "cloud")
    cloud = connect_config(Settings.load())
    assert (cloud["target_host"], cloud["api_key"], cloud["tls"]) == (
        "cloud.example:7233",
        "very-secret-key",
        True,
    )
    assert connect_config(Settings.load(temporal_profile="default"))["namespace"] == "profile-space"
    monkeypatch.setenv("TEMPORAL_NAMESPACE", "from-environment")
    assert connect_config(Settings.load())["namespace"] == "from-environment"
    assert connect_config(Settings.load(temporal_namespace="ours"))["namespace"] == "ours"


def test_an_unknown_profile_is_refused() -> None:
    with pytest.raises(SettingsError, match="'nowhere' not found"):
        connect_config(Settings.load(temporal_profile="nowhere"))


async def test_no_server_is_told_in_a_sentence() -> None:
    address = f"127.0.0.1:{free_port()}"
    with pytest.raises(TemporalUnreachableError, match=f"not reachable at {address} .*`zhicheng up`"):
        await connect(Settings.load(temporal_address=address))


def test_no_part_of_the_settings_hides_a_name_of_another() -> None:
    """A validator that had the name of another one would replace it without a word."""
    of_every_class = {"model_config", "_abc_impl"}
    names = [
        name
        for part in Settings.__bases__
        for name in {*vars(part), *part.__annotations__} - of_every_class
        if not name.startswith("__")
    ]
    assert {"_with_tls", "_rings", "smtp_address", "payload_keys"} <= set(names)
    assert sorted(names) == sorted(set(names))


def test_an_address_is_split() -> None:
    assert split_address("[::1]:80") == ("::1", 80)
    with pytest.raises(ValueError, match="host:port"):
        split_address(":80")
