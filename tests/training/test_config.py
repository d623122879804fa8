"""Recipes are checked, schedules are bounded."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from biomatrix.errors import ConfigurationError
from biomatrix.training.config import Recipe, load_recipe
from biomatrix.training.schedule import learning_rate_factor

from .documents import recipe_values

RECIPES = sorted((Path(__file__).parents[2] / "recipes").glob("nano_*tune.toml")) + sorted(
    (Path(__file__).parents[2] / "recipes").glob("nano_*pretrain.toml")
)


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_recipes_of_the_repository_are_valid(path: Path) -> None:
    assert load_recipe(path).run.output


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[model]\nvocabulary='v'\nhiden_size=3\n[data]\ntrain='t'\n[run]\noutput='o'\nmax_steps=1", "hiden_size"),
        ("[model]\nvocabulary='v'\n[data]\ntrain='t'\n[run]\noutput='o'", "max_steps or max_minutes"),
        ("[model", "not TOML"),
        (
            "[model]\nvocabulary='v'\n[data]\ntrain='t'\n[batches]\ntokens=8\n[run]\noutput='o'\nmax_steps=1",
            "no row would fit",
        ),
    ],
)
def test_faults_are_named(tmp_path: Path, text: str, told: str) -> None:
    file = tmp_path / "recipe.toml"
    file.write_text(text)
    with pytest.raises(ConfigurationError, match=told):
        load_recipe(file)


def test_a_missing_recipe_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="absent"):
        load_recipe(tmp_path / "absent.toml")


@pytest.mark.parametrize("shape", ["cosine", "wsd", "constant"])
def test_the_rate_rises_stays_and_falls(shape: str) -> None:
    rates = [
        learning_rate_factor(step / 1000, step, shape=shape, warmup_steps=50, decay_fraction=0.2, final_fraction=0.1)
        for step in range(1001)
    ]
    assert rates[0] == pytest.approx(1 / 50, rel=0.01)
    assert all(a <= b + 1e-3 for a, b in pairwise(rates[:50]))
    assert all(a >= b for a, b in pairwise(rates[60:]))
    assert max(rates) <= 1.0
    if shape != "constant":
        assert rates[-1] == pytest.approx(0.1)


def test_sections_are_frozen(tmp_path: Path) -> None:
    recipe = Recipe.model_validate(recipe_values(tmp_path))
    with pytest.raises(ValueError, match="frozen"):
        recipe.run.seed = 3  # type: ignore[misc]
