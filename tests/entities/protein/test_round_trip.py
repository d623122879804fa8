"""Round trips of chains: figures agree with what was done to them, and failures are named."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from biomatrix.entities import Protein, ProteinStructureTokenizer, Reject
from biomatrix.entities.protein.examples import bundled_protein
from biomatrix.entities.protein.round_trip.measure import measure_proteins
from biomatrix.errors import ConfigurationError
from biomatrix.metrics.summaries import plain


@pytest.fixture(scope="module")
def geometric() -> ProteinStructureTokenizer:
    return ProteinStructureTokenizer.from_pretrained("geometric-256")


def test_measured_chains(geometric: ProteinStructureTokenizer) -> None:
    chain = bundled_protein()
    assert chain.backbone is not None
    bare = Protein("AAA", np.full((3, 3, 3), np.nan, dtype=np.float32))
    far = Protein("AAA", chain.backbone[:3] + np.float32(1e6))
    trip = measure_proteins([chain, bare, far, Reject("x", 1, None, "broken")], geometric)
    assert (trip.records, len(trip.each), trip.residues) == (4, 1, len(chain))
    assert sorted(failure.kind for failure in trip.failures) == ["LimitError", "ParseError", "UnsupportedError"]
    assert trip.errors.rmsd.max < 0.5
    assert trip.errors.tm_score.min > 0.98
    assert trip.errors.bonds_to_ideal["C-N"].mae < 1e-3
    assert trip.errors.bonds["N-CA"].count == int(chain.resolved.sum())
    assert trip.errors.omega.kept == trip.errors.omega.total
    assert trip.noisy is None
    assert "3 failed" in trip.as_text(1)
    json.dumps(plain(trip), allow_nan=False)


def test_noise_is_measured_reproducibly_and_grows(geometric: ProteinStructureTokenizer) -> None:
    chains = [bundled_protein(), bundled_protein("1ia1")]
    trips = [
        measure_proteins(chains, geometric, noise=share, seed=seed) for share, seed in ((0.02, 0), (0.2, 0), (0.2, 0))
    ]
    small, large, again = (trip.noisy for trip in trips)
    assert small is not None
    assert large is not None
    assert large == again
    assert small.changed <= 0.021
    assert trips[0].errors.tm_score.mean > small.errors.tm_score.mean > large.errors.tm_score.mean


class _Offset(ProteinStructureTokenizer):
    """Every decoded atom moved along x by a constant a residue: a known error."""

    architecture = "offset"

    def __init__(self, chain: NDArray[np.float32]) -> None:
        super().__init__("offset", "0")
        self.chain = chain

    @classmethod
    def from_weights(cls, stored: object) -> _Offset:
        raise ConfigurationError("made by hand")

    @property
    def num_codes(self) -> int:
        return 1

    @property
    def code_features(self) -> NDArray[np.float64]:
        return np.zeros((1, 1))

    def tensors(self) -> dict[str, NDArray[np.float32]]:
        return {"chain": self.chain}

    def prepare(self, entity: Protein) -> Protein:
        return entity

    def encode_batch(self, prepared: Sequence[Protein]) -> list[NDArray[np.int16]]:
        return [np.zeros(len(protein), dtype=np.int16) for protein in prepared]

    def decode_batch(self, prepared: Sequence[NDArray[np.int64]]) -> list[NDArray[np.float32]]:
        stretched = self.chain * np.array([1.1, 1.0, 1.0], dtype=np.float32)
        return [stretched[: len(each)] for each in prepared]


def test_bond_errors_of_a_stretched_chain_are_positive() -> None:
    chain = bundled_protein()
    assert chain.backbone is not None
    errors = measure_proteins([chain], _Offset(chain.backbone)).errors
    for bond in ("N-CA", "CA-C", "C-N"):
        assert 0.0 < errors.bonds[bond].bias <= 0.1 * 1.6
        assert errors.bonds[bond].mae == pytest.approx(errors.bonds[bond].bias)
    assert errors.rmsd.mean > 0.5
