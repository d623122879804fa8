"""ChEMBL: the database and the list of structures give the same molecules; the database names and numbers too."""

from __future__ import annotations

import gzip
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from biomatrix.corpus.sources import open_source
from biomatrix.errors import ParseError

SCHEMA = """
CREATE TABLE molecule_dictionary (molregno BIGINT NOT NULL PRIMARY KEY, pref_name VARCHAR(255), chembl_id VARCHAR(20));
CREATE TABLE compound_structures (molregno BIGINT NOT NULL PRIMARY KEY, molfile TEXT, standard_inchi VARCHAR(4000),
    standard_inchi_key VARCHAR(27), canonical_smiles VARCHAR(4000));
CREATE TABLE compound_properties (molregno BIGINT NOT NULL PRIMARY KEY, mw_freebase NUMERIC(9, 2), alogp NUMERIC(9, 2),
    hba INTEGER, hbd INTEGER, psa NUMERIC(9, 2), full_mwt NUMERIC(9, 2), full_molformula VARCHAR(100));
"""


@pytest.fixture
def database(tmp_path: Path, samples: Path) -> Path:
    """A data folder with a database whose keys leave gaps."""
    (tmp_path / "chembl").mkdir()
    lines = (samples / "chembl" / "chembl_99_chemreps.txt").read_text().splitlines()[1:]
    with sqlite3.connect(tmp_path / "chembl" / "chembl_99.db") as connection:
        connection.executescript(SCHEMA)
        for number, line in enumerate(reversed(lines)):
            name, smiles, *_ = line.split("\t")
            key = 7 * (len(lines) - number)
            title = "SAMPLE DRUG" if number == len(lines) - 1 else None
            connection.execute("INSERT INTO molecule_dictionary VALUES (?, ?, ?)", (key, title, name))
            connection.execute("INSERT INTO compound_structures VALUES (?, '', '', '', ?)", (key, smiles))
            connection.execute(
                "INSERT INTO compound_properties VALUES (?, 1.0, 2.345, 3, 1, 52.32, 165.19, 'C9H11NO2')", (key,)
            )
        connection.execute("INSERT INTO molecule_dictionary VALUES (99, 'SAMPLE ANTIBODY', 'CHEMBL9900010')")
    connection.close()
    return tmp_path


def test_the_database_gives_names_and_numbers(database: Path, read: Any) -> None:
    records, refused = read("chembl", database)
    first = records["CHEMBL9900000"]
    assert first.fields["name"] == "sample drug"
    assert (first.fields["alogp"], first.fields["weight"], first.fields["tpsa"]) == ("2.35", "165.2", "52")
    assert "name" not in records["CHEMBL9900001"].fields
    assert refused == {
        "CHEMBL9900009": "not a SMILES string RDKit can read: 'not smiles'",
        "CHEMBL9900010": "no SMILES in the row",
    }


def test_the_list_gives_the_same_molecules(database: Path, tmp_path: Path, samples: Path, read: Any) -> None:
    expected, _ = read("chembl", database)
    folder = Path(shutil.copytree(samples / "chembl", tmp_path / "list" / "chembl"))
    listed = folder / "chembl_99_chemreps.txt"
    (folder / "chembl_99_chemreps.txt.gz").write_bytes(gzip.compress(listed.read_bytes()))
    listed.unlink()
    records, refused = read("chembl", tmp_path / "list")
    assert {name: one.entity and one.entity.smiles for name, one in records.items()} == {
        name: one.entity and one.entity.smiles for name, one in expected.items()
    }
    assert list(refused) == ["CHEMBL9900009"]


def test_a_cut_database_is_refused_by_name(database: Path) -> None:
    path = database / "chembl" / "chembl_99.db"
    path.write_bytes(path.read_bytes()[:4096])
    with pytest.raises(ParseError, match=r"chembl_99\.db: not a database that can be read"):
        list(open_source("chembl", database).rows())
