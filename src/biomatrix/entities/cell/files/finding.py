"""Which matrix of a file is read, what its values are, which genes its columns stand for, what cells hold in all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.cell.files.contents import Contents, Place
from biomatrix.entities.cell.files.feature_kinds import FeatureKinds, ensembl_column, feature_kinds
from biomatrix.entities.cell.files.peaks import PeakRows, peaks_alone, peaks_beside
from biomatrix.entities.cell.scale import Scale
from biomatrix.entities.cell.values import Asked, ValuesFound, decide_values
from biomatrix.errors import BioMatrixError, ConfigurationError, ParseError, UnsupportedError

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

    from biomatrix.entities.cell.files.table_rows import TableRows
    from biomatrix.entities.cell.genes.resolver import MatchedGenes

SAMPLED: Final = 4096
"""Cells that are looked at where there are more."""
_BLOCKS: Final = 16
_ORDER: Final[dict[Scale, int]] = {"counts": 0, "log1p_cp10k": 1, "rank": 2, "other": 3}
_COUNTS_WORDS: Final = ("count", "raw", "umi")
"""What a layer's name holds where it may be the counts of the matrix; others, such as ``spliced``, are part of them."""
TOTALS: Final = ("n_counts", "total_counts", "nCount_RNA", "n_umi", "nUMI", "total_counts_all_genes")
"""Columns of ``obs`` in which the counts of a cell over all genes are usually kept."""
_TRANSPOSED: Final = 2000
_ALL_GENES: Final = 10_000
"""Columns below which a file is likely cut to some genes, so that sums over them are no totals."""


@dataclass(frozen=True)
class Found:
    """What was decided about a file.

    Parameters
    ----------
    place : Place
        The matrix that is read.
    values : ValuesFound
    matched : MatchedGenes, optional
        None where the file has peaks and no genes.
    genes : ndarray, shape=(G,), dtype=object
        The Ensembl id of each column, "" where it has none.
    totals : str, optional
        The column of ``obs`` with the counts of a cell over all genes.
    notes : tuple of str
    counted : ndarray, shape=(G,), dtype=bool, optional
        Which columns are genes, where some are peaks or antibodies; None where all are.
    peaks : PeakRows, optional
        Those beside the genes, or alone.
    """

    place: Place
    values: ValuesFound
    matched: MatchedGenes | None
    genes: NDArray[np.object_]
    totals: str | None
    notes: tuple[str, ...]
    counted: NDArray[np.bool_] | None = None
    peaks: PeakRows | None = None


def find(
    contents: Contents, *, values: Asked = "auto", layer: str | None = None, totals: str | None = None,
    assembly: str | None = None, one_based: bool = False,
) -> Found:  # fmt: skip
    """Decide what is read of a file.

    Parameters
    ----------
    contents : Contents
    values : str
        What the values are; ``auto`` finds out.
    layer : str, optional
        The matrix: ``X``, ``raw`` or the name of a layer.
    totals : str, optional
        A column of ``obs``; one of the usual names where its values can be that, when not given.
    assembly, one_based : optional
        Where peaks beside the genes lie, and how their starts count; see
        :func:`~biomatrix.entities.cell.files.peaks.peaks_beside`.

    Raises
    ------
    BioMatrixError
        No matrix can be read, its values are not what is said, or its genes are not known.
    """
    notes = list(contents.notes)
    if totals is not None and totals not in contents.obs.columns:
        listed = ", ".join(contents.obs.columns[:12]) or "none"
        raise ParseError(f"obs has no column {totals!r} for totals; its columns are {listed}")
    alone = peaks_alone(contents, layer=layer, assembly=assembly, one_based=one_based)
    if alone is not None:
        return _of_peaks(*alone, values, totals, notes)
    spans = sampled_spans(len(contents.obs))
    place, seen, sample = _chosen(contents, spans, values, layer, totals, notes)
    kinds = feature_kinds(place.var)
    total_column, note = _totals(contents.obs, sample, spans, totals, seen.scale)
    count = int(kinds.genes.sum())
    if total_column is None and seen.scale == "counts" and count < _ALL_GENES:
        note.append(
            f"totals of cells are sums over the {count:,} genes of the file; if others were left out, name the "
            "column of counts over all (totals=, --totals)"
        )
    if len(contents.obs) > SAMPLED:
        seen_in = sum(last - first for first, last in spans)
        notes.append(f"what the values are was decided on {seen_in:,} of {len(contents.obs):,} cells")
    genes, matched, gene_notes = _genes(place, kinds, contents)
    peaks, of_peaks = peaks_beside(contents, place, layer=layer, assembly=assembly, one_based=one_based)
    told = (seen.note, *note, *gene_notes, *of_peaks, *notes)
    return Found(place, seen, matched, genes, total_column, told, _counted(kinds), peaks)


def _of_peaks(peaks: PeakRows, told: tuple[str, ...], values: Asked, totals: str | None, notes: list[str]) -> Found:
    """Return what is read of a file of peaks alone: regions, and no gene whose values or totals could be told."""
    asked = [name for name, given in (("values", values != "auto"), ("totals", totals is not None)) if given]
    if asked:
        raise ConfigurationError(f"{' and '.join(asked)} tell of genes, and the file has peaks alone; leave them out")
    count = peaks.place.rows.shape[1]
    seen = ValuesFound("counts", peaks.place.name, "how often a region was found open")
    genes = np.full(count, "", dtype=object)
    return Found(peaks.place, seen, None, genes, None, (*told, *notes), np.zeros(count, dtype=bool), peaks)


def sampled_spans(cells: int) -> list[tuple[int, int]]:
    """Return which rows are looked at: all, or blocks spread evenly."""
    if cells <= SAMPLED:
        return [(0, cells)]
    width = SAMPLED // _BLOCKS
    return [(first, first + width) for first in np.linspace(0, cells - width, _BLOCKS).astype(int).tolist()]


def _sample(place: Place, genes: NDArray[np.bool_] | None, spans: list[tuple[int, int]]) -> csr_matrix:
    """Return what is looked at: peaks and antibodies are counted otherwise than genes, and say nothing of them."""
    from scipy.sparse import vstack

    pieces = [place.rows.read(first, last) for first, last in spans]
    matrix = pieces[0] if len(pieces) == 1 else vstack(pieces, format="csr")
    return matrix if genes is None else matrix[:, np.flatnonzero(genes)]


def _chosen(
    contents: Contents, spans: list[tuple[int, int]], asked: Asked, layer: str | None, totals: str | None,
    notes: list[str],
) -> tuple[Place, ValuesFound, csr_matrix]:  # fmt: skip
    """Return the matrix that says most: counts before logarithms before others, then that of more genes."""
    places = [contents.place(layer)] if layer is not None else [one for one in contents.places if _is_candidate(one)]
    sums = _totals_of(contents.obs, totals, spans)
    rated: list[tuple[tuple[int, int, int], Place, ValuesFound, csr_matrix]] = []
    errors: list[BioMatrixError] = []
    for number, place in enumerate(places):
        try:
            matrix = _sample(place, _counted(feature_kinds(place.var)), spans)
            found = decide_values(matrix, place.name, asked=asked, totals=sums)
            if asked == "auto" and found.scale == "other" and place.name == "X":
                found = _as_written(contents, matrix, found)
            if len(matrix.data) and matrix.data.min() < 0:
                raise UnsupportedError(
                    f"{place.name} cannot be cells: {found.why}; name the layer of what was measured (layer=, "
                    "--layer), or give a file that has raw"
                )
        except BioMatrixError as error:
            errors.append(error)
            if len(places) == 1:
                raise
            continue
        rated.append(((_ORDER[found.scale], -matrix.shape[1], number), place, found, matrix))
    if not rated:
        raise errors[0] if errors else ParseError("holds no matrix that can be read; name one (layer=, --layer)")
    _, place, found, sample = min(rated, key=lambda one: one[0])
    notes += [f"passed over: {error.message}" for error in errors]
    others = [f"{one.name} ({seen.scale})" for _, one, seen, _ in rated if one is not place]
    left = [one.name for one in contents.places if one not in places]
    if others or left:
        notes.append(f"other matrices of the file, not read: {', '.join([*others, *left])}; layer= names one of them")
    return place, found, sample


def _as_written(contents: Contents, matrix: csr_matrix, found: ValuesFound) -> ValuesFound:
    """Return what a file that this package wrote says its values are, where they can be that: few genes tell little."""
    written = contents.uns().get("biomatrix")
    said = written.get("values") if isinstance(written, Mapping) else None
    if said not in ("log1p_cp10k", "rank"):
        return found
    try:
        decide_values(matrix, found.where, asked=said)
    except BioMatrixError:
        return found
    return ValuesFound(said, found.where, f"as uns['biomatrix'] says; what is seen is other ({found.why})")


def _is_candidate(place: Place) -> bool:
    return not place.name.startswith("layers/") or any(word in place.name.lower() for word in _COUNTS_WORDS)


def _totals_of(obs: TableRows, column: str | None, spans: list[tuple[int, int]]) -> NDArray[np.float64] | None:
    """Return the totals of the sampled cells from a column, the first usual one where none is named."""
    name = column or next((one for one in TOTALS if one in obs.columns), None)
    return None if name is None else np.concatenate([totals_in(obs, name, *span) for span in spans])


def totals_in(obs: TableRows, column: str, first: int, last: int) -> NDArray[np.float64]:
    """Return the totals of cells; ParseError where a column holds none."""
    try:
        read = np.asarray(obs.column(column, first, last), dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ParseError(
            f"obs[{column!r}] holds no numbers, which totals are; name another column (totals=, --totals)"
        ) from error
    return read


def _totals(
    obs: TableRows, sample: csr_matrix, spans: list[tuple[int, int]], asked: str | None, scale: Scale
) -> tuple[str | None, list[str]]:
    """Return the column of totals and what to note of it."""
    name = asked or next((one for one in TOTALS if one in obs.columns), None)
    if name is None:
        return None, []
    read = np.concatenate([totals_in(obs, name, *span) for span in spans])
    sums = np.asarray(sample.sum(axis=1), dtype=np.float64).ravel()
    able = bool(np.isfinite(read).all() and (read >= 0).all())
    if scale == "counts":
        able = able and bool((read >= sums * (1 - 1e-6) - 0.5).all())
    if able:
        return name, [f"totals of cells are obs[{name!r}]"]
    if asked is not None:
        raise ParseError(f"obs[{name!r}] cannot be the totals of cells: it is not finite, or below the sum of a row")
    return None, [f"obs[{name!r}] is not taken for the totals of cells: it is not finite, or below the sum of a row"]


def _counted(kinds: FeatureKinds) -> NDArray[np.bool_] | None:
    """Return which columns are genes, ``bool [G]``; None where all are, or where no column is one."""
    return None if kinds.genes.all() or not kinds.genes.any() else kinds.genes


def _genes(
    place: Place, kinds: FeatureKinds, contents: Contents
) -> tuple[NDArray[np.object_], MatchedGenes, list[str]]:
    """Return the Ensembl id of each column, how they matched, and what to note."""
    from biomatrix.entities.cell.genes.resolver import resolve

    var = place.var
    names = var.index(0, len(var))
    wanted, notes = kinds.genes, list[str]()
    if not wanted.any():
        if kinds.told and len(var):
            held = kinds.listed(~wanted)
            raise UnsupportedError(
                f"holds {held} and no genes; give the file or the matrix (layer=, --layer) of the genes of these cells"
            )
        wanted = ~wanted  # for the resolver to say what they are
    elif (others := ~(wanted | kinds.peaks)).any():
        notes.append(f"{int(others.sum()):,} features that are neither genes nor peaks were left out: "
                     f"{kinds.listed(others)}")  # fmt: skip
    ids, column = ensembl_column(var)
    given = None if ids is None else [_id_text(one) for one in ids[wanted]]
    try:
        matched = resolve(names[wanted].tolist(), given)
    except UnsupportedError as error:
        raise _transposed(contents, error) from error
    if column:
        notes.append(f"Ensembl ids are var[{column!r}]")
    genes = np.full(len(var), "", dtype=object)
    genes[wanted] = matched.ensembl_ids
    repeated = len(names) - len(set(names.tolist()))
    if repeated:
        notes.append(f"{repeated:,} names of genes occur more than once in var")
    return genes, matched, [*matched.notes, *notes]


def _id_text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _transposed(contents: Contents, error: BioMatrixError) -> BioMatrixError:
    """Return the error of names that are no genes: that the matrix lies on its side, where the cells' names are."""
    from biomatrix.entities.cell.genes.resolver import resolve

    cells = contents.obs.index(0, min(len(contents.obs), _TRANSPOSED)).tolist()
    try:
        share = resolve(cells, refused_below=0.5).share if cells else 0.0
    except BioMatrixError:
        return error
    return ParseError(
        f"the matrix is transposed: {share:.0%} of the names of its cells are genes, such as {cells[0]!r}; "
        "give adata.T, whose rows are cells"
    )
