"""Sets a form with its data as a PDF: PDF/A-2u, fonts embedded as subsets, the same bytes for the same data.

A form is a Typst file in `activities/papers/forms`. It reads its data with `#let data =
json(bytes(sys.inputs.data))` and shows texts as they are: nothing in the data is ever read as markup. The
date in the file is the business time that the caller gives, never a clock; the only metadata are title,
author and date.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from threading import Lock
from typing import Any, Literal

import segno
import typst

from activities.papers.font import check, font_folder
from models.wire import SHANGHAI

FORMS = Path(__file__).parent / "forms"
STANDARD: Literal["a-2u"] = "a-2u"
"""PDF/A-2u, ISO 19005-2: made to be archived, every text can be searched and copied."""


class FormError(RuntimeError):
    """A form could not be set: a fault of the form, not of what was written into it."""


class _Press:
    """One Typst compiler a process, warm after its first page; it sets one paper at a time."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._compiler: typst.Compiler | None = None

    def set(self, form: Path, data: str, at: datetime) -> bytes:
        with self._lock:
            if self._compiler is None:
                self._compiler = typst.Compiler(
                    root=str(FORMS), font_paths=[str(font_folder())], ignore_system_fonts=True
                )
            made = self._compiler.compile(
                input=str(form),
                format="pdf",
                sys_inputs={"data": data},
                pdf_standards=STANDARD,
                timestamp=int(at.timestamp()),
            )
        assert isinstance(made, bytes)
        return made


_PRESS = _Press()


def typeset(form: str, data: Mapping[str, Any], at: datetime) -> bytes:
    """The PDF of `forms/{form}.typ` with `data`; `at` is business time and becomes the file's date.

    `data` is plain JSON. The form finds the date as `data.made` besides (year, month, day, hour, minute,
    second in Asia/Shanghai, and `day_zh`). Raises `UnprintableError` before anything is made, and
    `FormError` when the form itself is wrong. Takes some milliseconds of CPU: call it in a thread.
    """
    check(data)
    given = json.dumps({**data, "made": _moment(at)}, ensure_ascii=False, sort_keys=True)
    try:
        return _PRESS.set(FORMS / f"{form}.typ", given, at)
    except typst.TypstError as error:
        raise FormError(f"forms/{form}.typ: {error}") from error


def _moment(at: datetime) -> dict[str, Any]:
    local = at.astimezone(SHANGHAI)
    parts = ("year", "month", "day", "hour", "minute", "second")
    return {name: getattr(local, name) for name in parts} | {"day_zh": day_zh(local)}


def day_zh(day: Any) -> str:
    """2023年12月27日."""
    return f"{day.year}年{day.month}月{day.day}日"


def qr_modules(text: str) -> list[list[int]]:
    """The QR code of a text as rows of 0 and 1, without the quiet zone; error correction M.

    The mask is fixed: readers take any, and to compare all eight costs as much as the page itself.
    A form draws it with `qr(data.qr, 30mm)` from `forms/base.typ`.
    """
    code = segno.make(text, error="m", micro=False, boost_error=False, mask=3)
    return [[int(bit) for bit in row] for row in code.matrix]
