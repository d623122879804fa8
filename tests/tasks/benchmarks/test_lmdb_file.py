"""LMDB files read from their pages: those of the library, and broken ones."""

from __future__ import annotations

import gzip
import random
from pathlib import Path

import pytest

import biomatrix.tasks.benchmarks
from biomatrix.errors import BioMatrixError, ParseError
from biomatrix.tasks.benchmarks.official_files.lmdb_file import lmdb_records
from biomatrix.tasks.benchmarks.official_files.pickled_values import plain_value

SAMPLE = (
    Path(biomatrix.tasks.benchmarks.__file__).parent
    / "samples/peer_bindingdb/BindingDB_Kd/BindingDB_Kd_holdout_test.lmdb/data.mdb.gz"
)


def test_a_file_of_the_library_is_read() -> None:
    records = dict(lmdb_records(SAMPLE))
    assert sorted(records) == [b"0", b"1", b"2", b"3", b"num_examples"]
    assert plain_value(records[b"num_examples"]) == 4
    assert plain_value(records[b"0"])["target"].isalpha()


@pytest.mark.parametrize("count", [0, 1, 40, 1500])
def test_trees_of_any_size_are_read_as_the_library_reads_them(count: int, tmp_path: Path) -> None:
    lmdb = pytest.importorskip("lmdb")
    rng = random.Random(count)
    wanted = {str(number).encode(): rng.randbytes(rng.randrange(1, 9000)) for number in range(count)}
    with lmdb.open(str(tmp_path), map_size=1 << 26) as environment, environment.begin(write=True) as transaction:
        for key, value in wanted.items():
            transaction.put(key, value)
    found = list(lmdb_records(tmp_path / "data.mdb"))
    assert dict(found) == wanted
    assert [key for key, _ in found] == sorted(wanted)


def test_broken_files_are_refused(tmp_path: Path) -> None:
    whole, rng, path = gzip.decompress(SAMPLE.read_bytes()), random.Random(1), tmp_path / "data.mdb"
    for _ in range(150):
        data = bytearray(whole[: rng.choice([len(whole), len(whole), rng.randrange(1, len(whole))])])
        for _ in range(rng.randrange(1, 40)):
            data[rng.randrange(len(data))] = rng.randrange(256)
        path.write_bytes(data)
        try:
            dict(lmdb_records(path))
        except BioMatrixError:
            continue


def test_other_files_say_that_they_are_none(tmp_path: Path) -> None:
    path = tmp_path / "data.mdb"
    path.write_bytes(b"no pages at all" * 100)
    with pytest.raises(ParseError, match="not an LMDB file"):
        dict(lmdb_records(path))
