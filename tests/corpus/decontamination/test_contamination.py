"""What is planted from test sets is found, whole and in part, and nothing else is lost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from biomatrix.corpus.decontamination.index import TestIndex, build_index
from biomatrix.corpus.decontamination.judging import Found, contamination
from biomatrix.corpus.decontamination.subjects import Subject
from biomatrix.corpus.decontamination.test_rows import TestRows
from biomatrix.corpus.decontamination.test_sets import TestSet, TestSets, check_sets, find_test_sets
from biomatrix.corpus.records import INTERACTION, TEXT, Record
from biomatrix.corpus.selection_recipes import DecontaminationRecipe
from biomatrix.entities import Molecule, Protein
from biomatrix.entities.base_entity import Entity
from biomatrix.errors import ConfigurationError

LETTERS = "ACDEFGHIKLMNPQRSTVWY"
QUESTION = (
    "Which of the enzymes that split the glycosidic bond between the second and the third sugar is found in the saliva "
    "of the common house mouse, and at which temperature does it work best?"
)


class Given(TestSet):
    """A test set of rows that a test names."""

    __test__ = False
    given: tuple[Subject, ...] = ()
    pairs = False

    @property
    def is_of_pairs(self) -> bool:
        return self.pairs

    def rows(self) -> Any:
        return iter(self.given)


def index_of(
    tmp_path: Path, rows: list[Subject], *, pairs: bool = False, allowed_in: tuple[str, ...] = (), **settings: Any
) -> TestIndex:
    test_set = Given("planted test", (), f"mark{len(rows)}{pairs}{allowed_in}", allowed_in)
    object.__setattr__(test_set, "given", tuple(rows))
    object.__setattr__(test_set, "pairs", pairs)
    recipe = DecontaminationRecipe.model_validate(settings)
    return TestIndex(build_index(TestSets((test_set,), {}), recipe, tmp_path))


def record(*, source: str = "mine", split: Any = "train", text: str = "", **parts: Entity) -> Record:
    if len(parts) == 1:
        entity = next(iter(parts.values()))
        return Record(source, "1", entity.kind, split, {}, entity)
    return Record(source, "1", INTERACTION if parts else TEXT, split, {"text": text} if text else {}, None, parts)


def sequence(rng: np.random.Generator, length: int) -> str:
    return "".join(rng.choice(list(LETTERS), size=length))


def way(found: Found | None) -> str | None:
    return None if found is None else found.way


def test_every_spelling_of_a_test_molecule_is_found(tmp_path: Path) -> None:
    tested = ["CC(=O)Oc1ccccc1C(=O)O", "CN1C=NC2=C1C(=O)N(C(=O)N2C)C", "C[C@H](N)C(=O)O"]
    index = index_of(tmp_path, [Subject(str(n), (Molecule.from_smiles(text),)) for n, text in enumerate(tested)])
    from rdkit import Chem

    for text in tested:
        for seed in range(5):
            other = Chem.MolToRandomSmilesVect(Chem.MolFromSmiles(text), 1, randomSeed=seed)[0]
            assert way(contamination(record(molecule=Molecule.from_smiles(other)), index)) == "identity"
    for text in ("CC(=O)Oc1ccccc1C(=O)N", "CCO", "CN1C=NC2=C1C(=O)NC(=O)N2C"):
        assert contamination(record(molecule=Molecule.from_smiles(text)), index) is None


def test_a_shared_stretch_of_residues_is_found_and_a_shorter_one_is_not(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    tested = sequence(rng, 120)
    index = index_of(tmp_path, [Subject("t", (Protein(tested),))])
    for length, expected in ((20, "stretch"), (19, None)):
        start = int(rng.integers(0, 120 - length))
        planted = sequence(rng, 40) + tested[start : start + length] + sequence(rng, 40)
        found = contamination(record(protein=Protein(planted)), index)
        # a neighbour drawn at random may continue the stretch by chance, so only the planted letters are kept apart
        assert way(found) == expected or tested[start : start + length + 1] in planted
    assert way(contamination(record(protein=Protein(tested)), index)) == "identity"


@pytest.mark.parametrize(("kept", "expected"), [(0.95, "containment"), (0.3, None)])
def test_containment_finds_what_was_mutated(tmp_path: Path, kept: float, expected: str | None) -> None:
    rng = np.random.default_rng(1)
    tested = sequence(rng, 300)
    index = index_of(tmp_path, [Subject("t", (Protein(tested),))], stretch=0, containment=0.5)
    letters = [letter if rng.random() < kept else str(rng.choice(list(LETTERS))) for letter in tested]
    assert way(contamination(record(protein=Protein("".join(letters))), index)) == expected


def test_tanimoto_finds_near_molecules(tmp_path: Path) -> None:
    tested = Molecule.from_smiles("CCCCCCCCCCCCc1ccc(O)cc1")
    index = index_of(tmp_path, [Subject("t", (tested,))], tanimoto=0.9)
    near, far = Molecule.from_smiles("CCCCCCCCCCCCCc1ccc(O)cc1"), Molecule.from_smiles("c1ccncc1")
    assert way(contamination(record(molecule=near), index)) == "similarity"
    assert contamination(record(molecule=far), index) is None


def test_a_pair_is_excluded_and_its_parts_alone_are_not(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    ligand, protein = Molecule.from_smiles("CC(=O)Oc1ccccc1C(=O)O"), Protein(sequence(rng, 80))
    other = Protein(sequence(rng, 80))
    rows = [Subject("t", (ligand, protein))]
    index = index_of(tmp_path / "pair", rows, pairs=True)
    assert way(contamination(record(protein=protein, ligand=ligand), index)) == "pair"
    assert contamination(record(protein=other, ligand=ligand), index) is None
    assert contamination(record(ligand=ligand), index) is None
    strict = index_of(tmp_path / "any", rows, pairs=True, interactions="any")
    assert way(contamination(record(protein=other, ligand=ligand), strict)) == "identity"
    assert way(contamination(record(protein=protein), strict)) == "identity"


def test_questions_are_found_by_thirteen_words_in_a_row(tmp_path: Path) -> None:
    index = index_of(tmp_path, [Subject("t", texts=(QUESTION,))])
    words = QUESTION.split()
    assert way(contamination(record(text=QUESTION.upper()), index)) == "text"
    planted = "It is asked, " + " ".join(words[3:16]) + " - and so on."
    assert way(contamination(record(text=planted), index)) == "words"
    assert contamination(record(text="It is asked, " + " ".join(words[3:15]) + " - and so on."), index) is None


def test_the_wording_of_many_rows_is_not_compared(tmp_path: Path) -> None:
    wording = " ".join(f"please{number}" for number in range(13))
    rows = [
        Subject(str(n), texts=(f"{wording} name{n} " + " ".join(f"own{n}x{m}" for m in range(13)),)) for n in range(11)
    ]
    index = index_of(tmp_path, rows)
    assert contamination(record(text=f"so {wording} now"), index) is None
    assert way(contamination(record(text=" ".join(f"own3x{m}" for m in range(13))), index)) == "words"


def test_what_is_held_out_and_what_may_hold_a_set_stays(tmp_path: Path) -> None:
    protein = Protein(sequence(np.random.default_rng(3), 50))
    index = index_of(tmp_path, [Subject("t", (protein,))], allowed_in=("chains",))
    assert contamination(record(protein=protein, split="held_out"), index) is None
    assert contamination(record(protein=protein, source="chains"), index) is None
    assert way(contamination(record(protein=protein, split="held_out_label"), index)) == "identity"


def test_an_index_is_built_once_and_named_by_what_it_holds(tmp_path: Path) -> None:
    rows = [Subject("t", (Molecule.from_smiles("CCO"),))]
    first, second = index_of(tmp_path, rows), index_of(tmp_path, rows)
    assert first.folder == second.folder
    assert index_of(tmp_path, rows, stretch=15).folder != first.folder
    assert first.sets[0]["rows"] == 1


def test_rows_keep_hashes_and_no_words(tmp_path: Path) -> None:
    rows = TestRows(DecontaminationRecipe())
    rows.add(Subject("t", (Molecule.from_smiles("CCO"),), (QUESTION,)), pair=False)
    assert all(array.dtype.kind in "uif" for array in rows.arrays().values())


def test_a_row_that_cannot_be_read_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    known: Any = [Subject("t", (Molecule.from_smiles("CCO"),)), "x: not a molecule", "y: neither"]
    with caplog.at_level("WARNING"):
        assert index_of(tmp_path, known).sets[0]["rows"] == 1
    assert "2 rows cannot be read and are not compared, first x: not a molecule" in caplog.text


OURS = {"name": "ours", "reader": "csv", "files": ["ours.csv"], "kind": "molecule", "entity": "smiles"}


@pytest.mark.parametrize(
    ("content", "settings", "message"),
    [
        (None, {"sets": [OURS]}, "the test set ours of the recipe cannot be read.*no file matches"),
        ("name\nx\n", {"sets": [OURS]}, "the test set ours of the recipe cannot be read.*no column smiles"),
        ("", {"sets": [OURS]}, "the test set ours of the recipe cannot be read"),
        ("smiles\n", {"sets": [OURS]}, "no row of the test set ours of the recipe can be read: it is empty"),
        ("smiles\n?\n!\n", {"sets": [OURS]}, "no row of the test set ours .*: 2 cannot be, first 1: "),
        ("smiles\nC\n", {"sets": [OURS, OURS]}, "named twice: ours"),
        ("smiles\nC\n", {"folders": {"chebi21": "x"}}, "no source 'chebi21' of benchmarks"),
    ],
)
def test_a_test_set_of_a_recipe_that_is_not_there_ends_the_build(
    tmp_path: Path, content: str | None, settings: dict[str, Any], message: str
) -> None:
    if content is not None:
        (tmp_path / "ours.csv").write_text(content)
    recipe = DecontaminationRecipe.model_validate(settings)

    def begin() -> None:
        check_sets(recipe, tmp_path)
        build_index(find_test_sets(recipe, tmp_path), recipe, tmp_path / "work")

    with pytest.raises(ConfigurationError, match=message):
        begin()
