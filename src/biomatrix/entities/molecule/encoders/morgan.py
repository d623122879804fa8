"""Morgan counts of a molecule: how often each environment of an atom occurs, hashed into so many numbers."""

from __future__ import annotations

from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem
from rdkit.rdBase import BlockLogs

from biomatrix.entities.encoder import DirectEncoder, encoder_hash
from biomatrix.errors import ConfigurationError, UnsupportedError

if TYPE_CHECKING:
    from biomatrix.entities.molecule.entity import Molecule

FEWEST_BITS: Final = 16
MOST_BITS: Final = 1 << 20
_LARGEST_RADIUS: Final = 8
_HYDROGEN: Final = 1


class MorganCounts(DirectEncoder):
    """log1p of the counts of Morgan environments: one vector of 2,048 numbers of a molecule.

    The molecule is read without explicit hydrogens, its conformer and its notes are not read.

    Parameters
    ----------
    radius : int
        Bonds from an atom to the rim of its environment, from 0 to 8.
    bits : int
        Numbers of the vector, into which environments are hashed; several may share one.
    chirality : bool
        Whether the marks of stereo centres tell environments apart.
    logarithm : bool
        False gives the counts themselves.

    Raises
    ------
    ConfigurationError
        A radius or number of bits out of range.

    Examples
    --------
    >>> from biomatrix.entities import Molecule
    >>> MorganCounts(logarithm=False).encode([Molecule.from_smiles("CC")])[0, 0].max()
    np.float32(2.0)
    """

    kind = "molecule"
    k = 1
    pooling = "counts"

    def __init__(self, *, radius: int = 2, bits: int = 2048, chirality: bool = False, logarithm: bool = True) -> None:
        if not 0 <= radius <= _LARGEST_RADIUS:
            raise ConfigurationError(f"radius={radius}; give a number of bonds from 0 to {_LARGEST_RADIUS}")
        if not FEWEST_BITS <= bits <= MOST_BITS:
            raise ConfigurationError(f"bits={bits}; give a number from {FEWEST_BITS} to {MOST_BITS:,}")
        self.radius, self.d, self.chirality, self.logarithm = radius, bits, chirality, logarithm

    @cached_property
    def hash(self) -> str:
        """A SHA-256 of the settings and the version of the code."""
        return encoder_hash(self, {"radius": self.radius, "chirality": self.chirality, "logarithm": self.logarithm})

    def content(self, entity: Any) -> bytes:
        """Return the molecule in RDKit's binary form without properties; its notes are left out."""
        return bytes(entity.mol.ToBinary(int(Chem.PropertyPickleOptions.NoProps)))

    def vectors_of(self, entity: Molecule) -> NDArray[np.float32]:
        """Return the counts of a molecule, ``float32 [1, bits]``; UnsupportedError where no bit is set."""
        counts = self._generator.GetCountFingerprintAsNumPy(without_hydrogens(entity.mol)).astype(np.float32)
        if not counts.any():
            raise UnsupportedError("a molecule without fingerprint bits: it has no atoms to make them of")
        found: NDArray[np.float32] = (np.log1p(counts) if self.logarithm else counts)[None]
        return found

    @property
    def _generator(self) -> Any:
        return _generator_of(self.radius, self.d, self.chirality)


@cache
def _generator_of(radius: int, bits: int, chirality: bool) -> Any:
    """Return RDKit's generator, which cannot be sent to another process, so that no encoder holds one."""
    from rdkit.Chem import rdFingerprintGenerator

    return rdFingerprintGenerator.GetMorganGenerator(radius=radius, fpSize=bits, includeChirality=chirality)


def without_hydrogens(mol: Chem.Mol) -> Chem.Mol:
    """Return the molecule without explicit hydrogens, so that a conformer changes nothing; itself where it has none."""
    if all(atom.GetAtomicNum() != _HYDROGEN for atom in mol.GetAtoms()):
        return mol
    with BlockLogs():
        return Chem.RemoveHs(mol)
