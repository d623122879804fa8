"""What the geometry of a sound molecule looks like, as data: ranges and limits with units and where they come from."""

from __future__ import annotations

from collections.abc import Mapping

BOND_LENGTHS: Mapping[tuple[str, str, float], tuple[float, float]] = {
    ("C", "H", 1.0): (1.065, 1.133),
    ("H", "N", 1.0): (0.992, 1.052),
    ("H", "O", 1.0): (0.960, 1.042),
    ("H", "S", 1.0): (1.335, 1.347),
    ("C", "C", 1.0): (1.358, 1.590),
    ("C", "C", 1.5): (1.360, 1.474),
    ("C", "C", 2.0): (1.302, 1.474),
    ("C", "C", 3.0): (1.190, 1.224),
    ("C", "N", 1.0): (1.282, 1.533),
    ("C", "N", 1.5): (1.290, 1.413),
    ("C", "N", 2.0): (1.174, 1.413),
    ("C", "N", 3.0): (1.143, 1.166),
    ("C", "O", 1.0): (1.306, 1.496),
    ("C", "O", 1.5): (1.320, 1.420),
    ("C", "O", 2.0): (1.163, 1.243),
    ("C", "S", 1.0): (1.629, 1.905),
    ("C", "S", 1.5): (1.660, 1.790),
    ("C", "S", 2.0): (1.560, 1.807),
    ("C", "P", 1.0): (1.721, 1.909),
    ("C", "F", 1.0): (1.297, 1.400),
    ("C", "Cl", 1.0): (1.635, 1.827),
    ("Br", "C", 1.0): (1.839, 1.958),
    ("C", "I", 1.0): (2.000, 2.160),
    ("N", "N", 1.0): (1.269, 1.468),
    ("N", "N", 1.5): (1.260, 1.400),
    ("N", "N", 2.0): (1.120, 1.361),
    ("N", "O", 1.0): (1.200, 1.465),
    ("N", "O", 2.0): (1.164, 1.236),
    ("N", "S", 1.0): (1.521, 1.889),
    ("N", "P", 1.0): (1.618, 1.738),
    ("O", "P", 1.0): (1.451, 1.688),
    ("O", "P", 2.0): (1.446, 1.489),
    ("O", "S", 1.0): (1.414, 1.700),
    ("O", "S", 2.0): (1.408, 1.505),
    ("S", "S", 1.0): (1.990, 2.204),
}
"""Shortest and longest length in Angstrom by elements (sorted) and bond order (1.5 aromatic).

The 0.1 and 99.9 percentiles over 21,500 density-functional geometries of organic molecules (CASCADE; Folmsbee
and Hutchison 2020; GDB-7), from 33 to 278,000 bonds per row; aromatic rows and rare types are rounded from Allen
et al. (J. Chem. Soc. Perkin Trans. 2, 1987, S1).
"""

BOND_LENGTH_MARGIN = 0.05
"""Angstrom allowed on either side of a range."""
COVALENT_RADII_RANGE = (0.75, 1.25)
"""Allowed ratio of a bond length to the sum of covalent radii, for types that the table does not hold."""
ANGLE_DISTANCE_RANGE = (0.75, 1.25)
"""Allowed ratio of the distance of atoms two bonds apart to RDKit's lower and upper distance bounds
(PoseBusters, Buttenschoen et al. 2024)."""
CLASH_RATIO = 0.7
"""Heavy atoms three or more bonds apart clash below this ratio to RDKit's lower distance bound (PoseBusters)."""
HYDROGEN_CLASH_RATIO = 0.5
"""The same where one is a hydrogen, since hydrogen bonds bring such pairs nearer than the bounds allow for."""
FLATNESS_LIMIT = 0.25
"""Angstrom an atom may stand out of the plane of its aromatic ring or double bond (PoseBusters)."""
PUCKER_LIMIT = 0.05
"""Angstrom by which some atom of a saturated six-membered ring must stand out of the ring's plane (PoseBusters)."""

RMSD_LIMIT = 1.0
"""Angstrom over all atoms after superposition, past which a conformer counts as another one."""

RELEASE_STEPS, STRAIN_STEPS = 3, 500
"""Steps of minimisation of the fast and of the full check of strain; the first release half of the whole."""
RELEASE_LIMITS: Mapping[str, float] = {"MMFF94": 1.5, "UFF": 5.5}
"""Most energy released by the first steps, in kcal/mol for each heavy atom.

Percentiles of MMFF94: 0.79 (99th) over 1,000 conformers at minima of density functionals (CASCADE DFT8K and Exp5K,
Folmsbee and Hutchison, GDB-7; closed shells, one fragment), 1.29 (98th) over 385 components of the Chemical Component
Dictionary. UFF, for what MMFF94 cannot take: 5.5 (99th) over the former.
"""
STRAIN_LIMITS: Mapping[str, float] = {"MMFF94": 3.5, "UFF": 11.3}
"""The same for the whole way to the nearest minimum: 1.56, 3.36 and 11.3."""
