"""What a ChemAxon extension of a SMILES string says and the molecule read from it does not hold.

An extension is a list of fields between bars: coordinates in brackets, labels between dollar signs, and fields that
begin with a key, such as ``&1:3`` for a racemic group or ``Sg:n:1,2`` for a unit that repeats.
"""

from __future__ import annotations

import re
from typing import Final

from rdkit import Chem

from biomatrix.entities.molecule.chemistry_log import captured_log
from biomatrix.errors import ParseError

_COORDINATES: Final = re.compile(r"\([^)]*\)")
_LABELS: Final = re.compile(r"\$([^$]*)\$")
_FIELD: Final = re.compile(r"(?:^|,)([A-Za-z&^][A-Za-z&^]*)(?=\d*:|,|$)")
_NOT_KEPT: Final = {
    "Sg": "groups of atoms are not kept (Sg of the extension): their atoms are read once",
    "SgD": "groups of atoms are not kept (SgD of the extension): their atoms are read once",
    "SgH": "groups of atoms are not kept (SgH of the extension): their atoms are read once",
    "LN": "link nodes, which repeat, are not kept: their atoms are read once",
    "m": "a bond to one of several places (m of the extension) is not kept: the part is read as a fragment of its own",
    "RG": "R groups of the extension are not kept",
    "LOG": "R groups of the extension are not kept",
    "atomProp": "properties of atoms in the extension are not kept",
}
_READ: Final = frozenset({"^", "o", "&", "a", "r", "w", "wU", "wD", "c", "t", "ctu", "f", "C", "H", "lp"})
"""Radicals, stereo groups and marks, fragments, bonds of coordination and of hydrogen, lone pairs: read, or idle."""
_SHOWN: Final = 40


def extension_notes(extension: str) -> tuple[str, ...]:
    """Return a note on each kind of field that is not kept.

    Parameters
    ----------
    extension : str
        With its bars, or "".

    Examples
    --------
    >>> extension_notes("|Sg:n:1,2:n:ht|")
    ('groups of atoms are not kept (Sg of the extension): their atoms are read once',)
    >>> extension_notes("|^1:1,&1:3|")
    ()
    """
    inside = extension.strip("|")
    labels = [label for part in _LABELS.findall(inside) for label in part.split(";") if label]
    notes = dict.fromkeys([f"labels of atoms are not kept: {', '.join(labels)[:_SHOWN]}"] if labels else [])
    rest = _LABELS.sub("", _COORDINATES.sub("", inside))
    for key in _FIELD.findall(rest):
        if key in _NOT_KEPT:
            notes[_NOT_KEPT[key]] = None
        elif key not in _READ:
            notes[f"the field {key[:_SHOWN]!r} of the extension was not read"] = None
    return tuple(notes)


def refuse_extension(smiles: str, extension: str) -> None:
    """Raise ParseError where a SMILES string that cannot be read with its extension is sound without it."""
    if not extension:
        return
    with captured_log():
        alone: Chem.Mol | None = Chem.MolFromSmiles(smiles)
    if alone is not None:
        raise ParseError(f"the ChemAxon extension {extension[:_SHOWN]!r} is broken; the SMILES string before it is not")
