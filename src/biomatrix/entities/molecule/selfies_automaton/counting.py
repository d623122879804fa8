"""The automaton of SELFIES that keeps the counts asked of a molecule.

It allows a symbol only where the atoms and rings that are owed still fit behind it. Bonds by type are not tracked: an
aromatic ring is written as single and double bonds, and only the whole molecule shows which they are.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, islice
from typing import Any, Final, TypeAlias

from numpy.typing import NDArray

from biomatrix.entities.automaton import Bounds, Ranges
from biomatrix.entities.molecule.counts import MoleculeCounts
from biomatrix.entities.molecule.possible_counts import impossibility
from biomatrix.entities.molecule.selfies_automaton import moves
from biomatrix.entities.molecule.selfies_automaton.alphabet import Effect
from biomatrix.entities.molecule.selfies_automaton.derivation_automaton import DerivationAutomaton
from biomatrix.entities.molecule.selfies_automaton.draft import DONE, INDEX, Draft
from biomatrix.entities.molecule.selfies_automaton.options import Choice
from biomatrix.entities.molecule.selfies_automaton.owed import Owed
from biomatrix.entities.molecule.selfies_automaton.roles import ATOM, CLOSES, OPENS, Role
from biomatrix.entities.molecule.selfies_automaton.room import WITHOUT_END
from biomatrix.errors import ConfigurationError

_Alike: TypeAlias = tuple[int, int, int, int] | None
"""What matters of a symbol; None of the end token."""
_MOST_CHOICES: Final = 16_384
_MOST_TRIED: Final = 6
"""Numbers of a branch or ring that are tried before the symbol is forbidden."""

_MOST_MISSED: Final = 12
"""Numbers in a row that do not fit before the higher ones are left out: few atoms cannot fill long branches."""


class CountingAutomaton(DerivationAutomaton):
    """Guides a segment whose molecule has given counts.

    Parameters
    ----------
    plain : DerivationAutomaton
        The automaton without counts.
    counts : MoleculeCounts
    """

    def __init__(self, plain: DerivationAutomaton, counts: MoleculeCounts) -> None:
        vars(self).update(vars(plain))
        self._owed = Owed(plain.alphabet, plain.reach, counts, dots=plain.dots)
        self._plain, self._counts = plain, counts
        self._groups: dict[Choice, list[tuple[_Alike, list[int]]]] = {}
        self._joined: dict[tuple[int, ...], Ranges] = {}
        """By the identities of lists in ``_groups``, which stay."""

    def start(self, bounds: Bounds) -> NDArray[Any]:
        """Return the state of one row, ``object [1]``.

        Raises
        ------
        ConfigurationError
            A length is asked for too, or no molecule that is written has such counts within the budget.
        """
        if bounds.range is not None:
            raise ConfigurationError(
                f"a length of {self.name} and counts of atoms cannot both be kept; leave length out, or count atoms in "
                "all"
            )
        impossible = impossibility(self._counts) or _too_many(self._counts, bounds.budget)
        if impossible is not None:
            raise ConfigurationError(f"no {self.name} has these counts: {impossible}")
        state = super().start(bounds)
        draft = state[0] = self.first(state[0].budget, 0, WITHOUT_END)
        draft.tally = self._owed.nothing
        if not self._owed.closes(draft):
            raise ConfigurationError(
                f"no {self.name} of {draft.budget} tokens that this vocabulary writes is known to have these counts: "
                f"{self._counts}"
            )
        return state

    def counting(self, counts: MoleculeCounts) -> CountingAutomaton:
        """Return the automaton that keeps these counts too; ConfigurationError where no number keeps both."""
        return CountingAutomaton(self._plain, self._counts.within(counts))

    def _allowed(self, draft: Draft) -> Ranges:
        if draft.phase in (INDEX, DONE):
            return super()._allowed(draft)
        kept = []
        for key, numbers in self._alike(self._options.choice(draft)):
            if key is None:
                fits = self._owed.met(draft.tally)
            else:
                fits = self._fits(draft, numbers[0], self.alphabet.roles[numbers[0]])
            if fits:
                kept.append(numbers)
        names = tuple(map(id, kept))
        ranges = self._joined.get(names)
        if ranges is None:
            ranges = self._joined[names] = self.alphabet.ranges(chain.from_iterable(kept))
        draft.ranges = ranges
        return ranges

    def _alike(self, choice: Choice) -> list[tuple[_Alike, list[int]]]:
        """Return the classes that a choice allows, those together that differ in nothing that is counted."""
        alike = self._groups.get(choice)
        if alike is None:
            if len(self._groups) >= _MOST_CHOICES:
                self._groups.clear()
                self._joined.clear()
            found: dict[_Alike, list[int]] = {}
            for number in self._options.classes(choice):
                role = self.alphabet.roles[number] if number != self.alphabet.end_class else None
                group = self._owed.group_of(number) if role is not None and role.kind == ATOM else -1
                found.setdefault(role and (role.kind, role.order, role.size, group), []).append(number)
            alike = self._groups[choice] = list(found.items())
        return alike

    def _step(self, draft: Draft, effect: Effect) -> Draft:
        kind, order, size, number = effect
        if draft.phase == INDEX or number == self.alphabet.end_class:
            return super()._step(draft, effect)
        if kind == ATOM:
            return moves.place(draft, order, size, self._owed.counted(draft.tally, number))
        if kind in (OPENS, CLOSES):
            return self._asked(draft, self.alphabet.roles[number])
        return moves.part(draft)

    def _to_close(self, draft: Draft) -> int:
        if draft.phase == DONE:
            return 0
        pending = draft.pending
        if pending is None:
            return self._owed.tokens_to_close(draft)
        _, _, digits, _, options = pending
        return digits + self._owed.tokens_to_close(self._written(draft, digits, next(_values(options))))

    def _asked(self, draft: Draft, role: Role) -> Draft:
        """Return the draft after a branch or ring symbol, with the numbers behind which it can be closed."""
        opens = role.kind == OPENS
        tally = self._tally_of(draft, opens)
        asked, options = self._any_index(draft, role, tally)
        fitting = missed = 0
        for value in _values(options):
            if self._owed.closes(self._written(asked, role.size, value)):
                fitting, missed = fitting | 1 << value, 0
            elif (missed := missed + 1) >= _MOST_MISSED:
                break
        return moves.ask_index(draft, role.order, role.size, opens, fitting, self._counted, tally)

    def _fits(self, draft: Draft, number: int, role: Role) -> bool:
        """Return whether a draft can be closed behind a symbol; of a branch or ring its first numbers are tried."""
        if role.kind not in (OPENS, CLOSES):
            return self._owed.closes(self._step(draft, self.alphabet.class_effects[number]))
        tally = self._tally_of(draft, role.kind == OPENS)
        if tally[-1] > self._owed.rings_most:
            return False
        asked, options = self._any_index(draft, role, tally)
        tried = islice(_values(options), _MOST_TRIED)
        return any(self._owed.closes(self._written(asked, role.size, value)) for value in tried)

    def _tally_of(self, draft: Draft, opens: bool) -> tuple[int, ...]:
        return draft.tally if opens else (*draft.tally[:-1], draft.tally[-1] + 1)

    def _any_index(self, draft: Draft, role: Role, tally: tuple[int, ...]) -> tuple[Draft, int]:
        """Return the draft after a branch or ring symbol, and the numbers it may be given whatever the counts."""
        opens = role.kind == OPENS
        options = (self._options.branches if opens else self._options.rings).options(draft, (role.size, role.order))
        return moves.ask_index(draft, role.order, role.size, opens, options, self._counted, tally), options

    def _written(self, draft: Draft, digits: int, value: int) -> Draft:
        """Return the draft after the index symbols of a number."""
        for place in reversed(range(digits)):
            draft = moves.index(draft, value >> 4 * place & 15, self._counted)
        return draft


def _too_many(counts: MoleculeCounts, budget: int) -> str | None:
    """Return how bonds need more symbols than there may be, in words: each bond takes one, and each atom."""
    bonds = sum(least for kind, (least, _) in counts.bonds.items() if kind != "rotatable")
    needed = max(bonds, counts.bonds.get("rotatable", (0, None))[0] + 3)
    if needed <= budget:
        return None
    return f"so many bonds take {needed} symbols at least, but only {budget} may be written"


def _values(bits: int) -> Iterator[int]:
    """Yield the places of the bits that are set, from the lowest."""
    while bits:
        lowest = bits & -bits
        yield lowest.bit_length() - 1
        bits ^= lowest
