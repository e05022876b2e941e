"""Where the program `zhicheng` begins, before anything is imported."""

from __future__ import annotations

import gc

NEW_OBJECTS = 50_000
"""How many new objects there are before Python looks for garbage among them, instead of 700: to begin is to
import, where much is made and nothing is garbage, and looking all the time is an eighth of it."""


def main() -> None:
    """Runs the command line and ends the process."""
    gc.set_threshold(NEW_OBJECTS, 10, 10)
    from workers.command_line import main as command_line

    command_line()
