"""The life that every peer lives: eleven decisions, four returns among them, under one deadline.

As little as a peer needs: which decision may be taken at which stage, an audit row a decision in the same
database transaction as the read model, and a deadline that would end it. No package but the database driver.
"""

from __future__ import annotations

import hashlib
import json
import time
from typing import Any

import psycopg

MOVES = {
    ("draft", "submit"): "employer_review",
    ("employer_review", "return"): "employer_returned",
    ("employer_returned", "resubmit"): "employer_review",
    ("employer_review", "recommend"): "recommended",
    ("recommended", "withdraw"): "withdrawn",
}
"""Stage and decision: the next stage."""

ELEVEN = ("submit", *("return", "resubmit") * 4, "recommend", "withdraw")
DEADLINE_SECONDS = 47 * 24 * 3600
"""From the opening of the cycle to the gate."""

TABLES = """
CREATE TABLE IF NOT EXISTS peer_application (
    ref text PRIMARY KEY, stage text NOT NULL, revision int NOT NULL);
CREATE TABLE IF NOT EXISTS peer_audit (
    ref text, seq int, event text NOT NULL, stage text NOT NULL, at double precision NOT NULL,
    prev_hash text NOT NULL, hash text NOT NULL, details text NOT NULL, PRIMARY KEY (ref, seq));
"""

DETAILS = json.dumps({"text": "首页未加盖公章", "items": ["e1"], "attested": ["identity", "seals"] * 4})


def next_stage(stage: str, event: str) -> str:
    """Where the decision leads. Raises `ValueError` when it may not be taken."""
    try:
        return MOVES[stage, event]
    except KeyError:
        raise ValueError(f"{event} is not permitted at {stage}") from None


def prepare(url: str) -> None:
    """Makes the tables."""
    with psycopg.connect(url) as connection:
        connection.execute(TABLES)


def record(connection: psycopg.Connection[Any], ref: str, seq: int, event: str, stage: str) -> None:
    """The audit row and the read model, in one transaction; again it changes nothing."""
    with connection.transaction():
        row = connection.execute(
            "SELECT hash FROM peer_audit WHERE ref = %s AND seq = %s", (ref, seq - 1)
        ).fetchone()
        before = row[0] if row else "0" * 64
        chained = hashlib.sha256(f"{before}{ref}{seq}{event}{stage}".encode()).hexdigest()
        connection.execute(
            "INSERT INTO peer_audit VALUES (%s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
            (ref, seq, event, stage, time.time(), before, chained, DETAILS),
        )
        connection.execute(
            "INSERT INTO peer_application VALUES (%s, %s, %s) ON CONFLICT (ref) DO UPDATE "
            "SET stage = excluded.stage, revision = excluded.revision",
            (ref, stage, seq),
        )


def report(name: str, lives: int, seconds: float, seen: list[float]) -> None:
    """What the benchmark reads, as the last line."""
    ordered = sorted(seen)
    print(
        json.dumps(
            {
                "name": name,
                "lives": lives,
                "seconds": round(seconds, 2),
                "lives_per_second": round(lives / seconds, 2),
                "decisions_per_second": round(len(seen) / seconds, 1),
                "p50_ms": round(ordered[len(ordered) // 2] * 1e3, 1),
                "p99_ms": round(ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))] * 1e3, 1),
                "cpu_seconds": round(time.process_time(), 2),
            }
        )
    )
