"""Pairs as vectors: an entity whose vector says nothing is refused alone, with a store and without one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import biomatrix as bm
from biomatrix.entities.encoder import DirectEncoder
from biomatrix.errors import ConfigurationError
from biomatrix.soft.alignment.encoded import encoded_pairs, with_known_texts
from biomatrix.soft.alignment.pairs import Pair, PairSet
from biomatrix.soft.alignment.word_counts import WordCounts

PAIRS = PairSet(tuple(Pair(bm.Molecule.from_smiles("C" * n), (f"chain of {n}",)) for n in range(1, 6)), "some pairs")


class Odd(DirectEncoder):
    """Gives what no encoder should for molecules of two and four atoms."""

    kind, k, d, pooling, hash = "molecule", 1, 2, "none", "0" * 64

    def vectors_of(self, entity: Any) -> Any:
        bad = {2: [[np.nan, 1]], 4: [[0, 0]]}
        return np.array(bad.get(entity.num_atoms, [[1, entity.num_atoms]]), dtype=np.float32)


@pytest.mark.parametrize("cached", [False, True])
def test_one_bad_vector_leaves_the_others(cached: bool, tmp_path: Path) -> None:
    kept, vectors, rejects = encoded_pairs(PAIRS, Odd(), tmp_path if cached else None)
    assert vectors[:, 0, 1].tolist() == [1, 3, 5]
    assert len(kept) == 3
    assert [(one.file, one.record) for one in rejects] == [("some pairs", 2), ("some pairs", 4)]


def test_no_vectors_at_all_is_an_error() -> None:
    with pytest.raises(ConfigurationError, match="NaN"):
        encoded_pairs(PAIRS.of([1]), Odd())


def test_a_text_of_unknown_words_is_one_refusal() -> None:
    side = WordCounts(width=4)
    side.fit(["a chain of two", "a chain of three", "an acid"])
    texts = [("an acid", "zymurgy"), ("zymurgy", "an acid"), ("a chain",)]
    pairs = PairSet(tuple(Pair(bm.Molecule.from_smiles("C"), told) for told in texts), "found texts")
    vectors = np.arange(3, dtype=np.float32).reshape(3, 1, 1)
    kept, found, rejects = with_known_texts(pairs, vectors, side)
    assert [pair.texts for pair in kept.pairs] == [("an acid",), ("a chain",)]
    assert found[:, 0, 0].tolist() == [0, 2]
    assert [(one.file, one.record) for one in rejects] == [("found texts", 2)]
    with pytest.raises(ConfigurationError, match="nothing in any of the 1 texts"):
        with_known_texts(pairs.of([1]), vectors[1:2], side)
