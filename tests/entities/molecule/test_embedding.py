"""Conformers from graphs: the same on any machine, and an end to the work."""

from __future__ import annotations

import re
import time

import numpy as np
import pytest

from biomatrix.entities import Molecule
from biomatrix.entities.molecule import embedding
from biomatrix.errors import UnsupportedError

IMPOSSIBLE = "C[C@]12C[C@@]3(C)C[C@](C)(C1)C[C@@](C)(C2)C3"
"""Adamantane with two methyls turned inwards."""


def test_a_cage_without_geometry_ends_and_says_what_was_allowed() -> None:
    with pytest.raises(UnsupportedError, match=re.escape("embed(attempts=...)")) as caught:
        Molecule.from_smiles(IMPOSSIBLE).embed(attempts=5)
    assert "5 starting positions from distances and 5 at random" in caught.value.message


def test_no_clock_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    handed = []
    plain = embedding._parameters

    def watched(seed: int, attempts: int) -> object:
        handed.append(plain(seed, attempts))
        return handed[-1]

    monkeypatch.setattr(embedding, "_parameters", watched)
    monkeypatch.setattr(time, "monotonic", None)
    Molecule.from_smiles("CC(=O)Nc1ccccc1").embed(seed=0)
    assert handed
    assert all(parameters.timeout == 0 for parameters in handed)


def test_what_is_tried_falls_with_the_size_and_never_ends_at_nothing() -> None:
    counts = [embedding.default_attempts(size) for size in (1, 20, 60, 100, 200, 400, 1000)]
    assert counts[:2] == [10, 200]
    assert counts[2:] == sorted(counts[2:], reverse=True)
    assert counts[-1] == 2


def test_starts_that_fit_no_coordinates_do_not_use_up_the_attempts(monkeypatch: pytest.MonkeyPatch) -> None:
    crowded = Molecule.from_smiles("CC(C)(C)C12C3(C(C)(C)C)C1(C(C)(C)C)C23C(C)(C)C")  # the 94th start is the first good
    whole = crowded.embed(seed=0).coordinates
    monkeypatch.setattr(embedding, "default_attempts", lambda size: 3)
    few = crowded.embed(seed=0).coordinates
    assert whole is not None
    assert few is not None
    assert np.array_equal(whole, few)


def test_a_peptide_too_long_for_the_first_start_gets_its_conformer() -> None:
    peptide = Molecule.from_smiles("NCC(=O)" * 8 + "O").embed(seed=0)
    assert peptide.has_conformer


def test_a_force_field_short_of_its_minimum_is_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedding, "FORCE_FIELD_STEPS", 2)
    assert "MMFF94 stopped after 2 steps" in Molecule.from_smiles("CCCCCCO").embed(seed=0).notes[0]


@pytest.mark.parametrize("seed", [-1, 2**31 - 1, 2**70, 1.5, "0", None])
def test_a_seed_out_of_range_is_refused(seed: int) -> None:
    with pytest.raises(UnsupportedError, match=r"the seed is .* whole number from 0 to"):
        Molecule.from_smiles("CCO").embed(seed=seed)


@pytest.mark.parametrize("attempts", [0, -3, 2**70, 2.5, "many"])
def test_attempts_out_of_range_are_refused(attempts: int) -> None:
    with pytest.raises(UnsupportedError, match=r"attempts is .* whole number from 1 to"):
        Molecule.from_smiles("CCO").embed(attempts=attempts)


@pytest.mark.exhaustive
def test_a_peptide_of_thirty_residues_gets_its_conformer() -> None:
    side_chains = ["C", "CC(C)C", "CO", "CCC(N)=O", "Cc1ccccc1", "CC(=O)O"] * 5
    text = "".join(f"N[C@@H]({side})C(=O)" for side in side_chains) + "O"
    assert Molecule.from_smiles(text).embed(seed=0).num_atoms > 400
