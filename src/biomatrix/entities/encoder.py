"""What every encoder is: entities of one kind to ``k`` vectors of ``d`` numbers each, the same on every call.

Legend of shapes: n entities, k vectors of an entity, d numbers of a vector.
"""

from __future__ import annotations

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.base_entity import Entity
from biomatrix.entities.kind_registry import kind as kind_named
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
    spec : str
        What :func:`biomatrix.soft.encoders.open_encoder` was told to open it; "" where it was made otherwise.
    """

    code_version: ClassVar[int] = 1
    """Raised with every change of the code that changes a vector; part of the hash."""

    kind: str
    k: int
    d: int
    pooling: str
    max_length: int | None = None
    spec: str = ""

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

    def content(self, entity: Entity) -> bytes:
        """Return what it reads of an entity: two with the same content have the same vectors.

        By default all that records keep of it, its name aside. An encoder that reads less says less, so that notes and
        annotations do not make vectors of their own.
        """
        return kind_named(self.kind).to_bytes(entity)

    def key(self, entity: Entity) -> str:
        """Return the SHA-256 of the kind and :meth:`content`, in hexadecimal, under which its vectors are kept.

        Raises
        ------
        UnsupportedError
            The entity is of another kind.
        """
        self.check_kind(entity)
        return hashlib.sha256(self.kind.encode() + b"\n" + self.content(entity)).hexdigest()

    def check_kind(self, entity: Entity) -> None:
        """Raise UnsupportedError where an entity is of another kind."""
        found = getattr(entity, "kind", type(entity).__name__)
        if found != self.kind:
            raise UnsupportedError(f"this encoder takes a {self.kind}, not a {found}")


class DirectEncoder(Encoder):
    """An encoder without a network: each entity on its own, so that nothing depends on the batch."""

    @abstractmethod
    def vectors_of(self, entity: Any) -> NDArray[np.float32]:
        """Return the vectors of one entity of its kind, ``float32 [k, d]``; raises the reason where it has none."""

    def encode_each(
        self, entities: Sequence[Entity], batch_size: int = DEFAULT_BATCH
    ) -> list[NDArray[np.float32] | BioMatrixError]:
        """Return the vectors of each entity, ``float32 [k, d]``, or why it has none; the batch size changes nothing."""
        found: list[NDArray[np.float32] | BioMatrixError] = []
        for entity in entities:
            try:
                self.check_kind(entity)
                found.append(self.vectors_of(entity))
            except BioMatrixError as error:
                found.append(error)
        return found


def encoder_hash(
    encoder: Encoder, configuration: Mapping[str, Any], tensors: Mapping[str, NDArray[Any]] | None = None
) -> str:
    """Return the SHA-256, in hexadecimal, of an encoder's class, code version, configuration and weights.

    Parameters
    ----------
    encoder : Encoder
    configuration : mapping
        JSON values: all that changes a vector, besides the weights.
    tensors : mapping of str to ndarray, optional
        Weights by name; every value counts.
    """
    about = {
        "encoder": type(encoder).__name__,
        "code_version": type(encoder).code_version,
        "kind": encoder.kind,
        "k": encoder.k,
        "d": encoder.d,
        "pooling": encoder.pooling,
        "configuration": configuration,
    }
    made = hashlib.sha256(json.dumps(about, sort_keys=True).encode())
    for name in sorted(tensors or {}):
        values = np.ascontiguousarray((tensors or {})[name])
        made.update(f"\n{name} {values.dtype.str} {values.shape}\n".encode())
        made.update(values.data)
    return made.hexdigest()


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
