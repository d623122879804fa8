"""Network folders: from a trained network, or from the published checkpoints."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from biomatrix.errors import WeightsError
from biomatrix.structure.protein.gcp_vqvae.configuration import (
    Behaviour,
    NetworkSizes,
    from_mapping,
    reference_behaviour,
    to_mapping,
)
from biomatrix.structure.protein.gcp_vqvae.model import GCPVQVAE, TRAINING_ONLY
from biomatrix.structure.protein.gcp_vqvae.transformer import HEAD_SIZE
from biomatrix.structure.weights import StoredWeights, save_weights

ARCHITECTURE = "gcp_vqvae"
_DROPPED_PREFIXES = ("protein_encoder.", "vqvae.decoder.esm_", "encoder.featuriser.", "esm_")
_DROPPED_PARTS = ("plddt", "pairwise", "distance_head", "direction_head")
_CODEBOOK = "vqvae.vector_quantizer._codebook."


def convert_checkpoint(
    source: Path, folder: Path, *, max_length: int = 1280, config: Mapping[str, Any] | None = None
) -> str:
    """Turn a published ``best_valid.pth`` into a tokenizer folder; return its fingerprint.

    Parameters
    ----------
    source : Path
        A torch file with ``model_state_dict`` (read with ``weights_only=True``: nothing in it runs) or a state dict.
    folder : Path
        Takes ``config.json`` and ``model.safetensors``.
    max_length : int
        Longest chain the network was configured for; the checkpoint does not say.
    config : mapping, optional
        More to say in the config: origin, licence, figures.
    """
    try:
        loaded = torch.load(source, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, pickle.UnpicklingError, EOFError) as error:
        raise WeightsError(f"not a checkpoint of plain tensors: {error}", file=str(source)) from error
    tensors = loaded.get("model_state_dict", loaded) if isinstance(loaded, dict) else None
    if not isinstance(tensors, dict) or not all(isinstance(value, Tensor) for value in tensors.values()):
        raise WeightsError("holds no model_state_dict of tensors", file=str(source))
    renamed = rename_published(tensors)
    model = GCPVQVAE(sizes_of(renamed, file=str(source)))
    load_strictly(model, renamed, file=str(source))
    return save_network(folder, model, reference_behaviour(max_length), dict(config or {}), half=False)


def rename_published(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return tensors under this package's names, without the heads that neither encoding nor decoding needs."""
    renamed: dict[str, Tensor] = {}
    for name, value in tensors.items():
        plain = name.replace("_orig_mod.", "").removeprefix("module.").replace("encoder.encoder.", "encoder.", 1)
        if plain.startswith(_DROPPED_PREFIXES) or any(part in plain for part in _DROPPED_PARTS):
            continue
        if plain in renamed:
            raise WeightsError("two tensors of this name once prefixes are removed", position=plain)
        renamed[plain] = value
    return renamed


def sizes_of(tensors: Mapping[str, Tensor], *, file: str | None = None) -> NetworkSizes:
    """Read every size of the network from the shapes of its tensors."""

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
    )


def load_strictly(model: GCPVQVAE, tensors: Mapping[str, Tensor], *, file: str | None = None) -> None:
    """Load weights; a missing, unexpected or misshapen tensor is an error, never passed over."""
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
    tensors = {name: _stored(value, half) for name, value in model.state_dict().items() if name not in TRAINING_ONLY}
    config = {
        **description,
        "architecture": ARCHITECTURE,
        "num_codes": model.sizes.codebook_size,
        "settings": {"sizes": to_mapping(model.sizes), "behaviour": to_mapping(behaviour)},
    }
    return save_weights(folder, config, tensors)


def network_from(stored: StoredWeights) -> tuple[GCPVQVAE, Behaviour]:
    """Build the network of a tokenizer folder, float32, ready to use."""
    file = str(stored.folder / "config.json")
    settings = stored.settings
    if set(settings) != {"sizes", "behaviour"}:
        raise WeightsError(f"settings must be sizes and behaviour, not {sorted(settings)}", file=file)
    model = GCPVQVAE(from_mapping(NetworkSizes, settings["sizes"], file=file))
    tensors = {name: _loaded(value) for name, value in stored.tensors.items()}
    codebook = model.vqvae.vector_quantizer.codebook
    tensors.setdefault(TRAINING_ONLY[0], codebook.embed_avg)
    tensors.setdefault(TRAINING_ONLY[1], codebook.cluster_size)
    load_strictly(model, tensors, file=str(stored.folder / "model.safetensors"))
    return model.eval(), from_mapping(Behaviour, settings["behaviour"], file=file)


def _stored(value: Tensor, half: bool) -> NDArray[Any]:
    array = value.detach().cpu().contiguous().numpy()
    return array.astype(np.float16) if half and array.dtype == np.float32 else np.asarray(array)


def _loaded(value: NDArray[Any]) -> Tensor:
    array = value.astype(np.float32) if value.dtype in (np.float16, np.float64) else np.array(value)
    return torch.from_numpy(array)


def _count(tensors: Mapping[str, Tensor], prefix: str) -> int:
    """Number of list entries below a name."""
    return len({name[len(prefix) :].split(".", 1)[0] for name in tensors if name.startswith(prefix)})
