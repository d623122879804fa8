"""Guides to measure with: one that allows everything, and those that narrow another, repeat it, or let it list all.

Legend of shapes: R rows, k numbers of a state.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.automaton import Admitting, Hastening


class Anything:
    """Allows every id and never finishes: what writes with it is unconstrained, up to its budget."""

    def __init__(self, size: int) -> None:
        self.ids: NDArray[np.int64] = np.arange(size)
        self._ranges = np.array([[0, size]])

    def start(self, bounds: Any) -> NDArray[np.int64]:
        return np.zeros(1, dtype=np.int64)

    def allowed(self, states: NDArray[Any]) -> Sequence[NDArray[np.int64]]:
        return [self._ranges] * len(states)

    def advance(self, states: NDArray[Any], ids: NDArray[np.int64]) -> NDArray[Any]:
        return states

    def finished(self, states: NDArray[Any]) -> NDArray[np.bool_]:
        return np.zeros(len(states), dtype=bool)


class FixedToken:
    """An automaton of which one token is fixed; a state is the tokens written, then the inner state.

    Parameters
    ----------
    inner : Automaton
        Allows the token at its place.
    place : int
        The number of the token, from 0.
    id_ : int
        The token.
    """

    def __init__(self, inner: Any, place: int, id_: int) -> None:
        self.ids: NDArray[np.int64] = inner.ids
        self.start_id, self.end_id = inner.start_id, inner.end_id
        self._inner = inner
        self._place = place
        self._ranges = np.array([[id_, id_ + 1]])

    def start(self, bounds: Any) -> NDArray[np.int64]:
        return np.concatenate([[0], self._inner.start(bounds)])

    def allowed(self, states: NDArray[Any]) -> Sequence[NDArray[np.int64]]:
        inner = self._inner.allowed(states[:, 1:])
        at_place = states[:, 0] == self._place
        return [self._ranges if fixed else ranges for fixed, ranges in zip(at_place, inner, strict=True)]

    def advance(self, states: NDArray[Any], ids: NDArray[np.int64]) -> NDArray[Any]:
        return np.concatenate([states[:, :1] + 1, self._inner.advance(states[:, 1:], ids)], axis=1)

    def finished(self, states: NDArray[Any]) -> NDArray[np.bool_]:
        finished: NDArray[np.bool_] = self._inner.finished(states[:, 1:])
        return finished

    def tokens_to_close(self, states: NDArray[Any]) -> NDArray[np.int64]:
        tokens: NDArray[np.int64] = self._inner.tokens_to_close(states[:, 1:])
        return tokens


class Endless:
    """An automaton that begins anew where it has finished, so that every row writes its whole budget.

    Parameters
    ----------
    inner : Automaton
        What is written again and again.
    bounds : Bounds
        Of each answer.
    """

    def __init__(self, inner: Any, bounds: Any) -> None:
        self.ids: NDArray[np.int64] = inner.ids
        self._inner = inner
        self._begun = inner.start(bounds)
        self._hastens = isinstance(inner, Hastening)

    def start(self, bounds: Any) -> NDArray[Any]:
        begun: NDArray[Any] = self._begun.copy()
        return begun

    def allowed(self, states: NDArray[Any]) -> Sequence[NDArray[np.int64]]:
        ranges: Sequence[NDArray[np.int64]] = self._inner.allowed(states)
        return ranges

    def advance(self, states: NDArray[Any], ids: NDArray[np.int64]) -> NDArray[Any]:
        states = self._inner.advance(states, ids)
        states[self._inner.finished(states)] = self._begun
        return states

    def finished(self, states: NDArray[Any]) -> NDArray[np.bool_]:
        return np.zeros(len(states), dtype=bool)

    def offered(self, states: NDArray[Any], allowed: Sequence[NDArray[np.int64]]) -> Sequence[NDArray[np.int64]]:
        offered: Sequence[NDArray[np.int64]] = self._inner.offered(states, allowed) if self._hastens else allowed
        return offered

    def hastened(
        self, states: NDArray[Any], ids: NDArray[np.int64]
    ) -> tuple[NDArray[Any], NDArray[np.int64], NDArray[np.bool_]]:
        if not self._hastens:
            return states, ids, np.zeros(len(ids), dtype=bool)
        found: tuple[NDArray[Any], NDArray[np.int64], NDArray[np.bool_]] = self._inner.hastened(states, ids)
        return found


class EndlessJudged(Endless):
    """The same of an automaton that judges what is drawn."""

    def candidates(self, states: NDArray[Any]) -> Sequence[NDArray[np.int64]]:
        drawn: Sequence[NDArray[np.int64]] = self._inner.candidates(states)
        return drawn

    def first_admitted(self, states: NDArray[Any], orders: NDArray[np.int64], *, owed: bool) -> NDArray[np.int64]:
        places: NDArray[np.int64] = self._inner.first_admitted(states, orders, owed=owed)
        return places


def endless(inner: Any, bounds: Any) -> Endless:
    """Return the guide that begins an automaton anew where it has finished."""
    return (EndlessJudged if isinstance(inner, Admitting) else Endless)(inner, bounds)


class Listed:
    """An automaton that judges what is drawn, without that: whatever is allowed is listed before a draw.

    Parameters
    ----------
    inner : Automaton
        It hastens.
    """

    def __init__(self, inner: Any) -> None:
        self.ids: NDArray[np.int64] = inner.ids
        self.start, self.advance, self.finished = inner.start, inner.advance, inner.finished
        self.allowed, self.offered, self.hastened = inner.allowed, inner.offered, inner.hastened
