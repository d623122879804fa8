"""Whether one modality of an entity fits another under a model: its likelihood given the true one and given decoys.

A model that has learned what ties a sequence to its fold finds the fold likelier given that sequence than given the
same residues in random order. The difference, counted in standard deviations over the decoys, needs no scale.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import Any, Final

from biomatrix.entities.base_entity import Entity
from biomatrix.entities.check import Check
from biomatrix.entities.kind_registry import kind_of
from biomatrix.errors import ConfigurationError, UnsupportedError

DECOYS: Final = 19
"""Decoys by default: the true one is above all of them by chance once in twenty times."""
Z_LIMIT: Final = 1.645
"""Standard deviations above the mean of the decoys that chance exceeds once in twenty times."""


@dataclass(frozen=True)
class ModelAgreement:
    """How well an answer fits what was given.

    Parameters
    ----------
    logprob : float
        Log-likelihood of the answer in nats, given the true entity.
    decoys : tuple of float
        The same given each decoy.
    """

    logprob: float
    decoys: tuple[float, ...]

    @property
    def z(self) -> float:
        """Standard deviations of the decoys by which the true one lies above their mean; NaN where they are all one."""
        if len(self.decoys) < 2:
            return math.nan
        spread = stdev(self.decoys)
        return (self.logprob - fmean(self.decoys)) / spread if spread > 0 else math.nan

    @property
    def rank(self) -> int:
        """The place of the true one among all, 1 for the likeliest; ties count against it."""
        return 1 + sum(decoy >= self.logprob for decoy in self.decoys)

    def as_check(self, name: str) -> Check:
        """Return it as a check: passed where z is at least ``Z_LIMIT``, None where it has no value."""
        z = self.z
        place = f"rank {self.rank} of {len(self.decoys) + 1}; {self.logprob:.1f} nats"
        if math.isnan(z):
            return Check(name, None, detail=place)
        return Check(name, z >= Z_LIMIT, z, "standard deviations above decoys", place)


def score_agreement(
    score: Callable[[Sequence[Any], Sequence[Any]], Any],
    entity: Entity,
    *,
    decoys: int = DECOYS,
    seed: int = 0,
    words: str = "",
) -> ModelAgreement:
    """Score the structure of an entity given its sequence, and given decoys of that sequence.

    Parameters
    ----------
    score : callable
        Takes a prompt and a continuation, lists of text and of (entity, modality), and returns an object with a
        ``logprob`` in nats: ``model.score``.
    entity : Entity
        With both modalities of its kind's ``conditionals``.
    decoys : int
        How many, at least 2.
    seed : int
        Of the decoys.
    words : str
        The request in words, before the sequence; none when empty.

    Raises
    ------
    UnsupportedError
        The kind has no pair of modalities to compare, or the entity lacks one of them.
    ConfigurationError
        Fewer than 2 decoys.
    """
    given, answer = _pair(entity)
    if decoys < 2:
        raise ConfigurationError(f"{decoys} decoys show no spread; take at least 2")
    before: list[Any] = [f"{words} "] if words else []

    def logprob(one: Entity) -> float:
        return float(score([*before, (one, given)], [(entity, answer)]).logprob)

    return ModelAgreement(logprob(entity), tuple(map(logprob, kind_of(entity).decoys(entity, decoys, seed))))


def check_agreement(
    score: Callable[[Sequence[Any], Sequence[Any]], Any],
    entity: Entity,
    *,
    decoys: int = DECOYS,
    seed: int = 0,
    words: str = "",
) -> Check:
    """Return :func:`score_agreement` as a check; its parameters and errors are those."""
    given, answer = _pair(entity)
    agreement = score_agreement(score, entity, decoys=decoys, seed=seed, words=words)
    return agreement.as_check(f"{answer} agrees with {given}")


def _pair(entity: Entity) -> tuple[str, str]:
    pair = kind_of(entity).conditionals
    if pair is None:
        raise UnsupportedError(f"no modality of a {entity.kind} is scored given another")
    if not entity.has_structure:
        raise UnsupportedError(f"the {entity.kind} has no structure to score", record=entity.name or None)
    return pair
