"""Answers as files and plain values, and destinations that are refused before anything is asked."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gemmi
import numpy as np
import pytest
from biotite.structure.io import pdbx
from rdkit import Chem

from biomatrix.entities import Molecule, Protein, read
from biomatrix.entities.check import Check
from biomatrix.entities.protein.relaxation.openmm_minimisation import NAME
from biomatrix.entities.relaxed import Relaxed
from biomatrix.errors import BioMatrixError, ConfigurationError
from biomatrix.generation import Answer, Model
from biomatrix.generation.answer_files import check_destination, describe_answer, write_answers
from biomatrix.trust import Relaxation, Verdict
from biomatrix.vocabulary.segments import Segment

VOCABULARY: Any = SimpleNamespace(
    modality=lambda name: SimpleNamespace(check=lambda entity: [], spelled_as_text=False, units=list)
)
"""What an answer asks of its vocabulary, without a check."""


def test_answers_become_files_and_json(model: Model, tmp_path: Path) -> None:
    answers = model.generate("Fold.", output="protein_structure", length=7, num_samples=2)
    told = json.loads(json.dumps([describe_answer(answer) for answer in answers]))
    assert told[0]["entity"]["kind"] == "protein"
    assert told[0]["checks"]


@pytest.fixture(scope="module")
def folds(model: Model) -> list[Answer]:
    """Four folds, the second of which is replaced by an answer that is none."""
    answers = model.generate("Fold.", output="protein_structure", length=7, num_samples=12)
    answers = [one for one in answers if isinstance(one.entity, Protein) and one.entity.resolved.all()][:4]
    answers[1] = replace(answers[1], entity=None, error="it spells nothing")
    return answers


@pytest.mark.parametrize("name", ["fold.pdb", "fold.cif", "fold.pdb.gz"])
def test_folds_are_the_models_of_one_file(folds: list[Answer], tmp_path: Path, name: str) -> None:
    written = write_answers(folds, tmp_path / name, "protein_structure")
    assert (written.paths, written.count, written.refused) == ((tmp_path / name,), 3, ((2, "it spells nothing"),))
    structure = gemmi.read_structure(str(tmp_path / name))
    assert [model.num for model in structure] == [1, 3, 4]
    for model, answer in zip(structure, [folds[0], *folds[2:]], strict=True):
        alphas = [residue["CA"][0].pos.tolist() for residue in model[0]]
        assert isinstance(answer.entity, Protein)
        assert answer.entity.backbone is not None
        np.testing.assert_allclose(alphas, answer.entity.backbone[:, 1], atol=1e-3)
    assert "first of 3 models" in " ".join(Protein.from_file(tmp_path / name).notes)


def test_biotite_reads_the_models_and_their_log_probabilities(folds: list[Answer], tmp_path: Path) -> None:
    write_answers(folds, tmp_path / "fold.bcif", "protein_structure")
    file = pdbx.BinaryCIFFile.read(tmp_path / "fold.bcif")
    assert pdbx.get_structure(file, use_author_fields=False).shape == (3, 28)
    data = file.block["biomatrix_answer"]
    rows = list(zip(*(data[key].as_array(str) for key in ("model_num", "name", "value")), strict=True))
    assert ("3", "logprob", f"{folds[2].logprob:.4f}") in rows
    assert {number for number, _, _ in rows} == {"1", "3", "4"}


def test_a_pdb_file_says_in_remarks_what_a_model_is_worth(folds: list[Answer], tmp_path: Path) -> None:
    write_answers(folds, tmp_path / "fold.pdb", "protein_structure")
    lines = (tmp_path / "fold.pdb").read_text().splitlines()
    assert all(len(line) == 80 for line in lines)
    assert f"REMARK 225 MODEL 4 LOGPROB {folds[3].logprob:.4f}" in [line.rstrip() for line in lines]
    assert lines[0].startswith("REMARK")


def test_one_fold_is_no_ensemble(folds: list[Answer], tmp_path: Path) -> None:
    write_answers(folds[:1], tmp_path / "fold.pdb", "protein_structure")
    text = (tmp_path / "fold.pdb").read_text()
    assert "\nMODEL " not in text
    assert "REMARK 225 MODEL 1 LOGPROB" in text


def test_a_folder_receives_a_file_each_under_the_number_of_the_answer(folds: list[Answer], tmp_path: Path) -> None:
    written = write_answers(folds, tmp_path / "v1.0", "protein_structure", folder=True)
    assert [path.name for path in written.paths] == ["answer_1.pdb", "answer_3.pdb", "answer_4.pdb"]
    assert all(len(Protein.from_file(path)) == 7 for path in written.paths)


@pytest.fixture(scope="module")
def molecules() -> list[Answer]:
    """Answers of which the third is none; in the order of the list."""
    made = [Molecule.from_smiles(one) for one in ("CCO", "c1ccccc1", "CN")]
    return [answer(one, float(-number)) for number, one in enumerate([*made[:2], None, made[2]])]


def answer(entity: Molecule | None, logprob: float) -> Answer:
    segments = () if entity is None else (Segment(entity, "molecule_selfies", 0, 1),)
    error = None if entity is not None else "nothing came"
    return Answer(segments, entity, error, "text", (0,), (logprob,), "stop", VOCABULARY)


def test_molecules_are_the_records_of_one_sd_file(molecules: list[Answer], tmp_path: Path) -> None:
    written = write_answers(molecules, tmp_path / "x.sdf", "molecule_selfies")
    assert (written.count, written.refused) == (3, ((3, "nothing came"),))
    records = list(Chem.SDMolSupplier(str(tmp_path / "x.sdf")))
    assert [Chem.MolToSmiles(mol) for mol in records] == ["CCO", "c1ccccc1", "CN"]
    assert [mol.GetProp("_Name") for mol in records] == ["answer_1", "answer_2", "answer_4"]
    assert [float(mol.GetProp("logprob")) for mol in records] == [0.0, -1.0, -3.0]
    assert [mol.GetProp("answer") for mol in records] == ["1", "2", "4"]


@pytest.mark.parametrize("name", ["x.smi", "x.selfies", "x.smi.gz"])
def test_molecules_are_the_lines_of_one_file(molecules: list[Answer], tmp_path: Path, name: str) -> None:
    write_answers(molecules, tmp_path / name, "molecule_selfies")
    back = read(tmp_path / name)
    assert [one.name.split()[:2] for one in back] == [
        ["answer_1", "logprob=0.0000"],
        ["answer_2", "logprob=-1.0000"],
        ["answer_4", "logprob=-3.0000"],
    ]


def test_a_format_of_one_record_gets_numbered_files(molecules: list[Answer], tmp_path: Path) -> None:
    written = write_answers(molecules, tmp_path / "v1.0.mol", "molecule_selfies")
    assert [path.name for path in written.paths] == ["v1.0_1.mol", "v1.0_2.mol", "v1.0_4.mol"]
    lines = written.paths[2].read_text().splitlines()
    assert (lines[0], lines[2]) == ("answer_4", "logprob=-3.0000")
    assert write_answers(molecules[:1], tmp_path / "one.mol").paths == (tmp_path / "one.mol",)


def test_answers_in_text_are_written_as_text(model: Model, tmp_path: Path) -> None:
    answers = model.generate("Say it.", max_new_tokens=3, num_samples=2)
    write_answers(answers, tmp_path / "x.txt")
    assert (tmp_path / "x.txt").read_text() == f"{answers[0].text}\n\n{answers[1].text}\n"
    folder = write_answers(answers, tmp_path / "all")
    assert [path.name for path in folder.paths][:2] == ["answer_1.txt", "answer_2.txt"]


def test_nothing_to_write_is_said(model: Model, tmp_path: Path) -> None:
    answers = model.generate("Say it.", max_new_tokens=1)
    with pytest.raises(ConfigurationError, match="no answer to write"):
        write_answers(answers, tmp_path / "x.pdb")


@pytest.mark.parametrize(
    ("name", "output", "said"),
    [
        ("x.sdf", "protein_structure", "records of kind molecule; choose one of pdb"),
        ("x.pdb", "molecule_selfies", "records of kind protein or dna or rna; choose one of smi"),
        ("x.mol2", "molecule_structure", "mol2 files are only read"),
        ("x.docx", None, "not written as .docx; choose one of"),
        ("nowhere/x.pdb", "protein_structure", "no folder"),
        ("x.pdb", "dna", "no modality named"),
        ("x.sdf", "protein_structure", "proteins are not written as sdf"),
        ("x.txt", "protein_structure", "proteins are not written as .txt"),
        ("x.xyz", "molecule_structure", "molecules are not written as .xyz"),
        ("x.pdb.zip", "protein_structure", "a zarr file holds records of kind cell"),
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
        ("x.txt", None),
        ("folder", "molecule_selfies"),
    ],
)
def test_a_file_that_can_be_written_is_not(tmp_path: Path, name: str, output: str | None) -> None:
    check_destination(tmp_path / name, output)
    assert not list(tmp_path.iterdir())


def test_names_that_are_no_file_are_refused_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigurationError, match=r"name it as --answer protein_structure"):
        check_destination(Path("protein_structure"), None)
    with pytest.raises(ConfigurationError, match="printed on standard output"):
        check_destination(Path("-"), None)
    (tmp_path / "taken").write_text("")
    with pytest.raises(ConfigurationError, match="taken: is a file, not a folder"):
        check_destination(Path("taken/inside"), "molecule_selfies", folder=True)


def test_a_relaxed_answer_says_so_in_an_sd_file(model: Model, tmp_path: Path) -> None:
    answers = model.generate("Make a molecule.", output="molecule_selfies", length=3, num_samples=2)
    molecule = Molecule.from_smiles("C[C@H](F)OC").embed()
    answer = replace(answers[0], entity=molecule, segments=(Segment(molecule, "molecule_selfies", 0, 5),))
    relaxed = answer.with_relaxed("mmff")
    assert relaxed.relaxation is not None
    assert "same stereochemistry as before" in {check.name for check in relaxed.checks}
    write_answers([relaxed, answer], tmp_path / "made.sdf", "molecule_structure")
    first, second = Chem.SDMolSupplier(str(tmp_path / "made.sdf"), removeHs=False)
    assert first.GetProp("relaxed_with") == "MMFF94 (RDKit)"
    assert first.GetProp("relaxed_energy_after") == f"{relaxed.relaxation.energy_after:.4f} kcal/mol"
    assert first.GetProp("relaxed_checks_after") == str(relaxed.relaxation.after)
    assert not second.HasProp("relaxed_with")


@pytest.mark.parametrize("extension", ["pdb", "cif"])
def test_a_relaxed_fold_says_so_in_remarks_and_items(folds: list[Answer], tmp_path: Path, extension: str) -> None:
    """The energies stand in for those of OpenMM, which is an extra."""
    fold = folds[0]
    assert isinstance(fold.entity, Protein)
    done = Relaxed(fold.entity, -10.5, -20.25, 0.125, NAME)
    judged = Verdict((Check("clashes", False),)), Verdict((Check("clashes", True),))
    relaxation = Relaxation("openmm", fold.entity, fold.entity, *judged, -10.5, -20.25, 0.125, done.data)
    write_answers([replace(fold, relaxation=relaxation)], tmp_path / f"fold.{extension}", "protein_structure")
    text = " ".join((tmp_path / f"fold.{extension}").read_text().replace("REMARK 225", "").split()).lower()
    assert NAME.lower() in text
    assert "relaxed_energy_before" in text
    assert "-20.2500 kcal/mol" in text
    assert "relaxed_rmsd" in text
    assert "0.1250 angstrom" in text


@pytest.mark.parametrize("extension", ["cif", "pdb", "bcif"])
def test_structures_of_different_sequences_are_a_numbered_file_each(
    model: Model, tmp_path: Path, extension: str
) -> None:
    both = ("protein_sequence", "protein_structure")
    answers = model.generate("Make.", output=both, length=6, num_samples=3)
    assert len({answer.entity.sequence for answer in answers if isinstance(answer.entity, Protein)}) > 1
    written = write_answers(answers, tmp_path / f"made.{extension}", "protein_structure")
    assert [path.name for path in written.paths] == [f"made_{number}.{extension}" for number in (1, 2, 3)]
    for path, answer in zip(written.paths, answers, strict=True):
        assert isinstance(answer.entity, Protein)
        assert Protein.from_file(path).sequence == answer.entity.sequence
