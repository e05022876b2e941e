"""The handbook in Markdown: every stage with whose court it is, its deadlines, and all that may happen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from models.drawing.invariants import INVARIANTS
from models.drawing.reading import GLOBALS, Lang, is_global, words
from models.drawing.telling import Facts, court_of, deadline_facts, event_facts, heading
from models.lifecycle import leaving
from models.stages import STAGES, Stage
from models.wire import Label

One = Literal["zh", "en"]

_TITLE = Label(zh="职称评审申报流程手册", en="Handbook of the application lifecycle")
_GENERATED = Label(
    zh="本文件由程序根据 `models/stages.py` 与 `models/events/` 生成，请勿手工修改；重新生成：`make docs`。",
    en="Generated from `models/stages.py` and `models/events/`. Do not edit; run `make docs`.",
)
_STAGES = Label(zh="环节", en="Stages")
_OVERVIEW = Label(zh="一览", en="Overview")
_DEADLINES = Label(zh="期限", en="Deadlines")
_NO_DEADLINE = Label(zh="无期限。", en="No deadline.")
_MAY_HAPPEN = Label(zh="可能发生的事件", en="What may happen")
_NOTHING = Label(zh="终结环节，不再发生任何事件。", en="The end: nothing happens any more.")
_ALSO = Label(zh="此外还可能发生（见“多环节事件”）：", en="Also possible, see the events at many stages:")
_GLOBAL = Label(zh="多环节事件", en="Events possible at many stages")
_POSSIBLE_IN = Label(zh="可发生于", en="Possible in")
_INVARIANTS = Label(zh="不变量", en="Invariants")
_TERMINAL = Label(zh="终结", en="terminal")


def handbook(lang: One) -> str:
    """The handbook in one language."""
    lines = [f"# {words(_TITLE, lang)}", "", words(_GENERATED, lang), "", *_overview(lang)]
    lines += [f"## {words(_STAGES, lang)}", ""]
    for stage in STAGES:
        lines += _stage(stage, lang)
    lines += _globals(lang)
    lines += [f"## {words(_INVARIANTS, lang)}", ""]
    lines += [f"{number}. {words(rule, lang)}" for number, rule in enumerate(INVARIANTS, start=1)]
    return "\n".join([*lines, ""])


def handbooks(lang: Lang) -> str:
    """The handbook in one language or one after the other in both."""
    return f"{handbook('zh')}\n---\n\n{handbook('en')}" if lang == "both" else handbook(lang)


def table(header: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> list[str]:
    """A Markdown table."""
    lines = [f"| {' | '.join(header)} |", f"|{'---|' * len(header)}"]
    return lines + [f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in rows]


def _overview(lang: One) -> list[str]:
    rows = []
    for stage, spec in STAGES.items():
        kinds = ", ".join(dict.fromkeys(d.kind.name for d in spec.deadlines))
        end = f" ({words(_TERMINAL, lang)})" if spec.terminal else ""
        name = f"[{words(spec.label, lang)}](#{stage.value}){end}"
        rows.append((name, f"`{stage.value}`", court_of(stage, lang), kinds))
    header = (heading("stage", lang), "`stage`", heading("court", lang), heading("deadline", lang))
    return [f"## {words(_OVERVIEW, lang)}", "", *table(header, rows), ""]


def _stage(stage: Stage, lang: One) -> list[str]:
    spec = STAGES[stage]
    lines = [
        f'<a id="{stage.value}"></a>',
        "",
        f"### {words(spec.label, lang)} `{stage.value}`",
        "",
        f"- {heading('court', lang)}: {court_of(stage, lang)}",
        f"- {heading('source', lang)}: {spec.citation}",
        "",
        f"**{words(_DEADLINES, lang)}**",
        "",
    ]
    rules = [deadline_facts(stage, d, lang) for d in spec.deadlines]
    lines += _fact_table(rules) if rules else [words(_NO_DEADLINE, lang)]
    lines += ["", f"**{words(_MAY_HAPPEN, lang)}**", ""]
    own = [t for t in leaving(stage) if not is_global(t)]
    lines += _fact_table([event_facts(t, lang) for t in own]) if own else []
    also = [t for t in leaving(stage) if is_global(t)]
    if also:
        names = ", ".join(f"[{words(t.label, lang)}](#event-{t.event})" for t in also)
        lines += ["", f"{words(_ALSO, lang)} {names}"]
    if not own and not also:
        lines.append(words(_NOTHING, lang))
    return [*lines, ""]


def _fact_table(rows: list[Facts]) -> list[str]:
    header = tuple(name for name, _ in rows[0])
    return table(header, [tuple(text for _, text in facts) for facts in rows])


def _globals(lang: One) -> list[str]:
    lines = [f"## {words(_GLOBAL, lang)}", ""]
    for t in GLOBALS:
        lines += [f'<a id="event-{t.event}"></a>', "", f"### {words(t.label, lang)} `{t.event}`", ""]
        where = ", ".join(f"[{words(STAGES[s].label, lang)}](#{s.value})" for s in t.sources)
        lines.append(f"- {words(_POSSIBLE_IN, lang)}: {where}")
        lines += [f"- {name}: {text}" for name, text in event_facts(t, lang)[1:]]
        lines.append("")
    return lines
