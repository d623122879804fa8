"""The benchmarks of designed and folded proteins and of interactions: samples, prompts, gold answers, stand-ins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import biomatrix.tasks.benchmarks
from biomatrix.entities import Protein, Reject
from biomatrix.errors import ConfigurationError
from biomatrix.metrics.foldability import Fold
from biomatrix.tasks.benchmarks.answers import gold_answer, prediction_of
from biomatrix.tasks.benchmarks.examples import Example, Prediction
from biomatrix.tasks.benchmarks.judging import judge
from biomatrix.tasks.benchmarks.loaders.interaction_list import is_held_out
from biomatrix.tasks.benchmarks.loaders.prottex import question_of
from biomatrix.tasks.benchmarks.loading import load_examples
from biomatrix.tasks.benchmarks.published import published_scores
from biomatrix.tasks.benchmarks.registry import benchmark
from biomatrix.tasks.benchmarks.rows.pair_examples import shortest
from biomatrix.tasks.benchmarks.scorers import protein_scorers
from biomatrix.tasks.benchmarks.scorers.learned_scorers import register_scorer, unregister_scorer
from biomatrix.tasks.benchmarks.scorers.protein_scorers import ENVIRONMENT
from biomatrix.tasks.benchmarks.wording import question_parts
from biomatrix.tasks.templates import placeholders

SAMPLES = Path(biomatrix.tasks.benchmarks.__file__).parent / "samples"
NAMES = (
    "prot_t2p_cameo", "prot_t2p_molinst", "prot_uncond_seq", "prot3d_pfud", "prot3d_folding", "prot3d_inverse_folding",
    "prot3d_cogen", "prot3d_uncond_struct", "inter_bindingdb", "inter_pdbbind2019", "inter_yeast_ppi",
    "inter_human_ppi", "inter_ppi_affinity", "inter3d_pdbbind2020",
)  # fmt: skip
REJECTS = {
    "prot_t2p_cameo": 1, "prot_t2p_molinst": 1, "prot3d_pfud": 2, "prot3d_folding": 2, "prot3d_inverse_folding": 2,
    "inter_bindingdb": 1, "inter_yeast_ppi": 1, "inter_human_ppi": 1, "inter_ppi_affinity": 1,
    "inter3d_pdbbind2020": 2,
}  # fmt: skip


def rows(name: str, split: str = "test") -> tuple[list[Example], list[Reject]]:
    data = benchmark(name).data
    found = list(load_examples(data, SAMPLES / data.source.name, split))
    return [row for row in found if isinstance(row, Example)], [row for row in found if isinstance(row, Reject)]


@pytest.mark.parametrize("name", NAMES)
def test_prompts_are_many_distinct_and_ask_for_the_same(name: str) -> None:
    one = benchmark(name)
    assert len(set(one.task.prompts)) >= 20
    assert {frozenset(placeholders(prompt)) for prompt in one.task.prompts} == {frozenset(one.inputs)}


@pytest.mark.parametrize("name", NAMES)
def test_samples_load_and_fill_every_prompt(name: str) -> None:
    one = benchmark(name)
    examples, rejects = rows(name)
    assert len(examples) >= 2
    assert len(rejects) == REJECTS.get(name, 0)
    assert len({example.key for example in examples}) == len(examples)
    for example in examples[:3]:
        for number in range(len(one.task.prompts)):
            wording = question_parts(one, example, paraphrase=number)
            assert wording.length == (example.facts["residues"] if one.length else None)


@pytest.mark.parametrize("name", NAMES)
def test_metrics_are_those_that_are_published(name: str) -> None:
    assert {each.metric for each in published_scores(name)} == {metric.name for metric in benchmark(name).metrics}


@pytest.mark.parametrize("name", [name for name in NAMES if name not in ("prot3d_cogen",)])
def test_gold_answers_reach_the_best_value(name: str) -> None:
    one, (examples, _) = benchmark(name), rows(name)
    golds = [(example, gold_answer(one, example)) for example in examples]
    asked = [(example, gold) for example, gold in golds if gold is not None]
    predictions = [prediction_of(one, gold, example=example) for example, gold in asked]
    assert not any(prediction.fault for prediction in predictions)
    scores = judge(one, predictions, [example for example, _ in asked])
    for metric in one.metrics:
        if metric.best is not None and asked:
            assert scores[metric.name].value == pytest.approx(metric.best, abs=5e-3)
        assert metric.name in scores


def test_a_folded_gold_answer_is_as_near_as_the_structure_tokenizer_brings_it() -> None:
    one, (examples, _) = benchmark("prot3d_folding"), rows("prot3d_folding")
    whole = judge(one, [Prediction("", example.target) for example in examples], examples)
    assert whole["tm_score"].value > 0.999
    assert whole["rmsd"].value < 0.01
    coded = [prediction_of(one, str(gold_answer(one, example))) for example in examples]
    assert judge(one, coded, examples)["tm_score"].value > 0.6


def test_a_structure_of_another_length_is_no_prediction() -> None:
    one, (examples, _) = benchmark("prot3d_folding"), rows("prot3d_folding")
    short = [Prediction("", Protein.from_backbone(np.zeros((5, 3, 3)))) for _ in examples]
    scores = judge(one, short, examples)
    assert np.isnan(scores["tm_score"].value)
    assert scores["tm_score_corrected"].value == 0.0


@pytest.mark.parametrize("name", NAMES)
def test_metrics_without_their_model_say_what_they_need(name: str) -> None:
    one, (examples, _) = benchmark(name), rows(name)
    scores = judge(one, [Prediction("", None, "an empty answer") for _ in examples[:3]], examples[:3])
    for metric in one.metrics:
        assert scores[metric.name].reason.startswith("needs ") or scores[metric.name].reason == ""
        assert scores[metric.name].n == len(examples[:3])


def test_scorers_are_named_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    one, (examples, _) = benchmark("prot_uncond_seq"), rows("prot_uncond_seq")
    given = [Prediction("MKT")], examples[:1]
    monkeypatch.delenv(ENVIRONMENT, raising=False)
    assert "BIOMATRIX_SCORERS=esmfold=SOURCE" in judge(one, *given)["plddt"].reason
    for wrong in ("esmfold", "esmfolt=x", "esmfold=/nowhere/at/all"):
        monkeypatch.setenv(ENVIRONMENT, wrong)
        score = judge(one, *given)["plddt"]
        assert np.isnan(score.value)
        assert score.reason


class _Folder:
    """A folder of sequences that knows one straight chain and one confidence."""

    def fold(self, sequences: Sequence[str]) -> list[Fold | None]:
        return [
            None if not each else Fold(chain(len(each)), 0.75, 8.0, 4.0, np.full(len(each), 0.75)) for each in sequences
        ]


def chain(residues: int) -> Any:
    return np.cumsum(np.random.default_rng(residues).normal(size=(residues, 3, 3)), axis=0)


def test_folds_of_a_network_that_is_there_are_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ENVIRONMENT, "esmfold=here")
    monkeypatch.setattr(protein_scorers, "load_scorer", lambda name, source: _Folder())
    protein_scorers._loaded.cache_clear()
    try:
        design = benchmark("prot_t2p_cameo")
        examples, _ = rows("prot_t2p_cameo")
        scores = judge(design, [Prediction("MKTAYIAK"), Prediction("", None, "an empty answer")], examples[:2])
        assert (scores["plddt"].value, scores["plddt_gt70"].value) == (75.0, 0.5)
        assert scores["ppl"].reason.startswith("needs ProtGPT2")
        together = benchmark("prot3d_cogen")
        letters = "MKTAYIAKMKTAYIAK"
        made = Prediction(letters, Protein.from_backbone(chain(16), letters))
        scores = judge(together, [made], rows("prot3d_cogen")[0][:1])
        assert scores["sctm"].value == pytest.approx(1.0, abs=1e-3)
        assert scores["plddt"].value == 75.0
    finally:
        protein_scorers._loaded.cache_clear()


def test_a_registered_scorer_is_used() -> None:
    def scorer(predictions: Sequence[Prediction], examples: Sequence[Example]) -> list[float]:
        return [float(len(each.text)) for each in predictions]

    register_scorer("plddt", scorer)
    try:
        one, (examples, _) = benchmark("prot_uncond_seq"), rows("prot_uncond_seq")
        scores = judge(one, [Prediction("MKT"), Prediction("MKTAY")], examples[:2])
        assert scores["plddt"].value == 4.0
    finally:
        unregister_scorer("plddt")


def test_cogeneration_reads_a_sequence_and_a_structure_in_either_order() -> None:
    seen: list[Any] = []

    def scorer(predictions: Sequence[Prediction], examples: Sequence[Example]) -> list[float]:
        seen.extend(predictions)
        return [1.0] * len(predictions)

    from biomatrix.entities import modality

    (target,) = [example.target for example in rows("prot3d_folding")[0][:1]]
    assert target is not None
    parts = [
        spelling.start_token + "".join(spelling.encode(target)) + spelling.end_token
        for spelling in (modality("protein_sequence"), modality("protein_structure"))
    ]
    one, (examples, _) = benchmark("prot3d_cogen"), rows("prot3d_cogen")
    answers = [prediction_of(one, text) for text in ("".join(parts), "".join(parts[::-1]), parts[0])]
    register_scorer("sctm", scorer)
    try:
        judge(one, answers, examples[:3])
    finally:
        unregister_scorer("sctm")
    assert [each.entity.sequence for each in seen[:2]] == [getattr(target, "sequence", "")] * 2
    assert seen[2].entity is None
    assert seen[2].fault


def test_processed_chains_are_cut_to_their_modelled_part() -> None:
    examples, _ = rows("prot3d_folding")
    first = examples[0]
    assert first.facts["residues"] == 64
    assert isinstance(first.target, Protein)
    assert first.target.backbone is not None
    assert np.isnan(first.target.backbone).any(axis=(1, 2)).sum() == 1


def test_wrong_answers_count() -> None:
    one, (examples, _) = benchmark("inter_yeast_ppi"), rows("inter_yeast_ppi")
    predictions = [prediction_of(one, text) for text in ("No", "maybe", "", "Yes.")]
    scores = judge(one, predictions, examples)
    assert scores["accuracy"].value == 0.5
    assert (scores["accuracy"].empty, scores["accuracy"].unparsable) == (1, 1)


def test_questions_and_numbers_are_cut_out() -> None:
    prompt = (
        "<|start_header_id|>user<|end_header_id|>\n\nWhat is it?\n<protein_sequence>x</protein_sequence><|eot_id|>y"
    )
    assert question_of(prompt) == "What is it?"
    assert shortest(float(np.float32(6.22))) == "6.22"


def test_a_split_that_is_not_there_is_named() -> None:
    with pytest.raises(ConfigurationError, match="no split 'train'"):
        rows("prot_uncond_seq", "train")


STAND_INS: Mapping[str, tuple[str, int]] = {
    "inter_bindingdb": ("test", 5230), "inter_yeast_ppi": ("test", 384), "prot_t2p_cameo": ("test", 260),
    "prot3d_folding": ("test", 321), "prot3d_pfud": ("train", 19), "inter3d_pdbbind2020": ("test", 265),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", STAND_INS)
def test_real_data_stand_in(name: str, shared: Path) -> None:
    split, count = STAND_INS[name]
    data = benchmark(name).stand_ins[0]
    found = [row for row in load_examples(data, shared / "data", split) if isinstance(row, Example)]
    assert len(found) == count


def test_the_sides_of_an_interaction_list_share_no_protein() -> None:
    names = [f"P{number:05}" for number in range(4000)]
    held_out = sum(is_held_out(name, 0.2) for name in names)
    assert 0.17 < held_out / len(names) < 0.23
    assert [is_held_out(name, 0.2) for name in names] == [is_held_out(name, 0.2) for name in names]
