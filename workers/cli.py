"""The command line `zhicheng` as a whole: for whoever documents it, or looks for a word that it has."""

from __future__ import annotations

from workers.command_line import whole

app = whole()
