"""One molecule's symbols, as the encoder writes them, laid over a vocabulary: a conformer of a given molecule."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias

from biomatrix.entities.automaton import Automaton
from biomatrix.entities.molecule.entity import Molecule
from biomatrix.entities.molecule.selfies import atom_mask
from biomatrix.entities.molecule.selfies_automaton.alphabet import Spelt
from biomatrix.entities.molecule.selfies_automaton.fixed import FixedAutomaton
from biomatrix.entities.molecule.structure.graph import ordered_graph
from biomatrix.errors import ConfigurationError

Hydrogens: TypeAlias = bool | Literal["as given"]


def exact_graph(automaton: Automaton, molecule: Molecule, *, hydrogens: Hydrogens = True) -> FixedAutomaton:
    """Return the automaton of the joint tokens whose symbols are those of a molecule; codes alone are free.

    Parameters
    ----------
    automaton : Automaton
        Of ``molecule_structure``, perhaps narrowed already.
    molecule : Molecule
        With or without a conformer; stereo marks and isotopes are not in the symbols.
    hydrogens : bool or "as given"
        Whether every hydrogen is an atom of its own, as in the molecules of corpora; none; or those that are explicit
        in the molecule.

    Raises
    ------
    UnsupportedError
        The molecule has no SELFIES.
    ConfigurationError
        The vocabulary lacks a symbol, or every code of an atom's symbol: the message names it; or the automaton is
        not one of SELFIES symbols.
    """
    if hydrogens is not True and hydrogens is not False and hydrogens != "as given":
        raise ConfigurationError(f'hydrogens is true, false or "as given", not {hydrogens!r}')
    if hydrogens != "as given":
        molecule = molecule.with_hydrogens() if hydrogens else molecule.without_hydrogens()
    symbols = ordered_graph(molecule.mol, fragments=True).symbols
    return _fixed(automaton, symbols, atom_mask(symbols).tolist(), f"the graph of {molecule.smiles[:80]}")


def exact_string(automaton: Automaton, symbols: Sequence[str]) -> FixedAutomaton:
    """Return the automaton of one SELFIES string; ConfigurationError names a symbol that the vocabulary lacks."""
    return _fixed(automaton, symbols, [True] * len(symbols), f"the string {''.join(symbols)[:80]}")


def _fixed(automaton: Automaton, symbols: Sequence[str], atoms: Sequence[bool], what: str) -> FixedAutomaton:
    if not isinstance(automaton, Spelt):
        raise ConfigurationError(f"{what} can be kept only while SELFIES symbols are written, not in another modality")
    choices = [automaton.alphabet.ids_of(*pair) for pair in zip(symbols, atoms, strict=True)]
    for place, ids in enumerate(choices):
        if not ids:
            role = "as an atom" if atoms[place] else "without a code"
            raise ConfigurationError(f"the vocabulary lacks the symbol {symbols[place]} {role}, which {what} needs")
    return FixedAutomaton(automaton, choices, what)
