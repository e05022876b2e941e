"""What an operator may set of the payload codec and of its server; part of `workers.settings.Settings`."""

from __future__ import annotations

import re
from typing import Literal

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings

from workers.codec.given import parse_keys
from workers.settings_values import HostAndPort

ORIGIN = re.compile(r"https?://[A-Za-z0-9.-]+(:\d{1,5})?|https?://\[[0-9a-f:]+\](:\d{1,5})?")
_SUBJECT = re.compile(r"[A-Za-z0-9._:@-]{1,80}")


class CodecSettings(BaseSettings):
    """The key ring, and who may have payloads opened."""

    payload_encryption: Literal["on", "off"] = Field(
        default="on",
        description="use on, or off where histories may be read by whoever reaches the Temporal server; off "
        "still opens what is sealed under ZHICHENG_PAYLOAD_KEYS",
    )
    payload_keys: SecretStr | None = Field(
        default=None,
        description="give id:base64 of 32 random bytes (`zhicheng payload-key new`), the current key first, "
        "those that only open behind it, with commas between them, the same to every process; or leave it "
        "unset on a single machine: then a key file in data_dir is made",
    )
    payload_namespace: str | None = Field(
        default=None,
        min_length=1,
        max_length=200,
        description="name the namespace in which the payloads were sealed, after histories were moved to "
        "one of another name, or leave it unset",
    )
    codec_address: HostAndPort = Field(
        default="127.0.0.1:8082",
        description="give host:port for the codec server; port 0 turns it off in `zhicheng up`",
    )
    codec_origins: str = Field(
        default="",
        description="list the origins of the Web UIs that may ask the codec server, e.g. "
        "https://temporal.example.cn, with commas between them, or leave it unset: then none may",
    )
    codec_services: str = Field(
        default="",
        description="list the subjects of service accounts that may have payloads sealed and opened, with "
        "commas between them, or leave it unset: then only the offices may",
    )

    @field_validator("payload_keys")
    @classmethod
    def _a_ring(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            parse_keys(value.get_secret_value())
        return value

    @field_validator("codec_origins")
    @classmethod
    def _origins_of_pages(cls, value: str) -> str:
        for origin in listed(value):
            if not ORIGIN.fullmatch(origin):
                raise ValueError(f"'{origin[:80]}' must be scheme://host or scheme://host:port, and no more")
        return value

    @field_validator("codec_services")
    @classmethod
    def _subjects(cls, value: str) -> str:
        for subject in listed(value):
            if not _SUBJECT.fullmatch(subject):
                raise ValueError(f"'{subject[:80]}' must be the subject of an account")
        return value


def listed(text: str) -> tuple[str, ...]:
    """The parts between commas."""
    return tuple(part.strip() for part in text.split(",") if part.strip())
