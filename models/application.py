"""How an application begins: the input of its workflow and the ids around it."""

from __future__ import annotations

import hashlib

from pydantic import Field, field_validator

from models.clock import REAL_TIME, BusinessClock
from models.roles import Reference
from models.wire import Wire


class Employer(Wire):
    """The unit that recommends, or the agency that acts for free-lancers.

    `full_post_management` is true for public institutions whose recommendations are bound by posts.
    """

    id: Reference
    full_post_management: bool = False


class ApplicationInput(Wire):
    """What starts an `ApplicationWorkflow`: opaque references only, no personal data.

    `applicant` is the opaque reference of the person. `archive_keeper` may be given when it is known
    who keeps the file. `clock` other than real time is for rehearsals.
    """

    plan_id: Reference
    application_ref: Reference
    applicant: Reference
    employer: Employer
    department: Reference
    specialty: Reference
    level: Reference
    archive_keeper: Reference | None = None
    clock: BusinessClock = Field(default=REAL_TIME)

    @field_validator("plan_id", "application_ref")
    @classmethod
    def _no_slash(cls, value: str) -> str:
        if "/" in value:
            raise ValueError("must not contain '/'")
        return value

    @property
    def workflow_id(self) -> str:
        """`application/{plan_id}/{application_ref}`."""
        return workflow_id(self.plan_id, self.application_ref)


def workflow_id(plan_id: str, application_ref: str) -> str:
    """The id of the workflow of one application."""
    return f"application/{plan_id}/{application_ref}"


def reference_of(plan_id: str, person: str, attempt: int = 1) -> str:
    """The application reference derived from the person, so that one person has one per cycle.

    `attempt` counts up when a withdrawn person starts again before the BAR. 16 hex digits of a sha-256;
    the person cannot be read from it without the (secret or random) person reference.
    """
    head = hashlib.sha256(f"{plan_id}\n{person}".encode()).hexdigest()[:16]
    return head if attempt == 1 else f"{head}-{attempt}"
