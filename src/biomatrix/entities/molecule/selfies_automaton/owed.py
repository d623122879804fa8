"""What counts still ask of a draft, and whether it can be closed with that.

A draft is closed in one of a few ways, which :mod:`.completion` simulates.
"""

from __future__ import annotations

from typing import Final

from biomatrix.entities.molecule.counts import Count, MoleculeCounts
from biomatrix.entities.molecule.selfies.rules import ATOMIC_NUMBERS
from biomatrix.entities.molecule.selfies_automaton import moves
from biomatrix.entities.molecule.selfies_automaton.alphabet import Alphabet
from biomatrix.entities.molecule.selfies_automaton.completion import IN_PARTS, WHOLE, Way, tokens_to_complete
from biomatrix.entities.molecule.selfies_automaton.draft import OPENED, PLACED, Draft, empty_draft
from biomatrix.entities.molecule.selfies_automaton.free_bonds import bonds_at
from biomatrix.entities.molecule.selfies_automaton.pool import Pool, Supply
from biomatrix.entities.molecule.selfies_automaton.reach import Reach
from biomatrix.entities.molecule.selfies_automaton.room import WITHOUT_END
from biomatrix.errors import ConfigurationError

_HYDROGEN: Final = 1
_RECENT: Final = (1 << 8 * 17) - 1
"""Of the bonds of atoms those that rings of one index symbol depend on."""
_MOST_REMEMBERED: Final = 65_536


class Owed:
    """The counts of a molecule over one alphabet.

    Atoms that are counted together are a group: an element, or all that are not named.

    Parameters
    ----------
    alphabet : Alphabet
    reach : Reach
        Of the whole alphabet.
    counts : MoleculeCounts
    dots : bool
        Whether a molecule may be of several fragments: where the counts do not fit into one.

    Raises
    ------
    ConfigurationError
        An element that SELFIES does not know, or hydrogen.
    """

    def __init__(self, alphabet: Alphabet, reach: Reach, counts: MoleculeCounts, *, dots: bool) -> None:
        self._numbers = [_number(element) for element in counts.elements]
        limits: list[Count] = [*counts.elements.values(), (0, None if counts.others else 0)]
        self._least_of = [least for least, _ in limits]
        self._most_of = [WITHOUT_END if most is None else most for _, most in limits]
        self._group_of = [self._group(alphabet.roles[n].element) for n in range(len(alphabet.roles))]
        members = [[n for n in alphabet.atoms if self._group_of[n] == place] for place in range(len(limits))]
        self._reaches = [Reach(alphabet, numbers, strict=reach.strict) for numbers in members]
        self._hydrogens = Reach(alphabet, [n for n in alphabet.atoms if self._group_of[n] < 0], strict=reach.strict)
        self._supply = _supply(self._reaches, self._hydrogens, reach)
        self._least, self._most = counts.atoms[0], WITHOUT_END if counts.atoms[1] is None else counts.atoms[1]
        self._rings_least = counts.rings[0]
        self.rings_most = WITHOUT_END if counts.rings[1] is None else counts.rings[1]
        bonds = self._supply.bonds
        self._writable = all(bonds[group] for group, least in enumerate(self._least_of) if least)
        self._tokens: dict[tuple[object, ...], int] = {}
        self._ways: tuple[Way, ...] = WHOLE
        if dots and not self.closes(empty_draft(WITHOUT_END, 0, 0, self.nothing)):
            self._ways = IN_PARTS

    def _group(self, element: int) -> int:
        if element <= _HYDROGEN:
            return -1
        return self._numbers.index(element) if element in self._numbers else len(self._numbers)

    @property
    def nothing(self) -> tuple[int, ...]:
        """The tally of an empty draft: atoms by group, then rings."""
        return (0,) * (len(self._least_of) + 1)

    def counted(self, tally: tuple[int, ...], number: int) -> tuple[int, ...]:
        """Return the tally with an atom of a class more."""
        group = self._group_of[number]
        return tally if group < 0 else (*tally[:group], tally[group] + 1, *tally[group + 1 :])

    def group_of(self, number: int) -> int:
        """Return the group of an atom's class, -1 for hydrogen."""
        return self._group_of[number]

    def met(self, tally: tuple[int, ...]) -> bool:
        """Return whether nothing is owed any more."""
        enough = all(done >= least for done, least in zip(tally[:-1], self._least_of, strict=True))
        return enough and sum(tally[:-1]) >= self._least and tally[-1] >= self._rings_least

    def closes(self, draft: Draft) -> bool:
        """Return whether a draft that owes no index symbols can be closed."""
        if draft.budget <= draft.deep or not self._writable or self._exceeded(draft.tally):
            return False
        if draft.frame is None and draft.phase == PLACED and self.met(draft.tally):
            return True
        return any(self._tokens_by(draft, way) <= min(draft.budget, WITHOUT_END - 1) for way in self._ways)

    def tokens_to_close(self, draft: Draft) -> int:
        """Return the fewest tokens of the ways that are known to close a draft, the end token among them."""
        if draft.frame is None and draft.phase == PLACED and self.met(draft.tally):
            return 1
        return min(self._tokens_by(draft, way) for way in self._ways)

    def _exceeded(self, tally: tuple[int, ...]) -> bool:
        """Return whether there are too many atoms or rings already, those that are owed among them."""
        atoms = 0
        for done, least, most in zip(tally, self._least_of, self._most_of, strict=False):
            if done > most:
                return True
            atoms += max(done, least)
        return atoms > self._most or tally[-1] > self.rings_most

    def _tokens_by(self, draft: Draft, way: Way) -> int:
        """Return the tokens that one way takes to close a draft; WITHOUT_END where it fails."""
        rings = max(0, self._rings_least - draft.tally[-1])
        free, newest, frames, frame = draft.free, draft.newest, [], draft.frame
        while frame is not None:
            frames += [bonds_at(free, newest - frame.atom), frame.left]
            frame = frame.outer
        near = (newest - draft.at, free & _RECENT, draft.taken) if rings else ()
        key = (way, draft.phase, draft.bonds, draft.left, *frames, draft.tally, near)
        tokens = self._tokens.get(key)
        if tokens is None:
            if len(self._tokens) >= _MOST_REMEMBERED:
                self._tokens.clear()
            tokens = self._tokens[key] = self._simulated(draft, rings, way)
        return tokens

    def _simulated(self, draft: Draft, rings: int, way: Way) -> int:
        tally = draft.tally
        if draft.phase != OPENED:
            return tokens_to_complete(draft, self._pool(tally), rings, way)
        order, fewest = draft.bonds, WITHOUT_END
        for group, reach in enumerate([*self._reaches, self._hydrogens]):
            bonds = reach.first[order]
            if bonds < 0 or (draft.left > 1 and not bonds):
                continue
            if group < len(self._reaches):
                done = (*tally[:group], tally[group] + 1, *tally[group + 1 :])
                if self._exceeded(done):
                    continue
            else:
                done = tally
            placed = moves.place(draft, order, order + bonds, done)
            fewest = min(fewest, 1 + tokens_to_complete(placed, self._pool(done), rings, way))
        return fewest

    def _pool(self, tally: tuple[int, ...]) -> Pool:
        """Return the atoms that may be written after those of a tally."""
        done = tally[:-1]
        owed = [max(0, least - have) for least, have in zip(self._least_of, done, strict=True)]
        room = [most - have - must for most, have, must in zip(self._most_of, done, owed, strict=True)]
        atoms = sum(done) + sum(owed)
        return Pool(self._supply, owed, room, self._most - atoms, self._least - atoms)


def _supply(reaches: list[Reach], hydrogens: Reach, whole: Reach) -> Supply:
    bonds = tuple(reach.after[1] + 1 for reach in reaches)
    weak = tuple(sorted((group for group, most in enumerate(bonds) if most > 1), key=lambda group: bonds[group]))
    ends = tuple(group for group, most in enumerate(bonds) if most == 1)
    branch = whole.has_branch and whole.links
    return Supply(bonds, weak, weak[::-1], ends, hydrogens.after[1] >= 0, branch, whole.has_ring)


def _number(element: str) -> int:
    number = ATOMIC_NUMBERS.get(element, 0)
    if number <= _HYDROGEN:
        what = "hydrogens are not counted" if number else "no element that SELFIES knows"
        raise ConfigurationError(f"{element!r}: {what}; name a heavy element such as C")
    return number
