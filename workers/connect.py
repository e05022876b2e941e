"""One way to a Temporal server: profile file and environment as Temporal reads them, then our settings.

Order, the later wins: `temporal.toml` (the profile), `TEMPORAL_*` variables, `ZHICHENG_TEMPORAL_*`.
TLS and API keys are Temporal's own settings (`TEMPORAL_TLS_*`, `TEMPORAL_API_KEY`).
"""

from __future__ import annotations

import asyncio

from temporalio.client import Client
from temporalio.envconfig import ClientConfig, ClientConnectConfig
from temporalio.runtime import Runtime

from workers.settings import Settings, SettingsError

DEFAULT_ADDRESS = "127.0.0.1:7233"
CONNECT_SECONDS = 15.0


class TemporalUnreachableError(ConnectionError):
    """No Temporal server answered; the text says where and what to do."""


def connect_config(settings: Settings) -> ClientConnectConfig:
    """Address, namespace, TLS and credentials that `connect` will use.

    Raises `SettingsError` when the profile or its file cannot be read.
    """
    try:
        config = ClientConfig.load_client_connect_config(settings.temporal_profile)
    except (RuntimeError, OSError, TypeError, ValueError) as error:
        raise SettingsError(
            f"Temporal's own configuration cannot be read: {error}. Remedy: correct the profile file "
            "(TEMPORAL_CONFIG_FILE), TEMPORAL_PROFILE, or ZHICHENG_TEMPORAL_PROFILE."
        ) from error
    config["target_host"] = settings.temporal_address or config.get("target_host") or DEFAULT_ADDRESS
    config["namespace"] = settings.temporal_namespace or config.get("namespace") or "default"
    return config


async def connect(settings: Settings, *, runtime: Runtime | None = None) -> Client:
    """A client that has spoken with the server; it and its workers have the service's plugin.

    Raises `TemporalUnreachableError` when no server answers in 15 seconds, `SettingsError` when
    Temporal's configuration is wrong, or payloads are to be sealed and there is no key.
    """
    from workers.codec.plugin import review_plugin  # half of what a short command would load

    config = connect_config(settings)
    plugin = review_plugin(settings, config["target_host"], config["namespace"])
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            return await Client.connect(
                **config,  # the SDK's own shape: target_host, namespace, tls, api_key, rpc_metadata
                plugins=[plugin],
                runtime=runtime,
            )
    except (RuntimeError, TimeoutError) as error:
        reason = str(error) or f"no answer in {CONNECT_SECONDS:.0f} seconds"
        raise TemporalUnreachableError(
            f"Temporal is not reachable at {config['target_host']} (namespace {config['namespace']!r}): "
            f"start it with `zhicheng up` or set ZHICHENG_TEMPORAL_ADDRESS. ({reason})"
        ) from error
