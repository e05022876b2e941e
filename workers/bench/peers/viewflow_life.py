"""The same life on viewflow, on Django: `viewflow_life.py URL LIVES AT_ONCE`.

Each decision completes a task in a transaction that holds the process's row, with the audit row in it.
"""

from __future__ import annotations

import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import parse_qs, urlsplit

import django
import life
from django.conf import settings

URL, LIVES, AT_ONCE = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
_at = urlsplit(URL)
settings.configure(
    SECRET_KEY="only of a measurement",
    USE_TZ=True,
    INSTALLED_APPS=[
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "viewflow",
        "viewflow.workflow",
        "viewflow_app",
    ],
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": _at.path.lstrip("/"),
            "USER": _at.username,
            "HOST": parse_qs(_at.query).get("host", [_at.hostname])[0],
            "PORT": _at.port or "",
            "CONN_MAX_AGE": None,
        }
    },
    ROOT_URLCONF="viewflow_life",
)
urlpatterns: list[Any] = []
django.setup()

from django.core.management import call_command  # noqa: E402 - only after the settings
from django.db import connection, transaction  # noqa: E402
from viewflow.workflow import STATUS  # noqa: E402
from viewflow.workflow.models import Process, Task  # noqa: E402
from viewflow_app.flows import PeerFlow  # noqa: E402


class Row:
    """Django's connection, as the common text wants one."""

    def transaction(self) -> Any:
        """The one that is open already goes on."""
        return transaction.atomic()

    def execute(self, statement: str, given: tuple[Any, ...]) -> Any:
        """By a cursor of its own."""
        cursor = connection.cursor()
        cursor.execute(statement, given)
        return cursor


def _decide(process: int, ref: str, seq: int, event: str) -> None:
    with transaction.atomic():
        task = Task.objects.get(process_id=process, status=STATUS.NEW, flow_task_type="FUNCTION")
        following = life.next_stage(task.flow_task.name, event)
        task.flow_task.run(task, event=event)
        life.record(Row(), ref, seq, event, following)  # type: ignore[arg-type]


def _live(ref: str) -> list[float]:
    seen = []
    process = PeerFlow.opened.run(ref=ref).pk
    for seq, event in enumerate(life.ELEVEN, start=1):
        begun = time.perf_counter()
        _decide(process, ref, seq, event)
        seen.append(time.perf_counter() - begun)
    assert Process.objects.get(pk=process).status == STATUS.DONE
    return seen


def main() -> None:
    """Engine and sender in one process, a thread a life."""
    life.prepare(URL)
    call_command("migrate", verbosity=0)
    with ThreadPoolExecutor(AT_ONCE) as crowd:
        list(crowd.map(_live, [f"warm-{n}" for n in range(10)]))
        begun = time.perf_counter()
        seen = list(crowd.map(_live, [f"life-{n}" for n in range(LIVES)]))
        seconds = time.perf_counter() - begun
    life.report("viewflow", LIVES, seconds, [one for each in seen for one in each])


main()
