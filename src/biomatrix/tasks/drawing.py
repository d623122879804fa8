"""From one record to its documents: their views and tasks, the number of each, and their content.

The draws for a document depend on the seed, the record's source and id, the view and the copy, and on
nothing else: adding a view, a task, a source or a worker changes no other document.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import TypeAlias

from biomatrix.entities import modality, modality_names
from biomatrix.entities.kind_registry import kind_names
from biomatrix.errors import BioMatrixError, LimitError, ParseError
from biomatrix.tasks.documents import Document, PartItem, chat_parts, pretraining_parts
from biomatrix.tasks.task_definition import Task
from biomatrix.tasks.templates import fill
from biomatrix.tasks.views import DocumentView
from biomatrix.tasks.written_records import WrittenRecord, part_name, record_values, split_name, value_names
from biomatrix.vocabulary.tables import Tokens

Definition: TypeAlias = DocumentView | Task


@dataclass(frozen=True)
class Draw:
    """A view or task, and the mean number of its documents that each record gives."""

    definition: Definition
    mean: float

    @property
    def name(self) -> str:
        """The name of the view or task."""
        return self.definition.name


def rng_for(seed: int, record: WrittenRecord, view: str, copy: int) -> Random:
    """Return the random generator of one copy of a document."""
    name = f"{seed}|{record.source}|{record.id}|{view}|{copy}"
    return Random(int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest()))


def drawn(mean: float, rng: Random) -> int:
    """Return one of the two whole numbers next to a mean, drawn so that the mean of many draws is this mean."""
    whole = int(mean)
    return whole + (rng.random() < mean - whole)


def kind_placeholders(task: Task) -> list[str]:
    """Return the placeholders of a task that stand for an entity, or a part, in any of its modalities, sorted."""
    kinds = kind_names()
    return sorted(name for name in task.needs if split_name(name)[1] in kinds)


def has_view(record: WrittenRecord, definition: Definition) -> bool:
    """Return whether a record could give a document of this view or task."""
    if isinstance(definition, DocumentView):
        return record.kind == definition.kind
    return definition.needs.difference(kind_placeholders(definition)) <= value_names(record)


def document(
    record: WrittenRecord, definition: Definition, *, seed: int, copy: int, max_tokens: int
) -> Document | None:
    """Return one document of a record, or None where the record lacks what the view or task needs.

    Raises
    ------
    LimitError
        If the document would be longer than ``max_tokens`` whatever its text.
    """
    rng = rng_for(seed, record, definition.name, copy)
    if isinstance(definition, DocumentView):
        items = definition.items(record, rng, max_tokens) if record.kind == definition.kind else None
        if items is None:
            return None
        parts = pretraining_parts(items)
    else:
        exchange = _exchange(definition, record, rng)
        if exchange is None:
            return None
        parts = chat_parts(*exchange)
    tokens = sum(_minimum_tokens(part.item) for part in parts)
    if tokens > max_tokens:
        raise LimitError(f"{tokens} tokens: a document takes at most {max_tokens}")
    return Document(parts, definition.name, record.source, record.id)


def documents(
    record: WrittenRecord, draws: Sequence[Draw], *, repeat: float, seed: int, max_tokens: int
) -> Iterator[Document | tuple[str, BioMatrixError]]:
    """Yield all documents drawn from a record, in the order of the draws; (view, error) for each that is refused.

    Parameters
    ----------
    draws : sequence of Draw
        The views and tasks, each with the mean number of its documents.
    repeat : float
        A factor on the means.
    """
    for draw in draws:
        if not has_view(record, draw.definition):
            continue
        for copy in range(drawn(draw.mean * repeat, rng_for(seed, record, draw.name, -1))):
            try:
                result = document(record, draw.definition, seed=seed, copy=copy, max_tokens=max_tokens)
            except (LimitError, ParseError) as error:  # too long; a value that is not what its place says
                yield draw.name, error
                continue  # each copy draws its own fields, modalities and windows: the next may be short enough
            if result is not None:
                yield result


def _exchange(task: Task, record: WrittenRecord, rng: Random) -> tuple[list[PartItem], list[PartItem]] | None:
    """Return a task's prompt and answer, or None where the record lacks something."""
    values = record_values(record)
    for placeholder in kind_placeholders(task):
        role, kind = split_name(placeholder)
        names = sorted(values.keys() & {part_name(role, name) if role else name for name in modality_names(kind)})
        if not names:
            return None
        values[placeholder] = values[rng.choice(names)]
    if not task.needs <= values.keys():
        return None
    return fill(rng.choice(task.prompts), values), fill(task.answer, values)


def _minimum_tokens(item: PartItem) -> int:
    """Return the least number of tokens of a part; text and SMILES are not yet cut into pieces."""
    if isinstance(item, Tokens):
        return 2 + (0 if modality(item.modality).spelled_as_text else len(item.tokens))
    return 0 if isinstance(item, str) else 1
