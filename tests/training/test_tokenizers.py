"""Training of structure tokenizers goes by the tables of the kinds, and reads today's recipes and older ones."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from biomatrix.entities import MoleculeStructureTokenizer
from biomatrix.entities.kind_registry import kinds, load_attribute
from biomatrix.entities.tokenizer_training import TokenizerRecipe, TrainedWeights, TrainingSources
from biomatrix.errors import ConfigurationError
from biomatrix.training.tokenizers import read_tokenizer_recipe, train_tokenizer

RECIPES = Path(__file__).parents[2] / "recipes"
SHIPPED = [path for path in sorted(RECIPES.glob("*.toml")) if "tokenizer" in tomllib.loads(path.read_text())]
TRAINERS = [(kind.name, architecture) for kind in kinds() for architecture in kind.trainers]

CALLS: list[tuple[TokenizerRecipe, TrainingSources, Path]] = []


def trainer(recipe: TokenizerRecipe, sources: TrainingSources, output: Path) -> TrainedWeights:
    """Stand in for a trainer from outside."""
    CALLS.append((recipe, sources, output))
    return TrainedWeights("abc", {"things": 7})


def written(folder: Path, text: str) -> Path:
    (folder / "recipe.toml").write_text(text, encoding="utf-8")
    return folder / "recipe.toml"


@pytest.mark.parametrize(("kind", "architecture"), TRAINERS)
def test_every_trainer_is_there_and_a_shipped_recipe_is_for_it(kind: str, architecture: str) -> None:
    named = {(recipe.kind, recipe.architecture) for recipe in map(read_tokenizer_recipe, SHIPPED)}
    assert (kind, architecture) in named
    home = next(one.trainers[architecture] for one in kinds() if one.name == kind)
    assert callable(load_attribute(home))


@pytest.mark.parametrize(
    ("text", "kind", "architecture"),
    [
        ('architecture = "conditioned"\n[[data]]\nsource = "ccd"\n', "molecule", "conditioned"),
        ("[fit]\nnum_codes = 256\n", "protein", "geometric"),
        ("[anchors]\nlevels = 16\n[fit]\nnum_codes = 256\n", "protein", "anchored"),
        ('architecture = "gcp_vqvae"\n[sizes]\n', "protein", "gcp_vqvae"),
        ("[sizes]\n", "protein", "gcp_vqvae"),
    ],
)
def test_older_recipes_are_read(tmp_path: Path, text: str, kind: str, architecture: str) -> None:
    recipe = read_tokenizer_recipe(written(tmp_path, text))
    assert (recipe.kind, recipe.architecture) == (kind, architecture)
    assert "architecture" not in recipe.settings


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[tokenizer]\nkind = "molecule"\narchitecture = "geometric"\n', "no trainer for molecule"),
        ('[tokenizer]\nkind = "protein"\n', "kind and architecture"),
        ('tokenizer = "geometric"\n', "kind and architecture"),
        ('[tokenizer]\nkind = "stone"\narchitecture = "geometric"\n', "no kind of entity"),
        ('architecture = "unknown"\n', "must say what it is for"),
        ("[data]\nx = 1\n", "must say what it is for"),
        ("not toml", "not TOML"),
    ],
)
def test_recipes_that_name_nothing_are_refused(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        read_tokenizer_recipe(written(tmp_path, text))


def test_a_trainer_from_outside_is_found_by_the_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kind = kinds()[0]
    monkeypatch.setattr(type(kind), "trainers", {**kind.trainers, "mine": f"{__name__}:trainer"})
    text = f'[tokenizer]\nkind = "{kind.name}"\narchitecture = "mine"\n[mine]\nx = 3\n'
    done = train_tokenizer(read_tokenizer_recipe(written(tmp_path, text)), tmp_path / "data", tmp_path / "out")
    recipe, sources, output = CALLS[-1]
    assert (recipe.settings, sources.folder, output) == ({"mine": {"x": 3}}, tmp_path / "data", tmp_path / "out")
    assert done.as_mapping() | {"seconds": 0} == {
        "folder": str(tmp_path / "out" / "tokenizer"), "fingerprint": "abc", "seconds": 0, "things": 7,
    }  # fmt: skip
    assert "from 7 things" in done.as_text()
    with pytest.raises(ConfigurationError, match="no source 'nowhere'"):
        sources.open("nowhere")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("[fitting]\nroundz = 3\n", r"unknown key fitting\.roundz; did you mean rounds"),
        ("[fitting]\nrounds = 'many'\n", "rounds"),
        ("[more]\nx = 1\n", "more"),
    ],
)
def test_misspelt_settings_of_molecule_recipes_are_named(tmp_path: Path, change: str, words: str) -> None:
    named = '[tokenizer]\nkind = "molecule"\narchitecture = "conditioned"\n'
    recipe = read_tokenizer_recipe(written(tmp_path, f'{named}[[data]]\nsource = "ccd"\n{change}'))
    with pytest.raises(ConfigurationError, match=words) as caught:
        train_tokenizer(recipe, tmp_path, tmp_path / "out")
    assert caught.value.file == str(recipe.file)


def test_molecules_are_gathered_fitted_and_open(tmp_path: Path) -> None:
    """The smallest real run: components of the dictionary that comes with the dependencies."""
    text = (
        '[tokenizer]\nkind = "molecule"\narchitecture = "conditioned"\n[[data]]\nsource = "ccd"\nmolecules = 40\n'
        "[fitting]\nnum_codes = 32\nrounds = 1\nper_round = 20\n"
    )
    recipe = read_tokenizer_recipe(written(tmp_path, text))
    done: Any = [train_tokenizer(recipe, tmp_path, tmp_path / name) for name in ("first", "second")]
    assert done[0].fingerprint == done[1].fingerprint
    assert 0 < done[0].counts["molecules"] <= 40
    opened = MoleculeStructureTokenizer.from_pretrained(done[0].folder)
    assert (opened.fingerprint, opened.num_codes) == (done[0].fingerprint, 32)
    about = opened.config["training_data"][0]
    assert (about["source"], about["molecules"]) == ("ccd", done[0].counts["molecules"])
