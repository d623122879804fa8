"""PCQM4Mv2: coordinates from the SD file, gaps from the row of the table at the same place, in archives too."""

from __future__ import annotations

import gzip
import io
import shutil
import tarfile
import zipfile
from pathlib import Path
from typing import Any


def test_molecules_take_the_gap_of_their_row(read: Any) -> None:
    records, refused = read("pcqm4mv2")
    assert [record.fields["gap"] for record in records.values()] == ["4.12", "5.12", "6.12"]
    molecule = records["0"].entity
    assert molecule is not None
    assert molecule.mol.GetNumAtoms() == 23
    assert molecule.mol.GetConformer().Is3D()
    assert refused == {"3": "the table's row 3 is another molecule: C2H6O and C6H12N2O"}


def test_the_published_archives_are_read_as_they_are(tmp_path: Path, samples: Path, read: Any) -> None:
    folder = Path(shutil.copytree(samples / "pcqm4mv2", tmp_path / "pcqm4mv2"))
    plain, refused = read("pcqm4mv2", tmp_path)
    content = (folder / "pcqm4m-v2-train.sdf").read_bytes()
    with tarfile.open(folder / "pcqm4m-v2-train.sdf.tar.gz", "w:gz") as archive:
        entry = tarfile.TarInfo("pcqm4m-v2-train.sdf")
        entry.size = len(content)
        archive.addfile(entry, io.BytesIO(content))
    with zipfile.ZipFile(folder / "pcqm4m-v2.zip", "w") as packed:
        packed.writestr("pcqm4m-v2/RELEASE_v1.txt", "")
        packed.writestr("pcqm4m-v2/raw/data.csv.gz", gzip.compress((folder / "data.csv").read_bytes()))
    (folder / "pcqm4m-v2-train.sdf").unlink()
    (folder / "data.csv").unlink()
    records, again = read("pcqm4mv2", tmp_path)
    assert again == refused
    assert {name: record.fields for name, record in records.items()} == {
        name: record.fields for name, record in plain.items()
    }


def test_without_the_table_there_are_no_gaps(tmp_path: Path, samples: Path, read: Any) -> None:
    (Path(shutil.copytree(samples / "pcqm4mv2", tmp_path / "pcqm4mv2")) / "data.csv").unlink()
    records, refused = read("pcqm4mv2", tmp_path)
    assert len(records) == 4
    assert not refused
    assert all("gap" not in record.fields for record in records.values())
