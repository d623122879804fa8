"""Pairs of protein identifiers with 0 or 1, and a list of sequences, both as tab-separated lines without a header.

Settings: ``pairs`` and ``sequences``, the paths; ``labels``, the words for 0 and 1; ``held_out``, the share of
proteins whose pairs are the test. Such lists have no official split: each protein is drawn once, by a hash of its
identifier, and only pairs of two proteins of one side are used, so that no test protein is ever seen in training.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from biomatrix.entities.files.reading import read_lines
from biomatrix.entities.rejects import Reject
from biomatrix.errors import BioMatrixError, ConfigurationError, ParseError
from biomatrix.tasks.benchmarks.examples import Example
from biomatrix.tasks.benchmarks.loading import official_file
from biomatrix.tasks.benchmarks.rows.pair_examples import pair_example

_NAMES: Final = {"proteins": ("first", "second"), "value": "label"}
_SIDES: Final = {"test": True, "train": False}


def examples(folder: Path, split: str, settings: Mapping[str, Any]) -> Iterator[Example | Reject]:
    """Yield the pairs of a split; the key names both proteins."""
    if split not in _SIDES:
        raise ConfigurationError(f"no split {split!r}; there are: {', '.join(_SIDES)}")
    path = official_file(folder, settings["pairs"])
    sequences = _sequences(official_file(folder, settings["sequences"]))
    wanted = {**_NAMES, "labels": settings["labels"]}
    for number, line in enumerate(read_lines(path), 1):
        try:
            first, second, label = _cells(line, 3)
            if any(is_held_out(name, settings["held_out"]) != _SIDES[split] for name in (first, second)):
                continue
            row = {"first": sequences.get(first), "second": sequences.get(second), "label": label}
            yield pair_example(f"{first}-{second}-{number}", row, wanted)
        except BioMatrixError as error:
            yield Reject.from_error(error, str(path), number)


def _sequences(path: Path) -> dict[str, str]:
    found = {}
    for line in read_lines(path):
        if line.strip():
            name, sequence = _cells(line, 2)
            found[name] = sequence
    return found


def is_held_out(name: str, share: float) -> bool:
    """Return whether a protein is of the test side."""
    return int.from_bytes(sha256(name.encode()).digest()[:4], "big") < share * 2**32


def _cells(line: str, count: int) -> tuple[str, ...]:
    cells = tuple(line.split("\t"))
    if len(cells) != count:
        raise ParseError(f"{len(cells)} tab-separated values where {count} are expected")
    return cells
