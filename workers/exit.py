"""How a command line process ends: with the status it decided on, whatever native threads do at exit.

A short process that used the Temporal SDK may abort inside the interpreter's own shutdown, which turns
a success into status 134. So the last statement of a process is `finish(status)`.
"""

from __future__ import annotations

import logging
import os
import sys
from contextlib import suppress
from typing import NoReturn


def finish(status: int) -> NoReturn:
    """Flush logging, standard output and standard error, then end the process with `status` (0..255).

    `atexit` functions and `finally` blocks of other threads do not run: close files, databases and
    servers before. A closed pipe on the reader's side is no error here.
    """
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):  # AttributeError: a stream may be None
            stream.flush()
    os._exit(status)
