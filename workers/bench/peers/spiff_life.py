"""The same life on SpiffWorkflow, a BPMN library: `spiff_life.py URL LIVES AT_ONCE`.

It has no server and keeps nothing: the host stores the serialised workflow, here locked and in the
transaction of the audit row. Nobody wakes it either: its timer is looked at when a decision comes.
"""

from __future__ import annotations

import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import life
import psycopg
from SpiffWorkflow.bpmn.parser.BpmnParser import BpmnParser
from SpiffWorkflow.bpmn.serializer import BpmnWorkflowSerializer
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.util.task import TaskState

URL, LIVES, AT_ONCE = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
_own = threading.local()

_parser = BpmnParser()
_parser.add_bpmn_file(str(Path(__file__).with_name("life.bpmn")))
SPEC = _parser.get_spec("peer_life")
SERIALIZER = BpmnWorkflowSerializer()


def _connection() -> psycopg.Connection[Any]:
    if not hasattr(_own, "connection"):
        _own.connection = psycopg.connect(URL, autocommit=True)
    connection: psycopg.Connection[Any] = _own.connection
    return connection


def _begin(ref: str) -> None:
    workflow = BpmnWorkflow(SPEC)
    workflow.do_engine_steps()
    _connection().execute(
        "INSERT INTO peer_spiff VALUES (%s, %s)", (ref, SERIALIZER.serialize_json(workflow))
    )


def _decide(ref: str, seq: int, event: str) -> str:
    connection = _connection()
    with connection.transaction():
        row = connection.execute("SELECT state FROM peer_spiff WHERE ref = %s FOR UPDATE", (ref,)).fetchone()
        assert row is not None
        workflow = SERIALIZER.deserialize_json(row[0])
        workflow.refresh_waiting_tasks()
        task = workflow.get_next_task(state=TaskState.READY, manual=True)
        stage = life.next_stage(task.task_spec.name, event)
        task.data["event"] = event
        task.run()
        workflow.do_engine_steps()
        assert workflow.is_completed() == (stage == "withdrawn")
        connection.execute(
            "UPDATE peer_spiff SET state = %s WHERE ref = %s", (SERIALIZER.serialize_json(workflow), ref)
        )
        life.record(connection, ref, seq, event, stage)
    return stage


def _live(ref: str) -> list[float]:
    seen = []
    _begin(ref)
    for seq, event in enumerate(life.ELEVEN, start=1):
        begun = time.perf_counter()
        _decide(ref, seq, event)
        seen.append(time.perf_counter() - begun)
    return seen


def main() -> None:
    """Engine and sender in one process, a thread a life."""
    life.prepare(URL)
    with psycopg.connect(URL) as connection:
        connection.execute(
            "CREATE TABLE IF NOT EXISTS peer_spiff (ref text PRIMARY KEY, state text NOT NULL)"
        )
    with ThreadPoolExecutor(AT_ONCE) as crowd:
        list(crowd.map(_live, [f"warm-{n}" for n in range(10)]))
        begun = time.perf_counter()
        seen = list(crowd.map(_live, [f"life-{n}" for n in range(LIVES)]))
        seconds = time.perf_counter() - begun
    life.report("spiff", LIVES, seconds, [one for each in seen for one in each])


main()
