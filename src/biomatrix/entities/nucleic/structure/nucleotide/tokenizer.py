"""The geometric codec: nucleotides placed one in the frame of the other, each one of K, chosen in closed loop.

No network and no sequence. Because every code is chosen against the strand rebuilt so far, errors do not add up along
it. What a code cannot carry: the first code of a strand means nothing, the inner shape of a nucleotide is one of K, and
after a break the next segment is placed by one of a few jumps and by the last digits of the codes that follow.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self

import numpy as np

from biomatrix.entities.nucleic.structure.nucleotide.beads import ATOMS
from biomatrix.entities.nucleic.structure.nucleotide.codebook import NucleotideCodebook
from biomatrix.entities.nucleic.structure.nucleotide.placement import close_links, placed_atoms
from biomatrix.entities.nucleic.structure.nucleotide.points import Points
from biomatrix.entities.nucleic.structure.nucleotide.search import BeamSearch, StepSearch
from biomatrix.entities.nucleic.structure.nucleotide.strands import nucleotides_of
from biomatrix.entities.nucleic.structure.tokenizer import RnaStructureTokenizer
from biomatrix.entities.rigid_steps.composition import blocks, rebuilt
from biomatrix.entities.rigid_steps.shifts import JumpShifts
from biomatrix.errors import LimitError, UnsupportedError, WeightsError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from biomatrix.entities.nucleic.entity import NucleicAcid
    from biomatrix.entities.tokenizer_folder import StoredWeights

MAX_CODES: Final = 32767
"""Codes are int16."""

_TENSORS: Final[dict[str, tuple[int, ...]]] = {
    "rotations": (-1, 3, 3),
    "translations": (-1, 3),
    "shapes": (-1, ATOMS, 3),
    "shift_rotations": (-1, -1, 3, 3),
    "shift_translations": (-1, -1, 3),
}


class NucleotideTokenizer(RnaStructureTokenizer):
    """Closed-loop codec over a codebook of nucleotides.

    Parameters
    ----------
    codebook : NucleotideCodebook
    settings : BeamSearch
        How codes are searched for. Decoding does not depend on it.
    name, fingerprint : str
    config : mapping, optional
        The description the weights came with.

    Raises
    ------
    LimitError
        More codes than `MAX_CODES`.
    """

    architecture: ClassVar[str] = "nucleotide"

    def __init__(
        self,
        codebook: NucleotideCodebook,
        settings: BeamSearch,
        *,
        name: str = "nucleotide",
        fingerprint: str = "",
        config: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(name, fingerprint, {"settings": settings_of(codebook, settings)} if config is None else config)
        if len(codebook) > MAX_CODES:
            raise LimitError(f"{len(codebook)} codes, the limit is {MAX_CODES}")
        self.codebook = codebook
        self.settings = settings

    @classmethod
    def from_weights(cls, stored: StoredWeights) -> Self:
        """Build the tokenizer from a folder that was read and checked."""
        stored.require(_TENSORS)
        try:
            num_break, num_beams, num_candidates = (
                int(stored.settings[key]) for key in ("num_break", "num_beams", "num_candidates")
            )
            atoms = tuple((int(place), float(weight)) for place, weight in stored.settings["atoms"])
            x, y, z = (float(length) for length in stored.settings["levers"])
        except (KeyError, TypeError, ValueError) as problem:
            raise WeightsError(f"the settings lack a number: {problem}", file=str(stored.folder)) from problem
        tensors = {name: tensor.astype(np.float64) for name, tensor in stored.tensors.items()}
        codebook = NucleotideCodebook(
            tensors["rotations"],
            tensors["translations"],
            tensors["shapes"],
            num_break,
            JumpShifts(tensors["shift_rotations"], tensors["shift_translations"]),
        )
        settings = BeamSearch(Points(atoms, (x, y, z)), num_beams, num_candidates)
        return cls(codebook, settings, name=stored.name, fingerprint=stored.fingerprint, config=stored.config)

    def tensors(self) -> Mapping[str, NDArray[Any]]:
        """Return the steps, the shapes of nucleotides, and the shifts, as float32."""
        codebook = self.codebook
        tensors = {
            "rotations": codebook.rotations,
            "translations": codebook.translations,
            "shapes": codebook.shapes,
            "shift_rotations": codebook.shifts.rotations,
            "shift_translations": codebook.shifts.translations,
        }
        return {name: tensor.astype(np.float32) for name, tensor in tensors.items()}

    @property
    def num_codes(self) -> int:
        """Codes are 0 to ``num_codes - 1``."""
        return len(self.codebook)

    @property
    def code_features(self) -> NDArray[np.float64]:
        """Seven atoms of each nucleotide seen from the frame before, in Angstrom: ``float64 [num_codes, 21]``."""
        return self.codebook.features

    def prepare(self, entity: NucleicAcid) -> NDArray[np.float32]:
        """Return the backbone. Raises UnsupportedError where there is none."""
        if entity.backbone is None:
            raise UnsupportedError("a nucleic acid without coordinates has no structure codes")
        return entity.backbone

    def encode_batch(self, prepared: Sequence[NDArray[np.float32]]) -> list[NDArray[np.int16]]:
        """Return the codes of each backbone, ``int16 [L]``.

        A strand without any resolved nucleotide is all -1; a lone one has the start code.
        """
        nucleotides, lengths = nucleotides_of(prepared)
        codes = np.full(int(lengths.sum()), -1, dtype=np.int16)
        for block, time, row, nucleotide in nucleotides.blocks(self.settings.points, self.settings.max_rows):
            codes[nucleotides.places[nucleotide]] = self._search.codes(block)[time, row]
        ends = np.cumsum(lengths)
        return [codes[end - length : end].copy() for end, length in zip(ends, lengths, strict=True)]

    def decode_batch(self, prepared: Sequence[NDArray[np.int64]]) -> list[NDArray[np.float32]]:
        """Return the backbones of code arrays, ``float32 [L, 15, 3]`` in Angstrom.

        The first resolved nucleotide has its C4' at the origin and its frame along the axes.
        """
        backbones: list[NDArray[np.float32]] = [np.empty((0, ATOMS, 3), dtype=np.float32)] * len(prepared)
        places = [np.flatnonzero(codes >= 0) for codes in prepared]
        for block in blocks([len(place) for place in places]):
            steps = [prepared[index][places[index]] for index in block]
            rotations, origins = rebuilt(steps, self.codebook)
            inside = np.arange(rotations.shape[1]) < np.array([len(codes) for codes in steps])[:, None]
            codes, place = np.concatenate(steps), np.concatenate([places[index] for index in block])
            atoms = placed_atoms(
                self._shapes, codes, rotations.astype(np.float32)[inside], origins.astype(np.float32)[inside]
            )
            joined = np.zeros(len(codes), dtype=bool)
            joined[1:] = (codes[1:] < self.codebook.start_code) & (np.diff(place) == 1)
            starts = np.cumsum([0, *map(len, steps)])
            joined[starts[:-1]] = False
            close_links(atoms, joined)
            for index, start, end in zip(block, starts[:-1].tolist(), starts[1:].tolist(), strict=True):
                backbones[index] = atoms[start:end].copy()
        return [
            backbone if len(backbone) == len(codes) else _spread(backbone, place, len(codes))
            for backbone, place, codes in zip(backbones, places, prepared, strict=True)
        ]

    @cached_property
    def _search(self) -> StepSearch:
        return StepSearch(self.codebook, self.settings)

    @cached_property
    def _shapes(self) -> NDArray[np.float32]:
        return np.ascontiguousarray(self.codebook.shapes.swapaxes(1, 2), dtype=np.float32)


def _spread(backbone: NDArray[np.float32], places: NDArray[np.int64], length: int) -> NDArray[np.float32]:
    """Return a backbone with NaN where a nucleotide is not resolved, float32 [length, 15, 3]."""
    whole = np.full((length, ATOMS, 3), np.nan, dtype=np.float32)
    whole[places] = backbone
    return whole


def settings_of(codebook: NucleotideCodebook, search: BeamSearch) -> dict[str, Any]:
    """Return the settings of a codec, as a config names them."""
    return {
        "num_break": codebook.num_break,
        "num_beams": search.num_beams,
        "num_candidates": search.num_candidates,
        "atoms": [list(atom) for atom in search.points.atoms],
        "levers": list(search.points.levers),
    }
