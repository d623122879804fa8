"""Files of instructions as an audit reads them: JSON lists or lines whose values are texts with entities in them.

Whatever the layout, every text of a row counts: the fields ``instruction``, ``input`` and ``output``, the contents of
chat messages. Entities are read where a text holds a modality that is spelled as text between its control pair, and
where it holds what a person types for one: a SMILES string, a chain of residues.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from biomatrix.corpus.decontamination.subjects import Subject
from biomatrix.entities.base_entity import Entity
from biomatrix.entities.kind_registry import kinds
from biomatrix.entities.modality_registry import modalities
from biomatrix.entities.rejects import Reject
from biomatrix.errors import BioMatrixError
from biomatrix.tasks.benchmarks.official_files.json_rows import json_rows

INSTRUCTION_FILES: Final = (".json", ".jsonl")
_DEEPEST: Final = 8


def instruction_subjects(path: Path) -> Iterator[Subject | Reject]:
    """Yield what is compared of each row of a file; one that cannot be read as a reject."""
    for number, row in enumerate(json_rows(path), start=1):
        if isinstance(row, Reject):
            yield row
            continue
        texts = tuple(_texts(row))
        entities = tuple(entity for text in texts for entity in written_entities(text))
        yield Subject(f"{path.name} row {number}", entities, texts, texts)


def written_entities(text: str) -> Iterator[Entity]:
    """Yield the entities that a text holds; what looks like one and is none is passed over."""
    rest = text
    for spelling in modalities():
        start, end = re.escape(spelling.start_token), re.escape(spelling.end_token)
        if not spelling.spelled_as_text or spelling.start_token not in rest:
            continue
        for segment in re.findall(f"{start}(.*?){end}", rest, re.DOTALL):
            yield from _attempt(lambda: spelling.decode(spelling.split(segment.strip())))  # noqa: B023
        rest = re.sub(f"{start}.*?{end}", " ", rest, flags=re.DOTALL)
    for owner in kinds():
        for word in owner.find_written(rest):
            yield from _attempt(lambda: owner.parse(word))  # noqa: B023


def _attempt(read: Any) -> Iterator[Entity]:
    try:
        yield read()
    except BioMatrixError:
        return


def _texts(value: Any, depth: int = 0) -> Iterator[str]:
    """Yield the texts of a row, in order, those of its lists and mappings included."""
    if isinstance(value, str):
        yield value
    elif depth < _DEEPEST and isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _texts(each, depth + 1)
