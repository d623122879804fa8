"""Which rings may close in a draft, and over which distances."""

from __future__ import annotations

from biomatrix.entities.molecule.selfies_automaton.alphabet import Alphabet
from biomatrix.entities.molecule.selfies_automaton.branches import Counted
from biomatrix.entities.molecule.selfies_automaton.draft import OUTERMOST, PLACED, Draft, new_draft
from biomatrix.entities.molecule.selfies_automaton.free_bonds import ATOM, bonds_at, places_of, spread, with_bonds
from biomatrix.entities.molecule.selfies_automaton.reach import Reach
from biomatrix.entities.molecule.selfies_automaton.room import atoms_after, frame_pairs, level_pairs


class Rings:
    """The rings of one alphabet.

    Parameters
    ----------
    alphabet : Alphabet
    reach : Reach
    atoms_count : bool
        Whether a length is a number of atoms; of symbols otherwise.
    """

    def __init__(self, alphabet: Alphabet, reach: Reach, *, atoms_count: bool) -> None:
        self._reach, self._atoms_count = reach, atoms_count
        kinds = sorted(alphabet.rings) if reach.strict else []
        self._partners = {key: spread(reach.writable[key[0]], key[1]) for key in kinds if reach.writable[key[0]]}
        """By kind: the mask of the atoms that such a ring may be closed onto, of their free bonds."""

    def kinds(self, draft: Draft) -> tuple[Counted, ...]:
        """Return the rings that may close: there is an atom that each may reach."""
        others = draft.free & ~draft.taken
        return tuple([key for key, mask in self._partners.items() if others & mask and self.options(draft, key)])

    def options(self, draft: Draft, key: Counted) -> int:
        """Return the distances less 1 at which a ring may be closed here, as bits."""
        digits, order = key
        bonds = draft.bonds - order
        if bonds < 0 or key not in self._partners:
            return 0
        options = places_of(draft.free & ~draft.taken & self._partners[key], order)
        used = 1 + digits
        if not options:
            return 0
        if draft.left == OUTERMOST:
            counted = 0 if self._atoms_count else used
            atoms = -1
            if draft.most >= counted:
                atoms = atoms_after(0, 0, draft.budget - used, draft.least - counted, draft.most - counted, 0)
            return options if atoms >= 0 and bonds >= self._reach.bonds_for(atoms) else 0
        left = draft.left - used
        if left < 0 or (left > 0 and bonds < 1):
            return 0
        if not self._atoms_count:
            return options
        if draft.deep - used + 1 <= draft.most:
            return options if self._has_budget(draft, used) else 0
        return self._few_enough(draft, key, options)

    def _few_enough(self, draft: Draft, key: Counted, options: int) -> int:
        """Return the ring options that still let few enough atoms fill the open branches.

        A ring onto an atom with an open branch takes a bond that a branch behind it could need.
        """
        digits, order = key
        reach, used = self._reach, 1 + digits
        left, deep = draft.left - used, draft.deep - used
        kept = 0
        for q in range(options.bit_length()):
            if not options >> q & 1:
                continue
            free = with_bonds(draft.free, q + 1, bonds_at(draft.free, q + 1) - order)
            closed = new_draft(
                PLACED, draft.at, draft.newest, draft.bonds - order, left, draft.frame, deep, free,
                draft.taken | ATOM << 8 * (q + 1), 0, 0, 0,
            )  # fmt: skip
            pairs = (level_pairs(reach, closed) if left else 0) + frame_pairs(reach, closed)
            if atoms_after(deep, 1, draft.budget - used, draft.least, draft.most, pairs) >= 0:
                kept |= 1 << q
        return kept

    def _has_budget(self, draft: Draft, used: int) -> bool:
        """Return whether the tokens suffice when so many symbols of an open branch are no atoms."""
        return atoms_after(draft.deep - used, 1, draft.budget - used, draft.least, draft.most, 0) >= 0
