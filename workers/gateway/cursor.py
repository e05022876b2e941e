"""An opaque place in a list: where the page before ended."""

from __future__ import annotations

import base64
import binascii

from pydantic import ValidationError

from models.wire import Instant, Wire
from workers.gateway.problems import problem


class Cursor(Wire):
    """`after`: the last reference of the page before; `due_at`: its deadline, where that is the order."""

    after: str
    due_at: Instant | None = None

    def text(self) -> str:
        """As it stands in an answer."""
        return base64.urlsafe_b64encode(self.model_dump_json().encode()).decode().rstrip("=")

    @classmethod
    def read(cls, text: str) -> Cursor:
        """Raises the problem 422 for anything that no answer gave."""
        try:
            padded = text + "=" * (-len(text) % 4)
            read = cls.model_validate_json(base64.urlsafe_b64decode(padded.encode("ascii", "strict")))
            if not read.after.isprintable():
                raise ValueError("no reference has control characters")
            return read
        except (ValueError, binascii.Error, ValidationError):
            raise problem(
                422,
                "malformed",
                zh="cursor 无法识别。",
                en="The cursor is none that an answer gave.",
                fix_zh="请从头查询，或使用上一页的 next。",
                fix_en="Begin without one, or use `next` of the page before.",
                field="cursor",
            ) from None
