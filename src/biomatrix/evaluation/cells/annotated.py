"""Cells with a type each: the answer, how sure it is, what decided, and the file it goes back to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from biomatrix.entities.cell.cell_set import CellSet
from biomatrix.evaluation.baselines.cells.type_chances import TypeChances
from biomatrix.metrics.cells.annotation import UNKNOWN

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

Risk = tuple[tuple[float, float, float], ...]
"""Rows of: least probability, share of cells told, share of those that are wrong."""
COLUMNS: Final = ("biomatrix_type", "biomatrix_best_type", "biomatrix_probability", "biomatrix_abstained")
_VERSIONS: Final = ("biomatrix", "anndata", "numpy", "scipy")
"""Packages that what is written rests on."""
_OF_PCA: Final = "X_biomatrix_pca"
_OF_UMAP: Final = "X_biomatrix_umap"


@dataclass(frozen=True, eq=False)
class AnnotatedCells:
    """Cells of one file and what they are.

    Legend: C cells, T types, d components.

    Parameters
    ----------
    cells : CellSet
    found : TypeChances
        The chance of each type for each cell, and what decided.
    least : float
        The probability below which no type is told.
    components : ndarray, shape=(C, d), dtype=float64
        Principal components of log expression.
    risk : tuple of (float, float, float)
        What share of answers was wrong where the truth is known; empty where nothing tells it.
    risk_of : str
        Where that was measured.
    settings : mapping of str to (str, float or int)
        How the types were found.
    batch : str
        The column of ``obs`` that names batches, "" where there is none.
    umap : ndarray, shape=(C, 2), optional
    notes : tuple of str
        What was found and decided, those of the cells first.
    """

    cells: CellSet
    found: TypeChances
    least: float
    components: Floats
    risk: Risk
    risk_of: str
    settings: Mapping[str, str | float | int]
    batch: str = ""
    umap: Floats | None = None
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.cells)

    @cached_property
    def of_genes(self) -> CellSet:
        """The cells without columns that are no genes, by which types are told."""
        return self.cells.genes_alone()

    @property
    def best(self) -> NDArray[np.str_]:
        """The most probable type of each cell, ``str [C]``."""
        best: NDArray[np.str_] = np.asarray(self.found.names, dtype=np.str_)[self.found.chances.argmax(axis=1)]
        return best

    @property
    def probability(self) -> Floats:
        """Its probability, ``float64 [C]``."""
        return np.asarray(self.found.chances.max(axis=1))

    @property
    def abstained(self) -> NDArray[np.bool_]:
        """Which cells are told no type, ``bool [C]``: those less sure than ``least``, and empty ones."""
        empty = np.diff(self.of_genes.matrix.indptr) == 0
        return np.asarray((self.probability < self.least) | empty)

    @property
    def types(self) -> NDArray[np.str_]:
        """The type of each cell, ``str [C]``; "unknown" where none is told."""
        return np.where(self.abstained, UNKNOWN, self.best)

    @property
    def counts(self) -> dict[str, int]:
        """How many cells each type has, the most first; "unknown" at the end."""
        counted = Counter(self.types.tolist())
        silent = counted.pop(UNKNOWN, 0)
        return dict(counted.most_common()) | ({UNKNOWN: silent} if silent else {})

    def described(self) -> Any:
        """Return a copy of the AnnData with types in ``obs``, components in ``obsm`` and settings in ``uns``."""
        made = self.cells.adata.copy()
        values = (self.types, self.best, self.probability, self.abstained)
        for name, column in zip(COLUMNS, values, strict=True):
            made.obs[name] = column
        for name in COLUMNS[:2]:
            made.obs[name] = made.obs[name].astype("category")
        made.obsm[_OF_PCA] = self.components.astype(np.float32)
        if self.umap is not None:
            made.obsm[_OF_UMAP] = self.umap.astype(np.float32)
        made.uns["biomatrix_types"] = {
            "versions": {name: version(name) for name in _VERSIONS},
            "least_probability": self.least,
            "notes": list(self.notes),
            "risk": np.array(self.risk, dtype=np.float64).reshape(-1, 3),
            "risk_of": self.risk_of,
            **self.settings,
        }
        return made

    def to_file(self, path: str | Path) -> None:
        """Write everything as ``.h5ad`` or a ``.zarr`` folder; what the file held already stays as it was.

        ``obs`` gets ``biomatrix_type`` ("unknown" where none is told), ``biomatrix_best_type``,
        ``biomatrix_probability`` and ``biomatrix_abstained``; ``obsm`` gets ``X_biomatrix_pca``; ``uns`` gets
        ``biomatrix_types`` with the versions and the settings.
        """
        replace(self.cells, adata=self.described()).to_file(path)

    def to_page(self, path: str | Path, title: str = "Cells") -> None:
        """Write a page of what was found, one file that needs no other and no network; its title may name the cells."""
        from biomatrix.evaluation.cells.page import annotation_page

        annotation_page(self, title).write(Path(path))
