"""The files that a conversion writes: distinct from what it reads, from each other, and no folders."""

from __future__ import annotations

import os
from itertools import combinations
from pathlib import Path
from typing import Final

from biomatrix.entities.files import STANDARD_INPUT
from biomatrix.errors import ConfigurationError

STANDARD_OUTPUT: Final = "-"


def rejects_beside(output: Path) -> Path:
    """Return the file for refused records beside an output; inside it where the output is the root folder."""
    whole = Path(os.path.abspath(output))
    if not whole.name:
        return whole / "rejects.jsonl"
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
        Whether the output may be a folder.

    Raises
    ------
    ConfigurationError
        Two of the paths are the same, a file to write is a folder, or the rejects would go to standard output.
    """
    if rejects is not None and str(rejects) == STANDARD_OUTPUT:
        raise ConfigurationError("the rejects cannot go to standard output; give a file for them")
    written = {"output": output, "file of rejects": rejects}
    named = {what: path for what, path in written.items() if path is not None}
    for what, path in named.items():
        if path.is_dir() and not (into_folder and what == "output"):
            raise ConfigurationError(f"the {what} is a folder; give the name of a file", file=str(path))
    if file != STANDARD_INPUT:
        named = {"input": Path(file), **named}
    for (first, one), (second, other) in combinations(named.items(), 2):
        if os.path.realpath(one) == os.path.realpath(other):
            raise ConfigurationError(f"the {first} and the {second} are the same file; name another", file=str(other))
