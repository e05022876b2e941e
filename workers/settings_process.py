"""What an operator may set of processes: server, data, worker; part of `workers.settings.Settings`."""

from __future__ import annotations

import os
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings

from models.batch import FOUR_EYES_ABOVE
from models.calendar_overlay import read_overlays
from workers.codec.settings import listed
from workers.settings_values import OFF, HostAndPort

DATABASE_DRIVERS = ("sqlite+aiosqlite", "postgresql+psycopg")


class ProcessSettings(BaseSettings):
    """Where Temporal, the data and the notices are, what is logged and counted, how a worker works."""

    temporal_address: HostAndPort | None = Field(
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
    health_address: HostAndPort = Field(
        default=OFF, description=f"give host:port for /healthz and /readyz; {OFF} turns it off"
    )
    metrics_address: HostAndPort = Field(
        default=OFF, description=f"give host:port for the SDK's Prometheus metrics; {OFF} turns it off"
    )
    service_metrics_address: HostAndPort = Field(
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

    @field_validator("data_dir")
    @classmethod
    def _no_file(cls, value: Path) -> Path:
        if value.is_file():
            raise ValueError(f"{value} is a file")
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

    @model_validator(mode="before")
    @classmethod
    def _database_beside_the_data(cls, values: dict[str, Any]) -> dict[str, Any]:
        if values.get("database_url"):
            return values
        directory = Path(values.get("data_dir") or cls.model_fields["data_dir"].default).absolute()
        return {**values, "database_url": f"sqlite+aiosqlite:///{directory / 'zhicheng.db'}"}

    def patches_held(self) -> frozenset[str]:
        """The named patches that no application takes yet."""
        return frozenset(listed(self.held_patches))
