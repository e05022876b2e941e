"""What makes two sendings the same command, and the answer that the second one gets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, TypeVar

from models.audit import digest
from models.commands import Command
from models.refusal import RefusalCode, Refused, refuse
from models.wire import Wire

R_co = TypeVar("R_co", bound=Wire, covariant=True)


class Known(Protocol[R_co]):
    """An accepted command as a state keeps it: the digest of its body, and the receipt given."""

    @property
    def digest(self) -> str:
        """Of the body."""

    @property
    def receipt(self) -> R_co:
        """The answer that was given."""


def body_digest(command: Command) -> str:
    """What makes two sendings the same command."""
    return digest(command.model_dump(mode="json"))


def receipt_again(answered: Mapping[str, Known[R_co]], command: Command) -> R_co | None:
    """The receipt of a command that was accepted before, marked as a duplicate; None for a new command.

    Raises `Refused` if the command id was used for another content.
    """
    known = answered.get(command.command_id)
    if known is None:
        return None
    if known.digest != body_digest(command):
        raise reused_command_id()
    return known.receipt.model_copy(update={"duplicate": True})


def reused_command_id() -> Refused:
    """The refusal of a command whose id was used for another content."""
    return refuse(
        RefusalCode.REUSED_COMMAND_ID,
        zh="该 command_id 已用于另一内容的指令。",
        en="This command_id was used for a command with another content.",
        fix_zh="请使用新的 command_id。",
        fix_en="Use a new command_id.",
        field="command_id",
    )
