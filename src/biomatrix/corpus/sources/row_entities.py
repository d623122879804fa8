"""Entities in the rows of tables: typed into a column, or in files that a column names."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from biomatrix.corpus.sources.source_files import matching_files
from biomatrix.entities.base_entity import Entity
from biomatrix.entities.kind_registry import kind as kind_named
from biomatrix.entities.records import read_entity
from biomatrix.errors import ParseError

RECORD_MARK: Final = "#"
"""What stands between the name of a file and the record of it that is meant, such as a chain."""


class EntityColumn:
    """A column that gives an entity.

    Parameters
    ----------
    kind : str
        The name of its kind.
    column : str
    folder : Path, optional
        The folder of the files that the column names; None where it holds the entity itself.
    """

    def __init__(self, kind: str, column: str, folder: Path | None = None) -> None:
        self.kind, self.column, self.folder = kind_named(kind), column, folder

    def entity(self, row: Mapping[str, Any], name: str) -> Entity:
        """Return the entity of a row, under a name.

        Raises
        ------
        ParseError
            The column has no value, or none that is text; the file is not there, or leads out of the folder.
        BioMatrixError
            The entity cannot be read.
        """
        typed = row.get(self.column)
        if is_missing(typed):
            raise ParseError(f"no value in the column {self.column}")
        if not isinstance(typed, str):
            raise ParseError(f"the column {self.column} holds {typed!r:.80}, which is not text")
        if self.folder is None:
            entity: Entity = self.kind.parse(typed, name)
            return entity
        file, _, record = typed.strip().partition(RECORD_MARK)
        return read_entity(_file_in(self.folder, file), record or None, kind=self.kind.name)


def is_missing(value: Any) -> bool:
    """Return whether a column has no value: none, empty text, or a number that is none."""
    return value is None or (isinstance(value, str) and value == "") or (isinstance(value, float) and value != value)


def folder_files(source: str, folder: str, root: Path) -> tuple[str, ...]:
    """Return the files below a folder of the data folder; ConfigurationError where it holds none."""
    return matching_files(source, [f"{folder.rstrip('/')}/**/*"], root)


def _file_in(folder: Path, name: str) -> Path:
    if Path(name).is_absolute() or ".." in Path(name).parts:
        raise ParseError(f"a path that leads out of the folder: {name!r}")
    path = folder / name
    if not path.is_file():
        raise ParseError(f"no file {name!r} in {folder.name}")
    return path
