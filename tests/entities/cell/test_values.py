"""What a matrix holds is found out and said; what it cannot be is refused."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from biomatrix.entities.cell.values import decide_values, to_cp10k
from biomatrix.errors import ConfigurationError, UnsupportedError


def _counts(seed: int = 0, cells: int = 40, genes: int = 300) -> csr_matrix:
    random = np.random.default_rng(seed)
    return csr_matrix(random.negative_binomial(1, 0.4, (cells, genes)).astype(np.float32))


def _scaled(counts: csr_matrix, per: float) -> csr_matrix:
    made = counts.astype(np.float64)
    sums = np.asarray(made.sum(axis=1)).ravel()
    made.data *= np.repeat(per / sums, np.diff(made.indptr))
    return made


def _logged(counts: csr_matrix, per: float = 10_000.0, base: float | None = None) -> csr_matrix:
    made = _scaled(counts, per)
    made.data = np.log1p(made.data) / (1.0 if base is None else np.log(base))
    return made.astype(np.float32)


def test_counts_are_counts() -> None:
    found = decide_values(_counts())
    assert (found.scale, found.where) == ("counts", "X")
    assert "all values are whole" in found.why


@pytest.mark.parametrize("per", [10_000.0, 1e6, 2345.0])
def test_logarithms_tell_to_how_many_counts_cells_were_scaled(per: float) -> None:
    counts = _counts()
    found = decide_values(_logged(counts, per))
    assert found.scale == "log1p_cp10k"
    assert found.per == pytest.approx(per, rel=0.01)
    _, brought = to_cp10k(found, _logged(counts, per))
    np.testing.assert_allclose(brought.data, _logged(counts).data, rtol=1e-4)


def test_logarithms_of_which_genes_were_left_out_are_known_by_their_steps_and_totals() -> None:
    counts = _counts()
    few = _logged(counts)[:, :60]
    found = decide_values(few)
    assert found.scale == "log1p_cp10k"
    assert "taken to be to 10,000" in found.why
    totals = np.asarray(counts.sum(axis=1), dtype=np.float64).ravel()
    assert decide_values(few, totals=totals).per == 10_000
    assert decide_values(_logged(counts, 1e6)[:, :60], totals=totals).per == 1e6
    assert decide_values(_logged(counts, 1e6)[:, :60]).scale == "other"  # nothing tells the scaling


@pytest.mark.parametrize("base", [2.0, 10.0])
def test_another_base_is_told_and_not_taken(base: float) -> None:
    found = decide_values(_logged(_counts(), base=base))
    assert found.scale == "other"
    assert f"log{base:.0f}" in found.why


def test_what_is_neither_is_other() -> None:
    random = np.random.default_rng(1)
    assert decide_values(csr_matrix(random.uniform(0.1, 3, (20, 50)).astype(np.float32))).scale == "other"
    assert "without a logarithm" in decide_values(_scaled(_counts(), 1e4).astype(np.float32)).why
    assert "negative" in decide_values(csr_matrix(random.normal(size=(20, 50)).astype(np.float32))).why
    ones = csr_matrix((random.uniform(size=(50, 60)) < 0.5).astype(np.float32))
    assert "0 or 1" in decide_values(ones).why


def test_what_values_cannot_be_is_refused() -> None:
    counts, logged = _counts(), _logged(_counts())
    with pytest.raises(UnsupportedError, match="no matrix of counts but of logarithms"):
        decide_values(logged, asked="counts")
    with pytest.raises(UnsupportedError, match="no matrix of log1p values"):
        decide_values(counts, asked="log1p_cp10k")
    with pytest.raises(UnsupportedError, match="no matrix of counts"):
        decide_values(-counts, asked="counts")
    with pytest.raises(ConfigurationError, match="values='count'"):
        decide_values(counts, asked="count")  # type: ignore[arg-type]
    assert decide_values(logged, asked="other").scale == "other"
    assert "as was said" in decide_values(logged, asked="rank").why


def test_nothing_is_counts_of_nothing() -> None:
    assert decide_values(csr_matrix((3, 4), dtype=np.float32)).scale == "counts"


@pytest.mark.parametrize(
    ("file", "scale", "words"),
    [
        ("kang_ifnb", "counts", "all values are whole"),
        ("cell_lines_protocols", "counts", "all values are whole"),
        ("pbmc_three_chemistries", "log1p_cp10k", "with the totals of cells 10,000"),
        ("pancreas_two_studies", "other", "log2"),
    ],
)
def test_real_files(shared, file: str, scale: str, words: str) -> None:  # type: ignore[no-untyped-def]
    from biomatrix.entities.cell.cell_set import CellSet

    read = CellSet.from_file(shared / f"data/single_cell/{file}/{file}.h5ad")
    assert read.scale == scale
    assert words in read.notes[0]
    if scale != "counts":
        with pytest.raises(UnsupportedError, match="counts are needed"):
            read.counts()
