"""Files in the publishers' forms, made of records at hand: what is written is what the sources read."""

from __future__ import annotations

import importlib
from pathlib import Path

import numpy as np
import pytest

from biomatrix.corpus.inspection import source_records
from biomatrix.corpus.records import Record
from biomatrix.corpus.sources import open_source
from biomatrix.corpus.sources.published.source_card import card_names
from biomatrix.entities.limits import DEFAULT_LIMITS
from biomatrix.entities.protein.files.chains import protein_chains, to_protein
from biomatrix.entities.structure_files.reading import read_atom_table

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.fixture(autouse=True)
def _on_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(BENCHMARKS))


@pytest.mark.parametrize("form", ["pdb", "cif"])
def test_a_chain_is_read_back_with_its_backbone(form: str) -> None:
    atoms = importlib.import_module("official.atoms")
    places = np.random.default_rng(3).normal(0, 20, (30, 4, 3)).round(2)
    places[4, 3] = np.nan
    chains = [
        atoms.Chain("A", "MKTAYIAKQRQISFVKSHFSRQLEERLGLI", places),
        atoms.Chain("B", "ACDEFGHIKLMNPQRSTVWYACDEFGHIKL", places + 50),
    ]
    text = atoms.pdb_lines(chains) if form == "pdb" else atoms.cif_text("9ZZ1", chains, [("_struct.title", "'a'")])
    table = read_atom_table(text.encode(), form, DEFAULT_LIMITS)
    assert len(table) > 8 * 60 * 0.8  # as many lines as a file with side chains
    found = [to_protein(one, table, "x", DEFAULT_LIMITS) for one in protein_chains(table)]
    assert [one.sequence for one in found] == [one.sequence for one in chains]
    for one, chain in zip(found, chains, strict=True):
        np.testing.assert_allclose(one.backbone, chain.backbone[:, :3], atol=2e-3)


def test_coordinates_are_hundredths_from_an_origin() -> None:
    atoms = importlib.import_module("official.atoms")
    decoded = atoms.decoded([100, -250, 0, -32768, -32768, -32768, *[0] * 6], (1.0, 2.0, 3.0))
    np.testing.assert_allclose(decoded[0, :2], [[2.0, -0.5, 3.0], [np.nan] * 3])


@pytest.mark.exhaustive
def test_every_source_reads_what_is_written_for_it(shared: Path, tmp_path: Path) -> None:
    script = importlib.import_module("official_files")
    assert script.main([str(tmp_path), "--shared", str(shared), "--count", "12"]) == 0
    for name in card_names():
        source = open_source(name, tmp_path)
        source.check_files()
        records = [one for _, one in source_records(source, 12) if isinstance(one, Record)]
        assert records, name
        assert all(record.split in ("train", "held_out") for record in records)
