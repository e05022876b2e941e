"""One application in the drawing of the lifecycle: where it is, and the way it came."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from models.stages import Stage
from workers.cli_looker import note_look
from workers.cli_shared import BAD_INPUT, App, Patience, ask, fail

if TYPE_CHECKING:
    from workers.client import ReviewClient

Output = Annotated[
    Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write the SVG to a file instead.")
]


def diagram(
    app: App,
    output: Output = None,
    lang: Annotated[
        Literal["zh", "en", "both"], typer.Option("--lang", help="Language of the labels.")
    ] = "both",
    timeout: Patience = 30.0,
) -> None:
    """Draw the lifecycle as SVG with the present stage and the way to it marked."""
    from models.drawing.svg import svg

    async def walked(door: ReviewClient) -> list[Stage]:
        return [Stage(fact.to_stage) for fact in await door.history(app)]

    path = ask(walked, patience=timeout)
    note_look("diagram", app)
    text = svg(lang, path[-1] if path else None, path)
    if output is None:
        typer.echo(text, nl=False)
        return
    try:
        output.write_text(text, "utf-8")
    except OSError as error:
        fail(
            BAD_INPUT, f"{output} cannot be written ({error.strerror}): name a file in a folder that exists."
        )
    typer.echo(f"{output}: {path[-1].value if path else 'no stage'}")
