"""Published sources of proteins: entries, models and annotations, from every form of their files."""

from __future__ import annotations

import gzip
import io
import random
import shutil
import tarfile
from pathlib import Path

import numpy as np
import pytest

from biomatrix.corpus.planning.rates import SAMPLES
from biomatrix.corpus.sources.foldcomp_tables import FoldcompTable
from biomatrix.corpus.sources.published.uniprot_flat import parse_flat
from biomatrix.errors import ConfigurationError, ParseError

from .conftest import Reading

A, B = "MKTAYIAKQRQISFVKSHFSRQLEERLG", "GSHMLEDPVDAFKLIEEGKAGYLTDLEK"


def test_rcsb_gives_each_sequence_of_an_entry_once(read: Reading) -> None:
    records, reasons = read("rcsb_pdb")
    assert list(records) == ["9zz1_A", "9zz1_C", "9zz2_A"]
    assert records["9zz1_A"].fields == {
        "name": "Made-up hydrolase",
        "organism": "Homo sapiens",
        "title": "Made-up hydrolase with an inhibitor",
        "method": "X-ray diffraction",
        "resolution": "1.85 Å",
        "released": "2024-02-29",
        "copies": "2",
    }
    assert records["9zz1_C"].fields["organism"] == "Escherichia coli"
    assert records["9zz2_A"].fields["method"] == "Solution NMR"  # from BinaryCIF
    for record in records.values():
        assert record.entity is not None
        assert np.isfinite(record.entity.backbone).all()
    assert "not valid CIF" in reasons["9zz3"]


@pytest.mark.parametrize(
    ("file", "chains", "field"),
    [("4hhb.cif.gz", {"A", "B"}, ("organism", "Homo sapiens")), ("1gbt.bcif.gz", {"A"}, ("organism", "Bos taurus"))],
)
def test_rcsb_reads_official_entries(
    shared: Path, read: Reading, tmp_path: Path, file: str, chains: set[str], field: tuple[str, str]
) -> None:
    folder = tmp_path / "rcsb_pdb"
    folder.mkdir()
    (folder / file).write_bytes((shared / "data/protein/files" / file).read_bytes())
    records, reasons = read("rcsb_pdb", tmp_path)
    assert not reasons
    assert {name.split("_")[1] for name in records} == chains
    for record in records.values():
        assert record.fields[field[0]] == field[1]
        assert "diffraction" in record.fields["method"]
        assert float(record.fields["resolution"].split()[0]) < 3


def test_afdb_keeps_models_above_the_threshold(read: Reading) -> None:
    records, reasons = read("afdb")
    assert list(records) == ["AF-Q9ZZZ1-F1"]
    assert records["AF-Q9ZZZ1-F1"].fields == {
        "name": "Made-up kinase",
        "organism": "Bacillus subtilis",
        "plddt": "91.50",
    }
    assert reasons["AF-Q9ZZZ2-F1"] == "a mean pLDDT under 70"
    assert "broken gzip data" in reasons["AF-Q9ZZZ3-F1"]
    assert len(read("afdb", settings={"least_plddt": 40})[0]) == 2
    with pytest.raises(ConfigurationError, match="least_plddt"):
        read("afdb", settings={"least_plddt": 400})


def test_afdb_reads_an_official_model(shared: Path, read: Reading, tmp_path: Path) -> None:
    model = (shared / "data/protein/files/AF-V9WDR2-F1-model_v4.cif").read_bytes()
    (tmp_path / "afdb").mkdir()
    with tarfile.open(tmp_path / "afdb/x.tar", "w") as archive:
        packed = gzip.compress(model)
        entry = tarfile.TarInfo("AF-V9WDR2-F1-model_v4.cif.gz")
        entry.size = len(packed)
        archive.addfile(entry, io.BytesIO(packed))
    records, reasons = read("afdb", tmp_path, settings={"least_plddt": 0})
    assert not reasons
    (record,) = records.values()
    assert 0 < float(record.fields["plddt"]) <= 100
    assert record.fields["organism"]


def test_foldcomp_gives_the_same_chain(read: Reading) -> None:
    pytest.importorskip("foldcomp")
    records, reasons = read("afdb_foldcomp")
    assert not reasons
    packed, whole = records["AF-Q9ZZZ1-F1"], read("afdb")[0]["AF-Q9ZZZ1-F1"]
    assert packed.entity is not None
    assert whole.entity is not None
    assert packed.entity.sequence == whole.entity.sequence == A
    assert packed.fields == {"plddt": "90.00"}
    off = np.linalg.norm(packed.entity.backbone - whole.entity.backbone, axis=-1)
    assert off.max() < 0.6  # Angstrom: angles are kept to 8 bytes a residue


@pytest.mark.parametrize("seed", [2, 6])  # an abort and, mostly, a fault of memory
def test_a_damaged_foldcomp_structure_costs_one_record(tmp_path: Path, seed: int) -> None:
    pytest.importorskip("foldcomp")
    for file in (SAMPLES / "afdb_foldcomp").iterdir():
        shutil.copy(file, tmp_path)
    path = tmp_path / "afdb_swissprot_v4"
    whole = [text for _, text in FoldcompTable(path).rows()]
    content, generator = bytearray(path.read_bytes()), random.Random(seed)
    for _ in range(4):
        content[generator.randrange(80)] = generator.randrange(256)  # the head of the first
    path.write_bytes(content)
    damaged, sound = FoldcompTable(path).rows()
    assert sound[1] == whole[1]
    assert isinstance(damaged[1], ParseError)
    assert "cannot be unpacked by FoldComp: its library ended" in str(damaged[1])


def test_swissprot_gives_the_same_from_both_forms(read: Reading) -> None:
    flat, xml = read("swissprot"), read("swissprot", files=["swissprot/*.xml"])
    for records, reasons in (flat, xml):
        assert list(records) == ["P99991", "A0A000ZZZ2"]
        assert list(reasons) == ["A0A000ZZZ3"]
        assert reasons["A0A000ZZZ3"].startswith("10 residues, where")
    for name, record in flat[0].items():
        other = xml[0][name]
        assert record.fields == other.fields
        assert record.entity is not None
        assert other.entity is not None
        assert record.entity.sequence == other.entity.sequence
    assert flat[0]["P99991"].fields == {
        "name": "Made-up kinase",
        "organism": "Homo sapiens",
        "function": (
            "Binds Ca(2+) and takes part in calcium-dependent signalling. Short- and long-lived forms differ."
        ),
        "location": "Cytoplasm, cytoskeleton. Cell membrane; Peripheral membrane protein",
        "catalytic_activity": "ATP + H2O = ADP + phosphate + H(+)",
        "keywords": "ATP-binding, Kinase, Transferase",
    }


def test_trembl_reads_packed_files_cut_entries_and_long_chains(read: Reading, samples: Path, tmp_path: Path) -> None:
    text = (samples / "trembl/uniprot_trembl.dat").read_bytes()
    head = "ID   LONG\nAC   Q00000;\nDE   SubName: Full=Long caf\u00e9;\nSQ   SEQUENCE   100000 AA;\n".encode("cp1252")
    long = head + b"     AAAAAAAAAA AAAAAAAAAA\n" * 5000 + b"//\n"
    (tmp_path / "trembl").mkdir()
    (tmp_path / "trembl/uniprot_trembl.dat.gz").write_bytes(gzip.compress(text + long + text[:200]))
    records, reasons = read("trembl", tmp_path)
    assert list(records) == ["A0A000ZZZ2"]
    assert "past the limit of 50,000" in reasons["Q00000"]
    with pytest.raises(ParseError, match="before its line //"):
        parse_flat(text[:200].decode())


def test_a_10_to_the_5_residue_entry_of_xml_is_refused(read: Reading, tmp_path: Path) -> None:
    (tmp_path / "trembl").mkdir()
    entries = "".join(
        f'<entry><accession>Q{number}</accession><sequence length="{length}">{"A" * length}</sequence></entry>'
        for number, length in ((1, 100_000), (2, 30), (2, 30))
    )
    (tmp_path / "trembl/x.xml").write_text(f"<uniprot>{entries}<entry><accession>Q3")
    records, reasons = read("trembl", tmp_path, files=["trembl/x.xml"])
    assert list(records) == ["Q2"]
    assert "50,000" in reasons["Q1"]
    assert reasons["x.xml:4"] == "the file ends inside the element"
