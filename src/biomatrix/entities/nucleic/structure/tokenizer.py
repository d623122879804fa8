"""The base class of RNA structure tokenizers: backbones to one code per nucleotide, and codes to backbones."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from biomatrix.entities.codes import checked_codes
from biomatrix.entities.nucleic.entity import NucleicAcid
from biomatrix.entities.structure_tokenizer import StructureTokenizer


class RnaStructureTokenizer(StructureTokenizer[NucleicAcid, NDArray[np.int16], ArrayLike, NDArray[np.float32]]):
    """Turns backbones of nucleic acids into codes, one per nucleotide, and codes into backbones.

    A strand is encoded as ``int16 [L]``: 0 to ``num_codes - 1``, or -1 where the nucleotide lacks one of P, C4' and the
    glycosidic N. Any array of whole numbers in that range decodes, to ``float32 [L, 15, 3]`` in Angstrom, the atoms of
    `NucleicAcid.ATOMS`, NaN where the code is -1. Codes do not depend on the batch a strand was encoded in, on its
    bases, or on its position in space but for rounding. DNA is encoded as RNA is, and comes back with an O2'. A nucleic
    acid without a backbone is refused (UnsupportedError), and so are codes out of range (DecodeError).
    """

    kind: ClassVar[str] = "rna"
    also: ClassVar[tuple[str, ...]] = ("dna",)

    def prepare_codes(self, codes: ArrayLike) -> Any:
        """Return a code array as ``int64 [L]``, each -1 or a code.

        Raises
        ------
        DecodeError
            A code out of range, with its position from 1, or an array that is not one-dimensional and whole-numbered.
        """
        return checked_codes(codes, self.num_codes)
