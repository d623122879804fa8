"""Annotated cells of a user as what others are told by, and how often such answers are wrong."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from biomatrix.entities.cell.cell_set import CellSet
from biomatrix.entities.near_matches import choices
from biomatrix.errors import ConfigurationError, UnsupportedError
from biomatrix.evaluation.baselines.cells.type_chances import RankModel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from biomatrix.evaluation.cells.annotated import Risk

    Floats = NDArray[np.float64]

THRESHOLDS: Final = (0.0, 0.5, 0.7, 0.9)
FOLDS: Final = 3
FEWEST_GENES: Final = 50
_FEWEST_OF_TYPE: Final = 2
_MOST_CELLS: Final = 20_000


@dataclass(frozen=True, eq=False)
class Reference:
    """Annotated cells over the genes they share with others.

    Legend: C cells, G shared genes.

    Parameters
    ----------
    values : ndarray, shape=(C, G), dtype=float64
        Log expression.
    genes : ndarray, shape=(G,), dtype=object
    labels : ndarray, shape=(C,), dtype=str
    groups : ndarray, shape=(C,), dtype=str, optional
        The batch of each cell, which is left out as a whole where the risk is measured.
    notes : tuple of str
    """

    values: Floats
    genes: NDArray[np.object_]
    labels: NDArray[np.str_]
    groups: NDArray[np.str_] | None = None
    notes: tuple[str, ...] = ()

    def model(self) -> RankModel:
        """Return the model of all these cells."""
        return RankModel.fitted(self.values, self.genes, self.labels)

    @cached_property
    def _folds(self) -> NDArray[np.intp]:
        if self.groups is None:
            return np.random.default_rng(0).permutation(len(self.labels)) % FOLDS
        names, codes = np.unique(self.groups, return_inverse=True)
        return np.asarray(np.random.default_rng(0).permutation(len(names))[codes] % min(FOLDS, len(names)))

    def risk(self) -> tuple[Risk, str]:
        """Return what share is wrong among cells of the reference that a model of the others tells, and how."""
        sure, right = np.zeros(len(self.labels)), np.zeros(len(self.labels), dtype=np.bool_)
        for fold in np.unique(self._folds).tolist():
            out = self._folds == fold
            if len(np.unique(self.labels[~out])) < 2:
                return (), "the reference: parts of it hold one type alone, so that nothing was measured"
            found = RankModel.fitted(self.values[~out], self.genes, self.labels[~out]).chances(self.values[out])
            sure[out] = found.chances.max(axis=1)
            right[out] = np.asarray(found.names)[found.chances.argmax(axis=1)] == self.labels[out]
        rows = []
        for least in THRESHOLDS:
            told = sure >= least
            if told.any():
                rows.append((least, float(told.mean()), float((~right[told]).mean())))
        left = "cells at random, which flatters" if self.groups is None else "whole batches"
        return tuple(rows), f"the reference, left out in {len(np.unique(self._folds))} parts ({left})"


def read_reference(path: str | Path, label: str, genes: NDArray[np.object_], batch: str = "") -> Reference:
    """Return the annotated cells of a file over the genes that they share.

    Parameters
    ----------
    path : str or Path
    label : str
        The column of ``obs`` that names types; cells without one are left out.
    genes : ndarray, dtype=object
        Ensembl ids of the cells that are to be told; "" where a column has none.
    batch : str
        The column of batches, used where the file has it with two or more.

    Raises
    ------
    ConfigurationError
        There is no such column.
    UnsupportedError
        Too few genes are shared, or the values are neither counts nor logarithms.
    """
    cells = CellSet.from_file(path)
    obs = cells.adata.obs
    if label not in obs:
        raise ConfigurationError(f"no column {label!r} in obs; {choices(label, list(map(str, obs)))}", file=str(path))
    own = {gene: column for column, gene in enumerate(cells.genes.tolist()) if gene}
    shared = [gene for gene in genes.tolist() if gene in own]
    if len(shared) < FEWEST_GENES:
        raise UnsupportedError(
            f"{len(shared)} genes are in both files and {FEWEST_GENES} are needed; give a reference with more of them",
            file=str(path),
        )
    column = obs[label]
    labels = np.where(column.isna(), "", column.astype(str)).astype(np.str_)
    names, counts = np.unique(labels, return_counts=True)
    kept = np.flatnonzero(np.isin(labels, names[(counts >= _FEWEST_OF_TYPE) & (names != "")]))
    if len(kept) > _MOST_CELLS:
        kept = kept[np.linspace(0, len(kept) - 1, _MOST_CELLS).astype(np.intp)]
    if not len(kept):
        raise ConfigurationError(f"the column {label!r} names no type of two cells or more", file=str(path))
    try:
        log = cells.log1p_cp10k()
    except UnsupportedError as error:
        raise UnsupportedError(error.message, file=str(path)) from error
    values = log[kept][:, [own[gene] for gene in shared]].toarray().astype(np.float64)
    groups = obs[batch].astype(str).to_numpy().astype(np.str_)[kept] if batch and batch in obs else None
    if groups is not None and len(np.unique(groups)) < 2:
        groups = None
    note = (
        f"types by {len(kept):,} cells of {Path(path).name}, of {len(np.unique(labels[kept]))} types in {label!r}; "
        f"{len(shared):,} genes are shared; a type that it lacks cannot be told"
    )
    return Reference(values, np.array(shared, dtype=object), labels[kept], groups, (note,))
