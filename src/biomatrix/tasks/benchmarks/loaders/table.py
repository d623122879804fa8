"""Any table whose columns are inputs and answers: Parquet, JSON lines, separated values, FASTA.

Settings
--------
files : mapping of split to path; or ``file``, with what tells its splits apart as in
    :func:`biomatrix.tasks.benchmarks.rows.row_folds.is_of_fold`.
fields : mapping of placeholder to column, or to ``KIND:column`` for an entity, such as ``molecule:smiles``.
answer : the column of the answer, or ``FORM:column`` where it must be a ``molecule``, ``formula`` or ``number``;
    ``answers`` maps what stands there to the official words, and ``joint`` is what parts several labels there, which
    are written with ``; `` between.
labels : the fact that holds those official words, with ``|`` between.
key : the column of the row's name; its number where there is none.
quoted : False where quotation marks are characters like any other.
doubled : True where every backslash is written twice, as in ChEBI-20.
parts : ``column``, ``separator`` and ``into``: a column that holds several, such as a reaction.
unpivot : ``columns``, ``name`` and ``value``: columns that become rows of their own.
several_golds : True where all answers of the split to the same input are accepted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from biomatrix.entities.kind_registry import kind
from biomatrix.entities.rejects import Reject
from biomatrix.errors import BioMatrixError, ConfigurationError, ParseError
from biomatrix.tasks.benchmarks.examples import Example, FieldValue
from biomatrix.tasks.benchmarks.loading import official_file
from biomatrix.tasks.benchmarks.official_files.row_files import RawRow, read_rows
from biomatrix.tasks.benchmarks.rows.checked_references import checked_reference
from biomatrix.tasks.benchmarks.rows.row_folds import is_of_fold
from biomatrix.tasks.benchmarks.rows.several_golds import with_all_golds
from biomatrix.tasks.benchmarks.rows.split_files import of_split
from biomatrix.tasks.benchmarks.rows.table_examples import cell


def examples(folder: Path, split: str, settings: Mapping[str, Any]) -> Iterator[Example | Reject]:
    """Yield the rows of a split; a row that lacks a value or holds a broken one becomes a reject."""
    rows = _examples(folder, split, settings)
    yield from with_all_golds(rows) if settings.get("several_golds") else (row for _, row in rows)


def _examples(folder: Path, split: str, settings: Mapping[str, Any]) -> Iterator[tuple[str, Example | Reject]]:
    path = official_file(folder, _path(split, settings))
    for number, row in enumerate(read_rows(path, quoted=settings.get("quoted", True)), start=1):
        try:
            if isinstance(row, BioMatrixError):
                raise row
            if settings.get("doubled"):
                row = {column: str(value).replace("\\\\", "\\") for column, value in row.items()}
            if is_of_fold(row, split, settings):
                for key, each in _unpivoted(
                    str(row.get(settings.get("key", ""), number)), _parted(row, settings), settings
                ):
                    yield _shown(each, settings), _example(key, each, settings)
        except ConfigurationError:
            raise
        except BioMatrixError as error:
            yield "", Reject.from_error(error, str(path), number)


def _path(split: str, settings: Mapping[str, Any]) -> str:
    files = settings.get("files")
    if files is None:
        return str(settings["file"])
    return str(of_split(files, split))


def _parted(row: RawRow, settings: Mapping[str, Any]) -> RawRow:
    parts = settings.get("parts")
    if parts is None:
        return row
    values = cell(row, parts["column"]).split(parts["separator"])
    if len(values) != len(parts["into"]):
        raise ParseError(f"{len(values)} parts in the column {parts['column']!r}, not {len(parts['into'])}")
    return {**row, **dict(zip(parts["into"], values, strict=True))}


def _unpivoted(key: str, row: RawRow, settings: Mapping[str, Any]) -> Iterator[tuple[str, RawRow]]:
    form = settings.get("unpivot")
    if form is None:
        yield key, row
        return
    for number, column in enumerate(form["columns"]):
        if str(row.get(column, "")) != "":
            yield f"{key}/{number}", {**row, form["name"]: column, form["value"]: row[column]}


def _example(key: str, row: RawRow, settings: Mapping[str, Any]) -> Example:
    fields = {name: _field(row, column) for name, column in settings["fields"].items()}
    form, _, column = settings["answer"].rpartition(":")
    answer = checked_reference(form, cell(row, column))
    known: Mapping[str, str] | None = settings.get("answers")
    if known is not None and answer not in known:
        raise ParseError(f"the answer {answer[:40]!r} is none of {', '.join(known)}", position=column)
    answer = answer if known is None else known[answer]
    answer = "; ".join(answer.split(settings["joint"])) if "joint" in settings else answer
    facts = {settings["labels"]: "|".join(dict.fromkeys(known.values()))} if known and "labels" in settings else {}
    return Example(key, fields, (answer,), facts=facts)


def _field(row: RawRow, column: str) -> FieldValue:
    name, _, rest = column.rpartition(":")
    return kind(name).parse(cell(row, rest)) if name else cell(row, rest)


def _shown(row: RawRow, settings: Mapping[str, Any]) -> str:
    return "\0".join(str(row.get(column.rpartition(":")[2])) for column in settings["fields"].values())
