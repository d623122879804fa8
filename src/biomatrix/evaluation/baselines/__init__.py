"""Baselines: answers without a model, the floor under every number. Each learns from the training split, if at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from biomatrix.entities.kind_registry import load_attribute
from biomatrix.entities.near_matches import choices
from biomatrix.errors import ConfigurationError

if TYPE_CHECKING:
    from biomatrix.evaluation.answering import Answerer

BASELINES: Final = {
    "majority": "biomatrix.evaluation.baselines.majority:Majority",
    "nearest": "biomatrix.evaluation.baselines.nearest:Nearest",
    "random": "biomatrix.evaluation.baselines.random_answer:RandomAnswer",
    "copy": "biomatrix.evaluation.baselines.copying:Copying",
}
"""Name to ``module:Class``; a model named ``baseline:NAME`` is one of them."""


def open_baseline(name: str) -> Answerer:
    """Return the baseline of that name; ConfigurationError where there is none.

    Examples
    --------
    >>> open_baseline("majority").name
    'baseline:majority'
    """
    if name not in BASELINES:
        raise ConfigurationError(f"no baseline {name!r}; {choices(name, BASELINES)}")
    answerer: Answerer = load_attribute(BASELINES[name])()
    return answerer
