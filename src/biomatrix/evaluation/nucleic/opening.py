"""Published models opened from a local folder: Nucleotide Transformer v1 and v2, DNABERT-2, Enformer.

A folder holds ``config.json`` and safetensors, DNABERT-2 its ``tokenizer.json`` too. Nothing is fetched, no code of a
folder runs, pickles are turned into safetensors first by :func:`convert_pickle`, which reads them without running them.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from biomatrix.entities.files.json_files import read_object
from biomatrix.entities.nucleic.published.byte_pairs import DnaBert2Tokenizer
from biomatrix.entities.nucleic.published.six_mers import six_mer_tokens, six_mer_vocabulary
from biomatrix.errors import ConfigurationError, WeightsError
from biomatrix.evaluation.nucleic.enformer_model import EnformerModel
from biomatrix.evaluation.nucleic.masked import MaskedModel
from biomatrix.evaluation.nucleic.networks.filling import fill
from biomatrix.metrics.learned.weights import read_tensors

if TYPE_CHECKING:
    from torch import Tensor, nn

    from biomatrix.entities.nucleic.published.tokens import PublishedTokens

CONFIG, WEIGHTS, PICKLE, TOKENIZER = "config.json", "model.safetensors", "pytorch_model.bin", "tokenizer.json"
_GATED_DNABERT: Final = "mlp.gated_layers.weight"
_ENFORMER: Final = ("stem.", "_trunk.")
_FIRST_LAYER: Final = "esm.encoder.layer.0.intermediate.dense.weight"


def open_masked_model(
    folder: str | Path, *, device: str = "cpu", batch: int = 8, name: str | None = None
) -> MaskedModel:
    """Return the model of a folder, whichever of the three it is.

    Parameters
    ----------
    folder : str or Path
        With ``config.json``, ``model.safetensors`` (or its shards) and, for DNABERT-2, ``tokenizer.json``.
    device : str
    batch : int
        Rows read at once.
    name : str, optional
        For tables; that of the folder by default.

    Raises
    ------
    ConfigurationError
        A file is missing.
    WeightsError
        It is none of the three; a tensor is missing, left over, of another shape or not finite.
    """
    folder = Path(folder)
    told, tensors = _told(folder), _tensors(folder)
    if any(_GATED_DNABERT in key for key in tensors):
        network, read, special, longest = _dnabert2(folder, told, tensors)
        tokenize: Callable[[str], PublishedTokens] = read
        mask, pad = 4, 3
    elif _FIRST_LAYER in tensors:
        network, version = _nucleotide_transformer(folder, told, tensors)
        vocabulary = six_mer_vocabulary(version)
        mask, pad, longest = vocabulary["<mask>"], vocabulary["<pad>"], int(told["max_position_embeddings"]) - 2
        special = frozenset(number for token, number in vocabulary.items() if token.startswith("<"))
        tokenize = partial(six_mer_tokens, version=version)
    else:
        raise WeightsError("holds neither a Nucleotide Transformer nor DNABERT-2", file=str(folder))
    run = _running(network.eval().to(device))
    return MaskedModel(
        name or folder.name,
        run,
        tokenize,
        mask=mask,
        pad=pad,
        special=special,
        longest=longest,
        batch=batch,
        device=device,
    )


def open_enformer(folder: str | Path, *, device: str = "cpu") -> EnformerModel:
    """Return the Enformer of a folder with ``config.json`` and safetensors; errors as for the masked models.

    The published weights were trained with TensorFlow, whose gamma densities of distances differ in their last digits
    from those computed here.
    """
    folder = Path(folder)
    return EnformerModel.filled(_told(folder), _tensors(folder), folder, device)


def convert_pickle(source: str | Path, folder: str | Path) -> tuple[int, int]:
    """Turn the ``pytorch_model.bin`` of a downloaded folder into safetensors; return how many tensors and numbers.

    The pickle is read with ``weights_only=True``: nothing in it runs.

    Parameters
    ----------
    source : str or Path
        The folder, with ``config.json`` and perhaps ``tokenizer.json``.
    folder : str or Path
        Receives them and ``model.safetensors``; must be new or empty.

    Raises
    ------
    ConfigurationError
        A file is missing, or the output is not empty.
    WeightsError
        The pickle holds anything but tensors, or the result does not open as one of the four.
    """
    from safetensors.torch import save_file

    source, folder = Path(source), Path(folder)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ConfigurationError("is there and not empty; name a new folder", file=str(folder))
    _told(source)
    tensors = read_tensors(source / PICKLE, "the published model")
    strange = next((name for name, tensor in tensors.items() if not hasattr(tensor, "numel")), None)
    if strange is not None:
        raise WeightsError("holds something else than tensors", file=str(source / PICKLE), position=str(strange))
    folder.mkdir(parents=True, exist_ok=True)
    for name in (CONFIG, TOKENIZER):
        if (source / name).is_file():
            shutil.copyfile(source / name, folder / name)
    plain = {str(name): tensor.detach().clone().contiguous() for name, tensor in tensors.items()}
    save_file(plain, folder / WEIGHTS, metadata={"format": "pt"})
    try:
        (open_enformer if any(name.startswith(_ENFORMER) for name in plain) else open_masked_model)(folder)
    except BaseException:
        shutil.rmtree(folder)
        raise
    return len(plain), sum(tensor.numel() for tensor in plain.values())


def _dnabert2(
    folder: Path, told: Mapping[str, Any], tensors: Mapping[str, Tensor]
) -> tuple[nn.Module, DnaBert2Tokenizer, frozenset[int], int]:
    from biomatrix.evaluation.nucleic.networks.dnabert2 import LEFT_OUT, LONGEST, DnaBert2Network, DnaBert2Sizes

    try:
        network = DnaBert2Network(DnaBert2Sizes.of(told))
    except WeightsError as error:
        raise error.at(file=str(folder / CONFIG)) from None
    fill(network, tensors, folder, left_out=LEFT_OUT)
    return network, DnaBert2Tokenizer(folder / TOKENIZER), frozenset(range(1, 5)), LONGEST


def _nucleotide_transformer(
    folder: Path, told: Mapping[str, Any], tensors: Mapping[str, Tensor]
) -> tuple[nn.Module, int]:
    """Return the filled network and which version of the vocabulary it reads."""
    from biomatrix.evaluation.nucleic.networks.nucleotide_transformer import derived, nucleotide_transformer

    versions = {len(six_mer_vocabulary(version)): version for version in (1, 2)}
    if told.get("vocab_size") not in versions or not isinstance(told.get("max_position_embeddings"), int):
        raise WeightsError(f"says vocab_size {told.get('vocab_size')!r}, of no version", file=str(folder / CONFIG))
    gated = tensors[_FIRST_LAYER].shape[0] == 2 * told.get("intermediate_size", 0)
    try:
        network = nucleotide_transformer(told, gated)
    except WeightsError as error:
        raise error.at(file=str(folder / CONFIG)) from None
    fill(network, tensors, folder, derived=derived)
    return network, versions[told["vocab_size"]]


def _running(network: Any) -> Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]:
    """Return what takes ids and mask and returns logits and states, of either network."""
    if hasattr(network, "esm"):

        def run(ids: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
            states = network.esm(ids, attention_mask=mask.long())[0]
            return network.lm_head(states), states

        return run
    found: Callable[[Tensor, Tensor], tuple[Tensor, Tensor]] = network
    return found


def _told(folder: Path) -> dict[str, Any]:
    if not (folder / CONFIG).is_file():
        raise ConfigurationError(f"has no {CONFIG}; give the folder of a downloaded model", file=str(folder))
    return dict(read_object(folder / CONFIG, WeightsError))


def _tensors(folder: Path) -> dict[str, Tensor]:
    """Return the tensors of all safetensors files of a folder."""
    files = sorted(folder.glob("*.safetensors"))
    if not files:
        told = "; it holds a pickle, of which convert_pickle makes a folder" if (folder / PICKLE).is_file() else ""
        raise ConfigurationError(f"has no safetensors{told}", file=str(folder))
    found: dict[str, Tensor] = {}
    for file in files:
        part = read_tensors(file, "the published model")
        twice = found.keys() & part.keys()
        if twice:
            raise WeightsError("is in two files of the folder", file=str(file), position=min(twice))
        found.update(part)
    return found
