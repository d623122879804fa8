"""Files of molecules or proteins by their extension, a record at a time."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from biomatrix.entities import Entity, Reject, read_molecules, read_proteins, write_molecules, write_proteins
from biomatrix.entities.files import MOLECULE_FORMATS, PROTEIN_FORMATS, format_of, write_atomically
from biomatrix.errors import ConfigurationError


def read_entities(path: str, file_format: str | None = None) -> Iterator[Entity | Reject]:
    """Yield every record of a file, molecules or proteins as its format says.

    Parameters
    ----------
    path : str
        A file, or "-" for standard input.
    file_format : str, optional
        The format, where the name does not say it.
    """
    found = format_of(path, MOLECULE_FORMATS + PROTEIN_FORMATS, file_format)
    reader = read_molecules if found in MOLECULE_FORMATS else read_proteins
    yield from reader(path, file_format=found)


def write_entities(entities: Sequence[Entity], path: Path) -> None:
    """Write entities of one kind to one file of many records.

    Raises
    ------
    ConfigurationError
        The format holds the other kind.
    """
    found = format_of(path, MOLECULE_FORMATS + PROTEIN_FORMATS)
    kind = "molecule" if found in MOLECULE_FORMATS else "protein"
    others = [entity for entity in entities if entity.kind != kind]
    if others:
        raise ConfigurationError(
            f"{len(others)} of {len(entities)} records are no {kind}s; give a folder instead", file=str(path)
        )
    if kind == "molecule":
        write_molecules([entity for entity in entities if entity.kind == "molecule"], path)
    else:
        write_proteins([entity for entity in entities if entity.kind == "protein"], path)


@contextmanager
def open_lines(path: Path) -> Iterator[IO[str]]:
    """Open a text file that takes its name once it is complete."""
    with write_atomically(path) as raw:
        text = io.TextIOWrapper(raw, encoding="utf-8", newline="\n", write_through=True)
        try:
            yield text
        finally:
            text.flush()
            text.detach()
