"""The automaton of a given molecule: its symbols and no others, and a conformer of it."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

from biomatrix.entities import Molecule, modality
from biomatrix.entities.automaton import Bounds
from biomatrix.entities.molecule.constraints.exact_graph import ExactGraph
from biomatrix.entities.molecule.modalities.selfies_symbols import default_alphabet
from biomatrix.entities.molecule.selfies_automaton import exact_graph
from biomatrix.errors import ConfigurationError, ParseError, UnsupportedError

BARE = [symbol for symbol in default_alphabet() if not set(symbol) & set("@/\\")]
SMILES = [
    "CC(=O)Oc1ccccc1C(=O)O",
    "C[C@H](N)C(=O)O",
    "C12C3C4C1C5C2C3C45",
    "F/C=C/F",
    "C[N+](C)(C)CC(=O)[O-]",
    "[Na+].[Cl-]",
]


def written(spoken: Any, automaton: Any, seed: int) -> list[str]:
    """Return the tokens of a random walk through a narrowed automaton."""
    generator = random.Random(seed)
    states = automaton.start(Bounds(400))[None]
    tokens = []
    while not automaton.finished(states)[0]:
        left = int(automaton.tokens_to_close(states)[0])
        options = [i for start, stop in automaton.allowed(states)[0] for i in range(start, stop)]
        id_ = generator.choice(options)
        states = automaton.advance(states, np.array([id_]))
        assert int(automaton.tokens_to_close(states)[0]) == left - 1
        if id_ != automaton.end_id:
            tokens.append(spoken.tokens[id_])
    return tokens


@pytest.mark.parametrize("hydrogens", [True, False])
@pytest.mark.parametrize("smiles", SMILES)
def test_a_conformer_of_the_molecule_is_written(smiles: str, hydrogens: bool, language: Any) -> None:
    spoken = language("molecule_structure", BARE)
    wish = ExactGraph(Molecule.from_smiles(smiles), hydrogens=hydrogens)
    automaton = wish.narrow(spoken.automaton, spoken.modality, spoken.ids)
    for seed in range(3):
        molecule = spoken.modality.decode(written(spoken, automaton, seed))
        assert wish.fault(molecule) is None
        given = wish.molecule.with_hydrogens() if hydrogens else wish.molecule.without_hydrogens()
        assert molecule.num_atoms == given.num_atoms


@pytest.mark.parametrize("smiles", SMILES)
def test_the_string_of_the_molecule_is_written(smiles: str, language: Any) -> None:
    spoken = language("molecule_selfies", default_alphabet())
    wish = ExactGraph.parse(smiles)
    tokens = written(spoken, wish.narrow(spoken.automaton, spoken.modality, spoken.ids), 0)
    assert tokens == spoken.modality.encode(wish.molecule)
    assert wish.fault(spoken.modality.decode(tokens)) is None


def test_stereochemistry_is_looked_at_where_it_is_asked_for() -> None:
    other = Molecule.from_smiles("C[C@@H](N)C(=O)O")
    assert ExactGraph.parse("CC(N)C(=O)O").fault(other) is None
    assert "stereochemistry" in str(ExactGraph.parse("C[C@H](N)C(=O)O").fault(other))
    assert "not CC(N)C(=O)O" in str(ExactGraph.parse("CC(N)C(=O)O").fault(Molecule.from_smiles("CCO")))
    assert ExactGraph.parse("C[C@@H](N)C(=O)O").fault(other.embed(seed=1)) is None


def test_a_symbol_that_the_vocabulary_lacks_is_named(language: Any) -> None:
    spoken = language("molecule_structure", ["[C]", "[O]", "[Branch1]"])
    with pytest.raises(ConfigurationError, match=r"lacks the symbol \[H\] as an atom"):
        exact_graph(spoken.automaton, Molecule.from_smiles("CO"))
    with pytest.raises(ConfigurationError, match=r"lacks the symbol \[=O\] as an atom"):
        exact_graph(spoken.automaton, Molecule.from_smiles("C=O"), hydrogens=False)
    with pytest.raises(ConfigurationError, match=r"lacks the symbol \[Ring1\] without a code"):
        exact_graph(spoken.automaton, Molecule.from_smiles("C1CC1"), hydrogens=False)
    spoken = language("molecule_selfies", ["[C]", "[O]"])
    with pytest.raises(ConfigurationError, match=r"lacks the symbol \[=O\]"):
        ExactGraph.parse("C=O").narrow(spoken.automaton, spoken.modality, spoken.ids)


def test_what_contradicts_the_graph_is_refused(language: Any) -> None:
    spoken = language("molecule_structure", BARE)
    narrowed = exact_graph(spoken.automaton, Molecule.from_smiles("CCO"))
    assert narrowed.start(Bounds(400, 9)) == 0
    with pytest.raises(ConfigurationError, match="length asked for, 8"):
        narrowed.start(Bounds(400, 8))
    with pytest.raises(ConfigurationError, match="tokens, but only 5"):
        narrowed.start(Bounds(5))
    with pytest.raises(ConfigurationError, match="hydrogens is"):
        exact_graph(spoken.automaton, Molecule.from_smiles("C"), hydrogens="all")  # type: ignore[arg-type]
    with pytest.raises(UnsupportedError):
        exact_graph(spoken.automaton, Molecule.from_smiles("FI(F)(F)(F)F"))
    with pytest.raises(ParseError):
        ExactGraph.parse("C(")
    with pytest.raises(ConfigurationError, match="molecule_structure or molecule_selfies"):
        ExactGraph.parse("C").narrow(spoken.automaton, modality("molecule_smiles"), spoken.ids)
