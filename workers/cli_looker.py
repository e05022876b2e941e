"""Who sits at the command line, for the record of looks: the system's account, trusted as named."""

from __future__ import annotations

import getpass
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from activities.looks import Looker

AT_THE_COMMAND_LINE = "command line"


def account() -> str:
    """The operator as a reference: `os:` and the account's name."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):
        name = "unknown"
    return f"os:{re.sub(r'[^A-Za-z0-9._@-]', '-', name)[:70]}"


def operator() -> Looker:
    """The operator, as the access log names them."""
    from activities.looks import Looker

    return Looker(subject=account(), grants=AT_THE_COMMAND_LINE)
