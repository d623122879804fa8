"""The automaton of SELFIES and of molecules in 3D, which may be told to count."""

from __future__ import annotations

from biomatrix.entities.molecule.counts import MoleculeCounts
from biomatrix.entities.molecule.selfies_automaton.counting import CountingAutomaton
from biomatrix.entities.molecule.selfies_automaton.derivation_automaton import DerivationAutomaton


class SelfiesAutomaton(DerivationAutomaton):
    """Guides the inside of a segment of SELFIES symbols; see :class:`DerivationAutomaton`."""

    def counting(self, counts: MoleculeCounts) -> CountingAutomaton:
        """Return the automaton of the molecules within the counts of elements, heavy atoms and rings.

        Bonds by type are left to the finished molecule.

        Raises
        ------
        ConfigurationError
            No element has such a name; when it starts, that no molecule with such counts is known.
        """
        return CountingAutomaton(self, counts)
