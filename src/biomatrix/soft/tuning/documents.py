"""Questions and answers as documents of the trainer: only the answer and its end are learned, nothing is cut."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from biomatrix.corpus.encoding import FULL_WEIGHT, EncodedDocument, encode_documents
from biomatrix.errors import BioMatrixError, ConfigurationError, LimitError
from biomatrix.tasks.documents import Document, PartItem, chat_parts

if TYPE_CHECKING:
    from biomatrix.vocabulary import Vocabulary


@dataclass(frozen=True)
class Refused:
    """An exchange that became no document: its number from 0, and why."""

    number: int
    error: BioMatrixError


class ExchangeDocuments:
    """Exchanges as token ids with a loss weight each; a :class:`biomatrix.training.batches.Documents`.

    Parameters
    ----------
    exchanges : sequence of (sequence of parts, str)
        A question and its answer.
    vocabulary : Vocabulary
        The vocabulary that gives the ids.
    max_tokens : int
        The longest document. A longer one is refused: cut, it would lose its entity, its answer or its end.

    Raises
    ------
    ConfigurationError
        None is left, or an answer is empty.

    Attributes
    ----------
    lengths : ndarray, shape=(D,), dtype=int64
    kept : tuple of int
        The number of the exchange that each document is.
    refused : list of Refused
    """

    def __init__(
        self, exchanges: Sequence[tuple[Sequence[PartItem], str]], vocabulary: Vocabulary, max_tokens: int
    ) -> None:
        empty = next((number for number, (_, answer) in enumerate(exchanges) if not answer.strip()), None)
        if empty is not None:
            raise ConfigurationError("an answer is empty: nothing is learned from it", record=empty + 1)
        documents = [Document(chat_parts(question, [answer]), "exchange") for question, answer in exchanges]
        self.refused: list[Refused] = []
        self._documents: list[EncodedDocument] = []
        kept: list[int] = []
        for number, one in enumerate(encode_documents(documents, vocabulary)):
            if not isinstance(one, BioMatrixError) and len(one) > max_tokens:
                one = LimitError(f"{len(one)} tokens: a question and its answer take at most {max_tokens}")
            if isinstance(one, BioMatrixError):
                self.refused.append(Refused(number, one))
                continue
            self._documents.append(one)
            kept.append(number)
        if not kept:
            raise ConfigurationError(
                f"no question and answer is left; the first was refused: {self.refused[0].error.message}"
            )
        self.kept = tuple(kept)
        self.lengths: NDArray[np.int64] = np.array([len(one) for one in self._documents], dtype=np.int64)

    def __len__(self) -> int:
        return len(self._documents)

    def document(self, index: int) -> tuple[NDArray[Any], NDArray[Any]]:
        """Return a document's ids ``int32 [n]`` and loss weights ``float32 [n]``, one per predicted token."""
        one = self._documents[index]
        return one.ids, one.weights.astype(np.float32) / FULL_WEIGHT

    def fingerprint(self, *, besides: Sequence[str] = ()) -> str:
        """Return a SHA-256 of the tokens, the weights and the places of vectors, and of ``besides``.

        Which row of a table a vector lies in does not count: what the vectors are belongs to ``besides``.
        """
        digest = hashlib.sha256()
        for one in self._documents:
            digest.update(np.maximum(one.ids, -1).astype("<i4").tobytes() + one.weights.tobytes() + b"|")
        for text in besides:
            digest.update(text.encode() + b"\n")
        return digest.hexdigest()


def question_ids(questions: Sequence[Sequence[PartItem]], vocabulary: Vocabulary) -> list[list[int]]:
    """Return the ids that questions become up to where the answer begins, as in training.

    Raises
    ------
    BioMatrixError
        The first question that has none, with its number from 1.
    """
    # The last part ends the answer's turn.
    documents = [Document(chat_parts(question, [])[:-1], "question") for question in questions]
    found: list[list[int]] = []
    for number, one in enumerate(encode_documents(documents, vocabulary), start=1):
        if isinstance(one, BioMatrixError):
            raise one.at(record=number)
        found.append(one.ids.tolist())
    return found
