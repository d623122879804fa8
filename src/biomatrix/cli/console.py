"""What every command says the same way: progress on standard error, rejects at the end."""

from __future__ import annotations

import logging
import os
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
        help="Name or folder of the structure tokenizer; the one that lines name, or the default, when not given.",
    ),
]
RejectsFile = Annotated[
    Path | None, typer.Option("--rejects", help="JSON lines of what was refused; beside --output by default.")
]
CountsAsJson = Annotated[bool, typer.Option("--json", help="Print the counts as JSON at the end.")]


@contextmanager
def progress_line(quiet: bool = False) -> Iterator[Callable[[str], None]]:
    """Yield a function that says, on standard error, what is being done and how long it has taken so far."""
    started = time.monotonic()

    def say(what: str) -> None:
        if not quiet:
            typer.echo(f"[{time.monotonic() - started:6.1f} s] {what}", err=True)

    yield say


def share_processors() -> None:
    """Let idle threads of torch sleep instead of spin; call it before torch is first imported.

    Beside other busy processes training then ran three times as fast.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


def show_log() -> logging.Handler:
    """Send the package's progress messages to standard error; the handler that does so is returned."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s", datefmt="%H:%M:%S"))
    logger = logging.getLogger("biomatrix")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    return handler


@contextmanager
def shown_log() -> Iterator[None]:
    """Send the package's progress messages to standard error for the length of a block."""
    handler = show_log()
    try:
        yield
    finally:
        logging.getLogger("biomatrix").removeHandler(handler)


def report_counts(counts: Counts, as_json: bool) -> None:
    """Print how a batch went on standard error; a batch in which nothing succeeded exits with 1."""
    typer.echo(counts.as_json() if as_json else counts.as_text(), err=True)
    if not counts.succeeded:
        raise typer.Exit(1)
