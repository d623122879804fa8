"""Mol-Instructions, protein-oriented: lists of instructions whose metadata say which split each row is of.

The sequence stands between lines of three backquotes. The hub holds one zip archive of all files; the loader reads the
archive, or the files unpacked beside it or in its stead.

Settings: ``file``, the path of the list within the archive; ``archive``, the path of the archive; ``show``, the
placeholder of the sequence.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from biomatrix.entities.rejects import Reject
from biomatrix.errors import ConfigurationError, ParseError
from biomatrix.tasks.benchmarks.examples import Example
from biomatrix.tasks.benchmarks.loading import official_file
from biomatrix.tasks.benchmarks.official_files.json_rows import Row, json_rows, listed_rows
from biomatrix.tasks.benchmarks.official_files.zip_members import zip_member
from biomatrix.tasks.benchmarks.rows.placeholder_values import placeholder_value
from biomatrix.tasks.benchmarks.rows.table_examples import row_examples


def examples(folder: Path, split: str, settings: Mapping[str, Any]) -> Iterator[Example | Reject]:
    """Yield the rows of a split; a key is the row's number in its file, from 0, rows of other splits counted.

    Raises
    ------
    ConfigurationError
        Neither the file nor the archive is there.
    """

    def make(number: int, row: Row) -> Iterator[Example]:
        if _metadata(row).get("split") == split:
            yield _example(number, row, settings["show"])

    return row_examples(_rows(folder, settings), settings["file"], make)


def _example(number: int, row: Row, placeholder: str) -> Example:
    shown, answer = row.get("input"), row.get("output")
    if not isinstance(shown, str) or not isinstance(answer, str):
        raise ParseError("a row needs a text for 'input' and one for 'output'")
    value = placeholder_value(placeholder, shown.strip().strip("`").strip())
    accession = _metadata(row).get("protein_accession")
    return Example(
        str(number), {placeholder: value}, (answer,), facts={} if accession is None else {"accession": accession}
    )


def _metadata(row: Row) -> Row:
    found = row.get("metadata")
    if not isinstance(found, dict):
        raise ParseError("no metadata, which say the split")
    return found


def _rows(folder: Path, settings: Mapping[str, Any]) -> Iterator[Row | Reject]:
    try:
        yield from json_rows(official_file(folder, settings["file"]))
        return
    except ConfigurationError:
        archive = official_file(folder, settings["archive"])
    with zip_member(archive, settings["file"]) as stream:
        yield from listed_rows(stream, settings["file"])
