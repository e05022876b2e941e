"""Short lives that between them pass every hop and leave a row in every table."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from tests.activities.recorded import RecordedLife
from tests.models.life import (
    Cast,
    accepted,
    archived,
    certified,
    posted,
    published,
    recommended,
    submitted,
    to_confirm,
    voted,
    with_department,
    with_office,
)


def _new(ref: str = "life", **cast: object) -> RecordedLife:
    return RecordedLife(Cast(ref, **cast))  # type: ignore[arg-type]


def main_line() -> RecordedLife:
    life = _new()
    archived(life)
    return life


def withdrawn() -> RecordedLife:
    life = _new()
    submitted(life).do(life.cast.withdraw(), "2023-09-21 09:00")
    return life


def employer_return() -> RecordedLife:
    life = _new()
    submitted(life).do(life.cast.employer_return(), "2023-09-21 09:00")
    item = life.state.returns[-1].items[0].id
    life.do(life.cast.resubmit(item, dossier=life.cast.dossier()), "2023-09-22 09:00")
    return life


def lapsed() -> RecordedLife:
    life = _new()
    recommended(life).at("2023-11-08 09:00")
    return life


def employer_objection() -> RecordedLife:
    life = _new()
    posted(life).do(life.cast.objects(), "2023-09-26 09:00")
    life.do(life.cast.objects(real_name=False), "2023-09-27 09:00")
    life.do(life.cast.rule("employer-objection-1", "unfounded"), "2023-10-09 09:00")
    life.do(life.cast.rule("employer-objection-2", "curable"), "2023-10-10 09:00")
    return life


def department_reject() -> RecordedLife:
    life = _new()
    with_department(life).do(life.cast.department_reject(), "2023-10-10 09:00")
    return life


def office_return() -> RecordedLife:
    life = _new()
    with_office(life).do(life.cast.office_return(), "2023-10-16 09:00")
    life.do(life.cast.resubmit("o1"), "2023-10-17 09:00")
    life.do(life.cast.resubmit(role="employer"), "2023-10-18 09:00")
    life.do(life.cast.resubmit(role="department"), "2023-10-19 09:00")
    return life


def abandoned() -> RecordedLife:
    life = _new()
    with_office(life).do(life.cast.office_return(), "2023-10-16 09:00")
    life.at("2023-11-01 09:00")
    return life


def deadline_moved() -> RecordedLife:
    life = _new()
    changes = [{"name": "office_review", "last_day": "2023-11-24"}]
    with_office(life).do(life.cast.revise("plan_amendment", changes), "2023-10-16 09:00")
    return life


def held() -> RecordedLife:
    life = _new()
    submitted(life).do(life.cast.hold(), "2023-09-25 09:00")
    life.do(life.cast.release(), "2023-10-12 09:00")
    return life


def exam_failed() -> RecordedLife:
    life = _new(route="exam")
    accepted(life).do(life.cast.exam("failed", date(2023, 11, 25)), "2023-11-27 09:00")
    return life


def recheck_upheld() -> RecordedLife:
    life = _new()
    voted(life, yes=5).do(life.cast.ask_recheck(), "2023-12-18 09:00")
    life.do(life.cast.rule_recheck("upheld"), "2023-12-20 09:00")
    return life


def result_objection() -> RecordedLife:
    life = _new()
    published(life).do(life.cast.objects(), "2023-12-19 09:00")
    life.at("2023-12-26 09:00")
    life.do(life.cast.rule("result-objection-1", "unfounded", role="convening_unit"), "2023-12-27 09:00")
    return life


def questioned() -> RecordedLife:
    life = _new()
    question = life.cast.confirm() | {"outcome": "question", "text": "名单与报告不一致"}
    to_confirm(life).do(question)
    return life


def complained() -> RecordedLife:
    life = _new()
    submitted(life).do(life.cast.objects(), "2023-09-21 09:00")
    life.signal(life.cast.accept(actor=life.cast.actor("public")), "2023-09-22 09:00")
    return life


def revoked() -> RecordedLife:
    life = _new()
    certified(life).do(life.cast.revoke(), "2024-01-03 09:00")
    return life


def post_released() -> RecordedLife:
    life = _new(full_post_management=True)
    post = {"basis": "ratio", "available": 1, "record": "台账", "total": 10, "share": (3, 10), "occupied": 2}
    submitted(life).do(life.cast.recommend(post=post), "2023-09-22 09:00")
    life.do(life.cast.withdraw("employer"), "2023-09-25 09:00")
    return life


def post_missing() -> RecordedLife:
    life = _new(full_post_management=True)
    post = {"basis": "free_posts", "available": 0, "record": "台账"}
    submitted(life).do(life.cast.recommend(post=post), "2023-09-22 09:00")
    return life


STORIES: dict[str, Callable[[], RecordedLife]] = {
    "main line": main_line,
    "withdrawn": withdrawn,
    "employer return, repaired": employer_return,
    "lapsed": lapsed,
    "two objections to the employer's publicity": employer_objection,
    "department rejects": department_reject,
    "office return, corrected": office_return,
    "office return, abandoned": abandoned,
    "deadline moved": deadline_moved,
    "held and released": held,
    "examination failed": exam_failed,
    "re-check upheld": recheck_upheld,
    "objection to the result": result_objection,
    "result questioned": questioned,
    "complaint, and a signal refused": complained,
    "title revoked": revoked,
    "post held and given back": post_released,
    "no post is free": post_missing,
}
