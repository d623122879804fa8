"""The order of documents where groups of them are drawn at rates of their own, computed where it is asked.

Each group has an endless order of its own: a permutation of its documents an epoch. A window takes the next stretch of
every group, as long as its rate says, so where each group stands after w windows is a product, and resuming stays a
seek. No group strays from its share by more than a document.

Legend of shapes: G groups, W documents of a window, n of one group.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from biomatrix.corpus.order import Permutation
from biomatrix.errors import ConfigurationError
from biomatrix.training.batches import Documents, window_size
from biomatrix.training.mixture import MixtureSection, sampled_tokens

if TYPE_CHECKING:
    from biomatrix.corpus.groups import DocumentGroups
    from biomatrix.training.config import BatchSection

Ids = NDArray[np.int64]
_BITS: Final = 20
"""Rates are whole multiples of 2**-20 documents a window: sums of them are exact on every machine."""


class MixedOrder:
    """Windows in which every group has its share of tokens.

    Parameters
    ----------
    groups : DocumentGroups
        The documents of each group.
    tokens : ndarray, shape=(G,), dtype=float64
        The predicted tokens of each group, in proportion; 0 leaves one out.
    batches : BatchSection
        How documents are laid out, which says how many stand in a window.
    seed : int
        Decides the order.

    Attributes
    ----------
    windows : int
        Windows of one epoch, which has as many predicted tokens as the corpus.
    """

    def __init__(self, groups: DocumentGroups, tokens: NDArray[np.float64], batches: BatchSection, seed: int) -> None:
        self.groups, self.seed = groups, seed
        drawn = np.flatnonzero((tokens > 0) & (groups.tokens > 0))
        shares = tokens[drawn] / tokens[drawn].sum()
        lengths = groups.tokens[drawn] / groups.documents[drawn]
        documents = shares / lengths  # of one predicted token
        mean = 1.0 / float(documents.sum())
        in_all = int(groups.tokens.sum())
        window = min(window_size(np.array([mean + 1.0]), batches), max(1, round(in_all / mean)))
        rates = np.maximum(np.rint(documents * mean * window * (1 << _BITS)), 1)
        self._rates = dict(zip(drawn.tolist(), rates.astype(np.int64).tolist(), strict=True))
        self.windows = max(1, round(in_all / (mean * window)))

    def members(self, epoch: int, window: int) -> Ids:
        """Return the documents of one window, ``int64 [W]``: a whole stretch of each group's own order."""
        number = epoch * self.windows + window
        parts = [
            self._stretch(group, self._place(rate, number), self._place(rate, number + 1))
            for group, rate in self._rates.items()
        ]
        found = np.concatenate(parts)
        # Rows are laid out in this order, and neighbours of one group would make batches of one group.
        return found[self._shuffled("members", number, len(found))]

    def shuffled(self, epoch: int, window: int, count: int) -> Ids:
        """Return an order of ``count`` things that are made of a window, such as its batches, ``int64 [count]``."""
        return self._shuffled("batches", epoch * self.windows + window, count)

    def _shuffled(self, what: str, number: int, count: int) -> Ids:
        if not count:
            return np.empty(0, dtype=np.int64)
        return Permutation(count, (self.seed, "mixture", what, number)).at(range(count))

    @staticmethod
    def _place(rate: int, window: int) -> int:
        """Return how many documents of a group stand before a window; half a document early, so none waits long."""
        return (window * rate + (1 << (_BITS - 1))) >> _BITS

    def _stretch(self, group: int, first: int, stop: int) -> Ids:
        """Return the documents of a group from one place of its endless order to another, ``int64 [n]``."""
        count = int(self.groups.documents[group])
        parts = [np.empty(0, dtype=np.int64)]
        while first < stop:
            epoch, start = divmod(first, count)
            end = min(count, start + stop - first)
            order = Permutation(count, (self.seed, "mixture", self.groups.names[group], epoch))
            parts.append(self.groups.numbers(group, order.at(range(start, end))))
            first += end - start
        return np.concatenate(parts)


def order_of(documents: Documents, batches: BatchSection, mixture: MixtureSection, seed: int) -> MixedOrder | None:
    """Return the order of a mixture; None where every document is drawn equally often.

    Parameters
    ----------
    documents : Documents
        The training corpus.
    batches : BatchSection
    mixture : MixtureSection
    seed : int

    Raises
    ------
    ConfigurationError
        The documents do not say what they are, or a weight is for something that is not there.
    """
    from biomatrix.corpus.groups import document_groups
    from biomatrix.corpus.shards import TokenShards

    if mixture.is_plain:
        return None
    if not isinstance(documents, TokenShards):
        raise ConfigurationError(f"a mixture by {mixture.by} needs a corpus of token shards, which says what each is")
    groups = document_groups(documents, mixture.by)
    return MixedOrder(groups, sampled_tokens(groups.names, groups.tokens, mixture), batches, seed)
