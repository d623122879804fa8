"""How much is learned of each view, task or source: the shares of tokens that a sampler gives them.

Proportional sampling draws every document equally often, so a small task is drowned by a large one. A temperature
flattens the shares (Arivazhagan et al., 2019; T5 and mT5 after it) but repeats the smallest groups without bound.
UniMax (Chung et al., 2023) gives all the same, save those that would be seen more often than a cap, which get the cap.

One rule serves all: weights by group, and a budget handed out by weight under a cap, what capped groups cannot take
going to the others. With equal weights it is the algorithm of UniMax.

Legend of shapes: G groups.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from biomatrix.entities.near_matches import choices
from biomatrix.entities.settings import LARGEST_INTEGER, Section
from biomatrix.errors import ConfigurationError

Shares = NDArray[np.float64]
MOST_EPOCHS: Final = 4.0
"""The cap of UniMax where none is given: up to four epochs are nearly worth new data (Muennighoff et al., 2023)."""


class MixtureSection(Section):
    """Which documents are drawn how often."""

    sampler: Literal["proportional", "temperature", "unimax"] = "proportional"
    """Every document equally often; shares flattened by a temperature; or equal shares under a cap of epochs."""
    by: Literal["view", "source"] = "view"
    """What is weighed: the views and tasks of documents, or the sources of their records."""
    temperature: Annotated[float, Field(gt=0)] = 2.0
    """Of the sampler "temperature": shares go with tokens to the power of 1 over it. 1 is proportional."""
    max_epochs: Annotated[float, Field(gt=0)] | None = None
    """The most often that a document is seen within the budget; 4 for "unimax" and unlimited otherwise if not given."""
    budget_tokens: Annotated[int, Field(gt=0, le=LARGEST_INTEGER)] | None = None
    """Predicted tokens of the whole run, within which ``max_epochs`` holds; those of the corpus if not given."""
    weights: dict[str, Annotated[float, Field(ge=0)]] = Field(default_factory=dict)
    """Factors by view, task or source on what the sampler gives; 1 for those not named, 0 leaves one out."""

    @property
    def is_plain(self) -> bool:
        """Whether every document is drawn equally often."""
        return self.sampler == "proportional" and self.max_epochs is None and all(w == 1 for w in self.weights.values())

    @property
    def cap(self) -> float:
        """The most epochs of a group within the budget."""
        if self.max_epochs is None:
            return MOST_EPOCHS if self.sampler == "unimax" else float("inf")
        return self.max_epochs


def sampled_tokens(names: Sequence[str], tokens: NDArray[Any], settings: MixtureSection) -> Shares:
    """Return the predicted tokens to draw of each group within the budget, ``float64 [G]``.

    Their sum is the budget, or less where the caps allow no more; it is their ratios that a run keeps to.

    Parameters
    ----------
    names : sequence of str
        The groups.
    tokens : ndarray, shape=(G,), dtype=int
        The predicted tokens that each holds.
    settings : MixtureSection
        The sampler.

    Raises
    ------
    ConfigurationError
        A weight is for a group that is not there, or nothing is left to draw.

    Examples
    --------
    >>> settings = MixtureSection(sampler="unimax", max_epochs=2, budget_tokens=300)
    >>> sampled_tokens(["small", "medium", "large"], np.array([10, 100, 1000]), settings).tolist()
    [20.0, 140.0, 140.0]
    """
    held = np.asarray(tokens, dtype=np.float64)
    weights = _sampler_weights(held, settings) * _factors(names, settings.weights)
    if not (weights * held).any():
        raise ConfigurationError("mixture.weights leave nothing to draw: give one view or source a weight above 0")
    budget = float(settings.budget_tokens or held.sum())
    return handed_out(weights, held * settings.cap, budget)


def handed_out(weights: Shares, caps: Shares, budget: float) -> Shares:
    """Hand a budget out by weight, to each at most its cap; what one cannot take goes to the others by their weights.

    Parameters
    ----------
    weights, caps : ndarray, shape=(G,), dtype=float64
        At least 0; caps may be infinite.
    budget : float
        More than 0.

    Returns
    -------
    ndarray, shape=(G,), dtype=float64
        Its sum is the budget, or that of the caps of weighted groups where that is less.
    """
    given = np.zeros(len(weights))
    weighted = np.flatnonzero(weights > 0)
    # Those that are full first come first, so that each later one is offered what they left.
    order = weighted[np.argsort(caps[weighted] / weights[weighted], kind="stable")]
    weight_left = np.cumsum(weights[order][::-1])[::-1]
    left = budget
    for group, weight in zip(order.tolist(), weight_left.tolist(), strict=True):
        given[group] = min(left * weights[group] / weight, caps[group])
        left -= given[group]
    return given


def _sampler_weights(held: Shares, settings: MixtureSection) -> Shares:
    if settings.sampler == "unimax":
        return (held > 0).astype(np.float64)
    if settings.sampler == "temperature":
        flattened: Shares = held ** (1.0 / settings.temperature)
        return flattened
    return held


def _factors(names: Sequence[str], weights: Mapping[str, float]) -> Shares:
    for name in weights:
        if name not in names:
            raise ConfigurationError(f"mixture.weights: the corpus holds no {name!r}; {choices(name, list(names))}")
    return np.array([weights.get(name, 1.0) for name in names])
