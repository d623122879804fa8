"""Metrics of proteins by networks whose weights are named: folds, confidence, self-consistency, perplexity.

``BIOMATRIX_SCORERS`` names them, such as ``esmfold=facebook/esmfold_v1,protein_mpnn=weights/v_48_020.pt``; see
:mod:`biomatrix.metrics.learned.registry`. None is loaded that is not named there.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from biomatrix.errors import ConfigurationError
from biomatrix.metrics.foldability import Fold, foldability, self_consistency
from biomatrix.metrics.learned.registry import SCORERS, load_scorer
from biomatrix.metrics.scores import Scores

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

ENVIRONMENT: Final = "BIOMATRIX_SCORERS"


def configured(name: str) -> Any:
    """Return a scorer that is named.

    Raises
    ------
    ConfigurationError
        It is not, or what it names is not there.
    """
    sources = dict(_named(each) for each in os.environ.get(ENVIRONMENT, "").split(",") if each.strip())
    if name not in sources:
        use = SCORERS[name]
        raise ConfigurationError(f"needs {use.title.split(':')[0]}: set {ENVIRONMENT}={name}=SOURCE ({use.weights})")
    return _loaded(name, sources[name])


def _named(text: str) -> tuple[str, str]:
    name, mark, source = text.partition("=")
    if not mark or name.strip() not in SCORERS:
        raise ConfigurationError(f"{ENVIRONMENT} holds {text!r}; write NAME=SOURCE, NAME of: {', '.join(SCORERS)}")
    return name.strip(), source.strip()


@cache
def _loaded(name: str, source: str) -> Any:
    return load_scorer(name, source)


def filled(scores: Scores, compute: Callable[[], Scores]) -> Scores:
    """Return scores with those that lack a value computed; where that cannot be, each says why."""
    if not any(score.reason for score in scores.values()):
        return scores
    try:
        found = compute()
    except ConfigurationError as error:
        return {name: replace(one, reason=error.message) if one.reason else one for name, one in scores.items()}
    return {**found, **{name: found.get(name, one) if one.reason else one for name, one in scores.items()}}


def confidence(sequences: Sequence[str]) -> Scores:
    """Return how confidently sequences fold; an empty one does not."""
    return foldability(_folds(sequences))


def perplexities(sequences: Sequence[str]) -> Scores:
    """Return the mean perplexity of sequences."""
    from biomatrix.metrics.learned.protgpt2 import perplexity

    return perplexity(configured("protgpt2").perplexities(sequences))


def consistency(backbones: Sequence[ArrayLike | None], sequences: Sequence[str]) -> Scores:
    """Return whether sequences fold into the backbones that go with them."""
    return self_consistency(backbones, [[fold] for fold in _folds(sequences)])


def designability(backbones: Sequence[ArrayLike | None]) -> Scores:
    """Return whether a sequence that ProteinMPNN designs for each backbone folds into it."""
    designer = configured("protein_mpnn")
    configured("esmfold")
    given = [each for each in backbones if each is not None]
    written = iter(designer.design(given))
    designed = ["" if each is None else next(written)[0] for each in backbones]
    return consistency(backbones, designed)


def _folds(sequences: Sequence[str]) -> list[Fold | None]:
    return list(configured("esmfold").fold(sequences))
