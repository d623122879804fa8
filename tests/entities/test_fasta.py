"""FASTA: records are what their headers and letters say; everything else is refused by its name."""

from __future__ import annotations

from pathlib import Path

import pytest

from biomatrix.entities import Entity, Molecule, NucleicAcid, Protein, Reject, read_entities, read_entity
from biomatrix.errors import ParseError, UnsupportedError

CHAIN = "MKTWQEIVLHDPFRSY"


def records(tmp_path: Path, text: str, kind: str | None = None, name: str = "x.fasta") -> list[Entity | Reject]:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return list(read_entities(path, kind=kind))


def only(tmp_path: Path, text: str, kind: str | None = None) -> Entity | Reject:
    (found,) = records(tmp_path, text, kind)
    return found


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_line_ends_and_encodings(tmp_path: Path, end: str, encoding: str) -> None:
    path = tmp_path / "x.fasta"
    path.write_bytes(end.join([">one é", CHAIN[:9], CHAIN[9:], ">two", CHAIN, ""]).encode(encoding))
    one, two = read_entities(path)
    assert isinstance(one, Protein)
    assert isinstance(two, Protein)
    assert (one.name, one.sequence, two.name, two.sequence) == ("one", CHAIN, "two", CHAIN)
    assert bool(one.notes) == (encoding == "cp1252")
    assert not two.notes


@pytest.mark.parametrize(
    "letters", ["ATGGCCAAAGGTTAGACC", "ACGUACGUACGUACGU", "ACGTACGTNNACGTACGTR", "acgtacgtacgtacgt"]
)
def test_nucleotides_are_nucleic_acids_and_a_protein_where_asked_for_with_a_note(tmp_path: Path, letters: str) -> None:
    found = only(tmp_path, f">g\n{letters}\n")
    assert isinstance(found, NucleicAcid)
    assert found.kind == ("rna" if "U" in letters else "dna")
    if "U" not in letters:
        asked = only(tmp_path, f">g\n{letters}\n", "protein")
        assert isinstance(asked, Protein)
        assert "codes of nucleotides" in str(asked.notes)


@pytest.mark.parametrize(("letters", "doubtful"), [("GAT", True), ("GAGAGSGAGAGSGAGAGS", True), ("MKV", False)])
def test_peptides_that_may_be_nucleotides_are_noted(tmp_path: Path, letters: str, doubtful: bool) -> None:
    found = only(tmp_path, f">p\n{letters}\n")
    assert isinstance(found, Protein)
    assert ("nucleotides" in str(found.notes)) == doubtful


def test_files_of_predictors_are_read_by_their_headers(tmp_path: Path) -> None:
    text = ">A|protein|./a.a3m\nACGTACGTACGTACGT\n>B|smiles\nCC(=O)\nO\n>protein|name=x\nMKV\n>ligand|name=asp\nC=O\n"
    chain, acid, second, ligand = records(tmp_path, text)
    assert isinstance(chain, Protein)
    assert isinstance(second, Protein)
    assert isinstance(acid, Molecule)
    assert isinstance(ligand, Molecule)
    assert (chain.name, chain.sequence) == ("A", "ACGTACGTACGTACGT")
    assert (acid.name, acid.smiles) == ("B", "CC(=O)O")
    assert (second.name, ligand.name, ligand.smiles) == ("x", "asp", "C=O")
    for header, reason in ((">C|ccd|", "by its code"), (">C|glycan|", "a glycan"), (">B|smiles", "")):
        refused = only(tmp_path, f"{header}\nACGT\n", "protein" if not reason else None)
        assert isinstance(refused, Reject)
        assert reason in refused.reason


def test_pir_records(tmp_path: Path) -> None:
    text = f">P1;CRYS\na lens protein, fragment\n  {CHAIN[:5]} {CHAIN[5:]} *\n\n>DL;GENE\na gene\nACGTTGCA*\n"
    protein, gene = records(tmp_path, text)
    assert isinstance(protein, Protein)
    assert (protein.name, protein.sequence) == ("CRYS", CHAIN)
    assert isinstance(gene, NucleicAcid)
    assert (gene.kind, gene.sequence) == ("dna", "ACGTTGCA")


REFUSED = {
    "MKT-WQ": (3, "is a gap"),
    "MKT.WQ": (3, "is a gap"),
    "MKTW:MKTW": (4, "joins the chains"),
    "1 MKTW": (0, "a number among the letters"),
    "MK*TW": (2, "inside the sequence"),
    "": (None, "no letters"),
    "MKTJ9": (4, "a number"),
}


@pytest.mark.parametrize("letters", REFUSED)
def test_letters_that_are_no_sequence(tmp_path: Path, letters: str) -> None:
    position, reason = REFUSED[letters]
    bad, good = records(tmp_path, f">bad\n{letters}\n>good\n{CHAIN}\n")
    assert isinstance(bad, Reject)
    assert (bad.record, bad.position) == ("bad", position)
    assert reason in bad.reason
    assert isinstance(good, Protein)


def test_what_no_kind_claims_is_not_called_nucleotides(tmp_path: Path) -> None:
    bad, _ = records(tmp_path, f">bad\n!!??\n>good\n{CHAIN}\n")
    assert isinstance(bad, Reject)
    assert "no kind claims" in bad.reason
    assert "nucleotides" not in bad.reason


OTHERS = {
    "a Stockholm alignment": "# STOCKHOLM 1.0\nA MKT\n",
    "a Clustal alignment": "CLUSTAL W (1.83)\n\nA MKT\n",
    "an EMBL or UniProt flat file": "ID   CRYS_HUMAN   Reviewed;\n",
    "a line such as >name": f"{CHAIN}\n",
}


@pytest.mark.parametrize("name", OTHERS)
def test_other_sequence_files_are_named(tmp_path: Path, name: str) -> None:
    found = only(tmp_path, OTHERS[name])
    assert isinstance(found, Reject)
    assert (found.record, found.position) == (None, 1)
    assert name in found.reason


def test_a_name_of_several_records_is_no_choice(tmp_path: Path) -> None:
    path = tmp_path / "x.fasta"
    path.write_text("".join(f">{name}\n{CHAIN}\n" for name in ["a", "b", "a", *map(str, range(30, 40))]))
    assert read_entity(path, "b").name == "b"
    assert read_entity(path, 3).name == "a"
    with pytest.raises(ParseError, match="records 1, 3 are all named 'a'"):
        read_entity(path, "a")
    with pytest.raises(ParseError, match=r"holds 13 \(a, b, .*, \.\.\.\)"):
        read_entity(path, "nobody")


MISNAMED = {
    "x.smi": ("fasta", f">a\n{CHAIN}\n"),
    "x.fasta": ("pdb", "HEADER    X\nATOM      1  N   VAL A   1       1.000   2.000   3.000\n"),
    "x.pdb": ("cif", "data_X\nloop_\n"),
    "x.sdf": ("mol2", "@<TRIPOS>MOLECULE\nx\n"),
    "y.smi": ("sdf", "t\n  p\n\n  1  0  0  0  0  0  0  0  0  0999 V2000\n"),
}


@pytest.mark.parametrize("name", MISNAMED)
def test_a_file_named_as_another_format_is_told_by_its_content(tmp_path: Path, name: str) -> None:
    shown, text = MISNAMED[name]
    with pytest.raises(UnsupportedError, match=f"the file begins as {shown} does"):
        records(tmp_path, text, name=name)


@pytest.mark.parametrize(("end", "noted"), [("*", None), ("", "no closing"), ("*\nC;a comment", "behind the closing")])
def test_how_a_pir_record_ends_is_noted(tmp_path: Path, end: str, noted: str | None) -> None:
    path = tmp_path / "one.fasta"
    path.write_text(f">P1;CODE\na title\nMKWVTFISLLFLFSSAYS{end}\n", encoding="utf-8")
    (entity,) = read_entities(path)
    assert isinstance(entity, Protein)
    assert entity.sequence == "MKWVTFISLLFLFSSAYS"
    assert [noted in note for note in entity.notes] == [True] if noted else not entity.notes
