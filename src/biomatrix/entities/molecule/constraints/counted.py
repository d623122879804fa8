"""What constraints that count atoms and bonds share: they narrow by counting, and look by counting."""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, ClassVar, Self

from biomatrix.entities.constraint import Constraint
from biomatrix.entities.molecule.constraints.radicals import Radicals, unpaired_electrons
from biomatrix.entities.molecule.counts import CountsMolecules, MoleculeCounts, shown_count
from biomatrix.entities.molecule.entity import Molecule
from biomatrix.entities.molecule.parts import part_of
from biomatrix.entities.molecule.possible_counts import impossibility
from biomatrix.errors import ConfigurationError

if TYPE_CHECKING:
    from biomatrix.entities.automaton import Automaton
    from biomatrix.entities.base_entity import Entity
    from biomatrix.entities.base_modality import Modality
    from biomatrix.entities.segment_ids import SegmentIds


@dataclass(frozen=True)
class CountConstraint(Constraint):
    """Limits on counts of a molecule.

    Parameters
    ----------
    radicals : bool
        Whether the molecule may have unpaired electrons; so it is beside a constraint on them.
    """

    kind: ClassVar[str | None] = "molecule"

    radicals: bool = field(default=False, kw_only=True)

    @property
    @abstractmethod
    def counts(self) -> MoleculeCounts:
        """The limits."""

    @property
    def limits(self) -> MoleculeCounts:
        """The limits, and whether there may be unpaired electrons."""
        return replace(self.counts, radicals=self.radicals)

    def beside(self, others: Sequence[object]) -> Self:
        """Return the constraint with radicals allowed where another one speaks of them."""
        return replace(self, radicals=self.radicals or any(isinstance(one, Radicals) for one in others))

    def contradiction(self, other: Constraint) -> str | None:
        """Return what a part that the other asks for has more of than there may be."""
        part, counts = part_of(other), self.counts
        if part is None:
            return None
        found = [(number, counts.element(symbol), symbol) for symbol, number in part.elements.items()]
        found.append((part.elements.total(), counts.atoms, "heavy atoms"))
        found.append((part.rings, counts.rings, "rings"))
        found += [(part.bond_kinds[kind], limits, f"{kind} bonds") for kind, limits in counts.bonds.items()]
        for number, (_, most), what in found:
            if most is not None and number > most:
                return f"{part.text} takes {number} {what}, not {shown_count((0, most))}"
        return None

    def narrow(self, automaton: Automaton, modality: Modality, ids: SegmentIds) -> Automaton:
        """Count while the molecule is written."""
        if not isinstance(automaton, CountsMolecules):
            raise ConfigurationError(
                f"{self.name} is kept by counting atoms and bonds as they are written, which {modality.name} does not; "
                "ask for one that does, such as molecule_selfies"
            )
        _check_written(self.counts, modality, ids)
        impossible = impossibility(self.limits)
        if impossible is not None:
            raise ConfigurationError(f"{self.name}: no molecule is such: {impossible}")
        return automaton.counting(self.limits)

    def fault(self, entity: Entity) -> str | None:
        """Return the first count outside its limits."""
        if not isinstance(entity, Molecule):
            return f"{self.name} asks for a molecule"
        return self.counts.fault(entity.mol) or self.radical_fault(entity)

    def radical_fault(self, molecule: Molecule) -> str | None:
        """Return how many unpaired electrons a molecule has, where it should have none."""
        found = 0 if self.radicals else unpaired_electrons(molecule)
        return f"{found} unpaired electrons: a radical, which is not asked for" if found else None


def _check_written(counts: MoleculeCounts, modality: Modality, ids: SegmentIds) -> None:
    """Raise ConfigurationError where no token writes an element that must occur."""
    if modality.spelled_as_text:
        return
    for symbol, (least, _) in counts.elements.items():
        atom = re.compile(rf"\[[=#/\\-]*\d*{symbol}(?![a-z])")
        if least and not any(atom.match(token) for token in ids.tokens):
            raise ConfigurationError(
                f"no token of {modality.name} in this vocabulary writes {symbol}; ask for another output"
            )
