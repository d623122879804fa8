"""The items of a document, and arrays that turn structure codes into token ids without strings."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn, TypeAlias

import numpy as np

from biomatrix.entities import Entity
from biomatrix.errors import BioMatrixError, VocabularyError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from biomatrix.vocabulary.blocks import Block


@dataclass(frozen=True)
class Tokens:
    """An entity already written as tokens of a modality, without its control pair.

    The tokens of a composite are one flat list: its own, and those of each part between that part's control pair.

    Parameters
    ----------
    modality : str
        The modality's name.
    tokens : sequence of str
        In order; one string or several where the modality is spelled as text.
    """

    modality: str
    tokens: Sequence[str]


@dataclass(frozen=True, eq=False)
class CodeTable:
    """Token ids by code, for one modality.

    Parameters
    ----------
    block : Block
        The modality's place in the vocabulary.
    tokens : tuple of str
        The token each code stands for; the table's order is the caller's.
    ids : ndarray, shape=(num_codes,), dtype=int32
        Each code's token id, -1 where the vocabulary does not hold its token.
    """

    block: Block
    tokens: tuple[str, ...]
    ids: NDArray[np.int32]

    @classmethod
    def from_block(cls, block: Block, tokens: Sequence[str]) -> CodeTable:
        """Build the table whose code ``i`` stands for ``tokens[i]``."""
        ids = np.array([block.index.get(token, -1) for token in tokens], dtype=np.int32)
        return cls(block, tuple(tokens), ids)

    def encode(self, codes: NDArray[np.integer]) -> NDArray[np.int32]:
        """Return one segment's ids, control pair included: ``int32 [len(codes) + 2]``.

        Raises
        ------
        VocabularyError
            If a code is out of range, or the vocabulary does not hold its token.
        """
        ids = np.empty(len(codes) + 2, dtype=np.int32)
        ids[0], ids[-1] = self.block.start_id, self.block.end_id
        try:
            self.ids.take(codes, out=ids[1:-1], mode="raise")
        except IndexError:
            self._refuse(codes, np.array([0, len(codes)]))
        if len(codes) and (int(codes.min()) < 0 or int(ids.min()) < 0):
            self._refuse(codes, np.array([0, len(codes)]))
        return ids

    def encode_batch(
        self, codes: NDArray[np.integer], offsets: NDArray[np.integer]
    ) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """Wrap many segments at once.

        Parameters
        ----------
        codes : ndarray, shape=(total,), dtype=integer
            The codes of all segments, one after another; each an index into ``tokens``.
        offsets : ndarray, shape=(num_segments + 1,), dtype=integer
            Where each segment starts; the last entry is ``total``.

        Returns
        -------
        ids : ndarray, shape=(total + 2 * num_segments,), dtype=int32
            The segments' ids, each between its control pair.
        offsets : ndarray, shape=(num_segments + 1,), dtype=int64
            Where each segment starts in ``ids``; the last entry is its length.

        Raises
        ------
        VocabularyError
            If a code is out of range, or the vocabulary does not hold its token; names segment and index.
        """
        lengths = np.diff(offsets)
        starts = np.zeros(len(lengths) + 1, dtype=np.int64)
        np.cumsum(lengths + 2, out=starts[1:])
        ids = np.empty(int(starts[-1]), dtype=np.int32)
        inside = np.ones(len(ids), dtype=bool)
        inside[starts[:-1]] = False
        inside[starts[1:] - 1] = False
        ids[starts[:-1]] = self.block.start_id
        ids[starts[1:] - 1] = self.block.end_id
        ids[inside] = self._lookup(codes, offsets)
        return ids, starts

    def _lookup(self, codes: NDArray[np.integer], offsets: NDArray[np.integer]) -> NDArray[np.int32]:
        if len(codes) and (int(codes.min()) < 0 or int(codes.max()) >= len(self.ids)):
            self._refuse(codes, offsets)
        ids: NDArray[np.int32] = self.ids[codes]
        if len(ids) and int(ids.min()) < 0:
            self._refuse(codes, offsets)
        return ids

    def _refuse(self, codes: NDArray[np.integer], offsets: NDArray[np.integer]) -> NoReturn:
        """Raise the error that names the first code without an id, its segment (counted from 1) and its index there."""
        outside = (codes < 0) | (codes >= len(self.ids))
        missing = outside | (self.ids[np.where(outside, 0, codes)] < 0)
        position = int(np.flatnonzero(missing)[0])
        record = int(np.searchsorted(offsets, position, side="right"))
        within, code = position - int(offsets[record - 1]), int(codes[position])
        if outside[position]:
            message = f"code {code} of {self.block.name} is outside 0..{len(self.ids) - 1}"
        else:
            message = self.block.not_held(self.tokens[code], within).message
        raise VocabularyError(message, record=record, position=within)


@dataclass(frozen=True, eq=False)
class Codes:
    """An entity already written as codes, with the table that turns them into ids.

    Parameters
    ----------
    table : CodeTable
        Of the modality.
    codes : ndarray, shape=(n,), dtype=integer
        Indices into ``table.tokens``.
    """

    table: CodeTable
    codes: NDArray[np.integer]


@dataclass(frozen=True)
class Positions:
    """Places of vectors that stand for no token: ids below 0, which go into a document as they are.

    Parameters
    ----------
    ids : tuple of int
        At least one. What each stands for is known to whoever gave them out.

    Raises
    ------
    VocabularyError
        There is none, or one is not below 0: an id of the vocabulary is never given so.
    """

    modality: ClassVar[str] = "vectors"
    ids: tuple[int, ...]

    def __post_init__(self) -> None:
        ids: tuple[Any, ...] = tuple(self.ids)  # of NumPy's whole numbers too
        wrong = next((place for place, id_ in enumerate(ids) if not isinstance(id_, Integral) or int(id_) >= 0), None)
        if wrong is not None:
            raise VocabularyError(f"a place of a vector is an id below 0, not {ids[wrong]!r}", position=wrong)
        if not ids:
            raise VocabularyError("places of vectors are one id or more, each below 0")
        object.__setattr__(self, "ids", tuple(map(int, ids)))


class Deferred(ABC):
    """A part of a prompt that what is asked turns into other items, before ids are made of them.

    A vocabulary alone cannot: it refuses with :meth:`refusal`.
    """

    entities: tuple[Entity, ...] = ()
    """The entities that it shows, as far as it knows them."""

    @property
    @abstractmethod
    def modality(self) -> str:
        """A word for it, as messages and records show it."""

    @abstractmethod
    def refusal(self) -> BioMatrixError:
        """Return why there are no ids of it here, and what to do."""


Item: TypeAlias = str | Entity | tuple[Entity, str] | Tokens | Codes | Positions | Deferred
"""A part of a document: text, an entity, an entity with the modality to write it in, an entity already written, places
of vectors, or what a model turns into these."""
