"""Rates of the steps of a build, measured on one core of this machine with records of each source.

Seconds are of processor time, which other work on the machine changes least.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

import pyarrow as pa

from biomatrix.corpus.inspection import source_records
from biomatrix.corpus.mixtures.measuring import Drawing, document_lengths
from biomatrix.corpus.planning.selecting import Selecting
from biomatrix.corpus.records import RECORD_SCHEMA, Record, RowWriter, TokenRecord, WrittenPart, records_to_table
from biomatrix.corpus.shard_writing import token_dtype
from biomatrix.corpus.sources import Source
from biomatrix.entities import default_modality_names, modality
from biomatrix.entities.base_entity import Entity
from biomatrix.entities.base_modality import Modality
from biomatrix.entities.kind_registry import kind_of
from biomatrix.errors import BioMatrixError

if TYPE_CHECKING:
    from biomatrix.vocabulary.vocabulary import Vocabulary

SAMPLES: Final = Path(str(files("biomatrix.corpus.sources.published") / "samples"))
"""A data folder with samples of published sources in their official formats."""
_TOGETHER: Final = 64
_SHORT: Final = 0.3
"""Seconds after which work is not repeated."""
_MOST_RUNS: Final = 50
T = TypeVar("T")


@dataclass(frozen=True)
class Rates:
    """What a record of a source takes.

    Parameters
    ----------
    measured : int
        The records that were measured.
    refused : int
        The rows beside them that were refused.
    record_seconds : float
        Reading and checking, per record, by one core.
    modality_seconds : dict of str to float
        Writing it as tokens, per record of the source, by modality.
    document_seconds : float
        Drawing documents and turning them into ids, per record.
    tokens : float
        Tokens of the documents of a record; of its modalities together where no view takes it.
    record_bytes, token_bytes : float
        Bytes kept of a record and its tokens between the steps, and of a token in a shard.
    selection_seconds : float
        Judging whether it stays, per record.
    """

    measured: int
    refused: int
    record_seconds: float
    modality_seconds: dict[str, float] = field(default_factory=dict)
    document_seconds: float = 0.0
    tokens: float = 0.0
    record_bytes: float = 0.0
    token_bytes: float = 0.0
    selection_seconds: float = 0.0

    @property
    def seconds(self) -> float:
        """All steps together, per record, documents drawn as often as the views say."""
        steps = self.record_seconds + self.selection_seconds + self.document_seconds
        return steps + sum(self.modality_seconds.values())

    @property
    def kept(self) -> float:
        """The share of rows that become records."""
        return self.measured / (self.measured + self.refused)


def measured_rates(
    source: Source,
    drawing: Drawing,
    vocabulary: Vocabulary,
    selecting: Selecting,
    modalities: Sequence[str] | None = None,
    count: int = 300,
) -> Rates | None:
    """Return the rates of a source from its first records; None where it has none that is not refused.

    Everything is done twice and timed the second time: imports and weights are loaded once in a build.

    Parameters
    ----------
    source : Source
        Over data at hand, or over `SAMPLES`.
    drawing : Drawing
    vocabulary : Vocabulary
    selecting : Selecting
        What records are judged by.
    modalities : sequence of str, optional
        All registered ones when not given.
    count : int
        The most rows that are read.
    """
    list(source_records(source, min(count, _TOGETHER)))
    rows, seconds = _timed(lambda: list(source_records(source, count)))
    records = [one for _, one in rows if isinstance(one, Record)]
    if not records:
        return None
    judging = selecting.seconds(source.name, records)
    written, spent = _written(records, [modality(name) for name in modalities or default_modality_names()])
    list(document_lengths(written[:_TOGETHER], drawing, vocabulary))
    tokens, drawing_seconds = _timed(lambda: sum(document_lengths(written, drawing, vocabulary)))
    tokens = tokens or sum(len(one) for record in written for _, one in record.written())
    number = len(records)
    return Rates(
        number,
        len(rows) - number,
        seconds / number,
        {name: one / number for name, one in spent.items()},
        drawing_seconds / number,
        tokens / number,
        _kept_bytes(records, written) / number,
        token_dtype(len(vocabulary)).itemsize + 1.0,
        judging / number,
    )


def mean_rates(repeats: Sequence[Rates]) -> Rates:
    """Return the mean of the seconds of several measurements of the same records."""

    def mean(values: Iterable[float]) -> float:
        return sum(values) / len(repeats)

    first = repeats[0]
    return replace(
        first,
        record_seconds=mean(one.record_seconds for one in repeats),
        modality_seconds={name: mean(one.modality_seconds[name] for one in repeats) for name in first.modality_seconds},
        document_seconds=mean(one.document_seconds for one in repeats),
        selection_seconds=mean(one.selection_seconds for one in repeats),
    )


def _timed(work: Callable[[], T]) -> tuple[T, float]:
    """Return what some work gives and the processor seconds of one run; short work is repeated: clocks are coarse."""
    start, runs = time.process_time(), 0
    while True:
        result = work()
        runs += 1
        spent = time.process_time() - start
        if spent >= _SHORT or runs == _MOST_RUNS:
            return result, spent / runs


def _entities(record: Record) -> Iterator[tuple[str | None, Entity]]:
    """Yield the entity of a record, or those of its parts under their roles."""
    yield from [(None, record.entity)] if record.entity is not None else record.parts.items()


def _written(records: Sequence[Record], writers: Sequence[Modality]) -> tuple[list[TokenRecord], dict[str, float]]:
    """Return records with the tokens of their entities and parts, and the seconds that each modality took."""
    tokens: list[dict[str | None, dict[str, Sequence[str]]]] = [defaultdict(dict) for _ in records]
    spent: dict[str, float] = {}
    for writer in writers:
        owned = [
            (row, role, entity)
            for row, record in enumerate(records)
            for role, entity in _entities(record)
            if kind_of(entity).name == writer.kind and writer.accepts(entity)
        ]
        if not owned:
            continue
        entities = [entity for *_, entity in owned]
        writer.encode_each(entities[:2])
        results, spent[writer.name] = _timed(partial(writer.encode_each, entities))
        for (row, role, _), result in zip(owned, results, strict=True):
            if result is not None and not isinstance(result, BioMatrixError):
                tokens[row][role][writer.name] = ["".join(result)] if writer.spelled_as_text else result
    return [_token_record(record, own) for record, own in zip(records, tokens, strict=True)], spent


def _token_record(record: Record, tokens: Mapping[str | None, Mapping[str, Sequence[str]]]) -> TokenRecord:
    parts = {role: WrittenPart(kind_of(one).name, tokens.get(role, {})) for role, one in record.parts.items()}
    own = tokens.get(None, {})
    return TokenRecord(record.source, record.id, record.kind, record.split, record.fields, own, parts, record.places)


def _kept_bytes(records: Sequence[Record], written: Sequence[TokenRecord]) -> int:
    """Return the bytes of records as the build keeps them, and of their tokens, packed as their spelling is."""
    size = _file_bytes(records) - _file_bytes([])  # what every file holds besides is not a record's
    spelled = json.dumps([[[name, list(one)] for name, one in record.written()] for record in written])
    return size + len(pa.compress(spelled.encode(), codec="zstd", asbytes=True))


def _file_bytes(records: Sequence[Record]) -> int:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "records.parquet"
        with RowWriter(path, RECORD_SCHEMA) as out:
            out.write(records_to_table(records))
        return path.stat().st_size
