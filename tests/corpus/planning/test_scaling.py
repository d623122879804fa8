"""Plans: arithmetic of hours, days, storage and cost, and a measured plan of a small recipe."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from biomatrix.cli.main import app
from biomatrix.cli.plain_tables import short_time
from biomatrix.corpus.mixtures.preset import preset
from biomatrix.corpus.planning.plan import own_records
from biomatrix.corpus.planning.rates import Rates, mean_rates
from biomatrix.corpus.planning.scaling import Machines, Plan, Share, line, tokens_wanted
from biomatrix.corpus.source_recipe import SourceRecipe

RATES = Rates(100, 0, 0.01, {"molecule_smiles": 0.002, "molecule_structure": 0.036}, 0.001, 50.0, 200.0, 5.0)


def test_the_work_of_a_source_is_that_of_its_records() -> None:
    known = line("a", Share(("molecule", "3d"), 5e6, 3_600_000), RATES, "a sample")
    assert known.hours == pytest.approx(
        {
            "records": 10.0,
            "selection": 0.0,
            "molecule_smiles": 2.0,
            "molecule_structure": 36.0,
            "documents": 1e5 * 0.001 / 3600,
        }
    )
    assert (known.kept, known.shards) == (3_600_000 * 200.0, 25e6)
    assert known.draws == pytest.approx(1e5 / 3_600_000)
    unknown = line("a", Share(("molecule", "3d"), 5e6, 0), RATES, "")
    assert (unknown.records, unknown.draws) == (1e5, 1.0)
    judged = line("a", Share(("molecule", "3d"), 5e6, 3600), replace(RATES, selection_seconds=2.0), "")
    assert judged.hours["selection"] == pytest.approx(2.0)


def test_repeats_give_a_mean_and_a_range() -> None:
    slower = replace(RATES, record_seconds=0.03, modality_seconds={"molecule_smiles": 0.004, "molecule_structure": 0.1})
    mean = mean_rates([RATES, slower])
    assert mean.record_seconds == pytest.approx(0.02)
    assert mean.modality_seconds == pytest.approx({"molecule_smiles": 0.003, "molecule_structure": 0.068})
    assert mean.seconds == pytest.approx((RATES.seconds + slower.seconds) / 2)
    share, gpu = Share(("molecule", "3d"), 5e6, 3_600_000), frozenset({"molecule_structure"})
    plans = [Plan((line("a", share, one, ""),), Machines(1, 10, 2), gpu) for one in (RATES, slower)]
    whole = replace(plans[0], lines=(line("a", share, mean, ""),), repeats=tuple(plans))
    least, most = whole.span("core_hours")
    assert (least, most) == (plans[0].totals["core_hours"], plans[1].totals["core_hours"])
    assert least < whole.totals["core_hours"] < most
    assert whole.without_gpus.totals["gpu_hours"] == 0
    assert whole.without_gpus.totals["core_hours"] == pytest.approx(sum(whole.step_hours.values()) / 0.8)
    assert whole.without_gpus.span("gpu_hours") == (0, 0)


def test_machines_share_the_work() -> None:
    lines = (line("a", Share(("molecule", "3d"), 5e6, 3_600_000), RATES, ""),)
    gpu = frozenset({"molecule_structure"})
    one = Plan(lines, Machines(1, 10, 0, efficiency=1.0), gpu).totals
    assert one["core_hours"] == pytest.approx(48.03, abs=0.01)
    assert one["days"] == pytest.approx(48.03 / 10 / 24, abs=0.001)
    two = Plan(lines, Machines(2, 10, 1, gpu_speedup=18, efficiency=1.0), gpu).totals
    assert (two["gpu_hours"], two["core_hours"]) == (pytest.approx(2.0), pytest.approx(12.03, abs=0.01))
    assert two["days"] == pytest.approx(1 / 24, abs=0.001)


def test_sources_of_known_size_give_what_they_have_and_others_fill_the_row() -> None:
    rows = {"a": ("protein", "1d"), "b": ("protein", "1d"), "c": ("protein", "1d"), "d": ("text", "general")}
    table = {("protein", "1d"): 100.0, ("text", "general"): 10.0}
    assert tokens_wanted(table, rows, gives={"a": 40.0}) == {"a": 40.0, "b": 30.0, "c": 30.0, "d": 10.0}
    assert tokens_wanted(table, rows, gives={"a": 40.0, "b": 120.0}) == {"a": 25.0, "b": 75.0, "c": 0.0, "d": 10.0}
    alone = tokens_wanted(table, {"a": ("protein", "1d"), "b": ("protein", "1d")}, gives={"a": 10.0, "b": 30.0})
    assert alone == {"a": 25.0, "b": 75.0}


@pytest.mark.parametrize("seed", range(20))
def test_a_row_is_given_away_whole(seed: int) -> None:
    draw = np.random.default_rng(seed)
    names = list("abcdefgh"[: draw.integers(1, 9)])
    gives = {name: float(draw.uniform(0.01, 60)) for name in names if draw.random() < 0.5}
    shares = tokens_wanted({("protein", "1d"): 100.0}, dict.fromkeys(names, ("protein", "1d")), gives=gives)
    assert sorted(shares) == names
    assert min(shares.values()) >= 0
    assert sum(shares.values()) == pytest.approx(100.0)


def test_rows_are_shared_equally_and_scaled() -> None:
    rows = {"a": ("protein", "1d"), "b": ("protein", "1d"), "c": ("cross_entity", "3d")}
    assert tokens_wanted(preset().rows, rows)["a"] == pytest.approx(18e9)
    assert tokens_wanted(preset().rows, rows, 304.4e6)["c"] == pytest.approx(11.4e6)


def test_records_of_own_tables_are_counted(tmp_path: Path) -> None:
    (tmp_path / "own.csv").write_text("smiles\n" + "CCO\n" * 40)
    described = {"name": "own", "reader": "csv", "files": ["own.csv"], "kind": "molecule", "entity": "smiles"}
    entry = SourceRecipe.model_validate(described)
    assert own_records(entry, tmp_path, Rates(9, 1, 0.01), 10) == pytest.approx(36)
    assert own_records(entry, tmp_path, Rates(38, 2, 0.01), 100) == 38
    assert own_records(entry, None, Rates(9, 1, 0.01), 10) is None
    assert own_records(SourceRecipe(name="uniref50"), tmp_path, Rates(9, 1, 0.01), 10) is None


@pytest.mark.parametrize(
    ("days", "told"), [(2.0, "2.0 days"), (0.5, "12.0 hours"), (0.01, "14.4 minutes"), (1e-6, "less than a minute")]
)
def test_times_are_told_in_a_unit_that_suits_them(days: float, told: str) -> None:
    assert short_time(days) == told


@pytest.mark.exhaustive
def test_the_command_measures_and_writes_a_page(data: Path, tmp_path: Path) -> None:
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(
        'name = "p"\nmodalities = ["molecule_smiles", "protein_sequence"]\n'
        'sources = [{ name = "opsin_names" }, { name = "openstax" }, { name = "cath_s20" }, '
        '{ name = "moleculenet_hiv" }]\n'
        "[views]\nmolecule_smiles = 1.0\nprotein_sequence = 1.0\ntext = 1.0\n"
    )
    arguments = ["corpus", "plan", str(recipe), "--data", str(data), "--measure", "20", "-q"]
    result = CliRunner().invoke(app, [*arguments, "--json", "-o", str(tmp_path / "plan.md")])
    found = json.loads(result.stdout)
    lines = {one["source"]: one for one in found["sources"]}
    assert set(lines) == {"opsin_names", "openstax", "cath_s20", "moleculenet_hiv"}
    assert lines["moleculenet_hiv"]["basis"] == "as opsin_names, of its category"
    assert all(one["hours"]["records"] > 0 and one["shards"] > 0 for one in lines.values())
    assert found["totals"]["tokens"] == pytest.approx(79.7e9 + 36e9 + 24e9)
    assert "| opsin_names |" in (tmp_path / "plan.md").read_text()
