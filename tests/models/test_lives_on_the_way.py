"""Applications on their way to the meeting: returns, holds and kept messages that had gone wrong."""

from __future__ import annotations

from models.commands import parse
from models.deadlines import DeadlineKind
from models.deadlines import DeadlineName as N
from models.decide import apply
from models.refusal import RefusalCode
from models.stages import Stage
from tests.models.life import Json, Life, moment, posted, published, recommended, submitted, with_office
from tests.models.test_lives_plan import order


def test_whoever_is_refused_on_a_reported_status_is_told_of_no_new_date() -> None:
    """The time of a hold is given back to who goes on (decision 5), not to who has just been refused."""
    life = submitted(Life())
    life.do(life.cast.hold("status_retired", role="employer"), "2023-09-21 09:00")
    life.do(life.cast.release("reject"), "2023-09-25 09:00")
    life.assert_stage(Stage.OFFICE_REJECTED)
    assert life.state.revisions == []
    assert life.last_day(N.DEPARTMENT_SUBMISSION) == "2023-11-06"


def test_inside_a_correction_the_employer_asks_for_a_day_within_its_limit() -> None:
    """The department's window has closed by then and bars nobody any more (process reading 7)."""
    life = with_office(Life())
    life.do(life.cast.office_return("substantive"), "2023-11-08 09:00")
    life.do(life.cast.resubmit("o1"), "2023-11-08 10:00")
    assert life.last_day(N.CORRECTION) == "2023-11-15"
    too_late = life.refused(life.cast.employer_return(correction_due="2023-11-16"), "2023-11-08 11:00")
    assert (too_late.code, too_late.field) == (RefusalCode.GUARD, "correction_due")
    life.do(life.cast.employer_return(correction_due="2023-11-10"))
    assert life.last_day(N.EMPLOYER_CORRECTION) == "2023-11-10"


def test_who_was_declined_when_the_plan_was_amended_is_reminded_of_the_new_date_once_reopened() -> None:
    """The last day is 13 November: 5, 2 and 1 working days before it are 6, 9 and 10 November."""
    life = submitted(Life())
    life.do(life.cast.employer_decline(), "2023-09-21 09:00")
    life.do(order(life), "2023-10-08 09:00")
    life.do(life.cast.employer_reopen(), "2023-10-09 09:00")
    assert life.deadline(N.DEPARTMENT_SUBMISSION).kind is DeadlineKind.BAR
    life.at("2023-11-14 00:00").assert_stage(Stage.LAPSED)
    assert life.told("reminded", N.DEPARTMENT_SUBMISSION) == ["11-06", "11-09", "11-10"]


def test_the_image_of_a_notice_that_was_taken_down_is_not_filed_for_the_next_one() -> None:
    """What came before a step back was about what has been undone (process (b): cancelled for error)."""
    life = posted(Life())
    life.signal(life.cast.file_evidence(), "2023-09-26 09:00")
    life.do(life.cast.cancel("publicity", "employer"), "2023-09-27 09:00")
    assert [noted.refusal.code for noted in life.state.refused] == [RefusalCode.STALE_REVISION]
    life.do(life.cast.recommend(), "2023-09-27 10:00")
    life.do(life.cast.start_publicity(), "2023-09-28 10:00")
    life.at("2023-10-12 09:00").assert_stage(Stage.PUBLICITY_ENDED)
    assert life.state.early == []


def test_a_confirmation_sent_before_a_new_vote_is_not_that_of_the_new_result() -> None:
    life = published(Life())
    life.signal(life.cast.confirm(), "2023-12-19 09:00")
    life.do(life.cast.objects(), "2023-12-19 10:00")
    assert [kept.command for kept in life.state.early] == ["confirm"]
    life.do(life.cast.rule("result-objection-1", "procedure_broken", role="convening_unit"))
    life.assert_stage(Stage.REVIEW_READY)
    assert [noted.refusal.code for noted in life.state.refused] == [RefusalCode.STALE_REVISION]


def test_a_hold_does_not_lose_what_waits_for_its_stage() -> None:
    """The publicity ends on 8 October, the hold on the 10th: then the evidence that waited is filed."""
    life = posted(Life())
    life.signal(life.cast.file_evidence(), "2023-09-26 09:00")
    life.do(life.cast.hold(), "2023-09-27 09:00")
    life.at("2023-10-10 09:00").assert_stage(Stage.PUBLICITY_ENDED)
    assert [kept.command for kept in life.state.early] == ["file_publicity_evidence"]
    life.do(life.cast.release())
    life.assert_stage(Stage.DEPARTMENT_REVIEW)
    assert life.state.refused == []


def test_a_dossier_does_not_tell_of_posts_that_the_application_was_begun_without() -> None:
    """Its posts would not be checked, although the applicant says that they are (work plan 五)."""
    life = Life()
    dossier = life.cast.dossier()
    dossier["facts"]["full_post_management"] = True
    refusal = life.refused(life.cast.submit(dossier=dossier))
    assert (refusal.code, refusal.field) == (RefusalCode.GUARD, "dossier.facts.full_post_management")


def test_what_the_employer_calls_substantive_is_not_confirmed_as_a_formal_repair() -> None:
    """It was taken for a seal and went on without the publicity that it needs (process (b), invariant 8)."""
    life = with_office(Life())
    life.do(life.cast.office_return("formal"), "2023-11-08 09:00")
    life.do(life.cast.resubmit("o1"), "2023-11-08 10:00")
    refusal = life.refused(life.cast.resubmit(role="employer", change_class="substantive"))
    assert (refusal.code, refusal.field) == (RefusalCode.GUARD, "change_class")
    life.do(life.cast.resubmit(role="employer", change_class="formal"))
    life.do(life.cast.resubmit(role="department"))
    life.assert_stage(Stage.OFFICE_REVIEW)


def test_evidence_sent_in_time_is_filed_although_the_service_paused_over_the_end_of_the_window() -> None:
    """Posted on 27 October, over on 3 November; nobody was there from that evening until the 7th."""
    life = recommended(Life())
    life.do(life.cast.start_publicity(), "2023-10-27 09:00")
    life.signal(life.cast.file_evidence(), "2023-10-30 09:00")
    life.at("2023-11-03 18:00")
    life.now = moment("2023-11-07 08:00")
    life.tick()
    assert life.events()[-3:] == ["publicity_over_clear", "file_evidence", "lapse"]
    assert life.state.history[-2].at == moment("2023-11-04 00:00")
    life.assert_stage(Stage.LAPSED)
    assert not life.state.ended, "it lapsed at the department, and may be admitted late"


def test_a_publicity_that_ends_with_the_window_does_not_serve_it_even_if_all_was_sent_early() -> None:
    """Begun on 30 October it ends at 24:00 of 6 November, exactly when the window closes (process (e))."""
    life = recommended(Life())
    life.do(life.cast.start_publicity(), "2023-10-30 09:00")
    life.signal(life.cast.file_evidence(), "2023-10-30 10:00")
    life.signal(life.cast.department_submit())
    life.at("2023-11-07 09:00").assert_stage(Stage.LAPSED)
    assert life.state.ended


def test_an_answer_sent_twice_does_not_answer_the_next_list() -> None:
    """Points are numbered alike: the second sending waited, and sent the next return straight back."""
    life = submitted(Life())
    life.do(life.cast.employer_return(), "2023-09-21 09:00")
    life.do(life.cast.resubmit("e1"), "2023-09-22 09:00")
    life.signal(life.cast.resubmit("e1"), "2023-09-22 09:01")
    assert [noted.refusal.code for noted in life.state.refused] == [RefusalCode.NOT_IN_THIS_STAGE]
    life.do(life.cast.employer_return(), "2023-09-25 09:00")
    life.assert_stage(Stage.EMPLOYER_RETURNED)


def test_nobody_answers_the_offices_list_before_it_is_written() -> None:
    """Else the one chance to repair the dossier was used up by a message that had come too soon."""
    life = with_office(Life())
    life.signal(life.cast.resubmit("o1"), "2023-11-01 09:00")
    life.do(life.cast.office_return(), "2023-11-08 09:00")
    life.assert_stage(Stage.OFFICE_RETURNED)
    assert life.state.action_by == "applicant"


def in_one_moment(life: Life, *bodies: Json) -> None:
    """Several commands before the calendar has answered the first of them, as when they come in one task."""
    for body in bodies:
        apply(life.state, parse(body["kind"], body), life.now)
        life.state.close_cause()
    life.tick()


def extension(life: Life, **change: object) -> Json:
    return life.cast.revise("extension", [{"name": "department_submission"} | change])


def test_two_extensions_in_one_moment_add_up() -> None:
    """Two and three working days after Monday 6 November: 7, 8, 9, 10 and 13."""
    life = submitted(Life()).at("2023-11-01 09:00")
    in_one_moment(life, extension(life, add_working_days=2), extension(life, add_working_days=3))
    assert life.last_day(N.DEPARTMENT_SUBMISSION) == "2023-11-13"


def test_the_shorter_of_two_extensions_in_one_moment_takes_nothing_back() -> None:
    life = submitted(Life()).at("2023-11-01 09:00")
    in_one_moment(life, extension(life, last_day="2023-11-20"), extension(life, last_day="2023-11-10"))
    assert life.last_day(N.DEPARTMENT_SUBMISSION) == "2023-11-20"


def test_two_days_on_which_the_notice_was_hidden_cost_two_days_also_when_recorded_at_once() -> None:
    """Posted on 25 September without the 26th and 27th: 28 September, 7, 8, 9 and 10 October count."""
    life = posted(Life()).at("2023-09-28 09:00")
    hidden = [
        life.cast.revise("interruption", [{"name": "employer_publicity", "skip_days": [day]}])
        for day in ("2023-09-26", "2023-09-27")
    ]
    in_one_moment(life, *hidden)
    assert life.last_day(N.EMPLOYER_PUBLICITY) == "2023-10-10"
