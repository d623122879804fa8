"""The main job: every file it writes opens elsewhere, and the page holds what it says."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import biotite.structure.io.pdb as pdb
import pytest
from rdkit import Chem

from biomatrix.entities import Molecule, Protein, kinds
from biomatrix.entities.bundled import complex_folder
from biomatrix.errors import BioMatrixError
from biomatrix.quickstart import Summary, run
from biomatrix.quickstart.inputs import gather_inputs
from biomatrix.quickstart.roundtrip import round_trips
from biomatrix.quickstart.tasks import LONGEST_CHAIN, gather_questions


def test_the_example_goes_round_in_every_modality() -> None:
    for given in gather_inputs({}, {}, seed=0):
        for trip in round_trips(given.entity):
            assert trip.agreement is not None, trip.refused
            assert all(answer.passed is not False for answer in trip.agreement)
            if trip.modality.needs_structure:
                distance = trip.agreement.value("RMSD")
                assert distance is not None
                assert distance < 0.6


def test_own_molecules_come_from_smiles_or_file(tmp_path: Path) -> None:
    Molecule.from_smiles("CCO").to_file(tmp_path / "mine.smi")
    for given in ("CCO", str(tmp_path / "mine.smi")):
        entity = gather_inputs({"molecule": given}, {}, seed=0)[-1].entity
        assert entity.kind == "molecule"
        assert entity.has_structure


def test_own_proteins_replace_the_complex() -> None:
    path = complex_folder("1ia1") / "1ia1_protein_one_lig_removed.pdb"
    inputs = gather_inputs({"protein": str(path)}, {"protein": "A"}, seed=0)
    assert [given.entity.kind for given in inputs] == ["protein", "molecule"]
    with pytest.raises(BioMatrixError, match="chain"):
        gather_inputs({"protein": str(path)}, {"protein": "no such chain"}, seed=0)


def test_long_chains_are_shortened_and_say_so() -> None:
    chain = Protein.from_sequence("A" * (LONGEST_CHAIN + 1))
    (question,) = [one for one in gather_questions([chain]) if one.values.keys() == {"protein_sequence"}]
    shown, written = question.values["protein_sequence"]
    assert (len(shown), written, question.length) == (LONGEST_CHAIN, "protein_sequence", LONGEST_CHAIN)
    assert str(LONGEST_CHAIN + 1) in shown.notes[-1]


def test_the_examples_are_asked_about_in_every_task_shown() -> None:
    entities = [given.entity for given in gather_inputs({}, {}, seed=0)]
    questions = {question.task: question for question in gather_questions(entities)}
    assert list(questions) == [shown.name for one in kinds() for shown in one.shown_tasks]
    assert len(questions) == 9
    assert questions["predict_weight"].expected == "194, computed"
    assert questions["fold_protein"].length == len(entities[0])
    assert questions["fold_protein"].reference is not None


def test_what_an_entity_lacks_is_not_asked() -> None:
    free = {"make_molecule_selfies", "make_molecule_smiles", "make_molecule_structure", "molecule_from_name"}
    assert {question.task for question in gather_questions([])} == free
    unfolded = gather_questions([Protein.from_sequence("MKTAYIAKQR")])
    assert {question.task for question in unfolded} - free == {"fold_protein"}
    assert all(question.reference is None for question in unfolded)


@pytest.fixture(scope="module")
def summary(tmp_path_factory: pytest.TempPathFactory) -> Summary:
    return run(tmp_path_factory.mktemp("quickstart"))


@pytest.mark.slow
def test_every_task_was_asked(summary: Summary) -> None:
    assert all(not reply.error for reply in summary.replies), [reply.error for reply in summary.replies]
    assert len(summary.replies) == 9


@pytest.mark.slow
def test_files_open_in_other_libraries(summary: Summary) -> None:
    by_extension: dict[str, list[Path]] = {}
    for path in summary.files:
        by_extension.setdefault(path.suffix, []).append(path)
    assert {".sdf", ".pdb", ".fasta", ".smi", ".html"} <= set(by_extension)
    for path in by_extension[".sdf"]:
        mol = next(iter(Chem.SDMolSupplier(str(path), removeHs=False)))
        assert mol is not None, path
        assert mol.GetConformer().Is3D()
    for path in by_extension[".pdb"]:
        atoms = pdb.PDBFile.read(path).get_structure(model=1)
        assert set(atoms.atom_name) == {"N", "CA", "C", "O"}


@pytest.mark.slow
def test_the_page_stands_alone_and_says_what_answers_are_worth(summary: Summary) -> None:
    text = (summary.folder / "report.html").read_text(encoding="utf-8")
    assert not re.findall(r'(?:src|href)="(?!#)[^"]+"', text)
    assert "Do not act on" in text
    assert text.count('<figure class="viewer">') >= 8
    for reply in summary.replies:
        assert reply.question.title in text


@pytest.mark.exhaustive
def test_memory_stays_under_four_gibibytes(tmp_path: Path) -> None:
    # in a process of its own: the peak of this one is that of whatever tests ran in it before
    command = [sys.executable, "-m", "biomatrix.cli.main", "quickstart", "--output", str(tmp_path), "--json"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert 0.1 < json.loads(said)["peak_memory_gib"] < 4


@pytest.mark.slow
def test_what_cannot_be_written_is_told_and_the_rest_goes_on(tmp_path: Path) -> None:
    summary = run(tmp_path, given={"molecule": "*CC"})
    refused = [trip for given, trips in summary.inputs for trip in trips if trip.refused]
    assert {trip.modality.name for trip in refused} == {"molecule_selfies"}
    unasked = [reply for reply in summary.replies if reply.error]
    assert unasked
    assert all("*CC" in reply.error for reply in unasked)
    assert "Not asked" in (tmp_path / "report.html").read_text(encoding="utf-8")
