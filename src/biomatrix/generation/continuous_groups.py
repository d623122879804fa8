"""The running rows of a batch by the heads that serve them, while rows come and go.

Legend of shapes: R rows, D hidden size.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from biomatrix.generation.grouping import HeadTable
from biomatrix.generation.jobs import Job
from biomatrix.generation.rows import Rows, Step
from biomatrix.generation.transfers import sent

Numbered = tuple[int, Job]
"""A number that no other row of the batch has, and what the row writes."""


@dataclass(eq=False)
class _Group:
    """The rows that share a head.

    Parameters
    ----------
    rows : Rows
    places : ndarray, shape=(R,), dtype=int64
        Of each row in the batch.
    candidates : ndarray, shape=(n,), dtype=int64
        Of all guides together.
    fewest : int
        Candidates of the guide that has the fewest.
    """

    rows: Rows
    places: NDArray[np.int64]
    candidates: NDArray[np.int64]
    fewest: int


class RunningGroups:
    """Rows by their heads; what a head can choose grows where a guide joins that needs few more candidates.

    Parameters
    ----------
    heads : HeadTable
        Of the network.
    """

    def __init__(self, heads: HeadTable) -> None:
        self._heads = heads
        self._groups: list[_Group] = []

    def join(self, rows: Sequence[Numbered], first: int) -> None:
        """Take rows in, whose places in the batch begin at ``first``."""
        by_guide: dict[int, list[tuple[int, Numbered]]] = {}
        for place, row in enumerate(rows, start=first):
            by_guide.setdefault(id(row[1].guide), []).append((place, row))
        for members in by_guide.values():
            self._place([place for place, _ in members], [row for _, row in members])

    def step(self, hidden: Tensor, failed: dict[int, Exception]) -> list[tuple[NDArray[np.int64], Step]]:
        """Choose the next token of every row; return the places of some rows, and what they chose.

        Parameters
        ----------
        hidden : Tensor, shape=(R, D) or (R, V)
            Of all rows by their places.
        failed : dict of int to Exception
            The rows whose guide raised are added; they have no place any more.
        """
        return [_step_of(group, _rows_of(hidden, group.places), failed) for group in self._groups]

    def where(self, numbers: Collection[int]) -> NDArray[np.int64]:
        """Return the places of some rows."""
        found = [group.places[np.isin(group.rows.numbers, list(numbers))] for group in self._groups]
        return np.concatenate(found) if found else np.empty(0, dtype=np.int64)

    def keep(self, new: NDArray[np.int64]) -> None:
        """Give each place a new number, ``int64 [R]``; rows whose number is -1 leave."""
        for group in self._groups:
            places = new[group.places]
            if (places < 0).any():
                group.rows.keep(places >= 0)
            group.places = places[places >= 0]
        self._groups = [group for group in self._groups if len(group.rows)]

    def _place(self, places: Sequence[int], rows: Sequence[Numbered]) -> None:
        """Put rows of one guide among those that share a head, whose candidates may grow."""
        ids = rows[0][1].guide.ids
        at = np.array(places)
        for group in self._groups:
            candidates = self._heads.shared(group.candidates, ids, group.fewest)
            if candidates is None:
                continue
            if candidates is not group.candidates:
                group.candidates, group.rows.head = candidates, self._heads.head(candidates)
            group.fewest = min(group.fewest, len(ids))
            order = group.rows.join(Rows(group.rows.head, rows))
            group.places = np.concatenate([group.places, at])[order]
            return
        self._groups.append(_Group(Rows(self._heads.head(ids), rows), at, ids, len(ids)))


def _rows_of(hidden: Tensor, places: NDArray[np.int64]) -> Tensor:
    """Return the hidden states of a group."""
    if len(places) == len(hidden) and (np.diff(places) == 1).all():
        return hidden
    return hidden[sent(places, hidden.device)]


def _step_of(group: _Group, hidden: Tensor, failed: dict[int, Exception]) -> tuple[NDArray[np.int64], Step]:
    """Step the rows of a group; those whose guide raises leave it and are added to ``failed``."""
    try:
        step = group.rows.step(hidden)
    except Exception:  # noqa: BLE001 - whatever a guide raises, it is its caller's
        step = _step_each(group, hidden, failed)
    return group.places, step


def _step_each(group: _Group, hidden: Tensor, failed: dict[int, Exception]) -> Step:
    """Step the rows of a group one by one, to see which of them it is."""
    sound = []
    for row, number in enumerate(group.rows.numbers.tolist()):
        part = group.rows.part(row)
        try:
            sound.append((row, part, part.step(hidden[row : row + 1])))
        except Exception as error:  # noqa: BLE001 - as above
            failed[number] = error
    places = np.array([row for row, _, _ in sound], dtype=np.int64)
    group.places = group.places[places]
    if not sound:
        group.rows.keep(np.zeros(len(group.rows), dtype=np.bool_))
        return Step(*(np.empty(0, dtype=kind) for kind in (np.int64, np.int64, np.float64, bool, bool, bool)))
    group.rows = sound[0][1]
    for _, part, _ in sound[1:]:
        group.rows.join(part)
    columns = (np.concatenate([getattr(step, each.name) for _, _, step in sound]) for each in fields(Step))
    return Step(*columns)
