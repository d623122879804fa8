"""What encoders with a network share: batches of pieces of about one length, and refusals that stop no other entity."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.base_entity import Entity
from biomatrix.entities.encoder import DEFAULT_BATCH, Encoder
from biomatrix.errors import BioMatrixError, ConfigurationError


class NetworkEncoder(Encoder):
    """An encoder over a network: a subclass says which ids an entity is read as, and what a batch of them becomes."""

    @abstractmethod
    def pieces(self, entity: Any) -> list[Sequence[Any]]:
        """Return what goes through the network for one entity of its kind: one piece, or the windows of a long one.

        Raises the reason where there is nothing to encode, or more than :attr:`max_length`.
        """

    @abstractmethod
    def run(self, batch: Sequence[Sequence[Any]]) -> NDArray[np.float32]:
        """Return the vectors of each piece of a batch, ``float32 [b, k, d]``, whatever the others are, to 1e-5."""

    def encode_each(
        self, entities: Sequence[Entity], batch_size: int = DEFAULT_BATCH
    ) -> list[NDArray[np.float32] | BioMatrixError]:
        """Return the vectors of each entity, ``float32 [k, d]``, or why it has none, in order.

        The pieces of all entities go through the network by length, the longest first, so that a batch that does not
        fit the memory is met at once. An entity of several pieces has the mean of their vectors.
        """
        if batch_size < 1:
            raise ConfigurationError(f"batch_size={batch_size}; give a number from 1")
        found: list[Any] = [None] * len(entities)
        pieces: list[tuple[int, Sequence[Any]]] = []
        for number, entity in enumerate(entities):
            try:
                self.check_kind(entity)
                pieces += [(number, piece) for piece in self.pieces(entity)]
            except BioMatrixError as error:
                found[number] = error
        pieces.sort(key=lambda piece: -len(piece[1]))
        counts = np.zeros(len(entities), dtype=np.int64)
        for start in range(0, len(pieces), batch_size):
            batch = pieces[start : start + batch_size]
            vectors = self.run([piece for _, piece in batch])
            for (number, _), one in zip(batch, vectors, strict=True):
                found[number] = one if found[number] is None else found[number] + one
                counts[number] += 1
        for number in np.flatnonzero(counts > 1).tolist():
            found[number] = found[number] / np.float32(counts[number])
        return found
