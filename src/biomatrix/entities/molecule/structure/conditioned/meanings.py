"""What each code means in each context, and how often it is used there.

One table of meanings is shared by all contexts; where a context was seen often enough, it has a row of its own, drawn
towards the row of the coarser context it belongs to. Legend: K codes, R rows, T entries with a meaning of their own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.molecule.structure.frames import Array
from biomatrix.errors import WeightsError

Ints = NDArray[np.int64]
Tensors = Mapping[str, NDArray[Any]]

_TOWARDS_COARSER = 8.0
"""The weight, in atoms, of the coarser row in the mean that makes a row."""
_RATE_TOWARDS_COARSER = 20.0
_LEAST_ENTRIES = 2


@dataclass(frozen=True, eq=False)
class CodeMeanings:
    """Rows of meanings by context.

    Parameters
    ----------
    keys : tuple of ndarray, shape=(n,), dtype=int64
        For each level, the contexts that have a row, sorted. Rows are numbered level after level, from 1; row 0
        is shared by all contexts.
    parents : ndarray, shape=(R,), dtype=int64
        The coarser row of each row.
    shared : ndarray, shape=(K, 4), dtype=float32
        Meanings (x, y, z, e) of row 0.
    uses : ndarray, shape=(R, K), dtype=float32
        How often each code was used in training.
    own : ndarray, shape=(T,), dtype=int64
        Which entries, as row K + code, have a meaning of their own.
    own_meanings : ndarray, shape=(T, 4), dtype=float32
        Those meanings.
    """

    keys: tuple[Ints, ...]
    parents: Ints
    shared: NDArray[np.float32]
    uses: NDArray[np.float32]
    own: Ints
    own_meanings: NDArray[np.float32]

    @property
    def num_codes(self) -> int:
        """The number of codes."""
        return len(self.shared)

    @cached_property
    def table(self) -> NDArray[np.float32]:
        """Meanings of every code in every row, ``float32 [R, K, 4]``."""
        num_rows = len(self.parents)
        table = np.empty((num_rows, self.num_codes, 4), dtype=np.float32)
        table[0] = self.shared
        row, code = np.divmod(self.own, self.num_codes)
        bounds = np.searchsorted(row, np.arange(num_rows + 1))
        for number in range(1, num_rows):
            table[number] = table[self.parents[number]]
            entries = slice(bounds[number], bounds[number + 1])
            table[number, code[entries]] = self.own_meanings[entries]
        return table

    @cached_property
    def bits(self) -> NDArray[np.float32]:
        """The cost of each code in each row, in bits, ``float32 [R, K]``: -log2 of its share."""
        shares = np.empty(self.uses.shape)
        shares[0] = (self.uses[0] + 0.5) / (self.uses[0] + 0.5).sum()
        for number in range(1, len(shares)):
            counted = self.uses[number] + _RATE_TOWARDS_COARSER * shares[self.parents[number]]
            shares[number] = counted / counted.sum()
        return (-np.log2(shares)).astype(np.float32)

    def rows(self, contexts: Sequence[Ints]) -> Ints:
        """Return the row of each atom, that of its finest context with a row, ``int64 [N]``."""
        rows = np.zeros(len(contexts[0]), dtype=np.int64)
        first = 1
        for keys, context in zip(self.keys, contexts, strict=True):
            if len(keys):
                at = np.minimum(np.searchsorted(keys, context), len(keys) - 1)
                rows = np.where(keys[at] == context, first + at, rows)
            first += len(keys)
        return rows

    @classmethod
    def start(cls, shared: Array, levels: int) -> CodeMeanings:
        """Return meanings [K, 4] that are the same in every context."""
        none = np.zeros(0, dtype=np.int64)
        return cls(
            keys=(none,) * levels,
            parents=np.zeros(1, dtype=np.int64),
            shared=shared.astype(np.float32),
            uses=np.zeros((1, len(shared)), dtype=np.float32),
            own=none,
            own_meanings=np.zeros((0, 4), dtype=np.float32),
        )

    @classmethod
    def fit(cls, shared: Array, contexts: Sequence[Ints], codes: Ints, meanings: Array, least: int) -> CodeMeanings:
        """Fit rows to the codes of atoms and the meanings that would have placed these exactly.

        Parameters
        ----------
        shared : ndarray, shape=(K, 4), dtype=float64
            Row 0.
        contexts : sequence of ndarray, shape=(N,), dtype=int64
            Coarsest first.
        codes : ndarray, shape=(N,), dtype=int64
            The code chosen for each atom.
        meanings : ndarray, shape=(N, 4), dtype=float64
        least : int
            Contexts with fewer atoms get no row.
        """
        num_codes = len(shared)
        table = shared[None]
        uses = [np.bincount(codes, minlength=num_codes)[None]]
        parents: list[Ints] = [np.zeros(1, dtype=np.int64)]
        keys: list[Ints] = []
        own: list[Ints] = []
        own_meanings: list[Array] = []
        row = np.zeros(len(codes), dtype=np.int64)
        held = np.ones(len(codes), dtype=bool)
        for context in contexts:
            unique, which, count = np.unique(context, return_inverse=True, return_counts=True)
            kept = np.flatnonzero(count >= least)
            place = np.full(len(unique), -1, dtype=np.int64)
            place[kept] = np.arange(len(kept))
            held = held & (place[which] >= 0)
            local = place[which[held]]
            parent = np.zeros(len(kept), dtype=np.int64)
            parent[local] = row[held]
            flat = local * num_codes + codes[held]
            used = np.bincount(flat, minlength=len(kept) * num_codes).reshape(-1, num_codes)
            sums = np.stack(
                [
                    np.bincount(flat, meanings[held, axis], len(kept) * num_codes).reshape(-1, num_codes)
                    for axis in range(4)
                ],
                axis=2,
            )
            fitted = (sums + _TOWARDS_COARSER * table[parent]) / (used + _TOWARDS_COARSER)[..., None]
            fitted[..., :3] /= np.maximum(np.sqrt((fitted[..., :3] ** 2).sum(axis=2)), 1e-6)[..., None]
            # entries not stored equal the coarser row's, already here, so that fitting sees the finished weights
            stored = used >= _LEAST_ENTRIES
            fitted = np.where(stored[..., None], fitted, table[parent])
            first = len(table)
            at = np.flatnonzero(stored)
            own.append(at + first * num_codes)
            own_meanings.append(fitted.reshape(-1, 4)[at])
            keys.append(unique[kept])
            parents.append(parent)
            uses.append(np.where(stored, used, 0))
            row[held] = first + local
            table = np.concatenate((table, fitted))
        return cls(
            keys=tuple(keys),
            parents=np.concatenate(parents),
            shared=shared.astype(np.float32),
            uses=np.concatenate(uses).astype(np.float32),
            own=np.concatenate(own),
            own_meanings=np.concatenate(own_meanings).astype(np.float16).astype(np.float32),
        )

    def tensors(self) -> dict[str, NDArray[Any]]:
        """Return what a tokenizer folder stores, kept small: only entries that are used, in half precision."""
        stored: dict[str, NDArray[Any]] = {
            "meanings.shared": self.shared,
            "meanings.shared_uses": self.uses[0].astype(np.uint32),
            "meanings.parents": self.parents.astype(np.uint16),
            "meanings.entries": self.own.astype(np.int32),
            "meanings.values": self.own_meanings.astype(np.float16),
            "meanings.uses": self.uses.ravel()[self.own].astype(np.uint32),
        }
        return stored | {f"meanings.keys.{level}": keys for level, keys in enumerate(self.keys)}

    @classmethod
    def from_tensors(cls, tensors: Tensors, levels: int, *, file: str) -> CodeMeanings:
        """Read what :meth:`tensors` returned; WeightsError where the parts do not fit together."""
        shared = np.asarray(tensors["meanings.shared"], dtype=np.float32)
        keys = tuple(np.asarray(tensors[f"meanings.keys.{level}"], dtype=np.int64) for level in range(levels))
        parents = np.asarray(tensors["meanings.parents"], dtype=np.int64)
        own = np.asarray(tensors["meanings.entries"], dtype=np.int64)
        num_rows = 1 + sum(len(key) for key in keys)
        sound = (
            len(parents) == num_rows,
            bool((parents < np.maximum(np.arange(len(parents)), 1)).all()),
            bool((np.diff(own) > 0).all()),
            not len(own) or bool(own[0] >= 0 and own[-1] < num_rows * len(shared)),
            all(bool((np.diff(key) > 0).all()) for key in keys),
        )
        if not all(sound):
            raise WeightsError("rows of meanings do not fit together", file=file)
        uses = np.zeros((num_rows, len(shared)), dtype=np.float32)
        uses.ravel()[own] = tensors["meanings.uses"]
        uses[0] = tensors["meanings.shared_uses"]
        values = np.asarray(tensors["meanings.values"], dtype=np.float32)
        return cls(keys, parents, shared, uses, own, values)
