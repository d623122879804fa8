"""Responses to a perturbation of a type that was never seen perturbed, predicted by means."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from biomatrix.metrics.cells.perturbation import pearson

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Profile = NDArray[np.float64]


CARRIED: Final = (0.0, 0.25, 0.5, 0.75, 1.0)
"""Shares of a control's own difference that may be carried into the response."""


@dataclass(frozen=True, eq=False)
class UnseenType:
    """What may be known when the response of one type is asked for.

    Legend: G genes; every profile is the mean of log1p of counts per 10,000 over cells, ``float64 [G]``.

    Parameters
    ----------
    name : str
    control : ndarray, shape=(G,)
        Test cells of the type that were left alone.
    others_control, others_perturbed : mapping of str to ndarray, shape=(G,)
        Training cells of the other types.
    own_control, own_perturbed : ndarray, shape=(G,), optional
        Training cells of the type itself: for the ceiling alone.
    """

    name: str
    control: Profile
    others_control: Mapping[str, Profile]
    others_perturbed: Mapping[str, Profile]
    own_control: Profile | None = None
    own_perturbed: Profile | None = None


def no_change(asked: UnseenType) -> Profile:
    """Return the control as it is."""
    return asked.control


def mean_of_perturbed(asked: UnseenType) -> Profile:
    """Return the mean profile of the other types when perturbed."""
    return np.asarray(np.mean(list(asked.others_perturbed.values()), axis=0))


def control_and_mean_delta(asked: UnseenType) -> Profile:
    """Return the control plus the mean change of the other types."""
    changes = [asked.others_perturbed[name] - asked.others_control[name] for name in asked.others_perturbed]
    return np.asarray(asked.control + np.mean(changes, axis=0))


def same_type_elsewhere(asked: UnseenType) -> Profile:
    """Return the control plus the change of the same type in the training donor: a ceiling, the type was seen."""
    if asked.own_control is None or asked.own_perturbed is None:
        raise ValueError(f"{asked.name}: no training cells of the type itself")
    return asked.control + asked.own_perturbed - asked.own_control


def permuted_delta(asked: UnseenType, seed: int = 0) -> Profile:
    """Return the control plus the mean change given to the wrong genes: what a change without biology reaches."""
    change = control_and_mean_delta(asked) - asked.control
    return np.asarray(asked.control + np.random.default_rng(seed).permutation(change))


def likeness_weights(asked: UnseenType, temperature: float = 0.05) -> dict[str, float]:
    """Return how much each other type counts: a softmax of the correlation of its control with the asked one."""
    names = list(asked.others_control)
    likeness = np.array([pearson(asked.control, asked.others_control[name]) for name in names])
    raised = np.exp((likeness - likeness.max()) / temperature)
    return dict(zip(names, (raised / raised.sum()).tolist(), strict=True))


def weighted_response(asked: UnseenType, weights: Mapping[str, float], carried: float) -> Profile:
    """Return the weighted mean of perturbed types, plus a share of what sets the asked control apart.

    With equal weights, ``carried`` = 0 is the mean of perturbed and 1 the control plus the mean change: what sets a
    type apart before is partly lost after, as induced genes saturate.
    """
    before = sum(weights[name] * asked.others_control[name] for name in weights)
    after = sum(weights[name] * asked.others_perturbed[name] for name in weights)
    return np.asarray(after + carried * (asked.control - before))


def carried_share(asked: UnseenType, weigh: Callable[[UnseenType], Mapping[str, float]] = likeness_weights) -> float:
    """Return the share that predicts best, by mean squared error, each training type from the other training types."""
    names = list(asked.others_control)
    errors = dict.fromkeys(CARRIED, 0.0)
    for left_out in names:
        one = UnseenType(
            left_out,
            asked.others_control[left_out],
            {name: asked.others_control[name] for name in names if name != left_out},
            {name: asked.others_perturbed[name] for name in names if name != left_out},
        )
        weights = weigh(one)
        for share in CARRIED:
            missed = weighted_response(one, weights, share) - asked.others_perturbed[left_out]
            errors[share] += float(np.mean(missed**2))
    return min(CARRIED, key=lambda share: errors[share])


def response_of_relatives(asked: UnseenType) -> Profile:
    """Return the response by types that are alike before, the carried share chosen on the training types."""
    return weighted_response(asked, likeness_weights(asked), carried_share(asked))


PREDICTORS: Final = {
    "no change": no_change,
    "mean of perturbed": mean_of_perturbed,
    "control + mean delta": control_and_mean_delta,
    "response of relatives": response_of_relatives,
    "same type, other donor": same_type_elsewhere,
    "genes permuted": permuted_delta,
}
"""By name; they stand beside every model."""
