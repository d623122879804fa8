"""How a half-written string is closed in so many words, and where more can be written on the way."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from biomatrix.entities.molecule.smiles_automaton.brackets import bracket_ends
from biomatrix.entities.molecule.smiles_automaton.core import Core, Mode
from biomatrix.entities.molecule.smiles_automaton.counting.atoms import atom_text, valence
from biomatrix.entities.molecule.smiles_automaton.counting.hydrogens import is_radical
from biomatrix.entities.molecule.smiles_automaton.counting.reading import NOTHING, Added, Context, Reader, plus
from biomatrix.entities.molecule.smiles_automaton.plans import percent_ends, plan_of, ring_ends

_LETTERS: Final = {"C": "c", "N": "n", "O": "o", "S": "s"}
_MOST_TRIES: Final = 80
"""States that are looked at before a string is given up."""
_MOST_SLOTS: Final = 4
_MOST_ENDS: Final = 12
_ORDER: Final = {"=": 2, "#": 3}


class Site(NamedTuple):
    """A place in a closing where branches can be written.

    Parameters
    ----------
    offset : int
        In the text.
    slots : int
        How many branches, each behind a single bond.
    core : Core
        The state there.
    """

    offset: int
    slots: int
    core: Core


class Closing(NamedTuple):
    """A text that closes a string, what it adds, and where more can be written."""

    text: str
    added: Added
    sites: tuple[Site, ...]


class Closings:
    """Closings by state and by the elements that may still come, remembered.

    Parameters
    ----------
    reader : Reader
    """

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self.widths: dict[tuple[object, ...], int] = {}
        self._known: dict[tuple[Core, Context, tuple[str, ...]], Closing | None] = {}

    def of(self, core: Core, context: Context, elements: tuple[str, ...]) -> Closing | None:
        """Return how a state is closed with atoms of some elements, preferred first; None where no way is found."""
        key = (core, context, elements)
        if key not in self._known:
            make_room(self._known)
            tries = [_MOST_TRIES]
            text = self._search(core, context, elements, tries, set())
            self._known[key] = None if text is None else self._measured(core, context, text)
        return self._known[key]

    def _search(
        self,
        core: Core,
        context: Context,
        elements: tuple[str, ...],
        tries: list[int],
        met: set[tuple[Core, Context]],
    ) -> str | None:
        if self.reader.ends(core, context):
            return ""
        known = self._known.get((core, context, elements))
        if known is not None:
            return known.text
        if tries[0] <= 0 or (core, context) in met:
            return None
        tries[0] -= 1
        met.add((core, context))
        for text in self._ways(core, context, elements):
            after = self.reader.read(core, context, text)
            assert after is not None
            rest = self._search(after.core, after.context, elements, tries, met)
            if rest is not None:
                return text + rest
        return None

    def _ways(self, core: Core, context: Context, elements: tuple[str, ...]) -> list[str]:
        """Return what may come next on the way out, the most promising first."""
        found: list[tuple[int, int, str]] = []
        for place, text in enumerate(_candidates(core, context, elements)):
            after = self.reader.read(core, context, text)
            if after is None or any(symbol not in elements for symbol, number in after.added.elements if number > 0):
                continue
            plan = plan_of(self.reader.machine, after.core)
            if plan is not None:
                waiting = context.size > 0 and not any(character.isdigit() for character in text)
                found.append((plan.characters + len(text) + 100 * waiting, place, text))
        return [text for _, _, text in sorted(found)]

    def _measured(self, core: Core, context: Context, text: str) -> Closing:
        added, sites = NOTHING, []
        for offset in range(len(text) + 1):
            if core.mode in (Mode.ATOM, Mode.CLOSED):
                slots = self._slots(core, context, text[offset:])
                if slots:
                    sites.append(Site(offset, slots, core))
            if offset < len(text):
                step = self.reader.read(core, context, text[offset])
                assert step is not None
                core, context, added = step.core, step.context, plus(added, step.added)
        return Closing(text, added, tuple(sites))

    def _slots(self, core: Core, context: Context, rest: str) -> int:
        """Return how many single bonds an atom takes such that the rest of the closing stays as it is."""
        aromatic = core.current.aromatic is not None
        for slots in range(1 if aromatic else _MOST_SLOTS, 0, -1):
            if not aromatic and core.current.free < slots:
                continue
            step = self.reader.run(core, context, "(C)" * slots + rest)
            if step is not None and self.reader.ends(step.core, step.context):
                return slots
        return 0


def _candidates(core: Core, context: Context, elements: tuple[str, ...]) -> list[str]:
    if core.mode == Mode.BRACKET:
        return list(bracket_ends(core.text)[:_MOST_ENDS])
    if core.mode == Mode.PERCENT:
        return percent_ends(core)
    if core.bond == "<":
        return ["-"]
    if core.bond == "-" and core.mode in (Mode.BOND, Mode.BRANCH_BOND):
        rings = ring_ends(core) if core.mode == Mode.BOND else []
    else:
        rings = ring_ends(core) if core.mode in (Mode.ATOM, Mode.BOND) else []
    order = _ORDER.get(core.bond, 1)
    atoms = [atom_text(symbol, order) for symbol in elements if valence(symbol) >= order]
    aromatic = [_LETTERS[symbol] for symbol in elements if symbol in _LETTERS]
    aromatic += ["[nH]"] if "N" in elements else []
    bonds = ["="] if core.mode == Mode.ATOM and core.current.aromatic is not None else []
    if core.mode in (Mode.ATOM, Mode.CLOSED) and context.atoms and is_radical(context.atoms[-1]):
        bonds += [f"({atom})" for atom in atoms]  # an atom in brackets whose bonds are not all there
    return [*rings, ")", *atoms, *aromatic, *bonds]


_MOST_KNOWN: Final = 200_000


def make_room(known: dict[Any, Any]) -> None:
    """Forget what is known where it is much; all of it can be worked out again."""
    if len(known) >= _MOST_KNOWN:
        known.clear()
