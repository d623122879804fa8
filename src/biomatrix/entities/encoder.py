"""What every encoder is: entities of one kind to ``k`` vectors of ``d`` numbers each, the same on every call.

Legend of shapes: n entities, k vectors of an entity, d numbers of a vector.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.base_entity import Entity
from biomatrix.errors import BioMatrixError, ConfigurationError, UnsupportedError

DEFAULT_BATCH: Final = 32
"""Entities that go through a network together, where nobody says how many."""


class Encoder(ABC):
    """A frozen map from entities of one kind to vectors.

    What it gives for an entity does not depend on what else is in the batch, to 1e-5.

    Attributes
    ----------
    kind : str
        The kind of entity that it takes.
    k, d : int
        Vectors of an entity, and numbers of each.
    pooling : str
        How many positions become ``k`` vectors, in a word or two, such as ``"masked mean"``.
    max_length : int, optional
        The most positions that it reads of an entity; None where any size goes in.
    """

    kind: str
    k: int
    d: int
    pooling: str
    max_length: int | None = None

    @property
    @abstractmethod
    def hash(self) -> str:
        """A SHA-256, in hexadecimal, of its weights, its configuration and the version of its code."""

    @abstractmethod
    def encode_each(
        self, entities: Sequence[Entity], batch_size: int = DEFAULT_BATCH
    ) -> list[NDArray[np.float32] | BioMatrixError]:
        """Return the vectors of each entity, ``float32 [k, d]``, or why it has none, in order.

        Entities are put into batches by length. Refused are another kind, an entity without anything to encode (a
        molecule without fingerprint bits, a cell without genes), and one past ``max_length``, with the limit named.
        """

    def encode(self, entities: Sequence[Entity], batch_size: int = DEFAULT_BATCH) -> NDArray[np.float32]:
        """Return the vectors of all entities, ``float32 [n, k, d]``: three axes, also of one entity or one vector.

        Raises
        ------
        BioMatrixError
            The first refusal, with the number of its entity from 1.
        """
        vectors = np.empty((len(entities), self.k, self.d), dtype=np.float32)
        for number, found in enumerate(self.encode_each(entities, batch_size)):
            if isinstance(found, BioMatrixError):
                raise found.at(record=number + 1)
            vectors[number] = checked_vectors(found, self.k, self.d)
        return vectors

    def check_kind(self, entity: Entity) -> None:
        """Raise UnsupportedError where an entity is of another kind."""
        if entity.kind != self.kind:
            raise UnsupportedError(f"this encoder takes a {self.kind}, not a {entity.kind}")


def checked_vectors(vectors: NDArray[np.floating], k: int, d: int) -> NDArray[np.float32]:
    """Return the vectors of one entity as ``float32 [k, d]``.

    Raises
    ------
    ConfigurationError
        Another shape, numbers that are not finite, or a vector of zeros, which says nothing and has no direction.
    """
    found = np.asarray(vectors, dtype=np.float32)
    if found.shape != (k, d):
        raise ConfigurationError(f"an entity has {k} vectors of {d} numbers here, not the shape {found.shape}")
    if not np.isfinite(found).all():
        raise ConfigurationError("a vector holds NaN or infinity", position=int(np.argwhere(~np.isfinite(found))[0, 0]))
    empty = np.flatnonzero(~found.any(axis=1))
    if len(empty):
        raise ConfigurationError("a vector is all zero, which says nothing of its entity", position=int(empty[0]))
    return found
