"""k-mer counts of a sequence as an encoder."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from biomatrix import Protein
from biomatrix.entities.protein.encoders.kmers import KmerCounts
from biomatrix.errors import ConfigurationError, UnsupportedError


@pytest.mark.parametrize("length", [1, 2, 3])
def test_squares_are_the_shares_of_all_kmers(length: int) -> None:
    letters = np.random.default_rng(length).choice(list("ACDEFGHIKLMNPQRSTVWYXU"), 300)
    protein = Protein.from_sequence("".join(letters))
    words = ["".join(one) for one in product("ACDEFGHIKLMNPQRSTVWY", repeat=length)]
    seen = [protein.sequence[at : at + length] for at in range(300 - length + 1)]
    counts = np.array([seen.count(word) for word in words])
    encoder = KmerCounts(length=length)
    (found,) = encoder.encode([protein])
    assert (found.shape, found.dtype) == ((1, 20**length), np.float32)
    np.testing.assert_allclose(found[0] ** 2, counts / counts.sum(), atol=1e-6)


def test_only_the_sequence_counts() -> None:
    encoder, protein = KmerCounts(), Protein.from_sequence("MKTAYIAKQR", "one")
    assert encoder.key(protein) == encoder.key(replace(protein, name="two", chain="B", notes=("a note",)))
    assert encoder.hash != KmerCounts(length=2).hash


def test_sequences_without_a_kmer_are_refused() -> None:
    found = KmerCounts().encode_each([Protein.from_sequence(one) for one in ("MK", "XXXXXX", "MKT")])
    assert [type(one) for one in found] == [UnsupportedError, UnsupportedError, np.ndarray]
    assert "2 residues hold no k-mer of 3 letters" in str(found[0])
    with pytest.raises(ConfigurationError, match="from 1 to 3"):
        KmerCounts(length=4)
