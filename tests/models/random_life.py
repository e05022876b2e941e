"""Random lives: what may plausibly be sent next, what is wrong, and how time jumps between."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Callable
from datetime import date, timedelta
from random import Random

from models.corrections import CORRECTED, SUPERVISOR
from models.decide import options
from models.lifecycle import BY_EVENT, TRANSITIONS
from models.schedule import next_wake
from models.stages import Stage
from models.state import ApplicationState
from models.wire import local_day
from tests.models import life as ways
from tests.models.life import Cast, Json, Life
from tests.models.post_book import PostBook

Maker = Callable[[Life, Random], Json]

ROLES = ("applicant", "employer", "department", "office", "convening_unit", "expert", "chair", "city_office")


def changed_dossier(life: Life, rng: Random) -> Json:
    """The dossier again, with a new scan, a new title, or another fact."""
    dossier = life.cast.dossier()
    match rng.randrange(4):
        case 0:
            dossier["achievements"][0]["parts"][0]["sha256"] = f"{rng.randrange(1 << 30):064x}"
        case 1:
            dossier["achievements"][0]["title"] = f"Paper {rng.randrange(9)}"
        case 2:
            dossier["facts"]["education"] = "master"
        case _:
            dossier["facts"]["ce_committed"] = rng.random() < 0.5
    return dossier


def resubmission(life: Life, rng: Random) -> Json:
    """Answers to every item, by whose turn it is; now and then with a changed dossier."""
    last = life.state.last_return
    items = [item.id for item in last.items] if last else ["e1"]
    role = life.state.action_by or "applicant"
    change: Json = {}
    if rng.random() < 0.3:
        change["dossier"] = changed_dossier(life, rng)
    if rng.random() < 0.2:
        change["change_class"] = "substantive"
    return life.cast.resubmit(*(items if role == "applicant" else ()), role=role, **change)


def office_list(life: Life, rng: Random) -> Json:
    """A return of the office: a first list, or a later one, honest or not."""
    known = [item.id for r in life.state.returns if r.hop == "office" for item in r.items]
    item: Json = {"id": f"o{len(known) + 1}", "text": "材料不清晰"}
    if known and rng.random() < 0.6:
        item["unrepaired"] = rng.choice(known)
    elif known and rng.random() < 0.6:
        item["newly_arisen"] = True
    change: Json = {"items": [item]}
    if rng.random() < 0.3:
        change["correction_due"] = str(local_day(life.now) + timedelta(days=rng.randrange(-1, 15)))
    return life.cast.office_return(rng.choice(["formal", "formal", "substantive"]), **change)


def agenda(life: Life, rng: Random) -> Json:
    """A meeting in some days, drawn some days ago."""
    today = max(local_day(life.now), date(2023, 11, 28))
    meeting = today + timedelta(days=rng.choice([0, 3, 8, 14]))
    drawn = min(local_day(life.now), meeting - timedelta(days=rng.choice([5, 7, 10])))
    replaces = {"replaces": life.state.meeting.meeting_ref} if life.state.meeting else {}
    return life.cast.schedule(meeting, drawn, meeting_ref=f"meeting-{rng.randrange(4)}", **replaces)


def ballot(step: str) -> Maker:
    """Counts of nine or so, mostly right."""

    def make(life: Life, rng: Random) -> Json:
        opening = life.state.opening
        attending, recused = rng.choice([(9, 0), (11, 0), (10, 2), (8, 0), (7, 0), (9, 2), (12, 0)])
        if opening is not None and rng.random() < 0.8:
            attending, recused = opening.attending, opening.recused
        yes = rng.randrange(attending - recused + 1) if rng.random() < 0.5 else attending - recused
        abstain = rng.randrange(2) if yes < attending - recused else 0
        no = attending - recused - yes - abstain + (rng.random() < 0.1)
        return life.cast.vote(yes, attending, recused, step=step, no=no, abstain=abstain)

    return make


def ruling(finding: str) -> Maker:
    """A finding on some objection, by the side whose stage it is."""

    def make(life: Life, rng: Random) -> Json:
        result = life.state.stage in (Stage.RESULT_PUBLICITY, Stage.RESULT_OBJECTION)
        known = [o.id for o in life.state.objections if o.open] or ["none-1"]
        return life.cast.rule(rng.choice(known), finding, "convening_unit" if result else "employer")

    return make


def posting(life: Life, rng: Random) -> Json:
    """The list, posted some hours ago in both places; a correction names the list it replaces."""
    at = life.now - timedelta(hours=rng.choice([0, 1, 30]))
    shown = life.state.running_publicity() or life.state.completed_publicity("result")
    corrects = {"corrects": shown.list_sha256} if shown else {}
    return life.cast.publish(at.isoformat(), list_sha256=f"{rng.randrange(1 << 30):064x}", **corrects)


def posts(life: Life, rng: Random) -> Json:
    """A recommendation with the posts attested."""
    return life.cast.recommend(
        post={"basis": "free_posts", "available": rng.choice([0, 1, 3]), "record": "台账"}
    )


def examined(result: str, **change: object) -> Maker:
    """An examination held today."""
    return lambda life, _: life.cast.exam(result, local_day(life.now), **change)


def revision(life: Life, rng: Random) -> Json:
    """Some deadline moved in some way, often wrongly."""
    names = [d.name.value for d in life.state.current_deadlines()] + ["meeting", "exam", "correction"]
    day = local_day(life.now)
    change: Json = {"name": rng.choice(names)}
    change |= rng.choice(
        [
            {"last_day": str(day + timedelta(days=rng.randrange(-3, 30)))},
            {"add_working_days": rng.randrange(1, 6)},
            {"skip_days": [str(day)]},
        ]
    )
    if rng.random() < 0.2:
        return life.cast.revise("calendar_notice", [])
    return life.cast.revise(rng.choice(["extension", "interruption", "plan_amendment"]), [change])


def admission(life: Life, rng: Random) -> Json:
    """A late admission for some days."""
    day = local_day(life.now) + timedelta(days=rng.randrange(8))
    return life.cast.revise("late_admission", [{"name": "department_submission", "last_day": str(day)}])


def correction(life: Life, rng: Random) -> Json:
    """A step of correcting the latest decision: mostly the right one, by the right people."""
    undo, waiting = life.state.undo, life.state.correction
    fact = undo.seq if undo and rng.random() < 0.9 else rng.randrange(1, life.state.seq + 2)
    step = rng.choice(["approve", "approve", "dismiss"] if waiting else ["propose"] * 5 + ["approve"])
    role = undo.by.role.value if undo else "office"
    if undo and rng.random() < 0.2:
        role = SUPERVISOR[undo.by.role].value
    change = {"person": f"{role}-clerk"} if rng.random() < 0.1 else {}
    return life.cast.correct(fact, step, role, **change)


MAKERS: dict[str, Maker] = {
    "submit": lambda life, rng: life.cast.submit(
        **({"dossier": changed_dossier(life, rng)} if rng.random() < 0.1 else {})
    ),
    "employer_return": lambda life, _: life.cast.employer_return(),
    "employer_decline": lambda life, _: life.cast.employer_decline(),
    "employer_reopen": lambda life, _: life.cast.employer_reopen(),
    "recommend": posts,
    "quota_freed": posts,
    "attest_post": posts,
    "employer_resubmit": resubmission,
    "substantive_resubmit": resubmission,
    "correction_confirmed": resubmission,
    "department_resubmit": resubmission,
    "office_resubmit": resubmission,
    "start_publicity": lambda life, rng: life.cast.start_publicity(working_days=rng.choice([None, 5, 7, 3])),
    "employer_object": lambda life, _: life.cast.objects(),
    "result_object": lambda life, _: life.cast.objects(),
    "complaint": lambda life, _: life.cast.objects(),
    "cancel_publicity": lambda life, _: life.cast.cancel("publicity", "employer"),
    "objection_unfounded_stays": ruling("unfounded"),
    "objection_unfounded_more": ruling("unfounded"),
    "objection_unfounded": ruling("unfounded"),
    "objection_curable": ruling("curable"),
    "objection_founded": ruling("founded"),
    "objection_fraud": ruling("fraud"),
    "file_evidence": lambda life, _: life.cast.file_evidence(),
    "department_return": lambda life, rng: life.cast.department_return(rng.choice(["formal", "substantive"])),
    "department_reject": lambda life, _: life.cast.department_reject(),
    "department_submit": lambda life, _: life.cast.department_submit(),
    "office_accept": lambda life, _: life.cast.accept(),
    "office_return": office_list,
    "office_refuse": lambda life, _: life.cast.office_refuse(),
    "exam_pass": examined("passed"),
    "exam_fail": examined("failed"),
    "exam_cheat": examined("cheated"),
    "schedule": agenda,
    "schedule_defence": agenda,
    "reschedule": agenda,
    "defence_held": examined("passed", subject="defence"),
    "defence_absent": examined("absent", subject="defence"),
    "defence_excused": examined("excused", subject="defence"),
    "open_ballot": ballot("opened"),
    "open_and_count": ballot("counted"),
    "vote_passed": ballot("counted"),
    "vote_failed": ballot("counted"),
    "quorum_lost": ballot("quorum_lost"),
    "ask_recheck": lambda life, _: life.cast.ask_recheck(),
    "recheck_upheld": lambda life, _: life.cast.rule_recheck("upheld"),
    "recheck_founded": lambda life, _: life.cast.rule_recheck("founded"),
    "publish_result": posting,
    "republish_result": posting,
    "republish_ended": posting,
    "result_unfounded_stays": ruling("unfounded"),
    "result_unfounded_more": ruling("unfounded"),
    "result_unfounded": ruling("unfounded"),
    "result_procedure_broken": ruling("procedure_broken"),
    "result_refuted": ruling("fraud"),
    "confirm": lambda life, _: life.cast.confirm(),
    "confirm_question": lambda life, _: life.cast.confirm(outcome="question", text="存疑"),
    "archive": lambda life, _: life.cast.archive(),
    "withdraw": lambda life, _: life.cast.withdraw(),
    "withdraw_recommendation": lambda life, _: life.cast.withdraw("employer"),
    "withdraw_recommendation_late": lambda life, _: life.cast.withdraw("convening_unit"),
    "cancel_eligibility": lambda life, _: life.cast.cancel("eligibility", "city_office"),
    "cancel_result": lambda life, _: life.cast.cancel("eligibility", "city_office"),
    "revoke": lambda life, rng: life.cast.revoke(hearing_offered=rng.random() < 0.7),
    "hold": lambda life, rng: life.cast.hold(rng.choice(["investigation", "status_retired"])),
    "release": lambda life, _: life.cast.release(),
    "refuse_on_status": lambda life, _: life.cast.release("reject"),
    "revise_deadlines": revision,
    "admit_late": admission,
    **dict.fromkeys(["correction_proposed", "correction_dismissed", *CORRECTED], correction),
}
"""For every event with a command: a body that may bring it about."""

SIDEWAYS = {t.event for t in TRANSITIONS if t.every_stage or len(t.sources) > 4}
"""Events of many stages (withdrawal, hold, complaint): tried less often, so that lives grow old."""


def next_body(life: Life, rng: Random) -> Json:
    """Mostly what may come next, else anything at all; sometimes by the wrong person or an old revision."""
    may = [option.event for option in options(life.state)]
    onward = [event for event in may if event not in SIDEWAYS]
    luck = rng.random()
    if life.state.undo is not None and rng.random() < (0.5 if life.state.correction else 0.15):
        onward = [event for event in may if BY_EVENT[event].command == "correct"] or onward
    events = onward if luck < 0.7 and onward else may if luck < 0.9 and may else list(MAKERS)
    body = MAKERS[rng.choice(events)](life, rng)
    if rng.random() < 0.08:
        body["actor"] = life.cast.actor(rng.choice(ROLES), rng.choice([None, "somebody", "employer-clerk"]))
    if rng.random() < 0.05:
        body["expected_revision"] = max(0, life.state.revision - rng.randrange(2))
    return body


def jump(life: Life, rng: Random) -> None:
    """Hours, days, exactly to the next timer, or to one second before it."""
    wake = next_wake(life.state, life.now)
    choice = rng.randrange(10)
    if choice < 6:
        until = life.now + timedelta(hours=rng.choice([0, 1, 6]))
    elif choice < 7 or wake is None:
        until = life.now + timedelta(days=rng.choice([1, 3, 8]))
    elif choice < 8:
        until = wake - timedelta(seconds=1)
    else:
        until = wake
    meeting = life.state.meeting
    if meeting is not None and life.state.stage is Stage.EXPERT_REVIEW and rng.random() < 0.6:
        until = (
            max(until, life.now.replace(hour=15))
            if local_day(life.now) >= meeting.meeting_on
            else (ways.moment(f"{meeting.meeting_on} 15:00"))
        )
    life.pass_time(max(until, life.now))


def fork(life: Life) -> Life:
    """The life once more: the values are frozen, only the containers are new."""
    again = copy.copy(life)
    state = life.state.model_copy()
    for name in ApplicationState.model_fields:
        value = getattr(state, name)
        if isinstance(value, list | dict):
            setattr(state, name, value.copy())
    again.state, again.cast = state, copy.copy(life.cast)
    again.posts = PostBook(life.posts.entries)
    again.cast._ids = itertools.count(1000)
    return again


def _beginnings() -> list[Life]:
    """Lives at many ages and of every kind: with posts, examination, defence, direct corrections."""
    lives = [Life(), Life(Cast("life", full_post_management=True)), Life(correction_route="direct")]
    lives += [ways.submitted(Life()), ways.recommended(Life()), ways.posted(Life())]
    lives += [ways.submitted(Life(Cast("life", full_post_management=True)))]
    lives += [ways.with_department(Life()), ways.with_office(Life())]
    lives += [ways.with_office(Life(correction_route="direct"), "2023-11-06 09:00")]
    returned = ways.with_office(Life(), "2023-11-06 09:00")
    returned.do(returned.cast.office_return("substantive", correction_due="2023-11-20"), "2023-11-07 09:00")
    sealing = ways.with_department(Life())
    sealing.do(sealing.cast.department_return(), "2023-10-10 09:00")
    sealing.do(sealing.cast.resubmit("d1"))
    contested = ways.posted(Life())
    for person in ("colleague-1", "colleague-2"):
        contested.do(contested.cast.objects(person=person), "2023-09-28 09:00")
    doubted = ways.published(Life())
    for person in ("colleague-1", "colleague-2"):
        doubted.do(doubted.cast.objects(person=person), "2023-12-20 09:00")
    lives += [sealing, contested.at("2023-10-09 09:00"), doubted.at("2023-12-26 09:00")]
    late = ways.with_department(Life()).at("2023-11-06 20:00")
    lives += [ways.with_office(Life(Cast("life", route="exam")))]
    lives += [returned, late, ways.accepted(Life(Cast("life", route="exam"))), ways.accepted(Life())]
    lives += [ways.accepted(Life(defence=True)), ways.scheduled(Life(defence=True)).at("2023-12-15 12:00")]
    lives += [ways.scheduled(Life()), ways.voted(Life()), ways.voted(Life(), yes=3), ways.published(Life())]
    lives += [*_without_a_post(), *_mistaken()]
    lives += [ways.to_confirm(Life()), ways.certified(Life()), ways.archived(Life())]
    return lives


def _without_a_post() -> list[Life]:
    """Not passed, so that another application of the unit got the post; then the re-check is founded."""
    post = {"basis": "free_posts", "available": 1, "record": "台账"}
    life = ways.submitted(Life(Cast("life", full_post_management=True)))
    life.do(life.cast.recommend(post=post), "2023-09-22 09:00")
    life.do(life.cast.start_publicity(), "2023-09-25 09:00")
    life.do(life.cast.file_evidence(), "2023-10-09 09:00")
    life.do(life.cast.department_submit())
    life.do(life.cast.accept(), "2023-11-01 09:00")
    life.do(life.cast.schedule(date(2023, 12, 15), date(2023, 11, 30)), "2023-12-01 09:00")
    life.do(life.cast.vote(3), "2023-12-15 16:00")
    other = ways.submitted(Life(Cast("other", full_post_management=True), posts=life.posts))
    other.do(other.cast.recommend(post=post))
    life.do(life.cast.ask_recheck())
    founded = fork(life)
    founded.do(founded.cast.rule_recheck("founded"))
    return [life, founded]


def _mistaken() -> list[Life]:
    """Decisions that are soon found to be recorded on the wrong person: declined without a post, examined,
    confirmed by the department."""
    blocked = ways.submitted(Life(Cast("life", full_post_management=True)))
    blocked.do(blocked.cast.recommend(post={"basis": "free_posts", "available": 0, "record": "台账"}))
    blocked.do(blocked.cast.employer_decline())
    examined = ways.accepted(Life(Cast("life", route="exam")))
    examined.do(examined.cast.exam("passed", date(2023, 11, 25)), "2023-11-26 09:00")
    confirmed = ways.with_office(Life())
    confirmed.do(confirmed.cast.office_return(), "2023-10-20 09:00")
    confirmed.do(confirmed.cast.resubmit("o1"))
    for role in ("employer", "department"):
        confirmed.do(confirmed.cast.resubmit(role=role))
    return [blocked, examined, confirmed]


BEGINNINGS: list[Life] = _beginnings()
"""Where random lives begin."""
