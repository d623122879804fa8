"""Nano, and one greedy request of every kind of output."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from biomatrix.entities import Protein
from biomatrix.generation import Model, Request, Sampling, load

GREEDY = Sampling(greedy=True)
FOLD = ["Fold ", Protein("MKVLAAGWTYHE"), "."]


@pytest.fixture(scope="session")
def nano() -> Model:
    """The shipped model."""
    return load("nano")


@pytest.fixture(scope="session")
def requests() -> list[Request]:
    """Every modality, several in one answer, text, lengths, budgets, constraints; prompts of unequal length."""
    return [
        Request("Make a molecule.", "molecule_selfies", sampling=GREEDY, max_new_tokens=16),
        Request("Write any molecule you like.", "molecule_smiles", sampling=GREEDY, max_new_tokens=12),
        Request("Make a molecule.", "molecule_structure", 7, sampling=GREEDY),
        Request(FOLD, "protein_structure", 12, sampling=GREEDY),
        Request("Write a protein.", "protein_sequence", 15, sampling=GREEDY, system="Be brief."),
        Request("", "protein_sequence", 9, sampling=GREEDY, raw=True),
        Request(["Describe ", Protein("MKVLA"), "."], sampling=GREEDY, max_new_tokens=12),
        Request("Write a protein.", ["protein_sequence", "protein_structure"], 5, sampling=GREEDY),
        Request("Write.", "protein_sequence", (6, 9), ["composition=no:L,P>=1", "fixed=2:GS"], sampling=GREEDY),
        Request("Is it toxic?", constraints=["choices=toxic|harmless"], sampling=GREEDY),
    ]


@pytest.fixture(scope="session")
def greedy_ids(nano: Model, requests: Sequence[Request]) -> list[tuple[int, ...]]:
    """What the engine in this process answers."""
    return [group[0].token_ids for group in nano.engine.generate(requests)]
