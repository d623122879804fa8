"""Lines of SMILES and SELFIES with their columns, and MOL2 records with their charges."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from biomatrix.entities import Molecule, Reject, read_molecules
from biomatrix.entities.molecule.files.tables import read_smiles
from biomatrix.entities.tables import columns_of
from biomatrix.errors import ParseError, UnsupportedError

LINES = {
    "CCO ethanol": ("CCO", "ethanol", ""),
    "CCO\tethanol, pure": ("CCO", "ethanol, pure", ""),
    "CCO   ethyl   alcohol": ("CCO", "ethyl   alcohol", ""),
    "CCO\tethanol\t46.07": ("CCO", "ethanol", "columns past the name"),
    "CCO,ethanol": ("CCO", "ethanol", "separated by commas"),
    "CCO;ethanol": ("CCO", "ethanol", "separated by semicolons"),
    '"CCO","ethanol, pure"': ("CCO", "ethanol, pure", "separated by commas"),
    '"CCO" ethanol': ("CCO", "ethanol", "quotes"),
    "C[C@H](O)F |&1:1| seven": ("C[C@H](O)F", "seven", ""),
    "C[C@H](O)F\t|o1:1|\tseven": ("C[C@H](O)F", "seven", ""),
    "C[C@H](O)F |a:1| seven": ("C[C@H](O)F", "seven", ""),
    "CCO |(0,0,;1,0,;2,0,)| drawn": ("CCO", "drawn", ""),
    "[CH3] |^1:0| methyl": ("[CH3]", "methyl", ""),
}


def read(tmp_path: Path, content: str | bytes, name: str) -> list[Molecule | Reject]:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return list(read_molecules(path))


@pytest.mark.parametrize("line", LINES)
def test_columns_of_smiles(tmp_path: Path, line: str) -> None:
    smiles, name, note = LINES[line]
    (found,) = read(tmp_path, line + "\n", "x.smi")
    assert isinstance(found, Molecule), found
    assert Molecule.from_smiles(found.smiles).smiles == Molecule.from_smiles(smiles).smiles
    assert found.name == name
    assert bool(found.notes) == bool(note)
    assert note in str(found.notes)
    assert len(found.mol.GetStereoGroups()) == (":1|" in line and "^" not in line)  # kept until written


def test_a_header_is_passed_over_and_noted(tmp_path: Path) -> None:
    for header, row in (("SMILES Name", "CCO x"), ("smiles,name", "CCO,x")):
        first, second = read(tmp_path, f"# a comment\n{header}\n{row}\n{row}\n", "x.smi")
        assert isinstance(first, Molecule)
        assert isinstance(second, Molecule)
        assert (first.name, first.smiles) == ("x", "CCO")
        assert any("header" in note for note in first.notes)
        assert not any("header" in note for note in second.notes)


HEADED = {
    "Name;SMILES;pIC50\r\nethanol;CCO;5,2\r\n": "the molecule and 'Name' as its name; 1 other column left out",
    "\ufeffSMILES,pIC50,Name\nCCO,5.2,ethanol\n": "'Name' as its name",
    '"row ID","Molecule","Name"\n"Row0","CCO","ethanol"\n': "'Molecule' as the molecule and 'Name'",
    '"ChEMBL ID";"Name";"Smiles"\n"CHEMBL545";"ethanol";"CCO"\n': "'Smiles' as the molecule",
    "canonical_smiles\tzinc_id\nCCO\tethanol\n": "separated by tabs",
    'Comment,Isomeric SMILES,Title\n"a, b",CCO,"ethanol"\n': "separated by commas",
}


@pytest.mark.parametrize("content", HEADED)
def test_columns_are_taken_by_the_names_in_the_header(tmp_path: Path, content: str) -> None:
    (found,) = read(tmp_path, content, "x.smi")
    assert isinstance(found, Molecule), found
    assert (found.smiles, found.name) == ("CCO", "ethanol")
    assert HEADED[content] in str(found.notes)
    assert "the header" in str(found.notes)


def test_a_table_of_selfies_is_read_by_its_header(tmp_path: Path) -> None:
    (found,) = read(tmp_path, "id,SMILES,SELFIES\nethanol,C,[C][C][O]\n", "x.selfies")
    assert isinstance(found, Molecule)
    assert (found.smiles, found.name) == ("CCO", "ethanol")


def test_a_row_without_a_molecule_is_refused_and_its_name_never_read_as_one(tmp_path: Path) -> None:
    for content, line in (("SMILES;Name\nCCO;a\n;CCC\n", 3), ("CCO,a\n,CCC\n", 2), ("ID,SMILES\na,CCO\nb\n", 3)):
        first, second = read(tmp_path, content, "x.smi")
        assert isinstance(first, Molecule)
        assert isinstance(second, Reject)
        assert f"line {line} has no molecule" in second.reason


def test_a_first_line_of_data_is_no_header(tmp_path: Path) -> None:
    first, second = read(tmp_path, "CCO,structure\nCCC,molecule\n", "x.smi")
    assert isinstance(first, Molecule)
    assert isinstance(second, Molecule)
    assert (first.name, second.name) == ("structure", "molecule")


def test_names_that_are_not_utf8_are_noted(tmp_path: Path) -> None:
    plain, foreign = read(tmp_path, "CCO Äthanol\n".encode() + "CCN Äthylamin\n".encode("cp1252"), "x.smi")
    assert isinstance(plain, Molecule)
    assert isinstance(foreign, Molecule)
    assert (plain.name, plain.notes) == ("Äthanol", ())
    assert foreign.name == "Äthylamin"
    assert "Windows-1252" in str(foreign.notes)


@pytest.mark.parametrize("smarts", ["[C,N]", "C~C", "[!#6]C", "[D3]", "[C;H1]", "C[$(CC)]"])
def test_patterns_are_refused_as_queries(smarts: str) -> None:
    with pytest.raises(UnsupportedError, match="query"):
        Molecule.from_smiles(smarts)


@pytest.mark.parametrize("broken", ["C1CC", "C(", "[C", "CC)"])
def test_broken_smiles_is_no_query(broken: str) -> None:
    with pytest.raises(ParseError):
        Molecule.from_smiles(broken)
    with pytest.raises(ParseError, match="no closing bar"):
        Molecule.from_smiles("CCO |&1:1")


def test_columns_of_selfies(tmp_path: Path) -> None:
    content = "selfies name\n[C][C][O] ethyl alcohol\n[C] [C] [O]\tethanol\n[C][C][N]\n[C][C][O],x\n"
    found = [one for one in read(tmp_path, content, "x.selfies") if isinstance(one, Molecule)]
    assert [one.smiles for one in found] == ["CCO", "CCO", "CCN", "CCO"]
    assert [one.name for one in found] == ["ethyl alcohol", "ethanol", "", "x"]
    assert ["spaces between" in str(one.notes) for one in found] == [False, True, False, False]


def mol2(atoms: tuple[str, ...], bonds: tuple[str, ...], extra: str = "") -> str:
    rows = "".join(f"{i} {a[:2].strip('.')}{i} {i}.0 {0.3 * i} 0.1 {a} 1 LIG 0.0\n" for i, a in enumerate(atoms, 1))
    joined = "".join(f"{number} {bond}\n" for number, bond in enumerate(bonds, 1))
    head = f"@<TRIPOS>MOLECULE\nsalt\n{len(atoms)} {len(bonds)} 1 0 0\nSMALL\nNO_CHARGES\n\n@<TRIPOS>ATOM\n"
    return f"{head}{rows}@<TRIPOS>BOND\n{joined}{extra}"


AMMONIUM = (("N.4", "H", "H", "H", "H"), ("1 2 1", "1 3 1", "1 4 1", "1 5 1"))


@pytest.mark.parametrize("attributes", ["", "@<TRIPOS>UNITY_ATOM_ATTR\n1 1\ncharge 1\n"])
def test_charges_of_mol2(tmp_path: Path, attributes: str) -> None:
    text = f"# made by hand\n{mol2(*AMMONIUM, attributes)}\n# the next\n{mol2(('O.3', 'H', 'H'), ('1 2 1', '1 3 1'))}"
    ammonium, water = read(tmp_path, b"\xef\xbb\xbf" + text.encode(), "x.mol2")
    assert isinstance(ammonium, Molecule), ammonium
    assert isinstance(water, Molecule), water
    assert (ammonium.smiles, water.smiles) == ("[NH4+]", "O")
    alkoxide = mol2(("C.3", "O.3", "H", "H", "H"), ("1 2 1", "1 3 1", "1 4 1", "1 5 1"))
    (found,) = read(tmp_path, alkoxide + "@<TRIPOS>UNITY_ATOM_ATTR\n2 1\ncharge -1\n", "x.mol2")
    assert isinstance(found, Molecule)
    assert found.smiles == "C[O-]"


@pytest.mark.parametrize(("kind", "reason"), [("LP", "a lone pair"), ("Du", "a dummy atom"), ("Qq.3", "no element")])
def test_atom_types_that_are_no_elements(tmp_path: Path, kind: str, reason: str) -> None:
    _, found = read(tmp_path, mol2(*AMMONIUM) + mol2(("C.3", kind), ("1 2 1",)), "x.mol2")
    assert isinstance(found, Reject)
    assert found.record == 2
    assert reason in found.reason
    assert (tmp_path / "x.mol2").read_text().split("\n")[int(found.position or 0) - 1].split()[5] == kind


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_tables_of_any_separator(tmp_path: Path, mark: str) -> None:
    path = tmp_path / "x.csv"
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.writer(stream, delimiter=mark)
        writer.writerows([["id", " SMILES", "note"], ["a", "CCO", f"two\nlines{mark} here"], ["b", "CCN", ""]])
        stream.write(mark.join(["c", "CCC", "one", "more"]) + "\n" + "d" + mark + "C\n")
    found = list(read_smiles(path))
    assert [one.smiles if isinstance(one, Molecule) else "" for one in found] == ["CCO", "CCN", "", "C"]
    assert [one.name for one in found if isinstance(one, Molecule)] == ["a", "b", "d"]
    assert isinstance(found[2], Reject)
    assert "4 values under 3 columns" in found[2].reason


def test_columns_that_are_missing_or_double(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("id,structure\na,CCO\n")
    with pytest.raises(ParseError, match="the columns are id, structure"):
        list(read_smiles(path))
    path.write_text("smiles,smiles\nC,C\n")
    with pytest.raises(ParseError, match="two columns are called 'smiles'"):
        columns_of(path)


@pytest.mark.parametrize("head", ["id,smiles", "Name\tSMILES", "ID Canonical_SMILES", '"name";"smiles"'])
def test_a_header_that_puts_the_molecule_second_is_followed(tmp_path: Path, head: str) -> None:
    mark = next(mark for mark in ",\t; " if mark in head)
    found = read(tmp_path, f"{head}\neth{mark}CCO\nmeth{mark}CO\n", "x.smi")
    assert [(one.smiles, one.name) for one in found if isinstance(one, Molecule)] == [("CCO", "eth"), ("CO", "meth")]


def test_a_name_that_looks_like_a_header_is_a_name(tmp_path: Path) -> None:
    (found,) = read(tmp_path, "CCO structure\n", "x.smi")
    assert isinstance(found, Molecule)
    assert found.name == "structure"


def test_symbols_parted_by_commas_are_not_a_molecule_and_its_name(tmp_path: Path) -> None:
    (reject,) = read(tmp_path, "[C],[O]\n", "x.selfies")
    assert isinstance(reject, Reject)
    assert "parted by commas" in reject.reason
