"""Whether a draft can still be closed with the atoms and rings that counts ask for.

What remains is written with one kind of atom, the filler, tried in turn: it fills the open branches, as chains or with
short branches where few atoms are left; then the outermost chain takes the atoms that are owed, those that end a chain
as branches of one atom, and the rings that are owed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from biomatrix.entities.molecule.counts import Count, MoleculeCounts
from biomatrix.entities.molecule.selfies.rules import ATOMIC_NUMBERS
from biomatrix.entities.molecule.selfies_automaton.alphabet import Alphabet
from biomatrix.entities.molecule.selfies_automaton.draft import FIRST, OPENED, OUTERMOST, PLACED, RETURNED, Draft
from biomatrix.entities.molecule.selfies_automaton.reach import Reach
from biomatrix.entities.molecule.selfies_automaton.room import WITHOUT_END, pairs_of, partners, reached
from biomatrix.errors import ConfigurationError

_HYDROGEN: Final = 1
_MOST_KNOWN: Final = 65_536


@dataclass(frozen=True)
class Group:
    """Atoms that are counted together: an element, or all that are not named.

    Parameters
    ----------
    least, most : int
    reach : Reach
        What its atoms alone can build.
    """

    least: int
    most: int
    reach: Reach

    @property
    def links(self) -> bool:
        """Whether its atoms continue chains."""
        return self.reach.links

    @property
    def bonds(self) -> int:
        """The most bonds of an atom that continues a chain by a single bond."""
        return self.reach.after[1] + 1


class Rest(NamedTuple):
    """What the outermost chain is still to get: atoms of the filler, of other groups that link, and of those that end.

    ``spare`` is the number of bonds the others leave free, beyond those of the chain.
    """

    filler: int
    linking: int
    ending: int
    spare: int


class Owed:
    """The counts of a molecule over one alphabet.

    Parameters
    ----------
    alphabet : Alphabet
    reach : Reach
        Of the whole alphabet.
    counts : MoleculeCounts

    Raises
    ------
    ConfigurationError
        An element that SELFIES does not know, or hydrogen.
    """

    def __init__(self, alphabet: Alphabet, reach: Reach, counts: MoleculeCounts) -> None:
        self._numbers = [_number(element) for element in counts.elements]
        limits: list[Count] = [*counts.elements.values(), (0, None if counts.others else 0)]
        self._group_of = [self._group(alphabet.roles[n].element) for n in range(len(alphabet.roles))]
        self.groups = [
            Group(least, WITHOUT_END if most is None else most, Reach(alphabet, self._members(alphabet, place)))
            for place, (least, most) in enumerate(limits)
        ]
        self._least, self._most = counts.atoms[0], WITHOUT_END if counts.atoms[1] is None else counts.atoms[1]
        self._rings_least = counts.rings[0]
        self.rings_most = WITHOUT_END if counts.rings[1] is None else counts.rings[1]
        self._has_branch, self._has_ring = reach.has_branch, reach.has_ring
        self._writable = all(group.reach.after[1] >= 0 for group in self.groups if group.least)
        self._reduced: dict[tuple[int, ...], tuple[tuple[int, ...], int]] = {}
        self._known: dict[tuple[object, ...], int] = {}
        self._fillers = [place for place, group in enumerate(self.groups) if group.links]

    def _group(self, element: int) -> int:
        if element <= _HYDROGEN:
            return -1
        return self._numbers.index(element) if element in self._numbers else len(self._numbers)

    def _members(self, alphabet: Alphabet, group: int) -> list[int]:
        return [number for number in alphabet.atoms if self._group_of[number] == group]

    @property
    def nothing(self) -> tuple[int, ...]:
        """The tally of an empty draft: atoms by group, then rings."""
        return (0,) * (len(self.groups) + 1)

    def counted(self, tally: tuple[int, ...], number: int) -> tuple[int, ...]:
        """Return the tally with an atom of a class more."""
        group = self._group_of[number]
        return tally if group < 0 else (*tally[:group], tally[group] + 1, *tally[group + 1 :])

    def group_of(self, number: int) -> int:
        """Return the group of an atom's class, -1 for hydrogen."""
        return self._group_of[number]

    def met(self, tally: tuple[int, ...]) -> bool:
        """Return whether nothing is owed any more."""
        enough = all(done >= group.least for done, group in zip(tally[:-1], self.groups, strict=True))
        return enough and sum(tally[:-1]) >= self._least and tally[-1] >= self._rings_least

    def closes(self, draft: Draft) -> bool:
        """Return whether a draft that owes no index symbols can be closed."""
        key = self._key(draft)
        needed = self._known.get(key)
        if needed is None:
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            needed = self._known[key] = self._needed(draft)
        return needed < draft.budget

    def _key(self, draft: Draft) -> tuple[object, ...]:
        """Return what of a draft decides how many tokens close it."""
        frame, owes_rings = draft.frame, draft.tally[-1] < self._rings_least
        tally, room = self._reduced.get(draft.tally) or self._reduce(draft.tally)
        if frame is None:
            if not owes_rings:
                return tally, draft.phase, draft.bonds
            begun = draft.at > 0 and draft.free[draft.at - 1] > 0 and draft.taken & 1
            return tally, draft.phase, draft.bonds, reached(draft), draft.at > 0, begun
        free, chain, frames = draft.free, [draft.left], 0
        while frame is not None:
            chain += (free[frame.atom], frame.left)
            frame, frames = frame.outer, frames + 1
        if owes_rings or draft.deep >= room:
            return tally, draft.phase, draft.bonds, draft.deep, reached(draft), *chain
        return tally, draft.phase, draft.bonds, draft.deep, draft.left > 1, frames, chain[-2]

    def _reduce(self, tally: tuple[int, ...]) -> tuple[tuple[int, ...], int]:
        """Return a tally in which nothing is counted further than it matters, and the least room of any filler."""
        whole, done = sum(tally[:-1]), tally[:-1]
        atoms = [
            min(count, each.least) if each.most == WITHOUT_END else count
            for count, each in zip(done, self.groups, strict=True)
        ]
        owed = [max(0, each.least - count) for each, count in zip(self.groups, done, strict=True)]
        spare = self._most - whole - sum(owed)
        rooms = (min(self.groups[place].most - done[place], spare + owed[place]) for place in self._fillers)
        atoms.append(min(whole, self._least) if self._most == WITHOUT_END else whole)
        atoms.append(min(tally[-1], self._rings_least) if self.rings_most == WITHOUT_END else tally[-1])
        if len(self._reduced) >= _MOST_KNOWN:
            self._reduced.clear()
        reduced = self._reduced[tally] = tuple(atoms), min((room for room in rooms if room >= 0), default=0)
        return reduced

    def _needed(self, draft: Draft) -> int:
        """Return what the tokens that may be written must exceed for a draft to be closed; ``WITHOUT_END`` if ever."""
        tally = draft.tally
        heavy = self._most - sum(tally[:-1])
        if heavy < 0 or tally[-1] > self.rings_most or not self._writable:
            return WITHOUT_END
        if any(done > group.most for done, group in zip(tally[:-1], self.groups, strict=True)):
            return WITHOUT_END
        if draft.frame is None and draft.phase == PLACED and self.met(tally):
            return 0
        return min((self._needed_with(draft, filler, heavy) for filler in self._fillers), default=WITHOUT_END)

    def _needed_with(self, draft: Draft, filler: int, heavy: int) -> int:
        tally, group = draft.tally, self.groups[filler]
        owed = [max(0, each.least - done) for each, done in zip(self.groups, tally[:-1], strict=True)]
        others = sum(owed) - owed[filler]
        room = min(group.most - tally[filler], heavy - others)
        goes_on = draft.phase in (FIRST, RETURNED) or draft.frame is not None
        ending = sum(count for count, each in zip(owed, self.groups, strict=True) if not each.links)
        ended = min(ending, _ends_of_branches(draft))
        inside = self._inside(draft, group, room + ended - (goes_on and others == ended))
        if inside is None or room < 0:
            return WITHOUT_END
        rest = self._rest(owed, filler, inside - ended, sum(tally[:-1]) + ended)
        rest = rest._replace(ending=rest.ending - ended)
        if goes_on and not rest.filler + rest.linking + rest.ending:
            rest = rest._replace(filler=1)
        return self._ends(draft, group, rest, room - inside + ended, self._rings_least - tally[-1])

    def _inside(self, draft: Draft, group: Group, room: int) -> int | None:
        """Return how many atoms of the filler fill the open branches; None where there are too few."""
        if draft.deep <= room:
            return draft.deep
        pairs = (draft.deep - room + 1) // 2
        return draft.deep - 2 * pairs if pairs <= pairs_of(group.reach, draft) else None

    def _rest(self, owed: Sequence[int], filler: int, inside: int, done: int) -> Rest:
        """Return what the outermost chain must get."""
        linking = ending = spare = 0
        for place, (count, group) in enumerate(zip(owed, self.groups, strict=True)):
            if place != filler and group.links:
                linking += count
                spare += count * (group.bonds - 2)
            elif place != filler:
                ending += count
        own = max(0, owed[filler] - inside)
        own += max(0, self._least - done - inside - own - linking - ending)
        return Rest(own, linking, ending, spare)

    def _ends(self, draft: Draft, group: Group, rest: Rest, room: int, rings: int) -> int:
        """Return the tokens in which the outermost chain takes what it must, with the rings that are owed."""
        bonds, own = _bonds_at_end(draft), rest.filler
        gain = group.bonds - 2
        if draft.phase == FIRST and not own + rest.linking:
            own = 1
        if rings > 0:
            closing = self._closing(draft, group, rest, own, rings)
            if closing is None:
                return WITHOUT_END
            own, lost = closing
            bonds -= lost
        missing = rest.ending - bonds - rest.spare - own * gain
        if missing > 0:
            if gain < 1:
                return WITHOUT_END
            own += -(-missing // gain)
        atoms = own + rest.linking + rest.ending
        if own > room or (atoms and not _open(draft)):
            return WITHOUT_END
        if rest.ending > 1 and not self._has_branch:
            return WITHOUT_END
        return draft.deep + atoms + 2 * rest.ending + 2 * max(0, rings)

    def _closing(self, draft: Draft, group: Group, rest: Rest, own: int, rings: int) -> tuple[int, int] | None:
        """Return the atoms of the filler, and the bonds lost to others, with which the rings that are owed close."""
        if not self._has_ring:
            return None
        more = own + rest.linking + rest.ending > 0
        now = draft.frame is None and draft.phase == PLACED and draft.bonds >= rings + more
        if now and partners(draft, 2) >= rings:
            return own, rings
        if draft.phase != FIRST and group.bonds - 2 >= rings and partners(draft, draft.deep + 3) >= rings:
            return max(own, 1), rings
        if group.bonds < 4:
            return None
        needed = rings + 2 - _begun(draft)
        kept = draft.bonds - 1 if needed < rings + 2 else 0
        return max(own, needed), max(0, needed) * (group.bonds - 2) + kept


def _begun(draft: Draft) -> int:
    """Return how many atoms less are needed because a row of atoms closed to their last but one has begun."""
    if draft.frame is not None or draft.phase != PLACED or draft.bonds < 2:
        return 0
    if not draft.at or not draft.free[draft.at - 1] or not draft.taken & 1:
        return 1
    return 3 if draft.bonds > 2 and partners(draft, 2) else 2


def _ends_of_branches(draft: Draft) -> int:
    """Return how many open branches can be ended by an atom that has one bond."""
    count = int(draft.frame is not None and (draft.phase != OPENED or draft.bonds == 1 or draft.left > 1))
    frame = draft.frame
    while frame is not None and frame.left != OUTERMOST:
        count += 1
        frame = frame.outer
    return count


def _open(draft: Draft) -> bool:
    """Return whether the outermost chain can go on."""
    return draft.phase == FIRST or _bonds_at_end(draft) > 0


def _bonds_at_end(draft: Draft) -> int:
    """Return the bonds free at the atom where the outermost chain goes on; two before the first atom."""
    if draft.phase == FIRST:
        return 2
    frame = draft.frame
    if frame is None:
        return draft.bonds
    while frame.left != OUTERMOST and frame.outer is not None:
        frame = frame.outer
    return draft.free[frame.atom] + 1


def _number(element: str) -> int:
    number = ATOMIC_NUMBERS.get(element, 0)
    if number <= _HYDROGEN:
        what = "hydrogens are not counted" if number else "no element that SELFIES knows"
        raise ConfigurationError(f"{element!r}: {what}; name a heavy element such as C")
    return number
