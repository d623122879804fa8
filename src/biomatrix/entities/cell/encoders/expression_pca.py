"""Principal components of what cells express: fitted on cells, saved with its genes, and the same for every cell.

Legend of shapes: C cells, G genes of the encoder, d components.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.encoder import DirectEncoder, encoder_hash
from biomatrix.entities.files.folders import folder_written_aside
from biomatrix.entities.files.json_files import read_object
from biomatrix.entities.files.tensor_files import read_header
from biomatrix.errors import ConfigurationError, UnsupportedError, WeightsError

if TYPE_CHECKING:
    from biomatrix.entities.cell.entity import Cell

CONFIG_FILE: Final = "config.json"
WEIGHTS_FILE: Final = "encoder.safetensors"
NAME: Final = "expression_pca"
_ROWS: Final = 1024
"""Cells whose values are dense in memory at once while the encoder is fitted."""


class ExpressionPCA(DirectEncoder):
    """Principal components of log1p counts per 10,000: one vector of a cell. Make one with :meth:`fit`.

    Genes are matched by Ensembl id; one that a cell does not have counts as not detected. Only genes, values, their
    scale and the total are read: not the regions, annotations or notes of a cell.

    Parameters
    ----------
    genes : sequence of str, length G
        Ensembl ids without version.
    mean : ndarray, shape=(G,), dtype=float32
        Subtracted from the logarithms.
    components : ndarray, shape=(d, G), dtype=float32
        Orthonormal rows.
    fitted_on : str
        The cells, in words, for whoever opens the folder.

    Raises
    ------
    ConfigurationError
        Arrays that do not fit each other, a gene twice, or values that are not finite.
    """

    kind = "cell"
    k = 1
    pooling = "principal components"

    def __init__(
        self,
        genes: Sequence[str],
        mean: NDArray[np.float32],
        components: NDArray[np.float32],
        fitted_on: str = "",
    ) -> None:
        self.genes, self.fitted_on = tuple(genes), fitted_on
        self.mean = np.ascontiguousarray(mean, dtype=np.float32)
        self.components = np.ascontiguousarray(components, dtype=np.float32)
        if self.components.ndim != 2 or self.components.shape[1:] != self.mean.shape != (0,):
            raise ConfigurationError(f"components {components.shape} do not fit a mean of shape {mean.shape}")
        if len(self.genes) != len(self.mean) or len(set(self.genes)) != len(self.genes):
            raise ConfigurationError(f"{len(set(self.genes))} different genes do not fit {len(self.mean)} columns")
        if not (np.isfinite(self.mean).all() and np.isfinite(self.components).all()):
            raise ConfigurationError("the mean or the components hold values that are not finite")
        self.d = len(self.components)
        self._columns = {gene: column for column, gene in enumerate(self.genes)}

    @classmethod
    def fit(cls, cells: Iterable[Cell], *, components: int = 50, num_genes: int = 2000, fitted_on: str = "") -> Self:
        """Return the encoder of the first components of some cells; the same cells give the same bytes.

        Parameters
        ----------
        cells : iterable of Cell
            Counts or their logarithms; only of cells to fit on, never of those to test on.
        components : int
            The numbers of the vector.
        num_genes : int
            The genes whose logarithms vary most are used.
        fitted_on : str
            The cells, in words.

        Raises
        ------
        ConfigurationError
            Fewer cells or genes than components.
        UnsupportedError
            Values that say nothing about counts.
        """
        logs = [(cell.genes, cell.log1p_cp10k()) for cell in cells]
        genes = _most_variable(logs, num_genes)
        if not 1 <= components < len(logs) or components > len(genes):
            raise ConfigurationError(
                f"{len(logs):,} cells and {len(genes):,} genes that vary; {components} components need at least one "
                "gene each, and more cells than components"
            )
        columns = {gene: column for column, gene in enumerate(genes)}
        total = np.zeros(len(genes))
        products = np.zeros((len(genes), len(genes)))
        for start in range(0, len(logs), _ROWS):
            dense = np.stack([_dense(*one, columns) for one in logs[start : start + _ROWS]]).astype(np.float64)
            total += dense.sum(axis=0)
            products += dense.T @ dense
        mean = total / len(logs)
        _, vectors = np.linalg.eigh(products / len(logs) - np.outer(mean, mean))
        found = vectors[:, ::-1][:, :components].T
        # The sign of an eigenvector is the library's choice: here the largest loading is above 0.
        signs = np.sign(found[np.arange(components), np.abs(found).argmax(axis=1)])
        return cls(genes, mean.astype(np.float32), (found * signs[:, None]).astype(np.float32), fitted_on)

    @classmethod
    def from_pretrained(cls, folder: str | Path) -> Self:
        """Open a folder of :meth:`save_pretrained`.

        Raises
        ------
        WeightsError
            The folder or a file is missing or damaged, or of another encoder or version.
        """
        place = Path(folder)
        about = read_object(place / CONFIG_FILE, WeightsError)
        if about.get("encoder") != NAME or about.get("code_version") != cls.code_version:
            raise WeightsError(
                f"says encoder {about.get('encoder')!r}, code version {about.get('code_version')!r}; {NAME} of version "
                f"{cls.code_version} is read here: fit it again",
                file=str(place / CONFIG_FILE),
            )
        path, genes = place / WEIGHTS_FILE, about.get("genes")
        if set(read_header(path)) != {"mean", "components"} or not isinstance(genes, list):
            raise WeightsError("holds other tensors than mean and components, or no list of genes", file=str(place))
        from safetensors.numpy import load_file

        tensors = load_file(path)
        try:
            return cls(genes, tensors["mean"], tensors["components"], str(about.get("fitted_on", "")))
        except ConfigurationError as error:
            raise WeightsError(error.message, file=str(place)) from error

    def save_pretrained(self, folder: str | Path) -> None:
        """Write ``config.json`` with the genes, and ``encoder.safetensors``: the folder is whole or not there."""
        from safetensors.numpy import save_file

        about = {
            "encoder": NAME,
            "code_version": self.code_version,
            "d": self.d,
            "fitted_on": self.fitted_on,
            "hash": self.hash,
            "genes": list(self.genes),
        }
        with folder_written_aside(folder) as aside:
            save_file({"mean": self.mean, "components": self.components}, aside / WEIGHTS_FILE)
            (aside / CONFIG_FILE).write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")

    @cached_property
    def hash(self) -> str:
        """A SHA-256 of the genes, the weights and the version of the code."""
        return encoder_hash(self, {"genes": self.genes}, {"mean": self.mean, "components": self.components})

    def content(self, entity: Any) -> bytes:
        """Return genes, values, their scale and the total; regions, annotations and notes are left out."""
        about = json.dumps([entity.scale, entity.total, entity.genes.tolist()]).encode()
        return about + b"\n" + bytes(entity.values.astype("<f4").tobytes())

    def vectors_of(self, entity: Cell) -> NDArray[np.float32]:
        """Return the components of a cell, ``float32 [1, d]``.

        Raises
        ------
        UnsupportedError
            A cell without genes, or with none of the encoder's; values that say nothing about counts.
        """
        if not len(entity):
            raise UnsupportedError("a cell without genes has nothing to encode")
        if self._columns.keys().isdisjoint(entity.genes.tolist()):
            raise UnsupportedError(
                f"none of the cell's {len(entity):,} genes is one of the {len(self.genes):,} of this encoder"
            )
        dense = _dense(entity.genes, entity.log1p_cp10k(), self._columns)
        found: NDArray[np.float32] = (self.components @ (dense - self.mean))[None]
        return found


def _dense(genes: NDArray[np.object_], logs: NDArray[np.float32], columns: dict[str, int]) -> NDArray[np.float32]:
    """Return the logarithms of one cell by column, 0 where a gene was not detected, ``float32 [G]``."""
    places = np.array([columns.get(gene, -1) for gene in genes.tolist()], dtype=np.int64)
    dense = np.zeros(len(columns), dtype=np.float32)
    dense[places[places >= 0]] = logs[places >= 0]
    return dense


def _most_variable(logs: Sequence[tuple[NDArray[np.object_], NDArray[np.float32]]], count: int) -> list[str]:
    """Return the genes whose logarithms vary most over all cells, in alphabetical order; equal ones by their id."""
    numbers: dict[str, int] = {}
    places = [[numbers.setdefault(gene, len(numbers)) for gene in genes.tolist()] for genes, _ in logs]
    if not numbers:
        return []
    every = np.concatenate([np.array(one, dtype=np.int64) for one in places])
    values = np.concatenate([one for _, one in logs]).astype(np.float64)
    mean = np.bincount(every, values, len(numbers)) / len(logs)
    variance = np.bincount(every, values**2, len(numbers)) / len(logs) - mean**2
    genes = list(numbers)
    ordered = sorted(genes, key=lambda gene: (-variance[numbers[gene]], gene))
    return sorted(gene for gene in ordered[:count] if variance[numbers[gene]] > 0)
