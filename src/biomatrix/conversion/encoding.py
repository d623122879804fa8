"""Records of a file to JSON lines of wrapped tokens."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import IO

from biomatrix.conversion.counts import Counts
from biomatrix.conversion.lines import open_lines
from biomatrix.conversion.tokenizers import tokenizer_record, with_tokenizer
from biomatrix.conversion.wrapped import wrap
from biomatrix.entities import Entity, Modality, Reject, kind_of, modality_names, read_entities
from biomatrix.errors import BioMatrixError

BATCH = 64
"""Records given to a modality at once, so that batched tokenizers are used well."""


def encode_to_lines(
    file: str,
    output: Path | None,
    *,
    modalities: Sequence[str] | None = None,
    file_format: str | None = None,
    tokenizer: str | None = None,
    rejects: Path | None = None,
) -> Counts:
    """Write every record of a file as JSON lines ``{file, record, name, modality, text}``.

    Lines of structures also hold ``labels``, what their kind says that tokens do not carry and a file needs, and
    ``tokenizer``, name and fingerprint of the structure tokenizer that alone reads the codes.

    Parameters
    ----------
    file : str
        A file of entities of any kind, or "-" for standard input.
    output : Path or None
        Where the lines go; standard output when None.
    modalities : sequence of str, optional
        The modalities to write; every one the record's kind has when not given.
    file_format : str, optional
        The format, where the name does not say it.
    tokenizer : str, optional
        Name or folder of the structure tokenizer, for the modalities that hold one.
    rejects : Path, optional
        JSON lines of what was refused; ``<output>.rejects.jsonl`` by default.

    Returns
    -------
    Counts
        Lines written and records refused, with reasons.
    """
    chosen = [with_tokenizer(name, tokenizer) for name in modalities or modality_names()]
    counts = Counts()
    if rejects is None and output is not None:
        rejects = output.with_name(output.name + ".rejects.jsonl")
    counts.rejects_file = rejects
    with ExitStack() as stack:
        lines: IO[str] = stack.enter_context(open_lines(output)) if output else sys.stdout
        refused = stack.enter_context(open_lines(rejects)) if rejects else None
        for batch in _batches(read_entities(file, file_format=file_format)):
            for item in _encode_batch(file, batch, chosen, asked=modalities is not None):
                if isinstance(item, Reject):
                    counts.reject(item, refused)
                else:
                    lines.write(json.dumps(item) + "\n")
                    counts.succeeded += 1
    return counts


def _batches(records: Iterable[Entity | Reject]) -> Iterator[list[tuple[int, Entity | Reject]]]:
    batch: list[tuple[int, Entity | Reject]] = []
    for numbered in enumerate(records, start=1):
        batch.append(numbered)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _encode_batch(
    file: str, batch: Sequence[tuple[int, Entity | Reject]], chosen: Sequence[Modality], asked: bool
) -> Iterator[dict[str, object] | Reject]:
    """Yield lines and rejects in the order of the records, then of the modalities."""
    entities = [(number, item) for number, item in batch if not isinstance(item, Reject)]
    encoded: dict[tuple[int, str], list[str] | BioMatrixError] = {}
    for one in chosen:
        fitting = [(number, entity) for number, entity in entities if one.accepts(entity) or asked]
        results = one.encode_each([entity for _, entity in fitting])
        encoded.update({(number, one.name): result for (number, _), result in zip(fitting, results, strict=True)})
    for number, item in batch:
        if isinstance(item, Reject):
            yield item
            continue
        for one in chosen:
            result = encoded.get((number, one.name))
            if isinstance(result, BioMatrixError):
                yield Reject(file, number, result.position, f"{one.name}: {result.message}", type(result).__name__)
            elif result is not None:
                yield _line(file, number, item, one, result)


def _line(file: str, number: int, entity: Entity, one: Modality, tokens: Sequence[str]) -> dict[str, object]:
    beside = {
        "labels": kind_of(entity).labels(entity) if one.needs_structure else None,
        "tokenizer": tokenizer_record(one),
    }
    return {
        "file": file,
        "record": number,
        "name": entity.name,
        "modality": one.name,
        "text": wrap(tokens, one),
        "notes": list(entity.notes),
        **{key: value for key, value in beside.items() if value},
    }
