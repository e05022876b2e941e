"""The arithmetic of posts: ratios in whole posts, the unit's order, and no post given twice."""

from __future__ import annotations

from contextlib import suppress
from fractions import Fraction
from math import floor
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.posts import ASKING, NO_POST, POST_NEEDED, TITLED, PostAnswer, faults, ratio_room
from models.refusal import Refused
from models.signals import retry_early
from models.stages import STAGES, Stage
from tests.models.invariants import Watch, whole
from tests.models.life import Cast, Json, Life, submitted
from tests.models.post_book import PostBook
from tests.models.random_life import jump, next_body


def posts(available: int, **more: object) -> Json:
    return {"basis": "free_posts", "available": available, "record": "岗位台账"} | more


def of_a_unit(ref: str, book: PostBook) -> Life:
    return submitted(Life(Cast(ref, full_post_management=True), posts=book))


def asked(ref: str, book: PostBook, available: int, **more: object) -> Life:
    life = of_a_unit(ref, book)
    life.do(life.cast.recommend(post=posts(available, **more)), "2023-09-22 09:00")
    return life


def test_every_stage_needs_a_post_or_gives_it_back() -> None:
    groups = (ASKING, POST_NEEDED, TITLED, NO_POST)
    assert sorted(stage for group in groups for stage in group) == sorted(Stage)
    ends = {stage for stage, spec in STAGES.items() if spec.terminal} - {Stage.ARCHIVED}
    assert ends <= NO_POST, "every end without a title gives the post back"
    assert {Stage.NOT_PASSED, Stage.EMPLOYER_REVIEW, Stage.EMPLOYER_RETURNED, Stage.REVOKED} <= NO_POST
    assert {Stage.DEPARTMENT_RETURNED, Stage.OFFICE_RETURNED} <= POST_NEEDED, "formal returns keep it"


@given(st.integers(0, 10_000), st.integers(1, 100), st.integers(1, 100), st.integers(0, 10_000))
def test_the_room_of_a_ratio_is_whole_posts_and_never_below_none(
    total: int, part: int, of: int, occupied: int
) -> None:
    exact = Fraction(total * part, of) - occupied
    assert ratio_room(total, (part, of), occupied) == max(0, floor(exact))


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"total": 40}, "post.total"),
        ({"basis": "ratio", "total": 40, "occupied": 9}, "post.share"),
        ({"basis": "ratio", "share": (3, 10), "occupied": 9}, "post.total"),
        ({"basis": "ratio", "total": 40, "share": (11, 10), "occupied": 9}, "post.share"),
        ({"basis": "ratio", "total": 40, "share": (3, 10), "occupied": 9, "available": 4}, "post.available"),
    ],
)
def test_figures_that_do_not_add_up_are_refused(change: Json, field: str) -> None:
    life = of_a_unit("ratio", PostBook())
    refusal = life.refused(life.cast.recommend(post=posts(3) | change))
    assert refusal.field == field
    right = posts(3) | {"basis": "ratio", "total": 40, "share": (3, 10), "occupied": 9}
    life.do(life.cast.recommend(post=right))
    life.assert_stage(Stage.RECOMMENDED)


def test_a_bound_recommendation_waits_for_the_register() -> None:
    life = of_a_unit("holder", PostBook())
    receipt = life.do(life.cast.recommend(post=posts(1)))
    assert receipt.stage == "quota_check"
    life.assert_stage(Stage.RECOMMENDED)
    assert life.state.history[-1].details == {"capacity": 1, "in_use": 1}


def test_first_blocked_is_first_served_unless_a_decision_ranks_anew() -> None:
    book = PostBook()
    first = asked("first", book, 1)
    lives = {ref: asked(ref, book, 1) for ref in ("a", "b", "c")}
    assert book.standing.waiting == ("a", "b", "c")
    lives["c"].do(lives["c"].cast.recommend(post=posts(1, reranked="会议纪要")))
    assert book.standing.waiting == ("c", "a", "b")
    first.do(first.cast.withdraw("employer"))
    assert book.standing.next_in_order == "c"
    lives["b"].do(lives["b"].cast.recommend(post=posts(1)))
    assert lives["b"].state.history[-1].details["reason"] == "not_first"
    lives["c"].do(lives["c"].cast.recommend(post=posts(1)))
    lives["c"].assert_stage(Stage.RECOMMENDED)
    assert book.standing.waiting == ("a", "b")
    late = asked("late", book, 2)
    late.assert_stage(Stage.QUOTA_BLOCKED)
    lives["a"].do(lives["a"].cast.employer_decline())
    lives["b"].do(lives["b"].cast.recommend(post=posts(2)))
    lives["b"].assert_stage(Stage.RECOMMENDED)


def test_two_free_posts_serve_the_second_in_order_too() -> None:
    book = PostBook()
    lives = [asked(ref, book, 0) for ref in ("a", "b", "c")]
    lives[1].do(lives[1].cast.recommend(post=posts(2)))
    lives[1].assert_stage(Stage.RECOMMENDED)
    lives[2].do(lives[2].cast.recommend(post=posts(2)))
    lives[2].assert_stage(Stage.QUOTA_BLOCKED)
    assert book.standing.next_in_order == "a"


def test_whoever_is_owed_a_post_comes_before_the_order() -> None:
    """Admitted late, the delay was the department's: the post that another gave back is for this one."""
    book = PostBook()
    late = asked("late", book, 1)
    late.do(late.cast.start_publicity(), "2023-09-25 09:00")
    late.do(late.cast.file_evidence(), "2023-10-09 09:00")
    late.at("2023-11-07 00:00").assert_stage(Stage.LAPSED)
    assert book.standing.free == 1
    change = {"name": "department_submission", "last_day": "2023-11-10"}
    taker = asked("taker", book, 1)
    late.do(late.cast.revise("late_admission", [change]), "2023-11-07 09:00")
    assert late.state.post_held is False
    late.assert_stage(Stage.DEPARTMENT_REVIEW)
    asked("waits", book, 1)
    assert book.standing.waiting == ("late", "waits")
    taker.do(taker.cast.withdraw())
    assert book.standing.next_in_order == "late"
    late.do(late.cast.recommend(post=posts(1)))
    assert late.state.post_held is True
    assert "post_regained" in late.events()


def test_a_register_that_does_not_answer_blocks_and_loses_nothing() -> None:
    class Silent(PostBook):
        def take(self, *_: object) -> PostAnswer | None:
            return None

    life = asked("holder", Silent(), 1)
    life.assert_stage(Stage.QUOTA_BLOCKED)
    life.posts = PostBook()
    life.do(life.cast.recommend(post=posts(1)))
    life.assert_stage(Stage.RECOMMENDED)


def test_a_publicity_sent_early_begins_when_the_register_has_answered() -> None:
    life = of_a_unit("early", PostBook())
    life.signal(life.cast.start_publicity(), "2023-09-21 09:00")
    life.do(life.cast.recommend(post=posts(1)))
    life.assert_stage(Stage.EMPLOYER_PUBLICITY)


def test_a_unit_without_full_post_management_needs_none() -> None:
    life = submitted(Life())
    assert life.do(life.cast.recommend(post=posts(0))).stage == "recommended"
    assert life.posts.entries == []


@settings(
    max_examples=150,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
@given(st.integers(0, 2**32 - 1), st.integers(8, 40))
def test_several_applications_of_a_unit_never_use_more_posts_than_there_are(seed: int, steps: int) -> None:
    """Invariant 4 over a whole unit: five applications share a pool, at random, as far as they get."""
    rng, book = Random(seed), PostBook()
    lives = [of_a_unit(f"person-{n}", book) for n in range(5)]
    watches = [Watch(life) for life in lives]
    for _ in range(steps):
        place = rng.randrange(len(lives))
        life = lives[place]
        if life.state.ended:
            continue
        if rng.random() < 0.3:
            jump(life, rng)
        with suppress(Refused):
            life.do(next_body(life, rng))
        retry_early(life.state, life.now)
        life.drain()
        life.tick()
        watches[place].check(life)
        standing = book.standing
        assert faults(book.entries) == []
        assert standing.in_use <= standing.capacity
        assert not set(standing.waiting) & {*standing.held, *standing.consumed}
    for life in lives:
        whole(life)
