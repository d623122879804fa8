"""What a side of texts is: texts in, one vector each out, frozen once it has been fitted."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from biomatrix.errors import ConfigurationError

if TYPE_CHECKING:
    from numpy.typing import NDArray

log = logging.getLogger("biomatrix.soft")


class TextSide(ABC):
    """A map from texts to vectors.

    Attributes
    ----------
    name : str
        As reports and projectors name it.
    width : int
        Numbers of a vector.
    """

    name: str
    width: int

    def fit(self, texts: Sequence[str]) -> None:  # noqa: B027  # most sides learn nothing of the texts
        """Learn from the training texts alone, where this side learns at all; once, before anything is encoded."""

    @property
    @abstractmethod
    def hash(self) -> str:
        """A SHA-256, in hexadecimal, of all that its vectors depend on."""

    def tell_cut(self, cut: int, texts: Sequence[str]) -> None:
        """Say how many of the texts that are encoded were cut at their end, where some were."""
        if cut:
            log.warning(
                "%s: %d of %d texts are longer than it reads, and were cut at their end", self.name, cut, len(texts)
            )

    def knows(self, text: str) -> bool:
        """Return whether a text has a vector: of a side that counts what it learned, not every one."""
        return bool(text.strip())

    @abstractmethod
    def vectors_of(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return the vectors of texts that are not empty, ``float32 [n, width]``."""

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return the vectors of texts, ``float32 [n, width]``; each distinct text is encoded once.

        Raises
        ------
        ConfigurationError
            A text is empty, or says nothing that this side knows.
        """
        distinct = list(dict.fromkeys(texts))
        for text in distinct:
            if not text.strip():
                raise ConfigurationError("an empty text says nothing to align with", record=texts.index(text) + 1)
        if not distinct:
            return np.empty((0, self.width), dtype=np.float32)
        found = np.asarray(self.vectors_of(distinct), dtype=np.float32)
        wrong = np.flatnonzero(~np.isfinite(found).all(axis=1) | ~found.any(axis=1))
        if len(wrong):
            text = distinct[int(wrong[0])]
            raise ConfigurationError(
                f"{self.name} knows nothing in {text[:40]!r}: it has no vector", record=texts.index(text) + 1
            )
        place = {text: at for at, text in enumerate(distinct)}
        return found[[place[text] for text in texts]]
