"""One MOL block, V2000 or V3000, with the data items of an SD record behind it, as a molecule."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final

from rdkit import Chem

from biomatrix.entities.limits import Limits
from biomatrix.entities.molecule.chemistry_log import captured_log
from biomatrix.entities.molecule.entity import Molecule
from biomatrix.entities.molecule.files.cutting import HEADER_LINES, RecordText
from biomatrix.entities.molecule.files.finishing import finished
from biomatrix.entities.molecule.files.mol_faults import first_fault, misread_coordinate, surplus_line
from biomatrix.entities.molecule.files.mol_layout import COUNTS_LINE, Layout, declared_counts, is_v3000, layout_of
from biomatrix.entities.molecule.queries import query_atom, query_bond, wildcards
from biomatrix.errors import BioMatrixError, LimitError, ParseError, UnsupportedError

_BLOCK_END: Final = "M  END"
_ATOM_INDEX: Final = re.compile(r"atom # ?(\d+)")
_LISTED_ATOM: Final = re.compile(r"atoms: (\d+)")
_R_GROUP: Final = re.compile(r"R(#|\d*)")
_WILDCARD: Final = "*"
_NOT_KEPT: Final = {
    "M  APO": "attachment points are not kept",
    "ATTCHPT=": "attachment points are not kept",
    "M  LIN": "link nodes, which repeat, are not kept: their atoms are read once",
    "LINKNODE": "link nodes, which repeat, are not kept: their atoms are read once",
    "ENDPTS=": "a bond to several atoms at once is read as one to a wildcard atom",
}
"""What RDKit reads and a graph of atoms and bonds does not hold, by how it is written."""
_WHOLE_GROUPS: Final = frozenset({"SUP", "MUL", "GEN"})
"""Groups of atoms (abbreviations, multiples, brackets) whose atoms are all drawn: nothing of the molecule is lost."""
_RADICAL: Final = "4"
"""A doublet radical, among the charges of an atom line."""
_PROPERTIES: Final = ("M  CHG", "M  RAD")
"""Lines that, by the definition of the format, stand in for the whole column of charges."""
_UP_OR_DOWN: Final = ("1", "6")


def read_mol_block(record: RecordText, limits: Limits) -> Molecule:
    """Return the molecule of a record of an SD or MOL file.

    Raises
    ------
    ParseError
        It is no MOL block, or its chemistry is impossible; ``position`` is the number of a line of the file.
    UnsupportedError
        A query, an R group or a pseudo-atom; ``position`` likewise.
    LimitError
        More atoms than ``limits.atoms_per_molecule``.
    """
    lines = record.text.split("\n")
    limits.check("atoms_per_molecule", (declared_counts(lines) or (0, 0))[0], "number of atoms")
    layout = layout_of(lines, record.line)
    mol, notes = _parsed(record.text, layout)
    _refuse_patterns(mol, layout)
    fault = surplus_line(layout) or misread_coordinate(layout)
    if fault is not None:
        raise layout.at_line(ParseError(fault.message), fault.line, fault.what)
    notes += _dropped(mol, record.text) + _radical_notes(mol, layout) + _dimension_notes(mol, lines)
    wedged = _wedged_atoms(mol, layout)
    try:
        molecule = finished(mol, data_fields(lines[HEADER_LINES:]), record.notes + notes)
    except LimitError:
        raise
    except BioMatrixError as error:
        raise _placed(error, layout) from error.__cause__
    return _with_idle_wedges(molecule, wedged)


def _parsed(text: str, layout: Layout) -> tuple[Chem.Mol, tuple[str, ...]]:
    """Return what RDKit reads, with a note where empty lines had to be left out; raise with the line at fault."""
    mol, reason = _call_parser(text)
    notes: tuple[str, ...] = ()
    if mol is None:
        whole = _without_empty_lines(layout)
        if whole is not None:
            mol, _ = _call_parser(whole)
            notes = ("an empty line before M  END was passed over",)
    if mol is None:
        fault = first_fault(layout)
        if fault is None:
            raise layout.at_line(
                ParseError(f"not a MOL block RDKit can read: {reason or 'one of its lines is malformed'}"), 0
            )
        raise layout.at_line(ParseError(fault.message), fault.line, fault.what)
    if mol.GetNumAtoms() == 0:
        raise layout.at_line(ParseError("a molecule without atoms"), COUNTS_LINE)
    return mol, notes


def _call_parser(text: str) -> tuple[Chem.Mol | None, str]:
    """Return what RDKit reads, None where it is broken, and RDKit's reason."""
    with captured_log() as log:
        try:
            mol = Chem.MolFromMolBlock(text, sanitize=False, removeHs=False, strictParsing=True)
        except (ValueError, RuntimeError, IndexError, OverflowError):
            mol = None
        return mol, "" if mol is not None else log.reason


def _without_empty_lines(layout: Layout) -> str | None:
    """Return the text without empty lines between the last bond and M  END; None where there is none."""
    lines = list(layout.lines)
    end = next((index for index, line in enumerate(lines) if line.startswith(_BLOCK_END)), None)
    start = COUNTS_LINE + 1
    if not is_v3000(lines):
        start += len(layout.atoms) + len(layout.bonds)
    if end is None or all(line.strip() for line in lines[start:end]):
        return None
    return "\n".join(lines[:start] + [line for line in lines[start:end] if line.strip()] + lines[end:])


def _refuse_patterns(mol: Chem.Mol, layout: Layout) -> None:
    """Raise UnsupportedError where atoms or bonds stand for several, or for none."""
    pattern: Callable[[str], UnsupportedError] = lambda what: UnsupportedError(f"a query, not a molecule: {what}")  # noqa: E731
    atom = query_atom(mol)
    if atom is not None:
        raise layout.at_atom(pattern(f'"{layout.symbol(atom)}" with conditions or a list of elements'), atom)
    for index in wildcards(mol):
        symbol = layout.symbol(index)
        if symbol != _WILDCARD:
            what = UnsupportedError(f'"{symbol}" is a pseudo-atom, not an element')
            if _R_GROUP.fullmatch(symbol):
                what = pattern(f'"{symbol}" is an R group, a place for many')
            elif symbol in ("L", "A", "Q", "X", "M"):
                what = pattern(f'"{symbol}" stands for several elements')
            raise layout.at_atom(what, index)
    bond = query_bond(mol)
    if bond is None:
        bond = next((number for number in range(len(layout.bonds)) if layout.bond_type(number) == "0"), None)
    if bond is not None:
        raise layout.at_bond(pattern("a bond of several orders, or with a condition"), bond)


def _placed(error: BioMatrixError, layout: Layout) -> BioMatrixError:
    """Return an error about an atom as one about its line of the file; RDKit's indices from 0 become numbers from 1."""
    atom = error.position
    listed = _LISTED_ATOM.search(error.message)
    if atom is None and listed is not None:
        atom = int(listed.group(1))
    message = _ATOM_INDEX.sub(lambda match: f"atom {int(match.group(1)) + 1}", error.message)
    plain = type(error)(message, file=error.file, record=error.record)
    return layout.at_atom(plain, atom) if isinstance(atom, int) else layout.at_line(plain, COUNTS_LINE)


def _dropped(mol: Chem.Mol, text: str) -> tuple[str, ...]:
    """Return notes on what the block says and the molecule does not hold."""
    notes = dict.fromkeys(note for mark, note in _NOT_KEPT.items() if mark in text)
    grouped = "M  STY" in text or "BEGIN SGROUP" in text
    groups = {group.GetProp("TYPE") for group in Chem.GetMolSubstanceGroups(mol)} if grouped else set()
    groups -= _WHOLE_GROUPS
    if groups:
        notes[f"groups of atoms are not kept ({', '.join(sorted(groups))}): their atoms are read once"] = None
    return tuple(notes)


def _radical_notes(mol: Chem.Mol, layout: Layout) -> tuple[str, ...]:
    """Return a note where the column of charges calls an atom a radical, which no property line then says."""
    if is_v3000(layout.lines) or any(line.startswith(_PROPERTIES) for line in layout.lines):
        return ()
    marked = [
        atom + 1
        for atom, index in enumerate(layout.atoms)
        if layout.lines[index][36:39].strip() == _RADICAL and not mol.GetAtomWithIdx(atom).GetNumRadicalElectrons()
    ]
    atoms = ", ".join(map(str, marked))
    return (f"the radical in the column of charges was not read (atom {atoms}): write it as M  RAD",) if marked else ()


def _dimension_notes(mol: Chem.Mol, lines: Sequence[str]) -> tuple[str, ...]:
    """Return a note where the block calls itself a drawing or a conformer and its coordinates say otherwise."""
    called = lines[1][20:22].upper()
    solid = bool(mol.GetNumConformers()) and mol.GetConformer().Is3D()
    if called == "2D" and solid:
        return ("called 2D, but with depth: read as a conformer in 3D",)
    return ("called 3D, but flat with stereo bonds: read as a drawing",) if called == "3D" and not solid else ()


def _wedged_atoms(mol: Chem.Mol, layout: Layout) -> set[int]:
    """Return the indices of the atoms at the thin end of a wedged bond of a drawing."""
    if mol.GetNumConformers() and mol.GetConformer().Is3D():
        return set()
    if is_v3000(layout.lines):
        bonds = (bond for bond in mol.GetBonds() if bond.GetBondDir() in _WEDGES)
        return {bond.GetBeginAtomIdx() for bond in bonds}
    wedges = (layout.lines[index] for index in layout.bonds if layout.lines[index][9:12].strip() in _UP_OR_DOWN)
    return {int(line[:3]) - 1 for line in wedges if line[6:9].strip() == "1"}


_WEDGES: Final = (Chem.BondDir.BEGINWEDGE, Chem.BondDir.BEGINDASH)


def _with_idle_wedges(molecule: Molecule, wedged: set[int]) -> Molecule:
    """Return the molecule, noted where wedges of the drawing mark no stereocentre."""
    unmarked = Chem.ChiralType.CHI_UNSPECIFIED
    idle = sorted(index + 1 for index in wedged if molecule.mol.GetAtomWithIdx(index).GetChiralTag() == unmarked)
    if not idle:
        return molecule
    atoms = ", ".join(map(str, idle))
    note = f"stereo bonds that mark no centre RDKit can tell were ignored (atom{'s' * (len(idle) > 1)} {atoms})"
    return Molecule(molecule.mol, molecule.name, (*molecule.notes, note))


def data_fields(lines: Sequence[str]) -> dict[str, str]:
    """Return the data items of an SD record: ``> <NAME>``, then lines up to an empty one."""
    fields: dict[str, str] = {}
    name: str | None = None
    values: list[str] = []
    for line in [*lines, ""]:
        if name is not None and not line.strip():
            fields[name] = "\n".join(values)
            name = None
        elif name is not None:
            values.append(line)
        elif line.startswith(">") and "<" in line and ">" in line[line.index("<") :]:
            name, values = line[line.index("<") + 1 : line.rindex(">")], []
    return fields
