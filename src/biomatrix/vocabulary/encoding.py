"""Documents to ids: entities through one table per modality, text through the base model alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from biomatrix.entities import Entity
from biomatrix.entities.base_modality import Modality
from biomatrix.errors import BioMatrixError, ParseError, UnsupportedError, VocabularyError
from biomatrix.vocabulary.blocks import Block, block_of
from biomatrix.vocabulary.items import as_items, item_fault
from biomatrix.vocabulary.plain_text import PlainText
from biomatrix.vocabulary.tables import Codes, Deferred, Item, Positions, Tokens

if TYPE_CHECKING:
    from numpy.typing import NDArray

Part = str | Tokens | Codes | Positions
"""An item whose entity, if it has one, is written as tokens or codes."""


@dataclass(frozen=True)
class Batch:
    """Many documents as ids.

    Parameters
    ----------
    ids : list of (ndarray, shape=(n,), dtype=int32) or None
        One array per document, in order; None where the document was refused.
    rejects : dict of int to BioMatrixError
        The reason for each refusal, by the document's index.
    """

    ids: list[NDArray[np.int32] | None]
    rejects: dict[int, BioMatrixError] = field(default_factory=dict)


class Encoder:
    """Turns documents into ids.

    Parameters
    ----------
    blocks : mapping of str to Block
        Where each modality lives.
    text : PlainText
        The base model.
    modality : callable
        Returns a modality by name, ready for use, or raises VocabularyError.
    """

    def __init__(self, blocks: Mapping[str, Block], text: PlainText, modality: Callable[[str], Modality]) -> None:
        self._blocks = blocks
        self._text = text
        self._modality = modality

    def encode(self, items: Item | Sequence[Item]) -> list[int]:
        """Return the ids of text and entities in order.

        Parameters
        ----------
        items : sequence of (str, Entity, (Entity, modality), Tokens, Codes, Positions)
            Text stays text whatever it looks like; a bare entity is written in its default modality.

        Raises
        ------
        VocabularyError
            If the vocabulary does not hold a token of an entity; names the token and its index.
        """
        parts = self._parts(checked_items(items))
        ids: list[int] = []
        for part in parts:
            if isinstance(part, str):
                ids.extend(self._text.encode(part, first=not ids))
            elif isinstance(part, Codes):
                ids.extend(part.table.encode(part.codes).tolist())
            elif isinstance(part, Positions):
                ids.extend(part.ids)
            else:
                ids.extend(self.encode_tokens(part.tokens, part.modality))
        return ids

    def encode_tokens(self, tokens: Sequence[str], modality: str) -> list[int]:
        """Return the ids of one segment, control pair included, for an entity already written as tokens."""
        ids: list[int] = block_of(self._blocks, modality).wrap(tokens).tolist()
        return ids

    def default_modality(self, entity: Entity) -> str:
        """Return the modality that an entity is written in where none is named; VocabularyError where none takes it."""
        candidates = [block.modality for block in self._blocks.values() if block.modality.accepts(entity)]
        plain = [m for m in candidates if not m.needs_structure and not m.spelled_as_text]
        for modality in plain or candidates:
            return modality.name
        raise VocabularyError(f"the vocabulary holds no modality for this {type(entity).__name__}")

    def encode_batch(self, documents: Sequence[Sequence[Item]]) -> Batch:
        """Encode many documents at once: texts in one call to the base model, entities in one call per modality.

        A document that cannot be encoded is refused with its reason; the others go on.
        """
        rejects: dict[int, BioMatrixError] = {}
        prepared: list[list[Part]] = self._prepare(documents, rejects)
        parts_with_text = [[(part, self._text_of(part)) for part in parts] for parts in prepared]
        # Documents made from templates repeat their sentences: each is cut into pieces once.
        texts = dict.fromkeys(
            (text, position == 0 and text is part)
            for document in parts_with_text
            for position, (part, text) in enumerate(document)
            if text is not None
        )
        results = self._text.encode_batch([text for text, _ in texts], [first for _, first in texts])
        pieces_of = {key: _as_array(pieces) for key, pieces in zip(texts, results, strict=True)}
        batch: list[NDArray[np.int32] | None] = []
        for index, document in enumerate(parts_with_text):
            try:
                ids = None if index in rejects else self._assemble(document, pieces_of)
            except BioMatrixError as error:
                rejects[index] = error
                ids = None
            batch.append(ids)
        return Batch(batch, rejects)

    def _parts(self, items: Sequence[Item]) -> list[Part]:
        """Return the items with entities written as tokens and neighbouring texts joined."""
        parts: list[Part] = []
        for position, item in enumerate(items):
            if isinstance(item, str):
                if parts and isinstance(parts[-1], str):
                    parts[-1] += item
                elif item:
                    parts.append(item)
            elif isinstance(item, Tokens | Codes | Positions):
                parts.append(item)
            else:
                entity, name = self._resolve(item, position)
                parts.append(Tokens(name, self._modality(name).encode(entity)))
        return parts

    def _resolve(self, item: Item, position: int) -> tuple[Entity, str]:
        if isinstance(item, Entity):
            return item, self.default_modality(item)
        if isinstance(item, tuple) and item_fault(item) is None:
            return item
        if isinstance(item, Deferred):
            raise item.refusal().at(position=position)
        raise UnsupportedError(str(item_fault(item)), position=position)

    def _prepare(self, documents: Sequence[Sequence[Item]], rejects: dict[int, BioMatrixError]) -> list[list[Part]]:
        """Write every entity as tokens, one batch per modality, and join neighbouring texts."""
        waiting: dict[str, list[tuple[int, int, Entity]]] = {}
        items_of: list[list[Item]] = [list(document) for document in documents]
        for index, items in enumerate(items_of):
            for position, item in enumerate(items):
                if isinstance(item, str | Tokens | Codes | Positions):
                    continue
                try:
                    entity, name = self._resolve(item, position)
                    self._modality(name)
                except BioMatrixError as error:
                    rejects.setdefault(index, error)
                    break
                waiting.setdefault(name, []).append((index, position, entity))
        for name, entries in waiting.items():
            results = self._modality(name).encode_each([entity for _, _, entity in entries])
            for (index, position, _), tokens in zip(entries, results, strict=True):
                if isinstance(tokens, BioMatrixError):
                    rejects.setdefault(index, tokens)
                else:
                    items_of[index][position] = Tokens(name, tokens)
        return [[] if index in rejects else self._parts(items) for index, items in enumerate(items_of)]

    def _text_of(self, part: Part) -> str | None:
        """Return the text of a part that the base model must cut into pieces, None where it has none."""
        if isinstance(part, str):
            return part
        block = self._blocks.get(part.modality) if isinstance(part, Tokens) else None
        if isinstance(part, Tokens) and block is not None and block.modality.spelled_as_text:
            return "".join(part.tokens)
        return None

    def _assemble(
        self,
        document: Sequence[tuple[Part, str | None]],
        pieces_of: Mapping[tuple[str, bool], NDArray[np.int32] | ParseError],
    ) -> NDArray[np.int32]:
        pieces: list[NDArray[np.int32]] = []
        for position, (part, text) in enumerate(document):
            if isinstance(part, Codes):
                pieces.append(part.table.encode(part.codes))
                continue
            if isinstance(part, Positions):
                pieces.append(_positions(part))
                continue
            middle = None if text is None else pieces_of[text, position == 0 and text is part]
            if isinstance(middle, ParseError):
                raise middle
            if isinstance(part, Tokens):
                block = block_of(self._blocks, part.modality)
                inner = block.lookup(part.tokens) if middle is None else middle
                pieces += (block.start_array, inner, block.end_array)
            elif middle is not None:
                pieces.append(middle)
        return np.concatenate(pieces) if pieces else np.empty(0, dtype=np.int32)


def _positions(part: Positions) -> NDArray[np.int32]:
    """Return places of vectors as documents hold them; VocabularyError where one is too far below 0."""
    if min(part.ids) < np.iinfo(np.int32).min:
        raise VocabularyError("places of vectors in documents are ids of 32 bits; use the rows of a table from 0 on")
    return np.array(part.ids, dtype=np.int32)


def _as_array(pieces: list[int] | ParseError) -> NDArray[np.int32] | ParseError:
    return pieces if isinstance(pieces, ParseError) else np.array(pieces, dtype=np.int32)


def checked_items(items: Item | Sequence[Item]) -> list[Item]:
    """Return what a caller gave as a list of items.

    Raises
    ------
    UnsupportedError
        It is neither an item nor a list of them, or one of the list, at the index ``position``, cannot be one.
    """
    try:
        listed = as_items(items)
    except TypeError as error:
        raise UnsupportedError(f"{error}; give text, an entity, (entity, modality), Tokens or Codes") from None
    for position, item in enumerate(listed):
        fault = item_fault(item)
        if fault is not None:
            raise UnsupportedError(fault, position=position)
    return listed
