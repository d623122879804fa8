"""Which symbols may come next in a draft: only those with effect, and only where the rest can still be closed."""

from __future__ import annotations

from typing import Final, NamedTuple

from biomatrix.entities.molecule.selfies.rules import INDEX_SYMBOLS
from biomatrix.entities.molecule.selfies_automaton.alphabet import Alphabet
from biomatrix.entities.molecule.selfies_automaton.branches import Branches, Counted
from biomatrix.entities.molecule.selfies_automaton.draft import (
    DONE,
    FIRST,
    INDEX,
    OPENED,
    OUTERMOST,
    PLACED,
    RETURNED,
    Draft,
    new_draft,
)
from biomatrix.entities.molecule.selfies_automaton.free_bonds import ATOM
from biomatrix.entities.molecule.selfies_automaton.reach import ENOUGH_BONDS, NEVER, Reach
from biomatrix.entities.molecule.selfies_automaton.rings import Rings
from biomatrix.entities.molecule.selfies_automaton.room import atoms_after, frame_pairs, level_pairs
from biomatrix.entities.molecule.selfies_automaton.signature import Signature, Signatures, first_digits

_BASE: Final = len(INDEX_SYMBOLS)
_MOST_CHOICES: Final = 65_536


class Choice(NamedTuple):
    """What may come next, by what it does: equal choices allow equal symbols.

    Parameters
    ----------
    phase : int
        Of the draft.
    bonds : int
        The highest order of an atom's bond, at most ENOUGH_BONDS; exactly that behind a branch symbol.
    kept : int
        The least bonds that an atom must have left once bonded; NEVER where no atom may come.
    branches, rings : tuple of Counted
    digits : int
        Bit i is set where the index of value i may come.
    dot, end : bool
    ions : bool
        Whether a charged atom may have no bond left, as another fragment can follow.
    """

    phase: int
    bonds: int = 0
    kept: int = NEVER
    branches: tuple[Counted, ...] = ()
    rings: tuple[Counted, ...] = ()
    digits: int = 0
    dot: bool = False
    end: bool = False
    ions: bool = False


class Options:
    """Works out the choices of drafts over one alphabet.

    Parameters
    ----------
    alphabet : Alphabet
    reach : Reach
    atoms_count : bool
        Whether a length is a number of atoms; of symbols otherwise.
    dots : bool
        Whether fragments may follow one another.
    """

    def __init__(self, alphabet: Alphabet, reach: Reach, *, atoms_count: bool, dots: bool) -> None:
        self._alphabet, self._reach = alphabet, reach
        self._atoms_count = atoms_count
        self._dots = dots and alphabet.dot_class >= 0
        self._choices: dict[Signature, Choice] = {}
        self._known_atoms: dict[tuple[int, int, int, bool], tuple[int, ...]] = {}
        self.signatures = Signatures(alphabet, reach, atoms_count=atoms_count)
        self.branches = Branches(alphabet, reach, atoms_count=atoms_count)
        self.rings = Rings(alphabet, reach, atoms_count=atoms_count)

    def choice(self, draft: Draft) -> Choice:
        """Return what may come next."""
        signature = self.signatures.of(draft)
        if signature is None:
            return self._choice(draft)
        found = self._choices.get(signature)
        if found is None:
            if len(self._choices) >= _MOST_CHOICES:
                self._choices.clear()
            found = self._choices[signature] = self._choice(draft)
        return found

    def _choice(self, draft: Draft) -> Choice:
        phase = draft.phase
        if phase == INDEX:
            return Choice(phase, digits=first_digits(draft.pending) if draft.pending else 0)
        if phase == DONE:
            return Choice(phase)
        kept, bonds = self._kept(draft), min(draft.bonds, ENOUGH_BONDS)
        if phase == OPENED:
            return Choice(phase, bonds, kept)
        ions = 0 < kept < NEVER and draft.left == OUTERMOST and self._parts_after(draft)
        if phase == FIRST:
            return Choice(phase, bonds, kept, ions=ions)
        branches = self.branches.kinds(draft) if bonds > 1 else ()
        if phase == RETURNED:
            return Choice(phase, bonds, kept, branches, ions=ions)
        rings = self.rings.kinds(draft) if bonds else ()
        if draft.left != OUTERMOST:
            return Choice(PLACED, bonds, kept, branches, rings)
        return Choice(PLACED, bonds, kept, branches, rings, 0, self._may_part(draft), draft.least <= 0, ions)

    def _may_part(self, draft: Draft) -> bool:
        """Return whether a dot may come, with a fragment behind it."""
        return self._dots and draft.most > 0 and self._has_fragment(draft.budget - 1, draft.least)

    def _parts_after(self, draft: Draft) -> bool:
        """Return whether a dot and a fragment may come behind an atom that is placed now."""
        return self._dots and draft.most > 1 and self._has_fragment(draft.budget - 2, draft.least - 1)

    def _has_fragment(self, budget: int, least: int) -> bool:
        """Return whether a whole fragment can be written, with the end token."""
        atoms = max(1, least)
        return budget > atoms and self._reach.root >= self._reach.bonds_for(atoms - 1)

    def classes(self, choice: Choice) -> list[int]:
        """Return the classes of symbols that a choice allows."""
        alphabet = self._alphabet
        found = list(self._atoms(choice)) if choice.kept < NEVER else []
        for key in choice.branches:
            found += alphabet.branches[key]
        for key in choice.rings:
            found += alphabet.rings[key]
        for digit in range(_BASE):
            if choice.digits >> digit & 1:
                found += alphabet.digit_classes[digit]
        if choice.dot:
            found.append(alphabet.dot_class)
        if choice.end:
            found.append(alphabet.end_class)
        return found

    def _atoms(self, choice: Choice) -> tuple[int, ...]:
        """Return the classes of atoms that a choice allows."""
        key = (choice.phase, choice.bonds, choice.kept, choice.ions)
        atoms = self._known_atoms.get(key)
        if atoms is None:
            atoms = tuple(number for number in self._alphabet.atoms if self._fits(number, choice))
            self._known_atoms[key] = atoms
        return atoms

    def _fits(self, number: int, choice: Choice) -> bool:
        role, reach = self._alphabet.roles[number], self._reach
        kept = 0 if choice.ions and role.charged else choice.kept
        if choice.phase == FIRST:
            return role.size >= kept and (not role.marked or reach.rootless)
        if choice.phase == OPENED and not reach.opens(role, choice.bonds):
            return False
        return reach.left_over(role, choice.bonds) >= kept

    # Atoms

    def _kept(self, draft: Draft) -> int:
        """Return the least bonds that an atom placed now must have left; NEVER where none may be placed."""
        reach = self._reach
        if draft.left == OUTERMOST:
            if draft.most < 1:
                return NEVER
            atoms = atoms_after(0, 0, draft.budget - 1, draft.least - 1, draft.most - 1, 0)
            return reach.bonds_for(atoms) if atoms >= 0 and (draft.bonds or draft.phase == FIRST) else NEVER
        left = draft.left - 1
        pairs = self._pairs_needed(draft.deep - 1, draft.most - 1)
        if pairs <= 0:
            return reach.bonds_for(left)
        pairs -= frame_pairs(reach, draft)
        newest = draft.newest + 1
        free, taken = draft.free >> 8 << 16, ATOM << 8 * (newest - draft.at)
        for kept in range(min(left, 1), NEVER):
            placed = new_draft(
                PLACED, newest, newest, kept, left, draft.frame, draft.deep - 1, free, taken, 0, 0, 0
            )  # fmt: skip
            if (level_pairs(reach, placed) if left else 0) >= pairs:
                return kept
        return NEVER

    def _pairs_needed(self, deep: int, most: int) -> int:
        """Return how many branches and rings must still come within open branches, so that not too many atoms do."""
        return (deep + 2 - most) // 2 if self._atoms_count else 0
