"""The invariants of docs/process.md (end of section b), checked on what a year left behind.

They are read off the audit chains and the calendar, not off the code that made them: the count of a publicity
is counted again, a majority is computed again. Each check names what it looked at and what is broken.
"""

from __future__ import annotations

from datetime import date, datetime

from models.audit import GENESIS, Fact, verify
from models.calendar import WorkCalendar
from models.chain_law import looks
from models.deadlines import DeadlineKind
from models.dossier import substantive_differences
from models.lifecycle import BY_EVENT
from models.posts import POST_NEEDED, TITLED
from models.roles import Role
from models.stages import Stage
from models.terms import PlanTerms
from models.wire import Label, Wire, local_day
from workers.simulate.record import Record

_TAKES_POST = ("quota_pass", "post_regained")


class Checked(Wire):
    """One invariant: how many cases it was looked for in, and the sentences that say where it is broken."""

    number: int
    words: Label
    looked_at: int
    broken: tuple[str, ...] = ()


class Examiner:
    """Checks a whole year. `posts`: free posts by pool (unit/level); `pools`: the pool of an application."""

    def __init__(
        self,
        record: Record,
        terms: PlanTerms,
        calendar: WorkCalendar,
        posts: dict[str, int],
        pools: dict[str, str],
    ) -> None:
        self._record, self._terms, self._calendar = record, terms, calendar
        self._posts, self._pools = posts, pools
        self._looked: dict[int, int] = {}
        self._broken: dict[int, list[str]] = {}

    def examine(self, heads: dict[str, str]) -> tuple[Checked, ...]:
        """Every invariant. `heads`: by application, the last hash of the chain as its workflow tells it."""
        for ref, facts in sorted(self._record.facts.items()):
            self._chain(ref, facts, heads.get(ref))
            for look in looks(facts, self._terms, self._calendar):
                self._check(look.number, look.good, f"{ref}: {look.words}")
            self._ends_for_the_person(ref, facts)
            self._edits(ref, facts)
        self._quota()
        self._exactly_the_passed()
        return tuple(
            Checked(
                number=number,
                words=words,
                looked_at=self._looked.get(number, 0),
                broken=tuple(self._broken.get(number, ())),
            )
            for number, words in WORDS.items()
        )

    def _check(self, number: int, good: bool, words: str) -> None:
        self._looked[number] = self._looked.get(number, 0) + 1
        if not good:
            self._broken.setdefault(number, []).append(words)

    # --- one application -----------------------------------------------------------------------------

    def _chain(self, ref: str, facts: list[Fact], head: str | None) -> None:
        faults = verify(facts)
        self._check(0, not faults, f"{ref}: {'; '.join(faults)}")
        last = facts[-1].hash if facts else GENESIS
        self._check(0, head is None or head == last, f"{ref}: the workflow's chain ends elsewhere")

    def _ends_for_the_person(self, ref: str, facts: list[Fact]) -> None:
        """Invariant 5: only a BAR ends a case by time, and only after the person was told of the date."""
        for fact in facts:
            if fact.to_stage not in ("lapsed", "deemed_abandoned") or fact.from_stage == fact.to_stage:
                continue
            known = BY_EVENT.get(fact.event)
            by_bar = known is not None and known.bar and fact.actor.role is Role.SYSTEM
            self._check(5, by_bar, f"{ref}: '{fact.event}' ended it")
            told = any(
                t.kind == DeadlineKind.BAR.value
                and t.due_at is not None
                and t.due_at <= fact.at
                and t.computed_at < t.due_at
                for t in self._record.deadlines[ref]
            )
            self._check(5, told, f"{ref}: '{fact.event}' on {local_day(fact.at)} without a date it was told")

    def _edits(self, ref: str, facts: list[Fact]) -> None:
        """Invariant 8: what a later stage decides on is what was publicised, but for formal repairs."""
        known, now, shown = self._record.dossiers[ref], None, None
        for fact in facts:
            now = fact.details.get("dossier_sha256", now)
            if fact.event == "start_publicity":
                shown = now
            if fact.event not in ("department_submit", "office_accept", "vote_passed", "certificate_made"):
                continue
            whole = now in known and shown in known
            self._check(8, whole, f"{ref}: '{fact.event}' on a dossier that is not on record")
            if whole and now is not None and shown is not None:
                changed = substantive_differences(known[shown], known[now])
                self._check(8, not changed, f"{ref}: '{fact.event}' after a change of {', '.join(changed)}")

    # --- across applications -----------------------------------------------------------------------------

    def _quota(self) -> None:
        """Invariant 4: at no moment more posts held or used than are free, per unit and level."""
        needed = {stage.value for stage in (*POST_NEEDED, *TITLED)}
        moves: dict[str, list[tuple[datetime, int, str]]] = {}
        for ref, pool in self._pools.items():
            holds = False
            for fact in self._record.facts[ref]:
                if fact.event in _TAKES_POST:
                    moves.setdefault(pool, []).append((fact.at, 0 if holds else 1, ref))
                    holds = True
                elif holds and fact.to_stage not in needed:
                    moves.setdefault(pool, []).append((fact.at, -1, ref))
                    holds = False
        for pool, steps in sorted(moves.items()):
            used = 0
            for at, delta, ref in sorted(steps):
                used += delta
                enough = used <= self._posts[pool]
                self._check(
                    4, enough, f"{pool}: {used} of {self._posts[pool]} posts on {local_day(at)} ({ref})"
                )

    def _exactly_the_passed(self) -> None:
        """A list holds exactly the passed: nobody else, and nobody is left out while a list is made."""
        passed_on: dict[date, set[str]] = {}
        for ref, facts in self._record.facts.items():
            passed = False
            for fact in facts:
                if fact.event == "vote_passed":
                    passed = True
                    passed_on.setdefault(local_day(fact.at), set()).add(ref)
                elif fact.event == "publish_result":
                    self._check(11, passed, f"{ref}: on a list without having passed")
                elif fact.from_stage == Stage.PASSED.value and fact.to_stage != fact.from_stage:
                    passed_on[_vote_day(facts, fact)].discard(ref)
        for day, refs in sorted(passed_on.items()):
            lists = {ref: _listed_after(self._record.facts[ref], day) for ref in refs}
            left_out = sorted(ref for ref, on in lists.items() if on is None)
            if len(left_out) < len(lists):
                self._check(11, not left_out, f"passed on {day} and on no list: {', '.join(left_out[:5])}")


def _vote_day(facts: list[Fact], before: Fact) -> date:
    return max(local_day(f.at) for f in facts if f.event == "vote_passed" and f.seq < before.seq)


def _listed_after(facts: list[Fact], day: date) -> date | None:
    days = [local_day(f.at) for f in facts if f.event == "publish_result" and local_day(f.at) >= day]
    return min(days, default=None)


WORDS: dict[int, Label] = {
    0: Label(zh="审计链完整，与工作流一致", en="every audit chain is whole and is the workflow's"),
    1: Label(zh="发证前两次公示均满规定工作日", en="two publicities in full before every certificate"),
    2: Label(zh="计票均达法定人数且票数相符", en="every ballot had its quorum and adds up"),
    3: Label(zh="表决只留票数", en="nothing but counts is recorded of a ballot"),
    4: Label(zh="占用岗位不超过空岗数", en="never more posts in use than are free"),
    5: Label(zh="仅因已告知的截止日逾期或视为放弃", en="nobody lapses but by a BAR that was told"),
    6: Label(zh="一次性告知", en="a second list holds nothing that could have been told at first"),
    7: Label(zh="异议均在公示期内", en="every objection fell into its publicity"),
    8: Label(zh="公示后仅作形式修改", en="after a publicity only formal repairs"),
    10: Label(zh="每一步均为合法流转", en="every step is a legal transition by its role"),
    11: Label(zh="名单恰为通过人员", en="the lists hold exactly the passed"),
}
"""The invariants by number; 9 (sanctions) has no case in a simulated year."""
