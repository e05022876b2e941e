"""What the routes of the gateway work with: made once when it starts, kept in `app.state.context`."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from fastapi import Request
from temporalio.client import Client

from activities.database import Database
from activities.identity_keys import IdentityKeys
from workers.client import ReviewClient
from workers.client_cycle import CycleClient
from workers.evidence_desk import EvidenceDesk
from workers.gateway.access_book import AccessBook
from workers.gateway.ears import Ears
from workers.gateway.limits import Limits
from workers.gateway.oidc import Verifier
from workers.settings import Settings

FILES_AT_ONCE = 4
"""Files of anybody (at most 50 MiB each) that are looked at side by side."""


@dataclass(frozen=True)
class Context:
    """One gateway: the doors to Temporal, the database, and who verifies tokens.

    `files`: places for files that are looked at. `closing` is set when the gateway stops: streams end then.
    """

    settings: Settings
    temporal: Client
    database: Database
    applications: ReviewClient
    cycles: CycleClient
    verifier: Verifier
    limits: Limits
    book: AccessBook
    evidence: EvidenceDesk
    identities: IdentityKeys
    ears: Ears
    files: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(FILES_AT_ONCE))
    closing: asyncio.Event = field(default_factory=asyncio.Event)


def context_of(request: Request) -> Context:
    """The gateway's context, for a route: `context: Annotated[Context, Depends(context_of)]`."""
    context: Context = request.app.state.context
    return context
