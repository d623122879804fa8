"""Responses to a perturbation of a type that was never seen perturbed, predicted by means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Profile = NDArray[np.float64]


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


PREDICTORS: Final = {
    "no change": no_change,
    "mean of perturbed": mean_of_perturbed,
    "control + mean delta": control_and_mean_delta,
    "same type, other donor": same_type_elsewhere,
    "genes permuted": permuted_delta,
}
"""By name; the first three stand beside every model."""
