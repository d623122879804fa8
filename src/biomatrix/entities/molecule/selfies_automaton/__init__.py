"""The automaton of SELFIES symbols, which knows their derivation."""

from biomatrix.entities.molecule.selfies_automaton.automaton import SelfiesAutomaton

__all__ = ["SelfiesAutomaton"]
