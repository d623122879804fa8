"""A plan's numbers against those counted by hand and those measured."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from biomatrix.cli.main import app
from biomatrix.training.planning import (
    GIB,
    SIZES,
    TrainingSetting,
    assumptions,
    efficiency_of,
    memory_of,
    modes,
    planned,
)

RECIPES = Path(__file__).parents[2] / "recipes"
SETTING = TrainingSetting(tokens=304.4e9)
MEASURED = replace(SIZES["1.7B"], rows=168_000)


@pytest.mark.parametrize(("size", "count"), [("1.7B", 1_720_574_976), ("4B", 4_022_468_096)])
def test_parameters_are_those_of_the_published_models(size: str, count: int) -> None:
    assert SIZES[size].parameters == count


def test_parameters_of_1_7b_by_hand() -> None:
    attention = 2048 * 2048 + 2 * 2048 * 1024 + 2048 * 2048 + 2 * 128
    layer = attention + 3 * 2048 * 6144 + 2 * 2048
    assert SIZES["1.7B"].parameters == 151_936 * 2048 + 28 * layer + 2048
    assert MEASURED.parameters == 1_753_474_048


@pytest.mark.parametrize("gpus", [1, 8, 64])
def test_states_are_four_float32_copies_shared_out(gpus: int) -> None:
    weights = gradients = first = second = 4 * SIZES["4B"].parameters
    states = memory_of(SIZES["4B"], gpus, SETTING).states
    assert states == pytest.approx((weights + gradients + first + second) / gpus)


@pytest.mark.parametrize(
    ("changes", "measured"),
    [
        ({}, 57.4),
        ({"loss_chunk": 2048}, 60.5),
        ({"loss_chunk": 2048, "compiled": True}, 43.9),
        ({"loss_chunk": 2048, "compiled": True, "accumulate": 4}, 50.4),
        ({"loss_chunk": 0, "compiled": True}, 54.7),
        ({"loss_chunk": 2048, "checkpointed": True}, 27.9),
        ({"loss_chunk": 2048, "checkpointed": True, "compiled": True}, 27.9),
    ],
    ids=str,
)
def test_peaks_are_near_those_measured_on_one_card(changes: dict[str, int], measured: float) -> None:
    peak = memory_of(MEASURED, 1, replace(SETTING, **changes)).peak / GIB  # type: ignore[arg-type]
    assert peak == pytest.approx(measured, rel=0.12)


def test_time_and_cost_by_hand() -> None:
    # 6 FLOPs a weight of a matrix: 28 layers of 50,331,648 and the head; 12 a layer, head, dimension and pair.
    flops = 6 * (28 * 50_331_648 + 168_000 * 2048) + 12 * 28 * 16 * 128 * 228
    assert MEASURED.flops(455) == flops
    run = planned("1.7B", MEASURED, 64, replace(SETTING, mfu=0.22))
    seconds = 304.4e9 * flops / (64 * 0.9 * 0.22 * 753e12)
    assert run.days == pytest.approx(seconds / 86_400)
    assert run.dollars == pytest.approx(seconds / 3600 * 64 * 2.5)
    assert [efficiency_of(gpus) for gpus in (1, 8, 64)] == pytest.approx([1.0, 0.95, 0.9])


def test_the_rate_of_one_card_is_the_measured_one() -> None:
    # 14,900 tokens/s as it is and 18,700 compiled were measured, of documents whose lengths vary.
    rates = {name: planned("1.7B", MEASURED, 1, way).tokens_per_second for name, way in modes(SETTING).items()}
    assert rates == pytest.approx({"plain": 14_900, "compiled": 18_700}, rel=0.05)


PUBLISHED = """
[model]
vocabulary = "nowhere"
checkpoint = "Qwen/Qwen3-1.7B-Base"
[data]
train = "nowhere"
[batches]
tokens = 8192
accumulate = 16
max_length = 8192
layout = "packed"
[run]
output = "nowhere"
max_steps = 36_400
"""


def test_a_recipe_gives_its_size_batches_and_tokens(tmp_path: Path) -> None:
    recipe = tmp_path / "published.toml"
    recipe.write_text(PUBLISHED)
    told = json.loads(CliRunner().invoke(app, ["train", "plan", str(recipe), "--json"]).output)
    assert told["setting"]["tokens"] == 36_400 * 1024 * 8192  # on 64 GPUs: 1,024 rows of 8,192 a step
    assert told["setting"]["accumulate"] == 16
    assert [(run["size"], run["gpus"]) for run in told["runs"][::2]] == [("1.7B", 1), ("1.7B", 8), ("1.7B", 64)]
    recipe.write_text(PUBLISHED.replace("1.7B", "0.7B"))
    refused = CliRunner().invoke(app, ["train", "plan", str(recipe)])
    assert "'Qwen/Qwen3-0.7B-Base' names no size of Qwen3" in str(refused.exception)
    assert told["runs"][0]["memory"]["peak"] / GIB == pytest.approx(57.6 + 4 * 1.753 / 1.0737, abs=0.2)


def test_a_model_folder_gives_its_own_size(tmp_path: Path) -> None:
    config = {"model_type": "qwen3", "vocab_size": 64, "hidden_size": 32, "num_hidden_layers": 2, "head_dim": 8}
    more = {"intermediate_size": 48, "num_attention_heads": 4, "num_key_value_heads": 2, "tie_word_embeddings": True}
    (tmp_path / "small").mkdir()
    (tmp_path / "small" / "config.json").write_text(json.dumps(config | more))
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(PUBLISHED.replace("Qwen/Qwen3-1.7B-Base", str(tmp_path / "small")))
    told = json.loads(CliRunner().invoke(app, ["train", "plan", str(recipe), "--rows", "64", "--json"]).output)
    layer = 32 * 32 + 2 * 32 * 16 + 32 * 32 + 2 * 8 + 3 * 32 * 48 + 2 * 32
    assert {run["size"]: run["parameters"] for run in told["runs"]} == {"small": 64 * 32 + 2 * layer + 32}


def test_the_command_prints_and_writes_a_plan(tmp_path: Path) -> None:
    runner = CliRunner()
    told = runner.invoke(app, ["train", "plan", "--gpus", "8", "--rows", "151936"])
    assert told.exit_code == 0
    assert "1.7B  1.7B" in told.output
    assert "4B    4.0B" in told.output
    assert "753 TFLOP/s" in told.output
    page = tmp_path / "plan.md"
    assert runner.invoke(app, ["train", "plan", "--size", "4B", "--gpus", "1", "-o", str(page)]).exit_code == 0
    assert "nothing fits" in page.read_text()
    assert "| 4B | 4.1B | 1 | plain | " in page.read_text()
    unknown = runner.invoke(app, ["train", "plan", "--size", "3B"])
    assert "no size '3B'" in str(unknown.exception)
    small = json.loads(runner.invoke(app, ["train", "plan", str(RECIPES / "nano_pretrain.toml"), "--json"]).output)
    assert {run["size"] for run in small["runs"]} == {"the recipe's"}


def test_the_loss_is_held_as_the_recipe_says(tmp_path: Path) -> None:
    plain, compiled = modes(SETTING).values()
    asked = modes(replace(SETTING, loss_chunk=2048))
    held = [memory_of(MEASURED, 1, one).loss for one in (plain, compiled, *asked.values())]
    table = 6 * MEASURED.table
    assert [(one - table) / (11 * 168_000) for one in held] == pytest.approx([256, 8192, 2048, 2048])
    assert "run.loss_rows = 256" in " ".join(assumptions(SETTING))
    text = (RECIPES / "biomatrix_pretrain_1.7b.toml").read_text()
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(text.replace("[run]", "[run]\nloss_rows = 1024"))
    told = json.loads(CliRunner().invoke(app, ["train", "plan", str(recipe), "--json"]).stdout)
    assert told["setting"]["loss_chunk"] == 1024
