"""What every command of the command line shares: how it speaks, how it fails, how it gets to an application.

Exit status: 0 done, 1 refused, 2 wrong usage or input, 3 nobody to reach. An error is one sentence with
the remedy on standard error; with `--json` standard output holds JSON and nothing else.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Awaitable, Callable
from datetime import time
from typing import TYPE_CHECKING, Annotated, Any, Literal, NoReturn, TypeVar

import typer
from pydantic import BaseModel
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from models.formulas import formula_words
from models.wire import SHANGHAI, Label, last_day_before

if TYPE_CHECKING:
    from datetime import datetime

    from workers.client import ReviewClient
    from workers.settings import Settings

OK, REFUSED, BAD_INPUT, NOT_REACHABLE = 0, 1, 2, 3

Lang = Literal["zh", "en"]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]
InLang = Annotated[Lang, typer.Option("--lang", help="Language of the words.")]
Patience = Annotated[
    float,
    typer.Option("--timeout", min=0.5, max=600, metavar="SECONDS", help="How long to try for an answer."),
]
App = Annotated[
    str,
    typer.Argument(
        metavar="APP", help="An application: its reference, PLAN/REFERENCE, or its whole workflow id."
    ),
]

T = TypeVar("T")


def fail(status: int, sentence: str) -> NoReturn:
    """Say what is wrong and leave with `status`."""
    typer.echo(sentence, err=True)
    raise typer.Exit(status)


def echo_json(value: Any) -> None:
    """Print a model, or a list or dict of plain values and models, as JSON."""
    typer.echo(json.dumps(_plain(value), ensure_ascii=False, indent=2))


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value


def console() -> Console:
    """Standard output for tables; without a terminal wide enough that nothing is folded."""
    return Console(file=sys.stdout, highlight=False, width=None if sys.stdout.isatty() else 200)


def table(*heads: str, **more: Any) -> Table:
    """A plain table that folds long cells and cuts nothing off."""
    made = Table(box=SIMPLE_HEAD, title_justify="left", **more)
    for head in heads:
        made.add_column(head, overflow="fold")
    return made


def words(label: Label, lang: Lang) -> str:
    """A label in the reader's language; in English the Chinese word stands beside it."""
    return label.zh if lang == "zh" else f"{label.en} ({label.zh})"


def formula_in(formula: str, lang: Lang) -> str:
    """How a deadline was found, in the reader's language."""
    found = formula_words(formula)
    return found.zh if lang == "zh" else found.en


def when(instant: datetime | None) -> str:
    """A moment in Asia/Shanghai, to the minute."""
    return instant.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M") if instant else "-"


def until(end: datetime | None) -> str:
    """The end of a deadline in Asia/Shanghai. Midnight is 24:00 of the day before, which is the last one:
    at 00:00 of the next day it is too late."""
    if end is None or (there := end.astimezone(SHANGHAI)).time() != time():
        return when(end)
    return f"{last_day_before(there)} 24:00"


def default_plan() -> str:
    """The plan of an application that is named by its reference alone: `ZHICHENG_PLAN`, or the real one."""
    from workers.client import DEFAULT_PLAN

    return os.environ.get("ZHICHENG_PLAN") or DEFAULT_PLAN


def load_settings(**given: Any) -> Settings:
    """The settings, or exit status 2 with every fault in them."""
    from workers.settings import Settings, SettingsError

    try:
        return Settings.load(**given)
    except SettingsError as error:
        fail(BAD_INPUT, str(error))


def ask(
    work: Callable[[ReviewClient], Awaitable[T]],
    *,
    patience: float,
    as_json: bool = False,
    lang: Lang = "en",
) -> T:
    """Connect, do `work`, and give its answer; what goes wrong ends the command with its exit status."""
    from pydantic import ValidationError

    from workers.client import ReviewClient
    from workers.client_errors import ClientError
    from workers.connect import TemporalUnreachableError, connect
    from workers.settings import SettingsError
    from workers.stack import settings_to_reach

    settings = load_settings()

    async def run() -> T:
        client = await connect(settings_to_reach(settings))
        plan = default_plan()
        return await work(ReviewClient(client, settings.task_queue, plan_id=plan, patience=patience))

    try:
        return asyncio.run(run())
    except ClientError as error:
        _fail_with(error, as_json, lang)
    except TemporalUnreachableError as error:
        fail(NOT_REACHABLE, _one_line(error))
    except SettingsError as error:
        fail(BAD_INPUT, str(error))
    except ValidationError as error:
        fail(
            REFUSED, f"The answer cannot be read by this release ({error.error_count()} fields): upgrade it."
        )


def _fail_with(error: Exception, as_json: bool, lang: Lang) -> NoReturn:
    from workers import client_errors as ce

    if isinstance(error, ce.CommandRefused):
        refusal = error.refusal
        if as_json:
            echo_json({"refused": refusal})
        unreadable = refusal.code.value in ("malformed", "unknown_kind", "oversized")
        fail(BAD_INPUT if unreadable else REFUSED, refusal.sentence(lang))
    if isinstance(error, ce.StartRefused):
        refusal_or_none = error.refusal
        if as_json:
            echo_json({"refused": refusal_or_none, "differing": list(error.differing), "reason": str(error)})
        fail(REFUSED, refusal_or_none.sentence(lang) if refusal_or_none else str(error))
    if isinstance(error, ce.NoWorker | ce.ServerAway):
        fail(NOT_REACHABLE, str(error))
    fail(BAD_INPUT if isinstance(error, ce.UnknownApplication) else REFUSED, str(error))


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())


def read_json(source: str) -> Any:
    """The JSON in a file, or on standard input for `-`; exit status 2 when there is none."""
    try:
        text = sys.stdin.read() if source == "-" else _read(source)
        return json.loads(text)
    except OSError as error:
        fail(
            BAD_INPUT,
            f"{source} cannot be read ({error.strerror}): give a file of JSON, or - for standard input.",
        )
    except (ValueError, RecursionError) as error:  # nested too deeply
        fail(BAD_INPUT, f"{source} is not JSON ({error}): correct it, or begin with `zhicheng template`.")


def _read(path: str) -> str:
    with open(path, encoding="utf-8") as file:
        return file.read()
