"""Choosing among several answers by their checks: the one with the fewest failed, of equals the likeliest."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from biomatrix.generation.drafts import mean_logprob
from biomatrix.trust.checking import Level, checked_level

if TYPE_CHECKING:
    from biomatrix.entities.base_entity import Entity
    from biomatrix.generation.answers import Answer
    from biomatrix.generation.requests import Scorer


def by_checks(reference: Entity | None = None, level: Level = "fast") -> Scorer:
    """Return a scorer for ``best_of``: minus the number of failed checks, plus the mean probability of a token.

    The second is at most 1, so that it decides only among answers that fail as many checks.

    Parameters
    ----------
    reference : Entity, optional
        What was asked for, such as the molecule whose conformer this should be; where it is not that, a check fails.
    level : {"fast", "full"}

    Raises
    ------
    ConfigurationError
        No such level.

    Examples
    --------
    ``model.generate(prompt, output="molecule_structure", best_of=8, scorer=by_checks())``
    """
    checked_level(level)

    def score(answer: Answer) -> float:
        failed = sum(check.passed is False for check in answer.check(level, reference))
        likely = math.exp(min(mean_logprob(answer), 0.0)) if answer.token_logprobs else 0.0
        return likely - failed

    return score
