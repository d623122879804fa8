"""Counts that no molecule has: what arithmetic alone can tell, before anything is written.

Each rule holds for every molecule that RDKit reads, with these exceptions, which guides do not write either: hydrogens
that are bonded to no other element, atoms of more than two charges, and unpaired electrons that are not asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from biomatrix.entities.molecule.counts import MoleculeCounts, shown_count

_MOST_HYDROGENS: Final = 9
_CHARGES: Final = (0, 1, -1, 2, -2)
_ENDS: Final = 3
"""The atoms of a chain beyond its rotatable bonds: a bond at either end does not rotate."""


def impossibility(counts: MoleculeCounts) -> str | None:
    """Return why no molecule has such counts, in words; None where one may.

    Examples
    --------
    >>> impossibility(MoleculeCounts({"C": (2, 2)}, others=False, hydrogens=(5, 5), charge=0))
    'these atoms have an odd number of electrons, which only a radical has (radicals=1 asks for one)'
    >>> impossibility(MoleculeCounts({"C": (6, 6)}, others=False, hydrogens=(6, 6), charge=0)) is None
    True
    """
    least = sum(low for low, _ in counts.elements.values())
    named = [most for _, most in counts.elements.values()]
    most = None if counts.others or None in named else sum(each or 0 for each in named)
    low = max(least, counts.atoms[0])
    high = min((each for each in (most, counts.atoms[1]) if each is not None), default=None)
    if high is not None and low > high:
        made, asked = shown_count((least, most)), shown_count(counts.atoms)
        return f"the elements make {made} heavy atoms, but {asked} are asked for"
    return _bonds_fault(counts, high) or _hydrogens_fault(counts)


def _bonds_fault(counts: MoleculeCounts, atoms: int | None) -> str | None:
    free = (0, None)
    rotatable = counts.bonds.get("rotatable", free)[0]
    singles = counts.bonds.get("single", free)[1]
    if singles is not None and rotatable > singles:
        return f"{rotatable} rotatable bonds are also single bonds, of which there are at most {singles}"
    needed = rotatable + _ENDS if rotatable else 0
    if any(least for least, _ in counts.bonds.values()):
        needed = max(needed, 2)
    if counts.bonds.get("aromatic", free)[0] or counts.rings[0]:
        needed = max(needed, 3)
    if atoms is not None and needed > atoms:
        return f"such bonds and rings need {needed} heavy atoms at least, and there are at most {atoms}"
    return None


def _hydrogens_fault(counts: MoleculeCounts) -> str | None:
    """Return what is wrong with the hydrogens where all atoms are known."""
    exact = all(least == most for least, most in counts.elements.values()) and not counts.others
    if counts.hydrogens is None or not exact or not any(least for least, _ in counts.elements.values()):
        return None
    numbers = {symbol: least for symbol, (least, _) in counts.elements.items() if least}
    most = sum(most_hydrogens(symbol) * number for symbol, number in numbers.items())
    fewest, highest = counts.hydrogens
    if fewest > most:
        return f"its heavy atoms, {sum(numbers.values())} in all, hold at most {most} hydrogens, not {fewest}"
    if counts.radicals or counts.charge is None or fewest != highest or not all(map(keeps_parity, numbers)):
        return None
    electrons = sum(_number(symbol) * number for symbol, number in numbers.items()) + fewest - counts.charge
    if electrons % 2:
        return "these atoms have an odd number of electrons, which only a radical has (radicals=1 asks for one)"
    return None


_BONDS_OF: Final = {"C": 4, "N": 3, "O": 2, "F": 1}
"""Bonds of neutral atoms, none of which has more for each positive charge than one."""


def fewest_pieces(atoms: Mapping[str, int], charge: int) -> int:
    """Return the fewest pieces that atoms, hydrogens among them, make; 1 where other elements than C, N, O, F occur.

    A piece of n heavy atoms takes n - 1 bonds between them, and a hydrogen one.

    Examples
    --------
    >>> fewest_pieces({"C": 2, "H": 8}, 0), fewest_pieces({"C": 2, "H": 6}, 0), fewest_pieces({"N": 1, "H": 4}, 1)
    (2, 1, 1)
    """
    heavy = {symbol: number for symbol, number in atoms.items() if symbol != "H" and number}
    if not heavy or not heavy.keys() <= _BONDS_OF.keys():
        return 1
    free = sum(_BONDS_OF[symbol] * number for symbol, number in heavy.items()) + charge - atoms.get("H", 0)
    return max(1, sum(heavy.values()) - max(free, 0) // 2)


@lru_cache(maxsize=256)
def most_hydrogens(symbol: str) -> int:
    """Return how many hydrogens RDKit lets one atom of an element hold, of up to two charges.

    Examples
    --------
    >>> most_hydrogens("C"), most_hydrogens("N"), most_hydrogens("S")
    (4, 4, 6)
    """
    from rdkit import Chem
    from rdkit.rdBase import BlockLogs

    with BlockLogs():
        fitting = (
            number
            for number in range(_MOST_HYDROGENS, -1, -1)
            if any(Chem.MolFromSmiles(f"[{symbol}H{number}{charge:+d}]") is not None for charge in _CHARGES)
        )
        return next(fitting, 0)


@lru_cache(maxsize=256)
def keeps_parity(symbol: str) -> bool:
    """Return whether an element without unpaired electrons has an odd number of bonds where its electrons are odd.

    So have most main-group elements, charged ones too; of metals RDKit does not tell.

    Examples
    --------
    >>> keeps_parity("C"), keeps_parity("S"), keeps_parity("Fe"), keeps_parity("Al")
    (True, True, False, False)
    """
    from rdkit import Chem

    table = Chem.GetPeriodicTable()
    number = _number(symbol)
    near = range(max(number - 1, 1), number + 2)
    return all(valence >= 0 and (valence - each) % 2 == 0 for each in near for valence in table.GetValenceList(each))


def _number(symbol: str) -> int:
    from rdkit import Chem

    return int(Chem.GetPeriodicTable().GetAtomicNumber(symbol))
