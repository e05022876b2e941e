"""Who may use which route: one entry a route, by its name. A route without an entry does not start.

Deny by default. What a caller sees of an application is a question of its own (`models.visibility`); what a
caller may do with it is answered by the lifecycle again.
"""

from __future__ import annotations

from dataclasses import dataclass

from models.batch import NOT_FOR_MANY
from models.batch_commands import BATCH_COMMANDS
from models.decide import ROLES_OF
from models.roles import Role

EVERY_ROLE = frozenset(Role) - {Role.SYSTEM, Role.PUBLIC}
OFFICES = frozenset({Role.OFFICE, Role.CONVENING_UNIT, Role.CITY_OFFICE})


@dataclass(frozen=True)
class Access:
    """`public`: without a token. `anyone`: with any valid one. Otherwise the caller holds one of `roles`."""

    roles: frozenset[Role] = frozenset()
    public: bool = False
    anyone: bool = False


def _of_command(kind: str) -> Access:
    roles = frozenset(ROLES_OF[kind])
    return Access(roles=roles - {Role.SYSTEM, Role.PUBLIC}, anyone=Role.PUBLIC in roles)


PUBLIC = Access(public=True)

OF_BATCHES = (
    "make_batch",
    "list_batches",
    "batch_state",
    "batch_items",
    "batch_results",
    *(f"batch_{kind}" for kind in BATCH_COMMANDS),
)

POLICY: dict[str, Access] = {
    "health": PUBLIC,
    "lifecycle": PUBLIC,
    "lifecycle_diagram": PUBLIC,
    "errors": PUBLIC,
    "verify_certificate": PUBLIC,
    "verify_file": PUBLIC,
    "public_lists": PUBLIC,
    "public_statistics": PUBLIC,
    "who_am_i": Access(anyone=True),
    "start_application": Access(roles=frozenset({Role.APPLICANT, Role.EMPLOYER, Role.OFFICE})),
    "start_applications": Access(roles=frozenset({Role.EMPLOYER, Role.OFFICE})),
    "application_state": Access(roles=EVERY_ROLE),
    "application_history": Access(roles=EVERY_ROLE),
    "application_deadlines": Access(roles=EVERY_ROLE),
    "application_refused": Access(roles=EVERY_ROLE),
    "application_next": Access(roles=EVERY_ROLE),
    "application_looks": Access(roles=OFFICES),
    "list_applications": Access(roles=EVERY_ROLE),
    "inbox": Access(roles=EVERY_ROLE),
    "statistics": Access(roles=OFFICES),
    "events": Access(roles=EVERY_ROLE),
    "event_stream": Access(roles=EVERY_ROLE),
    **dict.fromkeys(OF_BATCHES, Access(roles=EVERY_ROLE - NOT_FOR_MANY)),
    **{kind: _of_command(kind) for kind in ROLES_OF},
}
"""By the route's name (`operation_id`)."""
