"""Which molecules are kept out of every training set, by a rule anyone can recompute.

A molecule is named by the canonical SMILES of its heavy-atom graph without stereochemistry or isotopes, so
that conformers, salts written alike, enantiomers and hydrogen counts written out all fall on the same side.
"""

from __future__ import annotations

import hashlib

from rdkit import Chem

from biomatrix.entities.molecule.identity import graph_key

HELD_OUT_ONE_IN = 50
"""One molecule in this many is held out of all training."""
PROPERTY_HELD_OUT_ONE_IN = 10
"""One labelled molecule in this many is held out of property training as well."""

EXAMPLE_KEYS = frozenset({"Cn1c(=O)c2c(ncn2C)n(C)c1=O", "COc1cc(N(C)CC2CCC3=C(C2)C(N)=NC(N)N3)cc(OC)c1OC"})
"""The molecules the package shows as examples (caffeine, the ligand of 1s3v), held out to stay unseen."""


def bucket(key: str, count: int) -> int:
    """Return a stable bucket of ``key``, uniform over ``range(count)``."""
    return int(hashlib.sha256(key.encode()).hexdigest(), 16) % count


def is_held_out(molecule: str | Chem.Mol) -> bool:
    """Return whether a molecule, given as SMILES or RDKit molecule, is kept out of all training."""
    return is_held_out_key(graph_key(molecule))


def is_held_out_key(key: str) -> bool:
    """Return whether the molecule of a `graph_key` is kept out of all training."""
    return key in EXAMPLE_KEYS or bucket(key, HELD_OUT_ONE_IN) == 0


def is_property_held_out(molecule: str | Chem.Mol) -> bool:
    """Return whether a labelled molecule is kept for judging property prediction."""
    return bucket("property:" + graph_key(molecule), PROPERTY_HELD_OUT_ONE_IN) == 0
