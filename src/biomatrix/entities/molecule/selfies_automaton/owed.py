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
from biomatrix.entities.molecule.selfies_automaton.room import WITHOUT_END, pairs_of, partners
from biomatrix.errors import ConfigurationError

_HYDROGEN: Final = 1


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
        tally = draft.tally
        heavy = self._most - sum(tally[:-1])
        if heavy < 0 or tally[-1] > self.rings_most or not self._writable:
            return False
        if any(done > group.most for done, group in zip(tally[:-1], self.groups, strict=True)):
            return False
        if draft.frame is None and draft.phase == PLACED and self.met(tally):
            return draft.budget >= 1
        return any(self._closes_with(draft, filler, heavy) for filler in self._fillers)

    def _closes_with(self, draft: Draft, filler: int, heavy: int) -> bool:
        tally, group = draft.tally, self.groups[filler]
        owed = [max(0, each.least - done) for each, done in zip(self.groups, tally[:-1], strict=True)]
        others = sum(owed) - owed[filler]
        room = min(group.most - tally[filler], heavy - others)
        goes_on = draft.phase in (FIRST, RETURNED) or draft.frame is not None
        ending = sum(count for count, each in zip(owed, self.groups, strict=True) if not each.links)
        ended = min(ending, _ends_of_branches(draft))
        inside = self._inside(draft, group, room + ended - (goes_on and others == ended))
        if inside is None or room < 0:
            return False
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

    def _ends(self, draft: Draft, group: Group, rest: Rest, room: int, rings: int) -> bool:
        """Return whether the outermost chain can take what it must, with the rings that are owed."""
        bonds, own = _bonds_at_end(draft), rest.filler
        gain = group.bonds - 2
        if draft.phase == FIRST and not own + rest.linking:
            own = 1
        if rings > 0:
            closing = self._closing(draft, group, rest, own, rings)
            if closing is None:
                return False
            own, lost = closing
            bonds -= lost
        missing = rest.ending - bonds - rest.spare - own * gain
        if missing > 0:
            if gain < 1:
                return False
            own += -(-missing // gain)
        atoms = own + rest.linking + rest.ending
        if own > room or (atoms and not _open(draft)):
            return False
        if rest.ending > 1 and not self._has_branch:
            return False
        return draft.deep + atoms + 2 * rest.ending + 2 * max(0, rings) < draft.budget

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
