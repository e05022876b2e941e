"""Bad input of every kind: named, remedied in both languages, changing nothing, never raising as a signal."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from models.audit import verify
from models.commands import COMMANDS, parse
from models.decide import apply, judge
from models.field_errors import OUR_RULES
from models.refusal import Refusal, RefusalCode, Refused
from models.signals import receive
from tests.models.bad_input import FORBIDDEN, MALFORMED, Make, Reach, deep
from tests.models.life import Cast, Life, submitted

HAN = re.compile(r"[\u4e00-\u9fff]")


def in_both_languages(refusal: Refusal) -> None:
    """Rule and remedy are there in Chinese and in English."""
    for words in (refusal.rule, refusal.remedy):
        assert HAN.search(words.zh), words
        assert re.search(r"[a-z]{2}", words.en), words
        assert not HAN.search(words.en.replace("一次性告知", "")), words
        assert not re.search(r"[a-z]{2,} [a-z]{2,} [a-z]{2,}", words.zh), words


@pytest.mark.parametrize(("kind", "make", "field"), [c[1:] for c in MALFORMED], ids=[c[0] for c in MALFORMED])
def test_a_malformed_command_names_its_field_and_the_remedy(kind: str, make: Make, field: str | None) -> None:
    body = make(Cast("life"))
    with pytest.raises(Refused) as refused:
        parse(kind, body)
    refusal = refused.value.refusal
    assert refusal.code in (RefusalCode.MALFORMED, RefusalCode.UNKNOWN_KIND)
    assert refusal.field == field
    in_both_languages(refusal)


@pytest.mark.parametrize(
    ("reach", "make", "code", "field"), [c[1:] for c in FORBIDDEN], ids=[c[0] for c in FORBIDDEN]
)
def test_a_forbidden_command_changes_nothing(
    reach: Reach, make: Make, code: RefusalCode, field: str | None
) -> None:
    life = reach(Life())
    body = make(life.cast)
    command = parse(body["kind"], body)
    before = life.state.model_dump_json()
    for door in (judge, apply):
        with pytest.raises(Refused) as refused:
            door(life.state, command, life.now)
        refusal = refused.value.refusal
        assert (refusal.code, refusal.field) == (code, field)
        in_both_languages(refusal)
        assert life.state.model_dump_json() == before, "byte for byte the same"


@pytest.mark.parametrize(("kind", "make"), [(c[1], c[2]) for c in MALFORMED], ids=[c[0] for c in MALFORMED])
def test_a_malformed_signal_is_visible_and_raises_nothing(kind: str, make: Make) -> None:
    life = submitted(Life())
    stage, revision, seen = life.state.stage, life.state.revision, len(life.state.history)
    receive(life.state, kind, make(life.cast), life.now)
    assert (life.state.stage, life.state.revision) == (stage, revision)
    assert life.state.refused_count == len(life.state.refused) == 1
    fact = life.state.history[seen]
    assert fact.event == "refused"
    assert fact.details["code"] == life.state.refused[0].refusal.code.value
    assert verify(life.state.history) == []
    assert life.state.model_dump_json()


@pytest.mark.parametrize(("reach", "make"), [c[1:3] for c in FORBIDDEN], ids=[c[0] for c in FORBIDDEN])
def test_a_forbidden_signal_is_refused_or_kept_and_raises_nothing(reach: Reach, make: Make) -> None:
    life = reach(Life())
    body = make(life.cast)
    receive(life.state, body["kind"], body, life.now)
    assert len(life.state.refused) + len(life.state.early) == 1
    assert life.state.model_dump_json()


def test_an_unreadable_signal_before_the_plan_is_known_is_visible_too() -> None:
    life = Life()
    life.state.terms = None
    receive(life.state, "\ud800", {1: deep(3000)}, life.now)
    early = life.cast.submit()
    receive(life.state, "submit", early, life.now)
    assert life.state.refused[0].refusal.code is RefusalCode.UNKNOWN_KIND
    assert [kept.command for kept in life.state.early] == ["submit"]


def test_what_a_sender_wrote_is_quoted_briefly_and_without_control_characters() -> None:
    """A body of field names alone must not fill the state, a history or a failure."""
    life = submitted(Life())
    for key in ("x" * 200_000, "长" * 60_000, "a\x00\x1b[31m\nb"):
        body = life.cast.recommend(**{key: 1})
        with pytest.raises(Refused) as refused:
            parse("review", body)
        text = refused.value.refusal.model_dump_json()
        assert len(text) < 3_000
        assert "additional" in text.lower() or "extra" in text.lower(), "the rule itself is not cut off"
        receive(life.state, "review", body, life.now)
    kept = "".join(seen.model_dump_json() for seen in life.state.refused)
    assert len(kept) < 10_000
    assert "\\u00" not in kept
    assert all(len(str(fact.details)) < 1_000 for fact in life.state.history if fact.event == "refused")


def test_the_rules_of_our_own_models_are_told_in_chinese_too() -> None:
    sources = "".join(path.read_text("utf-8") for path in Path("models").glob("*.py"))
    assert all(f'ValueError("{rule}")' in sources for rule in OUR_RULES)
    odd = Cast("life").withdraw(reason="a\x07b")
    with pytest.raises(Refused) as refused:
        parse("withdraw", odd)
    assert "控制字符" in refused.value.refusal.rule.zh


def test_every_command_has_a_body_the_cast_can_send() -> None:
    assert len(COMMANDS) == 22
    assert len(MALFORMED) + len(FORBIDDEN) >= 40
