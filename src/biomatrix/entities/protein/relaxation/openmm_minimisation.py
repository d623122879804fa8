"""Restrained minimisation of a rebuilt backbone by OpenMM: Amber ff14SB with implicit water.

Side chains are not known from N, CA and C, so every residue but glycine is rebuilt as alanine. What a minimisation can
mend are bonds, angles, peptide planes and overlaps of the backbone; it does not pack side chains or refold.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from biomatrix.entities.protein.relaxation.rebuilding import Stretch, stretches
from biomatrix.entities.relaxed import Relaxed
from biomatrix.errors import BioMatrixError, ConfigurationError, UnsupportedError
from biomatrix.metrics.superposition import rmsd

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from biomatrix.entities.protein.entity import Protein

FORCE_FIELD: Final = ("amber14-all.xml", "implicit/obc2.xml")
NAME: Final = "Amber ff14SB with implicit water (OBC2), backbone restrained (OpenMM)"
"""What a file says a chain was relaxed with."""
RESTRAINT: Final = 5.0
"""kcal/mol/A^2 that hold N, CA and C where they were: 0.3 Angstrom cost about as much as heat at 300 K."""
STEPS: Final = 200
"""The most steps of the minimisation."""
CUTOFF: Final = 16.0
"""Angstrom beyond which atoms do not see each other."""
MOST_RESIDUES: Final = 1_000
"""Longer chains take more than minutes on a processor."""
KCAL: Final = 4.184
"""Kilojoules in a kilocalorie."""
_BACKBONE: Final = ("N", "CA", "C")


class RelaxationError(BioMatrixError):
    """A relaxation that gave no structure."""


def openmm(protein: Protein) -> Relaxed:
    """Relax the backbone of a chain.

    Parameters
    ----------
    protein : Protein
        With a backbone of at most ``MOST_RESIDUES`` residues. Unresolved residues stay so, and single residues between
        breaks stay where they are.

    Returns
    -------
    Relaxed
        Energies of the rebuilt atoms in kcal/mol without the restraints.

    Raises
    ------
    ConfigurationError
        OpenMM is not installed.
    UnsupportedError
        No stretch of two residues, or too many residues.
    RelaxationError
        OpenMM ran and gave no structure.
    """
    mm = _installed()
    parts = stretches(protein)
    if protein.backbone is None or not parts:
        raise UnsupportedError("the chain has no two resolved residues that a peptide bond joins")
    if len(protein) > MOST_RESIDUES:
        raise UnsupportedError(f"{len(protein):,} residues, past the limit of {MOST_RESIDUES:,} for a relaxation")
    try:
        simulation, places = _prepared(mm, parts)
        before = _energy(mm, simulation)
        simulation.minimizeEnergy(maxIterations=STEPS)
        after = _energy(mm, simulation)
        positions = simulation.context.getState(getPositions=True).getPositions(asNumpy=True)
        found = np.array(positions.value_in_unit(mm.unit.angstrom), dtype=np.float64)
    except (mm.OpenMMException, ValueError) as error:
        raise RelaxationError(f"OpenMM failed: {error}", record=protein.name or None) from error
    if not np.isfinite(found).all() or not np.isfinite([before, after]).all():
        raise RelaxationError("OpenMM ended at coordinates or energies that are not finite")
    backbone = protein.backbone.copy()
    residues, atoms, rows = np.array(places).T
    backbone[residues, atoms] = found[rows]
    moved = float(rmsd(backbone[residues, atoms], protein.backbone[residues, atoms]))
    return Relaxed(replace(protein, backbone=backbone), before, after, moved, NAME, _notes(protein, parts))


def _installed() -> Any:
    try:
        import openmm
        import openmm.app
        import openmm.unit
    except ImportError as error:
        raise ConfigurationError(
            "relaxing a backbone needs OpenMM, which is not installed: pip install 'biomatrix[refine]'"
        ) from error
    return openmm


def _prepared(mm: Any, parts: list[Stretch]) -> tuple[Any, list[tuple[int, int, int]]]:
    """Return a simulation at the rebuilt positions, and of each kept atom its residue, place in it, and row."""
    topology, positions = _topology(mm, parts)
    system = mm.app.ForceField(*FORCE_FIELD).createSystem(
        topology, nonbondedMethod=mm.app.CutoffNonPeriodic, nonbondedCutoff=CUTOFF * mm.unit.angstrom, constraints=None
    )
    for force in system.getForces():
        force.setForceGroup(0)
    restraint = mm.CustomExternalForce("k*((x-x0)^2+(y-y0)^2+(z-z0)^2)")
    restraint.addGlobalParameter("k", RESTRAINT * KCAL * 100.0)  # kJ/mol/nm^2
    for axis in ("x0", "y0", "z0"):
        restraint.addPerParticleParameter(axis)
    restraint.setForceGroup(1)
    order = [int(index) for part in parts for index in part.residues]
    places = []
    for residue, index in zip(topology.residues(), order, strict=True):
        for atom in residue.atoms():
            if atom.name in _BACKBONE:
                restraint.addParticle(atom.index, (positions[atom.index] / 10.0).tolist())
                places.append((index, _BACKBONE.index(atom.name), atom.index))
    system.addForce(restraint)
    platform = mm.Platform.getPlatformByName("CPU")
    settings = {"Threads": "1", "DeterministicForces": "true"}
    integrator = mm.VerletIntegrator(0.001 * mm.unit.picosecond)
    simulation = mm.app.Simulation(topology, system, integrator, platform, settings)
    simulation.context.setPositions(positions / 10.0)
    return simulation, places


def _topology(mm: Any, parts: list[Stretch]) -> tuple[Any, NDArray[np.float64]]:
    """Return the residues with their rebuilt atoms, and positions in Angstrom, ``float64 [n, 3]``."""
    topology, positions = mm.app.Topology(), []
    for part in parts:
        chain = topology.addChain()
        for name, atoms in zip(part.names, part.atoms, strict=True):
            residue = topology.addResidue(name, chain)
            for atom, position in atoms.items():
                topology.addAtom(atom, mm.app.Element.getBySymbol(atom[0]), residue)
                positions.append(position)
    topology.createStandardBonds()
    return topology, np.array(positions)


def _energy(mm: Any, simulation: Any) -> float:
    """Return the energy in kcal/mol without the restraints."""
    state = simulation.context.getState(getEnergy=True, groups={0})
    return float(state.getPotentialEnergy().value_in_unit(mm.unit.kilocalorie_per_mole))


def _notes(protein: Protein, parts: list[Stretch]) -> tuple[str, ...]:
    names = [name for part in parts for name in part.names]
    notes = [f"rebuilt as {names.count('ALA')} alanines and {names.count('GLY')} glycines, for want of side chains"]
    if len(parts) > 1:
        notes.append(f"{len(parts)} stretches, each closed at its ends")
    left = int(protein.resolved.sum()) - len(names)
    if left:
        notes.append(f"{left} single residues between breaks left as they were")
    return tuple(notes)
