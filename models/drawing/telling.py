"""What is told of a stage or an event, as pairs of heading and text, for BPMN documentation and handbook."""

from __future__ import annotations

from models.commands import COMMANDS
from models.drawing.reading import Lang, expiries, kind_words, words
from models.roles import ROLE_LABELS, Role
from models.stages import STAGES, Stage, StageDeadline
from models.transitions import Transition
from models.wire import Label

Facts = tuple[tuple[str, str], ...]

NOTHING = Label(zh="无", en="none")

_HEADINGS: dict[str, Label] = {
    "event": Label(zh="事件", en="Event"),
    "command": Label(zh="指令", en="Command"),
    "by": Label(zh="由谁", en="By"),
    "conditions": Label(zh="条件", en="Conditions"),
    "evidence": Label(zh="证据", en="Evidence"),
    "leads": Label(zh="结果", en="Leads to"),
    "told": Label(zh="告知", en="Told"),
    "source": Label(zh="依据", en="Source"),
    "stage": Label(zh="环节", en="Stage"),
    "court": Label(zh="待办方", en="Waits for"),
    "kind": Label(zh="性质", en="Kind"),
    "deadline": Label(zh="期限", en="Deadline"),
    "on_expiry": Label(zh="期满", en="When it passes"),
}

_SYSTEM_ACTS = Label(zh="无（系统自动）", en="none, the system acts")
_UNCHANGED = Label(zh="环节不变", en="the stage stays")
_AND_ENDS = Label(zh="（办理终结）", en=" (the application ends)")
_REMINDED = Label(
    zh="提醒并升级；申报人不受影响", en="the officer is reminded, then escalated; the applicant loses nothing"
)
_NOBODY = Label(zh="无人", en="nobody")


def heading(name: str, lang: Lang) -> str:
    """The heading of a fact."""
    return words(_HEADINGS[name], lang)


def roles_in_words(roles: tuple[Role, ...], lang: Lang) -> str:
    """All roles, named."""
    if lang == "zh":
        return "、".join(ROLE_LABELS[r].zh for r in roles)
    return ", ".join(words(ROLE_LABELS[r], lang) for r in roles)


def court_of(stage: Stage, lang: Lang) -> str:
    """For whom the application waits."""
    role = STAGES[stage].action_by
    return words(_NOBODY if role is None else ROLE_LABELS[role], lang)


def command_of(t: Transition) -> str | None:
    """The command with the fields that select the event, `review(hop=employer, outcome=return)`; or None."""
    if t.command is None:
        return None
    if t.command not in COMMANDS:
        raise ValueError(f"{t.event} answers to no known command: {t.command}")
    chosen = ", ".join(f"{name}={_value(value)}" for name, value in t.when)
    return f"{t.command}({chosen})" if chosen else t.command


def _value(value: object) -> str:
    return "|".join(str(v) for v in value) if isinstance(value, tuple) else str(value)


def leads_to(t: Transition, lang: Lang) -> str:
    """The stage after the event, with its value."""
    if t.target is None:
        text = words(_UNCHANGED, lang)
    else:
        text = f"{words(STAGES[t.target].label, lang)} ({t.target.value})"
    return text + (words(_AND_ENDS, lang) if t.ends else "")


def event_facts(t: Transition, lang: Lang) -> Facts:
    """Everything the table says of an event."""
    none = words(NOTHING, lang)
    joined = "；" if lang == "zh" else "; "
    return (
        (heading("event", lang), f"{words(t.label, lang)} ({t.event})"),
        (heading("command", lang), command_of(t) or words(_SYSTEM_ACTS, lang)),
        (heading("by", lang), roles_in_words(t.by, lang)),
        (
            heading("conditions", lang),
            joined.join(f"{words(g.label, lang)} [{g.citation}]" for g in t.guards) or none,
        ),
        (heading("evidence", lang), words(t.evidence, lang) if t.evidence else none),
        (heading("leads", lang), leads_to(t, lang)),
        (heading("told", lang), roles_in_words(t.notify, lang) or none),
        (heading("source", lang), t.citation),
    )


def deadline_facts(stage: Stage, deadline: StageDeadline, lang: Lang) -> Facts:
    """What a deadline is, of what kind, and what happens when it passes."""
    passing = expiries(stage, deadline)
    joined = "；" if lang == "zh" else "; "
    after = joined.join(f"{words(t.label, lang)} → {leads_to(t, lang)}" for t in passing)
    return (
        (heading("deadline", lang), f"{words(deadline.label, lang)} ({deadline.name.value})"),
        (heading("kind", lang), kind_words(deadline.kind, lang)),
        (heading("on_expiry", lang), after or words(_REMINDED, lang)),
    )


def stage_facts(stage: Stage, lang: Lang) -> Facts:
    """What a stage is, and for whom the application waits in it."""
    spec = STAGES[stage]
    return (
        (heading("stage", lang), f"{words(spec.label, lang)} ({stage.value})"),
        (heading("court", lang), court_of(stage, lang)),
        (heading("source", lang), spec.citation),
    )


def as_text(facts: Facts) -> str:
    """Facts as lines."""
    return "\n".join(f"{name}: {text}" for name, text in facts)
