"""The vectors of a run's entities: encoded once into a store, then rows of mapped memory that ids below 0 stand for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.base_entity import Entity
from biomatrix.entities.encoder import Encoder
from biomatrix.errors import BioMatrixError, ConfigurationError
from biomatrix.progress import Progress
from biomatrix.soft.projector import Projector
from biomatrix.soft.vector_rows import VectorRows
from biomatrix.soft.vectors import VectorStore


class EntityVectors:
    """Vectors of entities on disk, and the ids that stand for them in documents.

    Parameters
    ----------
    folder : Path
        Of the store; vectors that it holds already are not encoded again.
    encoder : Encoder
    entities : sequence of Entity
        All that documents will show. Nothing is encoded after this.

    Attributes
    ----------
    refused : dict of str to BioMatrixError
        Why entities have no vectors, by their key; by their number from 1 where they have no key.
    """

    def __init__(self, folder: Path, encoder: Encoder, entities: Sequence[Entity]) -> None:
        self.encoder = encoder
        self._store = VectorStore(folder, encoder)
        added = self._store.add(entities, Progress("encode", len(entities), "entities"))
        self.refused = {self._name(entities[number], number): error for number, error in added.refused}
        self._ids: NDArray[np.int32] | None = None
        self._places: dict[str, int] = {}

    def matrix(self, entities: Iterable[Entity]) -> NDArray[np.float32]:
        """Return the vectors of entities, ``float32 [n, k, d]``; ConfigurationError where one has none."""
        return self._store.rows([self.encoder.key(entity) for entity in entities])

    def fault(self, entity: Entity) -> BioMatrixError | None:
        """Return why an entity has no vectors; None where it has."""
        if not self.refused:
            return None
        try:
            return self.refused.get(self.encoder.key(entity))
        except BioMatrixError as error:
            return error

    def give_out(self, rows: VectorRows, projector: Projector) -> None:
        """Add all vectors of the store to a table of rows; :meth:`ids` then says which are whose."""
        self._ids = rows.add(self._store.vectors, projector)

    def ids(self, entity: Entity) -> tuple[int, ...]:
        """Return the ids that stand for an entity.

        Raises
        ------
        BioMatrixError
            The encoder refused it, or it was not among the entities.
        """
        if self._ids is None:
            raise ConfigurationError("vectors have ids once they are in a table of rows: call give_out first")
        key = self.encoder.key(entity)
        if key in self.refused:
            raise self.refused[key]
        if key not in self._places:
            self._places[key] = int(self._store.places([key])[0])
        return tuple(self._ids[self._places[key]].tolist())

    def _name(self, entity: Entity, number: int) -> str:
        try:
            return self.encoder.key(entity)
        except BioMatrixError:
            return str(number + 1)
