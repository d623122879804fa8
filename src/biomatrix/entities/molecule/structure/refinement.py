"""A force field or xTB on a conformer: a separate step that no tokenizer runs by itself.

Structures decoded from codes are near the conformer that was encoded. A force field moves them to its own minimum,
which is nearer only where the original came from that force field; the guide on measuring a tokenizer has figures.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray
from rdkit.Chem import rdForceFieldHelpers

from biomatrix.entities.molecule.chemistry_log import captured_log
from biomatrix.entities.molecule.entity import Molecule
from biomatrix.errors import BioMatrixError, ConfigurationError, UnsupportedError
from biomatrix.metrics.superposition import rmsd

Method = Literal["mmff", "uff", "xtb"]
METHODS: tuple[Method, ...] = get_args(Method)

XTB_SECONDS = 300.0
"""The longest that xTB may run on one molecule."""
KCAL_PER_HARTREE = 627.5094740631


class RefinementError(BioMatrixError):
    """A refinement that gave no structure."""


@dataclass(frozen=True, eq=False)
class Refined:
    """A molecule after refinement.

    Parameters
    ----------
    molecule : Molecule
        The same graph with the refined conformer.
    method : {"mmff", "uff", "xtb"}
    energy_before, energy_after : float
        In kcal/mol, on the method's own scale: differences are meaningful, values of two methods are not comparable.
    moved : float
        RMSD between the two conformers after superposition, in Angstrom.
    converged : bool
        Whether the minimum was reached within the steps allowed.
    """

    molecule: Molecule
    method: Method
    energy_before: float
    energy_after: float
    moved: float
    converged: bool


def refine(molecule: Molecule, method: Method = "mmff", max_iterations: int = 200) -> Refined:
    """Move a conformer towards the nearest minimum of a force field or of GFN2-xTB.

    Parameters
    ----------
    molecule : Molecule
        With a conformer and every hydrogen explicit.
    method : {"mmff", "uff", "xtb"}
        MMFF94 and UFF as RDKit has them; ``xtb`` runs the program of that name.
    max_iterations : int
        The most steps of the minimisation, at least 1.

    Raises
    ------
    UnsupportedError
        No conformer, hydrogens left implicit, or elements the force field has no parameters for.
    ConfigurationError
        No such method, ``max_iterations`` below 1, or ``xtb`` not on the PATH.
    RefinementError
        The method ran and gave no structure.
    """
    if method not in METHODS:
        raise ConfigurationError(f"no refinement {method!r}; there are: {', '.join(METHODS)}")
    if max_iterations < 1:
        raise ConfigurationError(f"max_iterations is {max_iterations}; give at least 1")
    if not molecule.has_conformer:
        raise UnsupportedError("the molecule has no 3D conformer to refine")
    implicit = sum(atom.GetTotalNumHs() for atom in molecule.mol.GetAtoms())
    if implicit:
        raise UnsupportedError(
            f"{implicit} hydrogens are implicit; give a file that holds them all, or add them (Molecule.with_hydrogens)"
        )
    before = _positions(molecule)
    if method == "xtb":
        after, energies, converged = _by_xtb(molecule, before, max_iterations)
    else:
        after, energies, converged = _by_force_field(molecule, method, max_iterations)
    if not np.isfinite(after).all() or not np.isfinite(energies).all():
        raise RefinementError(f"{method} ended at coordinates or energies that are not finite")
    refined = molecule.with_coordinates(after)
    return Refined(refined, method, energies[0], energies[1], float(rmsd(after, before)), converged)


Outcome = tuple[NDArray[np.float64], tuple[float, float], bool]


def _by_force_field(molecule: Molecule, method: Method, max_iterations: int) -> Outcome:
    moving = molecule.with_coordinates(_positions(molecule))
    field, reason = None, ""
    with captured_log() as log:
        try:
            if method == "uff" and rdForceFieldHelpers.UFFHasAllMoleculeParams(moving.mol):
                field = rdForceFieldHelpers.UFFGetMoleculeForceField(moving.mol)
            elif method == "mmff":
                parameters = rdForceFieldHelpers.MMFFGetMoleculeProperties(moving.mol)
                if parameters is not None:
                    field = rdForceFieldHelpers.MMFFGetMoleculeForceField(moving.mol, parameters)
        except (ValueError, RuntimeError) as error:
            reason = str(error)
        reason = reason or log.reason
    if field is None:
        raise UnsupportedError(f"{method.upper()} has no parameters for {molecule.formula}. {reason}".strip())
    try:
        before = float(field.CalcEnergy())
        unfinished = int(field.Minimize(maxIts=max_iterations))
        after = float(field.CalcEnergy())
    except (ValueError, RuntimeError) as error:
        raise RefinementError(f"{method.upper()} failed: {error}") from error
    return _positions(moving), (before, after), unfinished == 0


def _by_xtb(molecule: Molecule, positions: NDArray[np.float64], max_iterations: int) -> Outcome:
    program = shutil.which("xtb")
    if program is None:
        raise ConfigurationError(
            "the program xtb is not on the PATH; install it (conda install -c conda-forge xtb) or use mmff"
        )
    atoms = list(molecule.mol.GetAtoms())
    symbols = [atom.GetSymbol() for atom in atoms]
    options = {
        "--opt": "",
        "--cycles": str(max_iterations),
        "--chrg": str(sum(atom.GetFormalCharge() for atom in atoms)),
        "--uhf": str(sum(atom.GetNumRadicalElectrons() for atom in atoms)),
    }
    arguments = [part for pair in options.items() for part in pair if part]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows = [f"{symbol} {x:.8f} {y:.8f} {z:.8f}" for symbol, (x, y, z) in zip(symbols, positions, strict=True)]
        (folder / "in.xyz").write_text("\n".join([str(len(rows)), "", *rows, ""]), encoding="ascii")
        try:
            process = subprocess.run(
                [program, "in.xyz", *arguments],
                cwd=folder,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=XTB_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise RefinementError(f"xtb took more than {XTB_SECONDS:.0f} s") from error
        except OSError as error:
            raise RefinementError(f"xtb could not be run: {error.strerror}") from error
        steps = folder / "xtbopt.log"
        if not steps.is_file():
            output = " ".join((process.stderr or process.stdout).split())[-200:]
            raise RefinementError(f"xtb gave no structure (exit status {process.returncode}): {output}")
        frames = read_trajectory(steps.read_text(encoding="utf-8", errors="replace"), len(symbols))
        converged = process.returncode == 0 and (folder / ".xtboptok").exists()
    return frames[-1][0], (frames[0][1] * KCAL_PER_HARTREE, frames[-1][1] * KCAL_PER_HARTREE), converged


def read_trajectory(text: str, num_atoms: int) -> list[tuple[NDArray[np.float64], float]]:
    """Return positions in Angstrom and energy in Hartree of each step of an xTB log: XYZ frames, energy in the comment.

    Raises
    ------
    RefinementError
        Broken frames, or none.
    """
    lines = text.splitlines()
    frames: list[tuple[NDArray[np.float64], float]] = []
    try:
        for start in range(0, len(lines) - num_atoms - 1, num_atoms + 2):
            words = lines[start + 1].split()
            energy = float(words[words.index("energy:") + 1])
            rows = [line.split()[1:4] for line in lines[start + 2 : start + 2 + num_atoms]]
            frames.append((np.array(rows, dtype=np.float64).reshape(num_atoms, 3), energy))
    except (ValueError, IndexError) as error:
        raise RefinementError(f"what xtb wrote cannot be read: {error}") from error
    if not frames:
        raise RefinementError("xtb wrote no step")
    return frames


def _positions(molecule: Molecule) -> NDArray[np.float64]:
    return np.array(molecule.mol.GetConformer().GetPositions(), dtype=np.float64)
