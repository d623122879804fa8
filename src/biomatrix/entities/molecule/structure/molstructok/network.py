"""The network as arrays: an encoder folded to three matrices, a codebook, and a decoder tabulated for all codes.

The decoder sees nothing but the code, so running it once on every code is all that decoding needs. Legend: N atoms,
L latent units, K codes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.molecule.structure.frames import Array
from biomatrix.entities.molecule.structure.molstructok.descriptors import denormalise
from biomatrix.entities.molecule.structure.molstructok.nearest import Layer, NearestCode, run_layers
from biomatrix.errors import WeightsError

Decoder = Literal["branch", "trunk"]
Tensors = Mapping[str, NDArray[Any]]

_NORM_EPSILON = 1e-5
_BRANCHES = (("gen_len_branch", 1), ("gen_ang_branch", 1), ("gen_tor_branch", 1), ("sign_branch", 3))


@dataclass(frozen=True, eq=False)
class CodeTable:
    """The output of a decoder for every code.

    Parameters
    ----------
    scaled : ndarray, shape=(K, 3), dtype=float64
        The outputs for (r, theta, abs phi), as the network scales them.
    sign_logits : ndarray, shape=(K, 3), dtype=float64
        For the signs -1, 0, +1.
    """

    scaled: Array
    sign_logits: Array

    @cached_property
    def values(self) -> Array:
        """(r, theta, abs phi, sign) in Angstrom and radian, ``float64 [K, 4]``."""
        return denormalise(self.scaled, np.argmax(self.sign_logits, axis=1).astype(np.float64) - 1.0)


@dataclass(frozen=True, eq=False)
class CodeNetwork:
    """Encoder, codebook and code tables.

    Parameters
    ----------
    layers : tuple of (weight, bias)
        The encoder with batch normalisation folded in; a ReLU between layers.
    codebook : ndarray, shape=(K, L), dtype=float64
    tables : mapping of decoder to CodeTable
        One per decoder that the weights hold.
    decoder : {"branch", "trunk"}
        The one in use.
    """

    layers: tuple[Layer, ...]
    codebook: Array
    tables: Mapping[Decoder, CodeTable]
    decoder: Decoder = "branch"

    @property
    def decoded(self) -> CodeTable:
        """The output of the decoder in use for every code."""
        return self.tables[self.decoder]

    @property
    def table(self) -> Array:
        """What each code decodes to: (r, theta, abs phi, sign) in Angstrom and radian, ``float64 [K, 4]``."""
        return self.decoded.values

    @property
    def turning(self) -> NDArray[np.bool_]:
        """Which codes may place an atom in a frame, ``bool [K]``: those with a sign and a positive distance."""
        return np.asarray((self.table[:, 3] != 0.0) & (self.table[:, 0] > 0.0))

    @cached_property
    def nearest(self) -> NearestCode:
        """The search from normalised descriptors to codes."""
        return NearestCode(self.layers, self.codebook)

    def encode(self, scaled_N4: NDArray[np.float32]) -> NDArray[np.int16]:
        """Return the nearest code of every normalised descriptor, ``int16 [N]``.

        The lowest code wins ties, and descriptors that are not numbers get code 0.
        """
        return self.nearest(scaled_N4)

    def latents(self, scaled_N4: NDArray[np.float32]) -> Array:
        """Return the encoder's output before quantisation, ``float64 [N, L]``."""
        return run_layers(self.layers, scaled_N4.astype(np.float64))


def read_network(tensors: Tensors, decoder: Decoder = "branch") -> CodeNetwork:
    """Build the arrays from a state dict whose names and shapes were checked against ``expected_shapes``.

    WeightsError where ``decoder`` is one that the weights do not hold.
    """
    codebook = np.asarray(tensors["quantizer.embedding.weight"], dtype=np.float64)
    tables: dict[Decoder, CodeTable] = {"branch": _branch_table(tensors, codebook)}
    if has_trunk(tensors):
        tables["trunk"] = _trunk_table(tensors, codebook)
    if decoder not in tables:
        raise WeightsError("these weights have no trunk decoder; choose the decoder branch")
    return CodeNetwork(_fold(tensors, "encoder", (0, 1, 3, 4, 6)), codebook, tables, decoder)


def _branch_table(tensors: Tensors, codebook: Array) -> CodeTable:
    heads = [
        run_layers(_fold(tensors, f"multi_head_decoder.{name}", (0, 1, 3, 4, 6)), codebook) for name, _ in _BRANCHES
    ]
    return CodeTable(np.concatenate(heads[:3], axis=1), heads[3])


def _trunk_table(tensors: Tensors, codebook: Array) -> CodeTable:
    trunk = np.maximum(run_layers(_fold(tensors, "decoder", (0, 1, 3, 4)), codebook), 0.0)
    return CodeTable(
        run_layers(_fold(tensors, "mu.mlp", (0, 1, 3)), trunk),
        run_layers(_fold(tensors, "sign_head.mlp", (0, 1, 3)), trunk),
    )


def has_trunk(tensors: Tensors) -> bool:
    """Whether a state dict carries the older, monolithic decoder beside the branches."""
    return "decoder.0.weight" in tensors


def expected_shapes(tensors: Tensors, *, file: str | None = None) -> dict[str, tuple[int, ...]]:
    """Return every tensor name and shape the architecture demands, the sizes read from the tensors
    themselves; WeightsError where these are missing."""
    try:
        num_codes, latent = tensors["quantizer.embedding.weight"].shape
        hidden = tensors["encoder.0.weight"].shape[0]
    except (KeyError, ValueError, IndexError) as error:
        raise WeightsError("not molstructok weights: no encoder or no codebook", file=file) from error
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
    """Yield the tensors of Linear, BatchNorm, ReLU blocks; the trunk ends in a block, all others in a
    plain Linear."""
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
