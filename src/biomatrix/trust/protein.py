"""Checks of a protein chain: its sequence, and the geometry of its backbone."""

from __future__ import annotations

from biomatrix.entities import Protein
from biomatrix.trust.check import Check

STANDARD_RESIDUES = frozenset("ACDEFGHIKLMNPQRSTVWY")


def check_sequence(protein: Protein) -> list[Check]:
    """Return what can be said of a sequence alone."""
    length = len(protein)
    if length == 0:
        return [Check("standard residues", None, detail="no residues")]
    standard = sum(letter in STANDARD_RESIDUES for letter in protein.sequence) / length
    return [Check("standard residues", standard >= 0.9, standard, "share of residues")]
