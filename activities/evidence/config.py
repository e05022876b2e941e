"""What an operator decides about uploads."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from models.evidence import MediaType


@dataclass(frozen=True)
class EvidenceConfig:
    """`max_bytes` of one file, `quota_bytes` of one application, what is taken, how long an upload waits."""

    max_bytes: int = 500_000_000
    quota_bytes: int = 2_000_000_000
    allowed: frozenset[MediaType] = frozenset(MediaType)
    waits: timedelta = timedelta(days=7)
    open_uploads: int = 60
    """Of one application at a time."""
