"""Enformer as a scorer: tracks of sequences, and what a variant does to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from biomatrix.errors import UnsupportedError, WeightsError
from biomatrix.evaluation.nucleic.windows import VariantWindow
from biomatrix.metrics.nucleic.tracks import variant_scores

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from biomatrix.evaluation.nucleic.networks.enformer import EnformerNetwork


class EnformerModel:
    """Enformer, its weights filled; opened by :func:`biomatrix.evaluation.nucleic.opening.open_enformer`.

    Parameters
    ----------
    network : EnformerNetwork
    species : mapping of str to int
        The number of tracks of each.
    device : str
    """

    def __init__(self, network: EnformerNetwork, species: Mapping[str, int], device: str = "cpu") -> None:
        self._network, self._device = network.eval().to(device), device
        self.species = dict(species)

    @classmethod
    def filled(cls, told: Mapping[str, Any], tensors: Mapping[str, Tensor], folder: Path, device: str) -> EnformerModel:
        """Return it from a description and published tensors; WeightsError where the two do not fit."""
        from biomatrix.evaluation.nucleic.networks.enformer import EnformerNetwork, EnformerSizes, plain_names
        from biomatrix.evaluation.nucleic.networks.filling import fill

        try:
            sizes = EnformerSizes.of(told)
        except WeightsError as error:
            raise error.at(file=str(folder)) from None
        network = EnformerNetwork(sizes)
        fill(network, plain_names(tensors, str(folder)), folder)
        return cls(network, sizes.output_heads, device)

    def tracks(self, sequences: Sequence[str], species: str = "human") -> NDArray[np.float32]:
        """Return predicted tracks, one sequence after the other, ``float32 [n, bins, tracks]``, not below 0.

        Parameters
        ----------
        sequences : sequence of str
            196,608 bases each for the published model, of one length in any case; N is unknown.
        species : str
            A key of :attr:`species`.

        Raises
        ------
        UnsupportedError
            An unknown species, sequences of several lengths, or too short ones.
        """
        import torch

        from biomatrix.evaluation.nucleic.networks.enformer import one_hot

        if species not in self.species:
            raise UnsupportedError(f"no tracks of {species!r}; known: {', '.join(self.species)}")
        if len(set(map(len, sequences))) > 1:
            raise UnsupportedError("sequences of several lengths make tracks of several; ask for them one by one")
        found = []
        with torch.inference_mode():
            for sequence in sequences:
                bases = one_hot(sequence)[None].to(self._device)
                found.append(self._network(bases)[species][0].float().cpu().numpy())
        return np.stack(found) if found else np.zeros((0, 0, self.species[species]), dtype=np.float32)

    def variant_effects(
        self, windows: Sequence[VariantWindow], species: str = "human"
    ) -> list[dict[str, NDArray[np.float64]]]:
        """Return ``sad`` and ``sar`` of each variant, ``float64 [tracks]`` each; substitutions only.

        Raises
        ------
        UnsupportedError
            A variant changes the length of its window, so that bins no longer lie on the same bases.
        """
        found = []
        for number, window in enumerate(windows, 1):
            if len(window.reference) != len(window.alternative):
                raise UnsupportedError("a variant that changes the length moves all bins behind it", record=number)
            before, after = self.tracks([window.reference, window.alternative], species)
            found.append(variant_scores(before, after))
        return found
