"""scGPT as an encoder: a cell is the set of its genes, each with the bin of its value; nothing is drawn at random.

Legend: n genes of a cell, G ids of the vocabulary.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from functools import cached_property
from itertools import repeat
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, Self, get_args

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from biomatrix.entities.cell.genes.table import gene_table
from biomatrix.entities.cell.published import scgpt_bins, scgpt_spread_bins
from biomatrix.entities.files.json_files import read_object
from biomatrix.errors import ConfigurationError, UnsupportedError, WeightsError
from biomatrix.soft.encoders.cells.cell_network import CellBatch, CellNetworkEncoder, WrittenCell
from biomatrix.soft.encoders.cells.gene_dictionary import nothing_known
from biomatrix.soft.encoders.cells.scgpt_folder import (
    CODE_VERSION,
    CONFIG,
    GENES,
    NAME,
    WEIGHTS,
    ScGptDescription,
    open_network,
    read_genes,
    write_folder,
)
from biomatrix.soft.encoders.pooling import MEAN, Pooling

if TYPE_CHECKING:
    from biomatrix.entities.cell.entity import Cell
    from biomatrix.soft.encoders.cells.scgpt_network import ScGptNetwork

CLS: Final = "cls"
"""The hidden state of the first position, as published; the other way is the mean of those of genes."""
Ties = Literal["spread", "lowest"]
"""Into which bin a value goes that equals several edges; see :func:`scgpt_spread_bins` and :func:`scgpt_bins`."""

LENGTH: Final = 1200
"""Positions of a cell as its authors embed cells, the first one included."""


class ScGptEncoder(CellNetworkEncoder):
    """scGPT's transformer over the set of a cell's genes, each with the bin of its value.

    Parameters
    ----------
    network : ScGptNetwork
    genes : mapping of str to int
        The id of each Ensembl id.
    description : ScGptDescription
    pooling : {"cls", "mean"}
        The hidden state of the first position, as published, or the mean of those of the genes.
    k : int
        Vectors of a cell; of several, each is the mean of a run of its genes, the highest values first.
    unit : bool
        Whether vectors are scaled to length 1, as published.
    ties : {"spread", "lowest"}
        ``spread`` gives as many genes to each bin as its authors' draw does in the mean, by a fixed order of genes.
    length : int
        The most positions, the first one included; genes past them are left out, the lowest values first.
    device : str, optional
        A GPU where there is one, else the CPU, when not given.

    Raises
    ------
    ConfigurationError
        A setting that makes no sense.
    """

    code_version = CODE_VERSION
    max_length: int

    def __init__(
        self,
        network: ScGptNetwork,
        genes: Mapping[str, int],
        description: ScGptDescription,
        *,
        pooling: str = CLS,
        k: int = 1,
        unit: bool = True,
        ties: Ties = "spread",
        length: int = LENGTH,
        device: str | None = None,
    ) -> None:
        super().__init__(network, device)
        for name, value, known in (("pooling", pooling, (CLS, MEAN)), ("ties", ties, get_args(Ties))):
            if value not in known:
                raise ConfigurationError(f"{name} is one of {', '.join(known)}, not {value!r}")
        if isinstance(length, bool) or not isinstance(length, int) or length < 2:
            raise ConfigurationError(f"a cell takes at least 2 positions, not {length!r}")
        if pooling == CLS and k != 1:
            raise ConfigurationError(f"the first position is one vector, not {k!r}; several are means (pooling=mean)")
        self.genes, self.description = dict(genes), description
        self._mean = None if pooling == CLS else Pooling(k=k)
        self.k, self.pooling = k, CLS if self._mean is None else str(self._mean)
        self.unit, self.ties, self.max_length = bool(unit), ties, length
        self.d = network.sizes.width

    @classmethod
    def from_pretrained(
        cls,
        folder: str | Path,
        *,
        pooling: str | None = None,
        k: int | None = None,
        unit: bool | None = None,
        ties: Ties | None = None,
        length: int | None = None,
        device: str | None = None,
    ) -> Self:
        """Open a folder that :func:`convert_scgpt` or :meth:`save_pretrained` wrote.

        Parameters
        ----------
        folder : str or Path
            With ``config.json``, ``genes.json`` and ``model.safetensors``.
        pooling, k, unit, ties, length, device
            As in the class; what the folder was saved with where not given.

        Raises
        ------
        WeightsError
            It is no such folder, or its tensors are not those of its sizes.
        ConfigurationError
            A setting that makes no sense.
        """
        place = Path(folder)
        if not (place / CONFIG).is_file():
            raise WeightsError(
                f"no {NAME} to open, which has {CONFIG}; convert the published files first (biomatrix soft convert "
                "scgpt PUBLISHED -o FOLDER)",
                file=str(folder),
            )
        told = read_object(place / CONFIG, WeightsError)
        if told.get("encoder") != NAME or told.get("code_version") != CODE_VERSION:
            raise WeightsError(
                f"says encoder {told.get('encoder')!r}, code version {told.get('code_version')!r}; {NAME} of version "
                f"{CODE_VERSION} is read here: convert the published files again (biomatrix soft convert scgpt)",
                file=str(place / CONFIG),
            )
        description = ScGptDescription.declared(told.get("description"), place / CONFIG)
        network = open_network(place / WEIGHTS, description.sizes)
        genes = read_genes(place / GENES, description)
        given = {"pooling": pooling, "k": k, "unit": unit, "ties": ties, "length": length}
        chosen = dict(told.get("settings") or {}) | {name: one for name, one in given.items() if one is not None}
        try:
            return cls(network, genes, description, device=device, **chosen)
        except TypeError as error:
            raise WeightsError(f"holds a setting that {NAME} has not: {error}", file=str(place / CONFIG)) from error

    def save_pretrained(self, folder: str | Path) -> None:
        """Write a folder that :meth:`from_pretrained` opens: whole or not there."""
        write_folder(folder, self.network.state_dict(), self.genes, self.description, self._chosen())

    def _chosen(self) -> dict[str, Any]:
        pooling = CLS if self._mean is None else MEAN
        return {"pooling": pooling, "k": self.k, "unit": self.unit, "ties": self.ties, "length": self.max_length}

    def settings(self) -> Mapping[str, Any]:
        description = asdict(self.description)
        description.pop("origin")
        return {**self._chosen(), "description": description, "genes": dict(sorted(self.genes.items()))}

    @property
    def pad(self) -> int:
        return self.description.pad

    @cached_property
    def _medians(self) -> NDArray[np.float64]:
        """The usual value of the gene of each id, ``float64 [G]``, by which genes of equal value are told apart."""
        table = gene_table()
        usual = float(np.nanmedian(table.geneformer_v1_median))
        medians = np.full(self.description.sizes.genes, usual)
        for gene, number in self.genes.items():
            row = table.rows.get(gene)
            if row is not None and not np.isnan(table.geneformer_v1_median[row]):
                medians[number] = table.geneformer_v1_median[row]
        return medians

    def write(self, cell: Cell) -> WrittenCell:
        """Return the first position, then the genes with their bins by value, descending.

        Bins are of all genes that have an id, also of those past ``max_length``. Genes of equal value stand in the
        order of value over usual value, then of their ids, so that the order of a file never matters.

        Raises
        ------
        UnsupportedError
            No gene of the cell has an id, or it has fewer genes than vectors.
        """
        found = np.fromiter(map(self.genes.get, cell.genes, repeat(-1)), np.int64, len(cell))
        known = found >= 0
        if not known.any():
            raise UnsupportedError(nothing_known(len(cell)))
        ids, values = found[known], cell.values[known].astype(np.float64)
        order = np.lexsort((ids, self._medians[ids], -values))
        if self.ties == "spread":
            bins = scgpt_spread_bins(values, order, self.description.bins)
        else:
            bins, _ = scgpt_bins(values, self.description.bins)
        kept = order[: self.max_length - 1]
        if self._mean is not None:
            self._mean.check_positions(len(kept))
        counts = np.arange(len(kept) + 1) > 0
        numbers = np.r_[self.description.cls_value, bins[kept]].astype(np.float32)
        return WrittenCell(np.r_[self.description.cls, ids[kept]], counts, numbers)

    def pooled(self, batch: CellBatch) -> Tensor:
        states = self.network(batch.ids, batch.values, batch.is_read)
        vectors = states[:, :1] if self._mean is None else self._mean(states, batch.counts)
        return torch.nn.functional.normalize(vectors, dim=-1) if self.unit else vectors
