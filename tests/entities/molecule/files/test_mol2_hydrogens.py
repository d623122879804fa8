"""MOL2 records that leave hydrogens out, as docking programs write them, are molecules and no radicals."""

from __future__ import annotations

from pathlib import Path

import pytest

from biomatrix.entities import Molecule, Reject, read_molecules
from biomatrix.entities.molecule.files.mol2_hydrogens import ALL_FILLED, CARBON_FILLED
from biomatrix.errors import ParseError, UnsupportedError

HYDROGENS = ["H1 1 0 .2 H", "H2 -1 .5 .2 H", "H3 -1 -.5 .2 H"]


def record(atoms: list[str], bonds: list[str]) -> str:
    """Return a record; an atom is its name, position, type and, behind a bar, its charge."""
    rows = [one.partition("|") for one in atoms]
    lines = [f"{number} {atom} 1 LIG {charge or '0.0'}" for number, (atom, _, charge) in enumerate(rows, start=1)]
    joined = [f"{number} {bond}" for number, bond in enumerate(bonds, start=1)]
    head = ["@<TRIPOS>MOLECULE", "m", f"{len(atoms)} {len(bonds)} 0 0 0", "SMALL", "USER_CHARGES", ""]
    return "\n".join([*head, "@<TRIPOS>ATOM", *lines, "@<TRIPOS>BOND", *joined, ""])


def read(tmp_path: Path, text: str) -> Molecule | Reject:
    path = tmp_path / "a.mol2"
    path.write_text(text)
    (one,) = read_molecules(path)
    return one


METHANOL = record(["C1 0 0 0 C.3", "O1 1.4 0 .1 O.3"], ["1 2 1"])
BARE = {
    "CO": METHANOL,
    "C[NH3+]": record(["C1 0 0 0 C.3", "N1 1.4 0 .1 N.4"], ["1 2 1"]),
    "CC(=O)[O-]": record(
        ["C1 0 0 0 C.2", "O1 0 1.2 0 O.co2", "O2 1.3 0 0 O.co2", "C2 -1 -1 .1 C.3"], ["1 2 ar", "1 3 ar", "1 4 1"]
    ),
    "C[N+](=O)[O-]": record(
        ["C1 0 0 0 C.3", "N1 1.4 0 .2 N.pl3", "O1 2 1 0 O.2", "O2 2 -1 0 O.2"], ["1 2 1", "2 3 2", "2 4 2"]
    ),
    "CS(N)(=O)=O": record(
        ["C1 0 0 0 C.3", "S1 1.4 0 .2 S.o2", "O1 2 1 0 O.2", "O2 2 -1 0 O.2", "N1 2 0 1 N.3"],
        ["1 2 1", "2 3 2", "2 4 2", "2 5 1"],
    ),
    "c1ccccc1": record(
        [f"C{i} {i} {i % 2} 0.{i} C.ar" for i in range(6)], [f"{i + 1} {(i + 1) % 6 + 1} ar" for i in range(6)]
    ),
}


@pytest.mark.parametrize("smiles", BARE)
def test_open_valences_are_filled_and_noted(tmp_path: Path, smiles: str) -> None:
    molecule = read(tmp_path, BARE[smiles])
    assert isinstance(molecule, Molecule)
    assert molecule.smiles == smiles
    assert ALL_FILLED in molecule.notes


def test_hydrogens_on_hetero_atoms_alone_leave_carbon_open(tmp_path: Path) -> None:
    molecule = read(tmp_path, record(["C1 0 0 0 C.3", "O1 1.4 0 .2 O.3", "H1 2 .5 .2 H"], ["1 2 1", "2 3 1"]))
    assert isinstance(molecule, Molecule)
    assert (molecule.smiles, molecule.notes) == ("CO", (CARBON_FILLED,))


def test_a_radical_beside_its_hydrogens_stays_one(tmp_path: Path) -> None:
    molecule = read(tmp_path, record(["C1 0 0 0 C.3", *HYDROGENS], ["1 2 1", "1 3 1", "1 4 1"]))
    assert isinstance(molecule, Molecule)
    assert (molecule.smiles, molecule.notes) == ("[CH3]", ())


@pytest.mark.parametrize(("charge", "smiles"), [("2.0", "[Zn+2]"), ("0.0", "[Zn]"), ("0.73", "[Zn]")])
def test_a_lone_metal_has_the_charge_of_its_column(tmp_path: Path, charge: str, smiles: str) -> None:
    molecule = read(tmp_path, record([f"ZN 0 0 0 Zn|{charge}"], []))
    assert isinstance(molecule, Molecule)
    assert molecule.smiles == smiles
    assert "charge column" in molecule.notes[0]


def test_sections_in_small_letters(tmp_path: Path) -> None:
    molecule = read(tmp_path, METHANOL.replace("@<TRIPOS>", "@<tripos>"))
    assert isinstance(molecule, Molecule)
    assert molecule.smiles == "CO"


REFUSED = {
    "no section @<TRIPOS>BOND": (METHANOL.partition("@<TRIPOS>BOND")[0], 1, ParseError),
    "of unknown order": (METHANOL.replace("1 2 1", "1 2 un"), 11, UnsupportedError),
    "to a dummy atom": (METHANOL.replace("1 2 1", "1 2 du"), 11, UnsupportedError),
    "goes on below": (METHANOL.replace("0 0 0 C.3", "0 0 0 \\\nC.3"), 8, ParseError),
}


@pytest.mark.parametrize("reason", REFUSED)
def test_what_is_refused_names_its_line(tmp_path: Path, reason: str) -> None:
    text, line, error = REFUSED[reason]
    reject = read(tmp_path, text)
    assert isinstance(reject, Reject)
    assert reason in reject.reason
    assert (reject.position, reject.kind) == (line, error.__name__)
