"""What happens next to an application: who acts, when, with which command. Pure; a server is not needed.

Each stage has a function from what is seen to the next act. A draw is named after what it decides and the
round it is in, so that it never depends on what was asked before.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from models.stages import Stage
from workers.rehearsal.cast import Cast, Json
from workers.simulate import behaviour_later as later
from workers.simulate.mind import OFFICE_HOURS, Act, Await, Mind, Next, Rest, Wait, evening


def decide(mind: Mind) -> Next:
    """The next act, or what is waited for."""
    sight = mind.sight
    if sight.status == "ended":
        return Rest("ended")
    if sight.status == "on_hold":
        return later.held(mind)
    wanted = STAGES[sight.stage](mind)
    wanted = _withdrawing(mind, wanted)
    if isinstance(wanted, Act) and sight.ends_at is not None and wanted.at >= sight.ends_at:
        return Wait(sight.ends_at, f"too late: {wanted.what}")
    return wanted


def _withdrawing(mind: Mind, wanted: Next) -> Next:
    """Some withdraw: at one drawn stage, if nobody is faster."""
    habits, stage = mind.given.applicant, mind.sight.stage
    if not mind.chance("withdraws", habits.withdraws):
        return wanted
    if stage.value != mind.luck.pick("withdraws/stage", habits.withdraws_at):
        return wanted
    at = mind.after("withdraws/after", habits.withdraws_after)
    if isinstance(wanted, Act | Wait) and at >= (wanted.at if isinstance(wanted, Act) else wanted.until):
        return wanted
    return Act(at, "withdraw", lambda cast: cast.withdraw())


def draft(mind: Mind) -> Next:
    """The applicant hands the dossier in, at last; an incomplete one is refused and repaired."""
    who, sight = mind.who, mind.sight
    day = mind.world.submits_on(who)
    if day is None:
        return _until_end(mind, "never handed in")
    if sight.refused:
        at = mind.after("submit/repair", mind.given.applicant.repair, since=sight.now, extra=1)
        return Act(at, "submit", lambda cast: cast.submit(dossier=who.dossier(cast)))
    at = evening(day, mind.luck.between("submit/minute", OFFICE_HOURS[0], 21 * 60))
    complete = not mind.chance("incomplete", mind.given.arrival.incomplete)
    at = max(at, sight.now)
    return Act(at, "submit", lambda cast: cast.submit(dossier=who.dossier(cast, complete=complete)))


def employer_review(mind: Mind) -> Next:
    """The unit returns, declines or recommends."""
    habits, rounds = mind.given.employer, mind.times("recommend") + mind.times("employer_return")
    rounds += mind.times("employer_reopen") + mind.times("cancel_publicity")
    at = mind.after(f"employer/{rounds}", habits.review, extra=mind.who.unit.extra_delay if not rounds else 0)
    at = mind.in_time(at, mind.useful_end, f"employer/hurries/{rounds}", habits.hurries)
    if not rounds and mind.chance("employer/declines", habits.declines * mind.defects):
        return Act(at, "employer_decline", lambda cast: cast.employer_decline())
    if not rounds and mind.chance("employer/returns", habits.returns * mind.defects):
        items = mind.defect("employer", "e1", habits.reasons)
        return Act(at, "employer_return", lambda cast: cast.employer_return(items=items))
    return Act(at, "recommend", lambda cast: cast.recommend(**_post(mind)))


def _post(mind: Mind) -> Json:
    """What a unit that is bound by posts attests: all its posts of this cycle at the level."""
    unit = mind.who.unit
    if not unit.full_post_management:
        return {}
    return {"post": {"basis": "free_posts", "available": unit.posts[mind.who.level], "record": "岗位台账"}}


def employer_returned(mind: Mind) -> Next:
    """The applicant answers every item, or never does."""
    habits, rounds = mind.given.applicant, mind.times("employer_resubmit")
    if mind.chance(f"employer_returned/abandons/{rounds}", habits.abandons):
        return _until_end(mind, "the return is not answered")
    item = "c1" if mind.sight.last == "objection_curable" else "e1"
    at = mind.after(f"employer_returned/{rounds}", habits.repair)
    return Act(at, "employer_resubmit", lambda cast: cast.resubmit(item))


def quota_blocked(mind: Mind) -> Next:
    """The unit asks the register again from time to time; in the end some decline, the rest lapse."""
    habits, looked = mind.given.employer, mind.sight.now
    at = mind.after(f"blocked/{looked:%m%d}", habits.blocked_again, since=looked)
    if mind.useful_end is None or at < mind.useful_end:
        return Act(at, "attest_post", lambda cast: cast.recommend(**_post(mind)))
    if mind.chance("blocked/declines", habits.blocked_declines):
        at = mind.in_time(at, mind.sight.ends_at, "blocked/hurries", 1.0)
        return Act(at, "employer_decline", lambda cast: cast.employer_decline())
    return _until_end(mind, "no post came free")


def recommended(mind: Mind) -> Next:
    """The unit posts its notice; some too late to serve the department's window."""
    habits, rounds = mind.given.employer, mind.times("start_publicity")
    at = mind.after(f"posting/{rounds}", habits.posts)
    at = mind.in_time(at, mind.useful_end, f"posting/hurries/{rounds}", habits.hurries)
    return Act(at, "start_publicity", lambda cast: cast.start_publicity())


def employer_publicity(mind: Mind) -> Next:
    """The notice hangs; somebody may object, an error may be found, else the period runs out."""
    habits, n = mind.given.employer, mind.times("start_publicity")
    if mind.sight.open_objections:
        at = mind.moment(f"objection/{n}/at_once", mind.sight.now.date(), 1)
        if mind.chance(f"objection/{n}/at_once", habits.rules_at_once) and not mind.chance(
            f"objection/{n}/grave", 1 - habits.findings.get("unfounded", 0) / sum(habits.findings.values())
        ):
            return Act(at, "rule_on_objection", _ruling(mind, "unfounded", "employer"))
        return _until_end(mind, "an objection is looked into")
    if mind.times("employer_object") < n and mind.chance(f"objection/{n}", habits.objections):
        at = mind.after(f"objection/{n}/day", habits.objection_day)
        return Act(at, "object", lambda cast: cast.objects(person="colleague-1"))
    if n == 1 and mind.chance("cancels", habits.cancels):
        return Act(
            mind.after("cancels/day", habits.objection_day),
            "cancel_publicity",
            lambda cast: cast.cancel("publicity", "employer"),
        )
    return _until_end(mind, "the notice hangs")


def employer_objection(mind: Mind) -> Next:
    """The unit looks into the objection; not always within the ten days."""
    habits, n = mind.given.employer, mind.times("start_publicity")
    at = mind.after(f"objection/{n}/finding", habits.rules_after)
    at = mind.in_time(at, mind.sight.ends_at, f"objection/{n}/hurries", habits.hurries)
    finding = "unfounded"
    if mind.chance(
        f"objection/{n}/grave", 1 - habits.findings.get("unfounded", 0) / sum(habits.findings.values())
    ):
        grave = {name: weight for name, weight in habits.findings.items() if name != "unfounded"}
        finding = mind.luck.pick(f"objection/{n}/found", grave)
    return Act(at, "rule_on_objection", _ruling(mind, finding, "employer"))


def _ruling(mind: Mind, finding: str, role: str) -> Callable[[Cast], Json]:
    (first, *_) = mind.sight.open_objections
    return lambda cast: cast.rule(first, finding, role)


def publicity_ended(mind: Mind) -> Next:
    """The unit files the image of the notice."""
    habits, n = mind.given.employer, mind.times("start_publicity")
    at = mind.after(f"evidence/{n}", habits.evidence)
    at = mind.in_time(at, mind.sight.ends_at, f"evidence/{n}/hurries", habits.hurries)
    return Act(at, "file_evidence", lambda cast: cast.file_evidence())


def department_review(mind: Mind) -> Next:
    """The department rejects, returns or submits; a late one lets the window close."""
    habits = mind.given.department
    rounds = mind.times("department_return") + mind.times("admit_late")
    pace = mind.given.departments[mind.who.unit.department].extra_delay if not rounds else 0
    at = mind.after(f"department/{rounds}", habits.review, extra=pace)
    at = mind.in_time(at, mind.sight.ends_at, f"department/{rounds}/hurries", habits.hurries)
    if not rounds and mind.chance("department/rejects", habits.rejects * mind.defects):
        return Act(at, "department_reject", lambda cast: cast.department_reject())
    if not rounds and mind.chance("department/returns", habits.returns * mind.defects):
        substantive = mind.chance("department/substantive", habits.substantive)
        change_class = "substantive" if substantive else "formal"
        items = mind.defect("department", "d1", habits.reasons)
        return Act(at, "department_return", lambda cast: cast.department_return(change_class, items=items))
    return Act(at, "department_submit", lambda cast: cast.department_submit())


def department_returned(mind: Mind) -> Next:
    """Applicant and unit repair what the department returned."""
    return later.correction(mind, "department", ("d1",))


def lapsed(mind: Mind) -> Next:
    """Where the department was late, the city title office may admit the case."""
    habits, sight = mind.given.city_office, mind.sight
    late = sight.before is Stage.DEPARTMENT_REVIEW and not mind.times("admit_late")
    if not late or not mind.chance("admit_late", habits.admits_late):
        return _until_end(mind, "lapsed")
    at = mind.after("admit_late/after", habits.admits_after)
    last_day = min(
        mind.world.working_day(at.date(), habits.extra_days),
        mind.world.workday_before(mind.terms.office_deadline),
    )
    change = [{"name": "department_submission", "last_day": last_day.isoformat()}]
    return Act(at, "admit_late", lambda cast: cast.revise("late_admission", change))


def employer_declined(mind: Mind) -> Next:
    """A unit takes few of the declined up again; the rest stay declined when the window closes."""
    habits = mind.given.employer
    graver = {"objection_fraud", "objection_founded", "withdraw_recommendation"}
    if (
        mind.sight.last not in graver
        and not mind.times("employer_reopen")
        and mind.chance("reopens", habits.reopens)
    ):
        at = mind.after("reopens/after", habits.reopens_after)
        return Act(at, "employer_reopen", lambda cast: cast.employer_reopen())
    return _until_end(mind, "declined")


def _until_end(mind: Mind, why: str) -> Next:
    end: datetime | None = mind.sight.ends_at
    return Wait(end, why) if end is not None else Rest(why)


def _awaits_meeting(_: Mind) -> Next:
    return Await("meeting")


def _awaits_vote(_: Mind) -> Next:
    return Await("vote")


def _awaits_list(_: Mind) -> Next:
    return Await("list")


def _by_itself(_: Mind) -> Next:
    return Rest("the system has not moved it on")


def _final(_: Mind) -> Next:
    return Rest("ended")


STAGES: dict[Stage, Callable[[Mind], Next]] = {
    Stage.DRAFT: draft,
    Stage.EMPLOYER_REVIEW: employer_review,
    Stage.EMPLOYER_RETURNED: employer_returned,
    Stage.QUOTA_CHECK: _by_itself,
    Stage.QUOTA_BLOCKED: quota_blocked,
    Stage.RECOMMENDED: recommended,
    Stage.EMPLOYER_PUBLICITY: employer_publicity,
    Stage.EMPLOYER_OBJECTION: employer_objection,
    Stage.PUBLICITY_ENDED: publicity_ended,
    Stage.DEPARTMENT_REVIEW: department_review,
    Stage.DEPARTMENT_RETURNED: department_returned,
    Stage.OFFICE_REVIEW: later.office_review,
    Stage.OFFICE_RETURNED: later.office_returned,
    Stage.ACCEPTED: _by_itself,
    Stage.EXAM_PENDING: later.exam_pending,
    Stage.REVIEW_READY: _awaits_meeting,
    Stage.DEFENCE_PENDING: later.defence,
    Stage.EXPERT_REVIEW: _awaits_vote,
    Stage.VOTING: _awaits_vote,
    Stage.NOT_PASSED: later.not_passed,
    Stage.RECHECK: later.recheck,
    Stage.PASSED: _awaits_list,
    Stage.RESULT_PUBLICITY: later.result_publicity,
    Stage.RESULT_OBJECTION: later.result_objection,
    Stage.CONFIRM_PENDING: later.confirm_pending,
    Stage.CONFIRMED: _by_itself,
    Stage.CERTIFIED: later.certified,
    Stage.ARCHIVED: later.archived,
    Stage.LAPSED: lapsed,
    Stage.EMPLOYER_DECLINED: employer_declined,
    **dict.fromkeys(
        (
            Stage.WITHDRAWN,
            Stage.DEPARTMENT_REJECTED,
            Stage.OFFICE_REJECTED,
            Stage.DEEMED_ABANDONED,
            Stage.EXAM_FAILED,
            Stage.CLOSED,
            Stage.RESULT_CANCELLED,
            Stage.ELIGIBILITY_CANCELLED,
            Stage.REVOKED,
        ),
        _final,
    ),
}
"""What decides in each stage."""
