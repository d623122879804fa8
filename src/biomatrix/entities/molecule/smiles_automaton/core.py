"""One state of the machine that reads SMILES by characters."""

from __future__ import annotations

from enum import IntEnum
from typing import Any, Final

from biomatrix.entities.automaton import Ranges
from biomatrix.entities.molecule.smiles_automaton.live import Live, Matchings, Path


class Mode(IntEnum):
    """What the last character was."""

    START = 0
    """None yet, or a dot: an atom comes."""
    ATOM = 1
    """An atom or a ring number: anything may come."""
    CLOSED = 2
    """The end of a branch: anything but a ring number."""
    BOND = 3
    """A bond behind an atom: an atom or a ring number comes."""
    OPENED = 4
    """The start of a branch: a bond or an atom comes."""
    BRANCH_BOND = 5
    """A bond behind either bracket of a branch: an atom comes."""
    PERCENT = 6
    """Inside a ring number of two digits."""
    BRACKET = 7
    """Inside a bracket atom."""


class Core:
    """What is written so far, as far as it matters for what may come: immutable, and one object for equal contents.

    Parameters
    ----------
    mode : Mode
        What the last character was.
    bond : str
        A bond that is written and not yet used.
    text : str
        The bracket atom or ring number so far; in mode ATOM a letter that another may still extend (``C`` to ``Cl``).
    path : tuple of Live
        The atoms that may yet be bonded, the current one last.
    runs : tuple of frozenset
        The ways the double bonds of the aromatic runs on the path may lie.

    Attributes
    ----------
    inside : Core, optional
        Of a state inside a bracket atom, behind more than its bracket: the one right behind the bracket.
    joint : (Path, Matchings), optional
        What an aliphatic atom of boundless valence makes of the path; False where nobody has asked yet.
    steps : dict of str to Core or None
        The next states known so far, by character.
    after : dict of int to (Core, int)
        The next states known so far, by the id of a piece, with the atoms it writes.
    rooms : dict of (int, int, int) to Ranges
        What may come, by tokens and atoms left.
    parts : dict of Node to Part
        Of a reduced state, the pieces of a trie that may come.
    notes : dict
        What else is remembered about the state: its plan, its menu.
    """

    __slots__ = ("after", "bond", "inside", "joint", "mode", "notes", "parts", "path", "rooms", "runs", "steps", "text")

    def __init__(self, mode: Mode, bond: str, text: str, path: Path, runs: Matchings) -> None:
        self.mode = mode
        self.bond = bond
        self.text = text
        self.path = path
        self.runs = runs
        self.inside: Core | None = None
        self.joint: tuple[Path, Matchings] | bool | None = False
        self.steps: dict[str, Core | None] = {}
        self.after: dict[int, tuple[Core, int]] = {}
        self.rooms: dict[tuple[int, int, int], Ranges] = {}
        self.parts: dict[Any, Any] = {}
        self.notes: dict[Any, Any] = {}

    @property
    def base(self) -> Core:
        """Of a state inside a bracket atom, the one behind its bracket; itself otherwise."""
        return self if self.inside is None else self.inside

    def forget(self) -> None:
        """Forget what is remembered, all of which can be worked out again: so that states do not hold one another."""
        for known in (self.steps, self.after, self.rooms, self.parts, self.notes):
            known.clear()

    @property
    def current(self) -> Live:
        """The current atom."""
        return self.path[-1]

    def __repr__(self) -> str:
        return f"Core({self.mode.name}, {self.bond!r}, {self.text!r}, {self.path}, {self.runs})"


BONDS: Final = frozenset("-=#/\\<")
"""Characters that begin a bond."""
EXTENDED: Final = {"C": ("l", 3), "B": ("r", 2)}
"""By a letter that is an atom, the letter that makes another atom of it, and how much smaller its valence then is."""
