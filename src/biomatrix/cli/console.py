"""What all commands print alike: progress on standard error, rejects at the end."""

from __future__ import annotations

import functools
import json
import logging
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ParamSpec, TypeVar

import typer

from biomatrix.errors import BioMatrixError

if TYPE_CHECKING:
    from biomatrix.conversion import Counts

P = ParamSpec("P")
T = TypeVar("T")

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
CountsAsJson = Annotated[
    bool,
    typer.Option(
        "--json", help="Print the counts as JSON, on standard output where the result goes elsewhere, else on error."
    ),
]
EntityKind = Annotated[
    str | None,
    typer.Option("--kind", help="The kind of the entities, where neither name nor content tells: protein, ..."),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")]
"""Of every command that may take long; what they answer and refuse is printed all the same."""


@contextmanager
def progress_line(quiet: bool = False) -> Iterator[Callable[[str], None]]:
    """Yield a function that prints a message and the seconds so far on standard error; ``quiet`` silences it."""
    start = time.monotonic()

    def say(message: str) -> None:
        if not quiet:
            typer.echo(f"[{time.monotonic() - start:6.1f} s] {message}", err=True)

    yield say


@contextmanager
def shown_log(quiet: bool = False) -> Iterator[None]:
    """Send the package's progress messages to standard error for the duration of a block; ``quiet`` leaves them out."""
    if quiet:
        yield
        return
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s", datefmt="%H:%M:%S"))
    logger = logging.getLogger("biomatrix")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        logger.removeHandler(handler)


def report_counts(counts: Counts, as_json: bool, output: Path | None = None) -> None:
    """Print the counts of a batch; exit with 1 when nothing succeeded.

    They go to standard error; as JSON to standard output, where the ``output`` leaves that free.
    """
    typer.echo(counts.as_json() if as_json else counts.as_text(), err=not (as_json and _leaves_output_free(output)))
    if not counts.succeeded:
        raise typer.Exit(1)


def _leaves_output_free(output: Path | None) -> bool:
    """Return whether a result goes elsewhere than to standard output, also where it names that as a file."""
    if output is None or str(output) == "-":
        return False
    try:
        return not os.path.samestat(os.stat(output), os.fstat(1))
    except OSError:
        return True


def refusals_in_json(command: Callable[P, T]) -> Callable[P, T]:
    """Let a command with ``--json`` print what refuses it as JSON too: an object with the key ``error``.

    The line on standard error and the exit status stay as they are.
    """

    @functools.wraps(command)
    def told(*arguments: P.args, **options: P.kwargs) -> T:
        try:
            return command(*arguments, **options)
        except BioMatrixError as error:
            if options.get("as_json"):
                place = {"file": error.file, "record": error.record, "position": error.position}
                told = {"kind": type(error).__name__, "message": error.message, **place}
                typer.echo(json.dumps({"error": told}, indent=2, ensure_ascii=False))
            raise

    return told
