"""An scGPT encoder as a folder: its description, the ids of genes, and weights that are all there and all used.

Legend: G ids of the vocabulary.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Self

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from biomatrix.entities.cell.published import SCGPT_BINS
from biomatrix.entities.files.folders import folder_written_aside
from biomatrix.entities.files.json_files import read_object
from biomatrix.entities.files.tensor_files import read_header
from biomatrix.errors import ConfigurationError, WeightsError
from biomatrix.soft.encoders.cells.scgpt_network import ScGptNetwork, ScGptSizes
from biomatrix.training.network import check_finite

NAME: Final = "scgpt"
CODE_VERSION: Final = 1
"""Raised where the same weights and settings give other vectors than before."""
CONFIG, WEIGHTS, GENES = "config.json", "model.safetensors", "genes.json"


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

    @classmethod
    def declared(cls, told: Any, path: Path) -> Self:
        """Return the description that a file holds; WeightsError where it is none."""
        try:
            return cls(**{**told, "sizes": ScGptSizes(**told["sizes"])})
        except (KeyError, TypeError, ConfigurationError) as error:
            raise WeightsError(f"describes no {NAME}: {error}", file=str(path)) from error


def open_network(path: Path, sizes: ScGptSizes) -> ScGptNetwork:
    """Return a network with the tensors of a safetensors file: all of them, none left over, none made up."""
    read_header(path)
    tensors = load_file(path)
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
    folder: str | Path,
    tensors: Mapping[str, Tensor],
    genes: Mapping[str, int],
    description: ScGptDescription,
    settings: Mapping[str, Any],
) -> None:
    """Write an encoder's folder, whole or not at all."""
    told = {
        "encoder": NAME,
        "code_version": CODE_VERSION,
        "description": asdict(description),
        "settings": dict(settings),
    }
    with folder_written_aside(folder) as aside:
        save_file({name: tensor.contiguous().cpu() for name, tensor in tensors.items()}, aside / WEIGHTS)
        (aside / GENES).write_text(json.dumps(dict(sorted(genes.items())), indent=0) + "\n", encoding="utf-8")
        (aside / CONFIG).write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")


def read_genes(path: Path, description: ScGptDescription) -> dict[str, int]:
    """Return the ids of Ensembl ids, each once and within the vocabulary."""
    genes = read_object(path, WeightsError)
    ids = list(genes.values())
    taken = {description.pad, description.cls}
    for gene, number in genes.items():
        inside = isinstance(number, int) and not isinstance(number, bool) and 0 <= number < description.sizes.genes
        if not inside or number in taken:
            raise WeightsError(f"gives {gene} the id {number!r}, which no gene can have", file=str(path))
    if len(set(ids)) < len(ids) or not genes:
        raise WeightsError("gives each gene an id of its own, and there is at least one", file=str(path))
    return genes
