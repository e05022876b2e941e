"""What a process that takes or hands out papers works with: the store, the uploads, and who receives."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from activities.database import Database
from activities.evidence.receiving import Receiver
from activities.evidence.store import EvidenceStore, StoreUrlError, open_store
from activities.evidence.uploads import Uploads
from workers.settings import Settings, SettingsError

MOST_AT_ONCE = 16
"""Requests with bytes side by side; each holds one piece in memory."""


@dataclass(frozen=True)
class EvidenceDesk:
    """One a process. `slots`: how many requests with bytes it takes side by side."""

    store: EvidenceStore
    uploads: Uploads
    receiver: Receiver
    slots: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(MOST_AT_ONCE))


def evidence_desk(settings: Settings, database: Database) -> EvidenceDesk:
    """As the settings say. Raises `SettingsError`."""
    try:
        store = open_store(settings.evidence_url, settings.data_dir.absolute() / "evidence")
    except (StoreUrlError, OSError) as error:
        raise SettingsError(
            f"ZHICHENG_EVIDENCE_URL: {error}. Remedy: {Settings.model_fields['evidence_url'].description}."
        ) from None
    uploads = Uploads(database, store, settings.evidence())
    return EvidenceDesk(store, uploads, Receiver(uploads))
