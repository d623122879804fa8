"""The network as arrays: an encoder folded to three matrices, a codebook, and a decoder that is a table of
its codes.

The decoder sees nothing but the code, so running it once on every code is all that decoding needs. Legend: N
atoms, H hidden units, K codes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from biomatrix.errors import WeightsError
from biomatrix.structure.molecule.frames import Array
from biomatrix.structure.molecule.molstructok.descriptors import denormalise

Decoder = Literal["branch", "trunk"]
Tensors = Mapping[str, NDArray[Any]]
Layer = tuple[Array, Array]

_NORM_EPSILON = 1e-5
_BRANCHES = (("gen_len_branch", 1), ("gen_ang_branch", 1), ("gen_tor_branch", 1), ("sign_branch", 3))


@dataclass(frozen=True, eq=False)
class CodeNetwork:
    """Encoder, codebook and code table.

    Parameters
    ----------
    layers : tuple of (weight, bias)
        The encoder with batch normalisation folded in; a ReLU between layers.
    codebook : ndarray, shape=(K, H), dtype=float64
    table : ndarray, shape=(K, 4), dtype=float64
        What each code decodes to: (r, theta, abs phi, sign) in Angstrom and radian.
    """

    layers: tuple[Layer, ...]
    codebook: Array
    table: Array

    @property
    def turning(self) -> NDArray[np.bool_]:
        """Which codes may place an atom in a frame: those with a sign; the rest belong to the first three
        atoms."""
        return np.asarray((self.table[:, 3] != 0.0) & (self.table[:, 0] > 0.0))

    def encode(self, scaled_N4: NDArray[np.float32], block: int = 4096) -> NDArray[np.int16]:
        """Return the nearest code of every normalised descriptor; the lowest code wins ties."""
        rows, first = np.unique(self.codebook, axis=0, return_index=True)
        keep = np.sort(first)  # of equal rows, such as never-used zero rows, only the first can win
        rows = self.codebook[keep]
        half_norms = 0.5 * (rows * rows).sum(axis=1)
        codes = np.empty(len(scaled_N4), dtype=np.int16)
        for start in range(0, len(scaled_N4), block):
            latent = self.latents(scaled_N4[start : start + block])
            codes[start : start + block] = keep[np.argmin(half_norms - latent @ rows.T, axis=1)]
        return codes

    def latents(self, scaled_N4: NDArray[np.float32]) -> Array:
        """Return the encoder's output before quantisation, ``float64 [N, H]``."""
        return _run(self.layers, scaled_N4.astype(np.float64))


def read_network(tensors: Tensors, decoder: Decoder = "branch") -> CodeNetwork:
    """Build the arrays from a state dict whose names and shapes were checked against ``expected_shapes``."""
    codebook = np.asarray(tensors["quantizer.embedding.weight"], dtype=np.float64)
    layers = _fold(tensors, "encoder", (0, 1, 3, 4, 6))
    if decoder == "branch":
        outputs = [
            _run(_fold(tensors, f"multi_head_decoder.{name}", (0, 1, 3, 4, 6)), codebook) for name, _ in _BRANCHES
        ]
        scaled, logits = np.concatenate(outputs[:3], axis=1), outputs[3]
    elif has_trunk(tensors):
        trunk = np.maximum(_run(_fold(tensors, "decoder", (0, 1, 3, 4)), codebook), 0.0)
        scaled = _run(_fold(tensors, "mu.mlp", (0, 1, 3)), trunk)
        logits = _run(_fold(tensors, "sign_head.mlp", (0, 1, 3)), trunk)
    else:
        raise WeightsError("these weights have no trunk decoder; open them with decoder='branch'")
    sign = np.argmax(logits, axis=1).astype(np.float64) - 1.0
    return CodeNetwork(layers, codebook, denormalise(scaled, sign))


def has_trunk(tensors: Tensors) -> bool:
    """Whether a state dict carries the older, monolithic decoder beside the branches."""
    return "decoder.0.weight" in tensors


def expected_shapes(tensors: Tensors) -> dict[str, tuple[int, ...]]:
    """Return every tensor name and shape the architecture demands, the sizes read from the tensors
    themselves."""
    try:
        num_codes, latent = tensors["quantizer.embedding.weight"].shape
        hidden = tensors["encoder.0.weight"].shape[0]
    except (KeyError, ValueError, IndexError) as error:
        raise WeightsError("not a molecule structure tokenizer: no encoder or no codebook") from error
    shapes = dict(_mlp("encoder", (4, hidden, hidden, latent)))
    for name, width in _BRANCHES:
        shapes |= _mlp(f"multi_head_decoder.{name}", (latent, hidden, hidden, width))
    shapes["quantizer.embedding.weight"] = (num_codes, latent)
    if has_trunk(tensors):
        shapes |= _mlp("decoder", (latent, hidden, hidden))
        shapes |= _mlp("mu.mlp", (hidden, hidden, 3))
        shapes |= _mlp("sign_head.mlp", (hidden, hidden, 3))
        shapes["quantizer.ema_cluster_size"] = (num_codes,)
        shapes["quantizer.ema_cluster_sum"] = (num_codes, latent)
    return shapes


def _mlp(prefix: str, widths: tuple[int, ...]) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Yield the tensors of Linear, BatchNorm, ReLU blocks; the trunk ends in a block, all else in a plain
    Linear."""
    last = len(widths) - 2
    for block, (inputs, outputs) in enumerate(pairwise(widths)):
        linear = 3 * block
        yield f"{prefix}.{linear}.weight", (outputs, inputs)
        yield f"{prefix}.{linear}.bias", (outputs,)
        if block < last or prefix == "decoder":
            for part in ("weight", "bias", "running_mean", "running_var"):
                yield f"{prefix}.{linear + 1}.{part}", (outputs,)
            yield f"{prefix}.{linear + 1}.num_batches_tracked", ()


def _fold(tensors: Tensors, prefix: str, indices: tuple[int, ...]) -> tuple[Layer, ...]:
    """Return (weight, bias) of each Linear with the BatchNorm after it, if any, folded in; float64."""
    layers = []
    for index in (i for i in indices if i % 3 == 0):
        weight = np.asarray(tensors[f"{prefix}.{index}.weight"], dtype=np.float64)
        bias = np.asarray(tensors[f"{prefix}.{index}.bias"], dtype=np.float64)
        if index + 1 in indices:
            gamma, beta, mean, variance = (
                np.asarray(tensors[f"{prefix}.{index + 1}.{part}"], dtype=np.float64)
                for part in ("weight", "bias", "running_mean", "running_var")
            )
            scale = gamma / np.sqrt(variance + _NORM_EPSILON)
            weight, bias = weight * scale[:, None], (bias - mean) * scale + beta
        layers.append((weight, bias))
    return tuple(layers)


def _run(layers: tuple[Layer, ...], values: Array) -> Array:
    for depth, (weight, bias) in enumerate(layers):
        values = (np.maximum(values, 0.0) if depth else values) @ weight.T + bias
    return values
