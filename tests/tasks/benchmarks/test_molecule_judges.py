"""Judges of S2-Bench, MolOpt-Instructions and QM9: right answers score best, others do not, what is missing is said."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from biomatrix.errors import BioMatrixError, ConfigurationError
from biomatrix.evaluation.answer_log import Place
from biomatrix.evaluation.judged import judged
from biomatrix.evaluation.rows import Rows
from biomatrix.tasks.benchmarks.answers import GOLD
from biomatrix.tasks.benchmarks.examples import Example, Prediction
from biomatrix.tasks.benchmarks.judges.drugassist import LEARNED
from biomatrix.tasks.benchmarks.judges.qm9 import molecule_of
from biomatrix.tasks.benchmarks.judging import judge
from biomatrix.tasks.benchmarks.loading import load_examples
from biomatrix.tasks.benchmarks.registry import benchmark, benchmarks
from biomatrix.tasks.benchmarks.sample_data import sample_folder
from biomatrix.tasks.benchmarks.scorers import molecule_scorers
from biomatrix.tasks.benchmarks.scorers.learned_scorers import register_scorer, unregister_scorer
from biomatrix.tasks.benchmarks.scorers.molecule_scorers import conformer_scorer, register_predictors
from biomatrix.tasks.benchmarks.validating import validate_benchmark

NAMES = [name for name, one in benchmarks().items() if one.data.source.name in ("s2_bench", "molopt", "qm9")]
S2 = [name for name in NAMES if benchmark(name).data.source.name == "s2_bench"]
MOLOPT = [name for name in NAMES if benchmark(name).data.source.name == "molopt"]


@pytest.fixture(autouse=True)
def no_scorers() -> Iterator[None]:
    yield
    for name in (*LEARNED, "mu"):
        unregister_scorer(name)


def examples(name: str, folder: Path | None = None) -> list[Example]:
    data = benchmark(name).data
    return [each for each in load_examples(data, folder or sample_folder(data)) if isinstance(each, Example)]


def answers(asked: Sequence[Example]) -> list[Prediction]:
    return [Prediction(each.facts[GOLD]) for each in asked]


@pytest.mark.parametrize("name", NAMES)
def test_it_validates_on_its_sample(name: str) -> None:
    found = validate_benchmark(benchmark(name))
    assert (found.faults, found.rejects, found.missing) == ((), 0, "")
    assert found.gold


@pytest.mark.parametrize("name", S2)
def test_only_right_answers_succeed(name: str) -> None:
    asked = examples(name)
    unchanged = [Prediction(each.facts["row"].get("molecule", "CCCCCCCCCCCC#N")) for each in asked]
    assert judge(benchmark(name), unchanged, asked)["sr"].value == 0
    none = judge(benchmark(name), [Prediction(""), *[Prediction("C(", None, "broken")] * (len(asked) - 1)], asked)
    assert (none["sr"].value, none["validity"].value) == (0, 0)
    assert (none["sr"].empty, none["sr"].unparsable) == (1, len(asked) - 1)
    half = judge(benchmark(name), [*answers(asked)[:1], *[Prediction("")] * (len(asked) - 1)], asked)
    assert half["sr"].value == pytest.approx(1 / len(asked))


def test_novelty_needs_the_known_molecules(tmp_path: Path) -> None:
    name = "mol_custom_atomnum"
    folder = tmp_path / "s2_bench"
    shutil.copytree(sample_folder(benchmark(name).data), folder)
    asked = examples(name, folder)
    without = judge(benchmark(name), answers(asked), asked)
    assert np.isnan(without["wsr"].value)
    assert "ZINC-250k" in without["wsr"].reason
    (tmp_path / "zinc250k.csv").write_text("smiles,logP\nCCO,0.1\nnone,0\n")
    scores = judge(benchmark(name), answers(asked), asked)
    assert 0 < scores["wsr"].value < 1
    assert scores["wsr"].value == pytest.approx(scores["sr"].value * scores["novelty"].value)


def test_each_criterion_counts_the_answers_to_its_own_wording() -> None:
    name = "mol_opt_molopt_qed"
    asked = [each for each in examples(name) if GOLD in each.facts]
    given = answers(asked)
    strict = [number for number, each in enumerate(asked) if each.facts["criterion"] == "strict"]
    for number in strict:
        given[number] = Prediction("C(", None, "broken")
    scores = judge(benchmark(name), given, asked)
    assert (scores["correct_loose"].value, scores["correct_strict"].value) == (1, 0)
    assert (scores["validity_loose"].value, scores["validity_strict"].value) == (1, 0)
    assert scores["correct_strict"].denominator == len(strict)
    items = scores["correct_loose"].items
    assert items is not None
    assert np.flatnonzero(np.isnan(items)).tolist() == strict
    assert np.nanmean(items) == scores["correct_loose"].value


def test_an_answer_in_words_is_read_as_officially() -> None:
    name = "mol_opt_molopt_donor"
    asked = [each for each in examples(name) if GOLD in each.facts]
    given = [replace(each, text=f"Sure, here it is: {each.text}.", fault="words") for each in answers(asked)]
    assert judge(benchmark(name), given, asked)["correct_loose"].value == 1


@pytest.mark.parametrize("name", ["mol_opt_molopt_solubility", "mol_opt_molopt_bbbp", "mol_opt_molopt_herg"])
def test_properties_that_nobody_knows_are_left_out(name: str) -> None:
    asked = examples(name)
    given = [Prediction("CCCCCCCCCCCCO")] * len(asked)
    scores = judge(benchmark(name), given, asked)
    assert np.isnan(scores["correct_loose"].value)
    assert scores["correct_loose"].denominator == 0
    assert "no predictor is registered" in scores["correct_loose"].reason
    for each in LEARNED:
        register_scorer(each, lambda predictions, examples: [-0.1 if "herg" in name else 99.0] * len(predictions))
    assert judge(benchmark(name), given, asked)["correct_loose"].value == 1


def test_the_property_of_an_answer_is_what_a_scorer_says() -> None:
    name = "mol3d_cond_mu"
    asked = examples(name)
    given = [Prediction("C", each.target) for each in asked]
    without = judge(benchmark(name), given, asked)["mae"]
    assert np.isnan(without.value)
    assert "EGNN" in without.reason
    register_scorer("mu", lambda predictions, examples: [each.facts["value"] + 0.5 for each in examples])
    assert judge(benchmark(name), given, asked)["mae"].value == pytest.approx(0.5)


def test_molecules_without_coordinates_count_against_every_share() -> None:
    name = "mol3d_uncond_qm9"
    asked = examples(name) * 2
    target = asked[0].target
    assert target is not None
    scores = judge(benchmark(name), [Prediction("C", target), Prediction("")], asked)
    assert (scores["2d_v_and_c"].value, scores["2d_mol_stable"].value) == (0.5, 0.5)
    assert set(scores) >= {metric.name for metric in benchmark(name).metrics}


class Sizes:
    """Takes a molecule's number of atoms, or of letters, for its property."""

    def predict(self, given: Sequence[Any]) -> Any:
        lengths = [each if each is None or isinstance(each, str) else "." * each.GetNumAtoms() for each in given]
        return np.asarray([np.nan if each is None else float(len(each)) for each in lengths])


def test_predictors_become_scorers(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = examples("mol3d_cond_homo")
    given = [Prediction("C", each.target) for each in asked[:-1]] + [Prediction("")]
    found = list(conformer_scorer("homo", Sizes())(given, asked))
    target = asked[0].target
    assert target is not None
    assert found[0] == 1000.0 * molecule_atoms(given[0])
    assert np.isnan(found[-1])
    monkeypatch.setattr(molecule_scorers, "load_scorer", lambda name, source, device: Sizes())
    register_predictors({"mu": "weights", "esol": "weights"})
    scores = judge(benchmark("mol3d_cond_mu"), given, examples("mol3d_cond_mu"))
    assert np.isfinite(scores["mae"].value)
    assert scores["mae"].denominator == len(asked) - 1
    with pytest.raises(ConfigurationError, match="no learned property 'charm'"):
        register_predictors({"charm": "weights"})


def test_absent_weights_are_one_line(tmp_path: Path) -> None:
    pytest.importorskip("biomatrix.metrics.learned.egnn", reason="the EGNN classifier is not part of this package")
    with pytest.raises(BioMatrixError):
        register_predictors({"mu": tmp_path / "none.safetensors"})


def molecule_atoms(prediction: Prediction) -> int:
    mol = molecule_of(prediction)
    assert mol is not None
    return int(mol.GetNumAtoms())


def test_every_score_of_requests_has_an_interval() -> None:
    for name in ("mol_opt_s2_logp", "mol_opt_molopt_qed"):
        asked = [each for each in examples(name) if GOLD in each.facts]
        rows = Rows(tuple(asked), (0,) * len(asked), len(asked), 0, (), "")
        predictions = {Place(0, row, 0): each for row, each in enumerate(answers(asked))}
        predictions[Place(0, 0, 0)] = Prediction("C(", None, "broken")
        found = judged(benchmark(name), rows, predictions, [0])
        reported = [metric.name for metric in benchmark(name).metrics]
        assert [found.intervals[each].reason for each in reported] == [""] * len(reported)


def test_a_chain_of_thousands_of_atoms_does_not_end_the_process() -> None:
    from itertools import islice

    from biomatrix.tasks.benchmarks.answers import prediction_of
    from biomatrix.tasks.benchmarks.examples import Example
    from biomatrix.tasks.benchmarks.judging import judge
    from biomatrix.tasks.benchmarks.loading import load_examples
    from biomatrix.tasks.benchmarks.registry import benchmark
    from biomatrix.tasks.benchmarks.sample_data import sample_folder

    one = benchmark("mol_opt_molopt_solubility")
    rows = islice(load_examples(one.data, sample_folder(one.data), "test"), 4)
    examples = [row for row in rows if isinstance(row, Example)]
    for raw in ("C" * 30_000, "It is " + "C" * 30_000):
        scores = judge(one, [prediction_of(one, raw)] * len(examples), examples)
        assert scores["validity_loose"].value == 0
