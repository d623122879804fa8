"""The geometric codec: a chain as rigid steps from residue to residue, each one of K, chosen in closed loop.

No network and no sequence: a code is a rotation and a translation from one residue's frame to the next one's.
Because every code is chosen against the chain rebuilt so far, errors do not add up along the chain. What a
code cannot carry: the first code of a chain means nothing (a fixed value), all residues have the same ideal
inner shape, and after a chain break the next segment is placed by one of a few jumps and by the last digits of
the codes that follow.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self

import numpy as np

from biomatrix.entities.protein.structure.geometric.blocks import Residues
from biomatrix.entities.protein.structure.geometric.codebook import StepCodebook, resolved_residues
from biomatrix.entities.protein.structure.geometric.residue_frames import backbone_of
from biomatrix.entities.protein.structure.geometric.search import ProbeSearch, StepSearch
from biomatrix.entities.protein.structure.tokenizer import ProteinStructureTokenizer
from biomatrix.entities.rigid_steps.composition import blocks, rebuilt
from biomatrix.entities.rigid_steps.shifts import JumpShifts
from biomatrix.errors import LimitError, UnsupportedError, WeightsError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from biomatrix.entities.protein.entity import Protein
    from biomatrix.entities.tokenizer_folder import StoredWeights

MAX_CODES: Final = 32767
"""Codes are int16."""

_TENSORS: Final[dict[str, tuple[int, ...]]] = {
    "rotations": (-1, 3, 3),
    "translations": (-1, 3),
    "probe": (3, 4),
    "cells": (-1, 12),
    "shift_rotations": (-1, -1, 3, 3),
    "shift_translations": (-1, -1, 3),
}


class GeometricTokenizer(ProteinStructureTokenizer):
    """Closed-loop codec over a codebook of rigid steps.

    Parameters
    ----------
    codebook : StepCodebook
    settings : ProbeSearch
        How codes are searched for. Decoding does not depend on it.
    name, fingerprint : str
    config : mapping, optional
        The description the weights came with.

    Raises
    ------
    LimitError
        More codes than `MAX_CODES`.
    """

    architecture: ClassVar[str] = "geometric"

    def __init__(
        self,
        codebook: StepCodebook,
        settings: ProbeSearch,
        *,
        name: str = "geometric",
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
            counts = {key: int(stored.settings[key]) for key in ("num_trans", "num_cis", "num_break")}
            num_beams, num_candidates = (int(stored.settings[key]) for key in ("num_beams", "num_candidates"))
            search_all_above = float(stored.settings["search_all_above"])
            short_chains = tuple((int(length), int(beams)) for length, beams in stored.settings.get("short_chains", ()))
        except (KeyError, TypeError, ValueError) as problem:
            raise WeightsError(f"the settings lack a number: {problem}", file=str(stored.folder)) from problem
        tensors = {name: tensor.astype(np.float64) for name, tensor in stored.tensors.items()}
        shifts = JumpShifts(tensors["shift_rotations"], tensors["shift_translations"])
        codebook = StepCodebook(tensors["rotations"], tensors["translations"], **counts, shifts=shifts)
        settings = ProbeSearch(
            tensors["probe"], tensors["cells"], num_beams, num_candidates, search_all_above, short_chains
        )
        return cls(codebook, settings, name=stored.name, fingerprint=stored.fingerprint, config=stored.config)

    def tensors(self) -> Mapping[str, NDArray[Any]]:
        """Return the steps, what the search compares them by, and the shifts, as float32."""
        codebook, search = self.codebook, self.settings
        tensors = {
            "rotations": codebook.rotations,
            "translations": codebook.translations,
            "probe": search.probe,
            "cells": search.centres,
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
        """First two axes of each step's rotation, then its translation in Angstrom: ``float64 [num_codes, 9]``."""
        return self.codebook.features

    def prepare(self, entity: Protein) -> Protein:
        """Return the chain, checked; see `check_chain`."""
        check_chain(entity)
        return entity

    def encode_batch(self, prepared: Sequence[Protein]) -> list[NDArray[np.int16]]:
        """Return the codes of each chain, ``int16 [L]``.

        A chain without any complete residue (CA only, or all unresolved) is all -1; a lone residue has the
        start code.
        """
        residues, lengths = resolved_of(prepared)
        codes = np.full(int(lengths.sum()), -1, dtype=np.int16)
        for block, time, row, residue in residues.blocks(self.settings.probe, self.settings.limits):
            codes[residues.places[residue]] = self._search.codes(block)[time, row]
        ends = np.cumsum(lengths)
        return [codes[end - length : end].copy() for end, length in zip(ends, lengths, strict=True)]

    def decode_batch(self, prepared: Sequence[NDArray[np.int64]]) -> list[NDArray[np.float32]]:
        """Return the backbones of code arrays, ``float32 [L, 3, 3]`` in Angstrom.

        The first resolved residue stands at the origin with its frame along the axes.
        """
        arrays = prepared
        backbones = [np.full((len(array), 3, 3), np.nan, dtype=np.float32) for array in arrays]
        places = [np.flatnonzero(array >= 0) for array in arrays]
        for block in blocks([len(place) for place in places]):
            steps = [arrays[index][places[index]] for index in block]
            atoms = backbone_of(*rebuilt(steps, self.codebook))
            for row, index in enumerate(block):
                backbones[index][places[index]] = atoms[row, : len(steps[row])]
        return backbones

    @cached_property
    def _search(self) -> StepSearch:
        return StepSearch(self.codebook, self.settings)


def settings_of(codebook: StepCodebook, search: ProbeSearch) -> dict[str, Any]:
    """Return the settings of a codec, as a config names them."""
    return {
        "num_trans": codebook.num_trans,
        "num_cis": codebook.num_cis,
        "num_break": codebook.num_break,
        "num_beams": search.num_beams,
        "num_candidates": search.num_candidates,
        "search_all_above": search.search_all_above,
        "short_chains": [list(limit) for limit in search.short_chains],
    }


def check_chain(protein: Protein) -> None:
    """Refuse a chain without a backbone. Raises UnsupportedError."""
    if protein.backbone is None:
        raise UnsupportedError("a protein without coordinates has no structure codes")


def resolved_of(proteins: Sequence[Protein]) -> tuple[Residues, NDArray[np.int64]]:
    """Return the resolved residues of chains that passed `check_chain`, and the lengths of the chains, int64."""
    lengths = np.array([len(protein) for protein in proteins], dtype=np.int64)
    parts = [protein.backbone for protein in proteins if protein.backbone is not None]
    atoms = np.concatenate([np.empty((0, 3, 3), dtype=np.float32), *parts]).astype(np.float64)
    places = np.flatnonzero(resolved_residues(atoms))
    atoms = atoms[places]
    chain = np.repeat(np.arange(len(lengths)), lengths)[places]
    counts = np.bincount(chain, minlength=len(lengths))
    first = (np.cumsum(counts) - counts)[chain]
    return Residues(atoms - atoms[first, 1][:, None], places, counts), lengths
