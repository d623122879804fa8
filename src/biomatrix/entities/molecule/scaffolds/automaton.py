"""The automaton of SMILES strings that hold a scaffold, over the pieces of a base tokenizer."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.automaton import Automaton, Bounds, Ranges, States
from biomatrix.entities.molecule.counts import CountsMolecules, MoleculeCounts
from biomatrix.entities.molecule.modalities.smiles import split_smiles
from biomatrix.entities.molecule.scaffolds.numbers import AnyNumbers
from biomatrix.entities.molecule.scaffolds.progress import Progress, Reader
from biomatrix.entities.molecule.scaffolds.tally import COMMON, Room, Tally, atoms_of
from biomatrix.entities.molecule.smiles_automaton.core import Mode
from biomatrix.entities.molecule.smiles_automaton.pieces import Node, Pieces
from biomatrix.entities.table_automaton import ranges_of
from biomatrix.errors import ConfigurationError

Readings: TypeAlias = tuple[Progress, ...]
"""The ways to read a string so far: at least one of them leads to a whole one. None left once the scaffold is there."""
_NOTHING: Final[Ranges] = np.empty((0, 2), dtype=np.int64)
_MOST_MENUS: Final = 20_000
_FREE: Final = MoleculeCounts()
DECORATED: Final = 16
"""Heavy atoms that a molecule may have beyond twice those of its scaffold, where no counts say how many."""
_NEEDLESS: Final = re.compile(r"\[(?:Br?|Cl?|F|I|N|O|P|S)(?:H\d?)?")
_BRACKET: Final = re.compile(r"\[[^\]]*")
_AROMATIC: Final = ("c", "n", "o", "p", "s")


class Menu(NamedTuple):
    """The pieces that may come in a state.

    Parameters
    ----------
    ids : ndarray, shape=(n,), dtype=int64
        Ascending.
    costs : ndarray, shape=(n,), dtype=int64
        The characters that finish a string behind each.
    places : ndarray, shape=(n,), dtype=int64
        How much of the scaffold is written then.
    atoms : ndarray, shape=(n,), dtype=int64
        The atoms beside the scaffold that finish it.
    grows : ndarray, shape=(n,), dtype=bool
        Whether any number of atoms may follow.
    """

    ids: NDArray[np.int64]
    costs: NDArray[np.int64]
    places: NDArray[np.int64]
    atoms: NDArray[np.int64]
    grows: NDArray[np.bool_]


class ScaffoldAutomaton:
    """Guides a SMILES string that holds a scaffold, and keeps whatever else another automaton of SMILES keeps.

    Both read the string side by side; once the scaffold is there the other one goes on alone. Where they allow nothing
    in common, as where the scaffold leaves no room for the asked number of atoms, the scaffold comes first; the other
    is left, and what it kept is for the finished molecule to show. So it is once a scaffold with rings begins, whose
    numbers the other would not write.

    Atoms are counted all the while: what may not be added is not written as long as something else may come, and the
    string goes on while atoms are owed. Where nothing at all may come, which no state is known to lead to, the string
    ends as it is, as a draft that its reader refuses. Where no counts are asked for, a molecule has at most twice the
    atoms of the scaffold and :data:`DECORATED` more. Isotopes, atom maps, dative bonds, and elements that are neither
    common nor asked for are left out.

    A row's state is (readings, tokens left to write, the other's state or None where it was left, ended or not, the
    tally of its atoms, the room for them).

    Parameters
    ----------
    base : Automaton
        Of SMILES strings over the same pieces.
    spelling : mapping of int to str
        The text of the base tokenizer's pieces, by id.
    text : str
        The scaffold: see :func:`biomatrix.entities.molecule.scaffolds.text.scaffold_text`.
    counts : MoleculeCounts
        Of the whole molecule; bonds, rings and hydrogens among them are for the finished molecule to show.

    Raises
    ------
    ConfigurationError
        The counts leave no room for the scaffold.
    """

    def __init__(self, base: Automaton, spelling: Mapping[int, str], text: str, counts: MoleculeCounts = _FREE) -> None:
        self._spelling, self._text, self._counts = spelling, text, counts
        self._rests = [atoms_of(text) - atoms_of(text[:place]) for place in range(len(text) + 1)]
        self._brackets = _brackets(text, counts)
        self._own = frozenset(split_smiles(text))
        if not self._room(counts).judge(Tally(), self._rests[0], 0)[0]:
            raise ConfigurationError(f"the scaffold has more atoms than are asked for: {counts}")
        self.start_id, self.end_id, self.ids = base.start_id, base.end_id, base.ids
        self._base = base
        self._pieces = Pieces(spelling)
        self._reader = Reader(_machine(), text)
        self._menus: dict[Readings, Menu] = {}
        self._ranges: dict[bytes, Ranges] = {}
        self._uncommon: dict[str, NDArray[np.int64]] = {}

    def counting(self, counts: MoleculeCounts) -> ScaffoldAutomaton:
        """Return the automaton that keeps counts too; ConfigurationError where they leave the scaffold no room."""
        base = self._base.counting(counts) if isinstance(self._base, CountsMolecules) else self._base
        return ScaffoldAutomaton(base, self._spelling, self._text, self._counts.within(counts))

    def start(self, bounds: Bounds) -> NDArray[Any]:
        """Return the state of one row, ``object [6]``; ConfigurationError where no string fits the bounds."""
        counts = self._counts
        if bounds.range is not None:
            counts = counts.within(MoleculeCounts(atoms=bounds.range))
        room = self._room(counts)
        if not room.judge(Tally(), self._rests[0], 0)[0]:
            raise ConfigurationError(f"the scaffold has more atoms than are asked for: {counts}")
        readings = (self._reader.start,)
        needed = self._cost(readings) + 1
        if needed > bounds.budget:
            raise ConfigurationError(
                f"the scaffold takes up to {needed} tokens, but only {bounds.budget} may be written; allow more "
                "(max_new_tokens)"
            )
        return _row(
            readings,
            bounds.budget,
            self._base.start(Bounds(bounds.budget, bounds.range or (1, room.most))),
            False,
            Tally(),
            room,
        )

    def _room(self, counts: MoleculeCounts) -> Room:
        return Room(counts, 2 * sum(self._rests[0].values()) + DECORATED)

    def allowed(self, states: States) -> Sequence[Ranges]:
        """Return for each row the ids that may come next; none once it has ended."""
        return [_NOTHING if row[3] else self._allowed(row) for row in states]

    def advance(self, states: States, ids: NDArray[np.int64]) -> States:
        """Return the states, ``object [R, 6]``, after one allowed id per row, ``int64 [R]``."""
        following = np.empty_like(states)
        for row, (state, id_) in enumerate(zip(states, ids.tolist(), strict=True)):
            readings, tokens, other, ended, tally, room = state
            ends = ended or id_ == self.end_id
            if not ends and other is not None:
                other = self._base.advance(other[None], np.array([id_]))[0] if _holds(self._other(other), id_) else None
            if not ends and (readings or other is None):
                readings = self._read(readings, self._pieces.by_id[id_])
                if other is not None and any(map(self._reader.done, readings)):
                    readings = ()
            tally = tally if ends else tally.with_piece(self._pieces.by_id[id_])
            following[row] = _row(readings, tokens - 1, other, ends, tally, room)
        return following

    def finished(self, states: States) -> NDArray[np.bool_]:
        """Return which rows have written their end token, ``bool [R]``."""
        return states[:, 3].astype(bool)

    def tokens_to_close(self, states: States) -> NDArray[np.int64]:
        """Return the tokens, the end token among them, that surely finish each row, ``int64 [R]``."""
        rows = [0 if row[3] else self._to_close(row[0], row[2]) for row in states]
        return np.array(rows, dtype=np.int64)

    def _to_close(self, readings: Readings, other: NDArray[Any] | None) -> int:
        if readings or other is None:
            return self._cost(readings) + 1
        return int(self._base.tokens_to_close(other[None])[0])

    def _other(self, state: NDArray[Any]) -> Ranges:
        return self._base.allowed(state[None])[0]

    def _allowed(self, row: NDArray[Any]) -> Ranges:
        readings, tokens, other, _, tally, room = row
        if not readings and other is not None:
            return self._plain(self._other(other), tally)
        menu = self._menu(readings)
        ids, costs = menu.ids, menu.costs
        cheap = costs + 2 <= tokens
        kept, grows = self._counted(menu, np.flatnonzero(cheap), tally, room)
        fits = grows if len(grows) else kept
        if any(map(self._reader.ends, readings)) and (not len(grows) or self._has_all(tally, room)):
            fits = np.union1d(fits, [self.end_id])
        if not len(fits):  # of counts out of reach, which the finished molecule shows; of plans, which are bounds
            fits = ids[costs == costs.min()] if len(ids) else np.array([self.end_id], dtype=np.int64)
        if other is not None:
            shared = fits[_within(self._other(other), fits)]
            fits = shared if len(shared) else fits
        key = fits.tobytes()
        if key not in self._ranges:
            self._ranges[key] = ranges_of(fits)
        return self._ranges[key]

    def _plain(self, ranges: Ranges, tally: Tally) -> Ranges:
        """Return what of some ranges writes no isotope, uncommon element or dative bond; all where nothing else may."""
        open_ = tally.tail if tally.tail[:1] == "[" else ""
        if open_ not in self._uncommon:
            if len(self._uncommon) >= _MOST_MENUS:
                self._uncommon.clear()
            found = [id_ for id_, piece in self._pieces.by_id.items() if not self._is_plain(open_ + piece)]
            self._uncommon[open_] = np.array(sorted(found), dtype=np.int64)
        uncommon = self._uncommon[open_]
        if not _within(ranges, uncommon).any():
            return ranges
        ids = np.concatenate([np.arange(first, stop) for first, stop in ranges.tolist()])
        kept = np.setdiff1d(ids, uncommon)
        return ranges_of(kept) if len(kept) else ranges

    def _is_plain(self, text: str) -> bool:
        """Return whether a text holds only brackets such as are written here, and no dative bond."""
        return not {"<", ">"} & set(text) and all(map(self._brackets.fullmatch, _BRACKET.findall(text)))

    def _counted(
        self, menu: Menu, places: NDArray[np.int64], tally: Tally, room: Room
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the pieces that the counts allow, and those of them behind which what is owed can still come."""
        kept: list[int] = []
        grows: list[int] = []
        columns = (column[places].tolist() for column in (menu.ids, menu.places, menu.atoms, menu.grows))
        for id_, place, atoms, growing in zip(*columns, strict=True):
            after = tally.with_piece(self._pieces.by_id[id_])
            fits, whole = room.judge(after, self._rests[place], place, atoms)
            if fits:
                kept.append(id_)
                if growing or whole:
                    grows.append(id_)
        return np.array(kept, dtype=np.int64), np.array(grows, dtype=np.int64)

    def _has_all(self, tally: Tally, room: Room) -> bool:
        fits, whole = room.judge(tally, self._rests[-1], len(self._text))
        return fits and whole

    def _menu(self, readings: Readings) -> Menu:
        """Return the pieces that may come."""
        if readings not in self._menus:
            if len(self._menus) >= _MOST_MENUS:
                self._menus.clear()
            found: list[tuple[int, int, int, int, bool]] = []
            for plain in (True, False):  # where nothing plain goes on, all that leads to a whole string may
                for trie in (self._pieces.growing, self._pieces.numbered, self._pieces.returning):
                    self._walk(readings, trie, found, plain=plain)
                if found or any(map(self._reader.ends, readings)):
                    break
            table = np.array(sorted(found), dtype=np.int64).reshape(-1, 5)
            self._menus[readings] = Menu(table[:, 0], table[:, 1], table[:, 2], table[:, 3], table[:, 4] > 0)
        return self._menus[readings]

    def _walk(
        self, readings: Readings, node: Node, found: list[tuple[int, int, int, int, bool]], *, plain: bool
    ) -> None:
        for character, child in node.children.items():
            if plain and character == "]" and any(map(self._is_needless, readings)):
                continue
            after = tuple(one for one in self._step(readings, character) if not plain or self._is_common(one))
            if after:
                if child.ids:
                    plans = [plan for plan in map(self._reader.finish, after) if plan is not None]
                    shortest = min(plans, key=lambda plan: plan.characters)
                    place, grows = max(max(one.place, 0) for one in after), any(plan.grows for plan in plans)
                    found += ((id_, shortest.characters, place, shortest.atoms, grows) for id_ in child.ids)
                self._walk(after, child, found, plain=plain)

    def _is_needless(self, reading: Progress) -> bool:
        """Return whether a bracket would close on what is written without one, or is a radical."""
        text = (reading.outer if reading.inner is None else reading.inner).text
        return _NEEDLESS.fullmatch(text) is not None and f"{text}]" not in self._own

    def _is_common(self, reading: Progress) -> bool:
        """Return whether a reading is inside no bracket but such as are written here, and ends in no dative bond."""
        core = reading.outer if reading.inner is None else reading.inner
        if core.mode == Mode.BRACKET:
            return self._brackets.fullmatch(core.text) is not None
        return core.bond not in ("<", "<-", "->")

    def _read(self, readings: Readings, piece: str) -> Readings:
        for character in piece:
            readings = self._step(readings, character)
        if not readings:
            raise ConfigurationError(f"{piece!r} may not come here in a SMILES string with the scaffold")
        return readings

    def _step(self, readings: Readings, character: str) -> Readings:
        after = (one for reading in readings for one in self._reader.following(reading, character))
        return tuple(dict.fromkeys(after))

    def _cost(self, readings: Readings) -> int:
        """Return the characters that surely finish a string."""
        plans = (self._reader.finish(reading) for reading in readings)
        return min(plan.characters for plan in plans if plan is not None)


@cache
def _machine() -> AnyNumbers:
    """The machine of all scaffolds, so that each learns from what the others met."""
    return AnyNumbers()


def _brackets(scaffold: str, counts: MoleculeCounts) -> re.Pattern[str]:
    """Return what a bracket that is open may read: common and named elements, and whatever the scaffold holds."""
    named = "|".join(map(re.escape, sorted({*COMMON, *_AROMATIC, *counts.elements})))
    starts = "|".join(sorted({symbol[0] for symbol in (*COMMON, *_AROMATIC, *counts.elements)}))
    own = {piece[:end] for piece in split_smiles(scaffold) if piece[0] == "[" for end in range(1, len(piece))}
    listed = "|".join(map(re.escape, sorted(own)))
    general = rf"\[(?:{starts}|(?:{named})(?:@{{1,2}})?(?:H[2-4]?)?(?:[+-][1-3]?)?)?"
    return re.compile(f"{general}|{listed}" if listed else general)


def _row(
    readings: Readings, tokens: int, other: NDArray[Any] | None, ended: bool, tally: Tally, room: Room
) -> NDArray[Any]:
    row = np.empty(6, dtype=object)
    for column, value in enumerate((readings, tokens, other, ended, tally, room)):
        row[column] = value
    return row


def _within(ranges: Ranges, ids: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return which ids lie in ranges, ``bool [n]``."""
    places = np.searchsorted(ranges[:, 0], ids, side="right") - 1
    found: NDArray[np.bool_] = (places >= 0) & (ids < ranges[np.maximum(places, 0), 1])
    return found


def _holds(ranges: Ranges, id_: int) -> bool:
    return bool(_within(ranges, np.array([id_]))[0])
