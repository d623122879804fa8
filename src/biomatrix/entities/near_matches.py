"""What a misspelt name may have meant: the nearest of the known ones, in words."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Final

_LISTED: Final = 40
"""The largest number of known names that a message lists where none is near."""
_FEW: Final = 12
"""The largest number of known names that is listed where a command lists them."""
_NEAR: Final = 3
_LIKENESS: Final = 0.6
_SHORTEST_PART: Final = 3


def near_matches(name: object, known: Iterable[str]) -> list[str]:
    """Return at most three known names that look like this one, the nearest first, else those it is a part of.

    Examples
    --------
    >>> near_matches("fold_protien", ["fold_protein", "name_molecule"])
    ['fold_protein']
    >>> near_matches("smiles", ["text", "molecule_smiles"])
    ['molecule_smiles']
    """
    if not isinstance(name, str):
        return []
    by_lower = {other.lower(): other for other in known}
    word = name.lower()
    near = get_close_matches(word, by_lower, _NEAR, _LIKENESS)
    if not near and len(word) >= _SHORTEST_PART:
        near = [other for other in by_lower if word in other][:_NEAR]
    return [by_lower[one] for one in near]


def choices(name: object, known: Iterable[str], listing: str = "") -> str:
    """Return what a message about an unknown name ends with: the near names, or what there is.

    Parameters
    ----------
    name : object
    known : iterable of str
    listing : str
        The command that lists all names; of many it is told in place of them.

    Examples
    --------
    >>> choices("tex", ["text", "molecule_smiles"])
    'did you mean text? known: text, molecule_smiles'
    >>> choices("other", [f"task_{number}" for number in range(50)], "biomatrix tasks list")
    '`biomatrix tasks list` lists all 50'
    """
    names = list(known)
    near = near_matches(name, names)
    if listing and len(names) > _FEW:
        told = f"`{listing}` lists all {len(names)}"
        return f"did you mean {' or '.join(near)}? {told}" if near else told
    shown = ", ".join(names[:_LISTED]) + (f" and {len(names) - _LISTED} more" if len(names) > _LISTED else "")
    listed = f"known: {shown or 'none'}"
    return f"did you mean {' or '.join(near)}? {listed}" if near else listed
