"""The bonds that the atoms of a fragment have free for rings, as one integer, so that an atom costs a shift.

A byte for each atom, the newest in the lowest; of each byte as many of the lowest bits are set as bonds are free, so
that one mask finds all atoms with enough of them.
"""

from __future__ import annotations

from typing import Final

UNARY: Final = tuple((1 << bonds) - 1 for bonds in range(9))
"""The byte of an atom, by its bonds."""
ATOM: Final = 0xFF
"""All of the newest atom's byte."""
_BITS: Final = bytes.maketrans(b"\0\1", b"01")


def bonds_at(free: int, back: int) -> int:
    """Return the bonds of the atom so many places before the newest.

    Examples
    --------
    >>> bonds_at(UNARY[3] << 8 | UNARY[1], 1)
    3
    """
    return (free >> 8 * back & ATOM).bit_length()


def with_bonds(free: int, back: int, bonds: int) -> int:
    """Return the bonds with those of one atom set anew."""
    shift = 8 * back
    return free ^ (free >> shift & ATOM ^ UNARY[bonds]) << shift


def each_bonds(free: int, atoms: int) -> list[int]:
    """Return the bonds of every atom, the oldest first.

    Examples
    --------
    >>> each_bonds(UNARY[3] << 8 | UNARY[1], 3)
    [0, 3, 1]
    """
    return [byte.bit_length() for byte in free.to_bytes(atoms, "big")]


def spread(places: int, order: int) -> int:
    """Return the mask of atoms with at least so many bonds: bit j of ``places`` stands for the (j + 1)-th before.

    Examples
    --------
    >>> bin(spread(0b101, 1))
    '0b1000000000000000100000000'
    """
    lowest = int.from_bytes(bytes(map(int, f"{places:b}")), "big")
    return lowest << 8 + order - 1


def places_of(masked: int, order: int) -> int:
    """Return the places of the atoms that a mask of :func:`spread` left over.

    Examples
    --------
    >>> bin(places_of(spread(0b101, 2), 2))
    '0b101'
    """
    lowest = masked >> 8 + order - 1
    return int(lowest.to_bytes(lowest.bit_length() // 8 + 1, "big").translate(_BITS), 2)
