"""Open Protein Instructions: test files are lines of seed tasks, training files are lists of instructions.

Test rows hold their question and answer in ``instances``; training rows beside their ``instruction``. Labels are parted
by `` ; `` in the files; the official evaluation turns that into ``; `` before it scores, and so does this loader.

Settings: ``test`` and ``train``, the paths; ``show``, the placeholder of the input; ``within``, a file of the official
scorer by whose sequences (``primary``) one of the hold-outs is told from the others;
``labels``, the fact that holds every answer of the training file, with ``|`` between, None where that is not there or
is too long; ``single_labels``, the fact that holds every label of those answers, likewise.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from biomatrix.entities.rejects import Reject
from biomatrix.errors import ConfigurationError, ParseError
from biomatrix.tasks.benchmarks.examples import Example
from biomatrix.tasks.benchmarks.loading import official_file
from biomatrix.tasks.benchmarks.official_files.json_rows import Row, json_rows
from biomatrix.tasks.benchmarks.rows.placeholder_values import placeholder_value
from biomatrix.tasks.benchmarks.rows.table_examples import row_examples

RAW_JOINT: Final = " ; "
JOINT: Final = "; "
"""What parts labels in answers, as the official evaluation writes it."""
_LONGEST_LIST: Final = 9_000
"""Characters of a list of labels that an answer can be held to; nothing is held to a longer one."""


def examples(folder: Path, split: str, settings: Mapping[str, Any]) -> Iterator[Example | Reject]:
    """Yield the rows of a split; a key is the row's number in its file, from 0.

    Raises
    ------
    ConfigurationError
        The set has no such split, or a file is missing.
    """
    if split not in settings:
        raise ConfigurationError(f"no {split} rows; there are: train, test")
    path = official_file(folder, settings[split])
    kept = _primaries(folder, settings["within"]) if split == "test" and "within" in settings else None
    facts = {
        settings[name]: _labels(folder, settings["train"], single=name == "single_labels")
        for name in ("labels", "single_labels")
        if name in settings
    }

    def make(number: int, row: Row) -> Iterator[Example]:
        shown, answer = _question(row)
        if kept is None or shown in kept:
            yield _example(number, shown, answer, settings["show"], facts)

    return row_examples(json_rows(path), path, make)


def _question(row: Row) -> tuple[str, str]:
    """Return the input and the answer of a row; of several instances the first, as the official evaluation does."""
    instances = row.get("instances", [row])
    first = instances[0] if isinstance(instances, list) and instances else None
    if not isinstance(first, dict):
        raise ParseError("no instance, in which the question and its answer stand")
    shown, answer = first.get("input"), first.get("output")
    if not isinstance(shown, str) or not isinstance(answer, str) or not shown.strip():
        raise ParseError("an instance needs a text for 'input' and one for 'output'")
    return shown, answer.replace(RAW_JOINT, JOINT)


def _example(number: int, shown: str, answer: str, placeholder: str, facts: Mapping[str, Any]) -> Example:
    return Example(str(number), {placeholder: placeholder_value(placeholder, shown)}, (answer,), facts=facts)


def _labels(folder: Path, path: str, *, single: bool) -> str | None:
    """Return the answers of the training file, or their labels; those that a list cannot hold are left out."""
    try:
        rows = list(json_rows(official_file(folder, path)))
    except ConfigurationError:
        return None
    found: set[str] = set()
    for row in rows:
        try:
            answer = "" if isinstance(row, Reject) else _question(row)[1].strip()
        except ParseError:
            continue
        parts = map(str.strip, answer.split(JOINT.strip())) if single else (answer,)
        found.update(part for part in parts if part and "|" not in part)
    listed = "|".join(sorted(found))
    return listed if 0 < len(listed) <= _LONGEST_LIST else None


def _primaries(folder: Path, path: str) -> frozenset[str]:
    file = official_file(folder, path)
    rows = [row for row in json_rows(file) if not isinstance(row, Reject)]
    found = frozenset(row["primary"] for row in rows if isinstance(row.get("primary"), str))
    if not found:
        raise ConfigurationError("no sequence under 'primary', by which the hold-out is told", file=str(file))
    return found
