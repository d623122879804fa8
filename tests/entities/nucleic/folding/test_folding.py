"""Folding: what the laws of energies and ensembles say, batches, and what is refused."""

from __future__ import annotations

import random
from math import exp

import numpy as np
import pytest

from biomatrix.entities.nucleic.folding.batches import fold_each
from biomatrix.entities.nucleic.folding.ensembles import GAS, KELVIN, ensemble, opening_energy
from biomatrix.entities.nucleic.folding.library import LONGEST, letters_to_fold
from biomatrix.entities.nucleic.folding.local import local_unpaired
from biomatrix.entities.nucleic.folding.structures import evaluate, fold, partners_of
from biomatrix.errors import BioMatrixError, LimitError, ParseError

pytest.importorskip("RNA", reason="the extra fold is not installed")


def sequence(seed: int, length: int) -> str:
    return "".join(random.Random(seed).choices("ACGU", k=length))


@pytest.mark.parametrize("seed", range(4))
def test_energies_and_probabilities_agree_with_one_another(seed: int) -> None:
    letters = sequence(seed, 60)
    folded, whole = fold(letters), ensemble(letters)
    assert evaluate(letters, folded.structure) == pytest.approx(folded.energy, abs=1e-4)
    assert evaluate(letters, "." * 60) == 0
    assert whole.free_energy <= whole.mfe.energy == pytest.approx(folded.energy)
    assert 0 < whole.probability(folded.energy) <= 1
    assert np.allclose(whole.pairs, whole.pairs.T)
    assert (whole.pairs.sum(axis=1) <= 1 + 1e-6).all()
    partners = np.array(partners_of(folded.structure))
    right = [whole.unpaired[i] if j < 0 else whole.pairs[i, j] for i, j in enumerate(partners)]
    assert whole.defect(folded.structure) == pytest.approx(1 - np.mean(right))


def test_what_opening_one_base_costs_is_its_probability() -> None:
    letters = sequence(9, 40)
    whole = ensemble(letters)
    for place in (3, 17, 30):
        cost = opening_energy(letters, place, place + 1)
        assert exp(-cost / (GAS * (37 + KELVIN))) == pytest.approx(whole.unpaired[place], abs=1e-3)
    assert opening_energy(letters, 10, 20) >= opening_energy(letters, 12, 15) >= 0
    with pytest.raises(ParseError, match="no stretch"):
        opening_energy(letters, 5, 41)


def test_one_window_sees_what_the_whole_ensemble_sees() -> None:
    letters = sequence(2, 80)
    assert local_unpaired(letters, 80, 80) == pytest.approx(ensemble(letters).unpaired, abs=0.02)


def test_a_batch_goes_on_past_what_is_refused_and_processes_do_not_change_it(monkeypatch: pytest.MonkeyPatch) -> None:
    given = [sequence(1, 30), "ACGX", sequence(2, 30)]
    one, refused, other = fold_each(fold, given)
    assert (one, other) == (fold(given[0]), fold(given[2]))
    assert isinstance(refused, BioMatrixError)
    assert refused.position == 3
    monkeypatch.setattr("biomatrix.entities.nucleic.folding.batches.START", 0)
    assert list(fold_each(fold, [given[0], given[2]], workers=2)) == [one, other]


def test_letters_are_read_as_rna_and_broken_input_is_refused() -> None:
    assert letters_to_fold("acgtRN") == "ACGUNN"
    assert fold("gggTGAAAtCCC").structure == fold("GGGUGAAAUCCC").structure
    for wrong in ("", "AC-GU", "ACGP"):
        with pytest.raises(ParseError):
            fold(wrong)
    with pytest.raises(LimitError, match="10,000"):
        fold("A" * (LONGEST + 1))
    for wrong, place in (("(()", 0), ("())", 2), (".[.", 1)):
        with pytest.raises(ParseError) as error:
            partners_of(wrong)
        assert error.value.position == place
    with pytest.raises(ParseError, match="does not belong"):
        evaluate("ACGU", "...")
