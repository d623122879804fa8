"""Counts of elements, heavy atoms and rings are kept by every walk, and no walk ends dead."""

from __future__ import annotations

import itertools
from collections import Counter
from typing import Any

import numpy as np
import pytest
from rdkit import Chem

from biomatrix.entities.automaton import Bounds
from biomatrix.entities.molecule.counts import CountsMolecules, MoleculeCounts
from biomatrix.entities.molecule.modalities.selfies_symbols import default_alphabet
from biomatrix.entities.molecule.selfies import read_symbols
from biomatrix.errors import ConfigurationError

BARE = [symbol for symbol in default_alphabet() if not set(symbol) & set("@/\\")]
COUNTS = {
    "a formula": MoleculeCounts({"C": (8, 8), "O": (2, 2)}, others=False),
    "ends of chains": MoleculeCounts({"C": (6, 6), "F": (3, 3), "N": (1, None)}),
    "a ring of all": MoleculeCounts({"C": (6, 6)}, others=False, rings=(1, 1)),
    "two rings": MoleculeCounts({"C": (5, 10), "Cl": (2, 2), "S": (1, 1)}, others=False, rings=(2, 2)),
    "atoms": MoleculeCounts(atoms=(12, 15)),
    "one that is full": MoleculeCounts({"C": (1, 1), "F": (4, 4)}, others=False),
    "none of an element": MoleculeCounts({"C": (0, 0)}),
    "rings at least": MoleculeCounts({"C": (10, 12)}, rings=(3, None)),
}


def check_counts(counts: MoleculeCounts, symbols: list[str]) -> None:
    """Assert that the molecule is within its counts."""
    mol = Chem.MolFromSmiles(read_symbols(symbols).smiles)
    found = Counter(atom.GetSymbol() for atom in mol.GetAtoms() if atom.GetAtomicNum() > 1)
    rings = mol.GetNumBonds() - mol.GetNumAtoms() + len(Chem.GetMolFrags(mol))
    limits = [(found[element], limit) for element, limit in counts.elements.items()]
    for number, (least, most) in [*limits, (sum(found.values()), counts.atoms), (rings, counts.rings)]:
        assert least <= number <= (number if most is None else most)
    assert counts.others or set(found) <= set(counts.elements)


@pytest.mark.parametrize("wish", COUNTS)
@pytest.mark.parametrize("name", ["molecule_selfies", "molecule_structure"])
def test_walks_keep_counts(name: str, wish: str, language: Any, every_symbol_counts: Any) -> None:
    spoken = language(name, BARE, codes=1)
    assert isinstance(spoken.automaton, CountsMolecules)
    spoken.automaton = spoken.automaton.counting(COUNTS[wish])
    for seed in range(3):
        symbols = spoken.symbols(spoken.walk(Bounds(60 + 7 * seed), seed, stop=0.1))
        every_symbol_counts(symbols)
        check_counts(COUNTS[wish], symbols)


@pytest.mark.parametrize(
    "counts",
    [
        MoleculeCounts({"C": (2, 3), "F": (2, 2)}, others=False),
        MoleculeCounts({"C": (3, 3)}, others=False, rings=(0, 1)),
        MoleculeCounts(atoms=(3, 4), rings=(0, 0)),
    ],
)
def test_no_way_through_a_small_alphabet_ends_dead(counts: MoleculeCounts, language: Any) -> None:
    alphabet = ["[C]", "[F]", "[=C]", "[Branch1]", "[Ring1]"]
    spoken = language("molecule_selfies", alphabet)
    automaton = spoken.automaton.counting(counts)
    ways = 0
    for budget in itertools.chain(range(2, 11), [14]):
        try:
            todo = [(automaton.start(Bounds(budget)), ())]
        except ConfigurationError:
            continue
        while todo and ways < 4000:
            state, ids = todo.pop()
            if automaton.finished(state[None])[0]:
                check_counts(counts, [spoken.tokens[id_] for id_ in ids[:-1]])
                ways += 1
                continue
            options = [i for start, stop in automaton.allowed(state[None])[0] for i in range(start, stop)]
            assert options
            rows = automaton.advance(np.repeat(state[None], len(options), axis=0), np.array(options))
            todo += [(row, (*ids, id_)) for row, id_ in zip(rows, options, strict=True)]
    assert ways > 3


def test_what_cannot_be_counted_is_refused(language: Any) -> None:
    spoken = language("molecule_selfies", ["[C]", "[F]", "[Branch1]"])
    with pytest.raises(ConfigurationError, match="hydrogens are not counted"):
        spoken.automaton.counting(MoleculeCounts({"H": (1, 1)}))
    with pytest.raises(ConfigurationError, match="no element"):
        spoken.automaton.counting(MoleculeCounts({"Xx": (1, 1)}))
    too_many = MoleculeCounts({"C": (1, 1)}, others=False, atoms=(2, 2))
    for counts in (MoleculeCounts({"N": (1, 1)}), too_many, MoleculeCounts(rings=(1, 1))):
        with pytest.raises(ConfigurationError, match="these counts"):
            spoken.automaton.counting(counts).start(Bounds(50))
    with pytest.raises(ConfigurationError, match="cannot both be kept"):
        spoken.automaton.counting(MoleculeCounts()).start(Bounds(50, 5))
