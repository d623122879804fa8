"""The molecular formula, hydrogens and charge included."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final, Self

from biomatrix.entities.constraint_text import whole_number
from biomatrix.entities.molecule.constraints.counted import CountConstraint
from biomatrix.entities.molecule.constraints.elements import is_element
from biomatrix.entities.molecule.constraints.whole import Charge, Connected
from biomatrix.entities.molecule.counts import MoleculeCounts, shown_count
from biomatrix.entities.molecule.entity import Molecule
from biomatrix.entities.molecule.possible_counts import fewest_pieces
from biomatrix.errors import ParseError

if TYPE_CHECKING:
    from biomatrix.entities.base_entity import Entity
    from biomatrix.entities.constraint import Constraint

_FORMULA: Final = re.compile(r"((?:[A-Z][a-z]?\d*)+)([+-]\d*)?", re.ASCII)
_ELEMENT: Final = re.compile(r"([A-Z][a-z]?)(\d*)", re.ASCII)


@dataclass(frozen=True)
class Formula(CountConstraint):
    """A molecular formula.

    All of it is counted while SMILES is written. In SELFIES heavy atoms are; whether the hydrogens and the charge are
    right shows once the molecule is whole.

    Parameters
    ----------
    atoms : tuple of (str, int)
        By symbol, hydrogen among them.
    charge : int
        In elementary charges.
    """

    name: ClassVar[str] = "formula"
    help: ClassVar[str] = "the molecular formula, hydrogens included, such as C8H10N4O2 or C2H3O2-"
    example: ClassVar[str] = "C8H10N4O2"
    kept: ClassVar[str] = "guides molecule_smiles; in molecule_selfies heavy atoms, hydrogens and charge judged"

    atoms: tuple[tuple[str, int], ...]
    charge: int = 0

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``C8H10N4O2``, with ``+`` or ``-2`` behind it where it is charged."""
        found = _FORMULA.fullmatch("".join(text.split()))
        if found is None:
            raise ParseError(f"{text!r} is no formula, such as C8H10N4O2 or C2H3O2-", position=0)
        atoms: dict[str, int] = {}
        for symbol, number in _ELEMENT.findall(found[1]):
            if not is_element(symbol):
                raise ParseError(f"{symbol!r} is no element", position=text.find(symbol))
            atoms[symbol] = atoms.get(symbol, 0) + whole_number(number or "1", text.find(symbol))
        sign = found[2] or "+0"
        return cls(
            tuple(sorted(atoms.items())), whole_number(f"{sign}1" if len(sign) == 1 else sign, text.rfind(sign[0]))
        )

    @property
    def counts(self) -> MoleculeCounts:
        hydrogens = dict(self.atoms).get("H", 0)
        heavy = {symbol: (number, number) for symbol, number in self.atoms if symbol != "H" and number}
        return MoleculeCounts(heavy, others=False, hydrogens=(hydrogens, hydrogens), charge=self.charge)

    def contradiction(self, other: Constraint) -> str | None:
        """Return another charge, more pieces than are allowed, or what a part has too much of."""
        if isinstance(other, Charge) and other.charge != self.charge:
            return f"the charge is not both {self.charge:+d} and {other.charge:+d}"
        if isinstance(other, Connected) and not self.radicals:
            pieces, most = fewest_pieces(dict(self.atoms), self.charge), other.fragments[1]
            if most is not None and pieces > most:
                return f"these atoms make {pieces} pieces at least, not {shown_count(other.fragments)}"
        return super().contradiction(other)

    def fault(self, entity: Entity) -> str | None:
        """Return the formula where it is another."""
        if not isinstance(entity, Molecule):
            return f"{self.name} asks for a molecule"
        found = entity.formula
        same = Formula.parse(found) == Formula(tuple(sorted(self.atoms)), self.charge)
        return self.radical_fault(entity) if same else f"the formula is {found}"
