"""A composite's records are written as tokens like any other kind's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from biomatrix.corpus.build_tokens import TokenSlice, write_tokens
from biomatrix.corpus.records import Record, records_to_table
from biomatrix.entities import Molecule, Protein, modality

from ..pair import Pair, registered_pairs


@pytest.fixture(autouse=True)
def _pairs() -> Iterator[None]:
    with registered_pairs():
        yield


def test_pairs_are_written_as_flat_lists(tmp_path: Path) -> None:
    pairs = [Pair(Protein("MKV"), Molecule.from_smiles("CCO"), 3), Pair(Protein("M"), Molecule.from_smiles("C*"))]
    pairs.append(Pair(Protein("WW"), Molecule.from_smiles("CC(=O)[O-].[Na+]")))
    records = [Record("toy", f"p{number}", "pair", entity=pair) for number, pair in enumerate(pairs)]
    records.insert(1, Record("toy", "m", "molecule", entity=Molecule.from_smiles("C")))
    folder = tmp_path / "records"
    folder.mkdir()
    pq.write_table(records_to_table(records), folder / "records.parquet")
    write_tokens(TokenSlice(tmp_path, "", folder, "pair_text", None), tmp_path)
    rows = pq.read_table(tmp_path / "tokens.parquet").to_pylist()
    mine = modality("pair_text")
    written = {row["row"]: row["tokens"] for row in rows}
    assert written[0] == mine.encode(pairs[0])
    assert written[3] == mine.encode(pairs[2])
    assert 1 not in written
