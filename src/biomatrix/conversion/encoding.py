"""Records of a file to JSON lines of wrapped tokens."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import IO, Any

from biomatrix.conversion.counts import Counts
from biomatrix.conversion.lines import open_lines
from biomatrix.conversion.outputs import STANDARD_OUTPUT, check_paths, rejects_beside, standard_output
from biomatrix.conversion.tokenizer_use import TokenizerUse
from biomatrix.conversion.tokenizers import tokenizer_record, with_tokenizer
from biomatrix.conversion.wrapped import wrap
from biomatrix.entities import Entity, Modality, Reject, kind_of, modality_names, read_entities
from biomatrix.entities.counting import count_records
from biomatrix.entities.formats import kinds_held, known_formats, read_format_of
from biomatrix.entities.kind_registry import kind as kind_named
from biomatrix.entities.kind_registry import kinds
from biomatrix.entities.modality_settings import modality_with, settings_record
from biomatrix.errors import BioMatrixError, ConfigurationError
from biomatrix.progress import Progress

BATCH = 64
"""Records encoded in one call per modality, so that batched tokenizers are used well."""


def encode_to_lines(
    file: str,
    output: Path | None,
    *,
    modalities: Sequence[str] | None = None,
    kind: str | None = None,
    file_format: str | None = None,
    tokenizer: str | None = None,
    rejects: Path | None = None,
    settings: Mapping[str, Any] = MappingProxyType({}),
    modality_settings: Mapping[str, Mapping[str, Any]] = MappingProxyType({}),
) -> Counts:
    """Write every record of a file as JSON lines ``{file, record, name, modality, text, notes}``.

    The notes are what a reader did to the record, then what the text does not say of it
    (:meth:`~biomatrix.entities.Modality.losses`). Lines of structures also hold ``labels``, what a file needs and the
    tokens do not carry, and ``tokenizer``, the name and fingerprint of the only structure tokenizer that reads the
    codes; of a composite modality, those of each part. ``settings`` are those of the modality where they are not its
    default, and decoding takes them from there.

    Parameters
    ----------
    file : str
        A file of entities of any kind, or "-" for standard input.
    output : Path or None
        The file for the lines; standard output when None or "-".
    modalities : sequence of str, optional
        The modalities to write; every one that accepts the record when not given.
    kind : str, optional
        What the file holds, where its format may hold several kinds; other records are refused.
    file_format : str, optional
        The format, where the file name does not tell.
    tokenizer : str, optional
        Name or folder of the structure tokenizer, for the modalities that have one.
    rejects : Path, optional
        File for the refused records, as JSON lines; ``<output>.rejects.jsonl`` by default, none for standard output,
        a device or a pipe.
    settings : mapping of str to object
        What the kind's reader can be told of the file, such as ``layer`` for cells.
    modality_settings : mapping of str to mapping
        By modality, what its constructor takes, such as ``k`` for cells; each must be one that is written.

    Returns
    -------
    Counts
        Lines written and records refused, with reasons.

    Raises
    ------
    ConfigurationError
        Two of the paths are the same file, one cannot be written, or a setting does not fit.
    """
    if str(output) == STANDARD_OUTPUT:
        output = None
    if rejects is None and output is not None:
        rejects = rejects_beside(output)
    check_paths(file, output, rejects)
    candidates = kinds() if kind is None else (kind_named(kind),)
    file_format = read_format_of(file, file_format, candidates)
    layout = known_formats()[file_format][0]
    progress = Progress("encoding", partial(count_records, file, layout), "records")
    names = modalities or _names_for(file_format, kind)
    unused = next((name for name in modality_settings if name not in names), None)
    if unused is not None:
        raise ConfigurationError(f"settings are given for {unused}, which is not written; written: {', '.join(names)}")
    targets = [with_tokenizer(modality_with(name, modality_settings.get(name, {})), tokenizer) for name in names]
    used = TokenizerUse(tokenizer, targets)
    counts = Counts(rejects_file=rejects)
    with ExitStack() as stack:
        lines: IO[str] = stack.enter_context(open_lines(output) if output else standard_output())
        rejects_stream = stack.enter_context(open_lines(rejects)) if rejects else None
        for batch in _batches(read_entities(file, kind=kind, file_format=file_format, **settings)):
            for item in _encode_batch(file, batch, targets, used, explicit=modalities is not None):
                if isinstance(item, Reject):
                    counts.reject(item, rejects_stream)
                else:
                    lines.write(json.dumps(item) + "\n")
                    counts.succeeded += 1
            progress.advance(len(batch))
    counts.notes = used.notes
    return counts


def _names_for(file_format: str, kind: str | None) -> list[str]:
    """Return the modalities of the kinds that a file of this format may hold, or of the one that it is said to."""
    names = [one.name for one in kinds_held(file_format)] if kind is None else [kind]
    return [name for one in names for name in modality_names(one)]


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
    file: str,
    batch: Sequence[tuple[int, Entity | Reject]],
    targets: Sequence[Modality],
    used: TokenizerUse,
    explicit: bool,
) -> Iterator[dict[str, object] | Reject]:
    """Yield lines and rejects in the order of the records, then of the modalities.

    A modality that does not accept an entity passes it over, or refuses it where the modalities are ``explicit``; those
    of another kind pass it over there too, as long as one is of its kind.
    """
    entities = [(number, item) for number, item in batch if not isinstance(item, Reject)]
    encoded: dict[tuple[int, str], list[str] | BioMatrixError] = {}
    asked = {one.kind for one in targets}
    for one in targets:
        fitting = [
            (number, entity)
            for number, entity in entities
            if one.accepts(entity) or (explicit and (one.kind == entity.kind or entity.kind not in asked))
        ]
        used.note(one, len(fitting))
        results = one.encode_each([entity for _, entity in fitting])
        encoded.update({(number, one.name): result for (number, _), result in zip(fitting, results, strict=True)})
    for number, item in batch:
        if isinstance(item, Reject):
            yield item
            continue
        for one in targets:
            result = encoded.get((number, one.name))
            if isinstance(result, BioMatrixError):
                reason = result.message.removeprefix(f"{one.name} ")
                yield Reject(file, number, result.position, f"{one.name}: {reason}", type(result).__name__)
            elif result is not None:
                yield _line(file, number, item, one, result)


def _line(file: str, number: int, entity: Entity, one: Modality, tokens: Sequence[str]) -> dict[str, object]:
    extras = {
        "labels": kind_of(entity).labels(entity) if one.needs_structure else None,
        "tokenizer": tokenizer_record(one),
        "settings": settings_record(one),
    }
    return {
        "file": file,
        "record": number,
        "name": entity.name,
        "modality": one.name,
        "text": wrap(tokens, one),
        "notes": list(dict.fromkeys((*entity.notes, *one.losses(entity)))),
        **{key: value for key, value in extras.items() if value},
    }
