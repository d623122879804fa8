"""Molecules in 3D written with two tokens an atom, a symbol and a code, in place of one joint token.

Entries for symbols and codes stand past the end of the corpus's vocabulary; tokens that carry no code (branches, rings
and their indices) stay what they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.molecule.modalities.structure import join, split_joint
from biomatrix.errors import VocabularyError

if TYPE_CHECKING:
    from biomatrix.entities.molecule.structure.tokenizer import MoleculeCodes
    from biomatrix.vocabulary import Vocabulary

Ids = NDArray[np.int64]
NAME = "molecule_structure"
_NONE = -1


class FactoredTokens:
    """Ids of symbols and of codes.

    Parameters
    ----------
    vocabulary : Vocabulary
        Its joint tokens say which symbols carry a code, its structure tokenizer how many codes there are.

    Attributes
    ----------
    symbols : dict of str to int
        The id of each symbol that carries a code.
    codes : dict of int to int
        The id of each code.
    """

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary, self.block = vocabulary, vocabulary.block(NAME)
        parts = {int(id_): split_joint(token) for token, id_ in zip(self.block.tokens, self.block.ids, strict=True)}
        self._joint = {id_: part for id_, part in parts.items() if part is not None and part[1] >= 0}
        symbols = sorted({symbol for symbol, _ in self._joint.values()})
        modality: Any = vocabulary.modality(NAME)
        self.codes = {code: len(vocabulary) + code for code in range(modality.tokenizer.num_codes)}
        self.symbols = {symbol: len(vocabulary) + len(self.codes) + place for place, symbol in enumerate(symbols)}

    @property
    def added(self) -> int:
        """Entries past the end of the vocabulary."""
        return len(self.codes) + len(self.symbols)

    @property
    def rows(self) -> int:
        """Entries of the vocabulary and those past its end."""
        return len(self.vocabulary) + self.added

    @cached_property
    def _pairs(self) -> NDArray[np.int64]:
        """By id of the vocabulary, the two that stand for it, -1 for the second where it stays, ``int64 [rows, 2]``."""
        pairs = np.column_stack([np.arange(self.rows), np.full(self.rows, _NONE)])
        for id_, (symbol, code) in self._joint.items():
            pairs[id_] = self.symbols[symbol], self.codes[code]
        return pairs

    def rewritten(self, ids: Ids) -> Ids:
        """Return a document with two ids in place of each joint token that carries a code, ``int64 [n + atoms]``."""
        flat = self._pairs[ids].ravel()
        kept: Ids = flat[flat != _NONE]
        return kept

    def atoms(self, ids: Ids) -> int:
        """Return how many tokens of a document of joint tokens carry a code."""
        return int((self._pairs[ids, 1] != _NONE).sum())

    def written(self, codes: MoleculeCodes) -> Ids:
        """Return a document of a molecule's symbols and codes, whether or not they make joint tokens of the vocabulary.

        Raises
        ------
        VocabularyError
            A symbol, or a token without a code, is none of the vocabulary.
        """
        ids = [self.block.start_id]
        for token in join(codes):
            ids += self._one(token)
        end = self.vocabulary.end_of_text_id
        return np.array([*ids, self.block.end_id, *([] if end is None else [end])], dtype=np.int64)

    def _one(self, token: str) -> Sequence[int]:
        symbol, code = split_joint(token) or ("", _NONE)
        if code < 0:
            return [int(id_) for id_ in self.block.lookup([token])]
        if symbol not in self.symbols or code not in self.codes:
            raise VocabularyError(f"no joint token of the vocabulary has the symbol of {token!r}")
        return [self.symbols[symbol], self.codes[code]]
