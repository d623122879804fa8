"""Lines of wrapped tokens to files that open elsewhere."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from biomatrix.conversion.counts import Counts
from biomatrix.conversion.encoding import with_tokenizer
from biomatrix.conversion.lines import open_lines
from biomatrix.conversion.wrapped import unwrap
from biomatrix.entities import Entity, Modality, Reject, kind_of, write_entities
from biomatrix.errors import BioMatrixError, ParseError

MAX_LINE = 4_000_000
"""The longest line read, in characters: a chain of 20,000 residues takes a tenth of it."""


@dataclass(frozen=True)
class Line:
    """One line of input: its number, the wrapped text, and the record's name and residues if the line gives them."""

    number: int
    text: str
    name: str = ""
    residues: dict[str, Any] | None = None


def decode_from_lines(file: str, output: Path, *, tokenizer: str | None = None, rejects: Path | None = None) -> Counts:
    """Decode JSON lines of :func:`encode_to_lines`, or plain wrapped lines, into entity files.

    Parameters
    ----------
    file : str
        The lines, or "-" for standard input.
    output : Path
        One file that holds many records (``.sdf``, ``.smi``, ``.selfies``, ``.fasta``, ...), or else a folder
        that receives one file an entity, named by line number and record.
    tokenizer : str, optional
        Name or folder of the structure tokenizer, for the modalities that hold one.
    rejects : Path, optional
        JSON lines of what was refused; beside the output by default.

    Returns
    -------
    Counts
        Entities written and lines refused, with reasons.
    """
    counts = Counts()
    counts.rejects_file = rejects or output.with_name(output.name + ".rejects.jsonl")
    decoded: list[tuple[Line, Entity, Modality]] = []
    with ExitStack() as stack:
        refused = stack.enter_context(open_lines(counts.rejects_file))
        for line in read_lines(file):
            if isinstance(line, Reject):
                counts.reject(line, refused)
                continue
            try:
                one, tokens = unwrap(line.text)
                one = with_tokenizer(one.name, tokenizer)
                entity: Entity = one.decode(tokens)
                if line.residues is not None and one.needs_structure:
                    entity = kind_of(entity).with_labels(entity, line.residues, line.name)
                decoded.append((line, entity, one))
            except BioMatrixError as error:
                counts.reject(Reject(file, line.number, error.position, error.message, type(error).__name__), refused)
        if output.suffix:
            write_entities([entity for _, entity, _ in decoded], output)
            counts.succeeded = len(decoded)
        else:
            output.mkdir(parents=True, exist_ok=True)
            for line, entity, one in decoded:
                entity.to_file(output / f"{_file_stem(line, one)}.{one.file_format}")
                counts.succeeded += 1
    return counts


def read_lines(file: str) -> Iterator[Line | Reject]:
    """Yield the lines that hold something; a line that is no JSON and not wrapped is left to the decoder to refuse."""
    with ExitStack() as stack:
        try:
            stream = sys.stdin if file == "-" else stack.enter_context(Path(file).open(encoding="utf-8"))
        except OSError as error:
            raise ParseError(f"cannot be opened: {error.strerror}", file=file) from error
        for number, raw in enumerate(stream, start=1):
            if len(raw) > MAX_LINE:
                yield Reject(file, number, None, f"a line of {len(raw):,} characters; at most {MAX_LINE:,} are read")
            elif raw.strip():
                yield _parse_line(file, number, raw.strip())


def _parse_line(file: str, number: int, text: str) -> Line | Reject:
    if not text.startswith("{"):
        return Line(number, text)
    try:
        record = json.loads(text)
    except json.JSONDecodeError as error:
        return Reject(file, number, error.pos, f"not JSON: {error.msg}")
    if not isinstance(record.get("text"), str):
        return Reject(file, number, None, 'the JSON object has no string "text"')
    residues = record.get("residues")
    if residues is not None and not isinstance(residues, dict):
        return Reject(file, number, None, '"residues" is not an object')
    return Line(number, record["text"], str(record.get("name") or ""), residues)


def _file_stem(line: Line, one: Modality) -> str:
    safe = "".join(character if character.isalnum() or character in "-_" else "_" for character in line.name)
    return "_".join(part for part in (f"{line.number:05d}", safe[:60], one.name) if part)
