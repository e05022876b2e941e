"""Against peers: the same life on other engines, on this machine, on one PostgreSQL that writes every commit.

Peers are installed from a pinned list into a Python of their own: this service needs none of them.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import subprocess
import sys
import venv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workers.bench.lives import Sender, crowd, quantile
from workers.bench.part import Figures
from workers.bench.postgres import Postgres
from workers.bench.stand import Stand, family_cpu_seconds, spent
from workers.embedded import DevServer

HERE = Path(__file__).parent / "peers"
LOCK = HERE / "requirements.lock"
PACKAGES = ("dbosify", "dbos", "SpiffWorkflow", "django-viewflow", "Django", "psycopg")
KINDS = ("engine and sender", "server", "database")
"""The processes, in the order of the table."""

PATIENCE = 900.0
"""Seconds for one peer."""


@dataclass(frozen=True)
class Peer:
    """`script` and its arguments before the address of the database; `did_not`: what it left out."""

    name: str
    title: str
    script: tuple[str, ...]
    did_not: str


PEERS = (
    Peer(
        "temporalio",
        "Temporal, the plain life",
        ("temporal_like.py", "temporalio"),
        "the floor of this table: no lifecycle with guards, no inbox, notices, deadlines with lineage or "
        "search attributes; no sandbox",
    ),
    Peer(
        "dbosify",
        "dbosify: Temporal's SDK over DBOS, without a server",
        ("temporal_like.py", "dbosify"),
        "the same text as the line above. No Web UI, no other language's SDK, no search attributes asked "
        "for. 0.4.0 does not start on the dbos that its own requirement admits; one missing module is put "
        "in its place",
    ),
    Peer(
        "dbos",
        "DBOS",
        ("dbos_life.py",),
        "a decision is a message and its receipt an event: nobody can be refused before the message is "
        "recorded, and a query needs the database. No search attributes",
    ),
    Peer(
        "spiff",
        "SpiffWorkflow",
        ("spiff_life.py",),
        "a library: no server, no worker, no queue; it is called where the request is handled. The host "
        "stores the serialised workflow, and nobody wakes it: the timer is looked at when a decision "
        "comes. A crash between commit and answer is the host's affair. No search attributes",
    ),
    Peer(
        "viewflow",
        "viewflow",
        ("viewflow_life.py",),
        "a library on Django: each decision is a row of its own, in the request's transaction. A timer is a "
        "row that a command looks at when cron runs it. Nothing proves that a running process goes on under "
        "a changed flow. No search attributes",
    ),
)


async def measure(full: bool) -> Figures:
    """Every peer, and this service, so many lives each; twice, in turns."""
    lives, at_once, rounds = (200, 20, 3) if full else (60, 20, 2)
    python = await asyncio.to_thread(install)
    found: dict[str, list[dict[str, Any]]] = {}
    for number in range(rounds):
        found.setdefault("zhicheng", []).append(await _ourselves(lives, at_once, number))
        for peer in PEERS:
            found.setdefault(peer.name, []).append(await _peer(peer, python, lives, at_once))
            print(f"  {peer.name}: {found[peer.name][-1]}", flush=True)
    return {
        "lives": lives,
        "at_once": at_once,
        "rounds": rounds,
        "versions": await asyncio.to_thread(_versions, python),
        "rows": {name: max(rows, key=lambda one: one["lives_per_second"]) for name, rows in found.items()},
    }


def install() -> Path:
    """The peers' own Python, made anew when the pinned list has changed."""
    digest = hashlib.sha256(LOCK.read_bytes()).hexdigest()[:12]
    folder = Path(__file__).resolve().parents[2] / ".cache" / f"peers-{digest}"
    python, done = folder / "bin" / "python", folder / "installed"
    if not done.exists():
        venv.create(folder, with_pip=True, clear=True)
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "--require-hashes", "--requirement", str(LOCK)], check=True)
        done.touch()
    return python


def _versions(python: Path) -> dict[str, str]:
    code = "import json, sys; from importlib.metadata import version as v; "
    code += "print(json.dumps({name: v(name) for name in sys.argv[1:]}))"
    found = subprocess.run([python, "-c", code, *PACKAGES], capture_output=True, text=True, check=True)
    versions: dict[str, str] = json.loads(found.stdout)
    return versions


async def _ourselves(lives: int, at_once: int, number: int) -> dict[str, Any]:
    async with Stand(durable=True, kind="postgresql") as stand:
        sender = Sender(stand.client, stand.queue)
        await crowd(sender.application, [f"warm-{number}-{n}" for n in range(10)], at_once)
        sender.seen, before = [], stand.clocks()
        seconds = await crowd(sender.application, [f"peer-{number}-{n}" for n in range(lives)], at_once)
        cpu = spent(before, stand.clocks())
    return {
        "lives_per_second": round(lives / seconds, 2),
        "decisions_per_second": round(len(sender.seen) / seconds, 1),
        "p50_ms": round(quantile(sender.seen, 0.5) * 1e3, 1),
        "p99_ms": round(quantile(sender.seen, 0.99) * 1e3, 1),
        "cpu_ms_a_life": {
            "engine and sender": round((cpu["worker"] + cpu["sender"]) / lives * 1e3, 1),
            "server": round(cpu["server"] / lives * 1e3, 1),
            "database": round(cpu["database"] / lives * 1e3, 1),
        },
    }


async def _peer(peer: Peer, python: Path, lives: int, at_once: int) -> dict[str, Any]:
    postgres = await asyncio.to_thread(Postgres)
    try:
        url = postgres.new_database()
        if peer.name != "temporalio":
            return await _run(peer, [str(python)], url, lives, at_once, [], postgres, None)
        folder = postgres.folder / "temporal"
        async with DevServer(db_file=folder / "temporal.db") as server:
            own = [sys.executable]
            return await _run(peer, own, url, lives, at_once, [server.address], postgres, server.pid)
    finally:
        postgres.close()


async def _run(
    peer: Peer,
    python: list[str],
    url: str,
    lives: int,
    at_once: int,
    more: list[str],
    postgres: Postgres,
    server: int | None,
) -> dict[str, Any]:
    script, *first = peer.script
    process = await asyncio.create_subprocess_exec(
        *python,
        script,
        *first,
        url,
        str(lives),
        str(at_once),
        *more,
        cwd=HERE,
        env={**os.environ, "PYTHONPATH": str(HERE)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    async with asyncio.timeout(PATIENCE):
        out, complaints = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"{peer.name} ended with {process.returncode}:\n{complaints.decode()[-1500:]}")
    row: dict[str, Any] = json.loads(out.decode().strip().splitlines()[-1])
    all_lives = lives + 10  # the processor time of database and server is of those that warm up, too
    cpu = {
        "engine and sender": round(row.pop("cpu_seconds") / lives * 1e3, 1),
        "server": round(family_cpu_seconds(server) / all_lives * 1e3, 1) if server else 0.0,
        "database": round(family_cpu_seconds(postgres.pid) / all_lives * 1e3, 1),
    }
    return {k: v for k, v in row.items() if k not in ("name", "lives", "seconds")} | {"cpu_ms_a_life": cpu}


def _in_order(row: dict[str, Any]) -> list[float]:
    return [row["cpu_ms_a_life"][kind] for kind in KINDS]


def tell(figures: Figures) -> str:
    """The table, then what each did not do."""
    rows = figures["rows"]
    versions = ", ".join(f"{name} {one}" for name, one in figures["versions"].items())
    titles = {"zhicheng": "**this service, all of it**", **{peer.name: peer.title for peer in PEERS}}
    lines = [
        "The same eleven decisions with four returns, a deadline that would end the life, and an audit row "
        "a decision, hash-chained, in one transaction with the read model, before the receipt is given. "
        f"{figures['lives']} lives, {figures['at_once']} at once; the better of {figures['rounds']} rounds. "
        "PostgreSQL with `fsync`, `synchronous_commit` and `full_page_writes` on for all; Temporal's server "
        f"with its file on disk. Installed: {versions}.",
        "",
        "| engine | lives/s | decisions/s | p50 ms | p99 ms | processor ms a life: engine and sender, "
        "server, database |",
        "|---|---|---|---|---|---|",
        *(
            f"| {titles[name]} | {row['lives_per_second']:.1f} | {row['decisions_per_second']:.0f} | "
            f"{row['p50_ms']:.0f} | {row['p99_ms']:.0f} | "
            f"{', '.join(f'{one:.0f}' for one in _in_order(row))} |"
            for name, row in ((name, rows[name]) for name in titles)
        ),
        "",
        "What each did not do (this service did: validate against the lifecycle and its guards, separation "
        "of duties, inbox, notices, findings, deadlines with their lineage, ten search attributes, one live "
        "application a person):",
        "",
        *(f"- **{peer.title}**: {peer.did_not}." for peer in PEERS),
        "",
        "This service runs server, worker and sender as three processes, the peers worker and sender in one: "
        "they are spared the way through a socket.",
    ]
    return "\n".join(lines)
