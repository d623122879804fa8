"""Vectors that stand in prompts in place of the embeddings of tokens, by ids below 0.

An id is a function of what its vector stands for, so that a prompt has the same ids whenever it is asked, whatever it
is asked with. A vector is kept once, whoever uses it, for as long as somebody does: the part of a prompt that places
it, and the jobs of its request. What a vector is of, and who made it, is not known here.

Legend of shapes: D hidden size, n vectors.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Final
from weakref import WeakValueDictionary

import numpy as np
from numpy.typing import NDArray

from biomatrix.errors import ConfigurationError
from biomatrix.vocabulary.tables import Positions

_BITS: Final = 62
"""Of an id: two of a thousand million vectors at once meet with a chance of one in ten."""


class Vector:
    """One vector, ``float32 [D]``, which nobody changes."""

    __slots__ = ("__weakref__", "values")

    def __init__(self, values: NDArray[np.float32]) -> None:
        self.values = values


@dataclass(frozen=True)
class PlacedVectors(Positions):
    """Places of vectors that keeps them where they are found, for as long as it is kept itself."""

    vectors: tuple[Vector, ...] = field(default=(), repr=False, compare=False)


class VectorTable:
    """Vectors by id; for any number of threads."""

    def __init__(self) -> None:
        self._vectors: WeakValueDictionary[int, Vector] = WeakValueDictionary()
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._vectors)

    def place(self, key: bytes, values: NDArray[np.float32]) -> PlacedVectors:
        """Return a part of a prompt that holds vectors, in order.

        Parameters
        ----------
        key : bytes
            What they stand for, whole: the same key gives the same ids, and shares the vectors that are there already.
        values : ndarray, shape=(n, D), dtype=float32
            At least one.

        Raises
        ------
        ConfigurationError
            There is none, or a number of one is not finite.
        """
        given = np.array(values, dtype=np.float32)
        if given.ndim != 2 or not len(given):
            raise ConfigurationError(f"vectors of a prompt are [number, width], not the shape {given.shape}")
        if not np.isfinite(given).all():
            raise ConfigurationError("a vector of a prompt holds NaN or infinity")
        given.flags.writeable = False
        ids = [_id_of(key, number) for number in range(len(given))]
        with self._lock:
            held = tuple(self._vectors.setdefault(id_, Vector(values)) for id_, values in zip(ids, given, strict=True))
        return PlacedVectors(tuple(ids), held)

    def held(self, ids: Iterable[int]) -> dict[int, Vector]:
        """Return the vectors of those ids that are below 0; keep it, and they stay.

        Raises
        ------
        ConfigurationError
            There is no vector of an id; with its index.
        """
        found: dict[int, Vector] = {}
        for position, id_ in enumerate(ids):
            if id_ < 0 and id_ not in found:
                vector = self._vectors.get(id_)
                if vector is None:
                    raise ConfigurationError(
                        f"id {id_} is the place of a vector, and there is none of it; give what it stands for",
                        position=position,
                    )
                found[id_] = vector
        return found


VECTORS: Final = VectorTable()
"""Those of every prompt that is asked in this process."""


def has_vectors(ids: Sequence[int]) -> bool:
    """Return whether some ids are places of vectors."""
    return bool(ids) and min(ids) < 0


def _id_of(key: bytes, number: int) -> int:
    digest = hashlib.sha256(number.to_bytes(4, "little") + key).digest()
    return -1 - (int.from_bytes(digest[:8], "little") >> (64 - _BITS))
