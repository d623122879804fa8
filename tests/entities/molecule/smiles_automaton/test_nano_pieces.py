"""Every canonical SMILES of real molecules is allowed, token by token, over a trained vocabulary."""

from __future__ import annotations

import numpy as np
import pytest

import biomatrix as bm
from biomatrix.entities.automaton import Bounds
from biomatrix.entities.molecule.examples import bundled_component
from biomatrix.vocabulary import Vocabulary


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    return bm.load("nano").vocabulary


def test_examples_are_allowed(vocabulary: Vocabulary) -> None:
    automaton = vocabulary.automaton("molecule_smiles")
    for molecule in map(bundled_component, ("ALA", "TRP", "ATP", "CFF", "NAD", "PHE", "CLR")):
        ids = vocabulary.encode_entity(molecule, "molecule_smiles")[1:]
        states = automaton.start(Bounds(len(ids) + 40))[None]
        for id_ in ids:
            ranges = automaton.allowed(states)[0]
            assert ((ranges[:, 0] <= id_) & (id_ < ranges[:, 1])).any(), (molecule.smiles, id_)
            states = automaton.advance(states, np.array([id_]))
        assert automaton.finished(states).all()
