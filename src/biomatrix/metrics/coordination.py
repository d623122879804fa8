"""Centres of four to six ligands that are no tetrahedra: whether their ligands can be arranged in more than one way.

A square, a trigonal bipyramid or an octahedron of like ligands (SF5, PF6-, XeF4) has one arrangement only, and a stereo
mark on it says nothing. RDKit marks every such centre that it sees in coordinates, and keeps every such mark that it
reads.
"""

from __future__ import annotations

from collections import deque
from functools import lru_cache
from itertools import permutations
from math import factorial
from typing import Final

from rdkit import Chem

from biomatrix.metrics.marked_atoms import marked_atoms

Arrangement = tuple[int, ...]
"""Which ligand stands at each position, or which position a rotation brings to each."""

_SQUARE_TURNS: Final = ((1, 2, 3, 0), (3, 2, 1, 0))
_BIPYRAMID_TURNS: Final = ((0, 2, 3, 1, 4), (4, 1, 3, 2, 0))  # 0 and 4 are the axis
_OCTAHEDRON_TURNS: Final = ((0, 2, 3, 4, 1, 5), (1, 5, 2, 0, 4, 3))  # 0 and 5 are the axis, 1 to 4 the square
_TURNS: Final[dict[Chem.ChiralType, tuple[Arrangement, ...]]] = {
    Chem.ChiralType.CHI_SQUAREPLANAR: _SQUARE_TURNS,
    Chem.ChiralType.CHI_TRIGONALBIPYRAMIDAL: _BIPYRAMID_TURNS,
    Chem.ChiralType.CHI_OCTAHEDRAL: _OCTAHEDRON_TURNS,
}
"""Rotations that between them give every rotation of the figure."""
NOT_TETRAHEDRAL: Final = frozenset(_TURNS)
"""The marks of centres of these shapes."""
_HYDROGEN, _NOTHING = -1, -2
_FEWEST = 4


def drop_idle_marks(mol: Chem.Mol) -> list[int]:
    """Clear, in place, the marks of centres whose ligands have one arrangement only; return these atoms' indices.

    Parameters
    ----------
    mol : rdkit.Chem.Mol
        With its property cache up to date.
    """
    marked = [atom for atom in marked_atoms(mol) if atom.GetChiralTag() in _TURNS]
    if not marked:
        return []
    unmarked = Chem.Mol(mol)
    for atom in marked:
        unmarked.GetAtomWithIdx(atom.GetIdx()).SetChiralTag(Chem.ChiralType.CHI_UNSPECIFIED)
    ranks = list(Chem.CanonicalRankAtoms(unmarked, breakTies=False))
    idle = [atom for atom in marked if not has_isomers(atom, ranks)]
    for atom in idle:
        atom.SetChiralTag(Chem.ChiralType.CHI_UNSPECIFIED)
        atom.ClearProp("_chiralPermutation")
    return [atom.GetIdx() for atom in idle]


def has_isomers(atom: Chem.Atom, ranks: list[int]) -> bool:
    """Return whether the ligands of a marked centre can be arranged in more than one way.

    Parameters
    ----------
    atom : rdkit.Chem.Atom
        Marked as square planar, trigonal bipyramidal or octahedral.
    ranks : list of int
        The symmetry class of each atom of the molecule, without the marks in question.
    """
    size = len(_TURNS[atom.GetChiralTag()][0])
    if not _FEWEST <= atom.GetDegree() + atom.GetTotalNumHs() <= size:
        return False
    classes, paths = _likeness(atom, ranks)
    present = classes[: atom.GetDegree() + atom.GetTotalNumHs()]
    if len(set(present)) == 1 and not any(paths):
        return False  # whatever the free positions are: lone pairs stand where the ligands leave room
    first = tuple(range(size))
    return len(equivalent_arrangements(first, atom.GetChiralTag(), classes, paths)) < factorial(size)


def like_ligands(atom: Chem.Atom) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return which ligands of a marked centre are alike, and the bonds between each two on a way round the centre.

    Returns
    -------
    classes : tuple of int, length n
        Equal for ligands that are alike, in the order of the centre's bonds, then hydrogens and free positions.
    paths : tuple of int, length n * n
        0 where there is no way round.
    """
    mol = Chem.Mol(atom.GetOwningMol())
    for other in mol.GetAtoms():
        if other.GetChiralTag() in NOT_TETRAHEDRAL:
            other.SetChiralTag(Chem.ChiralType.CHI_UNSPECIFIED)
    return _likeness(atom, list(Chem.CanonicalRankAtoms(mol, breakTies=False)))


def _likeness(atom: Chem.Atom, ranks: list[int]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    size = len(_TURNS[atom.GetChiralTag()][0])
    ligands = [neighbour.GetIdx() for neighbour in atom.GetNeighbors()]
    classes = [ranks[ligand] for ligand in ligands] + [_HYDROGEN] * int(atom.GetTotalNumHs())
    classes += [_NOTHING] * (size - len(classes))
    numbers = {kind: number for number, kind in enumerate(dict.fromkeys(classes))}
    joined = _paths_between(atom, ligands)
    paths = tuple(joined.get((first, second), 0) for first in range(size) for second in range(size))
    return tuple(numbers[kind] for kind in classes), paths


def _paths_between(centre: Chem.Atom, ligands: list[int]) -> dict[tuple[int, int], int]:
    """Return the bonds between two ligands of a centre on a way round it, 0 where there is none, by their places."""
    mol = centre.GetOwningMol()
    found: dict[tuple[int, int], int] = {}
    for place, ligand in enumerate(ligands):
        distance = {ligand: 0, centre.GetIdx(): 0}
        queue = deque([ligand])
        while queue:
            index = queue.popleft()
            for neighbour in mol.GetAtomWithIdx(index).GetNeighbors():
                if neighbour.GetIdx() not in distance:
                    distance[neighbour.GetIdx()] = distance[index] + 1
                    queue.append(neighbour.GetIdx())
        found.update({(place, other): distance.get(end, 0) for other, end in enumerate(ligands) if other != place})
    return found


@lru_cache(maxsize=1024)
def equivalent_arrangements(
    arrangement: Arrangement, tag: Chem.ChiralType, classes: tuple[int, ...], paths: tuple[int, ...]
) -> frozenset[Arrangement]:
    """Return every arrangement that rotations and exchanges of like ligands make of one; see :func:`like_ligands`.

    Parameters
    ----------
    arrangement : tuple of int, length n
        The ligand at each position: round the square, or from one end of the axis round to the other.
    tag : rdkit.Chem.ChiralType
        The shape.
    classes, paths : tuple of int
        What :func:`like_ligands` returns.
    """
    size = len(classes)
    places = range(size)
    exchanges = [
        order
        for order in permutations(places)
        if all(classes[order[i]] == classes[i] for i in places)
        and all(paths[order[i] * size + order[j]] == paths[i * size + j] for i in places for j in places)
    ]
    turned = [tuple(arrangement[i] for i in turn) for turn in _group(_TURNS[tag])]
    return frozenset(tuple(order[ligand] for ligand in one) for order in exchanges for one in turned)


@lru_cache(maxsize=8)
def _group(turns: tuple[Arrangement, ...]) -> frozenset[Arrangement]:
    """Return every rotation that the given ones make."""
    found: set[Arrangement] = {tuple(range(len(turns[0])))}
    fresh = set(found)
    while fresh:
        fresh = {tuple(turn[i] for i in other) for turn in turns for other in fresh} - found
        found |= fresh
    return frozenset(found)
