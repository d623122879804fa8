"""Files of any kind: read by content and name, one record or all, and written back."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

import biomatrix as bm
from biomatrix.entities import (
    Molecule,
    NucleicAcid,
    Protein,
    Reject,
    kind,
    parse_entity,
    read_entities,
    read_entity,
    write_entities,
)
from biomatrix.entities.formats import format_of, kinds_of_format, known_formats, names_file
from biomatrix.errors import BioMatrixError, ConfigurationError, ParseError, UnsupportedError

SMILES = ["CCO ethanol", "c1ccccc1 benzene", "C1CC broken", "[Na+].[Cl-] salt"]
CHAIN = "MKTAYIAKQRQISFVKSHFSRQ"
GENE = "ATGGCCATTGTAATGGGCCGCTGAAAGGGTGCCCGATAG"


@pytest.fixture
def smiles_file(tmp_path: Path) -> Path:
    path = tmp_path / "four.smi"
    path.write_text("\n".join(SMILES), encoding="utf-8")
    return path


def test_a_list_of_entities_with_its_rejects(smiles_file: Path) -> None:
    found = bm.read(smiles_file)
    assert [entity.name for entity in found] == ["ethanol", "benzene", "salt"]
    assert [(reject.record, reject.kind) for reject in found.rejects] == [(3, "ParseError")]


def test_a_file_of_which_nothing_can_be_read_raises_its_first_reason(tmp_path: Path) -> None:
    (tmp_path / "bad.smi").write_text("C1CC\n((", encoding="utf-8")
    with pytest.raises(ParseError, match="record 1"):
        bm.read(tmp_path / "bad.smi")
    with pytest.raises(BioMatrixError, match=r"nowhere\.sdf"):
        bm.read(tmp_path / "nowhere.sdf")


@pytest.mark.parametrize(("asked", "name"), [(1, "ethanol"), ("benzene", "benzene"), (4, "salt")])
def test_one_record_by_number_or_name(smiles_file: Path, asked: int | str, name: str) -> None:
    assert read_entity(smiles_file, asked).name == name


def test_records_that_are_not_there_or_broken_say_so(smiles_file: Path) -> None:
    with pytest.raises(ParseError, match="holds 4"):
        read_entity(smiles_file, 9)
    with pytest.raises(ParseError, match="several records"):
        read_entity(smiles_file)
    with pytest.raises(ParseError, match="record 3"):
        read_entity(smiles_file, 3)
    with pytest.raises(ParseError, match="counted from 1"):
        read_entity(smiles_file, 0)


def test_a_fasta_record_is_what_its_letters_say(tmp_path: Path) -> None:
    path = tmp_path / "mixed.fasta"
    path.write_text(f">chain\n{CHAIN}\n>gene\n{GENE}\n>short\nACG\n", encoding="utf-8")
    found = list(read_entities(path, kind="protein"))
    assert [type(record) for record in found] == [Protein] * 3  # the user says what they are
    chain, gene, short = read_entities(path)
    assert isinstance(chain, Protein)
    assert isinstance(short, Protein)
    assert isinstance(gene, NucleicAcid)
    assert kind("protein").claims("fasta", CHAIN)
    assert not kind("protein").claims("fasta", GENE)
    assert kind("protein").claims("fasta", "ACG")  # too short to tell
    assert not kind("protein").claims("fasta", "MK1")


@pytest.mark.parametrize("packed", [False, True])
def test_a_file_without_a_telling_name_is_known_by_its_content(tmp_path: Path, packed: bool) -> None:
    Molecule.from_smiles("CCO").embed().to_file(tmp_path / "a.sdf")
    Protein.from_sequence(CHAIN, "x").to_file(tmp_path / "a.fasta")
    for name, expected in (("a.sdf", "sdf"), ("a.fasta", "fasta")):
        content = (tmp_path / name).read_bytes()
        path = tmp_path / f"{expected}_unnamed"
        path.write_bytes(gzip.compress(content) if packed else content)
        assert format_of(path) == expected
        assert len(bm.read(path)) == 1


def test_formats_are_refused_with_what_there_is(tmp_path: Path) -> None:
    (tmp_path / "x.xyz").write_text("1\n\nH 0 0 0\n", encoding="utf-8")
    with pytest.raises(UnsupportedError, match=r"\.sdf"):
        format_of(tmp_path / "x.xyz")
    with pytest.raises(ConfigurationError, match="is none of"):
        format_of("x.smi", "docx")
    with pytest.raises(ConfigurationError, match="standard input"):
        format_of("-")
    with pytest.raises(UnsupportedError, match="give the format"):
        format_of(tmp_path / "nothing.dat")
    assert format_of("x.SMILES.gz") == "smi"
    assert format_of("-", "sd") == "sdf"


def test_every_format_has_an_owner_and_extensions_of_its_own() -> None:
    owners: dict[str, str] = {}
    for name, described in known_formats().items():
        assert kinds_of_format(name)
        for one in described:
            assert all(extension.startswith(".") and extension == extension.lower() for extension in one.extensions)
            for extension in one.extensions:
                assert owners.setdefault(extension, name) == name


def test_words_and_files_are_told_apart(tmp_path: Path) -> None:
    molecule, protein = kind("molecule"), kind("protein")
    assert not names_file("C" * 4000, molecule)  # longer than a file name may be
    assert parse_entity("CCO", molecule).name == ""
    assert isinstance(parse_entity(CHAIN, protein), Protein)
    with pytest.raises(ParseError, match=r"gone\.pdb"):
        parse_entity("gone.pdb", protein)
    with pytest.raises(ConfigurationError, match="chosen from a file"):
        parse_entity(CHAIN, protein, "A")


def test_writing_refuses_what_the_file_cannot_hold(tmp_path: Path) -> None:
    ethanol, chain = Molecule.from_smiles("CCO"), Protein.from_sequence(CHAIN)
    with pytest.raises(ConfigurationError, match="nothing to write"):
        write_entities([], tmp_path / "x.smi")
    for entities in ([ethanol, chain], [chain]):
        with pytest.raises(ConfigurationError, match="of kind protein"):
            write_entities(entities, tmp_path / "x.smi")
    assert not list(tmp_path.iterdir())


def test_rejects_become_the_error_they_were_made_of(smiles_file: Path) -> None:
    (reject,) = (record for record in read_entities(smiles_file) if isinstance(record, Reject))
    error = reject.as_error()
    assert isinstance(error, ParseError)
    assert str(smiles_file) in str(error)
    assert "record 3" in str(error)
