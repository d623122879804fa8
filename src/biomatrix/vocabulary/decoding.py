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
        return self.segments_each([ids], skip_special)[0]

    def segments_each(
        self, sequences: Sequence[Sequence[int] | NDArray[np.integer]], skip_special: bool = False
    ) -> list[list[Segment]]:
        """Return the parts of many sequences: the entities of one modality, in all of them, are decoded in one call."""
        arrays = [np.asarray(ids, dtype=np.int64).reshape(-1) for ids in sequences]
        spans = [list(self._splitter.split(array)) for array in arrays]
        decoded = self._decode_spans(arrays, spans)
        return [
            [segment for span in row if (segment := self._segment(array, span, known, skip_special)).value != ""]
            for array, row, known in zip(arrays, spans, decoded, strict=True)
        ]

    def text(self, ids: Sequence[int] | NDArray[np.integer]) -> str:
        """Return ids as the tokenizer writes them, control tokens included; ids without a token are left out."""
        valid_ids = [int(id_) for id_ in ids if 0 <= id_ < len(self._roles) and self._roles[id_] != NOTHING]
        return str(self._backend.decode(valid_ids, skip_special_tokens=False))

    def _decode_spans(
        self, arrays: Sequence[NDArray[np.int64]], spans: Sequence[Sequence[Span]]
    ) -> list[dict[int, Entity | BioMatrixError]]:
        """Return what the entities of each sequence spell, or why nothing, by the start of their spans."""
        waiting: dict[str, list[tuple[int, int, tuple[str, ...]]]] = {}
        for row, (array, own) in enumerate(zip(arrays, spans, strict=True)):
            for span, name in self._simple_spans(own):
                waiting.setdefault(name, []).append((row, span.start, self._inner_tokens(array, span, name)))
        decoded: list[dict[int, Entity | BioMatrixError]] = [{} for _ in arrays]
        for name, entries in waiting.items():
            try:
                values = self._modality(name).decode_each([tokens for _, _, tokens in entries])
            except BioMatrixError as error:  # the modality itself cannot be used
                values = [error] * len(entries)
            for (row, start, _), value in zip(entries, values, strict=True):
                decoded[row][start] = value
        return decoded

    def _simple_spans(self, spans: Sequence[Span]) -> Iterator[tuple[Span, str]]:
        """Yield every sound span of one modality with its name, those inside composites included."""
        for span in spans:
            name = None if span.modality is None else self._names[span.modality]
            if name is not None and self._blocks[name].parts:
                yield from self._simple_spans(span.parts)
            elif name is not None and span.fault is None:
                yield span, name

    def _segment(
        self,
        ids: NDArray[np.int64],
        span: Span,
        decoded: Mapping[int, Entity | BioMatrixError],
        skip_special: bool = False,
    ) -> Segment:
        inside = ids[span.start : span.stop]
        name = None if span.modality is None else self._names[span.modality]
        if name is not None and self._blocks[name].parts:
            return self._composite_segment(ids, span, name, decoded)
        if span.fault is not None:
            return Segment(Failure(self.text(inside), *span.fault), name, span.start, span.stop)
        if name is None:
            text_ids = inside[self._roles[inside] == TEXT] if skip_special else inside
            return Segment(self.text(text_ids), None, span.start, span.stop)
        return self._entity_segment(ids, span, name, decoded[span.start])

    def _inner_tokens(self, ids: NDArray[np.int64], span: Span, name: str) -> tuple[str, ...]:
        """Return the tokens between a span's control pair; one string where the modality is spelled as text."""
        middle = ids[span.start + 1 : span.stop - 1]
        if self._blocks[name].modality.spelled_as_text:
            return (self.text(middle),) if len(middle) else ()
        return self._tokens(middle)

    def _entity_segment(
        self, ids: NDArray[np.int64], span: Span, name: str, decoded: Entity | BioMatrixError
    ) -> Segment:
        tokens = self._inner_tokens(ids, span, name)
        value: Value = decoded if not isinstance(decoded, BioMatrixError) else self._failure(ids, span, name, decoded)
        return Segment(value, name, span.start, span.stop, tokens)

    def _failure(self, ids: NDArray[np.int64], span: Span, name: str, error: BioMatrixError) -> Failure:
        # Characters of a spelled-out string do not line up with its pieces.
        spelled = self._blocks[name].modality.spelled_as_text
        within = error.position if isinstance(error.position, int) and not spelled else 0
        return Failure(self.text(ids[span.start : span.stop]), error.message, span.start + 1 + within)

    def _composite_segment(
        self, ids: NDArray[np.int64], span: Span, name: str, decoded: Mapping[int, Entity | BioMatrixError]
    ) -> Segment:
        """Return a composite segment, its parts decoded: the joined entity, or the first fault."""
        parts = tuple(self._segment(ids, part, decoded) for part in span.parts)
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
