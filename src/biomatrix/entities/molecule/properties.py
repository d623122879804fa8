"""What follows from a molecular graph alone, as records hold it."""

from __future__ import annotations

from rdkit import Chem
from rdkit.Chem import rdMolDescriptors


def computed_properties(mol: Chem.Mol) -> dict[str, str]:
    """Return formula, average weight (g/mol), hydrogen bond donors and acceptors, and TPSA (square Angstrom)."""
    return {
        "formula": str(rdMolDescriptors.CalcMolFormula(mol)),
        "weight": f"{rdMolDescriptors._CalcMolWt(mol):.1f}",
        "donors": str(rdMolDescriptors.CalcNumHBD(mol)),
        "acceptors": str(rdMolDescriptors.CalcNumHBA(mol)),
        "tpsa": f"{rdMolDescriptors.CalcTPSA(mol):.0f}",
    }
