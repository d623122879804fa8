"""The files of SMolInstruct, in its archive ``data.zip`` or unpacked.

``raw/SPLIT/TASK.jsonl`` holds the rows, ``input`` and ``output`` without tags (an output may be an object of several,
by target); ``sample/instruction_tuning/SPLIT/TASK.json`` which of them are asked, in which order and of which target.
Splits are called train, dev and test.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Final

from biomatrix.entities.files.opening import open_bytes
from biomatrix.entities.limits import DEFAULT_LIMITS
from biomatrix.errors import BioMatrixError, ConfigurationError, LimitError, ParseError
from biomatrix.tasks.benchmarks.loading import official_file
from biomatrix.tasks.benchmarks.official_files.json_rows import json_row
from biomatrix.tasks.benchmarks.official_files.row_files import RawRow
from biomatrix.tasks.benchmarks.official_files.zip_members import zip_member

ARCHIVE: Final = "data.zip"
_SPLITS: Final = {"train": "train", "validation": "dev", "test": "test"}


def raw_rows(folder: Path, split: str, task: str) -> Iterator[RawRow | BioMatrixError]:
    """Yield the rows of a task in their order, the error in place of a broken one; ConfigurationError without file."""
    with _opened(folder, f"raw/{official_split(split)}/{task}.jsonl") as stream:
        for number, line in enumerate(iter(lambda: stream.readline(DEFAULT_LIMITS.record_bytes + 1), b""), start=1):
            if len(line) > DEFAULT_LIMITS.record_bytes:
                raise LimitError("a line is longer than a record may be", file=task, position=number)
            yield json_row(line.decode(errors="replace"))


def asked_rows(folder: Path, split: str, task: str) -> list[tuple[int, str | None]] | None:
    """Return the index and target of each row that is asked, in order; None where the data do not say.

    Raises
    ------
    ParseError
        The list is malformed.
    """
    path = f"sample/instruction_tuning/{official_split(split)}/{task}.json"
    try:
        with _opened(folder, path, "structure_bytes") as stream:  # held in memory whole
            record: Any = json.load(stream)
        return [(int(each["idx"]), each.get("target")) for each in record["samples"]]
    except ConfigurationError:
        return None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ParseError(f"not a list of samples: {error}", file=path) from error


def official_split(split: str) -> str:
    """Return what the data call a split; ConfigurationError where they have none such."""
    if split not in _SPLITS:
        raise ConfigurationError(f"no split {split!r}; there are: {', '.join(_SPLITS)}")
    return _SPLITS[split]


@contextmanager
def _opened(folder: Path, path: str, limit: str = "decompressed_bytes") -> Iterator[IO[bytes]]:
    archive = folder / ARCHIVE
    if (folder / path).exists() or not archive.is_file():
        with open_bytes(official_file(folder, path), limit=limit) as stream:
            yield stream
        return
    with zip_member(archive, path, limit=limit) as member:
        yield member
