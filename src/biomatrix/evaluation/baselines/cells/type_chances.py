"""Types of cells with a chance each: by marker lists, and by logistic regression on ranks of a reference.

Legend: C cells, G genes, T types.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from biomatrix.errors import ConfigurationError
from biomatrix.evaluation.baselines.cells.annotation import fitted_regression
from biomatrix.evaluation.baselines.cells.features import rank_features
from biomatrix.metrics.cells.neighbours import nearest

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

NEIGHBOURS: Final = 15
TOP_GENES: Final = 200
TEMPERATURE: Final = 1.0
"""By which scores of markers are divided before they are made chances."""
ROUNDS: Final = 3
FEWEST_MARKERS: Final = 3
_HIGHEST: Final = 3.0
"""At which z-scores are cut: one gene is no type."""
_LEAST_SHARE: Final = 0.02
"""Of the cells, below which a type does not gain weight: a few mistaken cells are no type."""
_POOL: Final = 20_000
"""Cells among which neighbours are looked for; of more, as many spread over the file."""


@dataclass(frozen=True, eq=False)
class TypeChances:
    """What each cell may be.

    Parameters
    ----------
    names : tuple of str, length T
    chances : ndarray, shape=(C, T), dtype=float64
        Not below 0; what a row lacks to 1 is the chance of none of them.
    evidence : ndarray, shape=(T, G), dtype=float64
        What each gene adds to the score of a type, against the mean of the others, on average over the cells whose
        best type it is. The scores are linear in it, so that this is the whole of what decided.
    genes : ndarray, shape=(G,), dtype=object
        Ensembl ids.
    """

    names: tuple[str, ...]
    chances: Floats
    evidence: Floats
    genes: NDArray[np.object_]

    def deciding(self, name: str, count: int = 10) -> list[tuple[str, float]]:
        """Return the genes that decided most for a type, with what they added; fewer where fewer did."""
        row = self.evidence[self.names.index(name)]
        order = np.argsort(-row, kind="stable")[:count]
        return [(str(self.genes[at]), float(row[at])) for at in order.tolist() if row[at] > 0]


def chances_by_markers(
    values: Floats,
    genes: NDArray[np.object_],
    lists: Mapping[str, Sequence[str]],
    vectors: Floats,
    *,
    temperature: float = TEMPERATURE,
    rounds: int = ROUNDS,
) -> TypeChances:
    """Return chances from the markers of each type, averaged over the cells most like each.

    The score of a type is the sum of its markers' z-scores over all cells, each weighed by one over the number of
    types that it marks, over the root of the sum of squares of these weights: 0 for a cell like the others, with a
    variance of 1 were the genes independent. Chances are a softmax over these and 0, which stands for none of them.

    Parameters
    ----------
    values : ndarray, shape=(C, G)
        Log expression.
    genes : ndarray, shape=(G,), dtype=object
        Ensembl ids, "" where there is none.
    lists : mapping of str to sequence of str
        Ensembl ids of each type's markers; types with fewer than three in the matrix are left out.
    vectors : ndarray, shape=(C, d)
        Where the cells lie, for neighbours.
    temperature : float
    rounds : int
        After each, z-scores are taken over cells that weigh so that the types found weigh the same: else a type that
        is most of the file would be like the mean, and not stand out.

    Raises
    ------
    ConfigurationError
        Fewer than two types have markers in the matrix.
    """
    place = {gene: column for column, gene in enumerate(genes.tolist()) if gene}
    present = {name: [place[gene] for gene in own if gene in place] for name, own in lists.items()}
    present = {name: own for name, own in present.items() if len(own) >= FEWEST_MARKERS}
    if len(present) < 2:
        raise ConfigurationError(
            f"{len(present)} of {len(lists)} types have {FEWEST_MARKERS} markers or more among the matrix's genes; "
            "name another tissue, give lists (--markers) or a reference (--reference)"
        )
    columns = sorted({column for own in present.values() for column in own})
    at = {column: row for row, column in enumerate(columns)}
    shared = Counter(column for own in present.values() for column in own)
    weights = np.zeros((len(columns), len(present)))
    for number, own in enumerate(present.values()):
        for column in own:
            weights[at[column], number] = 1 / shared[column]
    weights /= np.sqrt((weights**2).sum(axis=0))
    shares = np.ones(len(values))
    for _ in range(rounds):
        around = _over_neighbours(_scaled(values[:, columns], shares), vectors)
        scores = np.hstack([around @ weights, np.zeros((len(values), 1))]) / temperature
        raised = np.exp(scores - scores.max(axis=1, keepdims=True))
        chances = raised / raised.sum(axis=1, keepdims=True)
        counts = np.bincount(chances.argmax(axis=1), minlength=chances.shape[1])
        shares = 1 / np.maximum(counts, _LEAST_SHARE * len(values))[chances.argmax(axis=1)]
    return TypeChances(tuple(present), chances[:, :-1], _evidence(around, weights, chances[:, :-1]), genes[columns])


def _scaled(values: Floats, shares: Floats) -> Floats:
    """Return z-scores over cells that weigh as told, cut."""
    mean = np.average(values, axis=0, weights=shares)
    spread = np.sqrt(np.average((values - mean) ** 2, axis=0, weights=shares))
    return np.asarray(np.clip((values - mean) / np.maximum(spread, 1e-12), -_HIGHEST, _HIGHEST))


def _over_neighbours(values: Floats, vectors: Floats) -> Floats:
    """Return the mean over each cell's nearest, itself among them where it is in the pool."""
    pool = np.unique(np.linspace(0, len(values) - 1, min(len(values), _POOL)).astype(np.intp))
    places, _ = nearest(vectors, vectors[pool], min(NEIGHBOURS, len(pool)))
    total = np.zeros_like(values)
    for column in places.T:
        total += values[pool[column]]
    return np.asarray(total / places.shape[1])


def _evidence(features: Floats, weights: Floats, chances: Floats) -> Floats:
    best = chances.argmax(axis=1)
    against = weights - weights.mean(axis=1, keepdims=True)
    found = np.zeros((weights.shape[1], weights.shape[0]))
    for number in np.unique(best).tolist():
        found[number] = features[best == number].mean(axis=0) * against[:, number]
    return found


@dataclass(frozen=True, eq=False)
class RankModel:
    """Logistic regression on which genes of a cell are highest.

    Parameters
    ----------
    names : tuple of str, length T
    weights : ndarray, shape=(G, T), dtype=float64
    offsets : ndarray, shape=(T,), dtype=float64
    mean : ndarray, shape=(G,), dtype=float64
        Of the features over the cells it was fitted to, against which evidence is told.
    genes : ndarray, shape=(G,), dtype=object
    """

    names: tuple[str, ...]
    weights: Floats
    offsets: Floats
    mean: Floats
    genes: NDArray[np.object_]

    @classmethod
    def fitted(cls, values: Floats, genes: NDArray[np.object_], labels: NDArray[np.str_]) -> RankModel:
        """Return the model of labelled cells, ``values [C, G]``; at least two types are needed."""
        if len(np.unique(labels)) < 2:
            raise ConfigurationError("the reference has fewer than two types; name the column of types (--label)")
        features = rank_features(values, TOP_GENES)
        model: Any = fitted_regression(features, labels)
        weights, offsets = np.asarray(model.coef_).T, np.asarray(model.intercept_)
        if len(offsets) == 1:  # of two types scikit-learn keeps the second alone
            weights, offsets = np.hstack([-weights, weights]) / 2, np.array([-offsets[0], offsets[0]]) / 2
        return cls(tuple(map(str, model.classes_)), weights, offsets, features.mean(axis=0), genes)

    def chances(self, values: Floats) -> TypeChances:
        """Return what cells with the same genes may be, ``values [C, G]``."""
        features = rank_features(values, TOP_GENES)
        scores = features @ self.weights + self.offsets
        raised = np.exp(scores - scores.max(axis=1, keepdims=True))
        chances = raised / raised.sum(axis=1, keepdims=True)
        return TypeChances(self.names, chances, _evidence(features - self.mean, self.weights, chances), self.genes)
