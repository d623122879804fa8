"""Requests from words, and answers as files and plain values."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from biomatrix.entities import Molecule, Protein, kind, parse_entity
from biomatrix.errors import BioMatrixError, ConfigurationError
from biomatrix.generation import Model
from biomatrix.generation.requests import build_prompt, describe_answer, write_answers


def test_entities_come_from_words_or_files(tmp_path: Path) -> None:
    Molecule.from_smiles("CCO").to_file(tmp_path / "m.smi")
    for given in ("CCO", str(tmp_path / "m.smi")):
        words, entity = build_prompt("Describe", [parse_entity(given, kind("molecule"))])
        assert words == "Describe "
        assert isinstance(entity, Molecule)
        assert entity.smiles == "CCO"
    shown = build_prompt("", [Protein.from_sequence("MKV")], written_as="protein_sequence")
    assert shown[0][1] == "protein_sequence"  # type: ignore[index]
    assert build_prompt("Hello") == ["Hello"]


@pytest.mark.parametrize(("of", "given"), [("protein", "nowhere.pdb"), ("molecule", "nowhere.sdf")])
def test_a_mistyped_file_is_a_missing_file(of: str, given: str) -> None:
    with pytest.raises(BioMatrixError, match=r"nowhere\.\w+: cannot be read"):
        parse_entity(given, kind(of))


def test_a_modality_without_an_entity_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="no entity"):
        build_prompt("Hello", written_as="molecule_smiles")


def test_answers_become_files_and_json(model: Model, tmp_path: Path) -> None:
    answers = model.generate("Fold.", output="protein_structure", length=7, num_samples=2)
    paths = write_answers(answers, tmp_path / "fold.pdb")
    assert [path.name for path in paths] == ["fold_1.pdb", "fold_2.pdb"]
    assert all(len(Protein.from_file(path)) == 7 for path in paths)
    told = json.loads(json.dumps([describe_answer(answer) for answer in answers]))
    assert told[0]["entity"]["kind"] == "protein"
    assert told[0]["checks"]


def test_nothing_to_write_is_said(model: Model, tmp_path: Path) -> None:
    answers = model.generate("Say it.", max_new_tokens=1)
    with pytest.raises(ConfigurationError, match="no answer to write"):
        write_answers(answers, tmp_path / "x.pdb")
