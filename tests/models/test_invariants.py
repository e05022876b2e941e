"""Ten thousand random sequences of commands and time: the invariants hold after every step.

Commands are mostly what may come next, mixed with wrong ones; a part travels as signals. Lives begin at
many ages, so that every stage is entered, and every event of the lifecycle happens, within the run.
"""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.audit import Fact
from models.commands import parse
from models.decide import apply, expire, judge
from models.lifecycle import TRANSITIONS
from models.refusal import RefusalCode, Refused
from models.signals import receive, retry_early
from models.stage_groups import BEFORE_VOTING
from models.stages import Stage
from tests.models.invariants import Watch, whole
from tests.models.life import Life
from tests.models.random_life import BEGINNINGS, MAKERS, fork, jump, next_body

SEQUENCES = 10_000

entered: Counter[str] = Counter()
happened: Counter[str] = Counter()
sequences: Counter[str] = Counter()


def step(life: Life, rng: Random, watch: Watch) -> list[Fact]:
    """Time jumps, then a command comes by one of the two doors; gives the facts that are new."""
    jump(life, rng)
    facts = watch.check(life)
    if life.state.ended and rng.random() < 0.9:
        return facts
    body = next_body(life, rng)
    state = life.state
    expire(state, life.now)
    before = state.model_dump_json()
    if rng.random() < 0.15:
        seen = state.seq + len(state.early)
        receive(state, body["kind"], body, life.now)
        assert state.seq + len(state.early) > seen or body["command_id"] in state.answered, "never dropped"
    else:
        try:
            command = parse(body["kind"], body)
            try:
                judge(state, command, life.now)
            finally:
                assert state.model_dump_json() == before, "the validator is pure"
            receipt = apply(state, command, life.now)
            assert receipt.stage == state.stage.value
            assert apply(state, command, life.now) == receipt.model_copy(update={"duplicate": True})
        except Refused:
            assert state.model_dump_json() == before, "a refused command changes nothing"
    retry_early(state, life.now)
    life.drain()
    life.tick()
    return facts + watch.check(life)


@settings(
    max_examples=SEQUENCES,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
@given(
    begin=st.integers(0, len(BEGINNINGS) - 1),
    steps=st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=10),
)
def test_the_invariants_hold_after_every_step(begin: int, steps: list[int]) -> None:
    live(begin, steps)


def live(begin: int, steps: list[int]) -> None:
    """One life of that many steps, each drawn from its seed; the invariants hold throughout."""
    life = fork(BEGINNINGS[begin])
    watch = Watch(life)
    sequences["all"] += 1
    for seed in steps:
        for fact in step(life, Random(seed), watch):
            happened[fact.event] += 1
            if fact.from_stage != fact.to_stage:
                entered[fact.to_stage] += 1
        if life.state.ended:
            break
    whole(life)


def test_the_run_was_as_wide_as_it_claims() -> None:
    """Runs after the one above: every stage but the first was entered, and every event happened.

    What is rare may be missed by one order of hashes: then up to half as many lives more are lived.
    """
    assert sequences["all"] >= SEQUENCES
    rng = Random(SEQUENCES)
    for more in range(SEQUENCES // 2):
        if {t.event for t in TRANSITIONS} <= set(happened):
            break
        live(more % len(BEGINNINGS), [rng.randrange(2**32) for _ in range(10)])
    assert {stage.value for stage in Stage} - set(entered) <= {"draft"}
    missing = {t.event for t in TRANSITIONS} - set(happened)
    assert missing == set()


def test_every_event_with_a_command_can_be_made() -> None:
    assert {t.event for t in TRANSITIONS if t.command is not None} == set(MAKERS)


@pytest.mark.parametrize("begin", BEGINNINGS, ids=lambda life: life.state.stage.value)
def test_who_withdraws_when(begin: Life) -> None:
    """The applicant until the ballot opens, at every stage; nobody after it."""
    life = fork(begin)
    if life.state.stage in BEFORE_VOTING:
        life.do(life.cast.withdraw())
        life.assert_stage(Stage.WITHDRAWN)
    else:
        assert life.refused(life.cast.withdraw()).code is RefusalCode.NOT_IN_THIS_STAGE
