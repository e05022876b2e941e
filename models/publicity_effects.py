"""What publicities and objections write into the state: posting, the end of a period, findings."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, cast

from models import commands as c
from models.audit import digest
from models.stages import Stage
from models.state import ApplicationState, Objection, Publicity
from models.wire import last_day_before, local_day


def post(state: ApplicationState, command: c.Command, now: datetime) -> None:
    """The employer's notice is up."""
    post = cast(c.StartPublicity, command)
    state.publicities.append(
        Publicity(
            of="employer",
            started_at=now,
            start_day=local_day(now),
            working_days=post.working_days or state.plan.employer_publicity_wd,
            notice_sha256=post.notice_sha256,
            list_sha256=post.list_sha256,
            places=post.places,
            dossier_digest=state.dossier.digest if state.dossier else None,
        )
    )


def publish(state: ApplicationState, command: c.Command, now: datetime) -> None:
    """The list of results is up in every place; it counts from the last of them."""
    publish = cast(c.PublishResult, command)
    later = max(p.posted_at for p in publish.postings)
    running = state.running_publicity()
    if running is not None:
        _replace_publicity(state, running, cancelled=True)
    state.publicities.append(
        Publicity(
            of="result",
            started_at=later,
            start_day=local_day(later),
            working_days=state.plan.result_publicity_wd,
            notice_sha256=None,
            list_sha256=publish.list_sha256,
            places=tuple(p.place for p in publish.postings),
            postings=publish.postings,
        )
    )
    _objections_since(state, later)


def publish_anew(state: ApplicationState, command: c.Command, now: datetime) -> None:
    """The list is up again, in full."""
    drop_publicities(state, "result")
    publish(state, command, now)


def _objections_since(state: ApplicationState, posted_at: datetime) -> None:
    """What came while the list was posted but not yet recorded was in time: an objection, no complaint."""
    for index, objection in enumerate(state.objections):
        if objection.publicity == "none" and objection.open and objection.at >= posted_at:
            state.objections[index] = objection.model_copy(update={"publicity": "result"})


def _replace_publicity(state: ApplicationState, old: Publicity, **changes: object) -> None:
    state.publicities[state.publicities.index(old)] = old.model_copy(update=changes)


def drop_publicities(state: ApplicationState, of: str) -> None:
    """Publicities of that kind no longer count: what was shown has changed or was wrong."""
    for publicity in list(state.publicities):
        if publicity.of == of and not publicity.cancelled:
            _replace_publicity(state, publicity, cancelled=True)


def finish_publicity(state: ApplicationState, ended_at: datetime) -> None:
    """The running publicity has run in full, until `ended_at` (exclusive).

    What came at or after that instant is a complaint, also where the posting was recorded later still
    (process (b), invariant 7; reading 17).
    """
    running = state.running_publicity()
    assert running is not None
    _replace_publicity(state, running, ended_at=ended_at, last_day=last_day_before(ended_at))
    for index, objection in enumerate(state.objections):
        if objection.publicity == running.of and objection.open and objection.at >= ended_at:
            state.objections[index] = objection.model_copy(update={"publicity": "none"})


def raise_objection(state: ApplicationState, command: c.Command, now: datetime) -> None:
    """An objection while a period runs, else a complaint."""
    said = cast(c.Object, command)
    of: Literal["employer", "result", "none"] = "none"
    if state.stage is Stage.EMPLOYER_PUBLICITY:
        of = "employer"
    elif state.stage is Stage.RESULT_PUBLICITY:
        of = "result"
    prefix = "complaint" if of == "none" else f"{of}-objection"
    number = sum(1 for o in state.objections if o.id.startswith(prefix)) + 1
    state.objections.append(
        Objection(
            id=f"{prefix}-{number}",
            at=now,
            publicity=of,
            real_name=said.real_name,
            grounds_digest=digest(said.grounds),
            by=said.actor.id,
        )
    )


def question(state: ApplicationState, command: c.Command, now: datetime) -> None:
    """Whoever confirms has a question: it is looked into like an objection."""
    confirm = cast(c.Confirm, command)
    number = sum(1 for o in state.objections if o.id.startswith("question")) + 1
    state.objections.append(
        Objection(
            id=f"question-{number}",
            at=now,
            publicity="result",
            real_name=True,
            grounds_digest=digest(confirm.text or ""),
            by=confirm.actor.id,
        )
    )


def rule_on(state: ApplicationState, command: c.Command, now: datetime) -> None:
    """A finding on an objection or a complaint."""
    rule = cast(c.RuleOnObjection, command)
    for index, objection in enumerate(state.objections):
        if objection.id == rule.objection_id:
            state.objections[index] = objection.model_copy(
                update={"finding": rule.finding, "ruled_by": rule.actor.id}
            )
