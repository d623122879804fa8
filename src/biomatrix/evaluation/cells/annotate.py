"""Types of the cells of a file without a trained model: from lists of markers, or from annotated cells of one's own."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from biomatrix.entities.cell.cell_set import CellSet
from biomatrix.entities.cell.markers.table import Lists, markers_of, measured_risk, read_markers, tissues
from biomatrix.entities.near_matches import choices
from biomatrix.errors import ConfigurationError, ParseError, UnsupportedError
from biomatrix.evaluation.baselines.cells.features import principal_components
from biomatrix.evaluation.baselines.cells.type_chances import (
    NEIGHBOURS,
    ROUNDS,
    TEMPERATURE,
    TOP_GENES,
    TypeChances,
    chances_by_markers,
)
from biomatrix.evaluation.cells.annotated import AnnotatedCells, Risk
from biomatrix.evaluation.cells.reference import read_reference
from biomatrix.evaluation.cells.tissue_choice import likeliest_tissue

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

LEAST: Final = 0.5
AUTO: Final = "auto"
_ENOUGH_TYPES: Final = 0.5
"""The share of a tissue's types that must have markers in the matrix for what was measured of the lists to hold."""
_COMPONENTS: Final = 30
_VARIABLE: Final = 2000
_FEWEST_CELLS, _MOST_CELLS = 3, 200_000
_FITTED: Final = 20_000
"""Cells from which components are taken, spread over the file where it has more."""
_BATCHES: Final = ("batch", "sample", "sample_id", "donor", "donor_id", "patient", "library", "study", "dataset")
_MOST_BATCHES: Final = 60


def annotate(
    cells: CellSet,
    *,
    tissue: str = AUTO,
    markers: str | Path | None = None,
    reference: str | Path | None = None,
    label: str = "",
    batch: str = "",
    least: float = LEAST,
    umap: bool = False,
) -> AnnotatedCells:
    """Return the type of each cell, with its probability; a cell whose best type is not clear is told none.

    Parameters
    ----------
    cells : CellSet
        Counts, or logarithms of counts per 10,000.
    tissue : str
        Whose types are looked for by the markers that ship: ``blood``, ``pancreas``, ``brain``; ``auto`` takes the one
        whose types hold most of the probability, and says so.
    markers : str or Path, optional
        A table with the columns ``type`` and ``gene`` in place of these.
    reference : str or Path, optional
        Annotated cells; a logistic regression on the ranks of their genes is fitted, and markers are not used.
    label : str
        The column of the reference's ``obs`` that names types.
    batch : str
        The column of ``obs`` that names batches; one of the usual names where not given, "" where there is none.
    least : float
        The probability below which a cell is "unknown".
    umap : bool
        Whether to lay the cells out by UMAP too, where the package is installed.

    Raises
    ------
    ConfigurationError
        A setting does not fit, or there are too few or too many cells.
    UnsupportedError
        The values are neither counts nor logarithms of these.

    Notes
    -----
    Scores of markers compare each cell with the others of its file: a file of one type alone has none that stands out.
    """
    # Peaks and antibodies are counted otherwise than genes, and say nothing beside them.
    genes = cells.genes_alone()
    _check(genes, reference, label, markers, least)
    column = batch_column(cells, batch)
    log = genes.log1p_cp10k()
    components = _components(log)
    risk: Risk = ()
    if reference is not None:
        found, risk, risk_of, notes = _by_reference(genes, log, reference, label, column)
        settings: dict[str, str | float | int] = {
            "method": "reference", "reference": Path(reference).name, "label": label, "top_genes": TOP_GENES,
        }  # fmt: skip
    else:
        found, chosen, notes = _by_markers(genes, log, tissue, markers, components)
        enough = markers is not None or _has_enough(found, markers_of(chosen))
        risk, risk_of = (
            measured_risk(chosen) if enough else (),
            "sets of known types; another file may be easier or harder",
        )
        settings = {
            "method": "markers",
            "lists": chosen,
            "neighbours": NEIGHBOURS,
            "temperature": TEMPERATURE,
            "rounds": ROUNDS,
        }
    laid, more = _umap(components) if umap else (None, ())
    told = (*cells.notes, *notes, *more)
    return AnnotatedCells(cells, found, least, components, risk, risk_of, settings, column, laid, told)


def batch_column(cells: CellSet, asked: str = "") -> str:
    """Return the column of ``obs`` that names batches, "" where none of the usual names does.

    Raises
    ------
    ConfigurationError
        There is no column of that name.
    """
    columns = [str(name) for name in cells.adata.obs.columns]
    if asked:
        if asked not in columns:
            raise ConfigurationError(f"no column {asked!r} in obs; {choices(asked, columns)}")
        return asked
    usual = [name for name in columns if name.lower() in _BATCHES]
    return next((name for name in usual if 2 <= cells.adata.obs[name].nunique() <= _MOST_BATCHES), "")


def _check(cells: CellSet, reference: str | Path | None, label: str, markers: str | Path | None, least: float) -> None:
    if not 0 <= least <= 1:
        raise ConfigurationError(f"the least probability is from 0 to 1, not {least:g}")
    if (reference is None) != (not label):
        raise ConfigurationError("a reference and the column of its types go together (--reference and --label)")
    if reference is not None and markers is not None:
        raise ConfigurationError("types come from markers or from a reference, not from both; give one")
    if len(cells) > _MOST_CELLS:
        raise ConfigurationError(f"{len(cells):,} cells, and at most {_MOST_CELLS:,} at once; give part of them")
    if len(cells) < _FEWEST_CELLS:
        raise ConfigurationError(
            f"{len(cells):,} cells: each is compared with the others, so that {_FEWEST_CELLS} or more are needed; give "
            "them together with cells of the same study"
        )
    if not len(cells.genes):
        raise UnsupportedError(
            "types are told by genes, and the file counts none, only open regions; give the expression of these cells"
        )
    if not cells.matrix.nnz:
        raise ConfigurationError(
            "no cell has a value above 0, so that nothing tells their types; name the matrix of "
            "what was measured (--layer)"
        )
    if cells.scale not in ("counts", "log1p_cp10k"):
        seen = next((note for note in cells.notes if note.startswith("values are")), f"values are {cells.scale}")
        raise UnsupportedError(
            f"types are told from counts or their logarithms, and {seen}; name the matrix that holds them (--layer), "
            "or say what they are (--values)"
        )


def _components(log: Any) -> Floats:
    """Return components of the most variable genes, ``float64 [C, d]``."""
    mean = np.asarray(log.mean(axis=0)).ravel()
    spread = np.asarray(log.multiply(log).mean(axis=0)).ravel() - mean**2
    columns = np.sort(np.argsort(-spread, kind="stable")[:_VARIABLE])
    values = log[:, columns].toarray().astype(np.float64)
    fitted = np.zeros(len(values), dtype=np.bool_)
    fitted[np.unique(np.linspace(0, len(values) - 1, min(len(values), _FITTED)).astype(np.intp))] = True
    count = min(_COMPONENTS, int(fitted.sum()) - 1, values.shape[1])
    return principal_components(values, fitted, count, whiten=False)


def _by_markers(
    cells: CellSet, log: Any, tissue: str, markers: str | Path | None, components: Floats
) -> tuple[TypeChances, str, tuple[str, ...]]:
    if markers is not None:
        name, lists = Path(markers).name, {Path(markers).name: read_markers(markers)}
    else:
        lists = {each: markers_of(each) for each in (tissues() if tissue == AUTO else (tissue,))}
        name = tissue
    wanted = {gene for each in lists.values() for own in each.values() for gene in own}
    columns = np.flatnonzero([gene in wanted for gene in cells.genes.tolist()])
    values, genes = log[:, columns].toarray().astype(np.float64), cells.genes[columns]
    if name != AUTO:
        found = chances_by_markers(values, genes, lists[name], components)
        return found, name, (_marker_note(name, lists[name], found, genes),)
    name, why = likeliest_tissue(values, genes, lists, components)
    found = chances_by_markers(values, genes, lists[name], components)
    return found, name, (why, _marker_note(name, lists[name], found, genes))


def _has_enough(found: TypeChances, lists: Lists) -> bool:
    """Return whether so many types of a tissue have markers in the matrix that what was measured of them holds."""
    return len(found.names) >= _ENOUGH_TYPES * len(lists)


def _marker_note(name: str, lists: Lists, found: TypeChances, genes: NDArray[np.object_]) -> str:
    known = set(genes.tolist())
    have = sum(gene in known for own in lists.values() for gene in own)
    total = sum(map(len, lists.values()))
    left = [each for each in lists if each not in found.names]
    without = f"; left out for want of markers: {', '.join(left)}" if left else ""
    trust = (
        "" if _has_enough(found, lists)
        else "; so few of its types can be told that how often answers are wrong was not measured for them"
    )  # fmt: skip
    return f"types by the markers of {name}: {have} of {total} markers are in the matrix{without}{trust}"


def _by_reference(
    cells: CellSet, log: Any, path: str | Path, label: str, batch: str
) -> tuple[TypeChances, Risk, str, tuple[str, ...]]:
    known = read_reference(path, label, cells.genes, batch)
    columns = {gene: column for column, gene in enumerate(cells.genes.tolist()) if gene}
    values = log[:, [columns[gene] for gene in known.genes.tolist()]].toarray().astype(np.float64)
    found = known.model().chances(values)
    risk, how = known.risk()
    return found, risk, how, known.notes


def _umap(components: Floats) -> tuple[Floats | None, tuple[str, ...]]:
    if find_spec("umap") is None:
        return None, ("no UMAP: umap-learn is not installed; pip install 'biomatrix[umap]'",)
    try:
        import umap
    except ImportError as error:
        raise ConfigurationError(f"umap-learn does not load: {error}; install it again") from error
    try:
        laid = umap.UMAP(random_state=0).fit_transform(components)
    except ValueError as error:
        raise ParseError(f"UMAP refuses the cells: {error}") from error
    return np.asarray(laid, dtype=np.float64), ()
