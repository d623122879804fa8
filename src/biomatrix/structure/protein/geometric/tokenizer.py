"""The geometric codec: a chain as rigid steps from residue to residue, each one of K, chosen in closed loop.

No network and no sequence: a code is a rotation and a translation from one residue's frame to the next one's.
Because every code is chosen against the chain rebuilt so far, errors do not add up along the chain. What a
code cannot carry: the first code of a chain means nothing (a fixed value), all residues have the same ideal
inner shape, and after a chain break the next segment is placed by one of a few jumps, from which the closed
loop then steers back.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np

from biomatrix.errors import ConfigurationError, DecodeError, LimitError, UnsupportedError, WeightsError
from biomatrix.structure.geometry import RESIDUE_TEMPLATE
from biomatrix.structure.protein.geometric.blocks import Residues
from biomatrix.structure.protein.geometric.closed_loop import CHAINS_AT_ONCE, ROW_MULTIPLE, closed_loop, compose
from biomatrix.structure.protein.geometric.codebook import JumpShifts, StepCodebook, resolved_residues, step_kinds
from biomatrix.structure.protein.geometric.search import ProbeSearch, StepSearch
from biomatrix.structure.protein.geometric.shifts import shifted_jumps
from biomatrix.structure.protein.tokenizer import ProteinStructureTokenizer, whole_numbers

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import ArrayLike, NDArray

    from biomatrix.entities import Protein
    from biomatrix.structure.weights import StoredWeights

MAX_COORDINATE: Final = 1e5
"""Largest coordinate taken, in Angstrom: far above any structure, far below where precision ends."""

MAX_CODES: Final = 32767
"""Codes are int16."""

_WITHOUT_COORDINATES: Final = "a protein without coordinates has no structure codes"
_STEP_TENSORS: Final[dict[str, tuple[int, ...]]] = {"rotations": (-1, 3, 3), "translations": (-1, 3)}
_PROBE_TENSORS: Final[dict[str, tuple[int, ...]]] = {
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
    name, fingerprint : str
    num_beams : int
        Hypotheses kept while encoding; 1 is greedy. Decoding does not depend on it.
    search : ProbeSearch, optional
        Encode by the fast search, with as many beams as it says, instead of by the atoms of each residue
        against all codes.
    """

    architecture: ClassVar[str] = "geometric"

    def __init__(
        self,
        codebook: StepCodebook,
        *,
        name: str = "geometric",
        fingerprint: str = "",
        num_beams: int = 1,
        search: ProbeSearch | None = None,
    ) -> None:
        super().__init__(name, fingerprint)
        smallest = MAX_CODES if search is not None else min(codebook.num_trans, codebook.num_cis, codebook.num_break)
        if not 1 <= num_beams <= smallest:
            raise ConfigurationError(f"num_beams is {num_beams}: choose 1 to {smallest} for this codebook")
        if len(codebook) > MAX_CODES:
            raise LimitError(f"{len(codebook)} codes, the limit is {MAX_CODES}")
        if search is None and codebook.shifts is not None:
            raise ConfigurationError("a codebook with shifts needs a probe: only the fast search chooses shifts")
        self.codebook = codebook
        self.num_beams = num_beams if search is None else search.num_beams
        self.settings = search

    @classmethod
    def from_weights(cls, stored: StoredWeights) -> GeometricTokenizer:
        """Build the tokenizer from a folder that was read and checked."""
        probed = "probe" in stored.tensors
        stored.require(_STEP_TENSORS | _PROBE_TENSORS if probed else _STEP_TENSORS)
        try:
            counts = {key: int(stored.settings[key]) for key in ("num_trans", "num_cis", "num_break", "num_beams")}
            num_candidates = int(stored.settings["num_candidates"]) if probed else 0
            search_all_above = float(stored.settings["search_all_above"]) if probed else 0.0
            short_chains = tuple((int(length), int(beams)) for length, beams in stored.settings.get("short_chains", ()))
        except (KeyError, TypeError, ValueError) as problem:
            raise WeightsError(f"the settings lack a number: {problem}", file=str(stored.folder)) from problem
        num_beams = counts.pop("num_beams")
        tensors = {name: tensor.astype(np.float64) for name, tensor in stored.tensors.items()}
        shifts = JumpShifts(tensors["shift_rotations"], tensors["shift_translations"]) if probed else None
        codebook = StepCodebook(tensors["rotations"], tensors["translations"], **counts, shifts=shifts)
        search = None
        if probed:
            search = ProbeSearch(
                tensors["probe"], tensors["cells"], num_beams, num_candidates, search_all_above, short_chains
            )
        return cls(codebook, name=stored.name, fingerprint=stored.fingerprint, num_beams=num_beams, search=search)

    @property
    def num_codes(self) -> int:
        """Codes are 0 to ``num_codes - 1``."""
        return len(self.codebook)

    @property
    def code_features(self) -> NDArray[np.float64]:
        """First two axes of each step's rotation, then its translation in Angstrom: ``float64 [num_codes, 9]``."""
        return self.codebook.features

    def encode(self, proteins: Sequence[Protein]) -> list[NDArray[np.int16]]:
        """Codes of each chain; see `ProteinStructureTokenizer.encode`.

        A chain without any complete residue (CA only, or all unresolved) is all -1; a lone residue has the
        start code.

        Raises
        ------
        UnsupportedError
            A protein has no backbone at all.
        LimitError
            A coordinate beyond `MAX_COORDINATE`.
        """
        if self.settings is not None:
            return self._encode_by_probe(proteins)
        codes = [np.full(len(protein), -1, dtype=np.int16) for protein in proteins]
        places = [_usable(index, protein) for index, protein in enumerate(proteins)]
        for block in _blocks([len(place) for place in places]):
            chosen = self._encode_block(
                [_atoms(proteins[index], places[index]) for index in block], [places[index] for index in block]
            )
            for row, index in enumerate(block):
                codes[index][places[index]] = chosen[row, : len(places[index])]
        return codes

    def decode(self, codes: Sequence[ArrayLike]) -> list[NDArray[np.float32]]:
        """Backbones of code arrays; see `ProteinStructureTokenizer.decode`.

        The first resolved residue stands at the origin with its frame along the axes.

        Raises
        ------
        DecodeError
            A code out of range, or an array that is not one-dimensional and whole-numbered.
        """
        arrays = [self._checked(index, array) for index, array in enumerate(codes)]
        backbones = [np.full((len(array), 3, 3), np.nan, dtype=np.float32) for array in arrays]
        places = [np.flatnonzero(array >= 0) for array in arrays]
        for block in _blocks([len(place) for place in places]):
            lengths = np.array([len(places[index]) for index in block])
            padded = np.zeros((len(block), lengths.max()), dtype=np.int64)
            for row, index in enumerate(block):
                padded[row, : lengths[row]] = arrays[index][places[index]]
            rebuilt = compose(*shifted_jumps(padded, lengths, self.codebook))
            for row, index in enumerate(block):
                backbones[index][places[index]] = rebuilt[row, : len(places[index])]
        return backbones

    @cached_property
    def _search(self) -> StepSearch:
        if self.settings is None:
            raise ConfigurationError("this codebook has no probe")
        return StepSearch(self.codebook, self.settings)

    def _encode_by_probe(self, proteins: Sequence[Protein]) -> list[NDArray[np.int16]]:
        residues, lengths = resolved_of(proteins)
        codes = np.full(int(lengths.sum()), -1, dtype=np.int16)
        settings = self._search.settings
        for block, time, row, residue in residues.blocks(settings.probe, settings.limits):
            codes[residues.places[residue]] = self._search.codes(block)[time, row]
        ends = np.cumsum(lengths)
        return [codes[end - length : end].copy() for end, length in zip(ends, lengths, strict=True)]

    def _encode_block(
        self, atoms: Sequence[NDArray[np.float64]], places: Sequence[NDArray[np.int64]]
    ) -> NDArray[np.int16]:
        """Encode chains of similar length together: int16 [B, T], rows in the order given."""
        padded, kinds, lengths = padded_chains(atoms, places)
        return closed_loop(padded, kinds, lengths, self.codebook, num_beams=self.num_beams)

    def _checked(self, index: int, codes: ArrayLike) -> NDArray[np.int64]:
        array = whole_numbers(codes, index)
        wrong = np.flatnonzero((array < -1) | (array >= self.num_codes))
        if wrong.size:
            raise DecodeError(
                f"code {array[wrong[0]]} is not -1 or in 0..{self.num_codes - 1}",
                record=index + 1,
                position=int(wrong[0]) + 1,
            )
        return array.astype(np.int64)


def padded_chains(
    atoms: Sequence[NDArray[np.float64]], places: Sequence[NDArray[np.int64]]
) -> tuple[NDArray[np.float64], NDArray[np.int8], NDArray[np.int64]]:
    """Chains as one block of rows: atoms [B, T, 3, 3], kinds [B, T], lengths [B].

    Rows left over hold an ideal residue over and over, so that nothing in the block is undefined.
    """
    longest = max(len(chain) for chain in atoms)
    rows = -(-len(atoms) // ROW_MULTIPLE) * ROW_MULTIPLE
    padded = np.zeros((rows, longest, 3, 3))
    padded[:] = RESIDUE_TEMPLATE
    kinds = np.zeros((rows, longest), dtype=np.int8)
    lengths = np.ones(rows, dtype=np.int64)
    for row, (chain, place) in enumerate(zip(atoms, places, strict=True)):
        padded[row, : len(chain)] = chain
        padded[row, len(chain) :] = chain[-1]
        kinds[row, : len(chain)] = step_kinds(chain, place)
        lengths[row] = len(chain)
    return padded, kinds, lengths


def resolved_of(proteins: Sequence[Protein]) -> tuple[Residues, NDArray[np.int64]]:
    """Resolved residues of all chains, and the lengths of the chains.

    Raises
    ------
    UnsupportedError, LimitError
        As `GeometricTokenizer.encode`.
    """
    lengths = np.array([len(protein) for protein in proteins], dtype=np.int64)
    starts = np.cumsum(lengths) - lengths
    parts = []
    for index, protein in enumerate(proteins):
        if protein.backbone is None:
            raise UnsupportedError(_WITHOUT_COORDINATES, record=protein.name or index + 1)
        parts.append(protein.backbone)
    atoms = np.concatenate([np.empty((0, 3, 3), dtype=np.float32), *parts]).astype(np.float64)
    places = np.flatnonzero(resolved_residues(atoms))
    atoms = atoms[places]
    chain = np.repeat(np.arange(len(lengths)), lengths)[places]
    far = np.abs(atoms).max(axis=(1, 2), initial=0.0) > MAX_COORDINATE
    if far.any():
        at = int(far.argmax())
        index = int(chain[at])
        raise LimitError(
            f"a coordinate is beyond {MAX_COORDINATE:g} A",
            record=proteins[index].name or index + 1,
            position=int(places[at] - starts[index]) + 1,
        )
    counts = np.bincount(chain, minlength=len(lengths))
    first = (np.cumsum(counts) - counts)[chain]
    return Residues(atoms - atoms[first, 1][:, None], places, counts), lengths


def _usable(index: int, protein: Protein) -> NDArray[np.int64]:
    """Places of the residues that have a frame."""
    record = protein.name or index + 1
    if protein.backbone is None:
        raise UnsupportedError(_WITHOUT_COORDINATES, record=record)
    place = np.flatnonzero(resolved_residues(protein.backbone))
    far = np.abs(protein.backbone[place]).max(axis=(1, 2), initial=0.0) > MAX_COORDINATE
    if far.any():
        raise LimitError(
            f"a coordinate is beyond {MAX_COORDINATE:g} A", record=record, position=int(place[far.argmax()]) + 1
        )
    return place


def _atoms(protein: Protein, place: NDArray[np.int64]) -> NDArray[np.float64]:
    """Resolved residues as float64 [n, 3, 3], moved so that rounding does not depend on where the chain lies."""
    atoms = np.asarray(protein.backbone, dtype=np.float64)[place]
    return np.asarray(atoms - atoms[0, 1])


def _blocks(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Groups of indices of non-empty chains, similar lengths together."""
    filled = [index for index, length in enumerate(lengths) if length]
    order = sorted(filled, key=lambda index: -lengths[index])
    for start in range(0, len(order), CHAINS_AT_ONCE):
        yield order[start : start + CHAINS_AT_ONCE]
