"""Where texts lie in a decoder's space of embeddings, so that entities may be brought to them.

Legend of shapes: n texts, T numbers of a text's vector, D of an embedding of the decoder.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from biomatrix.errors import ConfigurationError
from biomatrix.soft.alignment.text_side import TextSide

if TYPE_CHECKING:
    from numpy.typing import NDArray


class TextSpace:
    """A side of texts, their mean, and an isometry into D numbers.

    Vectors of texts share a large part that tells none from another, so their mean over the training texts is taken
    off. A side of T numbers other than the decoder's D goes into its space by the matrix with orthonormal rows that
    brings the texts nearest to the decoder's own mean embeddings of them (Procrustes): angles between texts stay as
    they are, and what is aligned with them lies as near to the words' embeddings as they allow.

    Parameters
    ----------
    side : TextSide
        Fitted.
    mean : ndarray, shape=(T,), dtype=float32
    lift : ndarray, shape=(T, D), dtype=float32, optional
        Orthonormal rows; None where T is D and nothing is turned.
    """

    def __init__(self, side: TextSide, mean: NDArray[np.float32], lift: NDArray[np.float32] | None = None) -> None:
        self.side, self.mean, self.lift = side, mean, lift

    @property
    def width(self) -> int:
        """Numbers of a vector, D."""
        return self.side.width if self.lift is None else int(self.lift.shape[1])

    @classmethod
    def fit(cls, side: TextSide, texts: Sequence[str], toward: TextSide | None = None) -> TextSpace:
        """Fit a side to training texts, and bring it into another's space.

        Parameters
        ----------
        side : TextSide
        texts : sequence of str
            Of training alone.
        toward : TextSide, optional
            The mean embeddings of the decoder; the space of ``side`` itself where not given.

        Raises
        ------
        ConfigurationError
            The side has more numbers than the decoder's embeddings.
        """
        distinct = list(dict.fromkeys(texts))
        side.fit(distinct)
        distinct = [text for text in distinct if side.knows(text)]
        vectors = side.encode(distinct).astype(np.float64)
        mean = vectors.mean(axis=0)
        if toward is None or toward is side:
            return cls(side, mean.astype(np.float32))
        if side.width > toward.width:
            raise ConfigurationError(
                f"texts have {side.width} numbers and the decoder's embeddings {toward.width}; give "
                f"width={toward.width} or fewer"
            )
        own = toward.encode(distinct).astype(np.float64)
        left, _, right = np.linalg.svd((vectors - mean).T @ (own - own.mean(axis=0)), full_matrices=False)
        return cls(side, mean.astype(np.float32), np.ascontiguousarray(left @ right, dtype=np.float32))

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return texts in the decoder's space, ``float32 [n, D]``."""
        centred = self.side.encode(texts) - self.mean
        return centred if self.lift is None else np.asarray(centred @ self.lift, dtype=np.float32)
