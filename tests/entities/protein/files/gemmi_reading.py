"""The chains of a file as gemmi reads them, to hold against the reader."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import gemmi
import numpy as np

from biomatrix.entities import Protein

TOLERANCE = 2e-3


def differences(path: Path, chains: list[Protein]) -> Iterator[str]:
    """Yield where the chains of a file differ from gemmi's: a residue, its letter, an atom, its position.

    Letters are compared where gemmi has one; positions with those of any conformer that gemmi lists.
    """
    structure = gemmi.read_structure(str(path))
    structure.setup_entities()
    model = structure[0]
    held: dict[tuple[str, str], list[gemmi.Residue]] = {}
    polymers: set[tuple[str, str]] = set()
    for chain in model:
        for one in chain:
            held.setdefault((chain.name, str(one.seqid)), []).append(one)
        for one in chain.get_polymer():
            if _is_amino_acid(one):
                polymers.add((chain.name, str(one.seqid)))
    read = {(protein.chain, number) for protein in chains for number in protein.numbers}
    for missing in sorted(polymers - read):
        yield f"{missing} is of a polymer and was not read"
    for protein in chains:
        for index, number in enumerate(protein.numbers):
            found = held.get((protein.chain, number), [])
            yield from _residue_differences(protein, index, number, found)


def _residue_differences(protein: Protein, index: int, number: str, found: list[gemmi.Residue]) -> Iterator[str]:
    place = f"{protein.chain} {number}"
    if not found:
        yield f"{place} is not there"
        return
    letters = {gemmi.find_tabulated_residue(one.name).one_letter_code.upper() for one in found}
    if not letters & {protein.sequence[index], " ", "X"} and protein.sequence[index] != "X":
        yield f"{place} is {letters}, read as {protein.sequence[index]}"
    assert protein.backbone is not None
    for slot, atom in enumerate(("N", "CA", "C")):
        positions = [each.pos.tolist() for one in found for each in one if each.name == atom]
        mine = protein.backbone[index, slot]
        conformers = {each.altloc for one in found for each in one if each.name == atom}
        if np.isnan(mine).any():
            if positions and conformers == {"\0"}:
                yield f"{place} {atom} has a position"
        elif not any(np.abs(np.asarray(position) - mine).max() < TOLERANCE for position in positions):
            yield f"{place} {atom} lies elsewhere"


def _is_amino_acid(one: gemmi.Residue) -> bool:
    known = gemmi.find_tabulated_residue(one.name)
    return known.is_amino_acid() and any(each.name in ("N", "CA", "C") for each in one)
