"""A throw-away workflow that logs from every place workflow code may log from."""

from __future__ import annotations

import logging
from datetime import timedelta

from temporalio import activity, workflow
from temporalio.exceptions import ApplicationError

from workflows.logging import log_context, workflow_logger

with workflow.unsafe.imports_passed_through():
    import structlog

log = workflow_logger("test.workflow")
stdlib_log = logging.getLogger("test.stdlib")


@activity.defn
async def speak(word: str) -> str:
    structlog.stdlib.get_logger("test.activity").info("activity", word=word, phone="13800138000")
    activity.logger.info("activity through the SDK")
    return word


@workflow.defn
class Speaks:
    def __init__(self) -> None:
        self.words: list[str] = []
        self.done = False

    @workflow.run
    async def run(self) -> list[str]:
        log.info("started")
        stdlib_log.info("started through the standard library")
        workflow.logger.info("started through the SDK")
        # As an application's first task does: a task without a command is played again with the next one,
        # live, so that its lines would be written twice.
        workflow.upsert_memo({"started": True})
        while not self.done:
            await workflow.wait_condition(lambda: self.done or len(self.words) > 0)
            for word in self.words:
                await workflow.execute_activity(speak, word, start_to_close_timeout=timedelta(seconds=10))
                log.info("spoken", word=word)
            self.words.clear()
        log.info("ended")
        return []

    @workflow.update
    def say(self, word: str) -> int:
        with log_context(hop="employer", revision=3, command_id=f"c-{word}"):
            log.info("accepted", id_number="11010519491231002X")
        self.words.append(word)
        return len(self.words)

    @say.validator
    def _may_say(self, word: str) -> None:
        if word == "no":
            log.warning("refused", word=word)
            raise ApplicationError("no")

    @workflow.signal
    def end(self) -> None:
        log.info("asked to end")
        self.done = True

    @workflow.query
    def look(self) -> int:
        log.info("looked at")
        return len(self.words)
