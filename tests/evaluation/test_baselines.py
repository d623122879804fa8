"""Baselines: what each answers, that it depends on nothing but the training split and the seed, and its speed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from biomatrix.entities import Molecule, Protein
from biomatrix.errors import ConfigurationError
from biomatrix.evaluation.answering import Question
from biomatrix.evaluation.baselines import BASELINES, open_baseline
from biomatrix.evaluation.baselines.learned_answers import drawn
from biomatrix.metrics.bit_likeness import BitSets, letter_runs, packed, shape_runs, text_bits
from biomatrix.tasks.benchmarks.answers import prediction_of
from biomatrix.tasks.benchmarks.benchmark import Benchmark
from biomatrix.tasks.benchmarks.examples import Example
from biomatrix.tasks.benchmarks.registry import benchmark
from biomatrix.tasks.benchmarks.wording import question_parts
from biomatrix.tasks.task_definition import Task

LETTERS = np.array(list("ACDEFGHIKLMNPQRSTVWY"))


def sequence(seed: int, length: int = 60) -> str:
    return "".join(np.random.default_rng(seed).choice(LETTERS, length))


def pair(number: int, label: str, first: str | None = None) -> Example:
    proteins = [Protein.from_sequence(first or sequence(number)), Protein.from_sequence(sequence(number + 10_000))]
    fields = {f"protein_sequence_{place}": (each, "protein_sequence") for place, each in enumerate(proteins, 1)}
    return Example(str(number), dict(fields), (label,))


def asked(one: Benchmark, example: Example, seed: int = 0, notation: str = "smiles") -> Question:
    wording = question_parts(one, example, notation)
    return Question(one, example, wording.prompt, wording.output, wording.length, wording.constraints, seed=seed)


def editing() -> Benchmark:
    """Return a made-up benchmark that turns a molecule into another."""
    task = Task("edit", ("Add a group to {molecule}.",), "{molecule_smiles}", "molecule_smiles", parser="entity")
    return replace(benchmark("inter_bindingdb"), task=task, inputs=("molecule",), length="")


def molecule_row(key: str, shown: str, answer: str) -> Example:
    return Example(key, {"molecule": Molecule.from_smiles(shown)}, (answer,))


def test_unknown_baselines_are_named() -> None:
    with pytest.raises(ConfigurationError, match="majority"):
        open_baseline("majorty")
    for name in BASELINES:
        assert open_baseline(name).name == f"baseline:{name}"
        assert open_baseline(name).description["baseline"] == name


def test_majority_is_the_mean_of_numbers_and_the_most_frequent_label() -> None:
    numbers = benchmark("inter_ppi_affinity")
    mean = open_baseline("majority")
    mean.prepare(numbers, [pair(number, str(value)) for number, value in enumerate((2.0, 4.0, 9.0))])
    (reply,) = mean.answer([asked(numbers, pair(99, "1"))])
    assert prediction_of(numbers, reply.raw).text == "5.0"
    labels = benchmark("inter_yeast_ppi")
    most = open_baseline("majority")
    most.prepare(labels, [pair(number, label) for number, label in enumerate(("Yes", "No", "No"))])
    assert [reply.raw for reply in most.answer([asked(labels, pair(7, "Yes"))] * 2)] == ["No", "No"]


def test_nearest_follows_what_is_shown() -> None:
    one = benchmark("inter_yeast_ppi")
    nearest = open_baseline("nearest")
    nearest.prepare(one, [pair(number, "Yes" if number % 2 else "No") for number in range(40)])
    for number in (3, 8, 21):
        mutated = pair(number, "?", "W" + sequence(number)[1:])
        assert nearest.answer([asked(one, mutated)])[0].raw == ("Yes" if number % 2 else "No")


def test_nearest_knows_molecules_and_writes_the_notation_asked_for() -> None:
    one, nearest = editing(), open_baseline("nearest")
    nearest.prepare(one, [molecule_row("0", "CCO", "CCCO"), molecule_row("1", "c1ccccc1C", "c1ccccc1CO")])
    for notation in ("smiles", "selfies"):
        (reply,) = nearest.answer([asked(one, molecule_row("2", "c1ccccc1CC", "?"), notation=notation)])
        prediction = prediction_of(one, reply.raw, notation=notation)
        assert Molecule.from_smiles(prediction.text).smiles == "OCc1ccccc1"


def test_copy_hands_back_what_is_shown() -> None:
    one, copying = editing(), open_baseline("copy")
    copying.prepare(one, [])
    (reply,) = copying.answer([asked(one, molecule_row("0", "OCC", "?"))])
    assert prediction_of(one, reply.raw).text == "CCO"
    with pytest.raises(ConfigurationError, match="text"):
        open_baseline("copy").prepare(benchmark("inter_yeast_ppi"), [])
    folding = benchmark("prot3d_inverse_folding")
    hidden = Protein.from_backbone(np.random.default_rng(0).normal(size=(5, 3, 3)), "MKTAY")
    example = Example("0", {"protein_structure": hidden}, ("MKTAY",), hidden, {"residues": 5})
    with pytest.raises(ConfigurationError, match="shows no protein"):
        copying.answer([asked(folding, example)])


def test_nearest_of_a_structure_does_not_see_its_sequence() -> None:
    rng = np.random.default_rng(3)
    chains = [Protein.from_backbone(np.cumsum(rng.normal(size=(40, 3, 3)), axis=0), sequence(n, 40)) for n in range(9)]
    one, nearest = benchmark("prot3d_inverse_folding"), open_baseline("nearest")
    rows = [
        Example(str(n), {"protein_structure": each}, (each.sequence,), each, {"residues": 40})
        for n, each in enumerate(chains)
    ]
    nearest.prepare(one, rows)
    lure = Protein.from_backbone(chains[4].backbone, chains[7].sequence)
    (reply,) = nearest.answer([asked(one, Example("x", {"protein_structure": lure}, facts={"residues": 40}))])
    assert prediction_of(one, reply.raw).text == chains[4].sequence


def test_answers_of_exact_length_are_cut_to_it() -> None:
    one = benchmark("prot_uncond_seq")
    rows = [Example(str(n), {"residues": str(n)}, (sequence(n, n),), facts={"residues": n}) for n in (50, 90, 130)]
    question = asked(one, Example("q", {"residues": "70"}, facts={"residues": 70}))
    for name in ("majority", "nearest", "random"):
        baseline = open_baseline(name)
        baseline.prepare(one, rows)
        assert len(prediction_of(one, baseline.answer([question])[0].raw).text) == 70


def test_random_answers_come_from_the_seed_alone() -> None:
    one, rows = benchmark("inter_yeast_ppi"), [pair(n, "Yes" if n % 3 else "No") for n in range(30)]
    first, second = open_baseline("random"), open_baseline("random")
    first.prepare(one, rows)
    second.prepare(one, rows)
    questions = [asked(one, pair(n, "?"), seed=n) for n in range(12)]
    raws = [reply.raw for reply in first.answer(questions)]
    assert raws == [reply.raw for reply in second.answer(questions[::-1])][::-1]
    assert set(raws) == {"Yes", "No"}


@pytest.mark.parametrize("notation", ["smiles", "selfies"])
def test_random_molecules_are_valid_without_any_training(notation: str) -> None:
    one, baseline = editing(), open_baseline("random")
    baseline.prepare(one, _absent())
    replies = baseline.answer([asked(one, molecule_row("0", "CC", "?"), seed, notation) for seed in range(8)])
    for reply in replies:
        assert not prediction_of(one, reply.raw, notation=notation).fault


def _absent() -> Iterator[Example]:
    raise ConfigurationError("no split 'train'")
    yield


def test_text_without_training_is_said_to_be_impossible() -> None:
    for name in ("majority", "nearest", "random"):
        with pytest.raises(ConfigurationError):
            open_baseline(name).prepare(benchmark("inter_yeast_ppi"), _absent())
        with pytest.raises(ConfigurationError, match="no answers to learn from"):
            open_baseline(name).prepare(benchmark("inter_yeast_ppi"), [])


def test_a_sample_of_rows_is_even_and_in_order() -> None:
    assert drawn(range(10), 20) == list(range(10))
    sample = drawn(range(10_000), 500)
    assert sample == sorted(sample)
    assert len(sample) == 500
    assert 4_000 < np.mean(sample) < 6_000
    assert sample == drawn(range(10_000), 500)


def test_likeness_is_that_of_sets() -> None:
    rng = np.random.default_rng(0)
    sets = rng.random((70, 130)) < 0.3
    sets[0] = False
    found = BitSets.of([packed(each) for each in sets]).tanimoto(packed(sets[5]))
    wanted = [(each & sets[5]).sum() / (each | sets[5]).sum() for each in sets]
    assert np.allclose(found, wanted)
    assert BitSets.of([packed(sets[0])]).tanimoto(packed(sets[0])).tolist() == [1.0]
    assert letter_runs("MKTMKT").sum() == 3
    assert letter_runs("MXT").sum() == 0
    assert not shape_runs(np.zeros((2, 3))).any()
    assert np.array_equal(text_bits("A word"), text_bits("a  WORD"))


def test_fifty_thousand_rows_are_searched_quickly() -> None:
    rng = np.random.default_rng(0)
    known = BitSets.of(list(rng.integers(0, 2**63, size=(50_000, 32)).astype(np.uint64)))
    begun = time.perf_counter()
    for _ in range(10):
        known.tanimoto(known.words[7])
    assert (time.perf_counter() - begun) / 10 < 0.5
