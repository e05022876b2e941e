"""Each word of the command line by itself: the same command as in the whole, and nothing else is loaded."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from typer.main import get_command

from models.commands import COMMANDS
from tests.cli import CliRunner
from workers.cli import app
from workers.command_line import FIRST, WORDS, for_arguments

WHOLE: dict[str, Any] = get_command(app).commands  # type: ignore[attr-defined]


def _told(command: Any) -> object:
    """What a command asks for and says of itself, and its commands likewise."""
    parts = getattr(command, "commands", {})
    return (
        command.name,
        command.help,
        command.rich_help_panel,
        command.context_settings,
        [(one.name, one.opts, one.required, one.default) for one in command.params],
        {name: _told(part) for name, part in parts.items()},
    )


def test_the_whole_has_every_word_once() -> None:
    contract = [kind.replace("_", "-") for kind in COMMANDS]
    words = [*(w.word for w in FIRST), *contract, *(w.word for w in WORDS)]
    assert sorted(WHOLE) == sorted(words)


@pytest.mark.parametrize("word", WHOLE)
def test_a_word_alone_is_the_command_that_it_is_in_the_whole(word: str) -> None:
    alone: dict[str, Any] = get_command(for_arguments([word, "--json"])).commands  # type: ignore[attr-defined]
    assert list(alone) == [word]
    assert _told(alone[word]) == _told(WHOLE[word])


@pytest.mark.parametrize("given", [[], ["--help"], ["shwo"], [""], ["--lang", "zh"]], ids=str)
def test_a_mistake_is_told_with_all_words_at_hand(given: list[str]) -> None:
    assert len(get_command(for_arguments(given)).commands) == len(WHOLE)  # type: ignore[attr-defined]
    result = CliRunner().invoke(for_arguments(given), given)
    assert (result.exit_code == 0) is (given == ["--help"])
    assert ("show" in result.output) is (given != [""] and given != ["--lang", "zh"])


def test_a_word_loads_what_it_needs() -> None:
    asked = (
        "import sys; from workers.command_line import run; status = run(['show', '--help']); "
        "print(status, sorted({'temporalio', 'sqlalchemy', 'workers.cli_meeting', 'models.lifecycle'} & "
        "set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "0 []"
