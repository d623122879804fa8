"""BindingDB: values with their relations, headers of both ages, several chains refused, in its archive as it comes."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from biomatrix.corpus.records import INTERACTION

FILE = "BindingDB_All.tsv"


def test_values_keep_relation_and_unit(read: Any) -> None:
    records, refused = read("bindingdb")
    first, above = records["99000001"], records["99000002"]
    assert first.kind == INTERACTION
    assert set(first.parts) == {"ligand", "protein"}
    assert first.entity is None
    assert (first.fields["measured_value"], first.fields["affinity"]) == ("Ki = 12.5 nM", "7.90")
    assert first.fields["ic50"] == "= 40 nM", "a second measure is kept by its name"
    assert first.fields["ligand_name"] == 'Sample "ester" A', "a quotation mark is an ordinary character"
    assert (above.fields["relation"], above.fields["value"], above.fields["unit"]) == (">", "10000", "nM")
    assert "affinity" not in above.fields, "a bound is no value"
    assert (above.fields["assay"], above.fields["temperature"], above.fields["ph"]) == (
        "PubChem AID 999999",
        "25.00",
        "7.4",
    )
    assert refused == {
        "99000004": "a target of 2 chains: pairs are of single chains",
        "99000005": "no value among Kd, Ki, IC50, EC50",
        "99000006": "no SMILES in the row",
    }


def test_the_header_before_2025_repeats_the_columns_of_chains(tmp_path: Path, samples: Path, read: Any) -> None:
    path = Path(shutil.copytree(samples / "bindingdb", tmp_path / "bindingdb")) / FILE
    expected, refused = read("bindingdb", tmp_path)
    header, rest = path.read_text().split("\n", 1)
    old = [
        name.removesuffix(" 1").removesuffix(" 2").replace("Chain Sequence", "Chain  Sequence")
        for name in header.replace("Target Name\t", "Target Name Assigned by Curator or DataSource\t").split("\t")
    ]
    path.write_text("\t".join(old) + "\n" + rest)
    records, again = read("bindingdb", tmp_path)
    assert again == refused
    for name, record in records.items():
        assert record.fields == expected[name].fields
        assert str(record.parts["protein"]) == str(expected[name].parts["protein"])


def test_the_archive_is_read_as_it_comes(tmp_path: Path, samples: Path, read: Any) -> None:
    folder = Path(shutil.copytree(samples / "bindingdb", tmp_path / "bindingdb"))
    with zipfile.ZipFile(folder / "BindingDB_All_202511_tsv.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(folder / FILE, FILE)
    (folder / FILE).unlink()
    expected, _ = read("bindingdb")
    records, _refused = read("bindingdb", tmp_path)
    assert {name: one.fields for name, one in records.items()} == {name: one.fields for name, one in expected.items()}


def test_awkward_rows_are_refused_alone(tmp_path: Path, samples: Path, read: Any) -> None:
    path = Path(shutil.copytree(samples / "bindingdb", tmp_path / "bindingdb")) / FILE
    good = path.read_text().splitlines()[1]
    rows = [
        good.replace("99000001", "1").replace("MKTAY", "MK\u00c9AY"),
        good.replace("99000001", "2").replace("MKTAY", "M" * 5000),
        good.replace("99000001", "3") + "\tsurplus",
        good.replace("99000001", "4")[:60],
    ]
    with path.open("a", encoding="latin-1") as handle:
        handle.write("\n".join(rows))
    records, refused = read("bindingdb", tmp_path)
    assert len(records) == 4
    assert "no amino acid" in refused["1"]
    assert refused["2"] == "5051 residues: the corpus takes at most 4000"
    assert "values under" in refused["3"]
    assert refused["4"] == "no value among Kd, Ki, IC50, EC50"


def test_real_rows_agree_with_what_others_parsed(shared: Path, tmp_path: Path, read: Any) -> None:
    """Rows of the real table, its values as -log10 mol/l, against sequences and SMILES that were parsed from it."""
    home = shared / "data/interaction/bindingdb_kd"
    lines = (home / "original_format_sample/train.tsv").read_text().splitlines()
    header = lines[0].split("\t")
    kd = header.index("pKd_[M]")
    header = [
        name.replace("pKi_[M]", "Ki (nM)").replace("pKd_[M]", "Kd (nM)").replace("pIC50_[M]", "IC50 (nM)")
        for name in header
    ]
    rows = [line.split("\t") for line in lines[1:]]
    values = {row[0]: row[kd] for row in rows}
    for row in rows:
        row[kd] = f"{10 ** (9 - float(row[kd])):.6g}" if row[kd] else ""
    (tmp_path / "bindingdb").mkdir()
    (tmp_path / "bindingdb" / FILE).write_text("\n".join("\t".join(row) for row in [header, *rows]))
    records, _ = read("bindingdb", tmp_path)
    assert records
    known = set(pq.read_table(home / "kd_all.parquet", columns=["protein_sequence"])["protein_sequence"].to_pylist())
    for name, record in records.items():
        assert abs(float(record.fields["affinity"]) - float(values[name])) < 0.01
        assert record.parts["protein"].sequence in known
