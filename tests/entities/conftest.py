"""Molecules, chains and a time limit that the tests of entities share."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import numpy as np
import pytest
from rdkit import RDConfig

from biomatrix.entities import Molecule, Protein
from biomatrix.errors import BioMatrixError
from biomatrix.metrics.geometry import place_atom


def bundled_smiles(limit: int) -> list[str]:
    """Return SMILES of the NCI sample that RDKit carries, evenly drawn."""
    file = Path(RDConfig.RDDataDir) / "NCI" / "first_5K.smi"
    rows = [line.split()[0] for line in file.read_text().splitlines() if line.strip()]
    return rows[:: max(1, len(rows) // limit)][:limit]


@pytest.fixture(scope="session")
def bundled_molecules() -> list[Molecule]:
    """About 600 real molecules from RDKit's NCI sample; what RDKit itself cannot read is left out."""
    molecules: list[Molecule] = []
    for smiles in bundled_smiles(600):
        try:
            molecules.append(Molecule.from_smiles(smiles))
        except BioMatrixError:
            continue
    assert len(molecules) > 500
    return molecules


@pytest.fixture(scope="session")
def embedded_molecules(bundled_molecules: list[Molecule]) -> list[Molecule]:
    """Sixty of them with a conformer, small enough to embed quickly."""
    molecules: list[Molecule] = []
    for molecule in bundled_molecules:
        if len(molecules) == 60:
            break
        if "." in molecule.smiles or "*" in molecule.smiles or not 3 <= molecule.num_atoms <= 20:
            continue
        try:
            molecules.append(molecule.embed(seed=0))
        except BioMatrixError:
            continue
    return molecules


@pytest.fixture(scope="session")
def make_helix() -> Callable[..., Protein]:
    """A function of length and seed that returns an ideal alpha helix with noise on its torsions."""

    def helix(length: int, seed: int = 0) -> Protein:
        rng = np.random.default_rng(seed)
        phi = np.deg2rad(-57.0 + rng.normal(0, 4, length))
        psi = np.deg2rad(-47.0 + rng.normal(0, 4, length))
        atoms = [np.array([0.0, 0.0, 0.0]), np.array([1.458, 0.0, 0.0]), np.array([2.0, 1.42, 0.0])]
        for residue in range(1, length):
            for bond, bend, torsion in (
                (1.329, np.deg2rad(117.2), psi[residue - 1]),
                (1.458, np.deg2rad(121.7), np.pi),
                (1.525, np.deg2rad(111.0), phi[residue]),
            ):
                atoms.append(place_atom(*atoms[-3:], bond, bend, torsion).reshape(3))
        letters = "".join(rng.choice(list("ACDEFGHIKLMNPQRSTVWY"), length))
        return Protein(letters, np.array(atoms, dtype=np.float32).reshape(length, 3, 3))

    return helix


TimeLimit = Callable[[float, str], AbstractContextManager[None]]


@contextmanager
def _limited(seconds: float, what: str) -> Iterator[None]:
    def ring(signum: int, frame: object) -> None:
        raise TimeoutError(f"{what} took more than {seconds:.0f} s")

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, before)


@pytest.fixture
def time_limit() -> TimeLimit:
    """``with time_limit(20.0, "batch 3"):`` fails where the block hangs."""
    return _limited
