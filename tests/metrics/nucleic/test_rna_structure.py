"""Strands in 3D compared: recorded values of decoys, and properties that hold for any points."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from biomatrix.errors import UnsupportedError
from biomatrix.metrics.lddt import lddt, residue_lddt
from biomatrix.metrics.nucleic.rna_structure import (
    gdt_ts,
    grnade_tm_score,
    rna_d0,
    rna_tm_score,
    rna_tm_scores,
    sold_lddt,
)
from biomatrix.metrics.superposition import rmsd, superimpose

Rotations = Callable[..., NDArray[np.float64]]
UNIT = 0.01
"""Angstrom: coordinates of the decoys are stored in hundredths, the recorded values come from thousandths."""


@pytest.fixture(scope="module")
def decoys(shared: Path) -> list[dict[str, Any]]:
    import pyarrow.parquet as pq

    return list(pq.read_table(shared / "data/nucleic/rna3d/decoys.parquet").to_pylist())


def points(row: dict[str, Any], atom: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    found = [np.array(row[f"{atom}_{which}"], dtype=np.float64).reshape(-1, 3) * UNIT for which in ("decoy", "native")]
    return found[0], found[1]


every = pytest.mark.parametrize("step", [pytest.param(9, id="some"), pytest.param(1, id="all", marks=pytest.mark.slow)])


@every
def test_tm_score_is_that_of_us_align(decoys: list[dict[str, Any]], step: int) -> None:
    found = rna_tm_scores([points(row, "c3") for row in decoys[::step]])
    assert len(found) == 198 // step
    assert np.abs(np.array(found) - [row["tm_usalign_c3"] for row in decoys[::step]]).max() < 0.002


@every
def test_decoys_score_as_recorded(decoys: list[dict[str, Any]], step: int) -> None:
    """Within 1e-3 in the mean; what is beyond it is what rounding moves across a threshold: few distances at most."""
    metrics = {"tm_protein_d0_c4": grnade_tm_score, "rmsd_c4": rmsd, "lddt_c4": sold_lddt, "gdt_ts_c4": gdt_ts}
    farthest = {"tm_protein_d0_c4": 1e-3, "rmsd_c4": 2e-3, "lddt_c4": 3e-3, "gdt_ts_c4": 1 / (4 * 38)}
    for name, metric in metrics.items():
        gaps = [abs(float(metric(*points(row, "c4"))) - row[name]) for row in decoys[::step]]
        assert np.mean(gaps) < 1e-3, name
        assert max(gaps) <= farthest[name], name


@pytest.mark.parametrize("seed", range(3))
def test_scores_are_bounded_and_do_not_depend_on_the_place(seed: int, random_rotations: Rotations) -> None:
    rng = np.random.default_rng(seed)
    native = np.cumsum(rng.normal(size=(40, 3)) * 3.4, axis=0)
    decoy = native + rng.normal(size=native.shape) * rng.uniform(0.2, 6)
    moved = decoy @ random_rotations(rng).T + rng.normal(size=3) * 50
    for score in (rna_tm_score, sold_lddt, gdt_ts, grnade_tm_score):
        assert 0 <= score(decoy, native) <= 1
        assert score(moved, native) == pytest.approx(score(decoy, native), abs=1e-6)
        assert score(native @ random_rotations(rng).T, native) == pytest.approx(1.0, abs=1e-9)
    # One superposition can only score less than the best one.
    distance = np.linalg.norm(superimpose(decoy, native) - native, axis=1)
    assert (1 / (1 + (distance / rna_d0(40)) ** 2)).mean() <= rna_tm_score(decoy, native) + 1e-9


def test_missing_nucleotides_count_as_said() -> None:
    rng = np.random.default_rng(5)
    native = np.cumsum(rng.normal(size=(60, 3)) * 3.4, axis=0)
    half = native.copy()
    half[30:] = np.nan
    assert rna_tm_score(half, native) == pytest.approx(0.5, abs=1e-6)
    assert rna_tm_score(native, half) == pytest.approx(1.0, abs=1e-9)
    assert gdt_ts(half, native) == pytest.approx(0.5)
    assert sold_lddt(half, native) < 0.55
    assert np.isnan(residue_lddt(native, half)[30:]).all()
    assert grnade_tm_score(native[:14], native[:14]) == 0.0
    for wrong in (native[:5], np.full_like(native, np.nan)):
        with pytest.raises(UnsupportedError):
            rna_tm_score(wrong, native)


def test_the_two_means_of_lddt_agree_on_equal_neighbourhoods() -> None:
    rng = np.random.default_rng(6)
    cluster = rng.normal(size=(20, 3)) * 2  # everything is within 15 A of everything
    other = cluster + rng.normal(size=cluster.shape)
    assert sold_lddt(other, cluster) == pytest.approx(lddt(other, cluster))


def test_d0_grows_without_a_step_down() -> None:
    values = [rna_d0(length) for length in range(1, 400)]
    assert all(a <= b + 1e-9 for a, b in itertools.pairwise(values))
