"""Base pairs of a strand with itself from the positions of its atoms, by Biotite: G-C, A-U or A-T, and G-U."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from biomatrix.entities.nucleic.bases import ANY, as_rna
from biomatrix.entities.nucleic.invariants import Pairs
from biomatrix.entities.nucleic.thresholds import CANONICAL

if TYPE_CHECKING:
    from biomatrix.entities.nucleic.files.nucleotides import Nucleotide
    from biomatrix.entities.structure_files.atom_table import AtomTable

LONGEST: Final = 3_000
"""Nucleotides past which pairs are not looked for while a file is read: a thousand take a second."""
_RING: Final = frozenset(("N1", "C2", "N3", "C4", "C5", "C6"))
"""The atoms without which a base is not resolved."""


def pairs_in_space(table: AtomTable, nucleotides: list[Nucleotide]) -> tuple[Pairs | None, list[str]]:
    """Return the canonical pairs, and a note of those left out; None where the bases are not resolved."""
    whole = [place for place, one in enumerate(nucleotides) if one.letter != ANY and one.atoms.keys() >= _RING]
    if not whole:
        return None, []
    if len(nucleotides) > LONGEST:
        return None, [f"base pairs were not looked for in more than {LONGEST:,} nucleotides"]
    from biotite.structure import AtomArray, base_pairs

    heavy = [
        (place, name, row)
        for place in whole
        for name, row in nucleotides[place].atoms.items()
        if name.lstrip("0123456789")[:1] not in ("H", "D")
    ]
    rows, names = [row for _, _, row in heavy], [name for _, name, _ in heavy]
    places = np.asarray([place for place, _, _ in heavy])
    array = AtomArray(len(rows))
    array.coord = table.coordinates[rows]
    array.atom_name = np.asarray(names)
    array.res_id = places + 1
    array.chain_id = np.full(len(rows), "A")
    array.res_name = np.asarray([_name(nucleotides[place].letter) for place in places])
    array.element = np.asarray([name[0] for name in names])
    letters = as_rna("".join(one.letter for one in nucleotides))
    found = sorted({tuple(sorted(map(int, places[pair]))) for pair in base_pairs(array)})
    kept: list[tuple[int, int]] = []
    taken: set[int] = set()
    for one, two in found:
        if letters[one] + letters[two] in CANONICAL and not {one, two} & taken:
            kept.append((one, two))
            taken |= {one, two}
    others = len(found) - len(kept)
    return tuple(kept), [f"{others} other base pairs than G-C, A-U and G-U were left out"] if others else []


def _name(letter: str) -> str:
    return {"T": "DT", "I": "G"}.get(letter, letter)
