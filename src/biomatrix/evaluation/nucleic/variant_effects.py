"""The effect of variants by the likelihood of their windows: the BRCA1 protocol of Evo 2.

``arcinstitute/evo2`` ``notebooks/brca1``: the mean log-likelihood of the window with the variant minus that without;
AUROC of how much it falls, for loss of function against all else. Any model stands beside conservation (phyloP): on
this table it scores 0.781 and Evo 2 1B 0.7287.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from biomatrix.evaluation.nucleic.likelihood import SequenceModel
from biomatrix.evaluation.nucleic.windows import VariantWindow
from biomatrix.metrics.ranked_pairs import RankedPairs, ranked_pairs

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

LOSS, BETWEEN, FUNCTIONAL = "LOF", "INT", "FUNC"
_AT_ONCE: Final = 256


def variant_deltas(model: SequenceModel, windows: Sequence[VariantWindow]) -> NDArray[np.float64]:
    """Return how much likelier each variant is than the reference, ``float64 [n]``; below 0 where it is less likely.

    Nats a token for models that read from left to right, nats a variant for masked ones. Give
    :class:`~biomatrix.evaluation.nucleic.likelihood.BothStrands` of a model for the mean of both strands.
    """
    found: list[float] = []
    for start in range(0, len(windows), _AT_ONCE):
        part = windows[start : start + _AT_ONCE]
        found += model.differences([one.reference for one in part], [one.alternative for one in part])
    return np.array(found, dtype=np.float64)


def effect_scores(
    classes: Sequence[str], deltas: ArrayLike, beside: Mapping[str, ArrayLike] | None = None
) -> dict[str, RankedPairs]:
    """Return how well deltas tell loss of function from the rest, and what other scores do on the same variants.

    Parameters
    ----------
    classes : sequence of str
        ``LOF``, ``FUNC`` or ``INT``.
    deltas : array, shape=(n,)
    beside : mapping of str to array, optional
        Scores of which higher means more harmful, such as phyloP and CADD; NaN where there is none, which counts last.

    Returns
    -------
    mapping of str to RankedPairs
        ``delta`` against ``FUNC`` and ``INT``; ``delta_without_intermediate``; each name of ``beside``.
    """
    kinds, falls = np.array(classes), -np.asarray(deltas, dtype=np.float64)
    truth, sure = kinds == LOSS, kinds != BETWEEN
    return {
        "delta": ranked_pairs(truth, falls),
        "delta_without_intermediate": ranked_pairs(truth[sure], falls[sure]),
        **{name: ranked_pairs(truth, np.asarray(each, dtype=np.float64)) for name, each in (beside or {}).items()},
    }
