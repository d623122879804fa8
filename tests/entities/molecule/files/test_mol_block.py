"""MOL blocks: the true reason and the line of the file for every refusal, notes on what is not kept."""

from __future__ import annotations

from pathlib import Path

import pytest
from rdkit import Chem

from biomatrix.entities import Molecule, Reject, modality, read_molecules
from biomatrix.entities.molecule.files.records import write_molecules

HEAD = ("entry", "  drawn by hand     2D", "")


def block(
    atoms: tuple[str, ...] = ("C", "C", "O"),
    bonds: tuple[str, ...] = ("  1  2  1  0", "  2  3  1  0"),
    extra: tuple[str, ...] = (),
    counts: str = "",
    header: tuple[str, ...] = HEAD,
) -> str:
    rows = [f"{1.4 * i:10.4f}{0.4 * (i % 2):10.4f}{0:10.4f} {a:<3} 0  0  0  0" for i, a in enumerate(atoms)]
    counts = counts or f"{len(atoms):3d}{len(bonds):3d}  0  0  0  0  0  0  0  0999 V2000"
    return "\n".join([*header, counts, *rows, *bonds, *extra, "M  END"]) + "\n"


def v3000(atoms: tuple[str, ...], bonds: tuple[str, ...], extra: tuple[str, ...] = ()) -> str:
    body = [f"COUNTS {len(atoms)} {len(bonds)} 0 0 0", "BEGIN ATOM", *atoms, "END ATOM"]
    body = ["BEGIN CTAB", *body, "BEGIN BOND", *bonds, "END BOND", *extra, "END CTAB"]
    lines = [*HEAD, "  0  0  0  0  0  0  0  0  0  0999 V3000", *(f"M  V30 {line}" for line in body), "M  END"]
    return "\n".join(lines) + "\n"


def records(tmp_path: Path, text: str, name: str = "x.sdf") -> list[Molecule | Reject]:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return list(read_molecules(path))


def molecule(tmp_path: Path, text: str) -> Molecule:
    (found,) = records(tmp_path, text)
    assert isinstance(found, Molecule), found
    return found


def reject(tmp_path: Path, text: str, name: str = "x.sdf") -> Reject:
    found = records(tmp_path, text, name)[-1]
    assert isinstance(found, Reject), found
    assert "rdkit/" not in found.reason.lower()
    assert ".cpp" not in found.reason
    assert ".h;" not in found.reason
    return found


FAULTS = {
    "no element": (block(atoms=("C", "OMe", "O")), 6, '"OMe" is no element, in line 6 of the file (atom 2)'),
    "bond to nowhere": (block(bonds=("  1  2  1  0", "  2  9  1  0")), 9, "an atom that is not there"),
    "bond twice": (block(bonds=("  1  2  1  0", "  2  1  1  0")), 9, "given twice"),
    "bond to itself": (block(bonds=("  1  2  1  0", "  2  2  1  0")), 9, "to itself"),
    "atoms short": (block(counts="  4  2  0  0  0  0  0  0  0  0999 V2000"), 8, "is no line of an atom"),
    "atoms over": (block(counts="  2  2  0  0  0  0  0  0  0  0999 V2000"), 7, "no line of a bond"),
    "bonds over": (block(counts="  3  1  0  0  0  0  0  0  0  0999 V2000"), 9, "declares 1 bonds, and another"),
    "no counts": (block(counts="three atoms and two bonds"), 4, "is no counts line"),
    "short header": (block(header=HEAD[:2]), 3, "the counts line is line 3 of the record"),
    "charge of nobody": (block(extra=("M  CHG  1   7   1",)), 10, "a property of an atom that is not there"),
    "cut short": (block().replace("M  END\n", ""), 9, "no M  END"),
    "valence": (block(atoms=("O", "O", "O"), bonds=("  1  2  1  0", "  2  3  3  0")), 6, "valence for atom 2 O"),
    "not finite": (block().replace("    1.4000", "       nan"), 6, "not a finite number"),
    "a letter for a number": (block().replace("O   0  0  0  0", "O   0  0  x  0"), 7, "'  x' is no number"),
    "version": (block().replace("V2000", "V2O00"), 4, "'V2O00' is no version"),
    "three short lines": ("one\ntwo\nthree\n", 3, "ends before its counts line"),
    "V3000 element": (v3000(("1 C 0 0 0 0", "2 Boc 1 0 0 0"), ("1 1 1 2",)), 9, '"Boc" is no element'),
    "V3000 counts": (v3000(("1 C 0 0 0 0",), ()).replace("COUNTS 1", "COUNTS 2"), 6, "the block holds 1 atoms"),
    "V3000 bond": (v3000(("1 C 0 0 0 0", "2 C 1 0 0 0"), ("1 1 1 8",)), 12, "an atom that is not there"),
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("before", [0, 56])
def test_a_fault_is_named_with_its_line_of_the_file(tmp_path: Path, fault: str, before: int) -> None:
    text, line, reason = FAULTS[fault]
    good = (block() + "> <ID>\n7\n\n$$$$\n") * before
    found = reject(tmp_path, good + text)
    shift = good.count("\n")
    assert found.record == before + 1
    assert found.position == line + shift
    assert reason.replace(f"line {line} of the file", f"line {line + shift} of the file") in found.reason
    assert found.kind == "ParseError"


QUERIES = {
    "bond of type 5": (block(bonds=("  1  2  5  0", "  2  3  1  0")), 8),
    "bond of type 8": (block(bonds=("  1  2  1  0", "  2  3  8  0")), 9),
    "bond of no type": (block(bonds=("  1  2  0  0", "  2  3  1  0")), 8),
    "bond in a ring": (block(bonds=("  1  2  1  0  0  1", "  2  3  1  0")), 8),
    "any atom": (block(atoms=("C", "A", "O")), 6),
    "any hetero atom": (block(atoms=("C", "Q", "O")), 6),
    "any halogen": (block(atoms=("C", "C", "X")), 7),
    "list without elements": (block(atoms=("C", "L", "O")), 6),
    "list": (block(atoms=("C", "C", "L"), extra=("M  ALS   3  2 F N   O   ",)), 7),
    "R group": (block(atoms=("C", "C", "R#"), extra=("M  RGP  1   3   1",)), 7),
    "numbered R group": (block(atoms=("C", "C", "R1")), 7),
    "substitution": (block(extra=("M  SUB  1   1   2",)), 5),
    "ring bonds": (block(extra=("M  RBC  1   2   2",)), 6),
    "unsaturation": (block(extra=("M  UNS  1   1   1",)), 5),
    "V3000 list": (v3000(("1 C 0 0 0 0", "2 [N,O] 1 0 0 0"), ("1 1 1 2",)), 9),
    "V3000 bond": (v3000(("1 C 0 0 0 0", "2 C 1 0 0 0"), ("1 6 1 2",)), 12),
    "V3000 substitution": (v3000(("1 C 0 0 0 0 SUBST=2", "2 C 1 0 0 0"), ("1 1 1 2",)), 8),
}


@pytest.mark.parametrize("query", QUERIES)
def test_queries_are_refused_with_their_line(tmp_path: Path, query: str) -> None:
    text, line = QUERIES[query]
    found = reject(tmp_path, text)
    assert found.kind == "UnsupportedError"
    assert "query" in found.reason
    assert found.position == line


def test_wildcards_are_kept_and_pseudo_atoms_refused(tmp_path: Path) -> None:
    assert "wildcard atoms kept as *" in molecule(tmp_path, block(atoms=("C", "C", "*"))).notes
    for symbol in ("LP", "Pol"):
        found = reject(tmp_path, block(atoms=("C", "C", symbol)))
        assert (found.kind, found.position) == ("UnsupportedError", 7)
        assert f'"{symbol}" is a pseudo-atom' in found.reason


@pytest.mark.parametrize("between", ["", "\n", "> <ID>\n1\n\n"])
def test_joined_blocks_are_read_apart(tmp_path: Path, between: str) -> None:
    names = ("one", "", "three")
    texts = [
        block(header=(name, *HEAD[1:]), atoms=("C", "C", element)) for name, element in zip(names, "ONS", strict=True)
    ]
    found = records(tmp_path, between.join(texts))
    assert [(one.name, one.smiles) for one in found if isinstance(one, Molecule)] == [
        ("one", "CCO"),
        ("", "CCN"),
        ("three", "CCS"),
    ]
    assert all("joined" in str(one.notes) for one in found if isinstance(one, Molecule))


def test_a_fault_in_a_joined_block_has_the_line_of_the_file(tmp_path: Path) -> None:
    found = reject(tmp_path, block() + block(atoms=("C", "Xyz", "O")))
    assert (found.record, found.position) == (2, 16)


def test_a_block_inside_a_data_item_is_a_value(tmp_path: Path) -> None:
    found = molecule(tmp_path, block() + "> <DRAWING>\n" + block(header=("t", "p", "c")) + "\n$$$$\n")
    assert found.smiles == "CCO"
    assert not any("joined" in note for note in found.notes)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_an_empty_line_before_the_end(tmp_path: Path, end: str) -> None:
    text = block(extra=("",)).replace("\n", end)
    (tmp_path / "x.mol").write_bytes(text.encode())
    (found,) = read_molecules(tmp_path / "x.mol")
    assert isinstance(found, Molecule)
    assert found.smiles == "CCO"
    assert "an empty line before M  END was passed over" in found.notes


def test_charges_isotopes_and_radicals(tmp_path: Path) -> None:
    extra = ("M  CHG  1   3  -1", "M  ISO  1   1  13", "M  RAD  1   2   2")
    assert molecule(tmp_path, block(extra=extra)).smiles == "[13CH3][CH][O-]"


def test_what_is_not_kept_is_noted(tmp_path: Path) -> None:
    groups = ("M  STY  1   1 SRU", "M  SAL   1  1   2", "M  SMT   1 n")
    assert any("SRU" in note for note in molecule(tmp_path, block(extra=groups)).notes)
    abbreviation = ("M  STY  1   1 SUP", "M  SAL   1  1   3", "M  SMT   1 OH")
    assert not any("groups" in note for note in molecule(tmp_path, block(extra=abbreviation)).notes)
    idle = block(bonds=("  1  2  1  1", "  2  3  1  0"))
    assert any("mark no centre" in note and "(atom 1)" in note for note in molecule(tmp_path, idle).notes)
    deep = block().replace("    0.0000 O", "    0.9000 O")
    assert "called 2D, but with depth: read as a conformer in 3D" in molecule(tmp_path, deep).notes
    racemate = v3000(
        ("1 C 0 0 0 0 CFG=1", "2 N 1.2 0 0 0", "3 O -0.6 1.1 0 0", "4 F -0.6 -1.1 0 0"),
        ("1 1 1 2 CFG=1", "2 1 1 3", "3 1 1 4"),
        ("BEGIN COLLECTION", "MDLV30/STERAC1 ATOMS=(1 1)", "END COLLECTION"),
    )
    found = molecule(tmp_path, racemate)
    assert "@" in found.smiles
    assert any("racemic" in loss for loss in modality("molecule_smiles").losses(found))


@pytest.mark.parametrize(("smiles", "v3000"), [
    ("*CC*", False), ("[1*]CC[2*]", False), ("C[*-]", False), ("*c1ccccc1", False), ("*CC*", True), ("*c1ccccc1", True),
])  # fmt: skip
def test_wildcards_come_back_from_what_is_written(smiles: str, v3000: bool, tmp_path: Path) -> None:
    molecule = Molecule.from_smiles(smiles, "R 1")
    for name in ("x.sdf", "x.mol"):
        path = tmp_path / name
        write_molecules([molecule], path, v3000=v3000)
        (found,) = read_molecules(path)
        assert isinstance(found, Molecule), found
        assert (found.smiles, found.name) == (molecule.smiles, "R 1")
        (seen,) = Chem.SDMolSupplier(str(path), removeHs=False)
        assert Chem.MolToSmiles(seen) == molecule.smiles


def test_a_file_cut_inside_its_atoms_or_bonds_says_that_it_ends(tmp_path: Path) -> None:
    path = tmp_path / "x.sdf"
    write_molecules([Molecule.from_smiles("CCO").embed(seed=0)], path)
    lines = path.read_text().splitlines()
    for kept, what in (
        (10, "9 atoms, in line 10 of the file (atom 7)"),
        (15, "8 bonds, in line 15 of the file (bond 3)"),
    ):
        path.write_text("\n".join(lines[:kept]))
        (found,) = read_molecules(path)
        assert isinstance(found, Reject)
        assert "the record ends before all are there; the counts line declares" in found.reason
        assert what in found.reason


@pytest.mark.parametrize("wrong", ["    0,4000", "     0.4.0", "     0x1p2"])
def test_a_coordinate_that_is_no_number_is_never_taken_for_zero(tmp_path: Path, wrong: str) -> None:
    rows = block().split("\n")
    rows[5] = wrong + rows[5][10:]
    (reject,) = records(tmp_path, "\n".join(rows))
    assert isinstance(reject, Reject)
    assert "no number" in reject.reason or "no line of an atom" in reject.reason
    assert reject.position == 6


def test_a_radical_in_the_column_of_charges_is_noted(tmp_path: Path) -> None:
    text = block(("C", "C  0  4")).replace("  2  3  1  0\n", "").replace("  2  2  0", "  2  1  0", 1)
    text = text.replace("C  0  4 0  0  0  0", "C   0  4  0  0  0")
    found = molecule(tmp_path, text)
    assert any("radical in the column of charges was not read (atom 2)" in note for note in found.notes)
    said = molecule(tmp_path, text.replace("M  END", "M  RAD  1   2   2\nM  END"))
    assert said.smiles == "[CH2]C"
    assert not any("radical" in note for note in said.notes)


MISCOUNTED = {
    "declares 2 atoms, and another follows": block(counts="  2  0  0  0  0  0  0  0  0  0999 V2000"),
    "columns of the counts line are shifted": block(counts="1000998  0  0  0  0            999 V2000"),
}


@pytest.mark.parametrize("reason", MISCOUNTED)
def test_miscounted_blocks_say_what_is_wrong(tmp_path: Path, reason: str) -> None:
    (reject,) = records(tmp_path, MISCOUNTED[reason])
    assert isinstance(reject, Reject)
    assert reason in reject.reason


OTHERS = {
    "$RXN\n\n\n\n  1  1\n$MOL\n": "a reaction (RXN file)",
    "$RDFILE 1\n$DATM 1\n$MFMT\n": "an RDfile",
    "{\\rtf1\\ansi ": "word processor (RTF)",
}


@pytest.mark.parametrize("head", OTHERS)
@pytest.mark.parametrize("name", ["x.sdf", "x.mol", "x.smi"])
def test_files_of_reactions_and_documents_are_called_so(tmp_path: Path, name: str, head: str) -> None:
    (reject,) = records(tmp_path, head + block(), name)
    assert isinstance(reject, Reject)
    assert OTHERS[head] in reject.reason
