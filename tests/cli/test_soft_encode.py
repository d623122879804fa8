"""``biomatrix soft encode``: records to a store and a table, nothing twice, nothing silently dropped."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pyarrow import parquet
from typer.testing import CliRunner

from biomatrix.cli.main import app
from biomatrix.entities import Molecule
from biomatrix.soft.encoders import open_encoder
from biomatrix.soft.vectors import VectorStore

SPEC = "morgan,bits=64,parts=2"
SMILES = ("CCO", "c1ccccc1", "CC(=O)O")


def run(*words: object) -> tuple[int, dict[str, Any]]:
    found = CliRunner().invoke(app, ["soft", "encode", *map(str, words), "--json", "--quiet"])
    return found.exit_code, json.loads(found.stdout)


def test_records_become_a_store_and_tables_and_are_not_encoded_twice(tmp_path: Path) -> None:
    file = tmp_path / "some.smi"
    file.write_text("CCO alcohol\nnonsense\nc1ccccc1\nCC(=O)O acid\nCCO again\n")
    code, told = run(file, "--encoder", SPEC, "-o", tmp_path / "store", "--table", tmp_path / "some.npy")
    assert (code, told["succeeded"], told["rejected"], told["new"]) == (0, 4, 1, 3)
    (reject,) = map(json.loads, Path(told["rejects_file"]).read_text().splitlines())
    assert reject["record"] == 2
    encoder = open_encoder(SPEC)
    wanted = encoder.encode([Molecule.from_smiles(one) for one in (*SMILES, "CCO")])
    assert np.array_equal(np.load(tmp_path / "some.npy"), wanted)
    assert len(VectorStore(tmp_path / "store", encoder)) == 3
    code, told = run(file, "--encoder", SPEC, "-o", tmp_path / "store", "--table", tmp_path / "some.parquet")
    assert (code, told["succeeded"], told["new"]) == (0, 4, 0)
    held = parquet.read_table(tmp_path / "some.parquet")
    assert held["record"].to_pylist() == [1, 3, 4, 5]
    assert held["name"].to_pylist()[0] == "alcohol"
    assert held.schema.metadata[b"biomatrix.encoder_hash"].decode() == encoder.hash
    assert np.array_equal(np.array(held["vectors"].to_pylist(), dtype=np.float32).reshape(wanted.shape), wanted)


def test_lines_are_read_as_typed_and_what_has_no_vector_is_listed(tmp_path: Path) -> None:
    file = tmp_path / "proteins.txt"
    file.write_text("MKTAYIAK\n\nA\nMK!\n")
    code, told = run(file, "--lines", "--encoder", "kmers,length=2", "-o", tmp_path / "deep" / "store")
    assert (code, told["succeeded"], told["rejected"]) == (0, 1, 2)
    refused = [json.loads(line)["record"] for line in Path(told["rejects_file"]).read_text().splitlines()]
    assert sorted(refused) == [3, 4]


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("--table", "vectors.csv"), ".npy or .parquet"),
        (("--batch-size", "0"), "batch_size"),
        (("--lines", "--format", "smi"), "have no format"),
        (("--encoder", "kmers"), "protein"),
    ],
    ids=str,
)
def test_what_cannot_be_is_one_line_and_leaves_nothing(tmp_path: Path, words: tuple[str, ...], named: str) -> None:
    file = tmp_path / "some.smi"
    file.write_text("CCO\n")
    code, told = run(file, "--encoder", SPEC, "-o", tmp_path / "store", *words)
    assert code
    assert named in told["error"]["message"]
    assert not (tmp_path / "store").exists()


def test_nothing_encoded_is_a_failure(tmp_path: Path) -> None:
    file = tmp_path / "some.smi"
    file.write_text("nonsense\n")
    code, told = run(file, "--encoder", SPEC, "-o", tmp_path / "store", "--table", tmp_path / "some.npy")
    assert (code, told["succeeded"], told["rejected"], told["table"]) == (1, 0, 1, None)
