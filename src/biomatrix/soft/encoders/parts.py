"""One vector as several: its numbers dealt out to k positions, for encoders that make only one."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.base_entity import Entity
from biomatrix.entities.encoder import DEFAULT_BATCH, Encoder, encoder_hash
from biomatrix.errors import BioMatrixError, ConfigurationError


class InParts(Encoder):
    """An encoder of one vector in k parts: part i holds every k-th number, from the i-th, at the number's own place.

    All other places are 0. After them stand k numbers of which the i-th is 1, so that no part is empty and a projector
    tells the parts apart. Together the parts hold what the vector holds, no more.

    Parameters
    ----------
    encoder : Encoder
        With k = 1.
    parts : int
        From 2 to its d.

    Raises
    ------
    ConfigurationError
        The encoder makes several vectors already, or the number of parts is out of range.
    """

    def __init__(self, encoder: Encoder, parts: int) -> None:
        if encoder.k != 1:
            raise ConfigurationError(f"the encoder makes {encoder.k} vectors of an entity already; leave out parts")
        if not 2 <= parts <= encoder.d:
            raise ConfigurationError(f"parts={parts}; a vector of {encoder.d} numbers has from 2 to {encoder.d} parts")
        self.encoder = encoder
        self.kind, self.k, self.d = encoder.kind, parts, encoder.d + parts
        self.pooling = f"{encoder.pooling}, in {parts} parts"
        self.max_length = encoder.max_length
        self._holds = np.zeros((parts, encoder.d), dtype=np.float32)
        self._holds[np.arange(encoder.d) % parts, np.arange(encoder.d)] = 1

    @cached_property
    def hash(self) -> str:
        """A SHA-256 of the encoder's hash and the number of parts."""
        return encoder_hash(self, {"encoder": self.encoder.hash})

    def content(self, entity: Entity) -> bytes:
        """Return what the encoder reads of an entity."""
        return self.encoder.content(entity)

    def encode_each(
        self, entities: Sequence[Entity], batch_size: int = DEFAULT_BATCH
    ) -> list[NDArray[np.float32] | BioMatrixError]:
        """Return the parts of each entity's vector, ``float32 [k, d]``, or why it has none."""
        marks = np.eye(self.k, dtype=np.float32)
        return [
            one if isinstance(one, BioMatrixError) else np.concatenate((one * self._holds, marks), axis=1)
            for one in self.encoder.encode_each(entities, batch_size)
        ]
