"""Reading lines of wrapped tokens: JSON objects or bare text, numbered; a broken line becomes a Reject."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from biomatrix.entities import Reject
from biomatrix.entities.files.reading import byte_lines
from biomatrix.errors import BioMatrixError

MAX_LINE: Final = 4_000_000
"""The longest line read, in bytes: a chain of 20,000 residues takes a tenth of it."""
_OBJECTS: Final = ("labels", "tokenizer", "settings")
_READ: Final = ("text", "name", "residues", *_OBJECTS)


@dataclass(frozen=True)
class Line:
    """One line of input.

    Parameters
    ----------
    number : int
        From 1.
    text : str
        The wrapped tokens.
    name : str
        The record's name; "" where the line has none.
    labels : mapping, optional
        What the tokens do not carry, as the entity's kind writes it.
    tokenizer : mapping, optional
        Name and fingerprint of the structure tokenizer that the tokens belong to; of a composite, one such mapping
        per part.
    settings : mapping, optional
        Those of the modality, where they are not its default.
    """

    number: int
    text: str
    name: str = ""
    labels: Mapping[str, Any] | None = None
    tokenizer: Mapping[str, Any] | None = None
    settings: Mapping[str, Any] | None = None


def read_lines(file: str) -> Iterator[Line | Reject]:
    """Yield the lines that are not blank; the decoder refuses text that is neither JSON nor wrapped.

    Parameters
    ----------
    file : str
        A text file, gzipped or not, or "-" for standard input.

    Raises
    ------
    ParseError
        The file cannot be opened; what goes wrong later is a Reject.
    """
    number = 0
    try:
        for number, raw in enumerate(byte_lines(file, longest=MAX_LINE, json=True), start=1):
            if raw is None:
                yield Reject(file, number, None, f"a line of more than {MAX_LINE:,} bytes, the most that is read")
            elif raw.strip():
                yield _parse_line(file, number, raw.strip())
    except BioMatrixError as error:
        if not number:
            raise
        yield Reject.from_error(error, file)


def _parse_line(file: str, number: int, raw: bytes) -> Line | Reject:
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        return Reject(file, number, error.start, f"not UTF-8: {error.reason}")
    if text == "[" or text.startswith(("[{", '["')):
        return Reject(file, number, None, "a JSON array; give one object a line, without brackets and commas round it")
    if not text.startswith("{"):
        return Line(number, text)
    try:
        record = json.loads(text)
    except json.JSONDecodeError as error:
        return Reject(file, number, error.pos, f"not JSON: {error.msg}")
    except (ValueError, RecursionError) as error:  # numbers of thousands of digits, brackets nested too deep
        return Reject(file, number, None, f"JSON that cannot be read: {error}")
    if not isinstance(record.get("text"), str):
        return Reject(file, number, None, 'the JSON object has no string "text"')
    strange = next((key for key in _READ if "\\u" in text and not _is_text(record.get(key))), None)
    if strange is not None:
        return Reject(file, number, None, f'"{strange}" holds half of a surrogate pair, which is no character')
    if "residues" in record:  # the name of "labels" in lines of earlier versions
        record.setdefault("labels", record["residues"])
    for key in _OBJECTS:
        if record.get(key) is not None and not isinstance(record[key], dict):
            return Reject(file, number, None, f'"{key}" is not an object')
    tokenizer = record.get("tokenizer")
    if tokenizer is not None and not all(map(_has_fingerprint, _tokenizers(tokenizer))):
        return Reject(file, number, None, '"tokenizer" has no string "fingerprint"')
    name, settings = str(record.get("name") or ""), record.get("settings")
    return Line(number, record["text"], name, record.get("labels"), tokenizer, settings)


def _tokenizers(record: Mapping[str, Any]) -> Sequence[Any]:
    """Return the records of the tokenizers: one per part, where the line is of a composite."""
    parts = list(record.values())
    return parts if parts and all(isinstance(part, dict) for part in parts) else [record]


def _has_fingerprint(record: Mapping[str, Any]) -> bool:
    return isinstance(record.get("fingerprint"), str)


def _is_text(value: object) -> bool:
    """Return whether all strings inside a JSON value can be written as UTF-8: an escape can name half a character."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True
