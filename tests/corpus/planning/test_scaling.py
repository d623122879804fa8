"""Plans: arithmetic of hours, days, storage and cost, and a measured plan of a small recipe."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from biomatrix.cli.corpus_plan import _duration
from biomatrix.cli.main import app
from biomatrix.corpus.mixtures.preset import preset
from biomatrix.corpus.planning.plan import own_records
from biomatrix.corpus.planning.rates import Rates
from biomatrix.corpus.planning.scaling import Machines, Plan, Share, line, tokens_wanted
from biomatrix.corpus.source_recipe import SourceRecipe

RATES = Rates(100, 0, 0.01, {"molecule_smiles": 0.002, "molecule_structure": 0.036}, 0.001, 50.0, 200.0, 5.0)


def test_the_work_of_a_source_is_that_of_its_records() -> None:
    known = line("a", Share(("molecule", "3d"), 5e6, 3_600_000), RATES, "a sample")
    assert known.hours == pytest.approx(
        {"records": 10.0, "molecule_smiles": 2.0, "molecule_structure": 36.0, "documents": 1e5 * 0.001 / 3600}
    )
    assert (known.kept, known.shards) == (3_600_000 * 200.0, 25e6)
    assert line("a", Share(("molecule", "3d"), 5e6, 0), RATES, "").records == 1e5


def test_machines_share_the_work() -> None:
    lines = (line("a", Share(("molecule", "3d"), 5e6, 3_600_000), RATES, ""),)
    gpu = frozenset({"molecule_structure"})
    one = Plan(lines, Machines(1, 10, 0, efficiency=1.0), gpu).totals
    assert one["core_hours"] == pytest.approx(48.03, abs=0.01)
    assert one["days"] == pytest.approx(48.03 / 10 / 24, abs=0.001)
    two = Plan(lines, Machines(2, 10, 1, gpu_speedup=18, efficiency=1.0), gpu).totals
    assert (two["gpu_hours"], two["core_hours"]) == (pytest.approx(2.0), pytest.approx(12.03, abs=0.01))
    assert two["days"] == pytest.approx(1 / 24, abs=0.001)


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
    assert _duration(days) == told


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
