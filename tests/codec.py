"""Keys that all tests share, and histories unsealed with them: what is searched must be what was written."""

from __future__ import annotations

from collections.abc import Sequence

from temporalio.api.common.v1 import Payload
from temporalio.client import WorkflowHistory
from temporalio.worker import Interceptor, Replayer

from tests.payloads import each_payload
from workers.codec.codec import is_sealed, unseal
from workers.codec.given import parse_keys
from workers.codec.keys import KeyRing
from workers.codec.plugin import ReviewPlugin, build_replayer
from workers.registry import WORKFLOWS
from workers.worker import sandbox_runner

KEYS = "tests:dGVzdHMgb25seTogdGhpcyBrZXkgaXMgcHVibGljISE="
"""Set as ZHICHENG_PAYLOAD_KEYS for every test: public, and therefore for nothing else."""


def ring(keys: str = KEYS, namespace: str = "default") -> KeyRing:
    """The keys of a namespace."""
    return KeyRing(parse_keys(keys), namespace)


def plugin() -> ReviewPlugin:
    """The plugin of clients and replayers that open what tests have sealed."""
    return ReviewPlugin(ring())


def replayer(*watching: Interceptor, workflows: Sequence[type] = WORKFLOWS) -> Replayer:
    """Replays histories on the code at hand, sealed or not. `watching`: more interceptors."""
    return build_replayer(plugin(), workflows, sandbox_runner(), watching)


def unsealed(history: WorkflowHistory, keys: KeyRing | None = None) -> WorkflowHistory:
    """The same history with every sealed payload unsealed, in place."""
    for event in history.events:
        for payload in each_payload(event):
            _open(payload, keys or ring())
    return history


def _open(payload: Payload, keys: KeyRing) -> None:
    if is_sealed(payload):
        payload.CopyFrom(unseal(payload, keys))
