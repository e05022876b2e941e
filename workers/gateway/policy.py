"""Who may use which route: one entry a route, by its name. A route without an entry does not start.

Deny by default. What a role may see of an application is a question of its own (`models.visibility`); what it
may do with it is answered by the lifecycle again.
"""

from __future__ import annotations

from dataclasses import dataclass

from models.roles import Role

EVERY_ROLE = frozenset(Role) - {Role.SYSTEM, Role.PUBLIC}
OFFICES = frozenset({Role.OFFICE, Role.CONVENING_UNIT, Role.CITY_OFFICE})


@dataclass(frozen=True)
class Access:
    """`public`: without a token. Otherwise the caller holds one of `roles`."""

    roles: frozenset[Role] = frozenset()
    public: bool = False


PUBLIC = Access(public=True)

POLICY: dict[str, Access] = {}
"""By the route's name (`operation_id`)."""
