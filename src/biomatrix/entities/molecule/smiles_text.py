"""The parts of a line of SMILES: the string, its ChemAxon extension, and the title."""

from __future__ import annotations

from typing import Final, NamedTuple

from rdkit import Chem

from biomatrix.errors import ParseError

_BAR: Final = "|"


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


def group_notes(mol: Chem.Mol) -> tuple[str, ...]:
    """Return a note where stereocentres form racemic (AND) or relative (OR) groups, which no text carries."""
    kinds = {group.GetGroupType() for group in mol.GetStereoGroups()} - {Chem.StereoGroupType.STEREO_ABSOLUTE}
    if not kinds:
        return ()
    racemic = Chem.StereoGroupType.STEREO_AND in kinds
    what = "racemic" if racemic and len(kinds) == 1 else "racemic and relative" if racemic else "relative"
    return (f"the group of {what} centres is not kept: text says one of the isomers",)
