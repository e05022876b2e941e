"""The one plugin of every client, worker and replayer: the converter with its codec, and the interceptors.

A client takes it when it connects, and gives it to its workers; a replayer is built with it. The gate in
`tests/gates/test_one_plugin.py` finds whoever goes around it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from temporalio import worker
from temporalio.client import Client
from temporalio.converter import DefaultFailureConverter
from temporalio.plugin import SimplePlugin
from temporalio.worker import Replayer, ReplayerConfig, WorkflowRunner

from workers.codec.border import Border
from workers.codec.codec import SealingCodec
from workers.codec.converter import review_converter
from workers.codec.keys import KeyRing
from workers.codec.ring import key_ring
from workers.observe.correlation import interceptors
from workers.settings import Settings


class ReviewPlugin(SimplePlugin):
    """Payloads as this service writes them. Without a ring they are plain, with one they may be sealed."""

    def __init__(self, ring: KeyRing | None = None, *, seals: bool = True) -> None:
        self.ring, self.seals = ring, seals and ring is not None
        super().__init__(
            "zhicheng",
            data_converter=review_converter(SealingCodec(ring, seals=self.seals) if ring else None),
            interceptors=[*interceptors(), Border()],
        )

    def configure_replayer(self, config: ReplayerConfig) -> ReplayerConfig:
        """A replay writes nothing, and whoever asked for it reads why one failed."""
        config = super().configure_replayer(config)
        converter = config["data_converter"]
        config["data_converter"] = replace(converter, failure_converter_class=DefaultFailureConverter)
        return config


def review_plugin(settings: Settings, address: str, namespace: str) -> ReviewPlugin:
    """The plugin for a server and its namespace. Raises `SettingsError` where keys are missing."""
    return ReviewPlugin(key_ring(settings, address, namespace), seals=settings.payload_encryption == "on")


def build_replayer(
    plugin: ReviewPlugin,
    workflows: Sequence[type],
    runner: WorkflowRunner,
    watching: Sequence[worker.Interceptor] = (),
) -> Replayer:
    """Replays histories as the workers of this plugin would. `watching`: more interceptors."""
    return Replayer(
        workflows=list(workflows), workflow_runner=runner, plugins=[plugin], interceptors=list(watching)
    )


def plugin_of(client: Client) -> ReviewPlugin:
    """The plugin that a client was connected with. Raises `ValueError` when it has none."""
    for one in client.config()["plugins"]:
        if isinstance(one, ReviewPlugin):
            return one
    raise ValueError("a client without the service's plugin: connect with workers.connect.connect")
