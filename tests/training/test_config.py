"""Recipes are checked, schedules are bounded."""

from __future__ import annotations

import re
import subprocess
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from biomatrix.entities.files.toml_files import read_toml
from biomatrix.errors import ConfigurationError
from biomatrix.training.config import Recipe, load_recipe
from biomatrix.training.mixture import sampled_tokens
from biomatrix.training.schedule import learning_rate_factor

from .documents import recipe_values

FOLDER = Path(__file__).parents[2] / "recipes"
RECIPES = sorted({*FOLDER.glob("*_pretrain*.toml"), *FOLDER.glob("*_finetune*.toml")})


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_recipes_of_the_repository_are_valid(path: Path) -> None:
    assert load_recipe(path).run.output


@pytest.mark.parametrize("size", ["1.7b", "4b"])
def test_presets_are_the_published_settings(size: str) -> None:
    pretrain, finetune = (load_recipe(FOLDER / f"biomatrix_{kind}_{size}.toml") for kind in ("pretrain", "finetune"))
    assert 64 * pretrain.batches.tokens * pretrain.batches.accumulate == 1024 * 8192
    assert (pretrain.batches.max_length, finetune.batches.max_length) == (8192, 2048)
    assert (pretrain.optimiser.peak_lr, finetune.optimiser.peak_lr) == (2e-4, 5e-5)
    assert round(pretrain.optimiser.warmup_fraction * pretrain.run.max_steps) == 2000  # type: ignore[operator]
    assert finetune.optimiser.warmup_fraction == 0.1
    for recipe in (pretrain, finetune):
        assert (recipe.batches.layout, recipe.optimiser.shape) == ("packed", "cosine")
        assert recipe.model.checkpoint
        assert recipe.tuning.mode == "full"


@pytest.mark.parametrize("stage", ["pretrain", "finetune"])
def test_the_mixture_of_nano_names_all_that_its_corpus_holds(stage: str) -> None:
    recipe, corpus = load_recipe(FOLDER / f"nano_gpu_{stage}.toml"), read_toml(FOLDER / "nano_gpu_corpus.toml")
    assert recipe.mixture.weights.keys() == corpus["views"].keys() | corpus["tasks"].keys()
    assert sum(recipe.mixture.weights.values()) == pytest.approx(1, abs=0.03)
    names = list(recipe.mixture.weights)
    shares = sampled_tokens(names, np.arange(1, len(names) + 1), recipe.mixture)
    assert shares / shares.sum() == pytest.approx(np.array([*recipe.mixture.weights.values()]), abs=0.01)


def test_one_command_repeats_nano() -> None:
    script = (FOLDER / "nano_gpu.sh").read_text(encoding="utf-8")
    assert subprocess.run(["sh", "-n", FOLDER / "nano_gpu.sh"], check=False).returncode == 0
    stages = [load_recipe(FOLDER / f"nano_gpu_{stage}.toml") for stage in ("pretrain", "finetune")]
    assert all((FOLDER.parent / name).is_file() for name in re.findall(r"(?:recipes|benchmarks)/\w+\.\w+", script))
    assert " ".join(f"{stage.run.output}/model" for stage in stages) in script
    assert stages[1].model.checkpoint == f"{stages[0].run.output}/model"


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


def test_a_rise_over_a_share_of_the_run_is_that_of_transformers() -> None:
    import torch
    from transformers import get_cosine_schedule_with_warmup

    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    theirs = get_cosine_schedule_with_warmup(optimizer, 30, 300).lr_lambdas[0]
    for step in range(301):
        ours = learning_rate_factor(
            step / 300,
            step,
            shape="cosine",
            warmup_steps=7,
            decay_fraction=0.3,
            final_fraction=0.0,
            warmup_fraction=0.1,
        )
        assert ours == pytest.approx(theirs(step), abs=1e-12)


def test_sections_are_frozen(tmp_path: Path) -> None:
    recipe = Recipe.model_validate(recipe_values(tmp_path))
    with pytest.raises(ValueError, match="frozen"):
        recipe.run.seed = 3  # type: ignore[misc]
