"""What an operator may set of identity numbers; part of `workers.settings.Settings`."""

from __future__ import annotations

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings

from models.key_ring import IDENTITY_IDS, read_keys


class IdentitySettings(BaseSettings):
    """The keys of identity numbers, and whether a number must be on record."""

    identity_keys: SecretStr | None = Field(
        default=None,
        description="give id:base64 of 32 random bytes (openssl rand -base64 32), the present key first and "
        "older ones after commas, the same to every process, or leave it unset on a single machine: then a "
        "key file in data_dir is made",
    )
    identity_index_keys: SecretStr | None = Field(
        default=None,
        description="give id:base64 of 32 random bytes (openssl rand -base64 32), another key than those of "
        "ZHICHENG_IDENTITY_KEYS, the present one first, or leave it unset on a single machine: then a key "
        "file in data_dir is made",
    )
    identity_required: bool = Field(
        default=False,
        description="use true (nobody begins before an identity document is recorded) or false",
    )

    @field_validator("identity_keys", "identity_index_keys")
    @classmethod
    def _rings(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            read_keys(value.get_secret_value(), IDENTITY_IDS)
        return value
