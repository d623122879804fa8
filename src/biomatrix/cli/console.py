"""What all commands print alike: progress on standard error, rejects at the end."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from biomatrix.conversion import Counts

TokenizerName = Annotated[
    str | None,
    typer.Option(
        "--tokenizer",
        help="Name or folder of the structure tokenizer; by default the one that the line names, where lines are "
        "decoded, else the default of the kind.",
    ),
]
RejectsFile = Annotated[
    Path | None,
    typer.Option("--rejects", help="File for what was refused, as JSON lines; by default beside the --output, if any."),
]
CountsAsJson = Annotated[bool, typer.Option("--json", help="Print the counts as JSON, on standard error.")]


@contextmanager
def progress_line(quiet: bool = False) -> Iterator[Callable[[str], None]]:
    """Yield a function that prints a message and the seconds so far on standard error; ``quiet`` silences it."""
    start = time.monotonic()

    def say(message: str) -> None:
        if not quiet:
            typer.echo(f"[{time.monotonic() - start:6.1f} s] {message}", err=True)

    yield say


def show_log() -> logging.Handler:
    """Send the package's progress messages to standard error; return the handler that does so."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s", datefmt="%H:%M:%S"))
    logger = logging.getLogger("biomatrix")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    return handler


@contextmanager
def shown_log() -> Iterator[None]:
    """Send the package's progress messages to standard error for the duration of a block."""
    handler = show_log()
    try:
        yield
    finally:
        logging.getLogger("biomatrix").removeHandler(handler)


def report_counts(counts: Counts, as_json: bool) -> None:
    """Print the counts of a batch on standard error; exit with 1 when nothing succeeded."""
    typer.echo(counts.as_json() if as_json else counts.as_text(), err=True)
    if not counts.succeeded:
        raise typer.Exit(1)
