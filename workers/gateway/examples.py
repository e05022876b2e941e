"""Real bodies for the OpenAPI document: what the people of a rehearsal send, without what the door adds."""

from __future__ import annotations

from datetime import date
from typing import Any

from workers.rehearsal.cast import COMMITTEE, PLACES, Cast, Json
from workers.rehearsal.meeting_cast import MeetingCast

_KEPT_OUT = ("actor", "kind", "command_id")
_IN_THE_PATH = ("plan_id", "application_ref", "meeting_ref")
REF = "a0b3db92ae94bffd"


def _body(command: Json) -> Json:
    return {name: value for name, value in command.items() if name not in _KEPT_OUT}


def _start(given: Json) -> Json:
    return {name: value for name, value in given.items() if name not in _IN_THE_PATH}


def _of_applications() -> dict[str, Json]:
    cast = Cast(REF)
    return {
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
        "correct": cast.correct(3),
    }


def _of_meetings() -> dict[str, Json]:
    cast = MeetingCast("meeting-2023-1")
    return {
        "commit_draw": cast.commit("drawer"),
        "draw": cast.draw(),
        "replace": cast.replace(3),
        "set_agenda": cast.agenda(REF),
        "open_meeting": cast.open_meeting(1, 2),
        "open_ballot": cast.open_ballot(REF),
        "close_ballot": cast.close_ballot(REF, signed=True, sealed=True),
        "void_ballot": cast.void_ballot(REF),
        "break_off": cast.break_off(REF),
        "sign": cast.sign(REF),
        "close_meeting": cast.close_meeting(),
        "call_off": cast.call_off(),
    }


def _of_cycles() -> dict[str, Json]:
    """What offices send in a year; `plan_toml` and `notice_toml` are whole files, here their first lines."""
    extended = {"document_no": "津职称办〔2023〕9号", "text": "评审系统停机，申报期限顺延"}
    return {
        "issue_plan_version": {
            "plan_toml": 'id = "tianjin-quality-2023"\nversion = 2\nyear = 2023\n# ...\n',
            "document_no": "津市监人函〔2023〕12号",
            "text": "申报期限延长",
        },
        "issue_calendar": {
            "notice_toml": '[[notice]]\nyear = 2024\ndocument = "国办发明电〔2023〕7号"\n# ...\n',
            "document_no": "国办发明电〔2023〕7号",
            "text": "2024年部分节假日安排",
            "apply": False,
        },
        "extend_deadline": {
            "selection": {"department": "binhai-hrss"},
            "changes": [{"name": "department_submission", "last_day": "2023-11-10"}],
            **extended,
        },
        "admit_late": {"application_ref": REF, "last_day": "2023-11-10", **extended},
        "spot_check": {
            "per_mille": 50,
            "question": "提供2023年度继续教育学时证明",
            "answer_by": "2023-12-24",
            "document_no": "津职称办〔2023〕11号",
        },
        "publish_list": {
            "postings": [{"place": place, "posted_at": "2023-12-18T09:00:00+08:00"} for place in PLACES],
            "meeting_refs": ["meeting-2023-1"],
        },
        "file_report": {"report_ref": "津质评报〔2024〕1号"},
        "record_step": {"step": "plan_filed", "on": "2023-09-14", "document_no": "津市监〔2023〕1号"},
        "close": {"text": "本年度评审工作结束"},
    }


EXAMPLES: dict[str, Any] = {
    "start": _start(Cast(REF).start()),
    "start_meeting": {"committee_ref": COMMITTEE, "meeting_on": "2023-12-08"},
    **{kind: _body(body) for kind, body in _of_applications().items()},
    **{f"meeting_{kind}": _body(body) for kind, body in _of_meetings().items()},
    **{f"cycle_{kind}": body for kind, body in _of_cycles().items()},
}
EXAMPLES["decide"] = EXAMPLES["review"]
"""By the name of the route; `start` begins an application."""
