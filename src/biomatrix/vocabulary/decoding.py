"""Ids to typed segments: text, entities, and for anything else a failure with its reason."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from tokenizers import Tokenizer

from biomatrix.entities.base_entity import Entity
from biomatrix.entities.base_modality import Modality
from biomatrix.entities.composite import Part
from biomatrix.errors import BioMatrixError, VocabularyError
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
        numbers = {name: number for number, name in enumerate(self._names)}
        parts = [frozenset(numbers[part] for part in block.parts) for block in blocks.values()]
        self._splitter = Splitter(roles, self._names, text_ids, parts)

    def segments(self, ids: Sequence[int] | NDArray[np.integer], skip_special: bool = False) -> list[Segment]:
        """Return the parts of a sequence, shape ``[n]``, in order, with the place, modality and tokens of each."""
        array = np.asarray(ids, dtype=np.int64).reshape(-1)
        segments = [self._segment(array, span, skip_special) for span in self._splitter.split(array)]
        return [segment for segment in segments if segment.value != ""]

    def text(self, ids: Sequence[int] | NDArray[np.integer]) -> str:
        """Return ids as the tokenizer writes them, control tokens included; ids without a token are left out."""
        valid_ids = [int(id_) for id_ in ids if 0 <= id_ < len(self._roles) and self._roles[id_] != NOTHING]
        return str(self._backend.decode(valid_ids, skip_special_tokens=False))

    def _segment(self, ids: NDArray[np.int64], span: Span, skip_special: bool = False) -> Segment:
        inside = ids[span.start : span.stop]
        name = None if span.modality is None else self._names[span.modality]
        if name is not None and self._blocks[name].parts:
            return self._composite_segment(ids, span, name)
        if span.fault is not None:
            return Segment(Failure(self.text(inside), *span.fault), name, span.start, span.stop)
        if name is None:
            text_ids = inside[self._roles[inside] == TEXT] if skip_special else inside
            return Segment(self.text(text_ids), None, span.start, span.stop)
        return self._entity_segment(inside, span, name)

    def _entity_segment(self, inside: NDArray[np.int64], span: Span, name: str) -> Segment:
        spelled_as_text = self._blocks[name].modality.spelled_as_text
        middle = inside[1:-1]
        if spelled_as_text:
            tokens: tuple[str, ...] = (self.text(middle),) if len(middle) else ()
        else:
            tokens = self._tokens(middle)
        value: Value
        try:
            value = self._modality(name).decode(tokens)
        except BioMatrixError as error:
            # Characters of a spelled-out string do not line up with its pieces.
            within = error.position if isinstance(error.position, int) and not spelled_as_text else 0
            value = Failure(self.text(inside), error.message, span.start + 1 + within)
        return Segment(value, name, span.start, span.stop, tokens)

    def _composite_segment(self, ids: NDArray[np.int64], span: Span, name: str) -> Segment:
        """Return a composite segment, its parts decoded: the joined entity, or the first fault."""
        parts = tuple(self._segment(ids, part) for part in span.parts)
        text = self.text(ids[span.start : span.stop])
        if span.fault is not None:
            return Segment(Failure(text, *span.fault), name, span.start, span.stop, (), parts)
        items = list(self._items(ids, span, parts))
        tokens: list[str] = []
        for _, item in items:
            tokens += [item] if isinstance(item, str) else self._wrap(item)
        value = self._join(name, items, text, span)
        return Segment(value, name, span.start, span.stop, tuple(tokens), parts)

    def _wrap(self, part: Segment) -> Sequence[str]:
        """Return a part's tokens between its control tokens, as they stand among the composite's tokens."""
        modality = self._blocks[str(part.modality)].modality
        return modality.start_token, *part.tokens, modality.end_token

    def _items(
        self, ids: NDArray[np.int64], span: Span, parts: Sequence[Segment]
    ) -> Iterator[tuple[int, str | Segment]]:
        """Yield a composite's own tokens and its parts, in order, each with its place in the ids."""
        position = span.start + 1
        for part in parts:
            yield from zip(range(position, part.start), self._tokens(ids[position : part.start]), strict=True)
            yield part.start, part
            position = part.stop
        yield from zip(range(position, span.stop - 1), self._tokens(ids[position : span.stop - 1]), strict=True)

    def _join(self, name: str, items: Sequence[tuple[int, str | Segment]], text: str, span: Span) -> Entity | Failure:
        composite = self._blocks[name].composite
        if composite is None:
            raise VocabularyError(f"{name} has parts but is no composite modality")
        segments: list[str | Part] = []
        for _, item in items:
            if isinstance(item, str):
                segments.append(item)
            elif isinstance(item.value, Entity):
                segments.append(Part(str(item.modality), item.value, item.tokens))
            elif isinstance(item.value, Failure):
                return Failure(text, f"{item.modality}: {item.value.reason}", item.value.position)
        try:
            return composite.join(segments)
        except BioMatrixError as error:
            places = [*(place for place, _ in items), span.stop - 1]
            index = error.position if isinstance(error.position, int) else len(items)
            return Failure(text, error.message, places[min(max(index, 0), len(items))])

    def _tokens(self, ids: NDArray[np.int64]) -> tuple[str, ...]:
        return tuple(str(self._backend.id_to_token(id_)) for id_ in ids.tolist())
