"""A given molecule: its symbols are kept, and a conformer of it is all that is left to write."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Self

from biomatrix.entities.constraint import Constraint
from biomatrix.entities.molecule.constraints.scaffold import Scaffold
from biomatrix.entities.molecule.entity import Molecule
from biomatrix.entities.molecule.identity import graph_key
from biomatrix.entities.molecule.matching import is_part
from biomatrix.errors import ConfigurationError, LimitError

if TYPE_CHECKING:
    from biomatrix.entities.automaton import Automaton
    from biomatrix.entities.base_entity import Entity
    from biomatrix.entities.base_modality import Modality
    from biomatrix.entities.molecule.selfies_automaton.exact_graph import Hydrogens
    from biomatrix.entities.segment_ids import SegmentIds


@dataclass(frozen=True)
class ExactGraph(Constraint):
    """The molecule itself: every atom and bond of a given one.

    In ``molecule_structure`` its symbols are forced and the structure codes are free, so that a conformer of it is
    written; in ``molecule_selfies`` its string is.

    Parameters
    ----------
    molecule : Molecule
    hydrogens : bool or "as given"
        Whether a conformer has every hydrogen as an atom, none, or those that are explicit in the molecule.
    stereo : bool
        Whether the answer must also have its stereochemistry: of a conformer, what its coordinates show.
    """

    kind: ClassVar[str | None] = "molecule"
    name: ClassVar[str] = "graph"
    help: ClassVar[str] = "a SMILES string whose molecule is written, such as a conformer of it; stereo marks are kept"
    example: ClassVar[str] = "CC(=O)Oc1ccccc1C(=O)O"

    molecule: Molecule
    hydrogens: Hydrogens = True
    stereo: bool = False

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a SMILES string; its stereochemistry is asked for where it marks any."""
        return cls(Molecule.from_smiles(text.strip()), stereo=not set(text).isdisjoint("@/\\"))

    def narrow(self, automaton: Automaton, modality: Modality, ids: SegmentIds) -> Automaton:
        """Force the symbols; ConfigurationError names one that the vocabulary lacks."""
        from biomatrix.entities.molecule.selfies_automaton import exact_graph, exact_string

        if modality.name == "molecule_structure":
            return exact_graph(automaton, self.molecule, hydrogens=self.hydrogens)
        if modality.name == "molecule_selfies":
            return exact_string(automaton, modality.encode(self.molecule))
        raise ConfigurationError(
            f"{self.name} is kept where SELFIES symbols are written; ask for molecule_structure or molecule_selfies"
        )

    def contradiction(self, other: Constraint) -> str | None:
        """Return how the molecule breaks what the other asks of graphs; its stereochemistry is left to be judged."""
        if other.kind != self.kind:
            return None
        judged = replace(other, stereo=False) if isinstance(other, ExactGraph) else other
        try:
            if isinstance(other, Scaffold) and is_part(self.molecule.mol, other.molecule.mol):
                return None
            faults = [judged.fault(one) for one in (self.molecule, self.molecule.with_hydrogens())]
        except LimitError:
            return None
        return None if None in faults else f"the graph is {self.molecule.smiles[:80]}, and {faults[0]}"

    def fault(self, entity: Entity) -> str | None:
        """Return how the graph, or the stereochemistry where it is asked for, differs."""
        from biomatrix.entities.molecule.compare import shown_stereochemistry

        if not isinstance(entity, Molecule):
            return f"{self.name} asks for a molecule"
        asked, found = graph_key(self.molecule.mol), graph_key(entity.mol)
        if asked != found:
            return f"the molecule is {found[:80]}, not {asked[:80]}"
        if self.stereo:
            asked, found = shown_stereochemistry(self.molecule), shown_stereochemistry(entity)
            if asked != found:
                return f"the stereochemistry is that of {found[:80]}, not of {asked[:80]}"
        return None
