"""Mutants of real files: each reader gives what an independent one does, refuses by name, or says what it did."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from biomatrix.entities import Limits, Molecule
from biomatrix.entities.molecule.files import records
from biomatrix.entities.molecule.files.cutting import RecordText
from biomatrix.entities.protein.files import chains
from biomatrix.entities.protein.files.residue import Residue
from biomatrix.entities.structure_files import pdb_table
from biomatrix.entities.structure_files.atom_table import AtomTable

from ..conftest import shared_folder

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))
from fuzz_readers import BAD, run, table_of
from fuzzing.mutants import mutant
from fuzzing.seeds import Seed, seeds
from fuzzing.verdicts import judge

FAST = 400


@pytest.mark.parametrize("mutants", [FAST, pytest.param(3_000, marks=pytest.mark.exhaustive)])
def test_no_mutant_is_read_otherwise_in_silence(mutants: int) -> None:
    files = seeds(shared_folder() if mutants > FAST else None)
    counts: Counter[tuple[str, str]] = Counter()
    faults = []
    for trial in run(files, mutants, workers=2 if mutants > FAST else 1):
        counts[trial.format, trial.verdict.outcome] += 1
        if trial.verdict.outcome in BAD:
            place = f"{trial.mutation} of {trial.format} {trial.seed}, number {trial.number}"
            faults.append(f"{trial.verdict.outcome}: {trial.verdict.detail}: {place}")
    print(table_of(counts))  # noqa: T201
    assert not faults, "\n".join(faults[:20])


def test_mutants_are_the_same_for_the_same_seed() -> None:
    content = b"CCO ethanol\nCCN ethylamine\n"
    assert [mutant(content, f"x/{number}") for number in range(20)] == [
        mutant(content, f"x/{number}") for number in range(20)
    ]


@pytest.mark.parametrize(
    ("file_format", "written", "read"),
    [
        ("smi", b"CCO a\nCCN b\n", b"CCO a\nCCC b\n"),
        ("smi", b"CCO a\nCCN b\n", b"CCO a\n"),
        ("fasta", b">a\nMKTAYIAK\n", b">a\nMKTAYIAR\n"),
    ],
)
def test_a_reader_that_reads_otherwise_is_found_out(
    tmp_path: Path, file_format: str, written: bytes, read: bytes
) -> None:
    """The verdict itself can fail: a file that does not hold what it is judged by is a silent difference."""
    path = tmp_path / f"file.{file_format}"
    path.write_bytes(read)
    assert judge(path, written, file_format).outcome == "silent"
    assert judge(path, read, file_format).outcome == "same"


def _reader_that_drops_the_last_record(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = records._records

    def shortened(path: str | Path, file_format: str, limits: Limits) -> Iterator[RecordText]:
        yield from list(whole(path, file_format, limits))[:-1]

    monkeypatch.setattr(records, "_records", shortened)


def _reader_that_swaps_two_atoms(monkeypatch: pytest.MonkeyPatch) -> None:
    read = records._READERS["sdf"]

    def swapped(record: RecordText, limits: Limits) -> Molecule:
        molecule = read(record, limits)
        points = molecule.coordinates
        assert points is not None
        return molecule.with_coordinates(points[[1, 0, *range(2, len(points))]])

    monkeypatch.setitem(records._READERS, "sdf", swapped)


def _reader_of_the_second_model(monkeypatch: pytest.MonkeyPatch) -> None:
    read = pdb_table.read_pdb

    def second(text: str, limits: Limits) -> AtomTable:
        return read("MODEL" + text.split("\nMODEL")[-1], limits)

    monkeypatch.setattr(pdb_table, "read_pdb", second)


def _reader_that_swaps_backbone_atoms(monkeypatch: pytest.MonkeyPatch) -> None:
    place = chains.place_residue

    def swapped(table: AtomTable, rows: list[int]) -> Residue:
        residue = place(table, rows)
        residue.positions[:2] = residue.positions[1::-1].copy()
        return residue

    monkeypatch.setattr(chains, "place_residue", swapped)


def _two_models() -> Seed:
    line = "ATOM  {:>5}  {:<3} GLY A{:>4}    {:8.3f}{:8.3f}{:8.3f}  1.00  0.00           {}"
    lines = []
    for model in (1, 2):
        atoms = enumerate(((number, name) for number in range(1, 9) for name in ("N", "CA", "C", "O")), start=1)
        lines += [
            f"MODEL     {model:>4}",
            *(line.format(at, name, number, at + model, 2 * model, number, name[0]) for at, (number, name) in atoms),
            "ENDMDL",
        ]
    return Seed("pdb", "two models", "\n".join([*lines, "END", ""]).encode())


@pytest.mark.parametrize(
    ("plant", "file_format"),
    [
        (_reader_that_drops_the_last_record, "smi"),
        (_reader_that_drops_the_last_record, "sdf"),
        (_reader_that_swaps_two_atoms, "sdf"),
        (_reader_of_the_second_model, "pdb"),
        (_reader_that_swaps_backbone_atoms, "pdb"),
    ],
)
def test_a_planted_fault_is_found(
    monkeypatch: pytest.MonkeyPatch, plant: Callable[[pytest.MonkeyPatch], None], file_format: str
) -> None:
    """The harness fails where a reader does: most mutants that are read at all are silent differences."""
    files = [_two_models()] if file_format == "pdb" else [one for one in seeds() if one.format == file_format]
    plant(monkeypatch)
    outcomes = Counter(trial.verdict.outcome for trial in run(files, 20))
    assert outcomes["silent"] > outcomes["same"], outcomes
