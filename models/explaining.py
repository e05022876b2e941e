"""One application told in words: why it stands where it stands, and how it came there.

Made from what the application answers (`state`, `history`, `deadlines`, `refused`); whoever shows a story
(command line, HTTP, board) shows this one. It decides nothing and computes no date: it says what is there, in
Chinese and in English. Persons are opaque references, as in the history itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from models.audit import Fact
from models.corrections import CORRECTED
from models.drawing.reading import Lang, expiries
from models.drawing.telling import leads_to
from models.formulas import GROUNDS, formula_words
from models.lifecycle import BY_EVENT, leaving
from models.roles import ROLE_LABELS, Role
from models.stages import STAGES, Stage, label_of
from models.state import RefusedSignal
from models.views import DeadlineView, NotNow, StateView, Step
from models.wire import SHANGHAI, Instant, Label, Wire, local_day

SYSTEM_EVENTS: dict[str, Label] = {
    "opened": Label(zh="建立申报", en="opened"),
    "refused": Label(zh="不予受理的指令", en="a message was refused"),
    "reminded": Label(zh="催办", en="reminded"),
    "escalated": Label(zh="逾期督办", en="escalated"),
    "deadline_moved": Label(zh="期限调整", en="a deadline was moved"),
    "calendar_missing": Label(zh="缺少年度工作日安排", en="a calendar year is missing"),
}
"""Events of the audit chain that are no transitions."""

_LISTS = ("reasons", "items", "answers")
_WORDS = ("text", "reason", "statement", "ground", "finding", "document_no", "record", "report_ref")


class NothingToTellError(LookupError):
    """A moment before the first entry, or a number that is not there; `rule` says it in words."""

    def __init__(self, field: str, rule: Label) -> None:
        super().__init__(rule.en)
        self.field, self.rule = field, rule


class ToldFact(Wire):
    """One entry of the chain in words. `calendar` is the version that counted the dates of the stage it led
    to, where one was counted; `corrected_by` is the later fact that says it was recorded on the wrong person.
    """

    seq: int
    at: Instant
    event: str
    label: Label
    from_stage: str
    to_stage: str
    moved: Label
    role: str
    role_label: Label
    person: str
    organisation: str | None
    rule: str
    plan: str
    calendar: str | None = None
    words: tuple[str, ...] = ()
    ended_by: Label | None = None
    corrects: int | None = None
    corrected_by: int | None = None
    sentence: Label


class ToldDeadline(Wire):
    """A deadline in words: its end, why that day, what passing it does."""

    name: str
    label: Label
    counts_now: bool
    last_day: date | None
    calendar: str | None
    sentence: Label


class ToldRefusal(Wire):
    """A message that was refused, with the reason and the remedy."""

    at: Instant
    command: str
    sentence: Label


class ToldStep(Wire):
    """What may come next: who, where it leads, what it needs; `blocked`: why not at this moment."""

    event: str
    command: str
    by: tuple[str, ...]
    blocked: Label | None
    sentence: Label


class Explanation(Wire):
    """The story of one application as of `at` (business time).

    Of a past moment (`past`) the conditions of what could come next are not checked again, and dates are
    those that held then.
    """

    application_ref: str
    plan_id: str
    at: Instant
    past: bool
    stage: str
    label: Label
    why: Label
    story: tuple[ToldFact, ...]
    deadlines: tuple[ToldDeadline, ...]
    refused: tuple[ToldRefusal, ...]
    next: tuple[ToldStep, ...]
    not_now: tuple[NotNow, ...]


def event_label(event: str) -> Label:
    """What an event of the audit chain is called."""
    known = BY_EVENT.get(event)
    return known.label if known else SYSTEM_EVENTS.get(event, Label(zh=event, en=event))


def corrections_of(facts: Iterable[Fact]) -> dict[int, int]:
    """Number of a fact -> number of the later fact that corrected it."""
    return {
        fact.details["fact"]: fact.seq for fact in facts if fact.event in CORRECTED and "fact" in fact.details
    }


def corrected_words(by: int | None) -> Label | None:
    """The mark on an entry that was corrected."""
    return Label(zh=f"已由第{by}项更正", en=f"corrected by {by}") if by is not None else None


def explain(
    state: StateView,
    facts: Sequence[Fact],
    deadlines: Sequence[DeadlineView],
    refused: Sequence[RefusedSignal],
    *,
    at: datetime | None = None,
    fact: int | None = None,
) -> Explanation:
    """The whole story, or that of a past moment; `fact` leaves that one entry (and what corrected it).

    Raises `NothingToTellError` for a moment before the first entry, or a number that is not there.
    """
    past = at is not None and at < state.at
    now = at if at is not None and past else state.at
    known = [one for one in facts if one.at <= now]
    if not known:
        began = _moment(facts[0].at) if facts else "-"
        raise NothingToTellError(
            "at",
            Label(
                zh=f"到{_moment(now)}尚无记录：该申报于{began}建立。",
                en=f"Nothing was recorded by {_moment(now)}: it was opened on {began}.",
            ),
        )
    corrected = corrections_of(known)
    story = [_told(one, deadlines, corrected.get(one.seq)) for one in known]
    if fact is not None:
        story = [one for one in story if one.seq == fact or one.corrects == fact]
        if not any(one.seq == fact for one in story):
            last = known[-1].seq
            raise NothingToTellError(
                "fact",
                Label(
                    zh=f"到{_moment(now)}没有第{fact}项，最后一项为第{last}项。",
                    en=f"There is no fact {fact} by {_moment(now)}; the last one is {last}.",
                ),
            )
    stage = Stage(known[-1].to_stage)
    here = [_deadline(one, stage, now, past=past) for one in deadlines if _begun(one, stage, now, past=past)]
    return Explanation(
        application_ref=state.application_ref,
        plan_id=state.plan_id,
        at=now,
        past=past,
        stage=stage.value,
        label=label_of(stage.value),
        why=_why(state, known, [d for d in here if d.counts_now], past=past),
        story=tuple(story),
        deadlines=tuple(sorted(here, key=lambda one: (not one.counts_now, one.last_day or date.max))),
        refused=tuple(_refusal(one) for one in refused if one.at <= now),
        next=_next_then(stage) if past else tuple(_next(step) for step in state.permitted.steps),
        not_now=() if past else state.permitted.not_now,
    )


# --- entries -------------------------------------------------------------------------------------------


def _told(fact: Fact, deadlines: Sequence[DeadlineView], corrected_by: int | None) -> ToldFact:
    label, calendar = event_label(fact.event), _calendar(fact, deadlines)
    ended = _ended_by(fact, deadlines)
    corrects = fact.details.get("fact") if fact.event in CORRECTED else None
    return ToldFact(
        seq=fact.seq,
        at=fact.at,
        event=fact.event,
        label=label,
        from_stage=fact.from_stage,
        to_stage=fact.to_stage,
        moved=_moved(fact),
        role=fact.actor.role.value,
        role_label=ROLE_LABELS[fact.actor.role],
        person=fact.actor.id,
        organisation=fact.actor.organisation,
        rule=fact.rule,
        plan=fact.plan,
        calendar=calendar,
        words=tuple(_words(fact.details)),
        ended_by=ended,
        corrects=corrects,
        corrected_by=corrected_by,
        sentence=_sentence(fact, label, calendar, ended, corrects, corrected_by),
    )


def _moved(fact: Fact) -> Label:
    there = label_of(fact.to_stage)
    if fact.from_stage == fact.to_stage:
        return Label(zh=f"环节不变（{there.zh}）", en=f"the stage stays ({there.en})")
    here = label_of(fact.from_stage)
    return Label(zh=f"{here.zh} → {there.zh}", en=f"{here.en} -> {there.en}")


def _sentence(
    fact: Fact,
    label: Label,
    calendar: str | None,
    ended: Label | None,
    corrects: int | None,
    corrected_by: int | None,
) -> Label:
    who, moved, when = _who(fact), _moved(fact), _moment(fact.at)
    zh = [f"{when}，{who.zh}：{label.zh}；{moved.zh}。依据：{fact.rule}；方案：{fact.plan}"]
    en = [f"{when}: {who.en}: {label.en}; {moved.en}. Rule: {fact.rule}; plan: {fact.plan}"]
    if calendar:
        zh.append(f"；日历：{calendar}")
        en.append(f"; calendar: {calendar}")
    zh.append("。")
    en.append(".")
    if ended:
        zh.append(ended.zh)
        en.append(f" {ended.en}")
    if corrects is not None:
        zh.append(f"第{corrects}项决定记错人，由此更正，原记录保留。")
        en.append(
            f" It corrects fact {corrects}, which was recorded on the wrong person and stays on record."
        )
    mark = corrected_words(corrected_by)
    if mark:
        zh.append(f"{mark.zh}，不计入统计。")
        en.append(f" It was {mark.en} and does not count.")
    return Label(zh="".join(zh), en="".join(en))


def _who(fact: Fact) -> Label:
    actor, role = fact.actor, ROLE_LABELS[fact.actor.role]
    if actor.role is Role.SYSTEM:
        return role
    of = f"@{actor.organisation}" if actor.organisation else ""
    return Label(zh=f"{role.zh} {actor.id}{of}", en=f"{role.en} {actor.id}{of}")


def _words(details: dict[str, Any]) -> Iterable[str]:
    """What was said with it: reasons, points of a list, documents."""
    for key in _LISTS:
        for entry in details.get(key) or ():
            if isinstance(entry, dict):
                name = entry.get("code") or entry.get("id") or entry.get("item")
                yield f"{name}: {entry.get('text', '')}"
    for key in _WORDS:
        if isinstance(details.get(key), str):
            yield f"{key}: {details[key]}"


def _calendar(fact: Fact, deadlines: Sequence[DeadlineView]) -> str | None:
    """The calendar version behind a date that began with this fact, if it was counted."""
    names = {spec.name.value for spec in STAGES[Stage(fact.to_stage)].deadlines}
    begun = (d for d in deadlines if d.name in names and d.start == local_day(fact.at))
    moves = fact.from_stage != fact.to_stage or fact.event in ("opened", "deadline_moved", "republish_result")
    return next((d.lineage["calendar"] for d in begun if d.lineage), None) if moves else None


def _ended_by(fact: Fact, deadlines: Sequence[DeadlineView]) -> Label | None:
    """The deadline whose passing this fact is."""
    stage = Stage(fact.from_stage)
    for spec in STAGES[stage].deadlines:
        if not any(t.event == fact.event for t in expiries(stage, spec)):
            continue
        view = next((d for d in deadlines if d.name == spec.name.value), None)
        last = f"{view.last_day}" if view is not None and view.last_day else None
        ran = Label(zh=f"（至{last} 24:00）", en=f" (until 24:00 on {last})") if last else Label(zh="", en="")
        why = _count(view) if view is not None else Label(zh="", en="")
        return Label(
            zh=f"原因：期限“{spec.label.zh}”已满{ran.zh}。{why.zh}",
            en=f"Because '{spec.label.en}' was over{ran.en}. {why.en}".rstrip(),
        )
    return None


# --- where it stands -----------------------------------------------------------------------------------


def _why(state: StateView, known: list[Fact], counting: list[ToldDeadline], *, past: bool) -> Label:
    came = next((f for f in reversed(known) if f.from_stage != f.to_stage), known[0])
    stage, who, label = label_of(known[-1].to_stage), _who(came), event_label(came.event)
    since = _moment(came.at)
    zh = [f"自{since}起处于“{stage.zh}”：{who.zh}作出“{label.zh}”（第{came.seq}项，依据：{came.rule}）。"]
    en = [
        f"In '{stage.en}' since {since}: {who.en}, '{label.en}' (fact {came.seq}, rule: {came.rule}).",
    ]
    court = _court(state, known[-1], past=past)
    if court is not None:
        zh.append(f"待办方：{court.zh}。")
        en.append(f"It waits for the {court.en}.")
    if not past and state.hold:
        zh.append(f"已暂停办理（{state.hold}）。")
        en.append(f"It is on hold ({state.hold}).")
    if not past and state.status == "ended":
        zh.append("申报已终结。")
        en.append("The application has ended.")
    zh += [one.sentence.zh for one in counting]
    en += [one.sentence.en for one in counting]
    return Label(zh="".join(zh), en=" ".join(en))


def _court(state: StateView, last: Fact, *, past: bool) -> Label | None:
    if not past:
        return state.action_by_label if state.status != "ended" else None
    role = STAGES[Stage(last.to_stage)].action_by
    return ROLE_LABELS[role] if role else None


# --- deadlines -----------------------------------------------------------------------------------------


def _begun(view: DeadlineView, stage: Stage, now: datetime, *, past: bool) -> bool:
    if not past:
        return True
    begun = view.start <= local_day(now) or _moved_later(view, now)
    return begun and view.name in {s.name.value for s in STAGES[stage].deadlines}


def _moved_later(view: DeadlineView, now: datetime) -> bool:
    """It was there, with another end: a move that came later replaced its count."""
    return any(move.at > now and move.old_last_day is not None for move in view.moved)


def _deadline(view: DeadlineView, stage: Stage, now: datetime, *, past: bool) -> ToldDeadline:
    spec = next((s for s in STAGES[stage].deadlines if s.name.value == view.name), None)
    if spec is None:
        spec = next(s for one in STAGES.values() for s in one.deadlines if s.name.value == view.name)
    last, counts = _last_day_then(view, now), view.counts_now or past
    count, calendar = _count_then(view, now), view.lineage["calendar"] if view.lineage else None
    ends = Label(
        zh=f"至{last} 24:00" if last else f"待{view.missing_year}年日历公布后确定",
        en=f"until 24:00 on {last}" if last else f"its end waits for the calendar of {view.missing_year}",
    )
    zh = f"期限“{spec.label.zh}”{ends.zh}。{count.zh}"
    en = f"'{spec.label.en}': {ends.en}. {count.en}"
    if counts:
        after = expiries(stage, spec)
        zh += f"期满：{_after(after, 'zh') or '提醒并升级，申报人不受影响'}。"
        en += f" When it passes: {_after(after, 'en') or 'a reminder; the applicant loses nothing'}."
    return ToldDeadline(
        name=view.name,
        label=spec.label,
        counts_now=counts,
        last_day=last,
        calendar=calendar,
        sentence=Label(zh=zh, en=en),
    )


def _after(events: Sequence[Any], lang: Lang) -> str:
    joined = "；" if lang == "zh" else "; "
    return joined.join(f"{getattr(t.label, lang)} → {leads_to(t, lang)}" for t in events)


def _last_day_then(view: DeadlineView, now: datetime) -> date | None:
    """The end as it stood at that moment: a move that came later is taken back."""
    later = [move for move in view.moved if move.at > now]
    return later[0].old_last_day if later else view.last_day


def _count_then(view: DeadlineView, now: datetime) -> Label:
    """Why that day, as far as it was known at that moment."""
    if not _moved_later(view, now):
        return _count(view)
    return Label(zh="其后另有调整，算法见当前说明。", en="It was moved later; how is told of the present.")


def _count(view: DeadlineView) -> Label:
    """Why that day: the formula, the first day, the calendar, the moves with their documents."""
    found = formula_words(view.formula)
    zh, en = f"算法：{found.zh}，自{view.start}", f"Why: {found.en}, from {view.start}"
    if view.lineage:
        zh, en = f"{zh}，日历{view.lineage['calendar']}", f"{en}, calendar {view.lineage['calendar']}"
    if view.capped_from:
        zh = f"{zh}，原应至{view.capped_from}，以方案上限为准"
        en = f"{en}, cut off by the plan's cap (the count would end on {view.capped_from})"
    for move in view.moved:
        ground = GROUNDS.get(move.ground, move.ground)
        zh = f"{zh}；{move.old_last_day}改为{move.new_last_day}（{ground}，{move.document_no}）"
        en = f"{en}; moved {move.old_last_day} -> {move.new_last_day} ({move.ground}, {move.document_no})"
    return Label(zh=f"{zh}。", en=f"{en}.")


# --- refused, and next ---------------------------------------------------------------------------------


def _refusal(signal: RefusedSignal) -> ToldRefusal:
    when, said = _moment(signal.at), signal.refusal
    return ToldRefusal(
        at=signal.at,
        command=signal.command,
        sentence=Label(
            zh=f"{when}，{signal.command}未被接受：{said.sentence('zh')}",
            en=f"{when}: {signal.command} was refused: {said.sentence('en')}",
        ),
    )


def _next(step: Step) -> ToldStep:
    return _step(step.event, step.command, step.label, step.by, step.to, step.needs, step.blocked)


def _next_then(stage: Stage) -> tuple[ToldStep, ...]:
    """What the lifecycle had after that stage, conditions unchecked; steps of every stage left out."""
    return tuple(
        _step(
            t.event,
            t.command,
            t.label,
            tuple(role.value for role in t.by),
            (t.target or stage).value,
            tuple(guard.label for guard in t.guards),
            None,
        )
        for t in leaving(stage)
        if t.command is not None and not t.every_stage
    )


def _step(
    event: str,
    command: str,
    label: Label,
    by: tuple[str, ...],
    to: str,
    needs: tuple[Label, ...],
    blocked: Label | None,
) -> ToldStep:
    roles = [ROLE_LABELS[Role(role)] for role in by]
    there = label_of(to)
    zh = f"{'、'.join(r.zh for r in roles)}：{label.zh} → {there.zh}（{command}）"
    en = f"{', '.join(r.en for r in roles)}: {label.en} -> {there.en} ({command})"
    if needs:
        zh += f"；须：{'；'.join(n.zh for n in needs)}"
        en += f"; needs: {'; '.join(n.en for n in needs)}"
    if blocked:
        zh, en = f"{zh}。现在不可：{blocked.zh}", f"{en}. Not now: {blocked.en}"
    return ToldStep(event=event, command=command, by=by, blocked=blocked, sentence=Label(zh=zh, en=en))


def _moment(at: datetime) -> str:
    return f"{at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"
