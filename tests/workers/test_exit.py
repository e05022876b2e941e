"""How a process ends: with its own status, and with all it said."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROGRAM = """
import atexit, logging, sys
from workers.exit import finish
atexit.register(lambda: print("too late"))
logging.basicConfig(stream=sys.stderr)
print("said", end="")
logging.warning("logged")
finish(3)
"""


def test_finish_flushes_and_ends_with_the_status() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (3, "said")
    assert "logged" in done.stderr


def test_finish_does_not_mind_a_closed_pipe() -> None:
    buffered = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM], cwd=ROOT, env=buffered, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    process.stdout.close()
    assert process.wait(30) == 3
