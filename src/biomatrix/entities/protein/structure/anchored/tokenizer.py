"""The anchored tokenizer: a code is ``step * levels + digit``.

The steps are those of the geometric codec. The digits follow from them, so they cost no fidelity beyond the codes they
take, and where a digit does not follow, a code is wrong: decoding then looks for the chain that most codes agree with.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from biomatrix.entities.protein.structure.anchored.digits import Slabs
from biomatrix.entities.protein.structure.anchored.reading import Reading
from biomatrix.entities.protein.structure.anchored.repair import repaired
from biomatrix.entities.protein.structure.geometric.residue_frames import backbone_of
from biomatrix.entities.protein.structure.geometric.tokenizer import MAX_CODES, GeometricTokenizer
from biomatrix.entities.protein.structure.tokenizer import ProteinStructureTokenizer
from biomatrix.entities.rigid_steps.composition import blocks, rebuilt
from biomatrix.errors import LimitError, WeightsError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from biomatrix.entities.protein.entity import Protein
    from biomatrix.entities.tokenizer_folder import StoredWeights


class AnchoredTokenizer(ProteinStructureTokenizer):
    """Closed-loop steps, each with a digit that anchors the residue in space.

    Parameters
    ----------
    steps : GeometricTokenizer
        What chooses the steps; its name, fingerprint and config are taken over.
    slabs : Slabs

    Raises
    ------
    LimitError
        More codes than int16 holds.
    """

    architecture: ClassVar[str] = "anchored"

    def __init__(self, steps: GeometricTokenizer, slabs: Slabs) -> None:
        settings = {**steps.config["settings"], "levels": slabs.levels, "slab_widths": list(slabs.widths)}
        super().__init__(steps.name, steps.fingerprint, {**steps.config, "settings": settings})
        if len(steps.codebook) * slabs.levels > MAX_CODES:
            raise LimitError(f"{len(steps.codebook)} steps of {slabs.levels} levels, the limit is {MAX_CODES} codes")
        self.steps = steps
        self.slabs = slabs

    @classmethod
    def from_weights(cls, stored: StoredWeights) -> Self:
        """Build the tokenizer from a folder that was read and checked."""
        steps = GeometricTokenizer.from_weights(stored)
        try:
            levels, widths = stored.settings["levels"], stored.settings["slab_widths"]
            slabs = Slabs(int(levels), tuple(float(width) for width in widths))
        except (KeyError, TypeError, ValueError) as problem:
            raise WeightsError(
                f"the settings lack levels or slab_widths: {problem}", file=str(stored.folder)
            ) from problem
        return cls(steps, slabs)

    def tensors(self) -> Mapping[str, NDArray[Any]]:
        """Return those of the steps: digits follow from the settings."""
        return self.steps.tensors()

    @property
    def num_codes(self) -> int:
        """Codes are 0 to ``num_codes - 1``."""
        return len(self.steps.codebook) * self.slabs.levels

    @property
    def code_features(self) -> NDArray[np.float64]:
        """The step's nine numbers, then its digit as a point on the unit circle: ``float64 [num_codes, 11]``."""
        turn = 2.0 * np.pi * np.arange(self.slabs.levels) / self.slabs.levels
        circle = np.stack([np.cos(turn), np.sin(turn)], axis=1)
        steps = self.steps.code_features
        return np.concatenate([steps.repeat(self.slabs.levels, axis=0), np.tile(circle, (len(steps), 1))], axis=1)

    def prepare(self, entity: Protein) -> Protein:
        """Return the chain, checked as the tokenizer of the steps does."""
        return self.steps.prepare(entity)

    def encode_batch(self, prepared: Sequence[Protein]) -> list[NDArray[np.int16]]:
        """Return the codes of each chain; see `GeometricTokenizer.encode_batch`."""
        codes = self.steps.encode_batch(prepared)
        places = [np.flatnonzero(chain >= 0) for chain in codes]
        for block in blocks([len(place) for place in places]):
            steps = [codes[index][places[index]].astype(np.int64) for index in block]
            _, origins = rebuilt(steps, self.steps.codebook)
            digits = self._digits(origins)
            for row, index in enumerate(block):
                codes[index][places[index]] = steps[row] * self.slabs.levels + digits[row, : len(steps[row])]
        return codes

    def decode_batch(self, prepared: Sequence[NDArray[np.int64]]) -> list[NDArray[np.float32]]:
        """Return the backbones of code arrays, ``float32 [L, 3, 3]`` in Angstrom.

        The first resolved residue stands at the origin with its frame along the axes.
        """
        arrays = prepared
        backbones = [np.full((len(array), 3, 3), np.nan, dtype=np.float32) for array in arrays]
        places = [np.flatnonzero(array >= 0) for array in arrays]
        for block in blocks([len(place) for place in places]):
            pairs = [np.divmod(arrays[index][places[index]], self.slabs.levels) for index in block]
            rotations, origins = rebuilt([steps for steps, _ in pairs], self.steps.codebook)
            atoms, expected = backbone_of(rotations, origins), self._digits(origins)
            for row, (index, (_, digits)) in enumerate(zip(block, pairs, strict=True)):
                length = len(digits)
                backbone = atoms[row, :length]
                if not np.array_equal(digits[1:], expected[row, 1:length]):
                    reading = Reading(digits, rotations[row, :length], origins[row, :length], self.slabs)
                    backbone = backbone_of(*repaired(reading, self.steps.codebook))
                backbones[index][places[index]] = backbone
        return backbones

    def _digits(self, origins_BT3: NDArray[np.float64]) -> NDArray[np.int64]:
        """Digits of rebuilt chains, int64 [B, T]."""
        shape = origins_BT3.shape[:2]
        return self.slabs.digits(origins_BT3, np.broadcast_to(np.arange(shape[1]), shape))
