"""Saved searches: whose they are, and how they are named. The texts are those of `models.search`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from pydantic import StringConstraints

from models.roles import Reference, Role
from models.selection import SearchText
from models.visibility import Grant
from models.wire import Instant, Wire

PERSON = "person"

SearchName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9一-龥][A-Za-z0-9一-龥._-]{0,39}$")]
"""1 to 40 letters, digits, Chinese characters and . _ - only; it is written `@name`."""


class Owner(Wire):
    """A person (`role` None, by the subject), or an organisation in a role: all of its people share it."""

    role: Role | None = None
    id: Reference

    @property
    def key(self) -> tuple[str, str]:
        """How it is stored."""
        return self.role.value if self.role is not None else PERSON, self.id

    @staticmethod
    def all_of(subject: str, grants: Iterable[Grant]) -> tuple[Owner, ...]:
        """Whose searches somebody may use: first those of the organisations, then the own, which wins."""
        houses = [Owner(role=g.role, id=g.organisation) for g in grants if g.organisation is not None]
        return (*houses, Owner(id=subject))


class SavedView(Wire):
    """A saved search as people read it."""

    name: SearchName
    search: SearchText
    owner: Owner
    saved_by: Reference
    saved_at: Instant
