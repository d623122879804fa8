"""The columns of an atom record of a PDB file: as the standard has them, and as programs write them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from biomatrix.entities.structure_files.residues import STANDARD, WATERS, is_four_letter_name, letter_of
from biomatrix.errors import ParseError

_LAST_COORDINATE: Final[int] = 54
_LONGEST: Final[int] = 100
"""Columns that no atom record has; the standard ends it at 80."""
_BLANK: Final = frozenset(("", *" \t\v\f"))
_HYBRID_36: Final[int] = 36
_RESIDUE_DIGITS: Final[int] = 4
_FIELD_ENDS: Final[tuple[int, ...]] = (_LAST_COORDINATE, 60, 66, 78)
"""The columns that coordinates, occupancy, B factor and element end in."""
Numbers = tuple[float, float, float, float]
"""x, y, z in Angstrom, and the occupancy."""


def record_of(line: str) -> str:
    """Return which record a line is: its first word in capitals, ATOM also where the serial number touches it.

    Examples
    --------
    >>> record_of("ATOM      1  N"), record_of("hetatm100000"), record_of("ATOM 100000"), record_of("END")
    ('ATOM', 'HETATM', 'ATOM', 'END')
    """
    head = line[:6]
    if head in ("ATOM  ", "HETATM"):
        return head.rstrip()
    head = head.upper()
    for name in ("ATOM", "HETATM", "MODEL"):
        rest = head[len(name) :].strip()
        if head.startswith(name) and (not rest or rest.isdecimal()):
            return name
    word = line[:80].upper().split(None, 1)[:1]
    if line[:1].isspace() and word and word[0] in ("ATOM", "HETATM"):
        return "INDENTED"
    return word[0] if word else ""


def aligned(line: str) -> str:
    """Return an atom record with its columns in their place where a serial number past 99,999 moved them by one."""
    if line[6:12].isdecimal() and line[34:35] != "." and line[35:36] == ".":
        return line[:11] + line[12:]
    return line


def numbers_of(line: str, line_number: int) -> Numbers:
    """Return position and occupancy of an atom record.

    Raises
    ------
    ParseError
        A field that is no number, or a record that ends inside a coordinate.
    """
    try:
        occupancy = line[54:60]
        filled = bool(occupancy) and not occupancy.isspace()
        values = (float(line[30:38]), float(line[38:46]), float(line[46:54]), float(occupancy) if filled else 1.0)
    except ValueError as error:
        raise ParseError(_fault_of(line), position=line_number) from error
    if line[53:54] in _BLANK and len(line.rstrip()) < _LAST_COORDINATE:
        raise ParseError(f"an atom record that is cut inside its last coordinate: {line!r}", position=line_number)
    joined = len(line) > _LONGEST and ("ATOM  " in line[_LAST_COORDINATE:] or "HETATM" in line[_LAST_COORDINATE:])
    if joined or ("_" in line and "_" in line[30:60]) or ("\t" in line and "\t" in line[:60]):
        raise ParseError(_fault_of(line), position=line_number)
    return values


def refuse_cut_end(last: str, before: str, line_number: int) -> None:
    """Refuse what follows the last line end of a file where it is an atom record with fewer fields than the one before.

    Raises
    ------
    ParseError
        The file is cut inside its last record.
    """
    begun = bool(last.strip()) and any(name.startswith(last.upper()) for name in ("ATOM  ", "HETATM"))
    held = max((end for end in _FIELD_ENDS if end <= len(before.rstrip())), default=0)
    if begun or (record_of(last) in ("ATOM", "HETATM") and len(last.rstrip()) < held):
        raise ParseError(
            f"the file is cut inside its last atom record, {last!r}: the atoms after it are missing; get the file anew",
            position=line_number,
        )


def place_of(place: str, line_number: int) -> tuple[int, str]:
    """Return residue number and insertion code of columns 23 to 27.

    Raises
    ------
    ParseError
        No number, such as asterisks where the number overflowed.
    """
    digits, insertion = place[:4], place[4:].strip()
    try:
        if insertion.isdecimal() and digits.strip().isdecimal():
            # A fifth digit of the residue number, as CHARMM writes it.
            return int(digits + insertion), ""
        return _residue_number(digits), insertion
    except ValueError as error:
        reason = (
            "overflowed its columns: write the file as .cif"
            if "*" in digits
            else "is not a number: are the columns shifted?"
        )
        raise ParseError(f"the residue number {digits!r} {reason}", position=line_number) from error


def residues_and_chains(fields: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Return residue name and chain identifier for each text of columns 18 to 22.

    Column 21 is unused by the standard: some programs put a fourth letter of the residue there, others the first of a
    two-letter chain. Four letters are one name where they are a force field's, unless residues of three letters that
    leave no doubt stand beside the same two letters.
    """
    texts = set(fields)
    chains = {text[3:5] for text in texts if _surely_beside_chain(text)}
    return {text: _residue_and_chain(text, chains) for text in texts}


def _surely_beside_chain(text: str) -> bool:
    name = text[:4].upper()
    two_letters = text[3:4].strip() and text[4:5].strip()
    return (
        bool(two_letters) and (name[:3] in WATERS or letter_of(name[:3]) is not None) and not is_four_letter_name(name)
    )


def _residue_and_chain(text: str, chains: set[str]) -> tuple[str, str]:
    name, extra, chain = text[:3].upper(), text[3:4], text[4:5].strip()
    four = (name + extra.upper()).strip()
    if not extra.strip():
        return name.strip(), chain
    if name[:1] == " " and four in STANDARD:
        return four, chain
    if chain:
        beside = text[3:5] in chains or (not is_four_letter_name(four) and (bool(chains) or name[:1] == " "))
        return (name.strip(), extra + chain) if beside else (four, chain)
    if name in STANDARD and not is_four_letter_name(four):
        return name, extra
    return four, ""


def _residue_number(digits: str) -> int:
    """Read a residue number: decimal, or past 9999 hybrid-36 (starts with a letter) or hexadecimal (does not)."""
    text = digits.strip()
    letters = any(character.isalpha() for character in text)
    if len(text) == _RESIDUE_DIGITS and text.isalnum() and text.isascii() and letters:
        if text[0].isdecimal():
            return int(text, 16)
        if text.isupper() or text.islower():
            base = 10**_RESIDUE_DIGITS - 10 * _HYBRID_36**3
            value: int = int(text, _HYBRID_36) + base
            return value if text.isupper() else value + 26 * _HYBRID_36**3
    if "_" in text:
        raise ValueError("an underscore in a number")
    return int(text)


def _fault_of(line: str) -> str:
    """Say what is wrong with the numbers of an atom record."""
    shown = repr(line[:80])
    if "\t" in line:
        return f"a tab in an atom record, whose columns are counted in characters; put spaces for it: {shown}"
    if "*" in line[30:54]:
        return f"a coordinate that overflowed its columns (asterisks): {shown}"
    if len(line.rstrip()) < _LAST_COORDINATE:
        return f"an atom record that ends before its coordinates do (cut, or shifted columns): {shown}"
    if len(line) > _LONGEST:
        return f"two atom records in one line, without a line end between them: {shown}"
    return f"an atom record with a field that is not a number (or shifted columns): {shown}"
