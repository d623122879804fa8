"""Which columns of a file of cells are genes, which are peaks: one rule for all that read them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.cell.files.table_rows import TableRows
from biomatrix.entities.cell.regions import region_of_name

GENE_EXPRESSION: Final = "Gene Expression"
"""What Cell Ranger calls features that are genes."""
PEAKS: Final = "Peaks"
"""What it calls features that are peaks."""
_TYPES: Final = ("feature_types", "feature_type", "modality")
_GENES: Final = frozenset({"gene expression", "gene", "genes", "rna"})
_PEAKS: Final = frozenset({"peaks", "peak", "atac"})
_OTHERS: Final = frozenset(
    {"antibody capture", "antigen capture", "crispr guide capture", "custom", "multiplexing capture", "protein", "adt"}
)
_CHROMOSOME: Final = ("chrom", "chr", "#chrom", "chromosome", "#chromosome", "seqnames")
_START: Final = ("start", "chromstart", "chrom_start", "chr_start")
_END: Final = ("end", "stop", "chromend", "chrom_end", "chr_end")
_REGION_IDS: Final = ("gene_ids", "interval", "peak", "peaks", "id")
_GENE_IDS: Final = ("ensembl_id", "ensembl_ids", "gene_ids", "gene_id", "feature_id", "ensembl", "Accession")
_ENSEMBL: Final = "ENS"
_LOOKED_AT: Final = 256
_UNSURE: Final = ("unknown", "case")
"""How a name matches that may be no gene's: ``peak3`` is PEAK3 in lower case."""
_KNOWN: Final = 0.5
"""The share of names that are genes from which on names are taken for those of genes."""


@dataclass(frozen=True, eq=False)
class FeatureKinds:
    """What the columns of a matrix are.

    Legend: F columns.

    Parameters
    ----------
    genes, peaks : ndarray, shape=(F,), dtype=bool
        Neither are antibodies, guides and what a file does not say of some of its columns.
    words : ndarray, shape=(F,), dtype=object
        What the file calls each; where it calls them nothing, as Cell Ranger would.
    told : bool
        Whether the file calls them something.
    """

    genes: NDArray[np.bool_]
    peaks: NDArray[np.bool_]
    words: NDArray[np.object_]
    told: bool

    def listed(self, which: NDArray[np.bool_]) -> str:
        """Return what some of the columns are called, for messages."""
        return ", ".join(sorted(set(self.words[which].tolist()))[:5])


_FOUND: Final[WeakKeyDictionary[TableRows, FeatureKinds]] = WeakKeyDictionary()
"""What was found of tables that are in use: opening a file asks several times, of tens of thousands of names."""


def feature_kinds(var: TableRows) -> FeatureKinds:
    """Return which columns of a matrix are genes and which are peaks; looked at once for each table.

    The first of these that says something decides:

    1. ``feature_types``, ``feature_type`` or ``modality``, where one of its values is a word for genes ("Gene
       Expression", "gene", "rna"), for peaks ("Peaks", "peak", "atac") or for another kind that Cell Ranger counts, in
       any case. Columns that it calls otherwise are neither; biotypes of genes are no such words.
    2. Names such as ``chr1:100-200`` or ``chr1-100-200`` are peaks, the others genes; but where most names are such and
       the resolver of genes knows less than half of the others, these are meant as peaks, and are refused by name.
    3. Places beside the names, ``chrom``, ``start`` and ``end`` or a column of names such as ``chr1:100-200``: all are
       peaks, unless the names are those of genes, whose places stand in many tables.
    4. All are genes.

    Parameters
    ----------
    var : TableRows
        The table of the columns.
    """
    if var not in _FOUND:
        _FOUND[var] = _found(var)
    return _FOUND[var]


def _found(var: TableRows) -> FeatureKinds:
    for column in _TYPES:
        if column in var.columns:
            words = np.array([str(one) for one in var.whole(column)], dtype=object)
            lower = np.array([one.lower() for one in words.tolist()], dtype=object)
            said = set(lower.tolist())
            if said & (_GENES | _PEAKS | _OTHERS):
                return FeatureKinds(np.isin(lower, list(_GENES)), np.isin(lower, list(_PEAKS)), words, True)
    peaks = _peaks_by_name(var)
    return FeatureKinds(~peaks, peaks, np.where(peaks, PEAKS, GENE_EXPRESSION).astype(object), False)


def _peaks_by_name(var: TableRows) -> NDArray[np.bool_]:
    names = var.index(0, len(var)).tolist()
    peaks = np.array([region_of_name(str(name)) is not None for name in names], dtype=bool)
    if peaks.all():
        return peaks
    if peaks.any():
        share = float(peaks.mean())
        return peaks if share <= _KNOWN or _are_genes(var, np.flatnonzero(~peaks)) else np.ones_like(peaks)
    beside = coordinate_columns(var.columns) is not None or region_ids(var) is not None
    return np.full(len(names), beside and not _are_genes(var, np.arange(len(names))))


def _are_genes(var: TableRows, rows: NDArray[np.int64]) -> bool:
    """Return whether half of the names of columns, or of the Ensembl ids beside them, are genes of some species."""
    from biomatrix.entities.cell.genes.resolver import resolve

    some = rows[np.unique(np.linspace(0, len(rows) - 1, min(len(rows), _LOOKED_AT)).astype(int))]
    ids, _ = ensembl_column(var)
    given = None if ids is None else [one if isinstance(one, str) else "" for one in ids[some]]
    how = resolve(var.index(0, len(var))[some].tolist(), given, refused_below=0.0).how
    return float(np.mean([one not in _UNSURE for one in how])) >= _KNOWN


def ensembl_column(var: TableRows) -> tuple[NDArray[np.object_] | None, str]:
    """Return a column of Ensembl ids and its name: one of the usual ones that holds some."""
    for name in (one for one in _GENE_IDS if one in var.columns):
        found = var.whole(name)
        if any(isinstance(one, str) and one.startswith(_ENSEMBL) for one in found):
            return found, name
    return None, ""


def region_ids(var: TableRows) -> str | None:
    """Return the first of the usual columns that holds nothing but names such as ``chr1:100-200``; None without."""
    for name in (one for one in var.columns if one.lower() in _REGION_IDS):
        if len(var) and all(region_of_name(str(one)) is not None for one in var.whole(name)):
            return name
    return None


def coordinate_columns(columns: Iterable[str]) -> tuple[str, tuple[str, str, str]] | None:
    """Return the assembly in their names, or "", and the names of the columns of chromosome, start and end."""
    lower = {name.lower(): name for name in columns}
    chromosome = next((lower[name] for name in _CHROMOSOME if name in lower), None)
    if chromosome is None:
        return None
    for prefix in ("", "hg38_", "hg19_", "hs1_"):
        start = next((lower[prefix + name] for name in _START if prefix + name in lower), None)
        end = next((lower[prefix + name] for name in _END if prefix + name in lower), None)
        if start is not None and end is not None:
            return prefix.rstrip("_"), (chromosome, start, end)
    return None
