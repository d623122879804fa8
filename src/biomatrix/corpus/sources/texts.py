"""Textbooks, abstracts and questions."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from biomatrix.corpus.holdout import HELD_OUT_ONE_IN, bucket
from biomatrix.corpus.records import Record
from biomatrix.corpus.sources.base import Provenance, Source
from biomatrix.corpus.sources.tables import ParquetTable, Table
from biomatrix.errors import LimitError, UnsupportedError

CHUNK_CHARACTERS = 1200
"""The most characters of running text in one record: about 400 tokens of a small vocabulary."""


def chunks(text: str, limit: int = CHUNK_CHARACTERS) -> Iterator[str]:
    """Yield a text in pieces of whole sentences, at most ``limit`` characters each where sentences allow."""
    piece = ""
    for sentence in re.split(r"(?<=[.!?])\s+", " ".join(text.split())):
        if piece and len(piece) + len(sentence) + 1 > limit:
            yield piece
            piece = ""
        piece = f"{piece} {sentence}".strip()[: 2 * limit]
    if piece:
        yield piece


def text_record(source: str, identifier: str, fields: Mapping[str, str], held_out_by: str) -> Record:
    """Return a text record; records of one ``held_out_by``, such as pieces of a document, fall on one side."""
    held_out = bucket(f"{source}:{held_out_by}", HELD_OUT_ONE_IN) == 0
    return Record(source, identifier, "text", "held_out" if held_out else "train", dict(fields))


class TextbookSource(Source):
    """Textbook modules in pieces of whole sentences."""

    one_to_one = False

    def table(self, path: Path) -> Table:
        return ParquetTable(path, ("source", "doc_id", "title", "text"))

    def expand(self, table: Table, number: int, row: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
        for index, piece in enumerate(chunks(row["text"])):
            yield f"{row['source']}/{row['doc_id']}/{index}", (row["doc_id"], piece)

    def record(self, identifier: str, row: tuple[str, str]) -> Record:
        document, piece = row
        if len(piece) < 80:
            raise LimitError(f"{len(piece)} characters: pieces under 80 are left out")
        return text_record(self.name, identifier, {"text": piece}, document)


class QuestionSource(Source):
    """PubMedQA: abstracts as text, and questions with their conclusions."""

    def table(self, path: Path) -> Table:
        return ParquetTable(path, ("pmid", "question", "contexts", "long_answer", "final_decision", "split"))

    def expand(self, table: Table, number: int, row: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
        yield str(row["pmid"]), row

    def record(self, identifier: str, row: Mapping[str, Any]) -> Record:
        if row["split"] != "train_dev":
            raise UnsupportedError(f"in the {row['split']} split")
        fields = {
            "text": " ".join(row["contexts"])[:CHUNK_CHARACTERS],
            "question": row["question"],
            "answer": f"{row['final_decision'].capitalize()}. {row['long_answer'][:400]}",
        }
        return text_record(self.name, identifier, fields, identifier)


class InstructionSource(Source):
    """Mol-Instructions' biomolecular text tasks."""

    def table(self, path: Path) -> Table:
        return ParquetTable(path, ("task", "instruction", "input", "output", "metadata"))

    def expand(self, table: Table, number: int, row: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
        yield f"{row['task']}/{number}", row

    def record(self, identifier: str, row: Mapping[str, Any]) -> Record:
        if "test" in str(row["metadata"] or "").lower().split('"split"')[-1][:12]:
            raise UnsupportedError("in the test split")
        question = " ".join(part for part in (row["instruction"], row["input"]) if part)
        if len(question) + len(row["output"]) > CHUNK_CHARACTERS:
            raise LimitError(f"{len(question) + len(row['output'])} characters: at most {CHUNK_CHARACTERS} are taken")
        return text_record(self.name, identifier, {"question": question, "answer": row["output"]}, identifier)


def _openstax(root: Path) -> Source:
    return TextbookSource(
        "openstax",
        Provenance(
            ("CC-BY-4.0", "CC-BY-3.0"),
            "OpenStax, Rice University: chemistry, microbiology, biology",
            ("text/openstax_textbooks.parquet",),
            "all; one module in fifty is held out",
            category="text",
            part="scientific",
        ),
        root,
    )


def _pubmedqa(root: Path) -> Source:
    return QuestionSource(
        "pubmedqa",
        Provenance(
            ("MIT",),
            "pubmedqa/pubmedqa",
            ("text/pubmedqa_pqal.parquet",),
            "the train_dev part",
            category="text",
            part="scientific",
        ),
        root,
    )


def _mol_instructions(root: Path) -> Source:
    return InstructionSource(
        "mol_instructions",
        Provenance(
            ("CC-BY-4.0",),
            "zjunlp/Mol-Instructions, biomolecular text",
            ("text/mol_instructions_biotext.parquet",),
            "rows not marked test",
            category="text",
            part="scientific",
        ),
        root,
    )


TEXT_SOURCES: dict[str, Callable[[Path], Source]] = {
    "openstax": _openstax,
    "pubmedqa": _pubmedqa,
    "mol_instructions": _mol_instructions,
}
