"""The default automaton: the table of a grammar, laid over the ids of a vocabulary.

Legend of shapes: R rows, N ids inside the segment, C token classes, S grammar states, L the largest length, n ranges.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from biomatrix.entities.automaton import Bounds, Ranges, States
from biomatrix.entities.closing import FAR, DistanceTable
from biomatrix.entities.grammar import Grammar
from biomatrix.errors import ConfigurationError

_DONE: Final = -1
_MOST_KNOWN: Final = 16_384
"""The most states of rows whose ranges are kept."""
_FREE: Final = np.array([0, -1], dtype=np.int64).tobytes()
"""The least and the most of a row that may be of any length."""
_ONE_TOKEN: Final = np.array([0, 0, 0, 1], dtype=np.int64)
"""What a token takes from the state of such a row."""


class TableAutomaton:
    """The automaton of a grammar.

    A row's state is (grammar state or -1 once it has ended, the least and the most tokens still to count with a most of
    -1 for any number, tokens left to write).

    Parameters
    ----------
    name : str
        The modality, for messages.
    start_id, end_id : int
        The control pair.
    ids : ndarray, shape=(N,), dtype=int64
        Every id that may stand inside the segment, ascending.
    classes : ndarray, shape=(N,), dtype=integer
        The column of ``grammar.transitions`` each id belongs to.
    grammar : Grammar
        States, transitions, and how much each class counts towards a length.
    """

    def __init__(
        self,
        name: str,
        start_id: int,
        end_id: int,
        ids: NDArray[np.int64],
        classes: NDArray[np.integer],
        grammar: Grammar,
    ) -> None:
        self.start_id, self.end_id = start_id, end_id
        self.ids: NDArray[np.int64] = ascending(ids, [end_id])
        self.name = name
        self._grammar = grammar
        self._end_class = len(grammar.counted)
        self._classes = np.full(len(self.ids), self._end_class, dtype=np.int64)
        self._classes[np.searchsorted(self.ids, ids)] = classes
        self._first = int(self.ids[0])
        self._class_of = np.zeros(int(self.ids[-1]) + 1 - self._first, dtype=np.int32)
        self._class_of[self.ids - self._first] = self._classes
        present = np.bincount(classes, minlength=self._end_class) > 0
        self._transitions = np.where(present[None, :], grammar.transitions, -1).astype(np.int64)
        # The end token is a class behind the others: it leads to the end, and counts for nothing.
        self._after = np.pad(self._transitions, ((0, 0), (0, 1)), constant_values=_DONE)
        self._weights = grammar.counted.astype(np.int64)
        counts = np.append(self._weights, 0)
        self._steps = np.stack([np.zeros_like(counts), counts, counts, np.ones_like(counts)], axis=1)
        self._distances = DistanceTable(self._transitions, grammar.accepting, grammar.counted)
        finite = self._distances.free[self._distances.free < FAR]
        self._ample = int(finite.max(initial=0)) + 2  # more tokens change nothing where any length will do
        self._ceiling = np.full(4, np.iinfo(np.int64).max)
        self._ceiling[3] = self._ample
        self._known: dict[bytes, Ranges] = {}
        self._ranges: dict[bytes, Ranges] = {}

    @property
    def num_states(self) -> int:
        """The states of the grammar."""
        return len(self._transitions)

    def classes_of(self, ids: NDArray[np.int64]) -> NDArray[np.int32]:
        """Return the class of tokens that each id belongs to, ``int32 [n]``; one more than the last for the end."""
        classes: NDArray[np.int32] = self._class_of[ids - self._first]
        return classes

    def may_follow(self, ids: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return for each state of the grammar, and last for an ended row, whether one of these ids may follow it."""
        columns = np.unique(self.classes_of(ids))
        return np.append((self._transitions[:, columns] >= 0).any(axis=1), False)

    def start(self, bounds: Bounds) -> NDArray[np.int64]:
        """Return the state of one row, ``int64 [4]``; ConfigurationError where no segment fits the bounds."""
        least, most = self._range(bounds)
        distance = self._distance(self._grammar.start, least, most)
        if distance >= FAR and bounds.length is None:
            raise ConfigurationError(f"the vocabulary holds too few tokens of {self.name} for a whole segment")
        if distance >= FAR:
            raise ConfigurationError(
                f"no {self.name} segment has length {in_words(bounds)}; ask for a length of at least 1"
            )
        if distance + 1 > bounds.budget:
            raise ConfigurationError(
                f"{self.name} needs at least {distance + 1} tokens, but only {bounds.budget} may be written; ask "
                "for a shorter answer, or allow more (max_new_tokens)"
            )
        return np.array([self._grammar.start, least, most, bounds.budget], dtype=np.int64)

    def _range(self, bounds: Bounds) -> tuple[int, int]:
        """Return the least and the most tokens to count, a most that the budget cannot reach as -1."""
        if bounds.range is None:
            return 0, -1
        if not self._grammar.counted.any():
            raise ConfigurationError(
                f"{self.name} has no exact length: it is spelled in pieces of text; leave length out, or ask for a "
                "modality that counts"
            )
        least, most = bounds.range
        if most < max(least, 0):
            raise ConfigurationError(f"length {in_words(bounds)} is not a length {self.name} can have")
        farthest = bounds.budget * int(self._weights.max())
        return max(least, 0), -1 if least < most and most >= farthest else most

    def _distance(self, state: int, least: int, most: int) -> int:
        if least == 0 and most < 0:
            return int(self._distances.free[state])
        state_, least_, most_ = (np.array([[number]], dtype=np.int64) for number in (state, least, most))
        return int(self._distances.at(state_, least_, most_)[0, 0])

    def allowed(self, states: States) -> Sequence[Ranges]:
        """Return for each row the ids that may come next; none once it has ended."""
        if _are_free(states):
            reduced = np.minimum(states, self._ceiling)
        else:
            reduced = np.array(states, dtype=np.int64, order="C")
            is_free = (reduced[:, 1] == 0) & (reduced[:, 2] < 0)
            np.minimum(reduced[:, 3], self._ample, out=reduced[:, 3], where=is_free)
        keys: list[bytes] = reduced.view(f"V{reduced.itemsize * reduced.shape[1]}")[:, 0].tolist()
        known = self._known
        try:
            return [known[key] for key in keys]
        except KeyError:
            if len(known) > _MOST_KNOWN:
                known.clear()
            rows = list({key: row for row, key in enumerate(keys) if key not in known}.values())
            known |= zip([keys[row] for row in rows], self._worked_out(reduced[rows]), strict=True)
            return [known[key] for key in keys]

    def _worked_out(self, states: States) -> list[Ranges]:
        """Return the ids that may come next in states not met before."""
        state, least, most, budget = states.T
        running = state != _DONE
        following = self._transitions[state]
        after, ceiling = self._counted_down(least[:, None], most[:, None], self._weights)
        overshot = (most >= 0)[:, None] & (self._weights > most[:, None])
        cost = np.where(overshot, FAR, self._distances.at(following, after, ceiling))
        fits = (following >= 0) & (cost + 2 <= budget[:, None])
        ends = self._grammar.accepting[state] & (least == 0)
        rows = np.concatenate([fits, ends[:, None]], axis=1) & running[:, None]
        packed = np.packbits(rows, axis=1)
        keys: list[bytes] = packed.view(f"V{packed.shape[1]}")[:, 0].tolist()
        return [self._ranges[key] if key in self._ranges else self._ranges_of(key) for key in keys]

    @staticmethod
    def _counted_down(
        least: NDArray[np.int64], most: NDArray[np.int64], counts: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the least and the most still to count after tokens that count so much."""
        return np.maximum(least - counts, 0), np.where(most > 0, np.maximum(most - counts, 0), most)

    def _ranges_of(self, key: bytes) -> Ranges:
        """Return the ids of a set of classes, packed into bits: for equal sets the same object."""
        classes = np.unpackbits(np.frombuffer(key, dtype=np.uint8), count=self._end_class + 1).astype(bool)
        self._ranges[key] = ranges_of(self.ids[classes[self._classes]])
        return self._ranges[key]

    def advance(self, states: States, ids: NDArray[np.int64]) -> States:
        """Return the states, ``int64 [R, 4]``, after one allowed id per row, ``int64 [R]``."""
        columns = self.classes_of(ids)
        if _are_free(states):
            following: States = states - _ONE_TOKEN
            following[:, 0] = self._after[states[:, 0], columns]
            return following
        following = states - self._steps[columns]
        following[:, 0] = self._after[states[:, 0], columns]
        # A least of 0 stays so, and so does a most of 0 or of any number.
        np.maximum(following[:, 1], 0, out=following[:, 1])
        np.maximum(following[:, 2], np.minimum(states[:, 2], 0), out=following[:, 2])
        return following

    def finished(self, states: States) -> NDArray[np.bool_]:
        """Return which rows have written their end token, ``bool [R]``."""
        rows: NDArray[np.bool_] = states[:, 0] == _DONE
        return rows

    def tokens_to_close(self, states: States) -> NDArray[np.int64]:
        """Return the fewest tokens, the end token among them, that finish each row, ``int64 [R]``."""
        state, least, most, _ = states.T
        distance = self._distances.at(state[:, None], least[:, None], most[:, None])[:, 0]
        return np.where(state == _DONE, 0, distance + 1)


def _are_free(states: States) -> bool:
    """Return whether rows may all be of any length, as is usual: they take half the operations."""
    return states[:, 1:3].tobytes() == _FREE * len(states)


def in_words(bounds: Bounds) -> str:
    """Return the lengths that bounds allow as a message says them: one number, or two."""
    least, most = bounds.range or (0, bounds.budget)
    return str(least) if least == most else f"{least} to {most}"


def ascending(*parts: ArrayLike) -> NDArray[np.int64]:
    """Return the ids of several lists once each, ascending: ``int64 [n]``; far faster than a set for 100,000 of them.

    Examples
    --------
    >>> ascending([5, 3], [3, 9]).tolist()
    [3, 5, 9]
    """
    together = np.sort(np.concatenate([np.asarray(part, dtype=np.int64).reshape(-1) for part in parts]))
    return together[np.concatenate([[True], np.diff(together) > 0])] if len(together) else together


def ranges_of(ids: NDArray[np.int64]) -> Ranges:
    """Return ascending ids as half-open ranges, ``int64 [n, 2]``.

    Examples
    --------
    >>> ranges_of(np.array([3, 4, 5, 9])).tolist()
    [[3, 6], [9, 10]]
    """
    breaks = np.flatnonzero(np.diff(ids) > 1)
    starts = ids[np.concatenate([[0], breaks + 1])] if len(ids) else ids
    stops = ids[np.concatenate([breaks, [-1]])] + 1 if len(ids) else ids
    return np.stack([starts, stops], axis=1).astype(np.int64)


def inside(ranges: NDArray[np.int64], ids: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return which ids, ``int64 [n]``, lie in ascending ranges, ``bool [n]``.

    Examples
    --------
    >>> inside(np.array([[3, 6], [9, 10]]), np.array([7, 9, 4])).tolist()
    [False, True, True]
    """
    if not len(ranges):
        return np.zeros(len(ids), dtype=np.bool_)
    at = np.searchsorted(ranges[:, 0], ids, side="right") - 1
    found: NDArray[np.bool_] = (at >= 0) & (ids < ranges[at, 1])
    return found
