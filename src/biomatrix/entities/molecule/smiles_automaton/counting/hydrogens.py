"""The hydrogens and the charge of a half-written string, as they are if it ends here.

Every atom that may yet be bonded is known by how it is written and by its bonds so far: outside brackets it is filled
up to its lowest valence that holds them, in brackets it has the hydrogens it names. An atom in brackets that is left
with unpaired electrons is refused.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final, NamedTuple, TypeAlias

from biomatrix.entities.molecule.smiles_automaton.bonding import AROMATIC_BONDS
from biomatrix.entities.molecule.smiles_automaton.brackets import bracket_parts
from biomatrix.entities.molecule.smiles_automaton.core import EXTENDED, Core, Mode
from biomatrix.entities.molecule.smiles_automaton.kinds import AROMATIC, surroundings
from biomatrix.entities.molecule.smiles_automaton.live import need
from biomatrix.entities.molecule.smiles_automaton.machine import ATOMS

_ORDERS: Final = {"": 1, "-": 1, "/": 1, "\\": 1, "=": 2, "#": 3}


class Bonded(NamedTuple):
    """An atom that may yet be bonded.

    Parameters
    ----------
    text : str
        As it is written, with its brackets.
    ring : int
        Its aromatic bonds.
    orders : int
        The sum of the orders of its other bonds.
    """

    text: str
    ring: int = 0
    orders: int = 0

    @property
    def is_aromatic(self) -> bool:
        """Whether it is written in small letters."""
        return self.text.lstrip("[0123456789")[0].islower()

    def bonded(self, order: int) -> Bonded:
        """Return the atom with a bond more that is not aromatic."""
        return self if self is FILLED else self._replace(orders=self.orders + order)


Atoms: TypeAlias = tuple[Bonded, ...]
"""Those of a path, in its order."""


class Rules(NamedTuple):
    """What is looked at.

    Parameters
    ----------
    exact : bool
        Whether hydrogens and charge are counted.
    lone : bool
        Whether atoms of hydrogen may be written, as where there is no other element.
    radicals : bool
        Whether atoms may be left with unpaired electrons.
    """

    exact: bool = False
    lone: bool = False
    radicals: bool = False

    def refuses(self, atoms: Atoms) -> bool:
        """Return whether one of the atoms, to which nothing more is bonded, is a radical that may not be."""
        return not self.radicals and any(map(is_radical, atoms))


class Change(NamedTuple):
    """What a character makes of the atoms, and by how much it changes hydrogens and charge."""

    atoms: Atoms
    hydrogens: int
    charge: int


FILLED: Final = Bonded("*")
"""Any atom outside brackets or of an aromatic ring, where hydrogens are not counted: it is never a radical."""


NO_RULES: Final = Rules()


def changed(core: Core, atoms: Atoms, character: str, after: Core, rules: Rules) -> Change | None:
    """Return what a character that leads from one state to another changes; None where it leaves a radical behind."""
    if core.mode == Mode.BRACKET:
        return _with_atom(core, atoms, core.text + character, rules) if character == "]" else Change(atoms, 0, 0)
    if core.mode == Mode.PERCENT:
        whole = len(core.text) == 2
        return _with_ring(core, atoms, int(core.text[1:] + character), after, rules) if whole else Change(atoms, 0, 0)
    if character.isdigit():
        return _with_ring(core, atoms, int(character), after, rules)
    if core.text and core.mode == Mode.ATOM and character == EXTENDED[core.text][0]:
        if atoms[-1] is FILLED:
            return Change(atoms, 0, 0)
        longer = atoms[-1]._replace(text=core.text + character)
        return Change((*atoms[:-1], longer), hydrogens_of(longer) - hydrogens_of(atoms[-1]), 0)
    if character in ATOMS and character != "[":
        return _with_atom(core, atoms, character, rules)
    if character in ").":
        kept = len(after.path)
        return None if rules.refuses(atoms[kept:]) else Change(atoms[:kept], 0, 0)
    return Change(atoms, 0, 0)


def _with_atom(core: Core, atoms: Atoms, text: str, rules: Rules) -> Change | None:
    atom = Bonded(text)
    if not rules.exact and (text[0] != "[" or atom.is_aromatic):
        atom = FILLED
    charge = bracket_parts(text)[2] if text[0] == "[" else 0
    if not atoms:
        return Change((atom,), hydrogens_of(atom), charge)
    order = _ORDERS.get(core.bond)
    if order is None:  # a dative bond
        if rules.exact:
            return None
        order = 0
    last = atoms[-1]
    if core.bond in AROMATIC_BONDS and FILLED not in (atom, last) and atom.is_aromatic and last.is_aromatic:
        joined, atom = last._replace(ring=last.ring + 1), atom._replace(ring=1)
    else:
        joined, atom = last.bonded(order), atom.bonded(order)
    difference = hydrogens_of(atom) + hydrogens_of(joined) - hydrogens_of(last)
    if not core.current.idle:
        return Change((*atoms[:-1], joined, atom), difference, charge)
    return None if rules.refuses((joined,)) else Change((*atoms[:-1], atom), difference, charge)


def _with_ring(core: Core, atoms: Atoms, label: int, after: Core, rules: Rules) -> Change | None:
    start = next((place for place, atom in enumerate(core.path) if label in atom.labels), None)
    if start is None:
        return Change(atoms, 0, 0)
    first, last = atoms[start], atoms[-1]
    if core.bond in AROMATIC_BONDS and FILLED not in (first, last) and first.is_aromatic and last.is_aromatic:
        opener, closer = first._replace(ring=first.ring + 1), last._replace(ring=last.ring + 1)
    else:
        order = _ORDERS[core.bond]
        opener, closer = first.bonded(order), last.bonded(order)
    difference = hydrogens_of(opener) + hydrogens_of(closer) - hydrogens_of(first) - hydrogens_of(last)
    stays = len(after.path) == len(core.path)
    if not stays and rules.refuses((opener,)):
        return None
    return Change((*atoms[:start], *((opener,) if stays else ()), *atoms[start + 1 : -1], closer), difference, 0)


@lru_cache(maxsize=65_536)
def hydrogens_of(atom: Bonded) -> int:
    """Return the hydrogens that an atom has if nothing more is bonded to it.

    Examples
    --------
    >>> [hydrogens_of(Bonded(*each)) for each in (("C", 0, 1), ("S", 0, 4), ("c", 2), ("n", 2), ("n", 2, 1), ("[nH]",))]
    [3, 0, 1, 0, 0, 1]
    """
    from rdkit import Chem

    if atom is FILLED:
        return 0
    if atom.text[0] == "[":
        symbol, hydrogens, _ = bracket_parts(atom.text)
        return hydrogens + (symbol == "H")
    table = Chem.GetPeriodicTable()
    used = atom.ring + atom.orders
    if atom.text not in AROMATIC:
        valences = [each for each in table.GetValenceList(atom.text) if each >= used]
        return int(min(valences, default=used)) - used
    around = surroundings(atom.text)
    doubled = around is not None and need(around, max(atom.ring, 2), atom.orders) is True
    return max(int(table.GetDefaultValence(atom.text.upper())) - used - doubled, 0)


@lru_cache(maxsize=65_536)
def is_radical(atom: Bonded) -> bool:
    """Return whether RDKit finds unpaired electrons on an atom to which nothing more is bonded.

    Examples
    --------
    >>> is_radical(Bonded("[CH2]", 0, 1)), is_radical(Bonded("[CH2]", 0, 2)), is_radical(Bonded("[Fe]"))
    (True, False, False)
    """
    from rdkit import Chem
    from rdkit.rdBase import BlockLogs

    if atom.text[0] != "[" or atom.is_aromatic:
        return False
    symbol, hydrogens, charge = bracket_parts(atom.text)
    if symbol == "H":
        return atom.orders + bool(charge) != 1
    with BlockLogs():
        lone = Chem.MolFromSmiles(f"[{symbol}H{hydrogens + atom.orders}{charge:+d}]")
    return lone is not None and lone.GetAtomWithIdx(0).GetNumRadicalElectrons() > 0
