"""Mixtures: shares by rule, met by what is drawn, in an order that is a function of seed and position."""

from __future__ import annotations

import json
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from biomatrix.cli.main import app
from biomatrix.corpus.groups import document_groups
from biomatrix.corpus.order import WindowedOrder
from biomatrix.corpus.shards import TokenShards
from biomatrix.errors import ConfigurationError
from biomatrix.training.batches import Batch, BatchStream, Position
from biomatrix.training.config import BatchSection, Recipe
from biomatrix.training.identity import check_same_run
from biomatrix.training.loop import Trainer
from biomatrix.training.mixed_order import MixedOrder, order_of
from biomatrix.training.mixture import MixtureSection, handed_out, sampled_tokens
from biomatrix.training.model import build_model
from biomatrix.training.progress import MetricsLog

from .documents import PAD, TinyVocabulary, recipe_values
from .shards import written

LARGE, MEDIUM, SMALL = 5, 6, 7
LAYOUTS = ("bucketed", "packed")
UNIMAX = {"sampler": "unimax", "max_epochs": 3}


def batch_settings(layout: str) -> BatchSection:
    return BatchSection.model_validate(
        {"tokens": 96, "max_length": 24, "buckets": (8, 16), "window": 50, "layout": layout}
    )


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> TokenShards:
    """A corpus whose views hold 30,000, 3,000 and 150 predicted tokens, long and short, across two sources."""
    large = [("large", LARGE, 4 + number % 13) for number in range(3000)]
    medium = [("medium", MEDIUM, 21)] * 150
    small = [("small", SMALL, 11)] * 15
    shards = {"one": [*large[:1700], *small[:4], *medium[:60]], "two": [*small[4:], *large[1700:], *medium[60:]]}
    return written(tmp_path_factory.mktemp("mixture"), shards)


def stream(corpus: TokenShards, layout: str, mixture: dict[str, Any], seed: int = 3, **process: int) -> BatchStream:
    chosen = batch_settings(layout)
    order = order_of(corpus, chosen, MixtureSection.model_validate(mixture), seed)
    return BatchStream(corpus, chosen, seed=seed, pad_id=PAD, order=order, **process)


def same(a: Batch, b: Batch) -> bool:
    names = ("input_ids", "labels", "position_ids", "weights")
    return all(np.array_equal(getattr(a, name), getattr(b, name)) for name in names)


def learned(batches: list[Batch]) -> dict[int, int]:
    """Return how often each token is predicted."""
    counts = sum(np.bincount(batch.labels[batch.weights > 0], minlength=8) for batch in batches)
    return {token: int(counts[token]) for token in (LARGE, MEDIUM, SMALL)}


def test_unimax_gives_the_budgets_of_its_algorithm() -> None:
    # By hand, smallest first: 900/3 > 2 x 50, so 100; 800/2 = 400 > 2 x 150, so 300; 500 is left for the largest.
    settings = MixtureSection(sampler="unimax", max_epochs=2, budget_tokens=900)
    assert sampled_tokens(["c", "a", "b"], np.array([4000, 50, 150]), settings).tolist() == [500.0, 100.0, 300.0]
    more = settings.model_copy(update={"budget_tokens": 10**6})  # more than all caps: proportional, and no further
    assert sampled_tokens(["c", "a", "b"], np.array([4000, 50, 150]), more).tolist() == [8000.0, 100.0, 300.0]


def test_a_temperature_flattens_and_weights_multiply() -> None:
    held = np.array([1600, 100])
    flat = sampled_tokens(["a", "b"], held, MixtureSection(sampler="temperature", temperature=2.0))
    np.testing.assert_allclose(flat / flat.sum(), [0.8, 0.2])
    one = sampled_tokens(["a", "b"], held, MixtureSection(sampler="temperature", temperature=1.0))
    np.testing.assert_allclose(one, held)
    doubled = sampled_tokens(["a", "b"], held, MixtureSection(weights={"b": 4.0}))
    np.testing.assert_allclose(doubled / doubled.sum(), [0.8, 0.2])
    without = sampled_tokens(["a", "b"], held, MixtureSection(sampler="unimax", weights={"b": 0.0}))
    assert without[1] == 0.0


def test_handing_out_stays_exact_between_very_different_weights() -> None:
    given = handed_out(np.array([1e16, 1.0, 1e-3]), np.array([5.0, np.inf, np.inf]), 1005.0)
    np.testing.assert_allclose(given, [5.0, 1000 / 1.001, 1 / 1.001])


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("mixture", [{}, {"by": "source"}, {"weights": {"small": 1.0}}], ids=repr)
def test_proportional_sampling_is_the_order_of_before(corpus: TokenShards, layout: str, mixture: Any) -> None:
    found = stream(corpus, layout, mixture)
    assert isinstance(found.order, WindowedOrder)
    before = BatchStream(corpus, batch_settings(layout), seed=3, pad_id=PAD)
    assert all(same(next(found), next(before)) for _ in range(30))


@pytest.mark.parametrize(
    "mixture",
    [
        {"sampler": "temperature", "temperature": 3.0},
        UNIMAX,
        {"weights": {"small": 20.0}},
        {"by": "source", "weights": {"one": 3.0}},
    ],
    ids=lambda mixture: mixture.get("sampler", "weights") + mixture.get("by", ""),
)
def test_what_is_drawn_has_the_wanted_shares(corpus: TokenShards, mixture: dict[str, Any]) -> None:
    settings = MixtureSection.model_validate(mixture)
    groups = document_groups(corpus, settings.by)
    wanted = sampled_tokens(groups.names, groups.tokens, settings)
    if settings.by == "source":  # within a source the views keep the shares that they have there
        held = np.zeros((2, 3))
        for number, (view, length) in enumerate(zip(corpus.views.tolist(), corpus.lengths.tolist(), strict=True)):
            held[int(number >= corpus.shard_sizes[0][1]), view] += length - 1
        wanted = wanted @ (held / held.sum(axis=1, keepdims=True))
    order = stream(corpus, "bucketed", mixture).order
    members = np.concatenate([order.members(1, window) for window in range(3 * order.windows)])
    drawn = np.bincount(corpus.views[members], weights=corpus.lengths[members].astype(float) - 1)
    np.testing.assert_allclose(drawn / drawn.sum(), wanted / wanted.sum(), rtol=0.05, atol=5e-4)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_small_tasks_are_not_drowned_nor_seen_beyond_the_cap(corpus: TokenShards, layout: str) -> None:
    budget = int(document_groups(corpus, "view").tokens.sum())
    shares = {}
    for name, mixture in {"proportional": {}, "unimax": UNIMAX}.items():
        batches, seen = stream(corpus, layout, mixture), list[Batch]()
        while sum(batch.num_tokens for batch in seen) < budget:
            seen.append(next(batches))
        shares[name] = learned(seen)
    assert shares["unimax"][SMALL] == pytest.approx(3 * shares["proportional"][SMALL], rel=0.15)
    assert shares["unimax"][SMALL] <= 1.1 * 3 * 150
    assert shares["unimax"][MEDIUM] <= 1.1 * 3 * 3000


def test_a_group_is_read_whole_before_any_of_it_comes_again(corpus: TokenShards) -> None:
    found = stream(corpus, "packed", UNIMAX).order
    assert isinstance(found, MixedOrder)
    drawn = np.concatenate([found.members(0, window) for window in range(found.windows * 4)])
    seen = np.bincount(drawn, minlength=len(corpus))
    for view in range(len(corpus.view_names)):
        times = seen[corpus.views == view]
        assert times.max() - times.min() <= 1
    assert seen[corpus.views == corpus.view_names.index("small")].min() >= 9


@pytest.mark.parametrize("layout", LAYOUTS)
def test_seeking_gives_the_same_next_batches(corpus: TokenShards, layout: str) -> None:
    first = stream(corpus, layout, UNIMAX)
    for _ in range(140):
        next(first)
    assert first.position.window
    first.seek(Position(epoch=1, window=1))  # a position is enough: nothing before it matters
    for _ in range(5):
        next(first)
    position, following = first.position, [next(first) for _ in range(30)]
    again = stream(TokenShards(corpus.folder), layout, UNIMAX)
    again.seek(position)
    assert all(same(batch, next(again)) for batch in following)
    other = stream(corpus, layout, UNIMAX, seed=4)
    assert not all(same(batch, next(other)) for batch in following)


def test_processes_share_out_the_batches_of_one(corpus: TokenShards) -> None:
    alone = stream(corpus, "packed", UNIMAX)
    both = [stream(corpus, "packed", UNIMAX, rank=rank, world=2) for rank in (0, 1)]
    for _ in range(20):
        assert same(next(alone), next(both[0]))
        assert same(next(alone), next(both[1]))


def test_batches_mix_groups_of_one_length(tmp_path: Path) -> None:
    alike = written(tmp_path, {"one": [("a", LARGE, 9)] * 400 + [("b", SMALL, 9)] * 400})
    found = [learned([batch]) for batch in islice(stream(alike, "bucketed", {"sampler": "unimax"}), 30)]
    assert sum(counts[LARGE] > 0 < counts[SMALL] for counts in found) >= 25


def test_faults_are_named(corpus: TokenShards, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"holds no 'smal'.*small"):
        stream(corpus, "packed", {"weights": {"smal": 2.0}})
    with pytest.raises(ConfigurationError, match="nothing to draw"):
        stream(corpus, "packed", {"weights": dict.fromkeys(("small", "medium", "large"), 0.0)})
    unnamed = written(tmp_path, {"one": [("text", LARGE, 9)]})
    (tmp_path / "one-00000" / "done.json").unlink()
    with pytest.raises(ConfigurationError, match=r'one-00000.*mix by "view"'):
        stream(unnamed, "packed", {"by": "source", "sampler": "unimax"})


def test_a_run_keeps_its_mixture_and_those_without_one_go_on(tmp_path: Path) -> None:
    recipe = Recipe.model_validate(recipe_values(tmp_path)).model_dump(mode="json")
    older = {name: section for name, section in recipe.items() if name != "mixture"}
    check_same_run(older, recipe, {}, None, tmp_path)
    mixed = {**recipe, "mixture": {**recipe["mixture"], "sampler": "unimax"}}
    with pytest.raises(ConfigurationError, match=r'mixture.sampler: "proportional" then, "unimax" now'):
        check_same_run(older, mixed, {}, None, tmp_path)


def test_a_run_under_a_mixture_resumes_to_the_same_losses(corpus: TokenShards, tmp_path: Path) -> None:
    def run(folder: str, steps: int) -> Trainer:
        length = {"max_steps": steps, "save_every": 4}
        changes = {"batches": {"layout": "packed"}, "mixture": UNIMAX, "run": length, "log": {"peak_tflops": 1.0}}
        recipe = Recipe.model_validate(recipe_values(tmp_path / folder, **changes))
        steady = recipe.optimiser.model_copy(update={"shape": "constant"})
        recipe, vocabulary = recipe.model_copy(update={"optimiser": steady}), TinyVocabulary(64)
        return Trainer(recipe, build_model(recipe.model, vocabulary, recipe.run), vocabulary, corpus)  # type: ignore[arg-type]

    run("whole", 8).train()
    run("parts", 4).train()
    again = run("parts", 8)
    assert again.resume()
    again.train()
    whole, parts = (
        [line["loss"] for line in MetricsLog.read(tmp_path / name / "metrics.jsonl")] for name in ("whole", "parts")
    )
    assert len(whole) == 8
    assert whole == parts


def test_the_command_compares_samplers(corpus: TokenShards) -> None:
    told = CliRunner().invoke(app, ["train", "mixture", str(corpus.folder), "--max-epochs", "3"])
    assert told.exit_code == 0
    rows = [line.split() for line in told.output.splitlines()[2:]]
    assert [row[0] for row in rows] == ["large", "medium", "small"]
    assert rows[2][-1] == "3"
    as_json = ["train", "mixture", str(corpus.folder), "--by", "source", "--json"]
    found = json.loads(CliRunner().invoke(app, as_json).output)
    assert {group["name"] for group in found["groups"]} == {"one", "two"}
    assert all(sum(g["shares"][n] for g in found["groups"]) == pytest.approx(1) for n in found["groups"][0]["shares"])
