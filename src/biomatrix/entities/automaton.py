"""What an automaton is: which token ids may come next inside a segment, for many rows at once.

Every modality has one; the table-driven one over its grammar is the default, and a modality whose rules need more (a
valence, a codon, nested segments) brings its own. Automata know ids and nothing of logits: the engine turns the ranges
they allow into masks.

Legend of shapes: R rows, k numbers of a row's state, n ranges.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

States = NDArray[Any]
"""``int64 [R, k]``: one row of numbers per row of the batch; only the automaton knows what they mean. ``object [R, k]``
where a state is more than a few numbers (a stack of branches): its values are immutable, and shared between rows."""
Ranges = NDArray[np.int64]
"""``int64 [n, 2]``: half-open ranges of ids, ascending and apart. Equal sets should be one object, so that a mask
built from it can be cached."""


@dataclass(frozen=True)
class Bounds:
    """How long a segment may be.

    Parameters
    ----------
    budget : int
        The most tokens that may still be written, the end token among them.
    length : int or (int, int), optional
        The number of counted tokens (residues, atoms, symbols): exact, or the least and the most.
    """

    budget: int
    length: int | tuple[int, int] | None = None

    @property
    def range(self) -> tuple[int, int] | None:
        """The least and the most counted tokens; None where any number will do."""
        return (self.length, self.length) if isinstance(self.length, int) else self.length


class Automaton(Protocol):
    """Guides the inside of one segment, after its start token, up to and including its end token.

    It forbids an id not only where the grammar does, but also where no way would be left to reach the requested length
    and close the segment within the tokens that remain: an allowed id never leads into a dead end.
    """

    start_id: int
    end_id: int
    ids: NDArray[np.int64]
    """Every id that may ever be allowed, the end token among them, ascending."""

    def start(self, bounds: Bounds) -> NDArray[np.int64]:
        """Return the state of one row, ``int64 [k]``.

        Raises
        ------
        ConfigurationError
            No segment fits the bounds; the message says what is needed.
        """
        ...

    def allowed(self, states: States) -> Sequence[Ranges]:
        """Return for each row the ids that may come next; none only for a finished row."""
        ...

    def advance(self, states: States, ids: NDArray[np.int64]) -> States:
        """Return the states, ``int64 [R, k]``, after one allowed id per row, ``int64 [R]``."""
        ...

    def finished(self, states: States) -> NDArray[np.bool_]:
        """Return which rows have written their end token, ``bool [R]``."""
        ...

    def tokens_to_close(self, states: States) -> NDArray[np.int64]:
        """Return the fewest tokens, the end token among them, that finish each row, ``int64 [R]``."""
        ...


@runtime_checkable
class Hastening(Protocol):
    """What an automaton offers besides where a segment is often left open: to finish it for a model that ends it.

    A model that would end a segment, and is forbidden to for no more than an open ring, has nothing left to say; it
    rambles on to its budget. So the end token is offered to it where it is owed, and where it is drawn, the segment is
    finished in the shortest way that is known. What a model ends by itself keeps the probability that it gives it among
    all that it may write. Where nobody asks, nothing is offered: :class:`Automaton` is kept as it stands.
    """

    def offered(self, states: States, allowed: Sequence[Ranges]) -> Sequence[Ranges]:
        """Return for each row the ids that are allowed, and the end token where it is owed: not allowed yet."""
        ...

    def hastened(self, states: States, ids: NDArray[np.int64]) -> tuple[States, NDArray[np.int64], NDArray[np.bool_]]:
        """Return rows as they are once an owed end was drawn, and what is written then.

        Parameters
        ----------
        states : ndarray, shape=(R, k)
        ids : ndarray, shape=(R,), dtype=int64
            What was drawn of what was offered.

        Returns
        -------
        states : ndarray, shape=(R, k)
            Of a row that drew an owed end, the state from which it is led to its end; else as they were.
        ids : ndarray, shape=(R,), dtype=int64
            What such a row writes in place of the end, all of it allowed; else as they were.
        hastened : ndarray, shape=(R,), dtype=bool
            Which rows drew an owed end.
        """
        ...


@runtime_checkable
class Admitting(Protocol):
    """What an automaton offers besides where all that is allowed takes long to know: to judge one id alone.

    An id is then drawn from all that could ever come, and judged; only where it is refused is another drawn. Of a model
    that knows its subject most first draws stand, so that a state that nobody met before costs one judgement in place
    of one for each id of the vocabulary. What is written is drawn as before: see
    :mod:`biomatrix.generation.judged_draws`. Where nobody asks, :class:`Automaton` is kept as it stands.
    """

    def allowed(self, states: States) -> Sequence[Ranges]:
        """As of :class:`Automaton`."""
        ...

    def candidates(self, states: States) -> Sequence[Ranges]:
        """Return for each row the ids that are drawn from, all that is allowed or owed among them; none once it ended.

        Log-probabilities are among these ids, so they follow from the state alone.
        """
        ...

    def first_admitted(self, states: States, orders: NDArray[np.int64], *, owed: bool) -> NDArray[np.int64]:
        """Return the place of the first id of each row's that may come, ``int64 [R]``.

        Parameters
        ----------
        states : ndarray, shape=(R, k)
        orders : ndarray, shape=(R, n), dtype=int64
            Ids in the order in which they are wanted.
        owed : bool
            Whether an owed end may come too: see :class:`Hastening`.

        Returns
        -------
        ndarray, shape=(R,), dtype=int64
            -1 where none of the ids may come, or where that takes more than a judgement to know; never where all
            candidates are among them.
        """
        ...


@runtime_checkable
class Spending(Protocol):
    """What an automaton offers besides where an id may come once in a segment: what each row has spent, apart.

    All rows may then share the ranges, and the mask made of them; what a row has spent is struck from its logits, a few
    hundred numbers in place of a mask of forty thousand. Where nobody asks, :class:`Automaton` is kept as it stands.
    """

    def unless_spent(self, states: States) -> Sequence[Ranges]:
        """Return for each row the ids that may come unless it has spent them; at least one of them is not spent."""
        ...

    def spent(self, states: States) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return what is spent of what :meth:`unless_spent` tells: rows and ids, ``int64 [n]`` each, in any order."""
        ...
