"""A sequence that fits its structure stands out from shuffled ones, where the scorer knows the difference."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from biomatrix.entities import Molecule, Protein
from biomatrix.errors import ConfigurationError, UnsupportedError
from biomatrix.trust import ModelAgreement, check_agreement, score_agreement

CHAIN = Protein("MKVLAAGWDE", np.zeros((10, 3, 3), dtype=np.float32))


@dataclass
class Scored:
    logprob: float


def places_kept(prompt: Sequence[Any], continuation: Sequence[Any]) -> Scored:
    """Score by the letters that stand where they stand in the answer's own sequence."""
    (given, written), ((answer, answered),) = prompt[-1], continuation
    assert (written, answered) == ("protein_sequence", "protein_structure")
    return Scored(float(sum(a == b for a, b in zip(given.sequence, answer.sequence, strict=True))))


def test_the_true_sequence_stands_out() -> None:
    check = check_agreement(places_kept, CHAIN)
    assert check.name == "protein_structure agrees with protein_sequence"
    assert check.passed
    assert check.detail.startswith("rank 1 of 20")


def test_decoys_are_the_same_for_the_same_seed() -> None:
    first, second = (score_agreement(places_kept, CHAIN, decoys=5, seed=3) for _ in range(2))
    assert first == second
    assert first != score_agreement(places_kept, CHAIN, decoys=5, seed=4)


def test_a_scorer_that_sees_no_difference_decides_nothing() -> None:
    agreement = score_agreement(lambda *_: Scored(-5.0), CHAIN, decoys=4)
    assert math.isnan(agreement.z)
    assert agreement.rank == 5
    assert agreement.as_check("any").passed is None


def test_chance_passes_one_time_in_twenty() -> None:
    draw = np.random.default_rng(0)
    passed = [
        ModelAgreement(float(draw.normal()), tuple(draw.normal(size=19).tolist())).as_check("any").passed
        for _ in range(2000)
    ]
    assert 0.03 < np.mean(np.array(passed, dtype=bool)) < 0.09


def test_what_cannot_be_scored_is_refused() -> None:
    with pytest.raises(UnsupportedError, match="no structure"):
        check_agreement(places_kept, Protein("MKV"))
    with pytest.raises(UnsupportedError, match="no modality of a molecule"):
        check_agreement(places_kept, Molecule.from_smiles("CCO"))
    with pytest.raises(ConfigurationError, match="at least 2"):
        check_agreement(places_kept, CHAIN, decoys=1)
