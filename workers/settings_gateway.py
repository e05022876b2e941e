"""What an operator may set of the gateway, its tokens and its board; part of `workers.settings.Settings`."""

from __future__ import annotations

from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import BaseSettings

from workers.codec.settings import ORIGIN, listed
from workers.settings_values import HostAndPort, is_this_machine

ASYMMETRIC = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""Signatures of tokens; a shared secret would let every verifier mint tokens."""


class GatewaySettings(BaseSettings):
    """Who may call how often, whose tokens count, and what the board links to."""

    gateway_address: HostAndPort = Field(
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

    @field_validator("gateway_origins")
    @classmethod
    def _origins(cls, value: str) -> str:
        for origin in listed(value):
            if not ORIGIN.fullmatch(origin):
                raise ValueError(f"'{origin[:80]}' must be scheme://host or scheme://host:port, and no more")
        return value

    def algorithms(self) -> tuple[str, ...]:
        """The signatures that tokens may have."""
        return listed(self.oidc_algorithms)

    def origins(self) -> tuple[str, ...]:
        """The origins whose pages may call the gateway."""
        return listed(self.gateway_origins)
