"""The remote-homology hold-outs of TAPE as lines of JSON (``name``, ``sequence``, ``fold``), which stand in for OPI's.

A fold is named as in SCOP (``a.1``); OPI numbers the folds, in the order of the class map of the same benchmark.

Settings: a path for each split; ``classes``, the class map; ``show``, the placeholder of the sequence.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from biomatrix.entities.files.reading import read_lines
from biomatrix.entities.rejects import Reject
from biomatrix.errors import ConfigurationError, ParseError
from biomatrix.tasks.benchmarks.examples import Example
from biomatrix.tasks.benchmarks.loading import official_file
from biomatrix.tasks.benchmarks.official_files.json_rows import Row, json_rows
from biomatrix.tasks.benchmarks.rows.placeholder_values import placeholder_value
from biomatrix.tasks.benchmarks.rows.table_examples import row_examples


def examples(folder: Path, split: str, settings: Mapping[str, Any]) -> Iterator[Example | Reject]:
    """Yield the rows of a split; a key is the name of the domain, such as ``d1ecda_``.

    Raises
    ------
    ConfigurationError
        The set has no such split, or a file is missing or is no class map.
    """
    if split not in settings:
        raise ConfigurationError(f"no {split} rows of this set")
    numbers = _numbers(official_file(folder, settings["classes"]))
    path = official_file(folder, settings[split])
    return row_examples(json_rows(path), path, lambda _, row: [_example(row, numbers, settings["show"])])


def _example(row: Row, numbers: Mapping[str, str], placeholder: str) -> Example:
    name, sequence, fold = (row.get(key) for key in ("name", "sequence", "fold"))
    if not isinstance(name, str) or not isinstance(sequence, str) or not isinstance(fold, str) or fold not in numbers:
        raise ParseError("a row needs 'name', 'sequence', and a 'fold' of the class map")
    shown = placeholder_value(placeholder, sequence)
    return Example(name, {placeholder: shown}, (numbers[fold],), facts={"structure_id": _structure(name)})


def _numbers(path: Path) -> dict[str, str]:
    rows = [line.split() for line in read_lines(path) if line.strip()]
    if not all(len(row) == 2 and row[1].isdecimal() for row in rows):
        raise ConfigurationError("no class map: each line is to hold a fold and its number", file=str(path))
    return {row[0]: row[1] for row in rows}


def _structure(name: str) -> str:
    """Return the PDB code in the name of a SCOP domain, such as 1ecd in d1ecda_."""
    return name[1:5]
