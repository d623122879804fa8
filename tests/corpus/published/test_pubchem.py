"""PubChem: items old and new, names from sorted side files, conformers; cut and broken records refused."""

from __future__ import annotations

import gzip
import shutil
from pathlib import Path
from typing import Any

import pytest

from biomatrix.corpus.source_recipe import SourceRecipe
from biomatrix.corpus.sources import open_source
from biomatrix.errors import ConfigurationError, ParseError

FILE = "Compound_900000001_900500000.sdf"


def test_items_old_and_new_give_names_and_numbers(read: Any) -> None:
    records, refused = read("pubchem")
    first, old, drawn = records["900000001"], records["900000004"], records["900000005"]
    assert first.fields["name"] == "Anthranilate sample A"
    assert first.fields["iupac_name"] == "ethyl 2-aminobenzoate"
    assert first.fields["synonyms"] == "Invented ester; ethyl anthranilate (sample)", "registry numbers are no names"
    assert (first.fields["xlogp"], first.fields["weight"], first.fields["tpsa"]) == ("1.1", "165.2", "52")
    assert old.entity is not None
    assert old.entity.smiles == "C[C@H](N)C(=O)NC1CC1"
    assert "xlogp" not in old.fields, "the item is missing"
    assert drawn.entity is not None
    assert drawn.entity.smiles == "Clc1ccncc1", "no SMILES item: read from the drawing"
    assert refused == {"900000006": "several fragments: the corpus takes connected molecules"}


def test_packed_side_files_give_the_same_names(tmp_path: Path, samples: Path, read: Any) -> None:
    folder = Path(shutil.copytree(samples / "pubchem", tmp_path / "pubchem"))
    plain, _ = read("pubchem", tmp_path)
    for name in ("CID-Title", "CID-Synonym-filtered"):
        (folder / f"{name}.gz").write_bytes(gzip.compress((folder / name).read_bytes()))
        (folder / name).unlink()
    packed, _ = read("pubchem", tmp_path)
    assert {name: record.fields for name, record in packed.items()} == {
        name: record.fields for name, record in plain.items()
    }


def test_side_files_are_part_of_what_records_are_made_from(tmp_path: Path, samples: Path) -> None:
    folder = Path(shutil.copytree(samples / "pubchem", tmp_path / "pubchem"))
    before = open_source("pubchem", tmp_path).fingerprint
    (folder / "CID-Title").write_text("900000001\tAnother title\n")
    assert open_source("pubchem", tmp_path).fingerprint != before


def test_packed_files_give_the_same_records(tmp_path: Path, samples: Path, read: Any) -> None:
    folder = Path(shutil.copytree(samples / "pubchem", tmp_path / "pubchem"))
    (folder / f"{FILE}.gz").write_bytes(gzip.compress((folder / FILE).read_bytes()))
    (folder / FILE).unlink()
    records, refused = read("pubchem", tmp_path)
    assert list(records) == [f"90000000{number}" for number in range(1, 6)]
    assert list(refused) == ["900000006"]


def test_a_cut_file_costs_its_last_record(tmp_path: Path, samples: Path, read: Any) -> None:
    folder = Path(shutil.copytree(samples / "pubchem", tmp_path / "pubchem"))
    content = (folder / FILE).read_bytes()
    (folder / FILE).write_bytes(content[: content.rindex(b"> <PUBCHEM_COMPONENT_COUNT>")])
    records, refused = read("pubchem", tmp_path)
    assert len(records) == 5
    assert refused == {"900000006": "the file ends inside the record, before its $$$$"}


def test_awkward_records_leave_the_others(tmp_path: Path, samples: Path) -> None:
    folder = Path(shutil.copytree(samples / "pubchem", tmp_path / "pubchem"))
    content = (folder / FILE).read_text().replace("Invented", "Caf\u00e9")
    note = "> <NOTE>\n" + f"{'x' * 10**6}\n" * 18
    huge = f"{content.split('> <')[0]}{note}\n> <PUBCHEM_COMPOUND_CID>\n900000001\n\n"
    again = content.split("$$$$\n")[0]
    (folder / FILE).write_bytes((f"{content}{again}$$$$\n{huge}$$$$\n").encode("latin-1"))
    source = open_source("pubchem", tmp_path)
    rows = list(source.rows())
    assert [name for name, _ in rows].count("900000001") == 3, "duplicates are kept: they are found by identity, later"
    assert len(rows) == 8
    assert source.record(*rows[6]).fields == source.record(*rows[0]).fields
    with pytest.raises(ParseError, match="its last data item has no end"):
        source.record(*rows[7])


def test_conformers_keep_hydrogens_and_coordinates(read: Any) -> None:
    records, refused = read("pubchem_3d")
    molecule = records["900000002"].entity
    assert molecule is not None
    assert molecule.mol.GetNumAtoms() == 18
    assert molecule.mol.GetConformer().Is3D()
    assert records["900000002"].fields["name"] == "Sample prolinol", "titles of the source pubchem"
    assert records["900000002"].fields["mmff94_energy"] == "13.35"
    assert refused == {"900000007": "no coordinates in 3D"}


def test_the_largest_molecule_is_a_setting(samples: Path, read: Any) -> None:
    records, refused = read("pubchem", largest={"heavy_atoms": 8})
    assert set(records) == {"900000002", "900000005"}
    assert refused["900000001"] == "12 heavy atoms: the corpus takes 1 to 8"
    with pytest.raises(ConfigurationError, match="no size 'weight'"):
        open_source(SourceRecipe(name="pubchem", largest={"weight": 8}), samples)


def test_records_in_the_official_form_are_read(shared: Path, tmp_path: Path, read: Any) -> None:
    folder = tmp_path / "pubchem"
    folder.mkdir()
    sample = shared / "data/molecule/pubchem_records/original_format_sample/val_head.sdf"
    (folder / "Compound_000000001_000500000.sdf").write_bytes(sample.read_bytes())
    records, refused = read("pubchem", tmp_path)
    assert not records
    assert list(refused) == ["57370964"], "magnesium dichloride dihydrate"
    assert "fragments" in refused["57370964"] or "valence" in refused["57370964"]
