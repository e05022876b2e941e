"""What people see of a rehearsal: the table of the stories while they run, and how they ended."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from rich import box
from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from models.lifecycle import BY_EVENT
from models.roles import ROLE_LABELS, Role
from models.stages import label_of
from models.wire import local_day
from workers.rehearsal.player import Player
from workers.rehearsal.verdict import Verdict

WEEKDAYS = "一二三四五六日"
SYSTEM_EVENTS = {"escalated": "超期上报", "reminded": "提醒"}
_STATUS = {"open": "办理中", "on_hold": "暂停", "ended": "终结"}
_PLAYING = {"waiting": "·", "playing": "▶", "ended": "✓", "failed": "✗"}
_COLOUR = {"waiting": "dim", "playing": "cyan", "ended": "green", "failed": "bold red"}


def headline(now: datetime) -> str:
    """The business date with its weekday."""
    return f"业务日期 business date  {local_day(now)}  星期{WEEKDAYS[now.weekday()]}  {now:%H:%M}"


def scene(players: Sequence[Player], now: datetime, hint: str, news: Sequence[str]) -> RenderableType:
    """The whole picture at one moment."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, expand=False)
    for title, width in (("", 1), ("故事 story", 44), ("业务日期", 10), ("阶段 stage", 12)):
        table.add_column(title, no_wrap=True, max_width=width)
    for title in ("待办 court", "期限 deadline", "退回", "状态"):
        table.add_column(title, no_wrap=True)
    for player in players:
        table.add_row(*_row(player), style=_COLOUR[player.playing])
    lines: list[RenderableType] = [Text(headline(now), style="bold"), Text(hint, style="dim"), table]
    lines += [Text(f"! {line}", style="yellow") for line in news[-3:]]
    return Group(*lines)


def _row(player: Player) -> tuple[str, ...]:
    seen = player.seen
    title = escape(f"{player.story.zh} {player.story.en}")
    if seen is None:
        return (_PLAYING[player.playing], title, "", "", "", "", "", "")
    return (
        _PLAYING[player.playing],
        title,
        f"{local_day(seen.at)}",
        label_of(seen.stage).zh,
        ROLE_LABELS[Role(seen.action_by)].zh if seen.action_by else "—",
        f"{_last_day(seen.due_at)}" if seen.due_at and seen.status != "ended" else "—",
        str(seen.returns or ""),
        _STATUS[seen.status],
    )


def _last_day(due_at: datetime) -> date:
    """The day at whose 24:00 the period ends."""
    return local_day(due_at - timedelta(seconds=1))


def progress(players: Sequence[Player], now: datetime) -> str:
    """One line for a log: the business date and how many applications are in which stage."""
    stages = Counter(label_of(p.seen.stage).zh for p in players if p.seen is not None)
    done = sum(1 for p in players if p.playing == "ended")
    found = "，".join(f"{stage} {number}" for stage, number in stages.most_common())
    return f"{local_day(now)}  ended {done}/{len(players)}  {found}"


def summary(verdicts: Sequence[Verdict]) -> Table:
    """Each story with the end it had to reach, the one it reached, and the facts that decided it."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_lines=False)
    for title in ("", "故事 story", "应至 expected", "实至 reached", "要事 decisive facts"):
        table.add_column(title, overflow="fold")
    for verdict in verdicts:
        good = verdict.as_expected
        table.add_row(
            "✓" if good else "✗",
            escape(f"{verdict.story.zh}\n{verdict.story.en}"),
            _stage(verdict.story.ends.value),
            _stage(verdict.stage),
            escape("；".join([decisive(verdict), *verdict.problems])),
            style="" if good else "bold red",
        )
    return table


def decisive(verdict: Verdict) -> str:
    """The facts that tell the story, each with its business date."""
    words = []
    for event in verdict.story.tells:
        fact = verdict.told.first(event)
        words.append(f"{_event(event)} {f'{local_day(fact.at):%m-%d}' if fact else '—'}")
    return "，".join(words)


def _event(event: str) -> str:
    known = BY_EVENT.get(event)
    return known.label.zh if known else SYSTEM_EVENTS.get(event, event)


def _stage(stage: str) -> str:
    return label_of(stage).zh if not stage.startswith("(") else stage
