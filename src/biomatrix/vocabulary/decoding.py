"""Ids to typed segments: text, entities, and for the rest what failed and why."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from tokenizers import Tokenizer

from biomatrix.entities.base_modality import Modality
from biomatrix.errors import BioMatrixError
from biomatrix.vocabulary.blocks import Block
from biomatrix.vocabulary.segments import NOTHING, TEXT, Failure, Segment, Span, Splitter, Value

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Decoder:
    """Turns ids into typed segments.

    Parameters
    ----------
    backend : tokenizers.Tokenizer
        Spells ids.
    blocks : mapping of str to Block
        Where each modality lives.
    roles : ndarray, shape=(size,), dtype=int16
        The role of every id; see :mod:`biomatrix.vocabulary.segments`.
    modality : callable
        Returns a modality by name, ready for use, or raises VocabularyError.
    """

    def __init__(
        self,
        backend: Tokenizer,
        blocks: Mapping[str, Block],
        roles: NDArray[np.int16],
        modality: Callable[[str], Modality],
    ) -> None:
        self._backend = backend
        self._blocks = blocks
        self._names = list(blocks)
        self._roles = roles
        self._modality = modality
        text_ids = [None if block.modality.spelled_as_text else block.text_ids for block in blocks.values()]
        self._splitter = Splitter(roles, self._names, text_ids)

    def segments(self, ids: Sequence[int] | NDArray[np.integer], skip_special: bool = False) -> list[Segment]:
        """Return the parts of a sequence in order, with the place, modality and tokens of each."""
        array = np.asarray(ids, dtype=np.int64).reshape(-1)
        found = [self._segment(array, span, skip_special) for span in self._splitter.split(array)]
        return [segment for segment in found if segment.value != ""]

    def text(self, ids: Sequence[int] | NDArray[np.integer]) -> str:
        """Return ids as the tokenizer writes them, control tokens and all; ids of no token leave nothing."""
        held = [int(id_) for id_ in ids if 0 <= id_ < len(self._roles) and self._roles[id_] != NOTHING]
        return str(self._backend.decode(held, skip_special_tokens=False))

    def _segment(self, ids: NDArray[np.int64], span: Span, skip_special: bool) -> Segment:
        inside = ids[span.start : span.stop]
        if span.fault is not None:
            failure = Failure(self.text(inside), *span.fault)
            name = None if span.modality is None else self._names[span.modality]
            return Segment(failure, name, span.start, span.stop)
        if span.modality is None:
            kept = inside[self._roles[inside] == TEXT] if skip_special else inside
            return Segment(self.text(kept), None, span.start, span.stop)
        return self._entity_segment(inside, span, self._names[span.modality])

    def _entity_segment(self, inside: NDArray[np.int64], span: Span, name: str) -> Segment:
        spelled_as_text = self._blocks[name].modality.spelled_as_text
        middle = inside[1:-1]
        if spelled_as_text:
            tokens: tuple[str, ...] = (self.text(middle),) if len(middle) else ()
        else:
            tokens = tuple(str(self._backend.id_to_token(int(id_))) for id_ in middle)
        value: Value
        try:
            value = self._modality(name).decode(tokens)
        except BioMatrixError as error:
            # Characters of a spelled-out string do not line up with its pieces.
            within = error.position if isinstance(error.position, int) and not spelled_as_text else 0
            value = Failure(self.text(inside), error.message, span.start + 1 + within)
        return Segment(value, name, span.start, span.stop, tokens)
