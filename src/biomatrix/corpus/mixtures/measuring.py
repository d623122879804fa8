"""The tokens that the records of a source give, measured on a fixed sample of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Final

from biomatrix.corpus.build_tokens import TokenisedSlice
from biomatrix.corpus.encoding import fitted_documents, within_vocabulary
from biomatrix.corpus.records import TokenRecord, read_batches
from biomatrix.corpus.training_shards import ENCODED_TOGETHER, cut_views
from biomatrix.errors import BioMatrixError
from biomatrix.tasks.documents import Document
from biomatrix.tasks.drawing import Draw, documents

if TYPE_CHECKING:
    from biomatrix.vocabulary.vocabulary import Vocabulary

SAMPLE_RECORDS: Final = 4000
"""The records of a source that are measured; smaller sources are measured whole."""
_SAMPLE_SLICES: Final = 16


@dataclass(frozen=True)
class Drawing:
    """What draws of documents depend on, besides the records: views and tasks, seed, longest document."""

    draws: tuple[Draw, ...]
    seed: int
    max_tokens: int


@dataclass(frozen=True)
class Measured:
    """The tokens of a source at its repeat.

    Parameters
    ----------
    tokens : float
        Of all its training records; estimated where fewer were measured.
    records, sampled : int
        Its training records, and how many of them were measured.
    """

    tokens: float
    records: int
    sampled: int


def measure(slices: Sequence[TokenisedSlice], drawing: Drawing, repeat: float, vocabulary: Vocabulary) -> Measured:
    """Return the tokens that the training records of a source give.

    The sample is the first records of slices at equal distances: it depends on nothing but the slices.
    """
    total = sum(_training_rows(item) for item in slices)
    step = max(1, len(slices) // _SAMPLE_SLICES)
    chosen = slices[::step][:_SAMPLE_SLICES]
    each = -(-SAMPLE_RECORDS // max(1, len(chosen)))
    tokens = sampled = 0
    for item in chosen:
        records = list(islice(item.read(("train",)), each))
        sampled += len(records)
        tokens += sum(document_lengths(records, drawing, vocabulary, repeat))
    whole = len(chosen) == len(slices) and sampled < SAMPLE_RECORDS and total <= SAMPLE_RECORDS
    return Measured(tokens if whole or not sampled else tokens / sampled * total, total, sampled)


def _training_rows(item: TokenisedSlice) -> int:
    batches = read_batches(item.records / "records.parquet", ["split"])
    return sum(batch.column("split").to_pylist().count("train") for batch in batches)


def document_lengths(
    records: Sequence[TokenRecord], drawing: Drawing, vocabulary: Vocabulary, repeat: float = 1.0
) -> Iterator[int]:
    """Yield the number of tokens of each document that is drawn from records and not refused."""
    cut = cut_views(drawing.draws)
    stream = (
        entry
        for record in records
        for entry in documents(
            within_vocabulary(record, vocabulary)[0],
            drawing.draws,
            repeat=repeat,
            seed=drawing.seed,
            max_tokens=drawing.max_tokens,
        )
        if isinstance(entry, Document)
    )
    while batch := list(islice(stream, ENCODED_TOGETHER)):
        for encoded in fitted_documents(batch, vocabulary, drawing.max_tokens, cut):
            if not isinstance(encoded, BioMatrixError):
                yield len(encoded)
