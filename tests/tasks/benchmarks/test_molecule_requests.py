"""The benchmarks of S2-Bench, MolOpt-Instructions and QM9: what their official files ask, and what is refused."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pytest
from pyarrow.parquet import write_table
from rdkit import Chem
from rdkit.Chem.rdDistGeom import EmbedMolecule

from biomatrix.entities.molecule.constraints.bonds import Bonds
from biomatrix.entities.molecule.constraints.elements import Elements
from biomatrix.entities.molecule.constraints.fragments import Contains
from biomatrix.entities.molecule.entity import Molecule
from biomatrix.entities.rejects import Reject
from biomatrix.errors import ConfigurationError, ParseError
from biomatrix.metrics.s2_bench.requests import BONDS, ELEMENTS
from biomatrix.tasks.benchmarks.answers import GOLD
from biomatrix.tasks.benchmarks.benchmark import Benchmark, DataSet
from biomatrix.tasks.benchmarks.examples import Example
from biomatrix.tasks.benchmarks.loaders.molopt import CRITERIA, GOALS
from biomatrix.tasks.benchmarks.loaders.openmolins import official_row
from biomatrix.tasks.benchmarks.loading import load_examples
from biomatrix.tasks.benchmarks.official_files.qm9_tables import CV_OF_AN_ATOM, HARTREE, conformers
from biomatrix.tasks.benchmarks.registry import benchmark, benchmarks
from biomatrix.tasks.benchmarks.rows.qm9_splits import SPLITS, split_records
from biomatrix.tasks.benchmarks.rows.s2_requests import GROUPS, REQUESTS, listed
from biomatrix.tasks.benchmarks.sample_data import sample_folder
from biomatrix.tasks.benchmarks.wording import question_parts

Writer: TypeAlias = "Callable[[str, Sequence[Sequence[object]]], Path]"
S2 = [name for name, one in benchmarks().items() if one.data.source.name == "s2_bench"]
MOLOPT = [name for name, one in benchmarks().items() if one.data.source.name == "molopt"]
QM9 = [name for name, one in benchmarks().items() if one.data.source.name == "qm9"]


def split(data: DataSet, folder: Path, name: str = "test") -> tuple[list[Example], list[Reject]]:
    rows = list(load_examples(data, folder, name))
    return [row for row in rows if isinstance(row, Example)], [row for row in rows if isinstance(row, Reject)]


def sample(name: str) -> list[Example]:
    data = benchmark(name).data
    examples, rejects = split(data, sample_folder(data))
    assert examples
    assert not rejects
    return examples


def test_all_are_there() -> None:
    assert (len(S2), len(MOLOPT), len(QM9)) == (9, 8, 7)
    assert {benchmark(name).data.settings["task"] for name in S2} == set(REQUESTS)
    assert {benchmark(name).data.settings["objective"] for name in MOLOPT} == set(GOALS)


@pytest.mark.parametrize("name", [*S2, *MOLOPT, *QM9])
def test_prompts_are_many_and_differ(name: str) -> None:
    prompts = benchmark(name).task.prompts
    assert len({" ".join(prompt.lower().split()) for prompt in prompts}) == len(prompts) >= 20


@pytest.mark.parametrize("name", S2)
def test_checksums_of_the_official_files_are_stated(name: str) -> None:
    assert all(len(file.sha256) == 64 for file in benchmark(name).data.source.files)


def test_counts_asked_for_become_constraints_that_right_answers_keep() -> None:
    kinds: dict[str, Any] = {"elements": Elements, "bonds": Bonds, "contains": Contains}
    for name in ("mol_custom_atomnum", "mol_custom_bondnum", "mol_custom_funcgroup"):
        for example in sample(name):
            constraints = question_parts(benchmark(name), example).constraints
            assert constraints
            gold = Molecule.from_smiles(example.facts[GOLD])
            for text in constraints:
                kind, _, value = text.partition("=")
                assert kinds[kind].parse(value).fault(gold) is None


def test_the_group_constraints_count_every_official_group() -> None:
    constraints = benchmark("mol_custom_funcgroup").constraints
    facts = {text.rpartition("{")[2].rstrip("}") for text in constraints}
    expected = {column.replace(" ", "_") for column in GROUPS} - {"thioether", "sulfide"} | {"sulfide_and_disulfide"}
    assert facts == expected


def test_what_a_row_asks_stands_in_the_prompt() -> None:
    example = sample("mol_edit_subcomp")[0]
    parts = question_parts(benchmark("mol_edit_subcomp"), example).prompt
    text = " ".join(part if isinstance(part, str) else "<molecule>" for part in parts)
    assert "a halogen atom" in text
    assert "a hydroxyl group" in text
    assert "<molecule>" in text
    assert [example.fields["change"] for example in sample("mol_opt_s2_logp")] == ["higher", "lower", "lower"]
    assert listed(["1 a", "2 b", "3 c"]) == "1 a, 2 b and 3 c"
    assert listed(["1 a"]) == "1 a"


@pytest.fixture
def table(tmp_path: Path) -> Writer:
    def write(path: str, rows: Sequence[Sequence[object]]) -> Path:
        target = tmp_path / path
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("w", newline="") as stream:
            csv.writer(stream).writerows(rows)
        return tmp_path

    return write


def test_bad_rows_are_refused_and_the_rest_goes_on(table: Writer) -> None:
    header: list[object] = ["index", "Instruction", "molecule", "added_group"]
    rows: list[list[object]] = [
        [1, "Add it.", "CCO", "halo"],
        [2, "Add it.", "C(C", "halo"],
        [3, "Add it.", "CCO", "plutonium"],
        [4, "Add it.", "", "halo"],
        [5, "Add it.", "CCO", "halo", "one too many"],
        [6, "Add it.", "CCO", "benzene ring"],
    ]
    folder = table("MolEdit/AddComponent/test.csv", [header, *rows])
    examples, rejects = split(benchmark("mol_edit_addcomp").data, folder)
    assert [example.key for example in examples] == ["0", "5"]
    assert [reject.record for reject in rejects] == [2, 3, 4, 5]
    counts: list[list[object]] = [
        ["Instruction", *BONDS],
        ["x", 1, 0, 0, 0, -1],
        ["x", 0, 0, 0, 0, 0],
        ["x", 2, 0, "many", 0, 0],
    ]
    folder = table("MolCustom/BondNum/test.csv", counts)
    examples, rejects = split(benchmark("mol_custom_bondnum").data, folder)
    assert not examples
    assert len(rejects) == 3


def test_missing_files_and_splits_are_named(tmp_path: Path) -> None:
    for name in (S2[0], MOLOPT[0], QM9[0]):
        with pytest.raises(ConfigurationError, match="no file"):
            split(benchmark(name).data, tmp_path)
    for name in (S2[0], MOLOPT[0]):
        with pytest.raises(ConfigurationError, match="split"):
            split(benchmark(name).data, tmp_path, "elsewhere")


@pytest.mark.parametrize("name", S2)
def test_training_rows_ask_what_their_words_say(name: str) -> None:
    data = benchmark(name).data_set("openmolins")
    examples, rejects = split(data, sample_folder(data), "train")
    assert examples
    assert all(example.references for example in examples)
    # One row of the sample has the molecule and the group in each other's place, as many official ones do.
    assert len(rejects) == (name == "mol_edit_delcomp")


def test_instructions_of_training_rows_are_read() -> None:
    assert official_row("AtomNum", "It has 2 carbon atoms, and 1 oxygen atom.") == {
        **dict.fromkeys(ELEMENTS, "0"),
        "carbon": "2",
        "oxygen": "1",
    }
    row = official_row("SubComponent", "Modify the molecule CCCl by substituting a halo with a thiol.")
    assert (row["molecule"], row["removed_group"], row["added_group"]) == ("CCCl", "halo", "thiol")
    for name, text in (("AddComponent", "Add a halo."), ("LogP", "Optimise it."), ("AtomNum", "With 2 kryptonite.")):
        with pytest.raises(ParseError):
            official_row(name, text)


@pytest.mark.parametrize("name", MOLOPT)
def test_every_molecule_is_asked_about_loosely_and_strictly(name: str) -> None:
    examples = sample(name)
    assert [example.facts["criterion"] for example in examples[:2]] == list(CRITERIA)
    assert len({example.key for example in examples}) == len(examples)
    assert all("{" not in str(example.fields["goal"]) for example in examples)
    assert {example.facts["criterion"] for example in examples if GOLD in example.facts} == set(CRITERIA)
    closed = {"esol", "bbbp", "herg"} & {each for each in ("esol", "bbbp", "herg") if each in _objective(name)}
    assert all(metric.comparable is not bool(closed) for metric in benchmark(name).metrics)


def _objective(name: str) -> str:
    return str(benchmark(name).data.settings["objective"])


def test_pairs_that_reach_the_goal_stand_in(tmp_path: Path) -> None:
    def row(source: str, target: str, change: float) -> dict[str, str]:
        properties = json.dumps({"qed": {"source": 0.4, "target": 0.4 + change, "change": change}})
        return {"split": "train", "source_smiles": source, "target_smiles": target, "properties": properties}

    rows = [row("CCO", "CCN", 0.1), row("CCO", "CCC", -0.1), row("C(", "CC", 0.1), row("CCO", "OCCO", 0.0)]
    rows.append({**rows[0], "properties": "[]"})
    write_table(pa.Table.from_pylist(rows), tmp_path / "mumo_instruct.parquet")
    examples, rejects = split(benchmark("mol_opt_molopt_qed").data_set("mumo_instruct"), tmp_path, "train")
    assert [example.references for example in examples] == [("CCN",)]
    assert len(rejects) == 2
    examples, _ = split(benchmark("mol_opt_molopt_acceptor").data_set("mumo_instruct"), tmp_path, "train")
    assert [example.references for example in examples] == [("OCCO",)]


def test_the_splits_of_qm9_part_all_molecules() -> None:
    for count in (10, 13, 94, 130_831):
        kept = np.arange(count)
        train, validation, test, classifier, generator = (split_records(kept, name) for name in SPLITS)
        assert sorted([*train, *validation, *test]) == list(kept)
        assert sorted([*classifier, *generator]) == sorted(train)
        assert len(test) == max(1, count // 10)
    # numpy.random.seed(0) and permutation, as the official code calls them.
    legacy = np.random.RandomState(0).permutation(130_831)
    assert split_records(np.arange(130_831), "train")[:3].tolist() == legacy[:3].tolist()
    with pytest.raises(ConfigurationError, match="no split"):
        split_records(np.arange(10), "tests")


def test_molecules_that_are_left_out_never_appear() -> None:
    folder = sample_folder(benchmark("mol3d_uncond_qm9").data)
    table = conformers(folder)
    names = {found.name for _, found in table.molecules(np.arange(20)) if not isinstance(found, Reject)}
    assert "gdb_12" in names
    assert 11 not in table.kept
    assert len(table.kept) == len(names) - 1


@pytest.mark.parametrize("name", [name for name in QM9 if name != "mol3d_uncond_qm9"])
def test_values_are_shown_in_the_published_unit(name: str) -> None:
    data = benchmark(name).data
    folder = sample_folder(data)
    column = str(data.settings["property"])
    with (folder / "gdb9.sdf.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    for example in sample(name):
        value = float(rows[int(example.key) - 1][column])
        assert example.target is not None
        if column in ("homo", "lumo", "gap"):
            value *= HARTREE
        if column == "cv":
            value -= CV_OF_AN_ATOM * Chem.AddHs(Chem.MolFromSmiles(example.target.smiles)).GetNumAtoms()  # type: ignore[attr-defined]
        assert example.facts["value"] == pytest.approx(value, abs=0.06)
        assert str(example.fields["value"]) in "".join(map(str, question_parts(benchmark(name), example).prompt))


def test_conformers_in_a_table_stand_in(tmp_path: Path) -> None:
    mol = Chem.AddHs(Chem.MolFromSmiles("CCO"))
    EmbedMolecule(mol, randomSeed=1)
    row = {
        "atomic_numbers": [atom.GetAtomicNum() for atom in mol.GetAtoms()],
        "positions": mol.GetConformer().GetPositions().ravel().tolist(),
        "bonds": [value for bond in mol.GetBonds() for value in (bond.GetBeginAtomIdx(), bond.GetEndAtomIdx(), 1)],
        "formal_charges": [0] * mol.GetNumAtoms(),
        "homo": -6.5,
    }
    broken = {**row, "positions": row["positions"][:-1]}
    write_table(pa.Table.from_pylist([row, broken] * 10), tmp_path / "qm9_with_properties_100.parquet")
    one: Benchmark = benchmark("mol3d_cond_homo")
    examples, rejects = split(one.data_set("qm9_with_properties_100"), tmp_path)
    assert len(examples) + len(rejects) == 5
    assert {example.facts["value"] for example in examples} == {-6500.0}
