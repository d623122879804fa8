"""Several fingerprints of a molecule side by side: environments, pairs, paths, keys, groups and elements, as counts."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem
from rdkit.rdBase import BlockLogs

from biomatrix.entities.encoder import DirectEncoder, encoder_hash
from biomatrix.entities.molecule.encoders.morgan import FEWEST_BITS, MOST_BITS, without_hydrogens
from biomatrix.errors import ConfigurationError, UnsupportedError

if TYPE_CHECKING:
    from biomatrix.entities.molecule.entity import Molecule

    Fingerprint = Callable[[Chem.Mol], NDArray[np.float32]]

ELEMENTS: Final = (
    "H", "B", "C", "N", "O", "F", "Na", "Mg", "Al", "Si", "P", "S", "Cl", "K", "Ca", "Fe", "Co", "Ni", "Cu", "Zn", "As",
    "Se", "Br", "I", "Pt",
)  # fmt: skip
_MACCS: Final = 167
_CHARGES: Final = 4
"""Positive atoms, negative atoms, the total without its sign, and parts that are not bonded to each other."""


class Fingerprints(DirectEncoder):
    """Morgan counts with chirality beside four more fingerprints, MACCS keys, groups and elements: one vector.

    In order: Morgan environments of radius 2 with chirality and of radius 1, of pharmacophoric features, atom pairs,
    topological torsions, each ``bits`` numbers; MACCS keys; RDKit's 85 functional groups; elements, hydrogens included,
    charges and parts. Each number is log1p of a count. The molecule's conformer and notes are not read.

    Parameters
    ----------
    bits : int
        Numbers of each of the five hashed fingerprints.

    Raises
    ------
    ConfigurationError
        A number of bits out of range.

    Examples
    --------
    >>> from biomatrix.entities import Molecule
    >>> Fingerprints(bits=64).encode([Molecule.from_smiles("CCO")]).shape
    (1, 1, 601)
    """

    kind = "molecule"
    k = 1
    pooling = "counts"

    def __init__(self, *, bits: int = 1024) -> None:
        if not FEWEST_BITS <= bits <= MOST_BITS:
            raise ConfigurationError(f"bits={bits}; give a number from {FEWEST_BITS} to {MOST_BITS:,}")
        self.bits = bits
        self.d = 5 * bits + _MACCS + len(_groups()) + len(ELEMENTS) + _CHARGES

    @cached_property
    def hash(self) -> str:
        """A SHA-256 of the settings and the version of the code."""
        return encoder_hash(self, {"bits": self.bits, "elements": ELEMENTS, "groups": len(_groups())})

    def content(self, entity: Any) -> bytes:
        """Return the molecule in RDKit's binary form without properties; its notes are left out."""
        return bytes(entity.mol.ToBinary(int(Chem.PropertyPickleOptions.NoProps)))

    def vectors_of(self, entity: Molecule) -> NDArray[np.float32]:
        """Return the counts of a molecule, ``float32 [1, d]``; UnsupportedError where it has no atoms."""
        mol = without_hydrogens(entity.mol)
        if not mol.GetNumAtoms():
            raise UnsupportedError("a molecule without fingerprint bits: it has no atoms to make them of")
        with BlockLogs():
            parts = [make(mol) for make in _hashed(self.bits)]
        found: NDArray[np.float32] = np.log1p(
            np.concatenate([*parts, _keys(mol), _counted_groups(mol), _composed(mol)])
        )
        return found[None].astype(np.float32)


@cache
def _hashed(bits: int) -> tuple[Fingerprint, ...]:
    """Return RDKit's generators, which cannot be sent to another process, so that no encoder holds them."""
    from rdkit.Chem import rdFingerprintGenerator as generators

    features = generators.GetMorganFeatureAtomInvGen()
    made = (
        generators.GetMorganGenerator(radius=2, fpSize=bits, includeChirality=True),
        generators.GetMorganGenerator(radius=1, fpSize=bits),
        generators.GetMorganGenerator(radius=2, fpSize=bits, atomInvariantsGenerator=features),
        generators.GetAtomPairGenerator(fpSize=bits),
        generators.GetTopologicalTorsionGenerator(fpSize=bits),
    )
    return tuple(one.GetCountFingerprintAsNumPy for one in made)


@cache
def _groups() -> tuple[Callable[[Chem.Mol], int], ...]:
    """Return RDKit's counters of functional groups, by name."""
    from rdkit.Chem import Fragments

    return tuple(getattr(Fragments, name) for name in sorted(dir(Fragments)) if name.startswith("fr_"))


def _keys(mol: Chem.Mol) -> NDArray[np.float32]:
    from rdkit.Chem.rdMolDescriptors import GetMACCSKeysFingerprint

    return np.frombuffer(GetMACCSKeysFingerprint(mol).ToBitString().encode(), dtype=np.uint8).astype(np.float32) - 48


def _counted_groups(mol: Chem.Mol) -> NDArray[np.float32]:
    return np.array([count(mol) for count in _groups()], dtype=np.float32)


def _composed(mol: Chem.Mol) -> NDArray[np.float32]:
    """Return how many atoms of each element there are, how many are charged, the charge, and the parts."""
    atoms = list(mol.GetAtoms())
    symbols = [atom.GetSymbol() for atom in atoms]
    counts = np.array([symbols.count(symbol) for symbol in ELEMENTS], dtype=np.float32)
    counts[0] += sum(atom.GetTotalNumHs() for atom in atoms)
    charges = np.array([atom.GetFormalCharge() for atom in atoms])
    parts = len(Chem.GetMolFrags(mol))
    charged = [(charges > 0).sum(), (charges < 0).sum(), abs(int(charges.sum())), parts]
    return np.concatenate([counts, np.array(charged, dtype=np.float32)])
