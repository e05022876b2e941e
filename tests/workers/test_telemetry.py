"""Log lines: each once whatever is replayed, with its context, and with nothing personal."""

from __future__ import annotations

import io
import logging
from collections import Counter

import pytest
import structlog
from psycopg.errors import UniqueViolation
from pydantic import BaseModel
from sqlalchemy import create_engine, text
from sqlalchemy.exc import SQLAlchemyError
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowHandle, WorkflowUpdateFailedError

from tests.codec import replayer
from tests.support import eventually, log_to_stderr, unique
from tests.workers.conftest import Lines
from tests.workers.logging_workflow import Speaks, speak
from workers.redaction import REDACTED, scrub_text
from workers.settings import Settings
from workers.telemetry import configure_logging, subject_of
from workers.worker import build_worker


async def _spoken(client: Client, queue: str, workflow_id: str, lines: Lines) -> WorkflowHandle[Speaks, None]:
    """One whole life of the speaker.

    The first update waits for the end of the first task, so that the second one must replay it.
    """
    handle = await client.start_workflow(Speaks.run, id=workflow_id, task_queue=queue)

    async def begun() -> bool:
        events = (await handle.fetch_history()).events
        return any(e.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED for e in events)

    await eventually(begun)
    for word in ("one", "two"):
        await handle.execute_update(Speaks.say, word)
    with pytest.raises(WorkflowUpdateFailedError):
        await handle.execute_update(Speaks.say, "no")

    def spoken_twice() -> bool:
        said = [line for line in lines.all() if line["event"] == "spoken"]
        return sum(line["workflow_id"] == workflow_id for line in said) == 2

    await eventually(spoken_twice)
    await handle.query(Speaks.look)
    await handle.signal(Speaks.end)
    await handle.result()
    return handle


async def _tried_again(handle: WorkflowHandle[Speaks, None]) -> bool:
    """A task that a busy machine made the server hand out twice speaks twice: that is no replay."""
    events = (await handle.fetch_history()).events
    return any(e.workflow_task_scheduled_event_attributes.attempt > 1 for e in events) or any(
        e.event_type
        in (EventType.EVENT_TYPE_WORKFLOW_TASK_TIMED_OUT, EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED)
        for e in events
    )


async def test_each_line_is_written_once_although_every_task_is_a_replay(
    client: Client, settings: Settings, lines: Lines
) -> None:
    no_cache = settings.model_copy(update={"max_cached_workflows": 0})
    async with build_worker(client, no_cache, [Speaks], [speak]):
        for _ in range(4):
            workflow_id = f"application/2023-senior/{unique('ref')}"
            handle = await _spoken(client, settings.task_queue, workflow_id, lines)
            if not await _tried_again(handle):
                break

    voices = ("test.workflow", "test.stdlib", "temporalio.workflow", "test.activity", "temporalio.activity")
    ours = [line for line in lines.of(*voices) if line["workflow_id"] == workflow_id]
    assert Counter(line["event"] for line in ours) == {
        "started": 1,
        "started through the standard library": 1,
        "started through the SDK": 1,
        "accepted": 2,
        "refused": 1,
        "activity": 2,
        "activity through the SDK": 2,
        "spoken": 2,
        "looked at": 1,
        "asked to end": 1,
        "ended": 1,
    }
    for line in ours:
        assert line["plan"] == "2023-senior"
        assert line["application"] == workflow_id.rpartition("/")[2]
        assert line["workflow_id"] == workflow_id
        assert line["run_id"] == handle.first_execution_run_id
        assert line["attempt"] == 1

    accepted = next(line for line in ours if line["event"] == "accepted")
    assert (accepted["hop"], accepted["revision"], accepted["command_id"]) == ("employer", 3, "c-one")
    assert (accepted["update"], accepted["id_number"]) == ("say", REDACTED)
    assert "hop" not in lines.only("ended")
    spoken = next(line for line in ours if line["event"] == "activity")
    assert (spoken["activity_type"], spoken["phone"]) == ("speak", REDACTED)

    before = len(lines.all())
    history = await handle.fetch_history()
    await replayer(workflows=[Speaks]).replay_workflow(history)
    assert [line["event"] for line in lines.all()[before:] if line["logger"].startswith("test.")] == []

    # The logger is silent by itself too, in a process whose logging is not ours.
    with structlog.testing.capture_logs() as said:
        await replayer(workflows=[Speaks]).replay_workflow(history)
    assert said == []


class Person(BaseModel):
    full_name: str
    age: int


def test_nothing_personal_is_written(lines: Lines) -> None:
    log = structlog.stdlib.get_logger("test")
    log.info(
        "called 13800138000 of 张三 (11010519491231002X)",
        name="张三",
        nested={"email": "a@b.cn", "rows": [{"姓名": "张三", "unit": "A12"}]},
        person=Person(full_name="张三三", age=30),
        password="hunter2",
        url="postgresql://clerk:hunter2@db/titles",
    )
    logging.getLogger("library").warning("mail to %s", "li.si@example.cn")
    written = lines.stream.getvalue()
    for secret in ("13800138000", "11010519491231002X", "a@b.cn", "张三三", "hunter2", "li.si"):
        assert secret not in written
    first, second = lines.all()
    assert first["name"] == REDACTED
    assert first["nested"] == {"email": REDACTED, "rows": [{"姓名": REDACTED, "unit": "A12"}]}
    assert first["person"] == "<Person>"
    assert second["event"] == f"mail to {REDACTED}"


def test_an_error_is_shown_without_the_input_that_caused_it(lines: Lines) -> None:
    """The values stand apart from the failing lines, whose source a traceback quotes."""
    person = {"full_name": "王小明", "age": "王五"}
    row = {"n": "赵六"}
    engine = create_engine("sqlite://")
    violation = UniqueViolation("duplicate key value\nDETAIL: Key (n)=(孙七) already exists.")
    try:
        Person.model_validate(person)
    except ValueError:
        structlog.stdlib.get_logger("test").exception("validation failed")
    try:
        with engine.connect() as connection:
            connection.execute(text("SELECT missing FROM nowhere WHERE n = :n"), row)
    except SQLAlchemyError:
        logging.getLogger("library").exception("query failed")
    finally:
        engine.dispose()
    try:
        raise violation
    except UniqueViolation as error:
        structlog.stdlib.get_logger("test").error("not stored", exc_info=error, reason=error)
    validation, query, unique_violation = lines.all()
    assert "age: int_parsing" in validation["exception"]
    assert "test_telemetry.py" in validation["exception"]
    assert "SELECT missing" in query["exception"]
    assert unique_violation["exception"].endswith("UniqueViolation: SQLSTATE 23505")
    assert not [name for name in ("王小明", "王五", "赵六", "孙七") if name in lines.stream.getvalue()]


@pytest.mark.parametrize(
    "harmless",
    [
        "8d3f1c2a-1111-4222-8333-139123456789",
        "run 13912345678901 of 20231105",
        "f13912345678",
        "postgresql://host:5432/titles",
    ],
)
def test_what_only_looks_alike_is_kept(harmless: str) -> None:
    assert scrub_text(harmless) == harmless


def test_the_subject_comes_from_the_id_of_the_contract() -> None:
    assert subject_of("application/p/r") == {"plan": "p", "application": "r"}
    assert subject_of("meeting/p/m") == {"plan": "p", "meeting": "m"}
    assert subject_of("cycle/p") == {"plan": "p"}
    assert subject_of("batch/b") == {"batch": "b"}
    assert subject_of("anything") == subject_of(None) == {}


def test_the_console_format_is_for_people() -> None:
    stream = io.StringIO()
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    try:
        configure_logging(Settings.load(log_format="console", log_level="warning"), stream)
        log = structlog.stdlib.get_logger("test")
        log.info("not this")
        log.warning("this", phone="13800138000")
    finally:
        log_to_stderr()
        root.handlers[:], root.level = handlers, level
    assert "this" in stream.getvalue()
    assert "not this" not in stream.getvalue()
    assert "phone=[redacted]" in stream.getvalue()
