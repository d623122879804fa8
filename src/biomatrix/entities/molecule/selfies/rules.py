"""The rules of SELFIES under its default semantic constraints, as tables.

Source: Krenn et al. 2020 and 2022, and the selfies package 2.2.0, whose results these tables reproduce.
"""

from __future__ import annotations

from typing import Final, NamedTuple

INDEX_SYMBOLS: Final[tuple[str, ...]] = (
    "[C]",
    "[Ring1]",
    "[Ring2]",
    "[Branch1]",
    "[=Branch1]",
    "[#Branch1]",
    "[Branch2]",
    "[=Branch2]",
    "[#Branch2]",
    "[O]",
    "[N]",
    "[=N]",
    "[=C]",
    "[#C]",
    "[S]",
    "[P]",
)
"""The digits 0 to 15 that follow a branch or ring symbol, the most significant first."""

MAX_INDEX_SYMBOLS: Final[int] = 3
"""``[Branch3]`` and ``[Ring3]`` are the longest: 4096 symbols or atoms."""

DIGITS: Final[dict[str, int]] = {symbol: value for value, symbol in enumerate(INDEX_SYMBOLS)}

ORDERS: Final[dict[str, int]] = {"": 1, "-": 1, "/": 1, "\\": 1, "=": 2, "#": 3}
"""The order of each bond mark."""

PLAIN_ATOMS: Final[frozenset[str]] = frozenset(("B", "C", "N", "O", "S", "P", "F", "Cl", "Br", "I"))
"""Elements that SMILES writes without brackets."""

ANY_CAPACITY: Final[int] = 8
"""The number of bonds of an element and charge without a rule."""

_CAPACITIES: Final[dict[tuple[str, int], int]] = {
    **dict.fromkeys((("H", 0), ("F", 0), ("Cl", 0), ("Br", 0), ("I", 0)), 1),
    ("B", 0): 3,
    ("B", 1): 2,
    ("B", -1): 4,
    ("O", 0): 2,
    ("O", 1): 3,
    ("O", -1): 1,
    ("N", 0): 3,
    ("N", 1): 4,
    ("N", -1): 2,
    ("C", 0): 4,
    ("C", 1): 3,
    ("C", -1): 3,
    ("P", 0): 5,
    ("P", 1): 4,
    ("P", -1): 6,
    ("S", 0): 6,
    ("S", 1): 5,
    ("S", -1): 5,
}

_PERIODIC_TABLE: Final[str] = """
H He Li Be B C N O F Ne Na Mg Al Si P S Cl Ar K Ca Sc Ti V Cr Mn Fe Co Ni Cu Zn Ga Ge As Se Br Kr
Rb Sr Y Zr Nb Mo Tc Ru Rh Pd Ag Cd In Sn Sb Te I Xe
Cs Ba La Ce Pr Nd Pm Sm Eu Gd Tb Dy Ho Er Tm Yb Lu Hf Ta W Re Os Ir Pt Au Hg Tl Pb Bi Po At Rn
Fr Ra Ac Th Pa U Np Pu Am Cm Bk Cf Es Fm Md No Lr Rf Db Sg Bh Hs Mt Ds Rg Cn Nh Fl Mc Lv Ts Og
"""

_UNKNOWN_TO_SELFIES: Final[tuple[str, ...]] = ("Nh", "Mc", "Ts", "Og")

ATOMIC_NUMBERS: Final[dict[str, int]] = {
    element: number
    for number, element in enumerate(_PERIODIC_TABLE.split(), start=1)
    if element not in _UNKNOWN_TO_SELFIES
}
"""The elements SELFIES knows."""


class Atom(NamedTuple):
    """An atom as SELFIES and SMILES spell it.

    Parameters
    ----------
    name : str
        Its text without brackets, such as ``C@@H1`` or ``N+1``.
    bare : bool
        Whether SMILES writes it without brackets.
    capacity : int
        The number of bonds it may make to other atoms, not counting hydrogens within the symbol.
    number : int
        Its atomic number.
    charge : int
        Its formal charge.
    """

    name: str
    bare: bool
    capacity: int
    number: int
    charge: int

    @property
    def smiles(self) -> str:
        """Its text in SMILES."""
        return self.name if self.bare else f"[{self.name}]"


def plain_atom(element: str) -> Atom:
    """Return an atom written without brackets, one of ``PLAIN_ATOMS``."""
    return Atom(element, True, _CAPACITIES[element, 0], ATOMIC_NUMBERS[element], 0)


def bracket_atom(isotope: str, element: str, chirality: str, hydrogens: int, charge: int) -> Atom | None:
    """Return an atom written in brackets, or None for an unknown element."""
    number = ATOMIC_NUMBERS.get(element)
    if number is None:
        return None
    name = (str(int(isotope)) if isotope else "") + element + chirality
    if hydrogens:
        name += f"H{hydrogens}"
    elif name in PLAIN_ATOMS and not charge:
        name += "H0"
    if charge:
        name += f"{charge:+}"
    capacity = _CAPACITIES.get((element, charge), ANY_CAPACITY) - hydrogens
    return Atom(name, False, capacity, number, charge)


def index_symbols(value: int) -> tuple[str, ...]:
    """Return a number of at least 0 as index symbols, in base 16, the most significant first."""
    digits = [INDEX_SYMBOLS[value % 16]]
    while value := value // 16:
        digits.append(INDEX_SYMBOLS[value % 16])
    return tuple(reversed(digits))
