"""From the published files of scGPT to a folder of safetensors and JSON.

``best_model.pt`` is read with ``weights_only=True``: nothing in it runs. Every tensor is used, or is of a head that is
named as left out; anything else fails the conversion.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import torch
from torch import Tensor

from biomatrix.entities.cell.genes.resolver import resolve
from biomatrix.entities.cell.published import SCGPT_BINS
from biomatrix.entities.files.hashing import file_sha256
from biomatrix.entities.files.json_files import read_object
from biomatrix.errors import ConfigurationError, LimitError, WeightsError
from biomatrix.soft.encoders.cells.scgpt_folder import ScGptDescription, require_tensors, write_folder
from biomatrix.soft.encoders.cells.scgpt_network import ScGptNetwork, ScGptSizes
from biomatrix.training.network import one_line

WEIGHTS, ARGUMENTS, VOCABULARY = "best_model.pt", "args.json", "vocab.json"
PAD, CLS = "<pad>", "<cls>"
MOST_BYTES: Final = 4 << 30
LICENCE: Final = "MIT"
"""Of the published code and weights."""

RENAMED: Final = (
    (re.compile(r"self_attn\.(_impl\.)?Wqkv\."), "self_attn.in_proj_"),
    (re.compile(r"self_attn\._impl\.out_proj\."), "self_attn.out_proj."),
)
"""Names that the flash-attention layers give, and those of a plain layer."""
HEADS: Final[Mapping[str, str]] = {
    "decoder.": "predicts masked values",
    "mvc_decoder.": "predicts values from the vector of the cell",
    "cls_decoder.": "classifies cells",
    "flag_encoder.": "marks genes to be generated",
    "batch_encoder.": "is read by the heads alone",
    "grad_reverse_discriminator.": "tells batches apart in training",
}
"""Parts that give no part of a cell's vector, by the beginning of their names, and what each does."""
_AS_PUBLISHED: Final[Mapping[str, Any]] = {"input_emb_style": "continuous", "input_style": "binned", "pre_norm": False}


@dataclass(frozen=True)
class ScGptConversion:
    """The result of a conversion.

    Parameters
    ----------
    source, folder : str
        The folder that was read, and the one that was written.
    used, numbers : int
        Tensors that make the network, and the numbers in them.
    left_out : tuple of str
        The names of tensors that belong to heads.
    vocabulary, genes : int
        Names of the vocabulary, and those that are a human gene of the package's table.
    """

    source: str
    folder: str
    used: int
    numbers: int
    left_out: tuple[str, ...]
    vocabulary: int
    genes: int

    def as_text(self) -> str:
        """Return a summary of three lines, which names the parts that were left out."""
        parts = sorted({name.split(".")[0] for name in self.left_out})
        heads = f"left out, {len(self.left_out)} tensors of heads: {', '.join(parts)}" if parts else "nothing left out"
        return (
            f"{self.source}: {self.used} tensors used, {self.numbers:,} numbers; {heads}\n"
            f"{self.genes:,} of {self.vocabulary:,} names are genes of the table\n"
            f"{self.folder}: opens as scgpt:{self.folder}"
        )


def convert_scgpt(folder: str | Path, output: str | Path) -> ScGptConversion:
    """Turn the published files into a folder that :class:`ScGptEncoder` opens.

    Parameters
    ----------
    folder : str or Path
        With ``best_model.pt``, ``args.json`` and ``vocab.json``, of a whole-human or organ model.
    output : str or Path
        Receives ``config.json``, ``genes.json`` and ``model.safetensors``; must be new or empty.

    Raises
    ------
    ConfigurationError
        A file is missing, or the output is not empty.
    WeightsError
        A file is not what it should be; the network is built in another way than the published ones; a tensor is
        missing, misshapen, not finite, or neither of the network nor of a head.
    LimitError
        The weights are larger than 4 GiB.
    """
    folder, output = Path(folder), Path(output)
    if output.exists() and (not output.is_dir() or any(output.iterdir())):
        raise ConfigurationError("is there and not empty; name a new folder", file=str(output))
    arguments, vocabulary = (read_object(_published(folder / name), WeightsError) for name in (ARGUMENTS, VOCABULARY))
    _check_arguments(arguments, folder / ARGUMENTS)
    _check_vocabulary(vocabulary, folder / VOCABULARY)
    published = read_tensors(folder / WEIGHTS)
    used, left_out = split_tensors(published, folder / WEIGHTS)
    sizes = _sizes_of(arguments, len(vocabulary), folder / ARGUMENTS)
    with torch.device("meta"):
        network = ScGptNetwork(sizes)
    require_tensors(used, network, folder / WEIGHTS)
    genes = genes_of_vocabulary(vocabulary)
    if not genes:
        raise WeightsError("names no human gene", file=str(folder / VOCABULARY))
    origin = {
        "files": {name: file_sha256(folder / name) for name in (WEIGHTS, ARGUMENTS, VOCABULARY)},
        "left_out": sorted(left_out),
        "licence": LICENCE,
    }
    try:
        description = ScGptDescription(
            sizes,
            vocabulary[PAD],
            vocabulary[CLS],
            cls_value=arguments.get("pad_value", -2),
            bins=arguments.get("n_bins", SCGPT_BINS),
            origin=origin,
        )
    except ConfigurationError as error:
        raise WeightsError(error.message, file=str(folder / ARGUMENTS)) from error
    write_folder(output, used, genes, description, {})
    numbers = sum(tensor.numel() for tensor in used.values())
    told = tuple(sorted(left_out))
    return ScGptConversion(str(folder), str(output), len(used), numbers, told, len(vocabulary), len(genes))


def read_tensors(path: Path) -> dict[str, Tensor]:
    """Return the tensors of a file of ``torch.save``, of which nothing runs.

    Raises
    ------
    ConfigurationError
        It is not there.
    LimitError
        It is larger than 4 GiB.
    WeightsError
        It holds anything but tensors of numbers by name, all of them finite.
    """
    size = _published(path).stat().st_size
    if size > MOST_BYTES:
        raise LimitError(f"{size:,} bytes, the limit is {MOST_BYTES:,}", file=str(path))
    try:
        loaded = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises what its unpicklers and archives raise
        raise WeightsError(f"no plain tensors, so that it is not opened: {one_line(error)}", file=str(path)) from error
    if not isinstance(loaded, dict) or not loaded:
        raise WeightsError(f"holds a {type(loaded).__name__}, not tensors by name", file=str(path))
    found: dict[str, Tensor] = {}
    for name, tensor in loaded.items():
        if not isinstance(name, str) or not isinstance(tensor, Tensor) or tensor.layout != torch.strided:
            raise WeightsError(f"holds a {type(tensor).__name__}, not a tensor", file=str(path), position=str(name))
        if tensor.is_floating_point() and not bool(torch.isfinite(tensor).all()):
            raise WeightsError("holds values that are not finite", file=str(path), position=name)
        found[name] = tensor.detach()
    return found


def split_tensors(published: Mapping[str, Tensor], path: Path) -> tuple[dict[str, Tensor], list[str]]:
    """Return the tensors under the names of a plain layer, in float32, and the names of those that belong to heads."""
    used: dict[str, Tensor] = {}
    left_out: list[str] = []
    for name, tensor in published.items():
        if name.startswith(tuple(HEADS)):
            left_out.append(name)
            continue
        plain = name
        for pattern, replacement in RENAMED:
            plain = pattern.sub(replacement, plain)
        if plain in used:
            raise WeightsError(
                "two tensors have this name once the names of flash attention are plain", file=str(path), position=plain
            )
        used[plain] = tensor.to(torch.float32).contiguous() if tensor.is_floating_point() else tensor
    return used, left_out


def genes_of_vocabulary(vocabulary: Mapping[str, int]) -> dict[str, int]:
    """Return the id of each Ensembl id whose symbol, of any age, the vocabulary holds; a current symbol comes first."""
    names = [name for name in vocabulary if not name.startswith("<")]
    if not names:
        return {}
    matched = resolve(names, refused_below=0.0).ensembl_ids
    return {str(gene): vocabulary[name] for gene, name in zip(matched, names, strict=True) if gene}


def _published(path: Path) -> Path:
    """Return the path of a published file; ConfigurationError where it is missing."""
    if not path.is_file():
        raise ConfigurationError(
            f"is not there; a model of scGPT is {WEIGHTS}, {ARGUMENTS}, {VOCABULARY}", file=str(path)
        )
    return path


def _check_arguments(arguments: Mapping[str, Any], path: Path) -> None:
    """Raise WeightsError where the network reads cells in another way than the published ones."""
    for name, value in _AS_PUBLISHED.items():
        if arguments.get(name, value) != value:
            raise WeightsError(f"says {name} {arguments[name]!r}; the published models have {value!r}", file=str(path))
    if arguments.get("domain_spec_batchnorm"):
        raise WeightsError("normalises by batch, so that a cell has no vector of its own", file=str(path))
    if arguments.get("pad_token", PAD) != PAD:
        raise WeightsError(f"says pad_token {arguments['pad_token']!r}, not {PAD}", file=str(path))


def _check_vocabulary(vocabulary: Mapping[str, Any], path: Path) -> None:
    """Raise WeightsError where ids are not those from 0 on, each once, or a special token is missing."""
    ids = list(vocabulary.values())
    if any(isinstance(number, bool) or not isinstance(number, int) for number in ids):
        raise WeightsError("gives a name an id that is no whole number", file=str(path))
    if sorted(ids) != list(range(len(ids))):
        raise WeightsError(f"its {len(ids):,} ids are not those from 0 to {len(ids) - 1:,}, each once", file=str(path))
    missing = [token for token in (PAD, CLS) if token not in vocabulary]
    if missing:
        raise WeightsError(f"lacks {' and '.join(missing)}", file=str(path))


def _sizes_of(arguments: Mapping[str, Any], genes: int, path: Path) -> ScGptSizes:
    missing = [name for name in ("embsize", "nheads", "d_hid", "nlayers") if name not in arguments]
    if missing:
        raise WeightsError(f"does not say {', '.join(missing)}", file=str(path))
    try:
        return ScGptSizes(genes, arguments["embsize"], arguments["nheads"], arguments["d_hid"], arguments["nlayers"])
    except ConfigurationError as error:
        raise WeightsError(error.message, file=str(path)) from error
