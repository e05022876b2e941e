"""Real bodies for the OpenAPI document: what the people of a rehearsal send, without what the door adds."""

from __future__ import annotations

from datetime import date
from typing import Any

from workers.rehearsal.cast import Cast, Json

_KEPT_OUT = ("actor", "kind", "command_id", "plan_id", "application_ref")


def _body(command: Json) -> Json:
    return {name: value for name, value in command.items() if name not in _KEPT_OUT}


def _examples() -> dict[str, Any]:
    cast = Cast("a0b3db92ae94bffd")
    bodies = {
        "start": cast.start(),
        "submit": cast.submit(),
        "review": cast.employer_return(),
        "resubmit": cast.resubmit("e1"),
        "withdraw": cast.withdraw(),
        "start_publicity": cast.start_publicity(),
        "file_publicity_evidence": cast.file_evidence(),
        "object": cast.objects(),
        "rule_on_objection": cast.rule("obj-1", "unfounded"),
        "record_exam": cast.exam("passed", date(2023, 11, 11)),
        "schedule": cast.schedule(date(2023, 12, 6), date(2023, 11, 27)),
        "record_vote": cast.vote(7),
        "publish_result": cast.publish("2023-12-08T10:00:00+08:00"),
        "confirm": cast.confirm(),
        "request_recheck": cast.ask_recheck(),
        "rule_on_recheck": cast.rule_recheck("upheld"),
        "archive": cast.archive(),
        "cancel": cast.cancel("eligibility", "office"),
        "revoke": cast.revoke(),
        "hold": cast.hold(),
        "release": cast.release(),
        "revise_deadlines": cast.revise("extension", [{"name": "meeting", "last_day": "2024-02-02"}]),
    }
    return {kind: _body(body) for kind, body in bodies.items()}


EXAMPLES = _examples()
"""By the kind of the command; `start` begins an application."""
