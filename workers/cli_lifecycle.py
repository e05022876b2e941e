"""The command that prints the lifecycle in one of its forms: diagram, process model, handbook, JSON."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from models.drawing.as_json import as_json
from models.drawing.bpmn import bpmn
from models.drawing.handbook import handbooks
from models.drawing.mermaid import mermaid
from models.drawing.reading import Lang
from models.drawing.svg import svg


class Format(StrEnum):
    """The forms of the lifecycle."""

    MERMAID = "mermaid"
    SVG = "svg"
    BPMN = "bpmn"
    MARKDOWN = "markdown"
    JSON = "json"


class Language(StrEnum):
    """The languages of labels and texts."""

    ZH = "zh"
    EN = "en"
    BOTH = "both"


_WRITERS: dict[Format, Callable[[Lang], str]] = {
    Format.MERMAID: mermaid,
    Format.SVG: svg,
    Format.BPMN: bpmn,
    Format.MARKDOWN: handbooks,
    Format.JSON: lambda _lang: as_json(),
}


def lifecycle(
    format: Annotated[Format, typer.Option("--format", "-f", help="The form.")] = Format.MERMAID,
    lang: Annotated[Language, typer.Option("--lang", help="Language; JSON has both.")] = Language.BOTH,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write to a file instead.")
    ] = None,
) -> None:
    """The whole lifecycle, from the tables the service runs on: diagram, BPMN 2.0, handbook or JSON."""
    text = _WRITERS[format](lang.value)
    if output is None:
        typer.echo(text, nl=False)
        return
    try:
        output.write_text(text, "utf-8")
    except OSError as problem:
        typer.echo(
            f"{output} cannot be written ({problem.strerror}): name a file in a folder that exists.", err=True
        )
        raise typer.Exit(2) from None
