"""What of a draft decides what may come next, so that drafts that differ in nothing else are looked at once."""

from __future__ import annotations

from typing import Final, TypeAlias

from biomatrix.entities.molecule.selfies.rules import INDEX_SYMBOLS
from biomatrix.entities.molecule.selfies_automaton.alphabet import Alphabet
from biomatrix.entities.molecule.selfies_automaton.draft import DONE, INDEX, OUTERMOST, PLACED, Draft, Pending
from biomatrix.entities.molecule.selfies_automaton.reach import LONGEST, Reach

Signature: TypeAlias = tuple[int, ...]

_BASE: Final = len(INDEX_SYMBOLS)
_FREE: Final = 1 << 20
"""Counted tokens beyond which more make no difference."""
_SPARE: Final = 12
"""Tokens to spare beyond which more make no difference: a branch or ring takes at most four."""


class Signatures:
    """The signatures of drafts over one alphabet.

    Parameters
    ----------
    alphabet : Alphabet
    reach : Reach
    atoms_count : bool
        Whether a length is a number of atoms; of symbols otherwise.
    """

    def __init__(self, alphabet: Alphabet, reach: Reach, *, atoms_count: bool) -> None:
        self._atoms_count = atoms_count
        kinds = sorted(alphabet.rings) if reach.strict else []
        by_order: dict[int, list[tuple[int, int]]] = {}
        for number, (digits, order) in enumerate(kinds):
            by_order.setdefault(order - 1, []).append((reach.writable[digits], 1 << number))
        self._rings = sorted(by_order.items())
        self._tokens = _steps([
            (reach.writable[digits] & -reach.writable[digits]).bit_length() + digits
            for digits, _ in alphabet.branches if reach.writable[digits]
        ])  # fmt: skip
        self._ample = len(self._tokens) - 1

    def of(self, draft: Draft) -> Signature | None:
        """Return the signature of a draft; None where all of it matters."""
        phase, left = draft.phase, draft.left
        if phase == INDEX:
            pending = draft.pending
            return (INDEX, first_digits(pending)) if pending else None
        if phase == DONE:
            return (DONE,)
        if left == OUTERMOST:
            return self._outermost(draft)
        rings = self._within_reach(draft) if phase == PLACED else 0
        left = self._tokens[min(left, self._ample)]
        if not self._atoms_count:
            return phase, draft.bonds, left, rings
        budget, deep = draft.budget, draft.deep
        if deep + 1 > draft.most:  # fewer atoms may follow than symbols of branches
            return None
        return phase, draft.bonds, left, rings, min(budget - deep, _SPARE), min(budget - draft.least, _SPARE)

    def _outermost(self, draft: Draft) -> Signature:
        phase, budget, least, most = draft.phase, draft.budget, draft.least, draft.most
        rings = self._within_reach(draft) if phase == PLACED else 0
        if least <= 0 and most > _FREE:
            return phase, draft.bonds, OUTERMOST, rings, self._tokens[min(budget, self._ample)]
        least = max(least, 0)
        if self._atoms_count and most <= LONGEST:  # whether a long branch fits depends on each token
            tokens = min(budget, least + 4 * most + _SPARE)
        else:
            tokens = self._tokens[min(budget, self._ample)]
        spare = min(budget - least, _SPARE)
        return phase, draft.bonds, OUTERMOST, rings, tokens, spare, least, min(most, _FREE)

    def _within_reach(self, draft: Draft) -> int:
        """Return which rings have an atom to reach, whatever must follow: bit i is set for the i-th kind."""
        near, others = draft.near, ~draft.taken
        bits = 0
        for place, kinds in self._rings:
            reached = near[place] & others
            if not reached:  # so has no ring of a higher order
                break
            for mask, bit in kinds:
                if reached & mask:
                    bits |= bit
        return bits


def first_digits(pending: Pending) -> int:
    """Return the digits that may come first of those a branch or ring still owes, as bits."""
    width: int = _BASE ** (pending.digits - 1)
    if width == 1:
        return pending.options
    block = (1 << width) - 1
    return sum(1 << digit for digit in range(_BASE) if pending.options >> digit * width & block)


def _steps(shortest: list[int]) -> list[int]:
    """Return for each number of tokens the least one, up to it, from which on nothing more fits.

    Parameters
    ----------
    shortest : list of int
        The symbols of each kind of branch at its shortest, index symbols included.
    """
    steps = [0]
    for tokens in range(1, max([0, *shortest]) + _SPARE + 1):
        is_step = any(length <= tokens < length + _SPARE for length in (0, *shortest))
        steps.append(tokens if is_step else steps[-1])
    return steps
