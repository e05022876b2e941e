"""The lifecycle as a Mermaid `stateDiagram-v2`: GitHub, GitLab and many wikis draw it in place.

Events possible at many stages are told in one note instead of being drawn as arrows from everywhere.
"""

from __future__ import annotations

from models.drawing.reading import GLOBALS, LANES, Lang, deadlines_in_order, expiries, outcomes, stays, words
from models.drawing.telling import leads_to, roles_in_words
from models.lifecycle import TRANSITIONS
from models.roles import ROLE_LABELS
from models.stages import STAGES, Stage
from models.transitions import Transition
from models.wire import Label

_MANY_HEAD = Label(zh="多环节事件", en="Possible at many stages")
_SOURCES = Label(zh="个环节", en=" stages")


def mermaid(lang: Lang = "both") -> str:
    """The diagram as text."""
    lines = ["stateDiagram-v2", "    direction LR"]
    for stage, spec in STAGES.items():
        lines.append(f'    state "{_clean(words(spec.label, lang))}" as {stage.value}')
    lines += ["", f"    [*] --> {Stage.DRAFT.value}"]
    for stage in STAGES:
        lines += _steps(stage, lang)
    lines += [f"    {stage.value} --> [*]" for stage, spec in STAGES.items() if spec.final]
    lines += ["", *_note(lang), "", *_classes(), ""]
    return "\n".join(lines)


def _steps(stage: Stage, lang: Lang) -> list[str]:
    lines = [_arrow(stage, t, _named(t, lang)) for t in (*outcomes(stage), *stays(stage))]
    told: set[str] = set()
    for deadline in deadlines_in_order(stage):
        for t in expiries(stage, deadline):
            if t.event not in told:
                told.add(t.event)
                lines.append(_arrow(stage, t, f"{deadline.kind.name} {_named(t, lang)}"))
    return lines


def _named(t: Transition, lang: Lang) -> str:
    return f"{words(t.label, lang)} [{t.event}]"


def _arrow(stage: Stage, t: Transition, text: str) -> str:
    target = "[*]" if t.target is None and t.ends else (t.target or stage).value
    return f"    {stage.value} --> {target}: {_clean(text)}"


def _note(lang: Lang) -> list[str]:
    lines = ["    note right of draft", f"        {_clean(words(_MANY_HEAD, lang))}"]
    for t in GLOBALS:
        count = f"{len(t.sources)}{words(_SOURCES, lang, '')}"
        text = f"{_named(t, lang)}, {count}, {roles_in_words(t.by, lang)} → {leads_to(t, lang)}"
        lines.append(f"        {_clean(text)}")
    return [*lines, "    end note"]


def _classes() -> list[str]:
    """One class a lane, and one for the ends."""
    lines = ["    classDef terminal fill:#eaeef2,stroke:#6e7781,stroke-width:3px,color:#1f2328"]
    ends = ",".join(stage.value for stage, spec in STAGES.items() if spec.terminal)
    lines.append(f"    class {ends} terminal")
    lanes = ", ".join(f"{role.value}: {ROLE_LABELS[role].zh}" for role in LANES)
    return [*lines, f"    %% {lanes}", f"    %% {len(STAGES)} stages, {len(TRANSITIONS)} events"]


def _clean(text: str) -> str:
    """Mermaid ends a label at a semicolon and reads a colon and a quotation mark as syntax."""
    for mark, other in ((";", ","), (":", "："), ('"', "'"), ("#", "＃")):
        text = text.replace(mark, other)
    return text
