"""Relaxation of a conformer as a step after generation: MMFF94, UFF, or xTB where its program is installed.

Hydrogens without a position are added first, which a note says.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from biomatrix.entities.molecule.entity import Molecule
from biomatrix.entities.molecule.structure.refinement import Method, refine
from biomatrix.entities.relaxed import Relaxed

STEPS = 500
"""The most steps of a minimisation."""
FORCE_FIELDS: Final[Mapping[Method, str]] = {"mmff": "MMFF94 (RDKit)", "uff": "UFF (RDKit)", "xtb": "GFN2-xTB (xtb)"}
"""What a file says a molecule was relaxed with."""


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
    moved, energies = refined.moved, (refined.energy_before, refined.energy_after)
    done = Relaxed(refined.molecule, *energies, moved, FORCE_FIELDS[method], notes)
    for name, value in done.data.items():  # so that every SD file of it says so
        refined.molecule.mol.SetProp(name, value)
    return done
