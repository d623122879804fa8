"""What was decided while a chain was read, in sentences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.protein.entity import Protein
from biomatrix.entities.protein.files.residue import Residue
from biomatrix.entities.structure_files.atom_table import AtomTable
from biomatrix.entities.structure_files.residues import NAMED, STANDARD, letter_of

_SHOWN: Final[int] = 8


def residue_notes(residues: Sequence[Residue]) -> list[str]:
    """Return the notes on conformers and names of a chain's residues."""
    notes = _conformer_notes(residues)
    mixed = [f"{'/'.join(residue.names)} as {residue.name}" for residue in residues if len(residue.names) > 1]
    if mixed:
        notes.append(f"several residues at one place, the best occupied kept: {', '.join(mixed[:_SHOWN])}")
    names = Counter(residue.name for residue in residues if residue.name not in STANDARD and residue.name not in NAMED)
    letters = {name: letter_of(name) for name in names}
    modified = [f"{name} to {letters[name]} ({count})" for name, count in sorted(names.items()) if letters[name]]
    if modified:
        notes.append(f"modified residues read as their parents: {', '.join(modified)}")
    unknown = [f"{name} ({count})" for name, count in sorted(names.items()) if not letters[name]]
    if unknown:
        notes.append(f"residues without a known parent read as X: {', '.join(unknown)}")
    return notes


def chain_notes(protein: Protein) -> list[str]:
    """Return the notes on what the chain lacks and how it is numbered."""
    notes = []
    missing = int((~protein.resolved).sum())
    if missing:
        notes.append(f"{missing} residues lack backbone atoms, which are NaN")
    if protein.insertion_codes and any(protein.insertion_codes):
        notes.append(f"insertion codes on {sum(map(bool, protein.insertion_codes))} residues")
    breaks = protein.chain_breaks
    if breaks.size:
        notes.append(f"{breaks.size} chain breaks (no residues put in), before {_places(protein, breaks)}")
    if protein.residue_numbers is not None and len(protein) > 1:
        jumps = np.flatnonzero(~np.isin(np.diff(protein.residue_numbers), (0, 1))) + 1
        only_numbering = np.setdiff1d(jumps, breaks)
        intact = only_numbering[protein.resolved[only_numbering] & protein.resolved[only_numbering - 1]]
        if intact.size:
            notes.append(f"the numbering jumps without a gap before {_places(protein, intact)}")
    return notes


def section_notes(table: AtomTable, residues: Sequence[Residue]) -> list[str]:
    """Return a note where TER records stand within a chain: at gaps, or between chains that share an identifier."""
    inside = len(np.unique(table.section[[residue.rows[0] for residue in residues]])) - 1
    return [f"{inside} TER records within the chain, at gaps or between chains of one identifier"] if inside else []


def list_counts(counts: Counter[str]) -> str:
    """Return "2 ligand HEM, 40 water", cut after a few kinds."""
    shown = [f"{count} {what}" for what, count in sorted(counts.items())[:_SHOWN]]
    return ", ".join(shown) + (f" and {len(counts) - _SHOWN} more kinds" if len(counts) > _SHOWN else "")


def _conformer_notes(residues: Sequence[Residue]) -> list[str]:
    notes = []
    kept = Counter(residue.conformer or "the one without an identifier" for residue in residues if residue.alternates)
    if kept:
        which = ", ".join(f"{name} in {count}" for name, count in sorted(kept.items()))
        notes.append(
            f"alternate locations in {kept.total()} residues: the one with the highest occupancy kept ({which})"
        )
    partial = sum(residue.partial for residue in residues)
    if partial:
        notes.append(
            f"in {partial} residues a better occupied alternate location lacks backbone atoms: not that one kept"
        )
    repeated = sum(residue.repeated for residue in residues)
    if repeated:
        notes.append(f"backbone atoms named twice in {repeated} residues: the best occupied, else the first, kept")
    return notes


def _places(protein: Protein, indices: NDArray[np.int64]) -> str:
    numbers = protein.numbers
    shown = ", ".join(numbers[index] for index in indices[:_SHOWN].tolist())
    return shown + (" and more" if len(indices) > _SHOWN else "")
