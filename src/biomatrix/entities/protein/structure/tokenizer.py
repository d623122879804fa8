"""The base class of protein structure tokenizers: backbones to one code per residue, and codes to backbones."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from biomatrix.entities.codes import checked_codes
from biomatrix.entities.protein.entity import Protein
from biomatrix.entities.structure_tokenizer import StructureTokenizer


class ProteinStructureTokenizer(StructureTokenizer[Protein, NDArray[np.int16], ArrayLike, NDArray[np.float32]]):
    """Turns backbones into codes, one per residue, and codes into backbones.

    A chain is encoded as ``int16 [L]``: 0 to ``num_codes - 1``, or -1 where the residue lacks one of N, CA and C. Any
    array of whole numbers in that range decodes, to ``float32 [L, 3, 3]`` = residue, (N, CA, C), xyz in Angstrom, NaN
    where the code is -1. Codes do not depend on the batch a chain was encoded in, on the residue types, or on its
    position in space but for rounding. A protein without a backbone is refused (UnsupportedError), and so are codes
    out of range (DecodeError).
    """

    kind: ClassVar[str] = "protein"

    def prepare_codes(self, codes: ArrayLike) -> Any:
        """Return a code array as ``int64 [L]``, each -1 or a code.

        Raises
        ------
        DecodeError
            A code out of range, with its position from 1, or an array that is not one-dimensional and whole-numbered.
        """
        return checked_codes(codes, self.num_codes)
