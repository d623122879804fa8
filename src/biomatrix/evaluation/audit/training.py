"""Training data as an audit reads them: a corpus, a file of entities or of instructions, a training split."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

from biomatrix.corpus.decontamination.subjects import Subject, subject_of_entity, subject_of_example, subject_of_record
from biomatrix.corpus.records import RECORD_SCHEMA, read_batches, records_from_table
from biomatrix.corpus.shards import MANIFEST, TokenShards
from biomatrix.entities.base_entity import Entity
from biomatrix.entities.records import read_entities
from biomatrix.entities.rejects import Reject
from biomatrix.entities.tables import columns_of
from biomatrix.errors import ConfigurationError, ParseError
from biomatrix.evaluation.audit.instructions import INSTRUCTION_FILES, instruction_subjects
from biomatrix.tasks.benchmarks.benchmark import Benchmark, DataSet
from biomatrix.tasks.benchmarks.loading import load_examples

RECORDS: Final = "records"
VOCABULARY: Final = "vocabulary"
_DOCUMENTS: Final = 64
"""Documents of a corpus of tokens that are decoded at a time."""


@dataclass(frozen=True)
class Training:
    """Training data by what a report calls them.

    Parameters
    ----------
    name : str
    path : Path, optional
        A corpus folder or a file.
    benchmark : Benchmark, optional
        The benchmark whose training split they are, where there is no path.
    data : DataSet, optional
        Its data; `folder` holds them.
    folder : Path, optional
    vocabulary : Path, optional
        The saved vocabulary of a corpus of tokens; by default the one beside its shards.
    file_format : str, optional
        Of a file of entities whose name does not tell it, such as ``smi`` of a table with a column of SMILES.
    """

    name: str
    path: Path | None = None
    benchmark: Benchmark | None = None
    data: DataSet | None = None
    folder: Path | None = None
    vocabulary: Path | None = None
    file_format: str | None = None

    def subjects(self) -> Iterator[Subject | Reject]:
        """Yield every row; memory does not grow with them.

        Raises
        ------
        ConfigurationError
            The path is neither a corpus nor a file that is read.
        """
        if self.benchmark is not None and self.data is not None and self.folder is not None:
            yield from _split_subjects(self.benchmark, self.data, self.folder)
        elif self.path is None or not self.path.exists():
            raise ConfigurationError("no such file or folder, nor a task", file=self.name)
        elif self.path.is_dir():
            yield from _corpus_subjects(self.path, self.vocabulary)
        else:
            yield from _file_subjects(self.path, self.file_format)


def _split_subjects(benchmark: Benchmark, data: DataSet, folder: Path) -> Iterator[Subject | Reject]:
    for example in load_examples(data, folder, "train"):
        yield example if isinstance(example, Reject) else subject_of_example(benchmark, example)


def _corpus_subjects(folder: Path, vocabulary: Path | None) -> Iterator[Subject | Reject]:
    """Yield the records of a build that are trained on; of shards alone, what their documents decode to."""
    files = sorted((folder / RECORDS).glob("*/*/records.parquet"))
    if files:
        for path in files:
            yield from _record_subjects(path)
        return
    if not (folder / MANIFEST).is_file() and not (folder / "train" / MANIFEST).is_file():
        raise ConfigurationError(f"neither {RECORDS} of a build nor a {MANIFEST} of shards", file=str(folder))
    yield from _document_subjects(TokenShards(folder), vocabulary or _vocabulary_beside(folder))


def _record_subjects(path: Path) -> Iterator[Subject]:
    for batch in read_batches(path):
        for record in records_from_table(batch):
            if record.split != "held_out":
                yield subject_of_record(record)


def _document_subjects(shards: TokenShards, folder: Path) -> Iterator[Subject]:
    from biomatrix.vocabulary.vocabulary import Vocabulary

    vocabulary = Vocabulary.from_pretrained(folder)
    numbers = iter(range(len(shards)))
    while group := list(islice(numbers, _DOCUMENTS)):
        documents = [shards.document(number)[0] for number in group]
        for number, segments in zip(group, vocabulary.segments_each(documents, skip_special=True), strict=True):
            values = [segment.value for segment in segments]
            texts = tuple(value for value in values if isinstance(value, str))
            entities = tuple(value for value in values if isinstance(value, Entity))
            yield Subject(f"document {number}", entities, texts, texts)


def _vocabulary_beside(folder: Path) -> Path:
    for place in (folder, *folder.resolve().parents[:2]):
        if (place / VOCABULARY).is_dir():
            return place / VOCABULARY
    raise ConfigurationError("shards of tokens need their vocabulary: name its folder", file=str(folder))


def _file_subjects(path: Path, file_format: str | None) -> Iterator[Subject | Reject]:
    name = path.name.lower().removesuffix(".gz")
    if file_format is None and name.endswith(".parquet") and set(RECORD_SCHEMA.names) <= set(_columns(path)):
        yield from _record_subjects(path)
    elif file_format is None and name.endswith(INSTRUCTION_FILES):
        yield from instruction_subjects(path)
    else:
        for number, entity in enumerate(read_entities(path, file_format=file_format), start=1):
            yield entity if isinstance(entity, Reject) else subject_of_entity(entity, number)


def _columns(path: Path) -> tuple[str, ...]:
    try:
        return tuple(columns_of(path))
    except ParseError as error:
        raise ConfigurationError(error.message, file=str(path)) from error
