"""Settings are chosen on held-out training examples, and what was held out is learned from afterwards."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch

from biomatrix.errors import ConfigurationError
from biomatrix.soft.tuning import SoftRun, load_soft_recipe, soft_tune
from biomatrix.soft.tuning.choosing import choose
from biomatrix.soft.tuning.recipe import SoftRecipe
from biomatrix.soft.tuning.splitting import held_out_of
from biomatrix.soft.tuning.task_data import read_task, subject
from biomatrix.tasks.benchmarks.examples import Example

from .small_runs import decoder, recipe, table

pytest.importorskip("peft")
HELD_OUT = {"held_out": 0.25}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("choosing")
    decoder(folder / "decoder")
    table(folder / "data")
    return folder


def with_candidates(place: Path, output: str) -> SoftRecipe:
    changes = {
        "idle": {"optimiser": {"peak_lr": 1e-9}},
        "moving": {"optimiser": {"peak_lr": 2e-2}},
        "broken": {"soft": {"encoder": "no_such_encoder"}},
    }
    return recipe(place, output, task=HELD_OUT, candidates=changes)  # type: ignore[arg-type]


def test_the_best_on_held_out_examples_is_trained_on_all(place: Path) -> None:
    settings = with_candidates(place, "chosen")
    result = soft_tune(settings)
    tried = {one.name: one for one in result.tried}
    assert tried["moving"].nats < tried["idle"].nats
    assert math.isinf(tried["broken"].nats)
    assert "no_such_encoder" in tried["broken"].fault
    task = read_task(settings.task)
    assert task.held_out
    assert result.examples == len(task.train) + len(task.held_out)
    assert (settings.run.output / "model").is_dir()
    assert choose(settings).recipe.optimiser.peak_lr == 2e-2  # found again without training: no step is done anew


def test_a_candidate_that_was_ended_early_gives_its_number_of_updates(place: Path) -> None:
    run = {"patience": 1, "evaluate_every": 1, "max_steps": 3}
    settings = recipe(place, "early", task=HELD_OUT, run=run, candidates={"one": {"optimiser": {"peak_lr": 1.0}}})
    choice = choose(settings)
    best = choice.tried[0].step
    assert (choice.recipe.run.max_steps, choice.recipe.run.patience, choice.recipe.task.held_out) == (best, None, 0.0)


def test_what_is_held_out_is_whole_groups_or_whole_entities(place: Path) -> None:
    task = read_task(recipe(place, task=HELD_OUT).task)
    sides = [{subject(one).smiles for one in side} for side in (task.train, task.held_out)]  # type: ignore[attr-defined]
    assert not sides[0] & sides[1]
    donors = ["a"] * 6 + ["b"] * 3 + ["c"]
    examples = [
        Example(str(n), dict(task.train[0].fields), ("x",), facts={"group": donor}) for n, donor in enumerate(donors)
    ]
    learned, held_out = held_out_of(examples, 0.2, str)
    assert {one.facts["group"] for one in learned}.isdisjoint(one.facts["group"] for one in held_out)
    assert [one.facts["group"] for one in held_out] == ["b"] * 3  # a whole donor, though it is more than the share
    assert held_out_of(examples, 0.0, str) == (examples, [])


def test_candidates_are_refused_that_cannot_be_compared(place: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"give task\.held_out"):
        recipe(place, candidates={"one": {"optimiser": {"peak_lr": 1e-3}}})
    with pytest.raises(ValueError, match="candidate one changes task"):
        recipe(place, task=HELD_OUT, candidates={"one": {"task": {"seed": 1}}})
    written = tmp_path / "recipe.toml"
    written.write_text('[task]\nname = "x"\nfolder = "."\n[soft]\nencoder = "morgan"\nvectors = "v"\nstart = "ridge"\n[run]\noutput = "o"\nmax_steps = 1\n')  # fmt: skip  # noqa: E501
    with pytest.raises(ConfigurationError, match="layers = 1"):
        load_soft_recipe(written)


def test_a_ridge_start_lays_entities_near_the_embeddings_of_their_answers(place: Path) -> None:
    def likeness(start: str) -> float:
        run = SoftRun(recipe(place, f"start {start}", soft={"layers": 1, "start": start}))
        rows = run.model.get_input_embeddings().weight.detach()
        answers = [run.answer(one) for one in run.train]
        means = torch.stack([rows[run.vocabulary.encode_text(answer)].mean(0) for answer in answers])
        wanted = means - means.unique(dim=0).mean(0)
        with torch.no_grad():
            source = run.source
            placed = source.projector(torch.from_numpy(source.vectors.matrix([subject(one) for one in run.train])))[
                :, 0
            ]
        assert torch.allclose(placed.norm(dim=-1), source.projector.length.expand(len(placed)), rtol=1e-4)
        return float(torch.cosine_similarity(placed, wanted).mean())

    assert likeness("ridge") > 0.35 > 0.2 > abs(likeness("drawn"))


def test_one_spread_for_all_numbers_keeps_what_is_large_large() -> None:
    from biomatrix.soft.projector import Projector, ProjectorSettings

    drawn = np.random.default_rng(0).normal(size=(200, 1, 2)).astype(np.float32) * [10, 0.1]
    vectors = torch.from_numpy(drawn.astype(np.float32))
    each, whole = (Projector(2, 4, 1.0, ProjectorSettings(layers=1)) for _ in range(2))
    each.standardise(vectors)
    whole.standardise(vectors, "all")
    spreads = [((vectors - one.mean) / one.spread).flatten(0, 1).std(0) for one in (each, whole)]
    torch.testing.assert_close(spreads[0], torch.ones(2), atol=1e-2, rtol=0)
    assert spreads[1][0] / spreads[1][1] > 90
    torch.testing.assert_close(spreads[1].square().mean(), torch.tensor(1.0), atol=1e-2, rtol=0)


def test_answers_that_share_words_are_set_apart() -> None:
    from biomatrix.soft.tuning.opening import _orthogonal

    rng = np.random.default_rng(0)
    rows = rng.normal(size=(5, 64)).astype(np.float32)
    rows[4] = rows[3] + 0.05 * rng.normal(size=64)
    centred = rows - rows.mean(axis=0)
    found = _orthogonal(centred)
    # Five points at equal distances, as the corners of a simplex, in the space of the given ones.
    np.testing.assert_allclose(found @ found.T, np.eye(5) - 1 / 5, atol=1e-5)
    basis = np.linalg.svd(centred, full_matrices=False)[2][:4]
    np.testing.assert_allclose(found @ basis.T @ basis, found, atol=1e-5)
    assert ((found * centred).sum(axis=1) > 0).all()
