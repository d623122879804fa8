"""Fitting of the geometric codec: reproducible, finer with more codes, refused where it cannot be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from biomatrix.entities import Protein
from biomatrix.entities.protein.structure.geometric.tokenizer import GeometricTokenizer
from biomatrix.entities.protein.structure.geometric.training import GeometricFit, fit_tokenizer, save_tokenizer
from biomatrix.entities.protein.structure.tokenizer import ProteinStructureTokenizer
from biomatrix.errors import ConfigurationError
from biomatrix.metrics.superposition import rmsd

Build = Callable[..., NDArray[np.float64]]

SMALL = GeometricFit(
    num_codes=48,
    num_cis=4,
    num_break=8,
    closed_rounds=2,
    synthetic_breaks=400,
    num_beams=2,
    num_candidates=16,
    num_cells=16,
    shift_base=4,
    shift_stages=3,
)


@pytest.fixture(scope="module")
def chains(built_chain: Build) -> list[Protein]:
    return [Protein.from_backbone(built_chain(seed, 90, cis_at=tuple(range(5, 90, 9)))) for seed in range(30)]


def mean_error(tokenizer: ProteinStructureTokenizer, chains: list[Protein]) -> float:
    decoded = tokenizer.decode(tokenizer.encode(chains))
    return float(
        np.mean(
            [
                rmsd(back.reshape(-1, 3), chain.backbone.reshape(-1, 3))
                for back, chain in zip(decoded, chains, strict=True)
                if chain.backbone is not None
            ]
        )
    )


def test_a_fit_is_reproducible_and_saves_itself(tmp_path: Path, chains: list[Protein]) -> None:
    first, second = fit_tokenizer(chains, SMALL), fit_tokenizer(chains, SMALL)
    assert np.array_equal(first.codebook.rotations, second.codebook.rotations)
    assert np.array_equal(first.codebook.translations, second.codebook.translations)
    fingerprint = save_tokenizer(tmp_path, first, SMALL, {"licence": "test"})
    opened = ProteinStructureTokenizer.from_pretrained(tmp_path)
    assert isinstance(opened, GeometricTokenizer)
    assert opened.fingerprint == fingerprint
    assert np.array_equal(opened.code_features, first.code_features)
    for one, two in zip(opened.encode(chains), second.encode(chains), strict=True):
        assert np.array_equal(one, two)


def test_more_codes_are_finer(chains: list[Protein], built_chain: Build) -> None:
    unseen = [Protein.from_backbone(built_chain(seed, 60)) for seed in range(100, 108)]
    coarse = fit_tokenizer(chains, SMALL)
    fine = fit_tokenizer(chains, replace(SMALL, num_codes=256))
    assert mean_error(fine, unseen) < 0.6 * mean_error(coarse, unseen)


def test_impossible_settings_are_refused(built_chain: Build) -> None:
    for wrong in ({"num_cis": 128, "num_break": 128}, {"num_cis": 6}, {"probe": (1.0, 2.0)}):
        with pytest.raises(ConfigurationError):
            GeometricFit(**wrong)  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError, match="give more chains"):
        fit_tokenizer([Protein.from_backbone(built_chain(0, 20))])
