"""Loaders of the molecule benchmarks: the official layouts, awkward rows, and tables named column by column."""

from __future__ import annotations

import json
from pathlib import Path
from zipfile import ZipFile

import pytest

from biomatrix.entities.rejects import Reject
from biomatrix.errors import ConfigurationError, ParseError
from biomatrix.tasks.benchmarks.benchmark import DataSet, Source
from biomatrix.tasks.benchmarks.examples import Example
from biomatrix.tasks.benchmarks.loading import load_examples
from biomatrix.tasks.benchmarks.official_files.row_files import read_rows
from biomatrix.tasks.benchmarks.registry import benchmark
from biomatrix.tasks.benchmarks.rows.molecule_lists import training_of
from biomatrix.tasks.benchmarks.sample_data import sample_folder


def load(loader: str, folder: Path, split: str = "test", **settings: object) -> tuple[list[Example], list[Reject]]:
    rows = list(load_examples(DataSet(Source("s"), loader, "", settings), folder, split))
    return [row for row in rows if isinstance(row, Example)], [row for row in rows if isinstance(row, Reject)]


def official(name: str, split: str = "test") -> tuple[list[Example], list[Reject]]:
    data = benchmark(name).data
    return load(data.loader, sample_folder(data), split, **data.settings)


def test_smolinstruct_gives_every_gold_answer_of_the_same_input() -> None:
    examples, rejects = official("mol_retro_smolinstruct")
    ester = [example.references for example in examples if len(example.references) > 1]
    assert ester == [("CC(=O)Cl.CCO", "CC(=O)O.CCO.O=S(=O)(O)O"), ("CC(=O)O.CCO.O=S(=O)(O)O", "CC(=O)Cl.CCO")]
    assert len(rejects) == 1
    assert "not a line of JSON" in rejects[0].reason


def test_smolinstruct_asks_each_target_of_a_row_and_joins_parts_by_dots() -> None:
    examples, rejects = official("mol_prop_sider")
    assert examples[0].key == "0/Eye disorders"
    assert {example.fields["side_effect"] for example in examples} == {"Eye disorders", "Cardiac disorders"}
    assert {example.references for example in examples} == {("Yes",), ("No",)}
    assert len(rejects) == 1
    salt = next(each for each in official("mol_name_i2s")[0] if each.fields["name"] == "sodium;acetate")
    assert salt.references == ("CC(=O)[O-].[Na+]",)


def test_smolinstruct_is_read_out_of_its_archive_in_the_order_asked(tmp_path: Path) -> None:
    rows = [{"input": name, "output": formula} for name, formula in (("a", "CH4"), ("b", "H2O"), ("c", "?"))]
    samples = {"samples": [{"idx": 1, "template_id": 0}, {"idx": 0, "template_id": 3}, {"idx": 2}, {"idx": 9}]}
    with ZipFile(tmp_path / "data.zip", "w") as archive:
        archive.writestr("raw/dev/name_conversion-i2f.jsonl", "\n".join(map(json.dumps, rows)))
        archive.writestr("sample/instruction_tuning/dev/name_conversion-i2f.json", json.dumps(samples))
    settings = {"task": "name_conversion-i2f", "field": "name", "answer": "formula"}
    examples, rejects = load("smolinstruct", tmp_path, "validation", **settings)
    assert [(each.key, each.fields["name"], each.references) for each in examples] == [
        ("1", "b", ("H2O",)), ("0", "a", ("CH4",)),
    ]  # fmt: skip
    assert [reject.record for reject in rejects] == [3, 10]
    with pytest.raises(ConfigurationError, match="no raw/test"):
        load("smolinstruct", tmp_path, **settings)
    (tmp_path / "data.zip").write_bytes(b"PK no archive")
    with pytest.raises(ParseError, match="cannot be read from this zip archive"):
        load("smolinstruct", tmp_path, "validation", **settings)


@pytest.mark.parametrize("name", ["mol_uncond_moses", "mol_uncond_guacamol"])
def test_drawn_molecules_know_their_training_set(name: str) -> None:
    held_out, _ = official(name)
    training, _ = official(name, "train")
    assert training_of(held_out) == {example.references[0] for example in training}
    assert not training_of(held_out) & {example.facts["gold"] for example in held_out}
    assert all(not example.fields and not example.references for example in held_out)
    with pytest.raises(ConfigurationError, match="no split 'exam'"):
        official(name, "exam")


def test_moleculeqa_blocks_are_questions_and_broken_ones_rejects() -> None:
    examples, rejects = official("mol_qa_structure")
    assert [example.references for example in examples] == [("A",), ("C",)]
    assert examples[1].facts["options"]["C"] == "It is an alcohol."
    assert "B. It is an ester." in str(examples[0].fields["options"])
    assert "a question without Option A" in [reject.reason for reject in rejects]


def test_a_table_is_read_by_its_columns(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("id,smiles,x,y\n1,CCO,1,0\n2,C1CC,1,1\n3,CC,,1\n")
    form = {"columns": ["x", "y"], "name": "what", "value": "value"}
    settings = {"file": "t.csv", "key": "id", "fields": {"molecule": "molecule:smiles", "what": "what"}}
    examples, rejects = load(
        "table", tmp_path, unpivot=form, answer="value", answers={"1": "Yes", "0": "No"}, **settings
    )
    assert [(each.key, each.references) for each in examples] == [
        ("1/0", ("Yes",)),
        ("1/1", ("No",)),
        ("3/1", ("Yes",)),
    ]
    assert [reject.record for reject in rejects] == [2]


def test_a_hash_parts_a_table_into_splits_that_do_not_overlap(tmp_path: Path) -> None:
    lines = [f"{'C' * size}\t{size}" for size in range(1, 301)]
    (tmp_path / "t.tsv").write_text("smiles\tsize\n" + "\n".join(lines) + "\n")
    settings = {"file": "t.tsv", "fold_by": "smiles", "fields": {"smiles": "smiles"}, "answer": "number:size"}
    parts = {
        split: {each.references for each in load("table", tmp_path, split, **settings)[0]}
        for split in ("train", "validation", "test")
    }
    assert sum(map(len, parts.values())) == 300
    assert len(set.union(*parts.values())) == 300
    assert 220 <= len(parts["train"]) <= 260


def test_a_gold_answer_that_no_judge_can_take_is_a_reject(tmp_path: Path) -> None:
    (tmp_path / "t.jsonl").write_text('{"n": "a", "s": "CCO"}\n{"n": "b", "s": "C1CC"}\nnull\n{"n": "c"}\n')
    settings = {"files": {"test": "t.jsonl"}, "fields": {"name": "n"}}
    for form, kept in (("molecule", 1), ("formula", 2), ("number", 0)):
        examples, rejects = load("table", tmp_path, answer=f"{form}:s", **settings)
        assert (len(examples), len(rejects)) == (kept, 4 - kept)
    with pytest.raises(ConfigurationError, match="no form of answers 'colour'"):
        load("table", tmp_path, answer="colour:s", **settings)


def test_rows_are_read_from_files_that_are_known(tmp_path: Path) -> None:
    (tmp_path / "a.smiles").write_text("CCO\n\n CC \n")
    assert [row["line"] for row in read_rows(tmp_path / "a.smiles")] == ["CCO", "CC"]  # type: ignore[index]
    (tmp_path / "b.txt").write_text('a\tb\n"x\ty\n1\n')
    rows = list(read_rows(tmp_path / "b.txt", quoted=False))
    assert rows[0] == {"a": '"x', "b": "y"}
    assert isinstance(rows[1], ParseError)


def test_a_table_without_splits_is_a_test_split_alone(tmp_path: Path) -> None:
    """Were its rows training rows too, the nearest neighbour of each would be itself: a floor that nothing reaches."""
    (tmp_path / "rows.csv").write_text("smiles,answer\nCCO,1\nCCN,2\n")
    settings = {"file": "rows.csv", "fields": {"molecule": "molecule:smiles"}, "answer": "answer"}
    assert len(load("table", tmp_path, **settings)[0]) == 2
    assert load("table", tmp_path, "train", **settings) == ([], [])
