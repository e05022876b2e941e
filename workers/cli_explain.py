"""`zhicheng explain`: one application told in words, now, at a past moment, or one of its decisions."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from workers.cli_shared import BAD_INPUT, App, AsJson, InLang, Lang, Patience, ask, echo_json, fail

if TYPE_CHECKING:
    from models.explaining import Explanation
    from models.wire import Label
    from workers.client import ReviewClient

At = Annotated[
    str | None,
    typer.Option("--at", metavar="TIME", help="As it stood then, e.g. 2023-10-09 or 2023-10-09T09:00+08:00."),
]
FactNumber = Annotated[
    int | None,
    typer.Option("--fact", metavar="N", min=1, help="One decision only, by its number in history."),
]

_HEADS = {
    "story": ("经过", "How it came"),
    "deadlines": ("期限", "Deadlines"),
    "refused": ("被拒绝的指令", "Refused messages"),
    "next": ("接下来", "What may come next"),
    "not_now": ("现在不可", "Not possible now"),
}


def explain(
    app: App,
    at: At = None,
    fact: FactNumber = None,
    as_json: AsJson = False,
    lang: InLang = "en",
    timeout: Patience = 30.0,
) -> None:
    """Tell an application in words: why it stands where it stands, who decided what, what may come next."""
    from models.explaining import NothingToTellError
    from models.explaining import explain as tell

    then = _instant(at)

    async def read(door: ReviewClient) -> Explanation:
        state, facts = await door.state(app), await door.history(app)
        deadlines, refused = await door.deadlines(app), await door.refused(app)
        return tell(state, facts, deadlines, refused, at=then, fact=fact)

    try:
        told = ask(read, patience=timeout, as_json=as_json, lang=lang)
    except NothingToTellError as missing:
        fail(BAD_INPUT, f"{_in(missing.rule, lang)} (--{missing.field})")
    if as_json:
        echo_json(told)
    else:
        typer.echo("\n".join(_lines(told, lang, only_fact=fact is not None)))


def _lines(told: Explanation, lang: Lang, *, only_fact: bool) -> list[str]:
    lines = [f"{told.plan_id}/{told.application_ref}", _in(told.why, lang)] if not only_fact else []
    lines += _head("story", lang) if not only_fact else []
    for one in told.story:
        lines.append(f"{one.seq:>3}  {_in(one.sentence, lang)}")
        lines += [f"     - {said}" for said in one.words]
    if only_fact:
        return lines
    told_of: tuple[tuple[str, list[str]], ...] = (
        ("deadlines", [_in(one.sentence, lang) for one in told.deadlines]),
        ("refused", [_in(one.sentence, lang) for one in told.refused]),
        ("next", [_in(one.sentence, lang) for one in told.next]),
        ("not_now", [f"{one.command}: {_in(one.reason, lang)}" for one in told.not_now]),
    )
    for name, sentences in told_of:
        if sentences:
            lines += [*_head(name, lang), *(f"  - {sentence}" for sentence in sentences)]
    return lines


def _in(label: Label, lang: Lang) -> str:
    return label.zh if lang == "zh" else label.en


def _head(name: str, lang: Lang) -> list[str]:
    return ["", _HEADS[name][0 if lang == "zh" else 1]]


def _instant(text: str | None) -> datetime | None:
    """A day alone is its last moment; a time without an offset lies in Asia/Shanghai."""
    if text is None:
        return None
    from datetime import date, timedelta

    from models.wire import SHANGHAI, end_of

    try:
        if len(text) == len("2023-10-09"):
            return end_of(date.fromisoformat(text)) - timedelta(seconds=1)
        found = datetime.fromisoformat(text)
    except ValueError:
        fail(BAD_INPUT, f"--at {text!r} is no time: write 2023-10-09 or 2023-10-09T09:00+08:00.")
    return found if found.tzinfo else found.replace(tzinfo=SHANGHAI)
