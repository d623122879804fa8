"""Is what was read of a mutant what the mutant says? Equal, noted, refused; or silently different, or a crash."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np

from biomatrix.entities import Entity, Reject
from fuzzing.molecule_readings import MoleculeReading, canonical, mol_blocks_of_parquet, molecules_of
from fuzzing.ours import entries
from fuzzing.protein_readings import BACKBONE, Place, ResidueReading, binary_structure_of, sequences_of, structure_of
from fuzzing.text import text_of, unpacked

Outcome = Literal["same", "noted", "refused", "silent", "crash"]
OUTCOMES: Final[tuple[Outcome, ...]] = ("same", "noted", "refused", "silent", "crash")
STRUCTURES: Final = ("pdb", "cif", "bcif")
TOLERANCE: Final = 2e-3
"""Angstrom: coordinates here are of single precision."""


@dataclass(frozen=True)
class Verdict:
    """The outcome of one mutant, and in words what differs."""

    outcome: Outcome
    detail: str = ""


@dataclass(frozen=True)
class Original:
    """What reading the unchanged file gives: its notes, and the differences that they tell of.

    Neither says anything about what a mutation did.
    """

    notes: frozenset[str] = frozenset()
    differences: frozenset[str] = frozenset()


def judge(path: Path, content: bytes, file_format: str, original: Original | None = None) -> Verdict:
    """Read a mutant both ways and compare.

    Parameters
    ----------
    path : Path
        Where the mutant lies.
    content : bytes
        The same mutant.
    file_format : str
    original : Original, optional
        What the unchanged file gives; none when it is this one.
    """
    known = original or Original()
    try:
        ours = entries(path, file_format)
    except Exception as error:  # noqa: BLE001  # a crash is a finding
        return Verdict("crash", f"{type(error).__name__}: {error}")
    if ours and all(isinstance(one, Reject) for one in ours):
        return Verdict("refused", str(ours[0]))
    differences = [one for one in _differences(ours, content, file_format) if one not in known.differences]
    if not differences:
        refused = any(isinstance(one, Reject) for one in ours)
        return Verdict("refused" if refused else "same")
    new = [note for one in ours if isinstance(one, Entity) for note in one.notes if note not in known.notes]
    if new:
        return Verdict("noted", f"{differences[0]} [{new[0]}]")
    whole = any(isinstance(one, Reject) and (one.record is None or file_format in STRUCTURES) for one in ours)
    if whole or all(one.startswith("count") and any(isinstance(e, Reject) for e in ours) for one in differences):
        return Verdict("refused", differences[0])
    return Verdict("silent", "; ".join(differences[:3]))


def original_of(path: Path, content: bytes, file_format: str) -> Original:
    """Return what an unchanged file gives; where it has no note, its differences count as those of a mutant."""
    ours = entries(path, file_format)
    notes = frozenset(note for one in ours if isinstance(one, Entity) for note in one.notes)
    refused = any(isinstance(one, Reject) for one in ours)
    return Original(notes, frozenset(_differences(ours, content, file_format)) if notes or refused else frozenset())


def _differences(ours: Sequence[Entity | Reject], content: bytes, file_format: str) -> Iterator[str]:
    if file_format in STRUCTURES:
        yield from _structure_differences(ours, content, file_format)
    elif file_format == "fasta":
        yield from _sequence_differences(ours, sequences_of(text_of(content) or ""))
    elif file_format == "parquet":
        theirs = mol_blocks_of_parquet(content)
        if theirs is not None:
            yield from _molecule_differences(ours, theirs)
    else:
        yield from _molecule_differences(ours, molecules_of(text_of(content) or "", file_format))


def _molecule_differences(ours: Sequence[Any], theirs: Sequence[MoleculeReading]) -> Iterator[str]:
    if len(ours) != len(theirs):
        yield f"count: {len(ours)} records here, {len(theirs)} there"
    for number, (mine, other) in enumerate(zip(ours, theirs, strict=False), start=1):
        if isinstance(mine, Reject):
            continue
        if mine.kind == "protein":
            continue
        if other.mol is None:
            yield f"record {number}: read here as {mine.smiles}, unreadable there"
            continue
        flat = canonical(mine.mol, stereo=False)
        if flat != other.flat:
            yield f"record {number}: {flat} here, {other.flat} there"
        elif canonical(mine.mol) != other.smiles:
            yield f"stereo, record {number}: {canonical(mine.mol)} here, {other.smiles} there"
        yield from _coordinate_differences(number, mine.coordinates, other.coordinates)


def _coordinate_differences(number: int, mine: Any, other: Any) -> Iterator[str]:
    if mine is None or other is None:
        if mine is not None or (other is not None and np.ptp(other, axis=0).max() > 0):
            yield f"coordinates, record {number}: on one side only"
    elif mine.shape != other.shape:
        yield f"coordinates, record {number}: {len(mine)} atoms here, {len(other)} there"
    elif not np.allclose(mine, other, rtol=1e-6, atol=TOLERANCE):
        yield f"coordinates, record {number}: {np.abs(mine - other).max():.3g} Angstrom apart"


def _sequence_differences(ours: Sequence[Any], theirs: Sequence[tuple[str, str]]) -> Iterator[str]:
    if len(ours) != len(theirs):
        yield f"count: {len(ours)} records here, {len(theirs)} there"
    for number, (mine, (name, letters)) in enumerate(zip(ours, theirs, strict=False), start=1):
        if isinstance(mine, Reject):
            continue
        if mine.sequence != letters:
            yield f"record {number}: {mine.sequence[:40]} here, {letters[:40]} there"
        if name and mine.name != name:
            yield f"name, record {number}: {mine.name!r} here, {name!r} there"


def _structure_differences(ours: Sequence[Any], content: bytes, file_format: str) -> Iterator[str]:
    raw = unpacked(content)
    if file_format == "bcif":
        theirs = binary_structure_of(raw) if raw is not None else None
    else:
        theirs = structure_of(text_of(content) or "", file_format)
    if theirs is None:
        yield f"{len(ours)} chains here, unreadable there"
        return
    held: set[Place] = set()
    for chain in (one for one in ours if isinstance(one, Entity)):
        yield from _chain_differences(chain, theirs, held)
    lost = [place for place, one in theirs.items() if one.standard and one.complete and place not in held]
    if lost:
        yield f"{len(lost)} residues there alone, first {lost[0]}"


def _chain_differences(chain: Any, theirs: dict[Place, ResidueReading], held: set[Place]) -> Iterator[str]:
    numbers = chain.residue_numbers
    codes = chain.insertion_codes or [""] * len(chain.sequence)
    for index, letter in enumerate(chain.sequence):
        place = (chain.chain, int(numbers[index]), codes[index])
        held.add(place)
        other = theirs.get(place)
        if other is None:
            yield f"{place} {letter} here alone"
            continue
        if letter not in other.letters:
            yield f"{place} is {letter} here, {sorted(other.names)} there"
        for row, name in enumerate(BACKBONE):
            mine = chain.backbone[index, row]
            if np.isnan(mine).any():
                continue
            near = [np.abs(mine - one).max() <= TOLERANCE for one in other.atoms.get(name, ())]
            if not any(near):
                yield f"{place} {name} at {mine.round(3).tolist()} here, {other.atoms.get(name)} there"
