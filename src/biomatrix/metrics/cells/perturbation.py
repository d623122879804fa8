"""Predicted responses to perturbations, judged by what changes: as GEARS and ``cell-eval`` compute it.

``snap-stanford/GEARS`` ``gears/inference.py`` and ``ArcInstitute/cell-eval`` ``metrics/_anndata.py``. Pearson of the
expression itself is no metric: it is 0.84 where nothing is predicted to change.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

TOP: Final = 20
"""How many of the most changed genes are judged apart."""


def pearson(one: ArrayLike, other: ArrayLike) -> float:
    """Return Pearson's correlation; 0 where one of them is constant, as GEARS counts NaN.

    Examples
    --------
    >>> pearson([1, 2, 3], [2, 4, 6]), pearson([1, 1, 1], [1, 2, 3])
    (1.0, 0.0)
    """
    a, b = np.asarray(one, dtype=np.float64), np.asarray(other, dtype=np.float64)
    if a.shape != b.shape:
        raise ValueError(f"profiles of shape {a.shape} and {b.shape}; give the same genes")
    a, b = a - a.mean(), b - b.mean()
    scale = float(np.sqrt((a @ a) * (b @ b)))
    return float(np.clip(a @ b / scale, -1.0, 1.0)) if scale > 1e-12 else 0.0


def response_scores(predicted: ArrayLike, perturbed: ArrayLike, control: ArrayLike, top: int = TOP) -> dict[str, float]:
    """Return how well the response to one perturbation was predicted.

    Legend: G genes; the values are means over cells of log1p of counts per 10,000.

    Parameters
    ----------
    predicted, perturbed, control : array, shape=(G,)
        The mean profile that is predicted, the true one, and that of the cells that were left alone.
    top : int
        Genes of the largest true change, up or down.

    Returns
    -------
    mapping of str to float
        ``pearson_delta``, ``pearson_delta_top``, ``mse``, ``mse_top``, ``direction_top`` (share of the top genes that
        change the right way) and, never to be read alone, ``pearson`` of the profiles themselves.
    """
    told, true, base = (np.asarray(each, dtype=np.float64) for each in (predicted, perturbed, control))
    change, claimed = true - base, told - base
    first = np.argsort(-np.abs(change), kind="stable")[:top]
    return {
        "pearson_delta": pearson(claimed, change),
        "pearson_delta_top": pearson(claimed[first], change[first]),
        "mse": float(np.mean((told - true) ** 2)),
        "mse_top": float(np.mean((told - true)[first] ** 2)),
        "direction_top": float(np.mean(np.sign(claimed[first]) == np.sign(change[first]))),
        "pearson": pearson(told, true),
    }


def discrimination_score(predicted: NDArray[np.float64], perturbed: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return for each perturbation how near its prediction is to its own truth among all truths.

    Parameters
    ----------
    predicted, perturbed : ndarray, shape=(P, G)
        Changes against the control, one row a perturbation.

    Returns
    -------
    ndarray, shape=(P,), dtype=float64
        1 - rank / P by L1 distance, rank 0 for the nearest: 1 is perfect, about 0.5 chance. Equal distances count
        against the prediction, so that one constant answer for all gains nothing by the order of rows.
    """
    distance = np.abs(predicted[:, None, :] - perturbed[None, :, :]).sum(axis=2)
    own = np.diagonal(distance)[:, None]
    others = ~np.eye(len(distance), dtype=bool)
    return np.asarray(1 - ((distance <= own) & others).sum(axis=1) / len(distance), dtype=np.float64)


def mean_response_scores(each: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """Return the mean of each score over perturbations; ValueError where there is none.

    Examples
    --------
    >>> mean_response_scores({"a": {"mse": 1.0}, "b": {"mse": 3.0}})
    {'mse': 2.0}
    """
    if not each:
        raise ValueError("no perturbation to average over")
    names = next(iter(each.values()))
    return {name: float(np.mean([scores[name] for scores in each.values()])) for name in names}
