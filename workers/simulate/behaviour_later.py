"""What happens from the office's review to the archive; the counterpart of `behaviour` for the second leg."""

from __future__ import annotations

from datetime import datetime

from models.wire import local_day
from workers.simulate.mind import Act, Await, Mind, Next, Rest, Wait


def office_review(mind: Mind) -> Next:
    """The office refuses, returns with one list, or accepts; now and then a case is stopped on the way."""
    habits, rounds = mind.given.office, mind.times("office_return")
    at = mind.after(f"office/{rounds}", habits.review)
    at = mind.in_time(at, mind.terms.office_deadline, f"office/{rounds}/hurries", habits.hurries)
    if not rounds:
        if mind.chance("cancelled", mind.given.result.cancelled):
            return Act(at, "cancel_eligibility", lambda cast: cast.cancel("eligibility", "city_office"))
        if not mind.times("hold") and mind.chance("holds", habits.holds):
            role, ground = (
                ("employer", "status_retired")
                if mind.chance("holds/reject", habits.hold_rejects)
                else ("office", "investigation")
            )
            early = mind.after("holds/after", ((1, 1), (2, 1)))
            return Act(min(at, early), "hold", lambda cast: cast.hold(ground, role))
        if mind.chance("office/refuses", habits.refuses * mind.defects):
            return Act(at, "office_refuse", lambda cast: cast.office_refuse())
        if mind.chance("office/returns", habits.returns * mind.defects) and _time_left(mind, at):
            change_class = (
                "substantive" if mind.chance("office/substantive", habits.substantive) else "formal"
            )
            items = mind.defect("office", "o1", habits.reasons)
            return Act(at, "office_return", lambda cast: cast.office_return(change_class, items=items))
    again = rounds == 1 and mind.times("office_resubmit") and mind.chance("office/again", habits.again)
    if again and _time_left(mind, at):
        (first,) = mind.defect("office", "o1", habits.reasons)
        items = [{"id": "o2", "text": f"仍未补正：{first['text']}", "unrepaired": "o1"}]
        return Act(at, "office_return", lambda cast: cast.office_return(items=items))
    return Act(at, "office_accept", lambda cast: cast.accept())


def _time_left(mind: Mind, at: datetime) -> bool:
    """A return on the last day of corrections would leave no time and is refused."""
    return local_day(at) < mind.world.workday_before(mind.terms.correction_cap)


def held(mind: Mind) -> Next:
    """The office ends the hold: the case goes on, or the change of status bars it."""
    habits = mind.given.office
    at = mind.after("holds/lasts", habits.hold_lasts, since=mind.sight.now)
    outcome = "reject" if mind.chance("holds/reject", habits.hold_rejects) else "resume"
    return Act(at, "release", lambda cast: cast.release(outcome))


def office_returned(mind: Mind) -> Next:
    """The correction goes through applicant, unit and department, under one time limit."""
    return correction(mind, "office", ("o1",) if mind.times("office_return") == 1 else ("o2",))


def correction(mind: Mind, hop: str, items: tuple[str, ...]) -> Next:
    """The next in the chain answers or confirms."""
    role, sight = mind.sight.action_by or "applicant", mind.sight
    rounds = mind.times(f"{hop}_return")
    name = f"{hop}_returned/{rounds}/{role}"
    if role == "applicant":
        habits = mind.given.applicant
        if mind.chance(f"{name}/abandons", habits.abandons) and sight.ends_at is not None:
            return Wait(sight.ends_at, "the return is not answered")
        at = mind.after(name, habits.repair)
        change = {"change_class": "substantive"} if mind.chance(f"{name}/new", habits.substantive) else {}
        return Act(at, "resubmit", lambda cast: cast.resubmit(*items, **change))
    at = mind.after(name, mind.given.department.confirms, since=sight.now)
    hurries = mind.given.employer.hurries if role == "employer" else mind.given.department.hurries
    at = mind.in_time(at, sight.ends_at, f"{name}/hurries", hurries)
    return Act(at, "resubmit", lambda cast: cast.resubmit(role=role))


def exam_pending(mind: Mind) -> Next:
    """One sitting shortly before the end of the time for it; those accepted later sit a second one."""
    habits, calendar = mind.given.exam, mind.world.calendar
    sitting = calendar.working_day_before(local_day(mind.terms.exam_deadline), habits.days_before_end)
    if sitting <= local_day(mind.sight.entered_at):
        sitting = mind.world.working_day(local_day(mind.sight.entered_at), habits.days_before_end)
    at = mind.moment("exam", sitting, mind.luck.draw("exam/results_after", habits.results_after))
    result = mind.luck.pick("exam/result", habits.results)
    return Act(at, "record_exam", lambda cast: cast.exam(result, sitting))


def defence(mind: Mind) -> Next:
    """The defence is held on the day of the meeting (plans with 答辩)."""
    at = mind.after("defence", ((1, 1),))
    held_on = local_day(at)
    return Act(at, "defence_held", lambda cast: cast.exam("passed", held_on, subject="defence"))


def not_passed(mind: Mind) -> Next:
    """Some ask for a re-check, once."""
    habits, end = mind.given.applicant, mind.sight.ends_at
    if not mind.times("ask_recheck") and mind.chance("recheck", habits.recheck):
        return Act(
            mind.after("recheck/after", habits.recheck_after), "ask_recheck", lambda cast: cast.ask_recheck()
        )
    return Wait(end, "time to ask for a re-check") if end is not None else Rest("not passed")


def recheck(mind: Mind) -> Next:
    """The convening unit rules on the re-check."""
    habits = mind.given.result
    finding = "founded" if mind.chance("recheck/founded", habits.recheck_founded) else "upheld"
    at = mind.after("recheck/rules", habits.recheck_rules_after)
    return Act(at, "rule_on_recheck", lambda cast: cast.rule_recheck(finding))


def result_publicity(mind: Mind) -> Next:
    """The list hangs; somebody may object to one person on it."""
    habits, n = mind.given.result, mind.times("publish_result")
    if mind.times("result_object") < n and mind.chance(f"result/{n}/objection", habits.objections):
        at = mind.after(f"result/{n}/day", habits.objection_day)
        return Act(at, "object", lambda cast: cast.objects(person="citizen-1"))
    end = mind.sight.ends_at
    return Wait(end, "the list hangs") if end is not None else Rest("the list hangs")


def result_objection(mind: Mind) -> Next:
    """The convening unit looks into the objection, or into the question of the confirming authority."""
    habits, n = mind.given.result, mind.times("publish_result")
    questioned = mind.times("confirm_question")
    at = mind.after(f"result/{n}/{questioned}/finding", habits.rules_after)
    finding = "unfounded" if questioned else mind.luck.pick(f"result/{n}/found", habits.findings)
    objection, *_ = mind.sight.open_objections or ("none",)
    return Act(at, "rule_on_objection", lambda cast: cast.rule(objection, finding, "convening_unit"))


def confirm_pending(mind: Mind) -> Next:
    """The city title office confirms once the report is filed, or asks a question first."""
    habits, sight = mind.given.result, mind.sight
    if sight.report_at is None:
        return Await("report")
    asked = mind.times("confirm_question")
    since = max(sight.report_at, sight.entered_at)
    at = mind.after(f"confirms/{asked}", habits.confirms, since=since)
    if not asked and mind.chance("questions", habits.questions):
        return Act(at, "confirm_question", lambda cast: cast.confirm(outcome="question", text="业绩材料存疑"))
    return Act(at, "confirm", lambda cast: cast.confirm())


def certified(mind: Mind) -> Next:
    """The keeper archives the form; some titles are taken back later."""
    habits = mind.given.result
    if mind.chance("revoked", habits.revoked):
        return Act(mind.after("revoked/after", habits.revoked_after), "revoke", lambda cast: cast.revoke())
    if mind.chance("never_archived", habits.never_archived):
        return Rest("the form has not been archived")
    return Act(mind.after("archives", habits.archives), "archive", lambda cast: cast.archive())


def archived(_: Mind) -> Next:
    """The end."""
    return Rest("ended")
