"""Lines that name a docked pose of CrossDocked2020: of types files, and of lists of pockets.

Form: https://github.com/gnina/models/tree/master/data/CrossDocked2020
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, NamedTuple

from biomatrix.errors import ParseError

_TYPED: Final = re.compile(r"^(?P<stem>.+)_(?P<pose>\d+)\.gninatypes$")


class Pose(NamedTuple):
    """A ligand in a receptor.

    Parameters
    ----------
    receptor, ligand : str
        Paths below the folder of structures; the ligand's without the ending of its compression.
    number : int
        The record of the ligand's file, from 0.
    affinity : float or None
        pK of the ligand where it is known, whatever the pose.
    rmsd : float or None
        Angstrom from the pose in the crystal.
    score : float or None
        Of AutoDock Vina, kcal/mol.
    """

    receptor: str
    ligand: str
    number: int = 0
    affinity: float | None = None
    rmsd: float | None = None
    score: float | None = None


def pose_of_types(line: str) -> Pose:
    """Return the pose of a line of a types file; an affinity of 0 is unknown, a negative one that of a poor pose.

    Raises
    ------
    ParseError
        The line has other columns, or paths of no ``.gninatypes`` files.

    Examples
    --------
    >>> pose_of_types("1 6.7 0.2 P/1abc_A_rec_0.gninatypes P/2xyz_docked_3.gninatypes #-8.1")
    Pose(receptor='P/1abc_A_rec.pdb', ligand='P/2xyz_docked.sdf', number=3, affinity=6.7, rmsd=0.2, score=-8.1)
    """
    columns, _, score = line.partition("#")
    values = columns.split()
    if len(values) not in (4, 5):
        raise ParseError(f"{len(values)} columns, where a types file has label, pK, RMSD, receptor and ligand")
    numbers = [_number(value) for value in values[:-2]]
    receptor, ligand = (_TYPED.match(value) for value in values[-2:])
    if receptor is None or ligand is None:
        raise ParseError("receptor and ligand are not named as .gninatypes files")
    return Pose(
        f"{receptor['stem']}.pdb",
        f"{ligand['stem']}.sdf",
        int(ligand["pose"]),
        abs(numbers[1]) or None,
        numbers[2] if len(numbers) == 3 else None,
        _number(score) if score.strip() else None,
    )


def pose_of_list(row: Mapping[str, str]) -> Pose:
    """Return the pose of a row of a list of pockets and ligands, each in a file of its own."""
    named = {key.lower(): value for key, value in row.items()}
    receptor, ligand = (named.get(key, "") for key in ("protein", "ligand"))
    if not receptor or not ligand:
        raise ParseError("no path under the columns Protein and Ligand")
    return Pose(receptor, ligand)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ParseError(f"{text!r} is no number") from None
