"""Entities with texts that describe them, and the key that says which pairs are of one thing."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from biomatrix.entities.base_entity import Entity
from biomatrix.errors import ConfigurationError

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Pair:
    """An entity and what is said of it.

    Parameters
    ----------
    entity : Entity
    texts : tuple of str
        The same in several wordings; the first is the one that is looked for, each may be trained with.
    key : str
        What it is of: pairs of one key are positives of one another. That of the text where not given.

    Raises
    ------
    ConfigurationError
        There is no text, or one is empty.
    """

    entity: Entity
    texts: tuple[str, ...]
    key: str = ""

    def __post_init__(self) -> None:
        if not self.texts or not all(text.strip() for text in self.texts):
            raise ConfigurationError("an empty text says nothing to align with")
        if not self.key:
            object.__setattr__(self, "key", hashlib.sha256(self.texts[0].encode()).hexdigest()[:16])


@dataclass(frozen=True)
class PairSet:
    """Pairs and how their keys are numbered.

    Parameters
    ----------
    pairs : tuple of Pair
    origin : str
        Where they are from, in words, for the projector's record.
    """

    pairs: tuple[Pair, ...]
    origin: str = ""

    def __len__(self) -> int:
        return len(self.pairs)

    @property
    def entities(self) -> tuple[Entity, ...]:
        """The entity of each pair."""
        return tuple(pair.entity for pair in self.pairs)

    @property
    def keys(self) -> tuple[str, ...]:
        """The key of each pair."""
        return tuple(pair.key for pair in self.pairs)

    @property
    def texts(self) -> tuple[str, ...]:
        """The first text of each pair."""
        return tuple(pair.texts[0] for pair in self.pairs)

    def of(self, chosen: Sequence[int] | NDArray[np.integer] | NDArray[np.bool_]) -> PairSet:
        """Return some of the pairs, by their numbers or by a mask."""
        places = np.asarray(chosen)
        numbers = np.flatnonzero(places) if places.dtype == np.bool_ else places
        return PairSet(tuple(self.pairs[int(at)] for at in numbers), self.origin)

    def without_keys(self, left_out: Sequence[str]) -> PairSet:
        """Return the pairs of other keys."""
        out = set(left_out)
        return self.of(np.array([key not in out for key in self.keys], dtype=np.bool_))


def key_numbers(keys: Sequence[str]) -> NDArray[np.int64]:
    """Return a number for each key, equal for equal ones, in the order of their first occurrence, ``int64 [n]``."""
    numbers = {key: at for at, key in enumerate(dict.fromkeys(keys))}
    return np.array([numbers[key] for key in keys], dtype=np.int64)
