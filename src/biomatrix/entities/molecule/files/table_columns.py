"""The columns that identify a table of molecules."""

from __future__ import annotations

from typing import Final

CONFORMER_COLUMNS: Final = ("id", "atomic_numbers", "positions", "bonds", "formal_charges")
"""Conformers: flat lists of positions (x, y, z in Angstrom) and of bonds (begin, end, Kekule order)."""
BLOCK_COLUMNS: Final = ("id", "mol_block")
"""Conformers as MOL blocks."""
SMILES_COLUMNS: Final = ("smiles", "SMILES", "Smiles", "canonical_smiles", "CANONICAL_SMILES", "Canonical_SMILES")
"""Names that the column of SMILES goes by in .csv files."""
