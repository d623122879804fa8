"""The linear scorer: fitted as scikit-learn fits, kept as JSON, and worth what its card says."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from biomatrix.errors import BioMatrixError
from biomatrix.links.crispri import TEST_FILE, TRAIN_FILE, TestedPairs, read_tested_pairs
from biomatrix.links.features import Columns
from biomatrix.links.gene_places import read_gene_places
from biomatrix.links.linear_scorer import WEIGHTS, LinearScorer, fitted_scorer
from biomatrix.links.tested_figures import ALL, BEYOND, figures
from biomatrix.links.train import SETS, SHIPPED, trained


def made(seed: int, pairs: int = 400) -> tuple[Columns, np.ndarray]:
    draw = np.random.default_rng(seed)
    columns = {name: draw.normal(size=pairs) * scale for name, scale in (("a", 1.0), ("b", 5.0), ("c", 0.1))}
    return columns, draw.random(pairs) < 1.0 / (1.0 + np.exp(3.0 - 2.0 * columns["a"] + 0.2 * columns["b"]))


@pytest.mark.parametrize("seed", range(3))
def test_it_is_scikit_learns_balanced_regression(seed: int) -> None:
    columns, truth = made(seed)
    ours = fitted_scorer("x", columns, truth, ("a", "b", "c"), np.zeros(2), penalty=2.0)
    values = np.stack(list(columns.values()), axis=1)
    theirs = LogisticRegression(C=0.5, class_weight="balanced", tol=1e-12, max_iter=5000)
    theirs.fit(scaled := StandardScaler().fit_transform(values), truth)
    apart = ours.score(columns) - theirs.decision_function(scaled)
    share = truth.mean()
    np.testing.assert_allclose(apart, np.log(share / (1 - share)), atol=1e-4)


def test_pairs_of_one_sort_fit_nothing() -> None:
    columns, truth = made(0)
    with pytest.raises(BioMatrixError, match="true and on false"):
        fitted_scorer("x", columns, np.zeros_like(truth), ("a",), np.zeros(2))


@pytest.mark.parametrize("name", SHIPPED)
def test_what_ships_is_whole_and_comes_back_as_it_was(name: str, tmp_path: Path) -> None:
    scorer = LinearScorer.from_pretrained(name)
    assert scorer.features == SETS[name]
    assert "K562" in scorer.about["trained_on"]
    scorer.save(tmp_path / "again.json")
    assert (tmp_path / "again.json").read_bytes() == (WEIGHTS / f"{name}.json").read_bytes()
    rising = scorer.reads_per_million(np.linspace(0, 1, 40))
    assert (np.diff(rising) >= 0).all()
    near = dict.fromkeys(scorer.features, np.zeros(2)) | {"log_distance": np.log([2e3, 5e5])}
    assert np.diff(scorer.score(near))[0] < 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": 2}, "format 1"),
        ({"weights": [1.0]}, "numbers of 2 features"),
        ({"scales": [1.0, 0.0]}, "scale not above 0"),
        ({"intercept": float("nan")}, "not finite"),
        ({"signal_quantiles": [2.0, 1.0]}, "quantiles fall"),
        ({"means": None}, "numbers of 2 features"),
        ({"features": None}, "no scorer of links"),
    ],
)
def test_a_spoilt_file_is_refused(change: dict[str, object], message: str, tmp_path: Path) -> None:
    told = json.loads((WEIGHTS / "distance_accessibility.json").read_text())
    path = tmp_path / "mine.json"
    path.write_text(json.dumps(told | change))
    with pytest.raises(BioMatrixError, match=message):
        LinearScorer.from_pretrained(path)


def test_a_name_that_none_has() -> None:
    with pytest.raises(BioMatrixError, match="'accesibility'; did you mean accessibility"):
        LinearScorer.from_pretrained("accesibility")


@pytest.fixture(scope="module")
def data(shared: Path) -> Path:
    return shared / "data" / "single_cell"


@pytest.fixture(scope="module")
def tested(data: Path) -> tuple[TestedPairs, Columns]:
    pairs = read_tested_pairs(data / "crispri_links" / TEST_FILE)
    return pairs, pairs.features(read_gene_places(data / "genes" / "human_genes.parquet"))


@pytest.mark.parametrize(
    ("name", "least"),
    [("distance", (0.35, 0.044)), ("distance_accessibility", (0.45, 0.087)), ("accessibility", (0.45, 0.10)),
     ("marks", (0.59, 0.25))],
)  # fmt: skip
def test_the_figures_on_five_cell_types(
    name: str, least: tuple[float, float], tested: tuple[TestedPairs, Columns]
) -> None:
    pairs, columns = tested
    scorer = LinearScorer.from_pretrained(name)
    found = figures(pairs, scorer.score(columns))
    assert found[ALL].auprc >= least[0]
    assert found[BEYOND].auprc >= least[1]
    stated = scorer.about["test_five_cell_types"]
    stated_auprc = {group: one["auprc"] for group, one in stated.items()}
    assert {group: one.auprc for group, one in found.items()} == pytest.approx(stated_auprc, abs=1e-3)


def test_the_files_come_from_the_training_pairs_alone(data: Path, tmp_path: Path) -> None:
    genes = read_gene_places(data / "genes" / "human_genes.parquet")
    again = trained("accessibility", data / "crispri_links", genes)
    shipped = LinearScorer.from_pretrained("accessibility")
    np.testing.assert_allclose(again.weights, shipped.weights, rtol=1e-6)
    assert again.about["sha256"] == shipped.about["sha256"]
    pairs = read_tested_pairs(data / "crispri_links" / TRAIN_FILE)
    assert (len(pairs), int(pairs.regulated.sum()), set(pairs.cell_type)) == (10_356, 471, {"K562"})
