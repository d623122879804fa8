"""From an automaton of molecules to one whose strings hold a scaffold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from biomatrix.entities.molecule.counts import MoleculeCounts
from biomatrix.entities.molecule.modalities.smiles import MoleculeSmiles
from biomatrix.entities.molecule.scaffolds.automaton import ScaffoldAutomaton
from biomatrix.entities.molecule.scaffolds.text import scaffold_text
from biomatrix.entities.molecule.smiles_automaton.counting.automaton import CountingSmilesAutomaton

if TYPE_CHECKING:
    from rdkit import Chem

    from biomatrix.entities.automaton import Automaton
    from biomatrix.entities.base_modality import Modality
    from biomatrix.entities.segment_ids import SegmentIds


def with_scaffold(automaton: Automaton, modality: Modality, ids: SegmentIds, scaffold: Chem.Mol) -> Automaton:
    """Return the automaton of SMILES strings that hold a scaffold; any other automaton as it is.

    It is left as it is, too, where the scaffold has unpaired electrons: there it must be bonded, which a string of its
    own atoms does not say; and where it holds another scaffold already.
    """
    bonded = any(atom.GetNumRadicalElectrons() for atom in scaffold.GetAtoms())
    if not isinstance(modality, MoleculeSmiles) or bonded or isinstance(automaton, ScaffoldAutomaton):
        return automaton
    counts = automaton.counts if isinstance(automaton, CountingSmilesAutomaton) else MoleculeCounts()
    return ScaffoldAutomaton(automaton, ids.spelling(), scaffold_text(scaffold), counts)
