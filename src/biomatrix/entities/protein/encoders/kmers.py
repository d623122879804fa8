"""k-mer counts of a protein: how often each run of so many amino acids occurs in its sequence."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.encoder import DirectEncoder, encoder_hash
from biomatrix.entities.structure_files.residues import STANDARD
from biomatrix.errors import ConfigurationError, UnsupportedError

if TYPE_CHECKING:
    from biomatrix.entities.protein.entity import Protein

_LETTERS: Final = "".join(sorted(STANDARD.values()))
_LONGEST: Final = 3
"""Four letters would make 160,000 numbers of a protein."""


class KmerCounts(DirectEncoder):
    """Square roots of the shares of all k-mers of a sequence: one vector of 8,000 numbers, of Euclidean length 1.

    A k-mer with a letter that is none of the twenty amino acids is passed over. Only the sequence is read.

    Parameters
    ----------
    length : int
        Letters of a k-mer, from 1 to 3: 20, 400 or 8,000 numbers, in alphabetical order.

    Raises
    ------
    ConfigurationError
        Another length.

    Examples
    --------
    >>> from biomatrix.entities import Protein
    >>> KmerCounts(length=1).encode([Protein.from_sequence("AAAC")])[0, 0, :2].round(3).tolist()
    [0.8659999966621399, 0.5]
    """

    kind = "protein"
    k = 1
    pooling = "square roots of shares"

    def __init__(self, *, length: int = 3) -> None:
        if not 1 <= length <= _LONGEST:
            raise ConfigurationError(f"length={length}; a k-mer has from 1 to {_LONGEST} letters")
        self.length, self.d = length, len(_LETTERS) ** length

    @cached_property
    def hash(self) -> str:
        """A SHA-256 of the settings and the version of the code."""
        return encoder_hash(self, {"length": self.length, "letters": _LETTERS})

    def content(self, entity: Any) -> bytes:
        """Return the sequence; coordinates, labels and notes are left out."""
        return str(entity.sequence).encode()

    def vectors_of(self, entity: Protein) -> NDArray[np.float32]:
        """Return the k-mers of a sequence, ``float32 [1, d]``; UnsupportedError where it has none."""
        letters = self._places[np.frombuffer(entity.sequence.encode("latin-1", "replace"), dtype=np.uint8)]
        if len(letters) < self.length:
            raise UnsupportedError(f"{len(letters)} residues hold no k-mer of {self.length} letters")
        codes = np.zeros(len(letters) - self.length + 1, dtype=np.int64)
        known = np.ones(len(codes), dtype=bool)
        for place in range(self.length):
            window = letters[place : place + len(codes)]
            codes = codes * len(_LETTERS) + window
            known &= window >= 0
        counts = np.bincount(codes[known], minlength=self.d)
        if not counts.any():
            raise UnsupportedError(f"no run of {self.length} amino acids is known in this sequence")
        found: NDArray[np.float32] = np.sqrt(counts / counts.sum()).astype(np.float32)[None]
        return found

    @cached_property
    def _places(self) -> NDArray[np.int64]:
        """The place of each letter among the amino acids by its byte, -1 for others, ``int64 [256]``."""
        places = np.full(256, -1, dtype=np.int64)
        places[[ord(letter) for letter in _LETTERS]] = np.arange(len(_LETTERS))
        return places
