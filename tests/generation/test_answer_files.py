"""Answers as files and plain values, and destinations that are refused before anything is asked."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from biomatrix.entities import Protein
from biomatrix.errors import BioMatrixError, ConfigurationError
from biomatrix.generation import Model
from biomatrix.generation.answer_files import check_destination, describe_answer, write_answers


def test_answers_become_files_and_json(model: Model, tmp_path: Path) -> None:
    answers = model.generate("Fold.", output="protein_structure", length=7, num_samples=2)
    paths = write_answers(answers, tmp_path / "fold.pdb")
    assert [path.name for path in paths] == ["fold_1.pdb", "fold_2.pdb"]
    assert all(len(Protein.from_file(path)) == 7 for path in paths)
    told = json.loads(json.dumps([describe_answer(answer) for answer in answers]))
    assert told[0]["entity"]["kind"] == "protein"
    assert told[0]["checks"]


def test_numbers_stand_before_the_extension_that_names_the_format(model: Model, tmp_path: Path) -> None:
    answers = model.generate("Fold.", output="protein_structure", length=7, num_samples=2)
    paths = write_answers(answers, tmp_path / "v1.0.pdb.gz")
    assert [path.name for path in paths] == ["v1.0_1.pdb.gz", "v1.0_2.pdb.gz"]
    assert all(len(Protein.from_file(path)) == 7 for path in paths)


def test_nothing_to_write_is_said(model: Model, tmp_path: Path) -> None:
    answers = model.generate("Say it.", max_new_tokens=1)
    with pytest.raises(ConfigurationError, match="no answer to write"):
        write_answers(answers, tmp_path / "x.pdb")


@pytest.mark.parametrize(
    ("name", "output", "said"),
    [
        ("x.sdf", "protein_structure", "records of kind molecule; choose one of pdb"),
        ("x.pdb", "molecule_selfies", "records of kind protein; choose one of smi"),
        ("x.mol2", "molecule_structure", "mol2 files are only read"),
        ("x.docx", None, "not one read here"),
        ("nowhere/x.pdb", "protein_structure", "no folder"),
        ("x.pdb", "dna", "no modality named"),
    ],
)
def test_a_file_that_cannot_be_written_is_refused(tmp_path: Path, name: str, output: str | None, said: str) -> None:
    with pytest.raises(BioMatrixError, match=said):
        check_destination(tmp_path / name, output)


@pytest.mark.parametrize(
    ("name", "output"),
    [
        ("x.pdb", "protein_structure"),
        ("x.fasta.gz", "protein_sequence"),
        ("x.sdf", "molecule_selfies"),
        ("x.smi", None),
    ],
)
def test_a_file_that_can_be_written_is_not(tmp_path: Path, name: str, output: str | None) -> None:
    check_destination(tmp_path / name, output)
    assert not list(tmp_path.iterdir())
