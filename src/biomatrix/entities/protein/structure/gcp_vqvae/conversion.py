"""Network folders: from a trained network, or from the published checkpoints."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from biomatrix.entities.hub import CONFIG_FILE
from biomatrix.entities.protein.structure.gcp_vqvae.configuration import (
    Behaviour,
    NetworkSizes,
    from_mapping,
    reference_behaviour,
    to_mapping,
)
from biomatrix.entities.protein.structure.gcp_vqvae.model import GCPVQVAE, TRAINING_ONLY
from biomatrix.entities.protein.structure.gcp_vqvae.transformer import HEAD_SIZE
from biomatrix.entities.tokenizer_folder import StoredWeights, save_weights
from biomatrix.errors import WeightsError

ARCHITECTURE = "gcp_vqvae"
_DROPPED_PREFIXES = ("protein_encoder.", "vqvae.decoder.esm_", "encoder.featuriser.", "esm_")
_DROPPED_PARTS = ("plddt", "pairwise", "distance_head", "direction_head")
_UNREADABLE = (
    OSError,
    RuntimeError,
    EOFError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    AssertionError,
    pickle.UnpicklingError,
)
_CODEBOOK = "vqvae.vector_quantizer._codebook."


@dataclass(frozen=True)
class Conversion:
    """What was converted.

    Parameters
    ----------
    source, folder : str
        The checkpoint read and the folder written.
    fingerprint : str
        Two tokenizers that share it give the same codes.
    num_tensors, num_parameters : int
    num_codes : int
    dropped : tuple of str
        Tensors that neither encoding nor decoding needs, left out.
    """

    source: str
    folder: str
    fingerprint: str
    num_tensors: int
    num_parameters: int
    num_codes: int
    dropped: tuple[str, ...]

    def as_text(self) -> str:
        """Return what was converted in a few lines."""
        return (
            f"{self.source}: {self.num_tensors} tensors, {self.num_parameters:,} numbers, {self.num_codes} codes; "
            f"{len(self.dropped)} tensors left out\n"
            f"{self.folder}: fingerprint {self.fingerprint}"
        )


def convert_checkpoint(
    source: Path, folder: Path, *, max_length: int = 1280, config: Mapping[str, Any] | None = None
) -> Conversion:
    """Turn a published ``best_valid.pth`` into a tokenizer folder.

    Parameters
    ----------
    source : Path
        A torch file with ``model_state_dict`` (read with ``weights_only=True``: nothing in it runs) or a state dict, or
        a ``.safetensors`` file of the same names.
    folder : Path
        Takes ``config.json`` and ``model.safetensors``; must not hold a tokenizer yet.
    max_length : int
        Longest chain the network was configured for; the checkpoint does not say.
    config : mapping, optional
        More entries for the config: origin, licence, figures.

    Raises
    ------
    WeightsError
        Not such a file, tensors missing, unexpected, misshapen or not finite, or a folder that is taken.
    """
    if (folder / CONFIG_FILE).exists():
        raise WeightsError("holds a tokenizer already; name another folder or remove it", file=str(folder))
    tensors = _read_published(source)
    renamed, dropped = rename_published(tensors)
    model = GCPVQVAE(sizes_of(renamed, file=str(source)))
    load_strictly(model, renamed, file=str(source))
    description = {"origin": {"file": source.name}, **(config or {})}
    fingerprint = save_network(folder, model, reference_behaviour(max_length), description, half=False)
    return Conversion(
        str(source),
        str(folder),
        fingerprint,
        len(renamed),
        sum(value.numel() for value in renamed.values()),
        model.sizes.codebook_size,
        dropped,
    )


def _read_published(source: Path) -> dict[str, Tensor]:
    """Return the tensors of a checkpoint, or say that it holds something else."""
    try:
        if source.suffix == ".safetensors":
            return dict(load_file(source))
        content = torch.load(source, map_location="cpu", weights_only=True)
    except (*_UNREADABLE, SafetensorError) as error:
        raise WeightsError(f"not a checkpoint of plain tensors: {error}", file=str(source)) from error
    tensors = content.get("model_state_dict", content) if isinstance(content, dict) else None
    if not isinstance(tensors, dict) or not tensors:
        raise WeightsError("holds no model_state_dict of tensors", file=str(source))
    for name, value in tensors.items():
        if not isinstance(name, str) or not isinstance(value, Tensor) or value.layout != torch.strided:
            raise WeightsError("holds no model_state_dict of tensors", file=str(source), position=str(name))
    return tensors


def rename_published(tensors: Mapping[str, Tensor]) -> tuple[dict[str, Tensor], tuple[str, ...]]:
    """Return tensors under this package's names, and the names of those that nothing here needs.

    Compiled networks (``_orig_mod.``), those wrapped for several processes (``module.``) and those that began from a
    pretrained graph network (``encoder.encoder.``) carry prefixes that are taken off.
    """
    renamed: dict[str, Tensor] = {}
    dropped: list[str] = []
    for name, value in tensors.items():
        plain = name.replace("_orig_mod.", "").removeprefix("module.")
        if plain.startswith("encoder.encoder."):
            plain = plain.removeprefix("encoder.")
        if plain.startswith(_DROPPED_PREFIXES) or any(part in plain for part in _DROPPED_PARTS):
            dropped.append(name)
            continue
        if plain in renamed:
            raise WeightsError("two tensors of this name once prefixes are removed", position=plain)
        renamed[plain] = value
    return renamed, tuple(dropped)


def sizes_of(tensors: Mapping[str, Tensor], *, file: str | None = None) -> NetworkSizes:
    """Return every size of the network, read from the shapes of its tensors; WeightsError where one is missing."""

    def shape(name: str) -> tuple[int, ...]:
        if name not in tensors:
            raise WeightsError("this tensor is missing: not a GCP-VQVAE checkpoint", file=file, position=name)
        return tuple(tensors[name].shape)

    encoder, decoder = "vqvae.encoder_blocks.attn_layers.layers.", "vqvae.decoder.decoder_stack.attn_layers.layers."
    width = shape("vqvae.encoder_blocks.project_in.weight")[0]
    return NetworkSizes(
        gcp_layers=_count(tensors, "encoder.interaction_layers."),
        node_scalars=shape("encoder.gcp_embedding.node_embedding.scalar_out.weight")[0],
        node_vectors=shape("encoder.gcp_embedding.node_embedding.vector_up.weight")[0],
        edge_scalars=shape("encoder.gcp_embedding.edge_embedding.scalar_out.weight")[0],
        edge_vectors=shape("encoder.gcp_embedding.edge_embedding.vector_up.weight")[0],
        encoder_width=width,
        encoder_depth=_count(tensors, encoder) // 2,
        decoder_width=shape("vqvae.decoder.decoder_stack.project_in.weight")[0],
        decoder_depth=_count(tensors, decoder) // 2,
        heads=shape(f"{encoder}0.1.to_q.weight")[0] // HEAD_SIZE,
        kv_heads=shape(f"{encoder}0.1.to_k.weight")[0] // HEAD_SIZE,
        ff_mult=shape(f"{encoder}1.1.ff.2.weight")[1] // width,
        code_width=shape(f"{_CODEBOOK}embed")[2],
        codebook_size=shape(f"{_CODEBOOK}embed")[1],
        next_token_head="vqvae.ntp_projector_head.weight" in tensors,
        posed="vqvae.encoder_pose.0.weight" in tensors,
    )


def load_strictly(model: GCPVQVAE, tensors: Mapping[str, Tensor], *, file: str | None = None) -> None:
    """Load weights; a missing, unexpected, misshapen or not finite tensor is a WeightsError, never passed over."""
    expected = model.state_dict()
    missing, unexpected = sorted(expected.keys() - tensors.keys()), sorted(tensors.keys() - expected.keys())
    if missing or unexpected:
        raise WeightsError(
            f"tensor names differ: {len(missing)} missing {missing[:4]}, {len(unexpected)} unexpected {unexpected[:4]}",
            file=file,
        )
    for name, value in expected.items():
        if tensors[name].shape != value.shape:
            raise WeightsError(
                f"shape {tuple(tensors[name].shape)}, not {tuple(value.shape)}", file=file, position=name
            )
        if tensors[name].is_floating_point() and not torch.isfinite(tensors[name]).all():
            raise WeightsError("holds values that are not finite", file=file, position=name)
    model.load_state_dict(dict(tensors), strict=True)


def save_network(
    folder: Path, model: GCPVQVAE, behaviour: Behaviour, description: Mapping[str, Any], *, half: bool = True
) -> str:
    """Write a tokenizer folder, weights as float16 when ``half``, without what only training reads."""
    config = {
        **description,
        "architecture": ARCHITECTURE,
        "num_codes": model.sizes.codebook_size,
        "settings": {"sizes": to_mapping(model.sizes), "behaviour": to_mapping(behaviour)},
    }
    return save_weights(folder, config, stored_tensors(model, half=half))


def stored_tensors(model: GCPVQVAE, *, half: bool) -> dict[str, NDArray[Any]]:
    """Return the weights of a network without what only training reads, as float16 when ``half``."""
    return {name: _to_array(value, half) for name, value in model.state_dict().items() if name not in TRAINING_ONLY}


def network_from(stored: StoredWeights) -> tuple[GCPVQVAE, Behaviour]:
    """Build the network of a tokenizer folder, float32, ready to use."""
    file = str(stored.folder / "config.json")
    settings = stored.settings
    if set(settings) != {"sizes", "behaviour"}:
        raise WeightsError(f"settings must be sizes and behaviour, not {sorted(settings)}", file=file)
    model = GCPVQVAE(from_mapping(NetworkSizes, settings["sizes"], file=file))
    tensors = {name: _to_tensor(value) for name, value in stored.tensors.items()}
    codebook = model.vqvae.vector_quantizer.codebook
    tensors.setdefault(TRAINING_ONLY[0], codebook.embed_avg)
    tensors.setdefault(TRAINING_ONLY[1], codebook.cluster_size)
    load_strictly(model, tensors, file=str(stored.folder / "model.safetensors"))
    return model.eval(), from_mapping(Behaviour, settings["behaviour"], file=file)


def _to_array(value: Tensor, half: bool) -> NDArray[Any]:
    array = value.detach().cpu().contiguous().numpy()
    return array.astype(np.float16) if half and array.dtype == np.float32 else np.asarray(array)


def _to_tensor(value: NDArray[Any]) -> Tensor:
    array = value.astype(np.float32) if value.dtype in (np.float16, np.float64) else np.array(value)
    return torch.from_numpy(array)


def _count(tensors: Mapping[str, Tensor], prefix: str) -> int:
    """Number of list entries below a name."""
    return len({name[len(prefix) :].split(".", 1)[0] for name in tensors if name.startswith(prefix)})
