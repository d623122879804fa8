"""Backbones made from random torsions."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from biomatrix.metrics.geometry import C_N_LENGTH, CA_C_LENGTH, N_CA_LENGTH, RESIDUE_TEMPLATE, place_atom

HELIX, STRAND, COIL = (-63.0, -43.0), (-120.0, 130.0), (-70.0, 145.0)


def _built_chain(seed: int, length: int, cis_at: tuple[int, ...] = ()) -> NDArray[np.float64]:
    """A backbone [length, 3, 3] of helices, strands and coil from its torsions, with a little noise in all angles."""
    rng = np.random.default_rng(seed)
    regions = [(HELIX, STRAND, COIL)[rng.integers(3)] for _ in range(length // 8 + 1)]
    atoms = list(RESIDUE_TEMPLATE)
    for index in range(1, length):
        # Cis bonds lead to proline nearly always, so they get its torsions.
        phi, psi = np.deg2rad(np.array(COIL if index in cis_at else regions[index // 8]) + rng.normal(size=2) * 8)
        omega = (0.0 if index in cis_at else np.pi) + rng.normal() * 0.06
        bends = np.deg2rad([117.2, 121.7, 111.0]) + rng.normal(size=3) * 0.025
        for bond, bend, torsion in zip((C_N_LENGTH, N_CA_LENGTH, CA_C_LENGTH), bends, (psi, omega, phi), strict=True):
            atoms.append(place_atom(*atoms[-3:], bond, bend, torsion))
    return np.array(atoms).reshape(length, 3, 3)


@pytest.fixture(scope="session")
def built_chain() -> Callable[..., NDArray[np.float64]]:
    """A backbone [length, 3, 3] of a seed, a length and the places of its cis bonds."""
    return _built_chain
