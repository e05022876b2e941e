"""What an operator may set, read from environment variables that start with `ZHICHENG_`.

Where Temporal is comes from Temporal's own configuration too (`TEMPORAL_PROFILE`, `TEMPORAL_ADDRESS`,
`temporal.toml`, see `workers.connect`); a value given here wins over it. Secrets are `SecretStr`:
neither `repr` nor an error message shows them.

What belongs together stands in a module of its own (`workers.settings_*`, `workers.codec.settings`); whoever
reads settings needs this one only.
"""

from __future__ import annotations

from typing import Any, Self

from pydantic import ValidationError
from pydantic_settings import SettingsConfigDict

from activities.papers.config import PaperConfig
from workers.codec.settings import CodecSettings
from workers.settings_courier import NoticeSettings, WebhookSettings
from workers.settings_gateway import ASYMMETRIC, GatewaySettings
from workers.settings_identity import IdentitySettings
from workers.settings_nexus import ENDPOINT_NAME, NexusAccount, NexusSettings
from workers.settings_papers import EvidenceSettings, SigningSettings
from workers.settings_process import DATABASE_DRIVERS, ProcessSettings
from workers.settings_values import OFF, is_this_machine, split_address

__all__ = [
    "ASYMMETRIC",
    "DATABASE_DRIVERS",
    "ENDPOINT_NAME",
    "OFF",
    "PREFIX",
    "NexusAccount",
    "Settings",
    "SettingsError",
    "is_this_machine",
    "split_address",
]

PREFIX = "ZHICHENG_"


class SettingsError(ValueError):
    """A setting is wrong. One line a variable: its name, the rule, the remedy; never a secret."""


class Settings(
    NexusSettings,
    NoticeSettings,
    IdentitySettings,
    WebhookSettings,
    EvidenceSettings,
    GatewaySettings,
    SigningSettings,
    ProcessSettings,
    CodecSettings,
):
    """The settings of every process. A field's description is the remedy that an error names."""

    # Fields are checked from the last base to the first, so that the rule on issuers knows of `rehearsal`. A
    # name that two bases had, a validator's too, would count for the first alone: a test sees to it.
    model_config = SettingsConfigDict(
        env_prefix=PREFIX, frozen=True, extra="forbid", hide_input_in_errors=True, env_ignore_empty=True
    )

    def papers(self, *, may_make_key: bool | None = None) -> PaperConfig:
        """Where papers lie and who signs them; a key is made only in a rehearsal, or where it is allowed."""
        secret = self.signing_key_passphrase
        return PaperConfig(
            folder=self.data_dir.absolute(),
            verification_url=self.verification_url,
            key_file=self.signing_key_file,
            certificate_file=self.signing_certificate_file,
            passphrase=secret.get_secret_value() if secret else None,
            timestamp_url=self.timestamp_url,
            may_make_key=self.rehearsal if may_make_key is None else may_make_key,
        )

    @property
    def refuses_unknown_evidence(self) -> bool:
        """Whether a command that names a paper which is not stored is refused."""
        return not self.rehearsal if self.evidence_named is None else self.evidence_named == "refuse"

    @classmethod
    def load(cls, **given: Any) -> Self:
        """Read the environment; `given` values win. Raises `SettingsError` that lists every fault."""
        try:
            return cls(**given)
        except ValidationError as error:
            raise SettingsError("\n".join(_sentence(cls, fault) for fault in error.errors())) from None


def _sentence(settings: type[Settings], fault: Any) -> str:
    """`ZHICHENG_X: rule. Remedy: ...`"""
    field = str(fault["loc"][0]) if fault["loc"] else ""
    rule = str(fault["msg"]).removeprefix("Value error, ").lower().replace("input should", "must")
    known = settings.model_fields.get(field)
    remedy = known.description if known else "remove it: there is no such setting"
    return f"{PREFIX}{field.upper()}: {rule}. Remedy: {remedy}."
