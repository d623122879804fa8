"""A benchmark with a fault is told so: of its prompts, its answer, its judge, its data, its gold answers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from biomatrix.tasks.benchmarks.benchmark import Benchmark, MetricUse
from biomatrix.tasks.benchmarks.registry import benchmark
from biomatrix.tasks.benchmarks.validating import validate_benchmark

SOUND = benchmark("mol_name_i2s")


def with_task(**changes: object) -> Benchmark:
    return replace(SOUND, task=replace(SOUND.task, **changes))  # type: ignore[arg-type]


def test_a_sound_benchmark_has_no_fault() -> None:
    found = validate_benchmark(SOUND)
    assert (found.faults, found.missing) == ((), "")
    assert found.examples == found.gold == 7
    assert found.rejects == 1


@pytest.mark.parametrize(
    ("broken", "fault"),
    [
        (with_task(prompts=SOUND.task.prompts[:19]), "19 distinct prompts"),
        (with_task(prompts=(*SOUND.task.prompts, "draw {name}!")), "1 prompts repeat the words"),
        (with_task(prompts=(*SOUND.task.prompts, "Make it.")), "differ in their placeholders"),
        (with_task(prompts=("{name", *SOUND.task.prompts)), "broken braces"),
        (with_task(parser="oracle"), "no parser 'oracle'"),
        (with_task(parser="text"), "an output needs the parser 'entity'"),
        (with_task(output="molecule_picture"), "no modality"),
        (replace(benchmark("inter_yeast_ppi"), constraints=()), "the parser 'yes_no' needs a constraint"),
        (replace(benchmark("inter_bindingdb"), constraints=("yes-no",)), "'number' needs a constraint number"),
        (replace(SOUND, judge="smolinstruct.taste"), "no function 'taste'"),
        (
            replace(SOUND, metrics=(*SOUND.metrics, MetricUse("taste", True))),
            "no published numbers of the metric 'taste'",
        ),
        (replace(SOUND, metrics=SOUND.metrics[:1]), "'validity' has published numbers and is not reported"),
    ],
)
def test_a_fault_of_the_definition_is_named(broken: Benchmark, fault: str) -> None:
    assert any(fault in line for line in validate_benchmark(broken).faults)


def test_a_gold_answer_that_does_not_score_the_best_is_a_fault() -> None:
    metrics = (MetricUse("em", True, best=0.5), MetricUse("validity", True, best=1.0))
    assert "gold answers score em = 1, not 0.5" in validate_benchmark(replace(SOUND, metrics=metrics)).faults
    wrong = replace(SOUND, judge="smolinstruct.formulas")
    assert any("judge" in fault for fault in validate_benchmark(wrong).faults)


def test_data_that_lack_a_field_or_a_file_are_a_fault(tmp_path: Path) -> None:
    asks_more = with_task(prompts=tuple(f"{prompt} {{colour}}" for prompt in SOUND.task.prompts))
    assert any("cannot be asked" in fault for fault in validate_benchmark(asks_more).faults)
    assert any("do not load" in fault for fault in validate_benchmark(SOUND, tmp_path).faults)


def test_what_a_judge_lacks_is_missing_and_no_fault(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("BIOMATRIX_SCIBERT_VOCAB", str(tmp_path / "vocab.txt"))
    found = validate_benchmark(benchmark("mol_caption_smolinstruct"))
    assert found.faults == ()
    assert "SciBERT" in found.missing


def test_a_constraint_that_cannot_be_met_is_a_fault() -> None:
    found = validate_benchmark(SOUND, check=lambda wording: "no such constraint")
    assert any(fault.endswith("no such constraint") for fault in found.faults)
