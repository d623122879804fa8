"""The protein benchmarks of OPI and Mol-Instructions: definitions, official formats, gold answers, judges."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

import pytest

import biomatrix.tasks.benchmarks as package
from biomatrix.entities.rejects import Reject
from biomatrix.errors import ConfigurationError, ParseError
from biomatrix.tasks.benchmarks.answers import gold_answer, prediction_of
from biomatrix.tasks.benchmarks.benchmark import Benchmark, DataSet
from biomatrix.tasks.benchmarks.examples import Example, Prediction
from biomatrix.tasks.benchmarks.judging import judge
from biomatrix.tasks.benchmarks.loaders import mol_instructions, opi, tape_folds, uniprot_records
from biomatrix.tasks.benchmarks.loading import load_examples
from biomatrix.tasks.benchmarks.published import published_scores
from biomatrix.tasks.benchmarks.registry import benchmark, benchmarks
from biomatrix.tasks.benchmarks.wording import question_parts
from biomatrix.tasks.templates import placeholders

SAMPLES = Path(package.__file__).parent / "samples"
GROUPS = ("prot_ec", "prot_subcell", "prot_fold_f", "prot_fold_s", "prot_function", "prot_go", "prot_keywords")
NAMES = [
    *(name for name in benchmarks() if name.startswith((*GROUPS, "prot_km", "prot_mi"))),
]


def _rows(data: DataSet, folder: Path, split: str = "test") -> list[Example]:
    rows = list(load_examples(data, folder, split))
    assert not [row for row in rows if isinstance(row, Reject)]
    return [row for row in rows if isinstance(row, Example)]


def _scores(one: Benchmark, rows: list[Example], answers: list[Prediction]) -> Iterator[tuple[float, float | None]]:
    found = judge(one, answers, rows)
    for metric in one.metrics:
        yield found[metric.name].value, metric.best


def test_there_are_twenty_two() -> None:
    assert len(NAMES) == 22


@pytest.mark.parametrize("name", NAMES)
def test_prompts_are_paraphrases_that_show_the_same(name: str) -> None:
    one = benchmark(name)
    assert len({" ".join(prompt.lower().split()) for prompt in one.task.prompts}) >= 20
    assert {frozenset(placeholders(prompt)) for prompt in one.task.prompts} == {frozenset(one.inputs)}


@pytest.mark.parametrize("name", NAMES)
def test_gold_answers_of_the_sample_score_the_maximum_and_others_less(name: str) -> None:
    one = benchmark(name)
    rows = _rows(one.data, SAMPLES / one.data.source.name)
    for row in rows:
        assert question_parts(one, row, seed=1).prompt
    gold = [prediction_of(one, gold_answer(one, row) or "", example=row) for row in rows]
    assert all(not each.fault for each in gold)
    assert all(value == pytest.approx(best) for value, best in _scores(one, rows, gold))
    for wrong in ("", "none of these", "0; 0"):
        answers = [prediction_of(one, wrong, example=row) for row in rows]
        assert all(best is not None and value < best for value, best in _scores(one, rows, answers))


@pytest.mark.parametrize("name", NAMES)
def test_published_numbers_are_attached_to_every_metric(name: str) -> None:
    one = benchmark(name)
    assert {metric.name for metric in one.metrics} == {score.metric for score in published_scores(name)}


def test_labels_are_parted_as_the_official_evaluation_parts_them() -> None:
    one = benchmark("prot_ec_new")
    rows = _rows(one.data, SAMPLES / one.data.source.name)
    assert rows[1].references == ("2.7.11.1; 2.7.12.2",)
    answers = [Prediction(row.references[0].replace("; ", " ; ")) for row in rows]
    assert judge(one, answers, rows)["f1"].value == 1.0


def test_hold_outs_share_one_file_without_sharing_rows() -> None:
    keys = []
    for name in ("prot_fold_fold", "prot_fold_superfamily", "prot_fold_family"):
        one = benchmark(name)
        keys += [row.key for row in _rows(one.data, SAMPLES / one.data.source.name)]
    assert sorted(keys) == ["0", "1", "2", "3", "4", "5"]


def test_opi_rows_that_are_broken_become_rejects(tmp_path: Path) -> None:
    lines = [
        {"instances": [{"input": "MKT", "output": "1.1.1.1"}]},
        {"instances": []},
        {"instances": [{"input": "MKT"}]},
        {"instances": [{"input": "M7T", "output": "x"}]},
        {"instances": "x"},
        {"input": "MKV", "output": "2.2.2.2 ; 3.3.3.3"},
    ]
    (tmp_path / "t.jsonl").write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    found = list(opi.examples(tmp_path, "test", {"test": "t.jsonl", "show": "protein_sequence"}))
    assert [row.record for row in found if isinstance(row, Reject)] == [2, 3, 4, 5]
    assert [row.key for row in found if isinstance(row, Example)] == ["0", "5"]
    with pytest.raises(ConfigurationError, match="no train rows"):
        list(opi.examples(tmp_path, "train", {"test": "t.jsonl", "show": "protein_sequence"}))
    with pytest.raises(ConfigurationError, match=r"no file x\.json"):
        list(opi.examples(tmp_path, "test", {"test": "x.json", "show": "protein_sequence"}))


def test_mol_instructions_are_read_out_of_their_archive(tmp_path: Path) -> None:
    one = benchmark("prot_mi_catalytic")
    file, archive = one.data.settings["file"], one.data.settings["archive"]
    (tmp_path / archive).parent.mkdir()
    with ZipFile(tmp_path / archive, "w") as packed:
        packed.write(SAMPLES / "mol_instructions" / file, file)
    unpacked = _rows(one.data, SAMPLES / "mol_instructions")
    assert [row.references for row in _rows(one.data, tmp_path)] == [row.references for row in unpacked]
    assert [row.key for row in unpacked] == ["0", "1", "2"]
    (tmp_path / archive).write_bytes(b"PK no archive")
    with pytest.raises(ParseError, match="cannot be read from this zip archive"):
        _rows(one.data, tmp_path)


def test_mol_instructions_rows_without_metadata_become_rejects(tmp_path: Path) -> None:
    rows = [
        {"input": "```\nMKT\n```", "output": "a", "metadata": {"split": "test"}},
        {"input": "MKT", "output": "a"},
        {"input": 5, "output": "a", "metadata": {"split": "test"}},
    ]
    (tmp_path / "f.json").write_text(json.dumps(rows), encoding="utf-8")
    found = list(mol_instructions.examples(tmp_path, "test", {"file": "f.json", "archive": "z", "show": "protein"}))
    assert [isinstance(row, Reject) for row in found] == [False, True, True]


def test_folds_are_numbered_by_the_class_map(tmp_path: Path) -> None:
    (tmp_path / "map.txt").write_text("a.1\t0\nb.2\t1\n", encoding="utf-8")
    rows = [{"name": "d1abca_", "sequence": "MKT", "fold": fold} for fold in ("b.2", "z.9")]
    (tmp_path / "t.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    settings = {"test": "t.jsonl", "classes": "map.txt", "show": "protein_sequence"}
    good, bad = tape_folds.examples(tmp_path, "test", settings)
    assert isinstance(good, Example)
    assert (good.references, good.facts) == (("1",), {"structure_id": "1abc"})
    assert isinstance(bad, Reject)


def test_uniprot_texts_lose_their_evidence_alone() -> None:
    text = "Binds (in vitro) zinc (By similarity). Acts in growth (PubMed:1, PubMed:22). {ECO:0000305|PubMed:1}."
    assert uniprot_records.plain_text(text) == "Binds (in vitro) zinc. Acts in growth."
    assert (
        uniprot_records.term_names("GO:0005829 C:cytosol; broken; GO:0003677 F:DNA binding") == "cytosol; DNA binding"
    )


@pytest.mark.parametrize(
    ("name", "source", "folder", "tests"),
    [
        ("prot_ec_new", "clean", "ec_clean", 392),
        ("prot_ec_price", "clean", "ec_clean", 149),
        ("prot_subcell_loc", "peer_localization", "localization", 2773),
        ("prot_subcell_loc", "deeploc", "localization", 2768),
        ("prot_fold_fold", "tape_folds", "remote_homology", 718),
        ("prot_fold_superfamily", "tape_folds", "remote_homology", 1254),
        ("prot_fold_family", "tape_folds", "remote_homology", 1272),
        ("prot_function_casp", "uniprot_records", "uniprot", 43),
        ("prot_mi_catalytic", "uniprot_records", "uniprot", 11),
    ],
)
def test_real_data_stand_in(name: str, source: str, folder: str, tests: int, shared: Path) -> None:
    one = benchmark(name)
    rows = _rows(one.data_set(source), shared / "data" / "protein" / folder)
    assert len(rows) == tests
    gold = [prediction_of(one, gold_answer(one, row) or "", example=row) for row in rows[:50]]
    assert all(value == pytest.approx(best) for value, best in _scores(one, rows[:50], gold))
