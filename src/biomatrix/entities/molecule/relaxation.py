"""Relaxation of a conformer as a step after generation: MMFF94, UFF, or xTB where its program is installed.

Hydrogens without a position are added first, which a note says.
"""

from __future__ import annotations

from biomatrix.entities.molecule.entity import Molecule
from biomatrix.entities.molecule.structure.refinement import Method, refine
from biomatrix.entities.relaxed import Relaxed

STEPS = 500
"""The most steps of a minimisation."""


def mmff(molecule: Molecule) -> Relaxed:
    """Move a conformer to the nearest minimum of MMFF94. Raises as :func:`refine`."""
    return _relaxed(molecule, "mmff")


def uff(molecule: Molecule) -> Relaxed:
    """Move a conformer to the nearest minimum of UFF, which knows every element. Raises as :func:`refine`."""
    return _relaxed(molecule, "uff")


def xtb(molecule: Molecule) -> Relaxed:
    """Move a conformer to the nearest minimum of GFN2-xTB, by the program ``xtb``. Raises as :func:`refine`."""
    return _relaxed(molecule, "xtb")


def _relaxed(molecule: Molecule, method: Method) -> Relaxed:
    implicit = sum(atom.GetTotalNumHs() for atom in molecule.mol.GetAtoms())
    refined = refine(molecule.with_hydrogens() if implicit else molecule, method, STEPS)
    notes = (f"{implicit} hydrogens were added, as a force field needs all atoms",) if implicit else ()
    if not refined.converged:
        notes = (*notes, f"{method} stopped after {STEPS} steps, short of its minimum")
    return Relaxed(refined.molecule, refined.energy_before, refined.energy_after, refined.moved, notes)
