"""Keys that this machine makes for itself, kept in `data_dir`: readable by their owner only."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from pathlib import Path

from pydantic import SecretStr

from activities.identity_keys import IdentityKeys, KeyRing
from activities.sealing import Seal
from models.webhooks import SEAL_KEY_BYTES, seal_key_of
from workers.settings import Settings, SettingsError

SEAL_FILE = "webhook-secrets.key"
IDENTITY_FILE, IDENTITY_INDEX_FILE = "identity.key", "identity-index.key"
OF_THIS_MACHINE = "machine"
"""The id of a key that lies in `data_dir`."""


def made_once(file: Path, make: Callable[[], bytes]) -> bytes:
    """What the file holds; without one it is made (mode 0600). Two may make one at once: the first wins."""
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        draft = file.with_name(f"{file.name}.{secrets.token_hex(4)}")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as opened:
            opened.write(make())
            opened.flush()
            os.fsync(opened.fileno())
        try:
            os.link(draft, file)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return file.read_bytes()


def replaced(file: Path, content: bytes) -> None:
    """The file with another content, at once and wholly, for its owner only."""
    draft = file.with_name(f"{file.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as opened:
        opened.write(content)
        opened.flush()
        os.fsync(opened.fileno())
    draft.replace(file)


def _random() -> bytes:
    return secrets.token_bytes(SEAL_KEY_BYTES)


def seal_of(settings: Settings) -> Seal:
    """What seals the secrets of webhooks: the key of the settings, or the one of this machine."""
    given = settings.webhook_key
    if given is not None:
        return Seal(seal_key_of(given.get_secret_value()))
    return Seal(made_once(settings.data_dir.absolute() / SEAL_FILE, _random))


def identity_keys(settings: Settings) -> IdentityKeys:
    """The rings of identity numbers: those of the settings, or this machine's. Raises `SettingsError`."""
    folder = settings.data_dir.absolute()

    def ring(given: SecretStr | None, file: str) -> KeyRing:
        if given is not None:
            return KeyRing.read(given.get_secret_value())
        return KeyRing({OF_THIS_MACHINE: made_once(folder / file, _random)})

    sealing = ring(settings.identity_keys, IDENTITY_FILE)
    try:
        return IdentityKeys(sealing, ring(settings.identity_index_keys, IDENTITY_INDEX_FILE))
    except ValueError as error:
        raise SettingsError(
            f"ZHICHENG_IDENTITY_INDEX_KEYS: {error}. "
            f"Remedy: {Settings.model_fields['identity_index_keys'].description}."
        ) from None
