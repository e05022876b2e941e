"""The permission matrix in Markdown: which role may send which command, and cause which event."""

from __future__ import annotations

from models.commands import COMMANDS
from models.drawing.handbook import table
from models.drawing.reading import Lang, words
from models.drawing.telling import command_of
from models.lifecycle import TRANSITIONS
from models.roles import ROLE_LABELS, Role
from models.wire import Label

_TITLE = Label(zh="权限矩阵", en="Permission matrix")
_BY_COMMAND = Label(zh="指令与角色", en="Commands and roles")
_BY_EVENT = Label(zh="事件与角色", en="Events and roles")
_COMMAND = Label(zh="指令", en="Command")
_EVENT = Label(zh="事件", en="Event")
_NOTE = Label(
    zh="● 表示该角色在某些环节可以发出该指令或引起该事件；环节、条件见手册。"
    "“系统”列只由计时器和计算步骤引起，不接受外部指令。"
    "同一人不得在同一申报的两个环节办理，用人单位、主管部门等只能办理本单位的申报。",
    en="● means that the role may send the command, or cause the event, at some stage; the handbook names the"
    " stages and conditions. The system acts by timers and computed steps only, never on a command from"
    " outside. Nobody acts at two hops of one application, and an organisation acts on its own cases only.",
)


def matrix(lang: Lang = "both") -> str:
    """Both tables as Markdown."""
    roles = tuple(Role)
    names = tuple(words(ROLE_LABELS[role], lang, "<br>") for role in roles)
    commands = [
        (f"`{kind}`", *(_dot(any(t.command == kind and r in t.by for t in TRANSITIONS)) for r in roles))
        for kind in COMMANDS
    ]
    events = [
        (
            f"{words(t.label, lang)} `{t.event}`",
            f"`{command_of(t)}`" if t.command else "",
            *(_dot(r in t.by) for r in roles),
        )
        for t in TRANSITIONS
    ]
    lines = [f"# {words(_TITLE, lang)}", "", words(_NOTE, lang, "\n\n"), ""]
    lines += [f"## {words(_BY_COMMAND, lang)}", "", *table((words(_COMMAND, lang), *names), commands), ""]
    header = (words(_EVENT, lang), words(_COMMAND, lang), *names)
    return "\n".join([*lines, f"## {words(_BY_EVENT, lang)}", "", *table(header, events), ""])


def _dot(permitted: bool) -> str:
    return "●" if permitted else ""
