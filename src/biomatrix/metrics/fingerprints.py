"""Fingerprints that benchmarks compare molecules by, and Tanimoto similarity."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from rdkit import Chem


def maccs(mol: Chem.Mol) -> Any:
    """Return the MACCS keys, 167 bits."""
    from rdkit.Chem import rdMolDescriptors

    return rdMolDescriptors.GetMACCSKeysFingerprint(mol)


def rdk(mol: Chem.Mol) -> Any:
    """Return RDKit's path fingerprint, 2,048 bits."""
    from rdkit import Chem

    return Chem.RDKFingerprint(mol)


def morgan_counts(mol: Chem.Mol) -> Any:
    """Return the counts of all Morgan environments of radius 2, not folded."""
    return _morgan_generator(2048).GetSparseCountFingerprint(mol)


def morgan_bits(mol: Chem.Mol) -> Any:
    """Return the Morgan fingerprint of radius 2 in 2,048 bits."""
    return _morgan_generator(2048).GetFingerprint(mol)


SIMILARITIES: Final[Mapping[str, Callable[[Any], Any]]] = {"fts": morgan_counts, "maccs_fts": maccs, "rdk_fts": rdk}
"""The fingerprints of answered molecules, by the name of the similarity; ``fts`` is the one that is published."""


def tanimoto(first: Any, second: Any) -> float:
    """Return the Tanimoto similarity of two fingerprints of one sort; 0 where both are empty."""
    from rdkit import DataStructs

    return float(DataStructs.TanimotoSimilarity(first, second))


@cache
def _morgan_generator(bits: int) -> Any:
    from rdkit.Chem import rdFingerprintGenerator

    return rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=bits)
