"""The atoms of the first frame of a PDB file.

A frame ends at END, ENDMDL or the next MODEL, whatever the model is numbered; a file that leaves one of them out is
read all the same. What stands in later frames is compared with the first, and said.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.limits import Limits
from biomatrix.entities.structure_files.atom_table import AtomTable, frame_notes, single_precision
from biomatrix.entities.structure_files.pdb_columns import (
    Numbers,
    aligned,
    numbers_of,
    place_of,
    record_of,
    refuse_cut_end,
    residues_and_chains,
)
from biomatrix.entities.structure_files.segments import chains_by_segment
from biomatrix.errors import ParseError

_ATOMS: Final = ("ATOM", "HETATM")
_FRAME_ENDS: Final = ("MODEL", "ENDMDL", "END")
_WIDTH: Final = 80
"""The columns of a line."""
_WRAP: Final = 10_000
"""Where residue numbers of four digits start again at 0."""


def read_pdb(text: str, limits: Limits) -> AtomTable:
    """Return the atoms of the first frame of a PDB file.

    Raises
    ------
    ParseError
        No atoms, a field that is not a number, or a file that ends inside a record; ``position`` is the line.
    LimitError
        More atoms, those of all frames counted, than ``limits.atoms_per_structure``.
    """
    lines = text.split("\n")
    frames = _Frames()
    number, previous, last = 0, "", ""
    for number, line in enumerate(lines, start=1):
        record = record_of(line)
        if record in _ATOMS:
            frames.total += 1
            if frames.total > limits.atoms_per_structure:
                limits.check("atoms_per_structure", frames.total, "number of atoms")
            frames.add(aligned(line), record == "HETATM", number)
            previous, last = last, line
        elif record == "TER" and frames.reading:
            frames.end_chain()
        elif record in _FRAME_ENDS:
            frames.part(record)
        elif record == "INDENTED":
            raise ParseError("an atom record that does not begin in the first column: columns shifted", position=number)
    if not frames.keys:
        raise ParseError("the file holds no atoms")
    refuse_cut_end(lines[-1], previous if lines[-1] == last else last, number)
    return frames.table()


class _Frames:
    """The rows of the first frame, and how the frames after it differ."""

    def __init__(self) -> None:
        self.keys: list[str] = []
        """Columns 13 to 27 of each atom: atom, alternate location, residue, chain, number, insertion code."""
        self.total = 0
        self.reading = True
        self._hetero: list[bool] = []
        self._numbers: list[Numbers] = []
        self._segments: list[str] = []
        self._lines: dict[str, int] = {}
        """The first line of each residue, by columns 23 to 27."""
        self._chain_ends: list[int] = []
        self._fresh, self._num_frames, self._held = True, 0, 0
        self._parted_by = "END"
        self._overlong = 0
        self._same = True

    def add(self, line: str, hetero: bool, line_number: int) -> None:
        """Take an atom of the first frame; of another, compare which atom it is."""
        key = line[12:27]
        if self._fresh:
            self._same &= self._num_frames < 2 or self._held == len(self.keys)
            self._num_frames += 1
            self._held, self._fresh = 0, False
        if self.reading:
            self.keys.append(key)
            self._hetero.append(hetero)
            self._numbers.append(numbers_of(line, line_number))
            self._segments.append(line[72:76])
            self._overlong += bool(line[_WIDTH:].strip())
            self._lines.setdefault(key[10:], line_number)
        elif self._same:
            self._same = self._held < len(self.keys) and self.keys[self._held] == key
        self._held += 1

    def end_chain(self) -> None:
        """Take a TER record."""
        if self.keys:
            self._chain_ends.append(len(self.keys))

    def part(self, record: str) -> None:
        """Take a record that ends a frame or begins one."""
        self._fresh = True
        self.reading = self.reading and not self.keys
        if record != "END":
            self._parted_by = "MODEL"

    def table(self) -> AtomTable:
        """Return the first frame."""
        names = residues_and_chains(key[5:10] for key in self.keys)
        places = {place: place_of(place, line) for place, line in self._lines.items()}
        residue, chain = (np.asarray(column) for column in zip(*(names[key[5:10]] for key in self.keys), strict=True))
        numbers = np.asarray([places[key[10:]][0] for key in self.keys], dtype=np.int32)
        chain, segment_notes = chains_by_segment(chain, self._segments, self.keys)
        numbers, wrap_notes = _unwrapped(numbers, chain)
        hetero = np.asarray(self._hetero, dtype=bool)
        values = np.asarray(self._numbers, dtype=np.float64)
        return AtomTable(
            atom=np.asarray([key[:4].strip().upper() for key in self.keys]),
            alternate=np.asarray([key[4:5].strip() for key in self.keys]),
            residue=residue,
            chain=chain,
            label_chain=np.full(len(self.keys), ""),
            insertion=np.asarray([places[key[10:]][1] for key in self.keys]),
            number=numbers,
            hetero=hetero,
            polymer=_polymer(chain, hetero, self._chain_ends),
            coordinates=single_precision(values[:, :3]),
            occupancy=single_precision(values[:, 3]),
            num_models=self._num_frames,
            section=np.searchsorted(self._chain_ends, np.arange(len(self.keys)), side="right").astype(np.int32),
            notes=(*self._frame_notes(), *segment_notes, *wrap_notes, *self._width_notes()),
        )

    def _frame_notes(self) -> list[str]:
        what = "models" if self._parted_by == "MODEL" else "frames parted by END"
        same = self._same and self._held == len(self.keys)
        return frame_notes(self._num_frames, what, same=same)

    def _width_notes(self) -> list[str]:
        what = f"{self._overlong} atom records go on past column {_WIDTH}"
        return [f"{what}: what stands there was not read (lines joined into one?)"] if self._overlong else []


def _polymer(chain: NDArray[np.str_], hetero: NDArray[np.bool_], chain_ends: list[int]) -> NDArray[np.int8]:
    """A HETATM belongs to its chain up to the chain's last TER and not after it; without a TER it is -1, unknown."""
    polymer = np.where(hetero, -1, 1).astype(np.int8)
    last = {str(chain[end - 1]): end for end in chain_ends}
    end = np.asarray([last.get(name, -1) for name in chain.tolist()])
    index = np.arange(len(chain))
    polymer[hetero & (end >= 0)] = (index < end)[hetero & (end >= 0)]
    return polymer


def _unwrapped(number: NDArray[np.int32], chain: NDArray[np.str_]) -> tuple[NDArray[np.int32], list[str]]:
    """Count residue numbers on where a program of four digits started again at 0 after 9999."""
    counted = number.copy()
    for name in np.unique(chain):
        rows = np.flatnonzero(chain == name)
        turns = (number[rows][:-1] == _WRAP - 1) & (number[rows][1:] == 0)
        if turns.any():
            counted[rows[1:]] += (_WRAP * np.cumsum(turns)).astype(np.int32)
    changed = bool((counted != number).any())
    return counted, ["residue numbers that start again at 0 after 9999 were counted on"] if changed else []
