"""Benchmarks of our own, with loader, judge and functions that stand outside the package."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from biomatrix.tasks.benchmarks.benchmark import Benchmark
from biomatrix.tasks.benchmarks.data_places import DataPlaces
from biomatrix.tasks.benchmarks.registry import load_benchmarks, unregister_benchmark

PARTS = Path(__file__).parent
SMILES = (
    "CCO", "CC(=O)O", "c1ccccc1", "CCN", "CC(C)C", "CCCl", "O=C=O", "CC#N", "CCOC", "C1CC1", "CC(=O)N", "CCS",
    "C", "CCCCCC", "OCC(O)CO", "c1ccncc1", "CC=C", "N#CC#N", "CC(C)(C)O", "FC(F)F", "CCCO", "C1CCCCC1", "OO", "NCCN",
)  # fmt: skip


def write_rows(path: Path, smiles: tuple[str, ...] = SMILES) -> None:
    """Write rows of molecules and their numbers of heavy atoms."""
    lines = [
        {"smiles": one, "answer": str(sum(letter.isalpha() and letter not in "lr" for letter in one))} for one in smiles
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))


@pytest.fixture(autouse=True)
def parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the package import what stands in this folder, as it would a user's module."""
    monkeypatch.syspath_prepend(str(PARTS))


@pytest.fixture
def definitions(tmp_path: Path) -> Iterator[Path]:
    """The file of the benchmarks, registered for one test."""
    from own_benchmark_parts import DEFINITIONS

    path = tmp_path / "own.toml"
    path.write_text(DEFINITIONS)
    loaded = load_benchmarks(path)
    yield path
    for each in loaded:
        unregister_benchmark(each.name)


@pytest.fixture
def count(definitions: Path) -> Benchmark:
    """The benchmark of numbers."""
    from biomatrix.tasks.benchmarks.registry import benchmark

    return benchmark("own_count")


@pytest.fixture
def copy(definitions: Path) -> Benchmark:
    """The benchmark of molecules: two samples of each row, drawn."""
    from biomatrix.tasks.benchmarks.registry import benchmark

    return benchmark("own_copy")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A folder of data of both sources."""
    root = tmp_path / "data"
    for source in ("own_rows", "own_stand_in"):
        (root / source).mkdir(parents=True)
        write_rows(root / source / "test.jsonl", SMILES if source == "own_rows" else SMILES[:9])
    write_rows(root / "own_rows" / "train.jsonl", SMILES[::-1])
    return root


@pytest.fixture
def here(data: Path) -> DataPlaces:
    """The places of that data."""
    return DataPlaces(data)
