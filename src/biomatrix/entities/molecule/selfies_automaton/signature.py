"""What of a draft decides what may come next, so that drafts that differ in nothing else are looked at once."""

from __future__ import annotations

from typing import Final, TypeAlias

from biomatrix.entities.molecule.selfies.rules import ANY_CAPACITY, INDEX_SYMBOLS
from biomatrix.entities.molecule.selfies_automaton.alphabet import Alphabet
from biomatrix.entities.molecule.selfies_automaton.draft import DONE, INDEX, OUTERMOST, PLACED, Draft, Pending
from biomatrix.entities.molecule.selfies_automaton.free_bonds import spread
from biomatrix.entities.molecule.selfies_automaton.reach import ENOUGH_BONDS, LONGEST, Reach

Signature: TypeAlias = tuple[int, ...]

_BASE: Final = len(INDEX_SYMBOLS)
_FREE: Final = 1 << 20
"""Counted tokens beyond which more make no difference."""
_SPARE: Final = 12
"""Tokens to spare beyond which more make no difference: a branch or ring takes at most four."""
_SPARE_TOKENS: Final = 6
"""The same of tokens alone, where no length is asked: a dot, an atom and the end token may stand behind."""


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
        masks = [spread(reach.writable[digits], order) for digits, order in kinds]
        # By the bonds that are free: of each ring its nearest partner, all its partners, and its bit.
        self._rings = [
            sorted(
                (mask & -mask, mask, 1 << number)
                for number, mask in enumerate(masks)
                if mask and kinds[number][1] <= bonds
            )
            for bonds in range(ANY_CAPACITY + 1)
        ]
        self._tokens = _steps([
            (reach.writable[digits] & -reach.writable[digits]).bit_length() + digits
            for digits, _ in alphabet.branches if reach.writable[digits]
        ])  # fmt: skip
        self._ample = len(self._tokens) - 1

    def of(self, draft: Draft) -> Signature | None:
        """Return the signature of a draft; None where all of it matters."""
        phase, left, bonds = draft.phase, draft.left, draft.bonds
        if phase == INDEX:
            pending = draft.pending
            return (INDEX, first_digits(pending)) if pending else None
        if phase == DONE:
            return (DONE,)
        rings = 0
        if bonds and phase == PLACED:
            others = draft.free & ~draft.taken
            for nearest, partners, bit in self._rings[bonds]:
                if others < nearest:
                    break
                if others & partners:
                    rings |= bit
        if bonds > ENOUGH_BONDS:
            bonds = ENOUGH_BONDS
        if left == OUTERMOST:
            budget, least, most = draft.budget, draft.least, draft.most
            tokens = self._tokens[budget if budget < self._ample else self._ample]
            if least <= 0 and most > _FREE:
                return phase, bonds, OUTERMOST, rings, tokens
            least = max(least, 0)
            if self._atoms_count and most <= LONGEST:  # whether a long branch fits depends on each token
                tokens = min(budget, least + 4 * most + _SPARE)
            return phase, bonds, OUTERMOST, rings, tokens, min(budget - least, _SPARE), least, min(most, _FREE)
        left = self._tokens[left if left < self._ample else self._ample]
        if not self._atoms_count:
            return phase, bonds, left, rings
        budget, deep = draft.budget, draft.deep
        if deep + 1 > draft.most:  # fewer atoms may follow than symbols of branches
            return None
        return phase, bonds, left, rings, min(budget - deep, _SPARE), min(budget - draft.least, _SPARE)


def first_digits(pending: Pending) -> int:
    """Return the digits that may come first of those a branch or ring still owes, as bits."""
    _, _, digits, _, options = pending
    width: int = _BASE ** (digits - 1)
    if width == 1:
        return options
    block = (1 << width) - 1
    return sum(1 << digit for digit in range(_BASE) if options >> digit * width & block)


def _steps(shortest: list[int]) -> list[int]:
    """Return for each number of tokens the least one, up to it, from which on nothing more fits.

    Parameters
    ----------
    shortest : list of int
        The symbols of each kind of branch at its shortest, index symbols included.
    """
    steps = [0]
    for tokens in range(1, max([0, *shortest]) + _SPARE_TOKENS + 1):
        is_step = any(length <= tokens < length + _SPARE_TOKENS for length in (0, *shortest))
        steps.append(tokens if is_step else steps[-1])
    return steps
