"""Checks of a molecule: its graph, and the geometry of its conformer."""

from __future__ import annotations

from rdkit import Chem
from rdkit.rdBase import BlockLogs

from biomatrix.entities import Molecule
from biomatrix.trust.check import Check


def check_graph(molecule: Molecule) -> list[Check]:
    """Return whether the graph is chemically sound."""
    with BlockLogs():
        problems = Chem.DetectChemistryProblems(molecule.mol)
    detail = "; ".join(problem.Message() for problem in problems)
    return [Check("valences and aromaticity", not problems, float(len(problems)), "problems", detail)]
