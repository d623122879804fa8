"""Tasks from the harness: related entities stand on one side, and prompts show them in several ways."""

from __future__ import annotations

from pathlib import Path

import pytest
from rdkit import Chem
from rdkit.Chem.Scaffolds import MurckoScaffold

from biomatrix.entities import Molecule
from biomatrix.errors import ConfigurationError
from biomatrix.soft.tuning.showing import as_positions, as_text, as_tokens, both, hidden, shown_question
from biomatrix.soft.tuning.task_data import TaskData, read_task, subject
from biomatrix.tasks.benchmarks.examples import Example
from biomatrix.vocabulary import Positions

from .small_runs import ALCOHOLS, RINGS, table


def data(folder: Path, **changes: object) -> TaskData:
    values = {"name": "mol_prop_esol", "folder": folder, "source": "moleculenet_esol", "split": "scaffold"}
    return TaskData.model_validate({**values, **changes})


def scaffold(example: Example) -> str:
    entity = subject(example)
    assert isinstance(entity, Molecule)
    return Chem.MolToSmiles(MurckoScaffold.GetScaffoldForMol(entity.mol))  # type: ignore[no-untyped-call]


def test_no_scaffold_is_on_both_sides(tmp_path: Path) -> None:
    found = read_task(data(table(tmp_path, [*ALCOHOLS, *RINGS, *(f"{'C' * n}C1CCNCC1" for n in range(1, 6))])))
    sides = [{scaffold(one) for one in side} - {""} for side in (found.train, found.test)]
    assert sides[0]
    assert not sides[0] & sides[1]
    assert 0.5 < len(found.train) / 25 <= 0.8
    assert found.split == "by scaffold"


def test_entities_are_never_drawn_one_by_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="neighbours on both sides"):
        read_task(data(table(tmp_path), split="random"))
    with pytest.raises(ConfigurationError, match="key 'donor'"):
        read_task(data(tmp_path, split="donor"))


def test_an_entity_that_is_asked_about_is_not_learned_from(tmp_path: Path) -> None:
    files = {"train": "train.csv", "test": "test.csv"}
    for name, smiles in (("train", ["CCO", "CCCO"]), ("test", ["OCC", "CCCCO"])):
        (tmp_path / f"{name}.csv").write_text("smiles,logSolubility\n" + "\n".join(f"{one},-1.0" for one in smiles))
    found = read_task(data(tmp_path, split="given", files=files))
    assert [len(found.train), len(found.test), found.left_out] == [1, 2, 1]


def test_a_prompt_shows_an_entity_in_several_ways(tmp_path: Path) -> None:
    task = read_task(data(table(tmp_path)))
    example = task.train[0]
    ways = {
        "vectors": as_positions(lambda _: (-3, -4)),
        "tokens": as_tokens("molecule_selfies"),
        "text": as_text(),
        "nothing": hidden,
        "both": both(as_positions(lambda _: (-3,)), as_tokens()),
    }
    shown = {name: shown_question(task.benchmark, example, way) for name, way in ways.items()}
    assert {parts[0] for parts in shown.values()} == {"What is the aqueous solubility of "}
    assert shown["vectors"][1] == Positions((-3, -4))
    assert shown["tokens"][1] == (subject(example), "molecule_selfies")
    assert isinstance(shown["text"][1], str)
    assert [len(parts) for parts in shown.values()] == [3, 3, 3, 2, 4]


@pytest.mark.slow
def test_cells_stand_in_place_of_their_genes(shared: Path) -> None:
    pytest.importorskip("anndata")
    folder = shared / "data/single_cell/kang_ifnb"
    task = TaskData(name="annotate_kang", folder=folder)
    with pytest.raises(ConfigurationError, match="shows no entity"):
        read_task(task)
    found = read_task(task.model_copy(update={"entities": "kang_ifnb.h5ad", "shown_as": "genes"}))
    donors = [{subject(one).obs["donor"] for one in side} for side in (found.train, found.test)]  # type: ignore[attr-defined]
    assert donors == [{"101"}, {"107"}]
    assert (len(found.train), len(found.test), found.left_out) == (954, 481, 0)


def test_every_recipe_can_be_read() -> None:
    from biomatrix.soft.tuning import load_soft_recipe

    found = sorted((Path(__file__).parents[3] / "recipes").glob("soft_*.toml"))
    assert len(found) >= 5
    for path in found:
        recipe = load_soft_recipe(path)
        assert recipe.run.output.name == path.stem
