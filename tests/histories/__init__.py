"""Recorded histories, one a path. `pytest tests/workflows/test_paths.py --record` writes them anew."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parent
