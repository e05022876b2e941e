"""What an operator may set of Nexus: as whom its callers act; part of `workers.settings.Settings`."""

from __future__ import annotations

import json
import re
from typing import Annotated, Self

from pydantic import Field, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode

from models.roles import Reference, Role
from models.visibility import Grant
from models.wire import Wire

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


class NexusSettings(BaseSettings):
    """The callers through Nexus."""

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
