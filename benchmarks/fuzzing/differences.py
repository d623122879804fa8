"""Where what was read here differs from the independent reading, record by record."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

import numpy as np

from biomatrix.entities import Entity, Reject
from fuzzing.molecule_readings import MoleculeReading, canonical, molecules_of
from fuzzing.protein_readings import BACKBONE, Place, ResidueReading, binary_structure_of, sequences_of, structure_of
from fuzzing.table_readings import TableRow, rows_of
from fuzzing.text import text_of, unpacked

STRUCTURES: Final = ("pdb", "cif", "bcif")
TOLERANCE: Final = 2e-3
"""Angstrom: coordinates here are of single precision."""


UNREADABLE: Final = "unreadable there"


class Difference(NamedTuple):
    """What differs, and in which record (by number) or chain (by name); None for the file as a whole.

    No note excuses a firm difference: coordinates that are not those of the file.
    """

    record: int | str | None
    words: str
    firm: bool = False


def differences_of(ours: Sequence[Entity | Reject], content: bytes, file_format: str) -> Iterator[Difference]:
    """Yield what differs between the records read here and those of the independent reading of the same bytes."""
    if file_format in STRUCTURES:
        yield from _structure_differences(ours, content, file_format)
    elif file_format == "fasta":
        yield from _sequence_differences(ours, sequences_of(text_of(content) or ""))
    elif file_format == "parquet":
        yield from _table_differences(ours, rows_of(content))
    else:
        yield from _molecule_differences(ours, molecules_of(text_of(content) or "", file_format))


def _paired(ours: Sequence[Any], theirs: Sequence[Any]) -> Iterator[tuple[int, Any, Any]]:
    """Yield number and both readings of each record that was read here."""
    for number, (mine, other) in enumerate(zip(ours, theirs, strict=False), start=1):
        if not isinstance(mine, Reject):
            yield number, mine, other


def _count(ours: Sequence[Any], theirs: Sequence[Any]) -> Iterator[Difference]:
    if len(ours) != len(theirs):
        yield Difference(None, f"count: {len(ours)} records here, {len(theirs)} there")


def _molecule_differences(ours: Sequence[Any], theirs: Sequence[MoleculeReading]) -> Iterator[Difference]:
    apart = [one for one in theirs if not one.joined]
    theirs = apart if len(apart) == len(ours) else theirs
    yield from _count(ours, theirs)
    for number, mine, other in _paired(ours, theirs):
        if other.name and mine.name.split() != other.name.split():
            yield Difference(number, f"name: {mine.name!r} here, {other.name!r} there")
        if mine.kind == "protein":
            if mine.sequence != other.letters:
                yield Difference(number, f"{mine.sequence[:40]} here, {other.letters} there")
            continue
        if other.mol is None:
            yield Difference(number, f"read here as {mine.smiles}, {UNREADABLE}")
            continue
        flat = canonical(mine.mol, stereo=False)
        if flat != other.flat:
            yield Difference(number, f"{flat} here, {other.flat} there")
        elif canonical(mine.mol) != other.smiles:
            yield Difference(number, f"stereo: {canonical(mine.mol)} here, {other.smiles} there")
        yield from _coordinate_differences(number, mine.coordinates, other.coordinates)


def _coordinate_differences(number: int, mine: Any, other: Any) -> Iterator[Difference]:
    if mine is None or other is None:
        if mine is not None or (other is not None and np.ptp(other, axis=0).max() > 0):
            yield Difference(number, "coordinates on one side only")
    elif mine.shape != other.shape:
        yield Difference(number, f"coordinates of {len(mine)} atoms here, of {len(other)} there")
    elif not np.allclose(mine, other, rtol=1e-6, atol=TOLERANCE, equal_nan=True):
        yield Difference(number, f"coordinates {np.nanmax(np.abs(mine - other)):.3g} Angstrom apart", firm=True)


def _table_differences(ours: Sequence[Any], theirs: Sequence[TableRow]) -> Iterator[Difference]:
    yield from _count(ours, theirs)
    for number, mine, other in _paired(ours, theirs):
        if mine.name != other.name:
            yield Difference(number, f"name: {mine.name!r} here, {other.name!r} there")
        if mine.kind == "protein":
            letters, points = list(mine.sequence), mine.backbone[:, : len(BACKBONE)]
        else:
            letters, points = [atom.GetAtomicNum() for atom in mine.mol.GetAtoms()], mine.coordinates
            if bonds_of(mine) != other.bonds:
                yield Difference(number, f"bonds {bonds_of(mine) ^ other.bonds} on one side only")
        if letters != other.letters:
            yield Difference(number, f"{letters[:40]} here, {other.letters[:40]} there")
        else:
            yield from _coordinate_differences(number, points, other.points)


def bonds_of(molecule: Any) -> set[tuple[int, int]]:
    """Return the pairs of atoms, the lower index first, that a molecule's bonds join."""
    ends = ((bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()) for bond in molecule.mol.GetBonds())
    return {(min(pair), max(pair)) for pair in ends}


def _sequence_differences(ours: Sequence[Any], theirs: Sequence[tuple[str, str]]) -> Iterator[Difference]:
    yield from _count(ours, theirs)
    for number, mine, (name, letters) in _paired(ours, theirs):
        if mine.sequence != letters:
            yield Difference(number, f"{mine.sequence[:40]} here, {letters[:40]} there")
        if name and mine.name != name:
            yield Difference(number, f"name: {mine.name!r} here, {name!r} there")


def _structure_differences(ours: Sequence[Any], content: bytes, file_format: str) -> Iterator[Difference]:
    raw = unpacked(content)
    if file_format == "bcif":
        theirs = binary_structure_of(raw) if raw is not None else None
    else:
        theirs = structure_of(text_of(content) or "", file_format)
    chains = [one for one in ours if isinstance(one, Entity)]
    if theirs is None:
        yield from (Difference(one.chain, f"read here, {UNREADABLE}") for one in chains)
        return
    held: set[Place] = set()
    for chain in chains:
        yield from _chain_differences(chain, theirs, held)
    for place, one in theirs.items():
        if one.standard and one.complete and place not in held:
            yield Difference(place[0], f"{place} there alone")


def _chain_differences(chain: Any, theirs: dict[Place, ResidueReading], held: set[Place]) -> Iterator[Difference]:
    numbers = chain.residue_numbers
    codes = chain.insertion_codes or [""] * len(chain.sequence)
    for index, letter in enumerate(chain.sequence):
        place = (chain.chain, int(numbers[index]), codes[index])
        held.add(place)
        other = theirs.get(place)
        if other is None:
            yield Difference(chain.chain, f"{place} {letter} here alone")
            continue
        if letter not in other.letters:
            yield Difference(chain.chain, f"{place} is {letter} here, {sorted(other.names)} there")
        for row, name in enumerate(BACKBONE):
            mine = chain.backbone[index, row]
            there = other.atoms.get(name, [])
            # Where only one conformer is written, one place is right, and a missing atom is missing on both sides.
            if np.isnan(mine).any():
                if len(there) == 1 and np.isfinite(there[0]).all():
                    yield Difference(chain.chain, f"{place} {name} missing here, {there} there")
            elif not any(np.abs(mine - one).max() <= TOLERANCE for one in there):
                words = f"{place} {name} at {mine.round(3).tolist()} here, {there} there"
                yield Difference(chain.chain, words, firm=bool(there))
