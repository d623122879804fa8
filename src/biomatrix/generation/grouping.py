"""Which guides of a batch share their candidates, so that one head, one mask and one draw serve all their rows."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

import numpy as np
from numpy.typing import NDArray

from biomatrix.generation.heads import Head, LastPosition, Network
from biomatrix.generation.jobs import Guide
from biomatrix.generation.qwen3.network import Qwen3

_FEW: Final = 1024
"""So many candidates cost less than a head of their own."""
_SPARE: Final = 1.25
"""Guides share candidates that are at most this many times the fewest of any of them."""
_MOST_HEADS: Final = 32
"""The most heads kept from batch to batch: those of sparse candidates hold a copy of their weights."""
_MOST_DIGESTS: Final = 1024
"""The most arrays of candidates whose content is known."""


class HeadTable:
    """The heads of the guides of a call, made once for equal candidates as long as there are not too many.

    Parameters
    ----------
    last : LastPosition
        The network.
    """

    def __init__(self, last: LastPosition) -> None:
        self.last = last
        self._digests: dict[int, tuple[NDArray[np.int64], bytes]] = {}
        self._heads: dict[bytes, Head] = {}

    def group(self, guides: Sequence[Guide]) -> list[tuple[Head, list[Guide]]]:
        """Return distinct guides by the head that serves them; guides of equal or similar candidates share one."""
        self._forget_if_many()
        by_content: dict[bytes, list[Guide]] = {}
        for guide in guides:
            by_content.setdefault(self._digest(guide.ids), []).append(guide)
        sets = sorted(by_content.values(), key=lambda members: -len(members[0].ids))
        return [(self._head(ids), members) for ids, members in _shared(sets)]

    def shared(self, candidates: NDArray[np.int64], ids: NDArray[np.int64], fewest: int) -> NDArray[np.int64] | None:
        """Return the candidates that a running head would have with those of one more guide; None where too many.

        Parameters
        ----------
        candidates, ids : ndarray, shape=(n,), dtype=int64
            Of the head, and of the guide; ascending.
        fewest : int
            Of any guide that the head serves so far.
        """
        most = max(_FEW, _SPARE * min(fewest, len(ids)))
        if max(len(candidates), len(ids)) > most:
            return None
        if self._digest(candidates) == self._digest(ids):
            return candidates
        union = _union(candidates, ids)
        return union if len(union) <= most else None

    def head(self, ids: NDArray[np.int64]) -> Head:
        """Return the head of these candidates."""
        self._forget_if_many()
        return self._head(ids)

    def _forget_if_many(self) -> None:
        if len(self._heads) > _MOST_HEADS or len(self._digests) > _MOST_DIGESTS:
            self._heads.clear()
            self._digests.clear()

    def _head(self, ids: NDArray[np.int64]) -> Head:
        digest = self._digest(ids)
        if digest not in self._heads:
            self._heads[digest] = Head(self.last, ids)
        return self._heads[digest]

    def _digest(self, ids: NDArray[np.int64]) -> bytes:
        known = self._digests.get(id(ids))
        if known is None:
            digest = hashlib.blake2b(np.ascontiguousarray(ids).tobytes(), digest_size=16).digest()
            # The array is kept so that no other object can take its identity.
            known = self._digests[id(ids)] = (ids, digest)
        return known[1]


@contextmanager
def head_table(network: Network) -> Iterator[HeadTable]:
    """Yield the heads of a network; a plain decoder on a GPU keeps them, as it keeps its weights."""
    if not isinstance(network, Qwen3) or network.device.type == "cpu":
        yield HeadTable(LastPosition(network))
        return
    heads = network.spare_heads.pop() if network.spare_heads else HeadTable(LastPosition(network))
    try:
        yield heads
    finally:
        network.spare_heads[:] = [heads]


def _shared(sets: Sequence[list[Guide]]) -> list[tuple[NDArray[np.int64], list[Guide]]]:
    """Return guides by the candidates they share; the sets come with more candidates first."""
    groups: list[tuple[NDArray[np.int64], list[Guide]]] = []
    for members in sets:
        ids = members[0].ids
        for number, (candidates, others) in enumerate(groups):
            if len(candidates) > max(_FEW, _SPARE * len(ids)):
                continue
            union = _union(candidates, ids)
            if len(union) <= max(_FEW, _SPARE * len(ids)):
                groups[number] = (union, others + members)
                break
        else:
            groups.append((ids, list(members)))
    return groups


def _union(first: NDArray[np.int64], second: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the ids of both, ascending; the first where it holds the second."""
    places = np.minimum(np.searchsorted(first, second), len(first) - 1)
    missing = second[first[places] != second]
    return first if not len(missing) else np.union1d(first, missing)
