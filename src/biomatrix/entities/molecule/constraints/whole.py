"""Properties of a whole molecule: its charge, that it is one piece, that it resembles another."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self

from biomatrix.entities.constraint import Constraint
from biomatrix.entities.molecule.constraints.count_text import parse_count
from biomatrix.entities.molecule.counts import shown_count
from biomatrix.entities.molecule.entity import Molecule
from biomatrix.errors import ConfigurationError, ParseError

if TYPE_CHECKING:
    from rdkit import Chem

    from biomatrix.entities.base_entity import Entity

_WHOLE: Final = re.compile(r"[+-]?\d{1,9}", re.ASCII)
_SHARE: Final = re.compile(r"\d+\.?\d*|\.\d+", re.ASCII)


@dataclass(frozen=True)
class Charge(Constraint):
    """The net formal charge.

    Parameters
    ----------
    charge : int
        In elementary charges.
    """

    kind: ClassVar[str | None] = "molecule"
    name: ClassVar[str] = "charge"
    help: ClassVar[str] = "the net formal charge: 0, +1, -2"
    example: ClassVar[str] = "0"
    kept: ClassVar[str] = "judged: drafts that break it are written again"

    charge: int = 0

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a whole number with or without a sign."""
        if not _WHOLE.fullmatch(text.strip()):
            raise ParseError(f"a charge is a whole number, such as 0 or -2, not {text!r}", position=0)
        return cls(int(text))

    def contradiction(self, other: Constraint) -> str | None:
        """Return another charge."""
        if isinstance(other, Charge) and other.charge != self.charge:
            return f"the charge is not both {self.charge:+d} and {other.charge:+d}"
        return None

    def fault(self, entity: Entity) -> str | None:
        """Return the charge where it is another."""
        if not isinstance(entity, Molecule):
            return f"{self.name} asks for a molecule"
        found = sum(atom.GetFormalCharge() for atom in entity.mol.GetAtoms())
        return None if found == self.charge else f"the charge is {found:+d}, not {self.charge:+d}"


@dataclass(frozen=True)
class Connected(Constraint):
    """A molecule in one piece.

    Parameters
    ----------
    fragments : (int, int or None)
        The least and the most parts that are not bonded to one another.
    """

    kind: ClassVar[str | None] = "molecule"
    name: ClassVar[str] = "connected"
    help: ClassVar[str] = "yes for a molecule in one piece, or the number of its pieces"
    example: ClassVar[str] = "yes"
    kept: ClassVar[str] = "judged: drafts that break it are written again"

    fragments: tuple[int, int | None] = (1, 1)

    def __post_init__(self) -> None:
        if self.fragments[1] == 0:
            raise ConfigurationError("a molecule has at least one piece, not 0")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``yes`` or a count."""
        return cls((1, 1) if text.strip().lower() == "yes" else parse_count(text))

    def contradiction(self, other: Constraint) -> str | None:
        """Return another number of pieces."""
        if isinstance(other, Connected) and other.fragments[1] is not None and self.fragments[0] > other.fragments[1]:
            return f"no number of pieces is both {shown_count(self.fragments)} and {shown_count(other.fragments)}"
        return None

    def fault(self, entity: Entity) -> str | None:
        """Return the number of pieces where it is another."""
        if not isinstance(entity, Molecule):
            return f"{self.name} asks for a molecule"
        least, most = self.fragments
        found = entity.num_fragments
        if found >= least and (most is None or found <= most):
            return None
        return f"the molecule is in {found} pieces, not {shown_count(self.fragments)}"


@dataclass(frozen=True, eq=False)
class Similar(Constraint):
    """A molecule that resembles another by their Morgan fingerprints (radius 2, 2048 bits).

    Parameters
    ----------
    molecule : Molecule
    least : float
        The least Tanimoto similarity, from 0 to 1.
    """

    kind: ClassVar[str | None] = "molecule"
    name: ClassVar[str] = "similar"
    help: ClassVar[str] = "a SMILES and the least Tanimoto similarity to it (Morgan, radius 2), SMILES>=0.4"
    example: ClassVar[str] = "CC(=O)Oc1ccccc1C(=O)O>=0.3"
    kept: ClassVar[str] = "judged: drafts that break it are written again"

    molecule: Molecule
    least: float = 0.4

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``SMILES>=0.4``; at least 0.4 where no number is given."""
        smiles, sign, number = text.strip().rpartition(">=")
        if sign and not (_SHARE.fullmatch(number.strip()) and float(number) <= 1):
            raise ParseError(f"{number!r} is no similarity from 0 to 1", position=len(smiles) + len(sign))
        return cls(Molecule.from_smiles(smiles if sign else number), float(number) if sign else 0.4)

    def __post_init__(self) -> None:
        """Refuse similarities there are none of."""
        if not 0 <= self.least <= 1:
            raise ConfigurationError(f"a similarity is from 0 to 1, not {self.least}")

    def fault(self, entity: Entity) -> str | None:
        """Return the similarity where it is too low."""
        from rdkit.DataStructs import TanimotoSimilarity

        if not isinstance(entity, Molecule):
            return f"{self.name} asks for a molecule"
        found = TanimotoSimilarity(_fingerprint(entity.mol), _fingerprint(self.molecule.mol))
        return None if found >= self.least else f"the similarity is {found:.2f}, below {self.least:g}"


def _fingerprint(mol: Chem.Mol) -> Any:
    from rdkit import Chem
    from rdkit.Chem.rdFingerprintGenerator import GetMorganGenerator

    return GetMorganGenerator(radius=2, fpSize=2048).GetFingerprint(Chem.RemoveHs(mol))
