"""What a file of cells holds: its matrices, each with its genes, the table of its cells, and the rest."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from biomatrix.entities.cell.files.matrix_rows import MatrixRows
from biomatrix.entities.cell.files.table_rows import TableRows
from biomatrix.errors import ParseError


@dataclass(frozen=True)
class Place:
    """One matrix of a file.

    Parameters
    ----------
    name : str
        Where it lies: ``X``, ``raw`` or ``layers/...``.
    rows : MatrixRows
    var : TableRows
        Its genes.
    """

    name: str
    rows: MatrixRows
    var: TableRows

    def __post_init__(self) -> None:
        if self.rows.shape[1] != len(self.var):
            raise ParseError(
                f"{self.name} has {self.rows.shape[1]:,} columns and its table of genes {len(self.var):,} rows"
            )


@dataclass(frozen=True)
class Rest:
    """What a file holds besides matrices of genes and tables.

    Parameters
    ----------
    parts : mapping of str to mapping
        By the name that AnnData gives it: ``obsm``, ``varm``, ``obsp``, ``varp``, ``uns``.
    notes : tuple of str
        What could not be read and was left out.
    """

    parts: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Contents:
    """What an open file holds, read when it is asked for.

    Parameters
    ----------
    layout : str
        The layout in words, such as ``AnnData``.
    obs : TableRows
        The cells.
    places : tuple of Place
        Its matrices, the main one first.
    rest : callable
        Reads everything else.
    notes : tuple of str
        What was left out.
    uns : callable
        Reads what the file says of itself, alone.
    """

    layout: str
    obs: TableRows
    places: tuple[Place, ...]
    rest: Callable[[], Rest] = Rest
    notes: tuple[str, ...] = ()
    uns: Callable[[], Mapping[str, Any]] = dict

    def __post_init__(self) -> None:
        for place in self.places:
            cells, genes = place.rows.shape
            if cells == len(self.obs):
                continue
            turned = genes == len(self.obs)
            raise ParseError(
                f"{place.name} has {cells:,} rows and there are {len(self.obs):,} cells"
                + ("; it is transposed: genes should be its columns (adata.T)" if turned else "")
            )

    def place(self, name: str) -> Place:
        """Return the matrix of that name; ParseError with the names there are."""
        for one in self.places:
            if one.name in (name, f"layers/{name}"):
                return one
        raise ParseError(f"there is no matrix {name!r}; there are {', '.join(one.name for one in self.places)}")
