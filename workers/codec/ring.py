"""Which key ring a process has: that of the environment, or on one machine that of its data directory."""

from __future__ import annotations

from pathlib import Path

from models.key_ring import GivenKey
from workers.codec.given import new_key, parse_keys
from workers.codec.keys import KeyRing
from workers.key_files import made_once
from workers.settings import Settings, SettingsError, is_this_machine, split_address

KEY_FILE = "payload.key"
OF_THIS_MACHINE = "machine"
"""The id of a key that a machine made for itself."""


def key_file(settings: Settings) -> Path:
    """Where a machine keeps its own keys, in the form of ZHICHENG_PAYLOAD_KEYS; for its owner only."""
    return settings.data_dir.absolute() / KEY_FILE


def make_key_file(settings: Settings, address: str) -> None:
    """Makes the key of this machine where it is needed and missing; only those who serve do that.

    A command that made one of its own would speak to the server under a key that nobody else has.
    """
    if settings.payload_encryption == "on" and settings.payload_keys is None and _is_here(address):
        made_once(key_file(settings), lambda: f"{new_key(OF_THIS_MACHINE)}\n".encode())


def key_ring(settings: Settings, address: str, namespace: str) -> KeyRing | None:
    """The keys for a server at host:port and its namespace; None where nothing is sealed or opened.

    Raises `SettingsError` where there is no key although payloads are to be sealed, or its file is wrong.
    """
    bound = settings.payload_namespace or namespace
    if settings.payload_keys is not None:
        return KeyRing(parse_keys(settings.payload_keys.get_secret_value()), bound)
    file = key_file(settings)
    if not _is_here(address):
        if settings.payload_encryption == "off":
            return None
        raise SettingsError(
            "ZHICHENG_PAYLOAD_KEYS: is not set, and payloads leave this machine. Remedy: give the keys that "
            "every process has (`zhicheng payload-key new` makes one), or ZHICHENG_PAYLOAD_ENCRYPTION=off."
        )
    if file.is_file():
        return KeyRing(_in_file(file), bound, source=lambda: _in_file(file))
    if settings.payload_encryption == "off":
        return None
    raise SettingsError(
        f"ZHICHENG_PAYLOAD_KEYS: is not set, and {file} is not there. Remedy: use the ZHICHENG_DATA_DIR of "
        "the worker, whose first start makes the key; or give the keys, or ZHICHENG_PAYLOAD_ENCRYPTION=off."
    )


def _in_file(file: Path) -> tuple[GivenKey, ...]:
    try:
        return parse_keys(file.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise SettingsError(
            f"{file}: {error}. Remedy: put the file back from where keys are kept; without it what was "
            "sealed under it stays closed."
        ) from None


def _is_here(address: str) -> bool:
    return is_this_machine(split_address(address)[0])
