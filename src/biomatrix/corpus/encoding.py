"""Documents to token ids and loss weights: the texts of many documents in one call, entities from their tokens."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from biomatrix.corpus.records import TokenRecord
from biomatrix.errors import BioMatrixError, LimitError, VocabularyError
from biomatrix.tasks.documents import Control, Document
from biomatrix.tasks.written_records import part_name
from biomatrix.vocabulary.tables import Item

if TYPE_CHECKING:
    from biomatrix.vocabulary.vocabulary import Vocabulary

FULL_WEIGHT = 255
"""The byte that stores a loss weight of 1."""


@dataclass(frozen=True, eq=False)
class EncodedDocument:
    """A document as ids.

    Parameters
    ----------
    ids : ndarray, shape=(n,), dtype=int32
        Token ids.
    weights : ndarray, shape=(n,), dtype=uint8
        The weight of predicting each token, in 255ths.
    """

    ids: NDArray[np.int32]
    weights: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.ids)

    def cut(self, length: int) -> EncodedDocument:
        """Return the first ``length`` tokens."""
        return EncodedDocument(self.ids[:length], self.weights[:length])


@dataclass(frozen=True)
class _Run:
    """Neighbouring parts of equal weight: one control token's id, or items that are encoded together."""

    learn: float
    control: int | None
    items: Sequence[Item]


def encode_documents(documents: Sequence[Document], vocabulary: Vocabulary) -> list[EncodedDocument | BioMatrixError]:
    """Return each document's ids and weights, or the error that says why it has none.

    Parameters
    ----------
    documents : sequence of Document
        Encoded together.
    vocabulary : Vocabulary
        The vocabulary that gives the ids.
    """
    runs = [list(_runs(document, vocabulary)) for document in documents]
    requests = [run.items for group in runs for run in group if run.control is None]
    batch = vocabulary.encode_batch(requests)
    encoded: list[EncodedDocument | BioMatrixError] = []
    index = 0
    for group in runs:
        ids: list[NDArray[np.int32]] = []
        problem: BioMatrixError | None = None
        for run in group:
            if run.control is not None:
                ids.append(np.array([run.control], dtype=np.int32))
                continue
            piece = batch.ids[index]
            if piece is None:
                problem = problem or batch.rejects[index]
                piece = np.empty(0, dtype=np.int32)
            ids.append(piece)
            index += 1
        encoded.append(problem if problem is not None else _join(group, ids))
    return encoded


def fitted_documents(
    documents: Sequence[Document], vocabulary: Vocabulary, max_tokens: int, cut: Collection[str] = ()
) -> list[EncodedDocument | BioMatrixError]:
    """Return each document's ids and weights, or the error that refuses it; none is longer than ``max_tokens``.

    Parameters
    ----------
    documents : sequence of Document
        Encoded together.
    vocabulary : Vocabulary
        The vocabulary that gives the ids.
    max_tokens : int
        The longest document, in token ids.
    cut : collection of str
        The views whose documents are cut where they are longer and hold no entity; other longer ones are refused.
    """
    encoded = encode_documents(documents, vocabulary)
    return [
        _fit(one, max_tokens, entry.view in cut and _is_text(entry))
        for entry, one in zip(documents, encoded, strict=True)
    ]


def _is_text(document: Document) -> bool:
    return all(isinstance(part.item, str | Control) for part in document.parts)


def _fit(encoded: EncodedDocument | BioMatrixError, max_tokens: int, cut: bool) -> EncodedDocument | BioMatrixError:
    if isinstance(encoded, BioMatrixError) or len(encoded) <= max_tokens:
        return encoded
    if cut:
        return encoded.cut(max_tokens)
    return LimitError(f"{len(encoded)} tokens: a document takes at most {max_tokens}")


def _join(runs: Sequence[_Run], ids: Sequence[NDArray[np.int32]]) -> EncodedDocument:
    weights = [
        np.full(len(part), round(run.learn * FULL_WEIGHT), dtype=np.uint8) for run, part in zip(runs, ids, strict=True)
    ]
    return EncodedDocument(np.concatenate(ids), np.concatenate(weights))


def _runs(document: Document, vocabulary: Vocabulary) -> Iterator[_Run]:
    """Yield a document's runs; a control token is a run of its own."""
    counter = iter(range(len(document.parts)))

    def mark(part: object) -> tuple[float, int]:
        place = next(counter)
        return document.parts[place].learn, place if isinstance(document.parts[place].item, Control) else -1

    for (learn, _), group in groupby(document.parts, key=mark):
        items = [part.item for part in group]
        if isinstance(items[0], Control):
            yield _Run(learn, _control_id(items[0], vocabulary), ())
        else:
            yield _Run(learn, None, [item for item in items if not isinstance(item, Control)])


def _control_id(control: Control, vocabulary: Vocabulary) -> int:
    token_id = vocabulary.backend.token_to_id(control.token)
    if token_id is None:
        raise VocabularyError(f"the tokenizer has no {control.token!r}")
    return int(token_id)


def within_vocabulary(
    record: TokenRecord, vocabulary: Vocabulary
) -> tuple[TokenRecord, list[tuple[str, BioMatrixError]]]:
    """Return the record without the modalities it cannot be written in, and those with the error that says why."""
    kept, refused = _writable(record.tokens, vocabulary)
    parts = {}
    for role, part in record.parts.items():
        own, lost = _writable(part.tokens, vocabulary)
        parts[role] = replace(part, tokens=own)
        refused += [(part_name(role, name), error) for name, error in lost]
    return (replace(record, tokens=kept, parts=parts) if refused else record), refused


def _writable(
    tokens: Mapping[str, Sequence[str]], vocabulary: Vocabulary
) -> tuple[dict[str, Sequence[str]], list[tuple[str, BioMatrixError]]]:
    """Return the modalities of an entity that a vocabulary can write, and those with the error that says why not."""
    kept: dict[str, Sequence[str]] = {}
    refused: list[tuple[str, BioMatrixError]] = []
    for name, written in tokens.items():
        try:
            block = vocabulary.block(name)
            if not block.modality.spelled_as_text:
                block.lookup(written)
        except BioMatrixError as error:
            refused.append((name, error))
        else:
            kept[name] = written
    return kept, refused
