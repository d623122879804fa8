"""scGPT as an encoder: a cell is the set of its genes, each with the bin of its value; nothing is drawn at random.

Legend: n genes of a cell, G ids of the vocabulary.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from itertools import repeat
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal, get_args

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor

from biomatrix.entities.cell.genes.table import gene_table
from biomatrix.entities.cell.published import SCGPT_BINS, scgpt_bins, scgpt_spread_bins
from biomatrix.entities.files.writing import named_refusals, write_whole
from biomatrix.errors import ConfigurationError, UnsupportedError, WeightsError
from biomatrix.soft.encoders.cells.cell_network import CellBatch, CellNetworkEncoder, WrittenCell, masked_mean
from biomatrix.soft.encoders.cells.gene_dictionary import nothing_known
from biomatrix.soft.encoders.cells.scgpt_network import ScGptNetwork, ScGptSizes
from biomatrix.training.network import check_finite

if TYPE_CHECKING:
    from biomatrix.entities.cell.entity import Cell

Pooling = Literal["cls", "masked mean"]
"""``cls``: the hidden state of the first position, as published. ``masked mean``: that of all genes."""
Ties = Literal["spread", "lowest"]
"""Into which bin a value goes that equals several edges; see :func:`scgpt_spread_bins` and :func:`scgpt_bins`."""

CONFIG, WEIGHTS, GENES = "config.json", "model.safetensors", "genes.json"
ARCHITECTURE: Final = "scgpt"
LENGTH: Final = 1200
"""Positions of a cell as its authors embed cells, the first one included."""


@dataclass(frozen=True)
class ScGptDescription:
    """What the weights of a folder are, beside their sizes.

    Parameters
    ----------
    sizes : ScGptSizes
    pad, cls : int
        Their ids.
    cls_value : float
        The value that stands beside ``cls``: the one that its authors give to padding too.
    bins : int
        The bins of values, 0 being that a gene is not detected.
    origin : mapping
        Files that it was made of, with the SHA-256 of each; the tensors left out, and the licence.
    """

    sizes: ScGptSizes
    pad: int
    cls: int
    cls_value: float = -2.0
    bins: int = SCGPT_BINS
    origin: Mapping[str, Any] | None = None

    def __post_init__(self) -> None:
        for name in ("pad", "cls"):
            number = getattr(self, name)
            if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number < self.sizes.genes:
                raise ConfigurationError(f"{name} is an id from 0 to {self.sizes.genes - 1:,}, not {number!r}")
        if isinstance(self.bins, bool) or not isinstance(self.bins, int) or self.bins < 3:
            raise ConfigurationError(f"bins are at least 3, not {self.bins!r}")
        if isinstance(self.cls_value, bool) or not isinstance(self.cls_value, int | float):
            raise ConfigurationError(f"cls_value is a number, not {self.cls_value!r}")


class ScGptEncoder(CellNetworkEncoder):
    """scGPT's transformer over the genes of a cell.

    Parameters
    ----------
    network : ScGptNetwork
    genes : mapping of str to int
        The id of each Ensembl id.
    description : ScGptDescription
    pooling : {"cls", "masked mean"}
    unit : bool
        Whether vectors are scaled to length 1, as its authors do.
    ties : {"spread", "lowest"}
        ``spread`` gives as many genes to each bin as its authors' draw does in the mean, by a fixed order of genes.
    length : int
        The most positions, the first one included; genes past them are left out, the least expressed first.
    device : str

    Raises
    ------
    ConfigurationError
        A setting that makes no sense.
    """

    code_version = 1
    k = 1
    max_length: int
    architecture: ClassVar[str] = ARCHITECTURE

    def __init__(
        self,
        network: ScGptNetwork,
        genes: Mapping[str, int],
        description: ScGptDescription,
        *,
        pooling: Pooling = "cls",
        unit: bool = True,
        ties: Ties = "spread",
        length: int = LENGTH,
        device: str = "cpu",
    ) -> None:
        super().__init__(network, device)
        for name, value, choices in (("pooling", pooling, get_args(Pooling)), ("ties", ties, get_args(Ties))):
            if value not in choices:
                raise ConfigurationError(f"{name} is one of {', '.join(choices)}, not {value!r}")
        if isinstance(length, bool) or not isinstance(length, int) or length < 2:
            raise ConfigurationError(f"a cell takes at least 2 positions, not {length!r}")
        self.genes, self.description = dict(genes), description
        self.pooling, self.unit, self.ties = pooling, bool(unit), ties
        self.max_length = length
        self.d = network.sizes.width

    @classmethod
    def from_pretrained(cls, folder: str | Path, device: str = "cpu", **settings: Any) -> ScGptEncoder:
        """Open a folder that :func:`convert_scgpt` or :meth:`save_pretrained` wrote.

        Parameters
        ----------
        folder : str or Path
            With ``config.json``, ``genes.json`` and ``model.safetensors``.
        device : str
        **settings
            ``pooling``, ``unit``, ``ties`` and ``length``, in place of those that the folder was saved with.

        Raises
        ------
        WeightsError
            It is no such folder, or its tensors are not those of its sizes.
        ConfigurationError
            A setting that makes no sense.
        """
        folder = Path(folder)
        told = _json(folder / CONFIG)
        if told.get("architecture") != ARCHITECTURE:
            raise WeightsError(
                f"holds no {ARCHITECTURE} encoder; make one of the published files by biomatrix soft convert scgpt",
                file=str(folder),
            )
        try:
            description = ScGptDescription(
                **{**told["description"], "sizes": ScGptSizes(**told["description"]["sizes"])}
            )
            saved = dict(told.get("settings") or {})
        except (KeyError, TypeError, ValueError, ConfigurationError) as error:
            raise WeightsError(f"describes no {ARCHITECTURE} encoder: {error}", file=str(folder / CONFIG)) from error
        network = open_network(folder / WEIGHTS, description.sizes)
        genes = _genes_of(folder / GENES, description)
        try:
            return cls(network, genes, description, device=device, **{**saved, **settings})
        except TypeError as error:
            raise ConfigurationError(f"no such setting of an {ARCHITECTURE} encoder: {error}") from error

    def save_pretrained(self, folder: str | Path) -> None:
        """Write a folder that :meth:`from_pretrained` opens."""
        chosen = {"pooling": self.pooling, "unit": self.unit, "ties": self.ties, "length": self.max_length}
        write_folder(Path(folder), self.network.state_dict(), self.genes, self.description, chosen)

    def settings(self) -> Mapping[str, Any]:
        description = asdict(self.description)
        description.pop("origin")
        return {
            "pooling": self.pooling,
            "unit": self.unit,
            "ties": self.ties,
            "length": self.max_length,
            "description": description,
            "genes": dict(sorted(self.genes.items())),
        }

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
            No gene of the cell has an id.
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
        is_gene = np.ones(len(kept) + 1, dtype=np.bool_)
        is_gene[0] = False
        numbers = np.r_[self.description.cls_value, bins[kept]].astype(np.float32)
        return WrittenCell(np.r_[self.description.cls, ids[kept]], is_gene, numbers)

    def pooled(self, batch: CellBatch) -> Tensor:
        states = self.network(batch.ids, batch.values, batch.is_read)
        vectors = states[:, :1] if self.pooling == "cls" else masked_mean(states, batch.is_gene)
        return torch.nn.functional.normalize(vectors, dim=-1) if self.unit else vectors


def open_network(path: Path, sizes: ScGptSizes) -> ScGptNetwork:
    """Return a network with the tensors of a safetensors file: all of them, none left over, none made up."""
    try:
        tensors = load_file(path)
    except (OSError, SafetensorError) as error:
        raise WeightsError(f"no safetensors that can be read: {error}", file=str(path)) from error
    with torch.device("meta"):
        network = ScGptNetwork(sizes)
    require_tensors(tensors, network, path)
    network.load_state_dict(tensors, assign=True)
    check_finite(network, path)
    return network


def require_tensors(tensors: Mapping[str, Tensor], network: ScGptNetwork, path: Path) -> None:
    """Raise WeightsError, with names, where tensors are not exactly those of a network, in shape and as float32."""
    wanted = network.state_dict()
    faults = {
        "missing": sorted(wanted.keys() - tensors.keys()),
        "not of this network": sorted(tensors.keys() - wanted.keys()),
        "of another shape": [
            f"{name} {tuple(tensors[name].shape)} for {tuple(value.shape)}"
            for name, value in wanted.items()
            if name in tensors and tensors[name].shape != value.shape
        ],
        "not float32": [name for name in wanted if name in tensors and tensors[name].dtype != torch.float32],
    }
    told = [f"{len(names)} {fault}: {', '.join(names[:4])}" for fault, names in faults.items() if names]
    if told:
        raise WeightsError(f"its tensors do not fit: {'; '.join(told)}", file=str(path))


def write_folder(
    folder: Path,
    tensors: Mapping[str, Tensor],
    genes: Mapping[str, int],
    description: ScGptDescription,
    settings: Mapping[str, Any],
) -> None:
    """Write an encoder's folder; ``config.json`` comes last, so that a folder with one is whole."""
    told = {"architecture": ARCHITECTURE, "description": asdict(description), "settings": dict(settings)}
    with named_refusals(folder):
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(folder / WEIGHTS, save({name: tensor.contiguous().cpu() for name, tensor in tensors.items()}))
        write_whole(folder / GENES, json.dumps(dict(sorted(genes.items())), indent=0).encode())
        write_whole(folder / CONFIG, json.dumps(told, indent=2).encode())


def _json(path: Path) -> dict[str, Any]:
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise WeightsError(f"cannot be read: {error}", file=str(path)) from error
    if not isinstance(told, dict):
        raise WeightsError(f"holds a {type(told).__name__}, not names with values", file=str(path))
    return told


def _genes_of(path: Path, description: ScGptDescription) -> dict[str, int]:
    """Return the ids of Ensembl ids, each once and within the vocabulary."""
    genes = _json(path)
    ids = list(genes.values())
    taken = {description.pad, description.cls}
    for gene, number in genes.items():
        inside = isinstance(number, int) and not isinstance(number, bool) and 0 <= number < description.sizes.genes
        if not inside or number in taken:
            raise WeightsError(f"gives {gene} the id {number!r}, which no gene can have", file=str(path))
    if len(set(ids)) < len(ids) or not genes:
        raise WeightsError("gives each gene an id of its own, and there is at least one", file=str(path))
    return genes
