"""Where genes begin on one genome assembly, and which genes a person means."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.cell.assemblies import chromosome_indices
from biomatrix.entities.cell.genes import gene_table, resolve
from biomatrix.entities.cell.genes.match_notes import EXAMPLES, WARNED_BELOW
from biomatrix.entities.cell.genes.names import ensembl_id_of
from biomatrix.entities.cell.genes.resolver import REFUSED_BELOW
from biomatrix.entities.cell.genes.table import ASSEMBLY
from biomatrix.entities.near_matches import near_matches
from biomatrix.entities.rejects import Reject
from biomatrix.errors import BioMatrixError, ParseError, UnsupportedError

_WANTED: Final = ("ensembl_id", "symbol", "biotype", "chromosome", "start", "end", "strand")
CODING: Final = "protein_coding"
_UNSURE: Final = ("unknown", "ambiguous", "alias", "renamed", "case")
"""How a name matches that may be another gene's in a table of a person's own."""


@dataclass(frozen=True, eq=False)
class GenePlaces:
    """Genes with their transcription start sites (TSS).

    Parameters
    ----------
    assembly : str
        Such as ``hg38``.
    ensembl_id, symbol, biotype : ndarray, shape=(G,), dtype=object
    chromosome : ndarray, shape=(G,), dtype=int16
        Index into :data:`biomatrix.entities.cell.regions.CHROMOSOMES`.
    tss : ndarray, shape=(G,), dtype=int64
        0-based: the first base of the gene on its strand.
    """

    assembly: str
    ensembl_id: NDArray[np.object_]
    symbol: NDArray[np.object_]
    biotype: NDArray[np.object_]
    chromosome: NDArray[np.int16]
    tss: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.ensembl_id)

    @classmethod
    def of_columns(cls, columns: Mapping[str, Any], assembly: str = "hg38", file: str | None = None) -> GenePlaces:
        """Return the genes of a table with a start (0-based), an end and a strand; those off the chromosomes are left.

        Raises
        ------
        ParseError
            A column is missing, or a place is none.
        """
        missing = [name for name in _WANTED if columns.get(name) is None]
        if missing:
            raise ParseError(f"a table of genes needs the columns {', '.join(_WANTED)}; no {missing[0]!r}", file=file)
        named = np.asarray(columns["chromosome"])
        chromosome = named.astype(np.int16) if named.dtype.kind in "iu" else chromosome_indices(named)
        strand = np.array([str(one) in ("-", "-1") for one in columns["strand"]], dtype=bool)
        try:
            start, end = (np.asarray(columns[name], dtype=np.int64) for name in ("start", "end"))
        except (TypeError, ValueError, OverflowError) as error:
            raise ParseError(f"a start or end of a gene is no whole number: {error}", file=file) from error
        wrong = np.flatnonzero((start < 0) | (end <= start))
        if len(wrong):
            first = int(wrong[0])
            raise ParseError(
                f"a gene ends at {end[first]}, not after its start {start[first]}", file=file, record=first
            )
        held = np.flatnonzero(chromosome >= 0)
        ids, symbols, biotypes = (
            np.asarray(columns[name], dtype=object)[held] for name in ("ensembl_id", "symbol", "biotype")
        )
        return cls(assembly, ids, symbols, biotypes, chromosome[held], np.where(strand, end - 1, start)[held])

    def of(self, names: Iterable[str]) -> tuple[NDArray[np.int64], list[Reject]]:
        """Return the genes of these Ensembl ids or symbols, each once in the order asked for, and what is no gene.

        A symbol of several genes is refused: the id says which is meant. An id may have a version; a former symbol or
        an alias stands for the gene that has it alone.
        """
        found: dict[int, None] = {}
        rejects = []
        for number, name in enumerate(names, 1):
            try:
                found[self._one(name)] = None
            except BioMatrixError as error:
                rejects.append(Reject.from_error(error, "genes", number))
        return np.array(list(found), dtype=np.int64), rejects

    def rows_resolved(
        self, names: Sequence[str], ids: Sequence[str] | None = None
    ) -> tuple[NDArray[np.int64], tuple[str, ...]]:
        """Return which gene each column of a file is, and what to note.

        Names of any age go through :func:`biomatrix.entities.cell.genes.resolve`, as everywhere. What it does not know
        may stand in a table of genes of a person's own.

        Parameters
        ----------
        names : sequence of str, length n
        ids : sequence of str, length n, optional
            Ensembl ids that the file gives beside the names.

        Returns
        -------
        rows : ndarray, shape=(n,), dtype=int64
            -1 where a name is no gene of the table, or that of a column before.
        notes : tuple of str
            The share that matched, a warning where that is below a half.

        Raises
        ------
        UnsupportedError
            Fewer than a tenth of the names are genes; ten of the others are named.
        """
        found = resolve(names, ids, refused_below=0.0)
        rows = np.array([self.rows.get(gene, -1) for gene in found.ensembl_ids.tolist()], dtype=np.int64)
        own = np.flatnonzero((rows < 0) & np.isin(found.how, _UNSURE))
        for at in own.tolist():
            meant = self._row_of_id(names[at]) or self.rows_of_symbol.get(names[at], ())
            rows[at] = meant[0] if len(meant) == 1 else -1
        first = np.zeros(len(rows), dtype=bool)
        first[np.unique(rows, return_index=True)[1]] = True
        rows[~first] = -1
        share = float((rows >= 0).mean())
        if share < REFUSED_BELOW:
            if found.share < REFUSED_BELOW:
                resolve(names, ids)  # refuses with what the names look like
            shown = ", ".join(repr(names[at]) for at in np.flatnonzero(rows < 0)[:EXAMPLES].tolist())
            raise UnsupportedError(
                f"only {share:.1%} of {len(rows):,} names are genes of the table; unknown are {shown}; give a table "
                "with these genes (--gene-table), or name them by Ensembl ids"
            )
        note = f"{int((rows >= 0).sum()):,} of {len(rows):,} names of genes ({share:.1%}) are in the table of genes"
        low = "; warning: fewer than half of them" if share < WARNED_BELOW else ""
        told = () if (rows[own] >= 0).any() else found.notes
        return rows, (*told, note + low)

    @cached_property
    def rows(self) -> Mapping[str, int]:
        """The row of each Ensembl id."""
        return {str(one): row for row, one in enumerate(self.ensembl_id)}

    @cached_property
    def rows_of_symbol(self) -> Mapping[str, list[int]]:
        """The rows of each symbol."""
        found: dict[str, list[int]] = {}
        for row, one in enumerate(self.symbol):
            found.setdefault(str(one), []).append(row)
        return found

    def _row_of_id(self, name: str) -> tuple[int, ...]:
        """Return the row of an Ensembl id, with a version or without; nothing where it is none."""
        one = ensembl_id_of(name)
        row = self.rows.get(name if one is None else one.gene)
        return () if row is None else (row,)

    def _one(self, name: str) -> int:
        meant = self._row_of_id(name) or self.rows_of_symbol.get(name, ())
        if not meant and (known := self.rows.get(str(resolve([name], refused_below=0.0).ensembl_ids[0]))) is not None:
            return known
        if not meant:
            near = near_matches(name, self.rows_of_symbol)
            hint = f"; did you mean {' or '.join(near)}?" if near else "; give a current symbol or an Ensembl id"
            raise ParseError(f"no gene {name[:60]!r} on the chromosomes of {self.assembly}{hint}")
        if len(meant) > 1:
            ids = ", ".join(str(self.ensembl_id[one]) for one in meant[:4])
            raise ParseError(f"{name!r} is the symbol of {len(meant)} genes; give one of their ids: {ids}")
        return meant[0]


def read_gene_places(path: str | Path, assembly: str = "hg38") -> GenePlaces:
    """Return the genes of a Parquet file or of separated values; ParseError where it is no such table."""
    from biomatrix.links.table_files import read_columns

    columns = dict(read_columns(path))
    if "chrom" in columns:
        columns.setdefault("chromosome", columns["chrom"])
    return GenePlaces.of_columns(columns, assembly, str(path))


@cache
def gene_places() -> GenePlaces:
    """Return the genes of the package's own table, on hg38."""
    table = gene_table()
    columns = {name: getattr(table, name) for name in _WANTED}
    return GenePlaces.of_columns(columns, ASSEMBLY)
