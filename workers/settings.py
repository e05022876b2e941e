"""What an operator may set, read from environment variables that start with `ZHICHENG_`.

Where Temporal is comes from Temporal's own configuration too (`TEMPORAL_PROFILE`, `TEMPORAL_ADDRESS`,
`temporal.toml`, see `workers.connect`); a value given here wins over it. Secrets are `SecretStr`:
neither `repr` nor an error message shows them.
"""

from __future__ import annotations

import json
import os
import re
from datetime import timedelta
from importlib.metadata import version
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator, model_validator
from pydantic_settings import NoDecode, SettingsConfigDict

from activities.evidence.config import EvidenceConfig
from activities.papers.config import VERIFICATION_URL, PaperConfig
from models.batch import FOUR_EYES_ABOVE
from models.calendar_overlay import read_overlays
from models.evidence import MediaType
from models.key_ring import IDENTITY_IDS, read_keys
from models.roles import Reference, Role
from models.visibility import Grant
from models.webhooks import MAIL_ADDRESS, Network, key_of, seal_key_of
from models.wire import Wire
from workers.codec.settings import ORIGIN, CodecSettings, listed

PREFIX = "ZHICHENG_"
OFF = "127.0.0.1:0"
"""An address with port 0 turns its endpoint off."""

DATABASE_DRIVERS = ("sqlite+aiosqlite", "postgresql+psycopg")

ASYMMETRIC = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""Signatures of tokens; a shared secret would let every verifier mint tokens."""


class SettingsError(ValueError):
    """A setting is wrong. One line a variable: its name, the rule, the remedy; never a secret."""


def split_address(address: str) -> tuple[str, int]:
    """Host and port of `host:port` (`[::1]:80` for IPv6). Raises `ValueError` when it is not that."""
    host, colon, port = address.rpartition(":")
    if not colon or not host.strip("[]") or not port.isdecimal() or int(port) > 65535:
        raise ValueError("must be host:port with a port from 0 to 65535")
    return host.strip("[]"), int(port)


def is_this_machine(host: str) -> bool:
    """Whether the name or number of a host is this machine's own, which nobody else reaches."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


ENDPOINT_NAME = re.compile(r"[A-Za-z](?:[A-Za-z0-9-]{0,198}[A-Za-z0-9])?")


class NexusAccount(Wire):
    """As whom the calls through one Nexus endpoint act: an opaque reference, and the roles that it holds.

    `system` is the service itself; `public` objects over HTTP, where the answer tells nothing of the state.
    """

    subject: Reference
    grants: tuple[Grant, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _grantable(self) -> Self:
        for grant in self.grants:
            if grant.role in (Role.SYSTEM, Role.PUBLIC):
                raise ValueError(f"the role '{grant.role.value}' cannot be granted")
            if grant.role is not Role.APPLICANT and grant.organisation is None:
                raise ValueError(f"the role '{grant.role.value}' is held for an organisation: name it")
        return self


class Settings(CodecSettings):
    """The settings of every process. A field's description is the remedy that an error names."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, frozen=True, extra="forbid", hide_input_in_errors=True, env_ignore_empty=True
    )

    temporal_address: str | None = Field(
        default=None, description="give host:port, e.g. 127.0.0.1:7233, or leave it unset to use the profile"
    )
    temporal_namespace: str | None = Field(
        default=None, min_length=1, description="name an existing namespace, or leave it unset"
    )
    temporal_profile: str | None = Field(
        default=None, min_length=1, description="name a profile of temporal.toml, or leave it unset"
    )
    task_queue: str = Field(
        default="title-review", min_length=1, max_length=200, description="name one task queue"
    )
    data_dir: Path = Field(default=Path("data"), description="give a directory that may be written to")
    calendar_dir: Path | None = Field(
        default=None,
        description="give a directory of TOML files in the form of models/calendars/state_council.toml, with "
        "the notices on working days that are newer than this release, or leave it unset",
    )
    database_url: SecretStr = Field(
        default=SecretStr(""),
        description="give a URL such as sqlite+aiosqlite:////var/lib/zhicheng/zhicheng.db or "
        "postgresql+psycopg://user:password@host/database, or leave it unset for a file in data_dir",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="use one of debug, info, warning, error"
    )
    log_format: Literal["json", "console"] = Field(default="json", description="use json or console")
    rehearsal: bool = Field(
        default=False, description="use true (an application may carry a compressed clock) or false"
    )
    health_address: str = Field(
        default=OFF, description=f"give host:port for /healthz and /readyz; {OFF} turns it off"
    )
    metrics_address: str = Field(
        default=OFF, description=f"give host:port for the SDK's Prometheus metrics; {OFF} turns it off"
    )
    service_metrics_address: str = Field(
        default=OFF,
        description=f"give host:port for the service's own Prometheus metrics; {OFF} turns it off",
    )
    traces_endpoint: str | None = Field(
        default=None,
        pattern=r"^https?://[^\s@]+$",
        description="give the http(s) address of an OTLP collector, e.g. http://127.0.0.1:4318, or leave it "
        "unset: then OTEL_EXPORTER_OTLP_ENDPOINT counts, and without it nothing is traced",
    )
    max_cached_workflows: int = Field(
        default=1000, ge=0, le=1_000_000, description="use the number of applications touched in an hour"
    )
    build_id: str = Field(
        default_factory=lambda: os.environ.get("TEMPORAL_WORKER_BUILD_ID") or version("zhicheng"),
        min_length=1,
        max_length=100,
        description="use the name of the release that this worker runs; it stands in every history "
        "(Temporal's worker controller gives TEMPORAL_WORKER_BUILD_ID)",
    )
    deployment_name: str | None = Field(
        default_factory=lambda: os.environ.get("TEMPORAL_DEPLOYMENT_NAME") or None,
        min_length=1,
        max_length=100,
        description="name the worker deployment whose current version gets the work (Temporal's worker "
        "controller gives TEMPORAL_DEPLOYMENT_NAME), or leave it unset: then every worker does",
    )
    held_patches: str = Field(
        default="",
        description="list the named patches of this release that no application takes yet, with commas "
        "between them, or leave it unset: then all are taken",
    )
    sticky_seconds: float = Field(
        default=10.0,
        gt=0,
        le=600,
        description="use the seconds after which the work of a worker that died is given to another one",
    )
    drain_seconds: float = Field(
        default=30.0, ge=0, le=3600, description="use the seconds a running activity gets to finish in"
    )

    batch_four_eyes_above: int = Field(
        default=FOUR_EYES_ABOVE,
        ge=0,
        le=20_000,
        description="use the items of a batch up to which one person is enough",
    )

    signing_key_file: Path | None = Field(
        default=None,
        description="give a PEM file with the key that signs papers, and its certificate in "
        "ZHICHENG_SIGNING_CERTIFICATE_FILE, or leave both unset where a rehearsal makes its own",
    )
    signing_certificate_file: Path | None = Field(
        default=None,
        validate_default=True,
        description="give a PEM file with the certificate of ZHICHENG_SIGNING_KEY_FILE, followed by those "
        "above it",
    )
    signing_key_passphrase: SecretStr | None = Field(
        default=None, description="give the passphrase of the signing key, or leave it unset"
    )
    timestamp_url: str | None = Field(
        default=None,
        pattern=r"^https?://",
        description="give the http(s) address of a time-stamp authority (RFC 3161), or leave it unset",
    )
    verification_url: str = Field(
        default=VERIFICATION_URL,
        pattern=r"^https?://\S+$",
        max_length=200,
        description="give the http(s) address of the page that verifies certificates; it stands on every one",
    )

    gateway_address: str = Field(
        default="127.0.0.1:8080", description="give host:port for the HTTP gateway, e.g. 127.0.0.1:8080"
    )
    gateway_patience: float = Field(
        default=10.0, gt=0, le=60, description="use the seconds in which a command must be answered"
    )
    gateway_calls_a_minute: int = Field(
        default=1200, ge=1, le=1_000_000, description="use the calls that one account may make in a minute"
    )
    gateway_public_calls_a_minute: int = Field(
        default=240,
        ge=1,
        le=1_000_000,
        description="use the calls without a token, or with a wrong one, from one address a minute",
    )
    gateway_origins: str = Field(
        default="",
        description="list the origins whose pages may call the gateway, e.g. https://titles.example.cn, with "
        "commas between them, or leave it unset: then none may",
    )
    oidc_issuer: str | None = Field(
        default=None,
        pattern=r"^https?://\S+$",
        description="give the address of the OpenID Connect issuer as its tokens name it, or leave it unset "
        "for the local issuer of the embedded stack",
    )
    oidc_jwks_url: str | None = Field(
        default=None,
        pattern=r"^https?://\S+$",
        description="give the address of the issuer's keys, or leave it unset to have it discovered",
    )
    oidc_algorithms: str = Field(
        default=",".join(ASYMMETRIC),
        description=f"list some of {', '.join(ASYMMETRIC)}, with commas between them",
    )
    oidc_audience: str = Field(
        default="zhicheng", min_length=1, max_length=200, description="name the audience of the tokens"
    )
    oidc_grants_claim: str = Field(
        default="zhicheng_grants",
        min_length=1,
        max_length=200,
        description="name the claim with the list of {role, organisation}",
    )
    oidc_service_claim: str = Field(
        default="zhicheng_service",
        min_length=1,
        max_length=200,
        description="name the claim that is true for the account of a system",
    )
    local_issuer: bool = Field(
        default=False,
        description="use true (tokens of `zhicheng token` are accepted; never in production) or false",
    )

    board_secret: SecretStr | None = Field(
        default=None,
        min_length=32,
        description="give at least 32 characters that sign the sessions of the board, the same to every "
        "gateway, or leave it unset: then sessions end with the process",
    )
    board_url: str | None = Field(
        default=None,
        pattern=r"^https?://\S+[^/\s]$",
        description="give the address at which browsers reach the gateway, e.g. https://titles.example.cn, "
        "or leave it unset: then it is what the browser says",
    )
    board_client_id: str = Field(
        default="zhicheng-board", min_length=1, max_length=200, description="name the board's OIDC client"
    )
    board_client_secret: SecretStr | None = Field(
        default=None, description="give the secret of that client, or leave it unset for a public client"
    )
    temporal_ui_url: str | None = Field(
        default=None,
        pattern=r"^https?://\S+[^/\s]$",
        description="give the address of Temporal's Web UI, which the board links to, or leave it unset",
    )

    docs_url: str | None = Field(
        default=None,
        pattern=r"^https?://\S+[^/\s]$",
        description="give the address under which docs/ of this release is to be read, for links to "
        "runbooks, or leave it unset",
    )

    evidence_url: str | None = Field(
        default=None,
        pattern=r"^(s3://[^\s@?]+|file:///[^\s?]*)$",
        description="give s3://bucket/prefix (credentials, region and endpoint in AWS_ACCESS_KEY_ID, "
        "AWS_SECRET_ACCESS_KEY, AWS_REGION, AWS_ENDPOINT_URL) or file:///folder, or leave it unset for a "
        "folder in data_dir",
    )
    evidence_max_bytes: int = Field(
        default=500_000_000, ge=1, le=50_000_000_000, description="use the most bytes that one paper may have"
    )
    evidence_quota_bytes: int = Field(
        default=2_000_000_000,
        ge=1,
        le=10_000_000_000_000,
        description="use the most bytes that the papers of one application may have together",
    )
    evidence_types: str = Field(
        default=",".join(kind.name.lower() for kind in MediaType),
        description=f"list some of {', '.join(kind.name.lower() for kind in MediaType)}, with commas between",
    )
    evidence_days: float = Field(
        default=7, gt=0, le=365, description="use the days that an upload which rests may still be finished"
    )
    evidence_named: Literal["refuse", "flag"] | None = Field(
        default=None,
        description="use refuse (a command that names a paper which is not stored is refused) or flag (the "
        "answer says so), or leave it unset: refuse, and flag in a rehearsal",
    )
    webhook_networks: str = Field(
        default="",
        description="list the private networks that webhooks may lead to, e.g. 10.1.0.0/16, with commas "
        "between them (127.0.0.0/8 for this machine), or leave it unset: then only public addresses",
    )
    webhook_key: SecretStr | None = Field(
        default=None,
        description="give the base64 of 32 random bytes, the same to every process (openssl rand -base64 "
        "32), or leave it unset on a single machine: then a key file in data_dir is made",
    )
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
    notice_delivery: Literal["contacts", "mailbox"] | None = Field(
        default=None,
        description="use contacts (what has no contact is held) or mailbox (it goes to the folder in "
        "data_dir), or leave it unset: the mailbox in `zhicheng up` without a mail server, else contacts",
    )
    notice_webhook_secret: SecretStr | None = Field(
        default=None,
        description="give the whsec_... that signs notices sent to contacts of the kind webhook, "
        "or leave it unset",
    )
    smtp_address: str | None = Field(
        default=None,
        description="give host:port of the mail server, e.g. mail.example.cn:587, or leave it unset",
    )
    smtp_security: Literal["starttls", "tls", "none"] = Field(
        default="starttls", description="use starttls, tls, or none for a mail server on this machine"
    )
    smtp_user: str | None = Field(
        default=None, description="give the account at the mail server, or leave it unset"
    )
    smtp_password: SecretStr | None = Field(
        default=None, description="give the password of ZHICHENG_SMTP_USER, or leave it unset"
    )
    smtp_from: str = Field(
        default="zhicheng@localhost",
        pattern=MAIL_ADDRESS,
        max_length=254,
        description="give the address that notices come from, e.g. zhicheng@titles.example.cn",
    )

    nexus_callers: Annotated[dict[str, NexusAccount], NoDecode] = Field(
        default_factory=dict,
        description="give one JSON object from the name of a Nexus endpoint to its account, e.g. "
        '{"title-review-hr": {"subject": "svc-hr", "grants": [{"role": "employer", "organisation": '
        '"tj-metrology-institute"}]}}, or leave it unset: then Nexus is off',
    )

    @field_validator("nexus_callers", mode="before")
    @classmethod
    def _one_json_object(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value)
        except ValueError:
            raise ValueError("must be one JSON object") from None

    @field_validator("nexus_callers")
    @classmethod
    def _endpoint_names(cls, value: dict[str, NexusAccount]) -> dict[str, NexusAccount]:
        for name in value:
            if not ENDPOINT_NAME.fullmatch(name):
                raise ValueError(
                    f"'{name[:60]}' must be the name of an endpoint: letters, digits and hyphens"
                )
        return value

    @field_validator(
        "temporal_address",
        "health_address",
        "metrics_address",
        "service_metrics_address",
        "gateway_address",
        "codec_address",
        "smtp_address",
    )
    @classmethod
    def _host_and_port(cls, value: str | None) -> str | None:
        if value is not None:
            split_address(value)
        return value

    @field_validator("webhook_networks")
    @classmethod
    def _networks(cls, value: str) -> str:
        for network in listed(value):
            try:
                ip_network(network)
            except ValueError:
                raise ValueError(f"'{network[:60]}' must be a network such as 10.1.0.0/16") from None
        return value

    @field_validator("notice_webhook_secret")
    @classmethod
    def _signs(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            key_of(value.get_secret_value())
        return value

    @field_validator("webhook_key")
    @classmethod
    def _seals(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            seal_key_of(value.get_secret_value())
        return value

    @field_validator("identity_keys", "identity_index_keys")
    @classmethod
    def _rings(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            read_keys(value.get_secret_value(), IDENTITY_IDS)
        return value

    @field_validator("smtp_security")
    @classmethod
    def _mail_with_tls(cls, value: str, info: ValidationInfo) -> str:
        address = info.data.get("smtp_address")
        if value == "none" and address is not None and not is_this_machine(split_address(address)[0]):
            raise ValueError("must be starttls or tls where mail leaves this machine")
        return value

    @field_validator("oidc_issuer", "oidc_jwks_url")
    @classmethod
    def _with_tls(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is None or value.startswith("https:") or info.data.get("rehearsal"):
            return value
        if not is_this_machine(urlsplit(value).hostname or ""):
            raise ValueError("must begin with https://, or anybody on the way could hand out keys")
        return value

    @field_validator("oidc_algorithms")
    @classmethod
    def _asymmetric(cls, value: str) -> str:
        if not listed(value) or not set(listed(value)) <= set(ASYMMETRIC):
            raise ValueError("must list asymmetric signatures only")
        return value

    @field_validator("evidence_types")
    @classmethod
    def _media_types(cls, value: str) -> str:
        known = {kind.name.lower() for kind in MediaType}
        if not listed(value) or not set(listed(value)) <= known:
            raise ValueError("must list kinds of file that can be told by their content")
        return value

    @field_validator("gateway_origins")
    @classmethod
    def _origins(cls, value: str) -> str:
        for origin in listed(value):
            if not ORIGIN.fullmatch(origin):
                raise ValueError(f"'{origin[:80]}' must be scheme://host or scheme://host:port, and no more")
        return value

    @field_validator("calendar_dir")
    @classmethod
    def _readable_notices(cls, value: Path | None) -> Path | None:
        if value is not None and not value.is_dir():
            raise ValueError(f"{value} must be a directory")
        read_overlays(value)
        return value

    @field_validator("log_level", "log_format", mode="before")
    @classmethod
    def _lower_case(cls, value: object) -> object:
        return value.lower() if isinstance(value, str) else value

    @field_validator("database_url")
    @classmethod
    def _known_driver(cls, value: SecretStr) -> SecretStr:
        driver, separator, _ = value.get_secret_value().partition("://")
        if value.get_secret_value() and (not separator or driver not in DATABASE_DRIVERS):
            raise ValueError(f"must begin with one of {', '.join(f'{d}://' for d in DATABASE_DRIVERS)}")
        return value

    @field_validator("signing_certificate_file")
    @classmethod
    def _key_with_certificate(cls, value: Path | None, info: ValidationInfo) -> Path | None:
        if (info.data.get("signing_key_file") is None) != (value is None):
            raise ValueError("must be given together with ZHICHENG_SIGNING_KEY_FILE")
        return value

    @model_validator(mode="before")
    @classmethod
    def _database_beside_the_data(cls, values: dict[str, Any]) -> dict[str, Any]:
        if values.get("database_url"):
            return values
        directory = Path(values.get("data_dir") or cls.model_fields["data_dir"].default).absolute()
        return {**values, "database_url": f"sqlite+aiosqlite:///{directory / 'zhicheng.db'}"}

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

    def evidence(self) -> EvidenceConfig:
        """What is taken as a paper, how large, and how long an upload waits."""
        return EvidenceConfig(
            max_bytes=self.evidence_max_bytes,
            quota_bytes=self.evidence_quota_bytes,
            allowed=frozenset(MediaType[name.upper()] for name in listed(self.evidence_types)),
            waits=timedelta(days=self.evidence_days),
        )

    @property
    def refuses_unknown_evidence(self) -> bool:
        """Whether a command that names a paper which is not stored is refused."""
        return not self.rehearsal if self.evidence_named is None else self.evidence_named == "refuse"

    def patches_held(self) -> frozenset[str]:
        """The named patches that no application takes yet."""
        return frozenset(listed(self.held_patches))

    def algorithms(self) -> tuple[str, ...]:
        """The signatures that tokens may have."""
        return listed(self.oidc_algorithms)

    def origins(self) -> tuple[str, ...]:
        """The origins whose pages may call the gateway."""
        return listed(self.gateway_origins)

    def networks(self) -> tuple[Network, ...]:
        """The private networks that webhooks may lead to."""
        return tuple(map(ip_network, listed(self.webhook_networks)))

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
