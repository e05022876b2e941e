"""What an operator may set of papers, made and received; part of `workers.settings.Settings`."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import BaseSettings

from activities.evidence.config import EvidenceConfig
from activities.papers.config import VERIFICATION_URL
from models.evidence import MediaType
from workers.codec.settings import listed


class SigningSettings(BaseSettings):
    """Who signs the papers that are made, and where they are verified."""

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

    @field_validator("signing_certificate_file")
    @classmethod
    def _key_with_certificate(cls, value: Path | None, info: ValidationInfo) -> Path | None:
        if (info.data.get("signing_key_file") is None) != (value is None):
            raise ValueError("must be given together with ZHICHENG_SIGNING_KEY_FILE")
        return value


class EvidenceSettings(BaseSettings):
    """Where the papers of applicants lie, and which are taken."""

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

    @field_validator("evidence_types")
    @classmethod
    def _media_types(cls, value: str) -> str:
        known = {kind.name.lower() for kind in MediaType}
        if not listed(value) or not set(listed(value)) <= known:
            raise ValueError("must list kinds of file that can be told by their content")
        return value

    def evidence(self) -> EvidenceConfig:
        """What is taken as a paper, how large, and how long an upload waits."""
        return EvidenceConfig(
            max_bytes=self.evidence_max_bytes,
            quota_bytes=self.evidence_quota_bytes,
            allowed=frozenset(MediaType[name.upper()] for name in listed(self.evidence_types)),
            waits=timedelta(days=self.evidence_days),
        )
