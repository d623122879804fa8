"""Exports of benchmarks: records in both notations, the forms of other programs, released data read back."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow.parquet import write_table
from typer.testing import CliRunner

from biomatrix.cli.main import app
from biomatrix.entities.molecule.entity import Molecule
from biomatrix.entities.protein.entity import Protein
from biomatrix.entities.rejects import Reject
from biomatrix.errors import ConfigurationError, UnsupportedError
from biomatrix.generation import Model
from biomatrix.tasks.benchmarks.answers import prediction_of
from biomatrix.tasks.benchmarks.exports.export_files import FORMATS, REJECTS, export, records_of
from biomatrix.tasks.benchmarks.exports.instruction_records import InstructionRecord, record_of, written
from biomatrix.tasks.benchmarks.exports.released_records import CONFIGURATIONS, released_records
from biomatrix.tasks.benchmarks.registry import benchmark
from biomatrix.tasks.benchmarks.sample_data import sample_folder
from biomatrix.tasks.documents import Control

RUNNER = CliRunner()
NAME = "mol_edit_delcomp"
ARGUMENTS = ["tasks", "export", NAME, "mol_opt_s2_logp", "--source", "openmolins"]


def folder() -> Path:
    return sample_folder(benchmark(NAME).data_set("openmolins"))


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def records(notation: str = "smiles", seed: int = 0) -> list[InstructionRecord | Reject]:
    one = benchmark(NAME)
    return list(records_of(one, one.data_set("openmolins"), folder(), "train", notation, seed))


@pytest.mark.parametrize(("notation", "mark"), [("smiles", "<|mol_smi_start|>"), ("selfies", "<|mol_sfi_start|>")])
def test_question_and_answer_bear_the_tokens_of_the_notation(notation: str, mark: str) -> None:
    record, reject = records(notation)
    assert isinstance(record, InstructionRecord)
    assert isinstance(reject, Reject)
    assert record.instruction.count(mark) == record.output.count(mark) == 1
    assert record.source == NAME
    prediction = prediction_of(benchmark(NAME), record.output, notation=notation)
    assert (prediction.text, prediction.fault) == ("CCC", "")


def test_a_bare_entity_is_written_as_documents_write_it() -> None:
    vocabulary = Model.from_pretrained("nano").vocabulary
    for entity in (Molecule.from_smiles("CCO"), Protein.from_sequence("MKT")):
        name = vocabulary.default_modality(entity)
        assert written(["Take ", entity]) == written(["Take ", (entity, name)])
        spelling = vocabulary.modality(name)
        assert written([entity]) == "".join([spelling.start_token, *spelling.encode(entity), spelling.end_token])
    with pytest.raises(UnsupportedError):
        written([Control("<|im_end|>")])


def test_the_wording_is_drawn_by_the_seed_alone() -> None:
    assert records() == records()
    assert len({str(records(seed=seed)[0]) for seed in range(12)}) > 3


def test_every_form_holds_the_same_exchanges(tmp_path: Path) -> None:
    for form in FORMATS:
        result = RUNNER.invoke(app, [*ARGUMENTS, "--from", str(folder()), "--format", form, "-o", str(tmp_path / form)])
        assert result.exit_code == 0, result.exception
        assert "1 records, 1 refused" in result.stdout
        (refused,) = lines(tmp_path / form / REJECTS)
        assert (refused["name"], refused["record"]) == (NAME, 4)
    plain = lines(tmp_path / "instruct" / f"{NAME}.jsonl")
    assert list(plain[0]) == ["instruction", "input", "output", "history", "source"]
    chat = lines(tmp_path / "chat" / f"{NAME}.jsonl")
    assert [message["role"] for message in chat[0]["messages"]] == ["user", "assistant"]
    assert chat[0]["messages"][0]["content"] == plain[0]["instruction"]
    assert chat[0]["messages"][1]["content"] == plain[0]["output"]
    for form in ("llama-factory", "lm-eval"):
        assert lines(tmp_path / form / f"{NAME}.jsonl") == plain


def test_llama_factory_finds_every_file_and_column(tmp_path: Path) -> None:
    for name in (NAME, "mol_opt_s2_qed"):
        one = benchmark(name)
        rows = records_of(one, one.data_set("openmolins"), folder(), "train")
        export({name: rows}, tmp_path, "llama-factory")
    entries = json.loads((tmp_path / "dataset_info.json").read_text())
    assert sorted(entries) == sorted([NAME, "mol_opt_s2_qed"])
    for entry in entries.values():
        row = lines(tmp_path / entry["file_name"])[0]
        assert set(entry["columns"].values()) <= set(row)


def test_task_files_of_the_harness_name_their_data(tmp_path: Path) -> None:
    yaml: Any = pytest.importorskip("yaml")

    export({NAME: records()}, tmp_path, "lm-eval", {NAME: 3})
    task = yaml.safe_load((tmp_path / f"{NAME}.yaml").read_text())
    assert (tmp_path / task["dataset_kwargs"]["data_files"]["test"]).is_file()
    assert task["metadata"]["version"] == 3
    assert task["doc_to_text"] == "{{instruction}}"
    assert yaml.safe_load((tmp_path / "biomatrix.yaml").read_text())["task"] == [task["task"]]


def test_an_export_of_nothing_leaves_no_file(tmp_path: Path) -> None:
    reject = Reject("file", 1, None, "broken")
    with pytest.raises(ConfigurationError, match="broken"):
        export({NAME: [reject]}, tmp_path, "instruct")
    assert not (tmp_path / f"{NAME}.jsonl").exists()
    with pytest.raises(ConfigurationError, match="no form"):
        export({}, tmp_path, "csv")
    result = RUNNER.invoke(app, [*ARGUMENTS, "--from", str(tmp_path), "-o", str(tmp_path)])
    assert isinstance(result.exception, ConfigurationError)


ROW = {"instruction": "Fold <|prot_seq_start|>", "input": "", "output": "C", "history": [["a", "b"]], "source": "pfud"}


def test_released_data_read_into_the_same_records(tmp_path: Path) -> None:
    (tmp_path / "protein_3d").mkdir()
    write_table(pa.Table.from_pylist([ROW, {**ROW, "history": []}]), tmp_path / "protein_3d" / "train-0.parquet")
    (tmp_path / "data").mkdir()
    with gzip.open(tmp_path / "data" / "molecule_3d.jsonl.gz", "wt") as stream:
        stream.write("\n".join([json.dumps(ROW), "{", json.dumps({"instruction": "no answer"}), json.dumps([1])]))
    found = list(released_records(tmp_path, "protein_3d"))
    assert found == [record_of(ROW), record_of({**ROW, "history": None})]
    assert isinstance(found[0], InstructionRecord)
    assert found[0].messages[:2] == [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]
    assert found[0].fields == ROW
    kinds = [type(each) for each in released_records(tmp_path, "molecule_3d")]
    assert kinds == [InstructionRecord, Reject, Reject, Reject]
    output = ["-o", str(tmp_path / "out"), "--format", "chat"]
    result = RUNNER.invoke(app, ["tasks", "export", "molecule_3d", "--released", str(tmp_path), *output, "--json"])
    assert json.loads(result.stdout) == [
        {"name": "molecule_3d", "file": "molecule_3d.jsonl", "records": 1, "rejects": 3}
    ]


@pytest.mark.parametrize("history", ["text", [1], [["a"]], [["a", 1]], {"a": "b"}])
def test_a_broken_history_is_refused(history: object) -> None:
    with pytest.raises(ConfigurationError, match="history"):
        record_of({**ROW, "history": history})


def test_what_is_not_released_is_named(tmp_path: Path) -> None:
    assert len(CONFIGURATIONS) == 7
    with pytest.raises(ConfigurationError, match="no configuration 'molecule_4d'"):
        next(released_records(tmp_path, "molecule_4d"))
    with pytest.raises(ConfigurationError, match="no files of protein_1d"):
        next(released_records(tmp_path, "protein_1d"))


def test_an_input_stands_below_its_instruction() -> None:
    assert InstructionRecord("Name it.", "CCO", "ethanol").question == "Name it.\nCCO"
