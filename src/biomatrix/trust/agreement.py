"""Whether several samples of one request say the same thing, whatever words or tokens they use.

What is the same is for each kind to say (:meth:`biomatrix.entities.Kind.meaning`, ``resemblance``): the same molecule
however it is spelled, the same fold, a similar sequence.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from biomatrix.entities.base_entity import Entity
from biomatrix.entities.kind_registry import kind_of
from biomatrix.errors import LimitError
from biomatrix.metrics.summaries import Spread

MOST_COMPARED: Final = 256
"""The most samples that are compared pair by pair: 32,640 pairs."""

Meaning: TypeAlias = Entity | str | float | None
"""What a sample says: an entity, text, a number; None where it says nothing valid."""


@dataclass(frozen=True, eq=False)
class Agreement:
    """Samples in clusters of one meaning.

    Each cluster is a sample and all that are the same as it: the sample with most others first, as in the clustering of
    Daura et al. (1999); so the first of a cluster stands for it, and no chain of small steps joins what differs.

    Parameters
    ----------
    meanings : tuple of (Entity, str, float or None)
        What each sample says.
    clusters : tuple of tuple of int
        The samples of each cluster by their index, the largest cluster first, its centre first.
    """

    meanings: tuple[Meaning, ...]
    clusters: tuple[tuple[int, ...], ...]

    @property
    def answered(self) -> int:
        """The samples that say something valid."""
        return sum(map(len, self.clusters))

    @property
    def largest(self) -> int:
        """The samples of the largest cluster; 0 where none says anything."""
        return len(self.clusters[0]) if self.clusters else 0

    @property
    def share(self) -> float:
        """The share of all samples, those that say nothing among them, that are in the largest cluster."""
        return self.largest / len(self.meanings) if self.meanings else 0.0

    @property
    def entropy(self) -> float:
        """Semantic entropy in nats over the clusters (Farquhar et al. 2024, discrete): 0 where all say the same."""
        sizes = np.array([len(cluster) for cluster in self.clusters], dtype=np.float64)
        shares = sizes / max(self.answered, 1)
        return max(0.0, float(-(shares * np.log(shares)).sum()))

    @property
    def centre(self) -> int | None:
        """The sample that most others agree with; None where none says anything."""
        return self.clusters[0][0] if self.clusters else None

    def share_of(self, sample: int) -> float:
        """Return the share of all samples that agree with one of them, itself among these."""
        return self._sizes.get(sample, 0) / len(self.meanings) if self.meanings else 0.0

    @cached_property
    def _sizes(self) -> dict[int, int]:
        return {sample: len(cluster) for cluster in self.clusters for sample in cluster}

    @cached_property
    def spread(self) -> Spread | None:
        """How the numbers are distributed where the samples are numbers; None elsewhere."""
        numbers = self.numbers
        return Spread.of(numbers) if len(numbers) else None

    @property
    def deviation(self) -> float | None:
        """The :func:`spread_of` the numbers, a measure of difficulty; None where there are fewer than two."""
        return spread_of(self.numbers) if len(self.numbers) > 1 else None

    @property
    def numbers(self) -> NDArray[np.float64]:
        """The samples that are numbers, ``float64 [n]``."""
        return np.array([one for one in self.meanings if isinstance(one, float | int)], dtype=np.float64)

    def __str__(self) -> str:
        return f"{self.largest} of {len(self.meanings)} samples agree{self.compared}"

    @property
    def compared(self) -> str:
        """In what samples were compared, where the texts of entities with a structure differ: `` in structure``."""
        found = [one for one in self.meanings if isinstance(one, Entity)]
        by_structure = [kind_of(one).meaning(one) is None and one.has_structure for one in found]
        differ = len({kind_of(one).text(one) for one in found}) > 1
        return " in structure" if found and all(by_structure) and differ else ""


def spread_of(samples: ArrayLike) -> float:
    """Return 1.4826 times the median distance to the median: the standard deviation, where numbers are normal.

    One absurd sample, as language models write them, does not change it.

    Examples
    --------
    >>> spread_of([1.0, 2.0, 3.0, 1e300])
    1.4826
    """
    array = np.asarray(samples, dtype=np.float64)
    return 1.4826 * float(np.median(np.abs(array - np.median(array))))


def agreement(meanings: Sequence[Meaning]) -> Agreement:
    """Sort samples into clusters of one meaning.

    Texts are the same where their words are, whatever the case; numbers where they are equal: how far they spread says
    more (:attr:`Agreement.spread`). Entities of different kinds differ.

    Raises
    ------
    LimitError
        More than `MOST_COMPARED` entities of a kind whose resemblance is a matter of degree.

    Examples
    --------
    >>> found = agreement(["Yes", "yes ", "no", None])
    >>> found.clusters, str(found), round(found.entropy, 2)
    (((0, 1), (2,)), '2 of 4 samples agree', 0.64)
    """
    by_key: dict[Hashable, list[int]] = {}
    by_degree: dict[str, list[int]] = {}
    for place, meaning in enumerate(meanings):
        if isinstance(meaning, Entity) and kind_of(meaning).meaning(meaning) is None:
            by_degree.setdefault(meaning.kind, []).append(place)
        elif meaning is not None:
            by_key.setdefault(_key(meaning), []).append(place)
    clusters = [tuple(places) for places in by_key.values()]
    for places in by_degree.values():
        clusters += _clusters([meanings[place] for place in places], places)
    return Agreement(tuple(meanings), tuple(sorted(clusters, key=lambda cluster: (-len(cluster), cluster[0]))))


def _key(meaning: Entity | str | float) -> Hashable:
    if isinstance(meaning, Entity):
        return meaning.kind, kind_of(meaning).meaning(meaning)
    return tuple(meaning.casefold().split()) if isinstance(meaning, str) else float(meaning)


def _clusters(entities: Sequence[Any], places: Sequence[int]) -> list[tuple[int, ...]]:
    """Return clusters of entities of one kind, compared pair by pair, as the places they have among all samples."""
    if len(entities) > MOST_COMPARED:
        raise LimitError(f"{len(entities):,} samples to compare pair by pair; at most {MOST_COMPARED} are")
    alike = np.eye(len(entities), dtype=bool)
    for one, entity in enumerate(entities):
        for other in range(one):
            alike[one, other] = alike[other, one] = kind_of(entity).resemblance(entities[other], entity).passed is True
    left = np.ones(len(entities), dtype=bool)
    clusters = []
    while left.any():
        counts = np.where(left, (alike & left).sum(axis=1), -1)
        centre = int(counts.argmax())  # of equals the first
        members = np.flatnonzero(alike[centre] & left).tolist()
        left[members] = False
        clusters.append(tuple(places[one] for one in (centre, *(one for one in members if one != centre))))
    return clusters
