"""Signals and sending again: early ones are kept, stale and expired ones refused, duplicates answered."""

from __future__ import annotations

from datetime import timedelta

from models.audit import verify
from models.commands import parse
from models.decide import apply
from models.refusal import RefusalCode
from models.signals import early_wake, receive, retry_early
from models.stages import Stage
from tests.models.life import Cast, Life, moment, posted, recommended, submitted, with_department


def codes(life: Life) -> list[RefusalCode]:
    """The codes of the signals refused."""
    return [refused.refusal.code for refused in life.state.refused]


def test_an_early_signal_is_kept_and_carried_out_at_its_stage() -> None:
    life = posted(Life())
    life.signal(life.cast.file_evidence(), "2023-09-28 09:00")
    assert [early.command for early in life.state.early] == ["file_publicity_evidence"]
    life.at("2023-10-08 23:59").assert_stage(Stage.EMPLOYER_PUBLICITY)
    life.at("2023-10-09 00:00").assert_stage(Stage.DEPARTMENT_REVIEW)
    assert life.state.early == []
    assert life.state.refused == []


def test_for_what_waits_for_a_day_without_a_deadline_there_is_an_alarm() -> None:
    """The window opens, and the meeting comes, though no deadline ends there."""
    life = Life(start="2023-09-10 09:00")
    assert early_wake(life.state, life.now) is None, "nothing is kept"
    life.signal(life.cast.submit(), "2023-09-11 09:00")
    opening = moment("2023-09-18 00:00")
    assert early_wake(life.state, life.now) == opening
    retry_early(life.state, opening)
    life.assert_stage(Stage.EMPLOYER_REVIEW)
    life.signal(life.cast.start_publicity(), "2023-09-18 10:00")
    assert early_wake(life.state, life.now) is None, "its stage lies ahead, and a decision leads there"


def test_several_early_signals_are_carried_out_in_the_order_of_a_life() -> None:
    life = submitted(Life())
    life.signal(life.cast.department_submit(), "2023-09-21 09:00")
    life.signal(life.cast.start_publicity(), "2023-09-21 10:00")
    life.signal(life.cast.file_evidence(), "2023-09-21 11:00")
    life.do(life.cast.recommend(), "2023-09-22 09:00")
    life.at("2023-10-07 23:59").assert_stage(Stage.EMPLOYER_PUBLICITY)
    assert [e.command for e in life.state.early] == ["review", "file_publicity_evidence"]
    life.at("2023-10-08 00:00").assert_stage(Stage.OFFICE_REVIEW)


def test_an_early_signal_expires() -> None:
    life = submitted(Life())
    short = life.cast.start_publicity(expires_at="2023-09-25T00:00:00+08:00")
    life.signal(short, "2023-09-20 10:00")
    life.do(life.cast.recommend(), "2023-09-26 09:00")
    life.assert_stage(Stage.RECOMMENDED)
    assert codes(life) == [RefusalCode.EXPIRED]
    assert life.events().count("refused") == 1


def test_a_step_back_refuses_what_was_decided_before_it() -> None:
    life = posted(Life())
    life.signal(life.cast.department_submit(), "2023-09-26 09:00")
    life.do(life.cast.objects())
    life.do(life.cast.rule("employer-objection-1", "curable"))
    assert codes(life) == [RefusalCode.NOT_IN_THIS_STAGE]
    assert life.state.early == []


def test_an_early_decision_on_other_materials_is_stale() -> None:
    life = posted(Life())
    life.signal(life.cast.file_evidence(), "2023-09-26 09:00")
    assert life.state.dossier is not None
    life.state.dossier = life.state.dossier.model_copy(update={"route": "exam"})
    life.at("2023-10-09 09:00")
    assert codes(life) == [RefusalCode.STALE_REVISION]


def test_what_can_never_come_is_refused_at_once_and_visibly() -> None:
    life = with_department(Life())
    life.signal(life.cast.submit())
    life.signal({"kind": "nonsense"} | life.cast.withdraw() | {"kind": "nonsense"})
    assert codes(life) == [RefusalCode.NOT_IN_THIS_STAGE, RefusalCode.UNKNOWN_KIND]
    assert life.state.refused_count == 2
    life.assert_stage(Stage.DEPARTMENT_REVIEW)


def test_a_second_early_signal_under_a_waiting_id_is_refused_visibly_and_the_same_one_is_not() -> None:
    life = posted(Life())
    first = life.cast.file_evidence()
    life.signal(first, "2023-09-26 09:00")
    life.signal(first)
    assert codes(life) == []
    life.signal(first | {"statement": "另一内容"})
    assert codes(life) == [RefusalCode.REUSED_COMMAND_ID]
    assert len(life.state.early) == 1


def test_twenty_early_signals_wait_and_no_more() -> None:
    life = posted(Life())
    for _ in range(21):
        life.signal(life.cast.file_evidence())
    assert len(life.state.early) == 20
    assert codes(life) == [RefusalCode.TOO_EARLY]


def test_early_signals_wait_up_to_a_size() -> None:
    life = posted(Life())
    for _ in range(3):
        life.signal(
            life.cast.department_return(items=[{"id": f"i{n}", "text": "长" * 500} for n in range(60)])
        )
    assert len(life.state.early) == 2
    assert codes(life) == [RefusalCode.TOO_EARLY]


def test_the_last_forty_refusals_stay_in_the_state_and_all_go_to_the_database() -> None:
    life = submitted(Life())
    recorded = list(life.state.history)
    life.state.outbox.clear()
    for _ in range(30):
        receive(life.state, "submit", life.cast.submit(), life.now)
    apply(life.state, parse("review", life.cast.recommend()), life.now)
    for _ in range(30):
        receive(life.state, "submit", life.cast.submit(), life.now)
    state = life.state
    assert len(state.refused) == life.events().count("refused") == 40
    assert state.refused_count == 60
    recorded += state.outbox
    assert verify(recorded) == []
    assert [fact.seq for fact in recorded] == list(range(1, state.seq + 1))
    assert verify(state.history) != []
    assert verify(state.history, kept=True) == []


def test_rubbish_does_not_make_the_state_too_large_to_be_carried() -> None:
    life = submitted(Life())
    for n in range(500):
        receive(life.state, "r" * 60, {"command_id": f"rubbish-{n}", "x" * 5_000: 1}, life.now)
        life.state.outbox.clear()
    assert len(life.state.model_dump_json()) < 200_000


def test_the_same_command_gets_the_same_receipt() -> None:
    life = Life()
    body = life.cast.submit()
    receipt = life.do(body, "2023-09-20 09:00")
    life.do(life.cast.recommend(), "2023-09-21 09:00")
    again = life.do(body, "2023-09-22 09:00")
    assert again == receipt.model_copy(update={"duplicate": True})
    life.assert_stage(Stage.RECOMMENDED)
    life.signal(body)
    assert life.state.refused == []


def test_a_command_id_is_not_used_twice() -> None:
    life = submitted(Life())
    used = next(iter(life.state.answered))
    assert life.refused(life.cast.recommend(command_id=used)).code is RefusalCode.REUSED_COMMAND_ID


def test_a_decision_on_an_older_revision_is_stale() -> None:
    life = submitted(Life())
    revision = life.state.revision
    life.do(life.cast.employer_return())
    life.do(life.cast.resubmit("e1"))
    stale = life.refused(life.cast.recommend(expected_revision=revision))
    assert stale.code is RefusalCode.STALE_REVISION
    life.do(life.cast.recommend(expected_revision=life.state.revision))


def test_a_command_that_expired_on_its_way() -> None:
    life = submitted(Life())
    late = life.cast.recommend(expires_at=(life.now - timedelta(seconds=1)).isoformat())
    assert life.refused(late).code is RefusalCode.EXPIRED


def test_nobody_acts_at_two_hops_nor_on_the_own_application() -> None:
    life = with_department(Life())
    twice = life.refused(life.cast.department_submit(person="employer-clerk"))
    assert twice.code is RefusalCode.SEPARATION_OF_DUTIES
    own = life.refused(life.cast.department_submit(person="p-life"))
    assert own.code is RefusalCode.SEPARATION_OF_DUTIES


def test_outsiders_learn_nothing() -> None:
    life = recommended(Life())
    post = life.cast.start_publicity()
    post["actor"]["organisation"] = "another-unit"
    refusal = life.refused(post)
    assert refusal.code is RefusalCode.WRONG_ORGANISATION
    assert (refusal.stage, refusal.revision, refusal.next) == (None, None, ())
    stranger = life.refused(life.cast.withdraw(person="p-other"))
    assert stranger.code is RefusalCode.WRONG_PERSON


def test_a_person_starts_again_after_withdrawing() -> None:
    first = submitted(Life(Cast("first")))
    first.do(first.cast.withdraw())
    again = submitted(Life(Cast("first-2"), "2023-10-09 09:00"), "2023-10-09 10:00")
    again.assert_stage(Stage.EMPLOYER_REVIEW)
