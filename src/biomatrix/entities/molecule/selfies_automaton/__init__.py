"""The automaton of SELFIES symbols, which knows their derivation, and that of one given molecule."""

from biomatrix.entities.molecule.selfies_automaton.automaton import SelfiesAutomaton
from biomatrix.entities.molecule.selfies_automaton.exact_graph import exact_graph, exact_string

__all__ = ["SelfiesAutomaton", "exact_graph", "exact_string"]
