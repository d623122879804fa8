"""Annotation without a model: the most frequent type, marker lists, logistic regression, and shuffled labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from biomatrix.errors import ConfigurationError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

LOG_PENALTY: Final = 0.1
"""C of logistic regression on log expression, which has more features than cells."""


@dataclass(frozen=True, eq=False)
class Told:
    """The types that were told.

    Parameters
    ----------
    types : ndarray, shape=(n,), dtype=str
    certainty : ndarray, shape=(n,), dtype=float64
        The probability of the type that was told, or another number that rises with it.
    """

    types: NDArray[np.str_]
    certainty: Floats


def majority(labels: NDArray[np.str_], count: int) -> Told:
    """Return the most frequent training label for every cell; of equals the first by name."""
    names, counts = np.unique(labels, return_counts=True)
    return Told(np.full(count, names[counts.argmax()]), np.full(count, counts.max() / counts.sum()))


def logistic_regression(features: Floats, labels: NDArray[np.str_], asked: Floats, penalty: float = 1.0) -> Told:
    """Return what multinomial logistic regression tells.

    Parameters
    ----------
    features : ndarray, shape=(n, d)
        Of the training cells.
    labels : ndarray, shape=(n,), dtype=str
    asked : ndarray, shape=(m, d)
    penalty : float
        C of scikit-learn: smaller is stiffer.

    Raises
    ------
    ConfigurationError
        The scikit-learn package is not installed.
    """
    fitted = fitted_regression(features, labels, penalty)
    chances = fitted.predict_proba(asked)
    return Told(np.asarray(fitted.classes_, dtype=np.str_)[chances.argmax(axis=1)], chances.max(axis=1))


def fitted_regression(features: Floats, labels: NDArray[np.str_], penalty: float = 1.0) -> Any:
    """Return scikit-learn's multinomial logistic regression, fitted; see :func:`logistic_regression`."""
    try:
        from sklearn.linear_model import LogisticRegression
    except ImportError:
        raise ConfigurationError("this baseline needs scikit-learn: pip install 'biomatrix[eval]'") from None
    return LogisticRegression(C=penalty, max_iter=2000).fit(features, labels)


def shuffled(labels: NDArray[np.str_], seed: int = 0) -> NDArray[np.str_]:
    """Return the training labels in another order: whatever is learned from them is leakage or chance."""
    return np.asarray(np.random.default_rng(seed).permutation(labels))


def marker_scores(
    values: Floats, genes: Sequence[str] | NDArray[np.str_], lists: Mapping[str, Sequence[str]]
) -> tuple[Floats, tuple[str, ...]]:
    """Return the mean z-score of each type's markers, and the types.

    Parameters
    ----------
    values : ndarray, shape=(C, G)
        Log expression; each gene is scaled over these cells, so that no label is used and no training cell needed.
    genes : sequence of str
        Symbols of the columns.
    lists : mapping of str to sequence of str
        The symbols of each type's markers; those that the matrix lacks are left out.

    Returns
    -------
    scores : ndarray, shape=(C, T), dtype=float64
    types : tuple of str
        Those with a marker in the matrix, in their order.

    Raises
    ------
    ConfigurationError
        No type has a marker in the matrix.
    """
    scaled = (values - values.mean(axis=0)) / np.maximum(values.std(axis=0), 1e-12)
    columns = {name: np.flatnonzero(np.isin(genes, list(markers))) for name, markers in lists.items()}
    known = tuple(name for name, found in columns.items() if len(found))
    if not known:
        raise ConfigurationError("no marker is among the genes; give symbols as the matrix has them")
    return np.stack([scaled[:, columns[name]].mean(axis=1) for name in known], axis=1), known


def markers(values: Floats, genes: Sequence[str] | NDArray[np.str_], lists: Mapping[str, Sequence[str]]) -> Told:
    """Return the type whose markers are highest; certainty is the lead over the next."""
    scores, known = marker_scores(values, genes, lists)
    ordered = np.sort(scores, axis=1)
    lead = ordered[:, -1] - (ordered[:, -2] if scores.shape[1] > 1 else 0.0)
    return Told(np.asarray(known, dtype=np.str_)[scores.argmax(axis=1)], lead)
