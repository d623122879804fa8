"""The log of a run: every question and reply, in part files while it runs and in one Parquet file at its end.

Replies are always judged as the log gives them back, so that a run that was interrupted ends like any other.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from biomatrix.entities.files.folders import make_folder
from biomatrix.entities.files.writing import write_atomically
from biomatrix.entities.kind_registry import kind, kind_of
from biomatrix.errors import ConfigurationError
from biomatrix.evaluation.answering import Reply

SAMPLES_FILE: Final = "samples.parquet"
_PARTS: Final = "parts"
_COLUMNS: Final = (
    ("run", pa.int32()),
    ("row", pa.int32()),
    ("sample", pa.int32()),
    ("key", pa.large_string()),
    ("seed", pa.int64()),
    ("prompt", pa.large_string()),
    ("raw", pa.large_string()),
    ("error", pa.large_string()),
    ("checks", pa.large_string()),
    ("seconds", pa.float64()),
    ("logprob", pa.float64()),
    ("entity_kind", pa.string()),
    ("entity", pa.large_binary()),
)
SCHEMA: Final = pa.schema(_COLUMNS)


class Place(NamedTuple):
    """Which answer it is: the run, the row among those that are asked, the sample; each from 0."""

    run: int
    row: int
    sample: int


@dataclass(frozen=True, eq=False)
class Entry:
    """One question and its reply, as the log keeps them."""

    place: Place
    key: str
    seed: int
    prompt: str
    reply: Reply


class AnswerLog:
    """The log of one benchmark, in a folder.

    Parameters
    ----------
    folder : Path
        Made where it is not there; what an earlier run left in it is read.

    Raises
    ------
    ConfigurationError
        A file of the log cannot be read.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._parts = folder / _PARTS
        make_folder(folder)
        self._next = 0
        self.entries: dict[Place, Entry] = {}
        for path in self._files():
            self._read(path)

    def add(self, entries: Sequence[Entry]) -> None:
        """Write answers as a part, whole or not at all, and take them as the part gives them back."""
        self._parts.mkdir(exist_ok=True)
        path = self._parts / f"{self._next:06d}.parquet"
        _write(path, pa.Table.from_pylist([_record(entry) for entry in entries], SCHEMA))
        self._read(path)

    def finish(self, further: Mapping[str, Sequence[Any]], types: Mapping[str, Any]) -> None:
        """Write the log as one file in order of place, with further columns in that order; the parts are removed."""
        ordered = [self.entries[place] for place in sorted(self.entries)]
        table = pa.Table.from_pylist([_record(entry) for entry in ordered], SCHEMA)
        for name, values in further.items():
            table = table.append_column(name, pa.array(values, types[name]))
        _write(self._folder / SAMPLES_FILE, table)
        self._remove_parts()

    def clear(self) -> None:
        """Forget every answer."""
        (self._folder / SAMPLES_FILE).unlink(missing_ok=True)
        self._remove_parts()
        self.entries.clear()

    def _remove_parts(self) -> None:
        for path in self._parts.glob("*.parquet"):
            path.unlink()
        if self._parts.is_dir() and not any(self._parts.iterdir()):
            self._parts.rmdir()
        self._next = 0

    def _files(self) -> Iterable[Path]:
        whole = self._folder / SAMPLES_FILE
        return ([whole] if whole.is_file() else []) + sorted(self._parts.glob("*.parquet"))

    def _read(self, path: Path) -> None:
        if path.parent == self._parts:
            self._next = max(self._next, int(path.stem) + 1 if path.stem.isdecimal() else 0)
        try:
            table = pq.read_table(path, columns=SCHEMA.names)
        except (OSError, pa.ArrowException) as error:
            reason = " ".join(str(error).split())[:200]
            raise ConfigurationError(f"not a log of answers ({reason}); remove it", file=str(path)) from error
        for record in table.to_pylist():
            entry = _entry(record)
            self.entries[entry.place] = entry


def _write(path: Path, table: Any) -> None:
    with write_atomically(path) as stream:
        pq.write_table(table, stream, compression="zstd")


def _record(entry: Entry) -> dict[str, Any]:
    entity = entry.reply.entity
    return {
        **entry.place._asdict(),
        "key": _text(entry.key),
        "seed": entry.seed,
        "prompt": _text(entry.prompt),
        "raw": _text(entry.reply.raw),
        "error": _text(entry.reply.error),
        "checks": json.dumps(dict(entry.reply.checks), sort_keys=True, default=str),
        "seconds": entry.reply.seconds,
        "logprob": entry.reply.logprob,
        "entity_kind": None if entity is None else entity.kind,
        "entity": None if entity is None else kind_of(entity).to_bytes(entity),
    }


def _entry(record: Mapping[str, Any]) -> Entry:
    written = record["entity"]
    reply = Reply(
        raw=record["raw"],
        entity=None if written is None else kind(record["entity_kind"]).from_bytes(written),
        error=record["error"],
        checks=json.loads(record["checks"]),
        seconds=record["seconds"],
        logprob=record["logprob"],
    )
    place = Place(record["run"], record["row"], record["sample"])
    return Entry(place, record["key"], record["seed"], record["prompt"], reply)


def _text(text: str) -> str:
    """Return text that UTF-8 can hold: a server may send halves of surrogate pairs."""
    return text.encode("utf-8", "replace").decode("utf-8")
