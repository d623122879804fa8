"""The automaton of SELFIES and of molecules in 3D: every symbol it allows has effect.

An atom comes only where it will be bonded, by the order it asks for; a branch only where it opens, is filled and is
followed by more; a ring only where both atoms have the bonds for it, not onto an atom bonded already and never beyond
the first atom of the fragment. Where a length is still owed, the last chain keeps a bond free, unless it ends with an
ion, behind which another fragment may come. Branch and ring lengths are written in the fewest index symbols, and rings
stand before branches at their atom: as the encoder writes them.

Legend of shapes: R rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.automaton import Bounds, Ranges, States
from biomatrix.entities.molecule.selfies_automaton import moves
from biomatrix.entities.molecule.selfies_automaton.alphabet import Alphabet, Effect
from biomatrix.entities.molecule.selfies_automaton.draft import DONE, FIRST, INDEX, RETURNED, Draft, empty_draft
from biomatrix.entities.molecule.selfies_automaton.options import Options
from biomatrix.entities.molecule.selfies_automaton.reach import Reach
from biomatrix.entities.molecule.selfies_automaton.roles import ATOM, CLOSES, OPENS
from biomatrix.entities.molecule.selfies_automaton.room import WITHOUT_END, atoms_after, pairs_of
from biomatrix.entities.molecule.selfies_automaton.signature import Signature, first_digits
from biomatrix.errors import ConfigurationError

MOST_SYMBOLS: Final = 10_000
"""The longest string that is decoded."""
_MOST_CHOICES: Final = 65_536


class DerivationAutomaton:
    """Guides the inside of a segment of SELFIES symbols, alone or joined with structure codes.

    A row's state is one :class:`Draft`.

    Parameters
    ----------
    name : str
        The modality, for messages.
    start_id, end_id : int
        The control pair.
    ids : ndarray, shape=(n,), dtype=int64
        Every id of the modality.
    entries : iterable of (str, bool, bool, int)
        Of every token: its symbol, whether it may be an atom, whether it may be a branch, ring or index, its id.
    atoms_count : bool
        Whether a length is a number of atoms; of symbols otherwise.
    dots : bool
        Whether fragments may follow one another.
    """

    def __init__(
        self,
        name: str,
        start_id: int,
        end_id: int,
        ids: NDArray[np.int64],
        entries: Iterable[tuple[str, bool, bool, int]],
        *,
        atoms_count: bool,
        dots: bool = True,
    ) -> None:
        self.start_id, self.end_id = start_id, end_id
        self.ids: NDArray[np.int64] = np.union1d(ids, [end_id]).astype(np.int64)
        self.name = name
        self.alphabet = Alphabet(entries, end_id)
        self.reach = Reach(self.alphabet)
        self.atoms_count = atoms_count
        self.dots = dots and self.alphabet.dot_class >= 0
        self._options = Options(self.alphabet, self.reach, atoms_count=atoms_count, dots=dots)
        self._ranges: dict[Signature | None, Ranges] = {}
        self._counted = 0 if atoms_count else 1

    def start(self, bounds: Bounds) -> NDArray[Any]:
        """Return the state of one row, ``object [1]``; ConfigurationError where no segment fits the bounds."""
        least, most = bounds.range or (0, WITHOUT_END)
        what = "atoms" if self.atoms_count else "symbols"
        if least < 0 or most < 1 or most < least:
            raise ConfigurationError(f"no {self.name} segment has length {bounds.length}; ask for at least 1 of {what}")
        needed = max(1, least)
        if self.reach.root < self.reach.bonds_for(needed - 1):
            raise ConfigurationError(
                f"the vocabulary holds too few tokens of {self.name} for a whole segment of {needed} {what}"
            )
        budget = min(bounds.budget, MOST_SYMBOLS + 1)
        if needed + 1 > budget:
            raise ConfigurationError(
                f"{self.name} needs at least {needed + 1} tokens, but only {budget} may be written; ask for a "
                "shorter answer, or allow more (max_new_tokens)"
            )
        state = np.empty(1, dtype=object)
        state[0] = self.first(budget, least, most)
        return state

    def first(self, budget: int, least: int, most: int) -> Draft:
        """Return the draft before any symbol."""
        return empty_draft(budget, least, most)

    def allowed(self, states: States) -> Sequence[Ranges]:
        """Return for each row the ids that may come next; none once it has ended."""
        return [self._allowed(draft) if draft.ranges is None else draft.ranges for draft in states[:, 0].tolist()]

    def _allowed(self, draft: Draft) -> Ranges:
        if draft.pending is not None:
            draft.ranges = self.alphabet.digit_ranges(first_digits(draft.pending))
            return draft.ranges
        signature = self._options.signatures.of(draft)
        ranges = self._ranges.get(signature)
        if ranges is None:
            ranges = self.alphabet.ranges(self._options.classes(self._options.choice(draft)))
            if signature is not None:
                if len(self._ranges) >= _MOST_CHOICES:
                    self._ranges.clear()
                self._ranges[signature] = ranges
        draft.ranges = ranges
        return ranges

    def advance(self, states: States, ids: NDArray[np.int64]) -> States:
        """Return the states, ``object [R, 1]``, after one allowed id per row, ``int64 [R]``."""
        drafts, effects = states[:, 0].tolist(), map(self.alphabet.effects.__getitem__, ids.tolist())
        following = list(map(self._step, drafts, effects))
        return np.fromiter(following, dtype=object, count=len(following))[:, None]

    def _step(self, draft: Draft, effect: Effect) -> Draft:
        kind, order, size, number = effect
        if draft.phase == INDEX:
            return moves.index(draft, self.alphabet.digits[number], self._counted)
        if kind == ATOM:
            return moves.place(draft, order, size)
        if kind == OPENS:
            options = self._options.branches.options(draft, (size, order))
            return moves.ask_index(draft, order, size, True, options, self._counted)
        if kind == CLOSES:
            options = self._options.rings.options(draft, (size, order))
            return moves.ask_index(draft, order, size, False, options, self._counted)
        return moves.end(draft) if number == self.alphabet.end_class else moves.part(draft)

    def finished(self, states: States) -> NDArray[np.bool_]:
        """Return which rows have written their end token, ``bool [R]``."""
        return np.array([draft.phase == DONE for draft in states[:, 0].tolist()], dtype=np.bool_)

    def tokens_to_close(self, states: States) -> NDArray[np.int64]:
        """Return the fewest tokens, the end token among them, that finish each row, ``int64 [R]``."""
        return np.array([self._to_close(draft) for draft in states[:, 0].tolist()], dtype=np.int64)

    def _to_close(self, draft: Draft) -> int:
        if draft.phase == DONE:
            return 0
        if draft.phase == INDEX:
            return 1 + self._to_close(self._soonest(draft))
        owed = int(draft.phase in (FIRST, RETURNED) or draft.frame is not None)
        pairs = pairs_of(self.reach, draft) if self.atoms_count else None
        atoms = atoms_after(draft.deep, owed, draft.budget, draft.least, draft.most, pairs)
        ends_full = draft.frame is None and atoms > 0 and not draft.bonds and draft.phase != FIRST
        return draft.deep + atoms + 1 + ends_full  # a dot comes behind an ion without bonds

    def _soonest(self, draft: Draft) -> Draft:
        """Return the draft after the index symbol that leaves the least to write."""
        choice = self._options.choice(draft).digits
        drafts = [moves.index(draft, digit, self._counted) for digit in range(16) if choice >> digit & 1]
        return min(drafts, key=self._to_close)
