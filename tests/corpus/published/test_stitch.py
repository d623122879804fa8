"""STITCH: links joined with chemicals by going along them, and with sequences by place."""

from __future__ import annotations

import gzip
import shutil
from pathlib import Path
from typing import Any

import pytest

from biomatrix.corpus.sources import open_source
from biomatrix.errors import ConfigurationError


def test_links_take_structure_and_sequence_from_beside(read: Any) -> None:
    records, refused = read("stitch")
    first = records["CIDm90000001:9999.SAMPLE1"]
    assert first.fields["interaction_score"] == "712"
    assert first.fields["ligand_name"] == "Anthranilate sample A"
    assert first.parts["ligand"].smiles == "CCOC(=O)c1ccccc1N"
    assert len(first.parts["protein"].sequence) == 56
    assert len(records) == 4
    assert refused == {
        "CIDm90000009:9999.SAMPLE1": "no chemical CIDm90000009 in the table of chemicals",
        "CIDs90000001:9999.SAMPLE9": "no protein 9999.SAMPLE9 among the sequences",
    }


def test_packed_chemicals_give_the_same(tmp_path: Path, samples: Path, read: Any) -> None:
    folder = Path(shutil.copytree(samples / "stitch", tmp_path / "stitch"))
    for name in ("chemicals.v5.0.tsv", "protein_chemical.links.v5.0.tsv"):
        (folder / f"{name}.gz").write_bytes(gzip.compress((folder / name).read_bytes()))
        (folder / name).unlink()
    records, refused = read("stitch", tmp_path)
    assert (len(records), len(refused)) == (4, 2)


def test_what_is_missing_beside_is_said_before_the_first_row(tmp_path: Path, samples: Path) -> None:
    folder = Path(shutil.copytree(samples / "stitch", tmp_path / "stitch"))
    sequences = folder / "protein.sequences.v10.fa"
    content = sequences.read_bytes()
    sequences.unlink()
    with pytest.raises(ConfigurationError, match=r"no file protein\.sequences\*"):
        list(open_source("stitch", tmp_path).rows())
    (folder / "protein.sequences.v10.fa.gz").write_bytes(gzip.compress(content))
    with pytest.raises(ConfigurationError, match="unpack the file"):
        list(open_source("stitch", tmp_path).rows())


def test_a_score_that_is_none_is_refused(tmp_path: Path, samples: Path, read: Any) -> None:
    folder = Path(shutil.copytree(samples / "stitch", tmp_path / "stitch"))
    with (folder / "protein_chemical.links.v5.0.tsv").open("a") as handle:
        handle.write("CIDs90000001\t9999.SAMPLE2\thigh\n")
    _, refused = read("stitch", tmp_path)
    assert refused["CIDs90000001:9999.SAMPLE2"] == "a combined score that is no number: 'high'"
