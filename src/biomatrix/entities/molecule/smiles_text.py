"""The parts of a line of SMILES: the string, its ChemAxon extension, and the title."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from rdkit import Chem

from biomatrix.entities.molecule.chemistry_log import captured_log
from biomatrix.errors import ParseError

_BAR: Final = "|"
_SHOWN: Final = 80
_MORE: Final = re.compile(r"(?:Cl|Br|[BCNOPSFIcnops]|\[[^\[\]]+\]|[-=#$:.()/\\%0-9])+")
"""What may stand inside a SMILES string."""


_WORD: Final = re.compile(r"\S+")
_TELLING: Final = re.compile(r"[=#\[\]\\]|[A-Za-z\])][0-9]|\(=?[A-Zcnos]")
"""What no word of prose holds and most SMILES strings do: bonds, brackets, ring digits, branches."""
_ATOMS: Final = re.compile(r"[BCNOPSFIcnops]")
_FEWEST_ATOMS: Final = 4
_AROUND: Final = ".,;:!?\"'`*"


class SmilesParts(NamedTuple):
    """A SMILES string, its ChemAxon extension with the bars (or ""), and its title (or "")."""

    smiles: str
    extension: str
    title: str


def split_smiles(line: str) -> SmilesParts:
    """Return the parts of a line; any white space separates them.

    Raises
    ------
    ParseError
        The extension is not closed; ``position`` is the index of the character where it begins.

    Examples
    --------
    >>> split_smiles("C[C@H](O)F |&1:1|  racemate 7")
    SmilesParts(smiles='C[C@H](O)F', extension='|&1:1|', title='racemate 7')
    """
    smiles, *rest = line.strip().split(None, 1)[:2] or [""]
    title = rest[0].strip() if rest else ""
    if not title.startswith(_BAR):
        return SmilesParts(smiles, "", title)
    end = title.find(_BAR, 1)
    if end < 0:
        raise ParseError("the ChemAxon extension has no closing bar", position=line.index(_BAR))
    return SmilesParts(smiles, title[: end + 1], title[end + 1 :].strip())


def title_notes(smiles: str, title: str, *, named: bool) -> tuple[str, ...]:
    """Return a note of the text behind a SMILES string that was given as a value, such as a cell of a table.

    Parameters
    ----------
    smiles, title : str
        The string and the text behind it, as :func:`split_smiles` returns them.
    named : bool
        Whether a name was given beside the value, so that the text is left out.
    """
    if not title:
        return ()
    taken = "was left out: the molecule has a name" if named else "was taken for its name"
    return (f"the text {title[:_SHOWN]!r} behind the SMILES string {taken}", *continuation_notes(smiles, title))


def continuation_notes(smiles: str, title: str) -> tuple[str, ...]:
    """Return a note where the text behind a SMILES string reads like the rest of it: a blank may stand inside.

    Examples
    --------
    >>> continuation_notes("F/C=C", "/F"), continuation_notes("CCO", "7")
    (("'/F' would go on the SMILES string 'F/C=C': if it belongs there, remove the blank between them",), ())
    """
    word = title.split(None, 1)[0] if title.strip() else ""
    if not _MORE.fullmatch(word):
        return ()
    parameters: Any = Chem.SmilesParserParams()
    parameters.sanitize = False
    with captured_log():
        if Chem.MolFromSmiles(smiles + word, parameters) is None:
            return ()
    return (
        f"{word[:_SHOWN]!r} would go on the SMILES string {smiles[:_SHOWN]!r}: if it belongs there, remove the blank "
        "between them",
    )


def find_smiles(text: str) -> Iterator[str]:
    """Yield the words of a text that look like SMILES strings: four atoms or more, and marks that prose lacks.

    Examples
    --------
    >>> list(find_smiles("Aspirin (C9H8O4) is CC(=O)Oc1ccccc1C(=O)O, a drug."))
    ['CC(=O)Oc1ccccc1C(=O)O']
    """
    for found in _WORD.finditer(text):
        word = found.group().strip(_AROUND)
        if word.startswith("(") and word.endswith(")") and ")" not in word[:-1]:
            word = word[1:-1]
        if len(_ATOMS.findall(word)) >= _FEWEST_ATOMS and _TELLING.search(word) and _MORE.fullmatch(word):
            yield word
