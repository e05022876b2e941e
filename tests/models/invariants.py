"""The invariants of the specification, as checks over one application; used after every random step."""

from __future__ import annotations

from fractions import Fraction

from models.audit import GENESIS, Fact, verify
from models.deadlines import DeadlineName
from models.dossier import Dossier, substantive_differences
from models.lifecycle import BY_EVENT
from models.posts import POST_NEEDED, TITLED, faults
from models.roles import Role
from models.schedule import next_wake
from models.stages import STAGES, Stage
from models.state import Answered, ApplicationState, Publicity
from models.views import deadline_views, state_view
from tests.models.life import Life

COUNTS = {
    "step",
    "committee_size",
    "attending",
    "recused",
    "opinions",
    "yes",
    "no",
    "abstain",
    "signed",
    "sealed",
    "minutes_sha256",
}
"""All that may be recorded of a ballot."""

SHOWN = (
    Stage.PUBLICITY_ENDED,
    Stage.DEPARTMENT_REVIEW,
    Stage.DEPARTMENT_RETURNED,
    Stage.OFFICE_REVIEW,
    Stage.OFFICE_RETURNED,
    Stage.ACCEPTED,
    Stage.REVIEW_READY,
    Stage.EXPERT_REVIEW,
    Stage.VOTING,
    Stage.PASSED,
    Stage.CERTIFIED,
)


class Watch:
    """Remembers what must not change from one step to the next."""

    def __init__(self, life: Life) -> None:
        self.revision = life.state.revision
        self.seq = life.state.seq
        self.head = life.state.chain
        self.answered: dict[str, Answered] = dict(life.state.answered)
        self.shown: Dossier | None = life.state.dossier

    def check(self, life: Life) -> list[Fact]:
        """Everything, after a step; gives the facts that are new."""
        state = life.state
        new = state.history[self.seq :]
        self._chain(state, new)
        assert state.revision >= self.revision
        assert all(state.answered[known] == before for known, before in self.answered.items())
        for fact in new:
            if fact.event == "start_publicity":
                self.shown = state.dossier
            self._fact(life, fact)
        if state.stage in SHOWN:
            assert self.shown is not None
            assert state.dossier is not None
            assert substantive_differences(self.shown, state.dossier) == (), "invariant 8"
        self._votes(state)
        self._returns(state)
        self._objections(state)
        self._posts(life)
        wake = next_wake(state, life.now)
        assert state.ended or wake is None or wake > life.now, "a timer in the past would ring for ever"
        assert state.ended or not STAGES[state.stage].automatic, "a computed stage is left at once"
        self.revision, self.seq, self.head = state.revision, state.seq, state.chain
        self.answered = dict(state.answered)
        return new

    def _chain(self, state: ApplicationState, new: list[Fact]) -> None:
        previous, seq = self.head, self.seq
        for fact in new:
            assert (fact.prev_hash, fact.seq) == (previous, seq + 1)
            previous, seq = fact.hash, fact.seq
        assert (state.chain, state.seq) == (previous, seq)

    def _fact(self, life: Life, fact: Fact) -> None:
        state, known = life.state, BY_EVENT.get(fact.event)
        if known is not None:
            assert fact.from_stage in {s.value for s in known.sources}
            assert fact.actor.role in known.by
            if known.command == "record_vote":
                assert set(fact.details) <= COUNTS, "invariant 3"
                assert fact.actor.role is Role.CHAIR, "invariant 3"
        if fact.to_stage in ("lapsed", "deemed_abandoned") and fact.from_stage != fact.to_stage:
            assert known is not None
            assert known.bar, "invariant 5"
            ends = (DeadlineName.DEPARTMENT_SUBMISSION,)
            if fact.event == "abandon":
                ends = (DeadlineName.CORRECTION, DeadlineName.DEFENCE_EXCUSE)
            told = [state.deadlines[n] for n in ends if n in state.deadlines]
            assert any(d.told and d.due_at is not None and d.due_at <= fact.at for d in told), "invariant 5"
            assert state.hold is None, "invariant 5: nobody loses a right while held"
        if fact.event == "certificate_made":
            for of, then in (("employer", "file_evidence"), ("result", "confirm")):
                step = next(f for f in reversed(state.history) if f.event == then)
                _full(life, state.completed_publicity(of), step)

    @staticmethod
    def _posts(life: Life) -> None:
        state, ref = life.state, life.cast.ref
        if not state.bound:
            assert (state.post_held, life.posts.entries) == (None, []), "posts bind their units only"
            return
        assert faults(life.posts.entries) == [], "invariant 4"
        now = life.posts.standing
        if state.stage in TITLED:
            assert ref in now.consumed, "invariant 4: no title without a post"
        elif state.stage in POST_NEEDED:
            assert ref in (now.held if state.post_held else now.waiting)
        elif state.stage is Stage.QUOTA_BLOCKED:
            assert ref in now.waiting
        else:
            assert ref not in (*now.held, *now.consumed, *now.waiting), "given back at every other stage"

    @staticmethod
    def _votes(state: ApplicationState) -> None:
        for vote in state.votes:
            n = vote.attending - vote.recused
            assert Fraction(n, vote.committee_size) >= Fraction(2, 3), "invariant 2"
            assert vote.yes + vote.no + vote.abstain == n, "invariant 2"
            assert vote.passed == (Fraction(vote.yes) >= Fraction(2, 3) * n)

    @staticmethod
    def _returns(state: ApplicationState) -> None:
        lists = [r for r in state.returns if r.hop == "office" and not r.corrected]
        for place, later in enumerate(lists[1:], start=1):
            known = {item.id for earlier in lists[:place] for item in earlier.items}
            assert all(i.newly_arisen or i.unrepaired in known for i in later.items), "invariant 6"

    @staticmethod
    def _objections(state: ApplicationState) -> None:
        for objection in state.objections:
            if objection.publicity == "none" or objection.id.startswith("question"):
                continue
            periods = [p for p in state.publicities if p.of == objection.publicity]
            assert any(
                p.started_at <= objection.at and (p.ended_at is None or objection.at < p.ended_at)
                for p in periods
            ), "invariant 7"


def _full(life: Life, publicity: Publicity | None, step: Fact) -> None:
    assert publicity is not None, "invariant 1"
    assert publicity.last_day is not None
    assert publicity.ended_at is not None
    days = life.calendar.working_days_between(publicity.start_day, publicity.last_day)
    assert days >= publicity.working_days >= 5, "invariant 1"
    assert publicity.ended_at <= step.at, "invariant 1: ends strictly before the next step"


def whole(life: Life) -> None:
    """What is checked once a life: the whole chain, the state carried over as JSON, the views."""
    state = life.state
    assert verify(state.history) == []
    assert not state.history or state.history[0].prev_hash == GENESIS
    carried = state.model_dump(mode="json")
    assert ApplicationState.model_validate(carried) == state
    seen = state_view(state, life.now)
    assert seen.due_at == state.due_at()
    assert all(view.status in ("running", "waiting_for_calendar") for view in deadline_views(state))
    assert state.model_dump(mode="json") == carried, "looking changes nothing"
