"""The files that a conversion writes: distinct from what it reads, from each other, and able to be written."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import combinations
from pathlib import Path
from typing import IO, Final

from biomatrix.entities.files.reading import STANDARD_INPUT
from biomatrix.entities.files.writing import cannot_be_written, check_writable, place_of
from biomatrix.errors import ConfigurationError

STANDARD_OUTPUT: Final = "-"
_LABEL: Final = "<stdout>"


def rejects_beside(output: Path) -> Path | None:
    """Return the file for refused records beside an output; inside it where the output is the root folder.

    None where nothing may stand beside it: a device, a pipe or an open file, which is written where it stands.
    """
    whole = Path(os.path.abspath(output))
    if not whole.name:
        return whole / "rejects.jsonl"
    if not os.path.isdir(output) and place_of(output).in_place:
        return None
    return (whole if output.name in ("", "..") else output).with_name(f"{whole.name}.rejects.jsonl")


def check_paths(file: str, output: Path | None, rejects: Path | None, *, into_folder: bool = False) -> None:
    """Check where a conversion reads and writes, before any work.

    Parameters
    ----------
    file : str
        The input, or "-" for standard input.
    output : Path or None
        Where the result goes; standard output when None.
    rejects : Path or None
        File for the refused records, where there is one.
    into_folder : bool
        Whether the output is a folder, which is made when the first record goes into it.

    Raises
    ------
    ConfigurationError
        Two of the paths are the same, one cannot be written, or the rejects would go to standard output.
    """
    if rejects is not None and str(rejects) == STANDARD_OUTPUT:
        raise ConfigurationError("the rejects cannot go to standard output; give a file for them")
    written = {"output": output, "file of rejects": rejects}
    named = {what: path for what, path in written.items() if path is not None}
    for what, path in named.items():
        if into_folder and what == "output":
            continue
        try:
            check_writable(path)
        except ConfigurationError as error:
            if path is not rejects or output is None or rejects != rejects_beside(output):
                raise
            hint = f"{error.message}; name the file of rejects with --rejects"
            raise ConfigurationError(hint, file=error.file) from error.__cause__
    beside = {"input": Path(file)} if file != STANDARD_INPUT else {}
    for (first, one), (second, other) in combinations({**beside, **named}.items(), 2):
        if os.path.realpath(one) == os.path.realpath(other) and not _shared(other):
            raise ConfigurationError(f"the {first} and the {second} are the same file; name another", file=str(other))


def _shared(path: Path) -> bool:
    """Return whether several may write there at once, as to a device."""
    return not os.path.isdir(path) and place_of(path).in_place


@contextmanager
def standard_output() -> Iterator[IO[str]]:
    """Yield standard output; where the system refuses to write to it, as to a full disk, one error says so.

    Raises
    ------
    ConfigurationError
        It is closed, or cannot be written.
    """
    if sys.stdout is None:  # as the shell's >&- leaves it
        raise ConfigurationError("is closed; give a file with -o", file=_LABEL)
    try:
        yield sys.stdout
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise cannot_be_written(_LABEL, error) from error
