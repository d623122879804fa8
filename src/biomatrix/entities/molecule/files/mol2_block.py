"""One record of a MOL2 file as a molecule, its formal charges included."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rdkit import Chem

from biomatrix.entities.limits import Limits
from biomatrix.entities.molecule.chemistry_log import captured_log
from biomatrix.entities.molecule.entity import Molecule
from biomatrix.entities.molecule.files.cutting import RecordText
from biomatrix.entities.molecule.files.finishing import finished
from biomatrix.entities.molecule.files.mol2_hydrogens import complete
from biomatrix.entities.molecule.files.mol_faults import element_fault
from biomatrix.entities.molecule.files.mol_layout import Layout
from biomatrix.errors import BioMatrixError, LimitError, ParseError, UnsupportedError

_SECTION = "@<TRIPOS>"
_PSEUDO = {"Du": "a dummy atom", "LP": "a lone pair", "Any": "any atom", "Hal": "any halogen", "Het": "any hetero atom"}
_PSEUDO_HEAVY = {"Hev": "any heavy atom"}
_OPEN_BONDS = {"un": "of unknown order", "du": "to a dummy atom"}
_AMMONIUM = "N.4"


def read_mol2(record: RecordText, limits: Limits) -> Molecule:
    """Return the molecule of a record of a MOL2 file.

    Raises
    ------
    ParseError
        It is no MOL2 record, or its chemistry is impossible; ``position`` is the number of a line of the file.
    UnsupportedError
        An atom type that is no element, such as a lone pair, or a bond of no order; ``position`` likewise.
    LimitError
        More atoms than ``limits.atoms_per_molecule``.
    """
    lines = [_in_capitals(line) for line in record.text.split("\n")]
    limits.check("atoms_per_molecule", _declared_atoms(lines), "number of atoms")
    layout = Layout(lines, record.line, list(_section(lines, "ATOM")), list(_section(lines, "BOND")))
    _refuse_layout(layout)
    _refuse_pseudo_atoms(layout)
    text = "\n".join(lines)
    mol, reason, atom = _parsed(text, sanitized=True)
    charges = _stated_charges(lines)
    if mol is None or (charges and sum(charges.values()) != Chem.GetFormalCharge(mol)):
        charged, _, _ = _parsed(text, sanitized=False)
        if charged is not None and _charge(charged, layout, charges):
            mol = charged
    if mol is None or mol.GetNumAtoms() == 0:
        error = ParseError(f"not a MOL2 record RDKit can read: {reason or 'no atoms'}")
        raise layout.at_line(error, 0) if atom is None else layout.at_atom(error, atom)
    notes = record.notes + complete(mol, _stated_atoms(layout, charges))
    try:
        return finished(mol, {}, notes)
    except LimitError:
        raise
    except BioMatrixError as error:
        if isinstance(error.position, int):
            raise layout.at_atom(type(error)(error.message), error.position) from error.__cause__
        raise layout.at_line(error, 0) from error.__cause__


def _parsed(text: str, *, sanitized: bool) -> tuple[Chem.Mol | None, str, int | None]:
    """Return what RDKit reads, None where it is broken, with RDKit's reason and the index of the atom it names."""
    with captured_log() as log:
        try:
            mol = Chem.MolFromMol2Block(text, sanitize=sanitized, removeHs=False)
        except (ValueError, RuntimeError, IndexError, OverflowError):
            mol = None
        return mol, "" if mol is not None else log.reason, None if mol is not None else log.atom


def _section(lines: Sequence[str], name: str) -> Iterator[int]:
    """Yield the indices of the lines of a section, comments and empty lines left out."""
    inside = False
    for index, line in enumerate(lines):
        if line.startswith(_SECTION):
            inside = line[len(_SECTION) :].strip() == name
        elif inside and line.strip() and not line.startswith("#"):
            yield index


def _declared_atoms(lines: Sequence[str]) -> int:
    counts = lines[2].split() if len(lines) > 2 else []
    return int(counts[0]) if counts and counts[0].isdecimal() else 0


def _in_capitals(line: str) -> str:
    """Return a line with the mark of a section in capitals, as RDKit needs it."""
    return line.upper() if line[: len(_SECTION)].upper() == _SECTION else line


def _refuse_layout(layout: Layout) -> None:
    """Refuse a record without bonds or with lines that go on below, and bonds that have no order."""
    if layout.atoms and not layout.bonds and not any(line.startswith(f"{_SECTION}BOND") for line in layout.lines):
        raise layout.at_line(ParseError(f"the record has no section {_SECTION}BOND: is the file cut?"), 0)
    for index in (*layout.atoms, *layout.bonds):
        if layout.lines[index].rstrip().endswith("\\"):
            raise layout.at_line(ParseError("a line that goes on below (\\) is not read: write it in one"), index)
    for number in range(len(layout.bonds)):
        kind = "".join(layout.lines[layout.bonds[number]].split()[3:4]).lower()
        if kind in _OPEN_BONDS:
            raise layout.at_bond(UnsupportedError(f'bond type "{kind}" is a bond {_OPEN_BONDS[kind]}'), number)


def _stated_atoms(layout: Layout, charges: dict[str, int]) -> set[int]:
    """Return the indices of the atoms whose formal charge is stated."""
    return {atom for atom, index in enumerate(layout.atoms) if layout.lines[index].split()[0] in charges}


def _refuse_pseudo_atoms(layout: Layout) -> None:
    for atom, index in enumerate(layout.atoms):
        fields = layout.lines[index].split()
        symbol = fields[5].partition(".")[0] if len(fields) > 5 else ""
        known = {**_PSEUDO, **_PSEUDO_HEAVY}.get(symbol)
        if known is not None:
            raise layout.at_atom(UnsupportedError(f'atom type "{fields[5]}" is {known}, not an element'), atom)
        if symbol and symbol != "*" and element_fault(symbol):
            raise layout.at_atom(ParseError(f'atom type "{fields[5]}": {element_fault(symbol)}'), atom)


def _stated_charges(lines: Sequence[str]) -> dict[str, int]:
    """Return the formal charges that UNITY_ATOM_ATTR states, by the identifier of the atom."""
    charges: dict[str, int] = {}
    rows = iter(_section(lines, "UNITY_ATOM_ATTR"))
    for index in rows:
        identifier, _, count = lines[index].strip().partition(" ")
        for _ in range(int(count) if count.strip().isdecimal() else 0):
            words = lines[next(rows, index)].split()
            if len(words) == 2 and words[0] == "charge" and words[1].lstrip("+-").isdecimal():
                charges[identifier] = int(words[1])
    return charges


def _charge(mol: Chem.Mol, layout: Layout, charges: dict[str, int]) -> bool:
    """Set the stated charges, and that of nitrogen of type N.4 with four bonds; return whether any was set."""
    identifiers = [layout.lines[index].split()[0] for index in layout.atoms]
    changed = False
    for atom, identifier in zip(mol.GetAtoms(), identifiers, strict=False):
        stated = charges.get(identifier)
        kind = atom.GetProp("_TriposAtomType") if atom.HasProp("_TriposAtomType") else ""
        if stated is None and not charges and kind == _AMMONIUM and atom.GetDegree() == 4:
            stated = 1
        if stated is not None and stated != atom.GetFormalCharge():
            atom.SetFormalCharge(stated)
            changed = True
    return changed
