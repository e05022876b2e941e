"""Typer's runner, for which a command line is built once: to build it takes longer than to run it."""

from __future__ import annotations

from functools import cache

from typer import testing
from typer.main import get_command
from typer.testing import CliRunner, Result

__all__ = ["CliRunner", "Result"]

testing._get_command = cache(get_command)  # type: ignore[attr-defined]
"""It builds every command of an application anew for each that it runs."""
