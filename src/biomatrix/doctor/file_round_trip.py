"""The round trip of a file through a structure tokenizer: opened, measured by its kind, and written as a table."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from biomatrix.conversion.outputs import check_paths
from biomatrix.doctor.records import open_records
from biomatrix.entities.files.paths import exists, is_file, is_folder
from biomatrix.entities.files.reading import STANDARD_INPUT
from biomatrix.entities.files.writing import write_whole
from biomatrix.entities.kind_registry import kinds, load_attribute
from biomatrix.entities.options import chosen_options, defaults
from biomatrix.entities.registration import Kind
from biomatrix.entities.round_trip import RecordSource, RoundTrip
from biomatrix.errors import ParseError, UnsupportedError
from biomatrix.progress import Progress


@dataclass(frozen=True)
class FileOptions:
    """Options of the round trip of a file.

    Parameters
    ----------
    tokenizer : str
        A shipped name, a folder, or anything else that the kind opens.
    kind : str, optional
        The kind of its entities, where the name and the columns do not tell.
    limit : int, optional
        At most this many records.
    held_out : bool
        Only what no shipped tokenizer was fitted on; see :meth:`biomatrix.doctor.records.RecordFile.records`.
    settings : mapping of str to object
        Options of the kind; see the class that its registration names as ``round_trip_options``.
    """

    tokenizer: str = "default"
    kind: str | None = None
    limit: int | None = None
    held_out: bool = False
    settings: Mapping[str, Any] = field(default_factory=dict)

    def described(self) -> dict[str, Any]:
        """Return every option of every kind by name, as set or by default."""
        own = {one.name: getattr(self, one.name) for one in fields(self) if one.name != "settings"}
        for options in options_by_kind().values():
            own.update(defaults(options))
        return {**own, **self.settings}


def options_by_kind() -> dict[str, type[Any]]:
    """Return the class of options of every kind whose round trip takes options, by the plural of the kind."""
    return {one.plural: load_attribute(one.round_trip_options) for one in kinds() if one.round_trip_options is not None}


def measure_file(path: Path, options: FileOptions | None = None) -> RoundTrip:
    """Measure the round trip of every record of a file.

    Raises
    ------
    ConfigurationError
        Options that do not fit what the file holds.
    UnsupportedError
        The kind of the file has no such measurement.
    BioMatrixError
        The file or the tokenizer cannot be opened. Bad records do not raise: the result counts them as failures.
    """
    request = options or FileOptions()
    if not is_file(path):
        raise ParseError(_absence(path), file=str(path))
    file = open_records(path, request.kind)
    measure = _measurement(file.kind, path)
    kind_options = _options_of(file.kind, request.settings)
    total = file.count()
    if total is not None and request.limit is not None:
        total = min(total, request.limit)
    progress = Progress("round trip", total, file.kind.plural, every=5.0) if total else None
    source = RecordSource(
        str(path), file.records(held_out=request.held_out, limit=request.limit), structure=file.layout.structure
    )
    result: RoundTrip = measure(
        source, request.tokenizer, kind_options, progress.advance if progress else lambda _: None
    )
    return result


def check_table(file: Path, table: Path) -> None:
    """Check where :func:`write_table` will write, before anything is measured.

    Raises
    ------
    ConfigurationError
        It is the measured file itself, or no file can be written there.
    """
    check_paths(str(file), table, None)


def table_of(each: Sequence[Any]) -> str:
    """Return a CSV table of dataclasses, one line per record under a header; empty without records."""
    text = io.StringIO()
    if each:
        writer = csv.DictWriter(text, [one.name for one in fields(each[0])], lineterminator="\n")
        writer.writeheader()
        writer.writerows(asdict(one) for one in each)
    return text.getvalue()


def write_table(each: Sequence[Any], path: Path) -> None:
    """Write :func:`table_of` to a file, whole or not at all."""
    write_whole(path, table_of(each).encode())


def _absence(path: Path) -> str:
    """Return what is wrong with a path that is no file."""
    if str(path) == STANDARD_INPUT:
        return "standard input can be read once only, and a round trip looks at its records twice; give a file"
    if is_folder(path):
        return "is a folder, not a file; give the file of records"
    return "no such file" if not exists(path) else "is no regular file"


def _measurement(kind: Kind, path: Path) -> Any:
    if kind.round_trip is None:
        able = [one.plural for one in kinds() if one.round_trip is not None]
        raise UnsupportedError(
            f"{kind.plural} have no measurement of round trips; there is one of: {', '.join(able)}", file=str(path)
        )
    return load_attribute(kind.round_trip)


def _options_of(kind: Kind, settings: Mapping[str, Any]) -> Any:
    others = options_by_kind()
    own = others.pop(kind.plural, _NoOptions)
    return chosen_options(own, kind.plural, settings, others, "the file")


@dataclass(frozen=True)
class _NoOptions:
    """The options of a kind that takes none."""
