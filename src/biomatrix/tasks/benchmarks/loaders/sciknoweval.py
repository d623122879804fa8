"""SciKnowEval: questions of four options, of which those are taken that show one molecule as SMILES in quotes.

Settings: ``file``, JSON lines; ``subtasks``, which of its questions. There is only a test split.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from biomatrix.entities import Molecule
from biomatrix.entities.rejects import Reject
from biomatrix.errors import ParseError
from biomatrix.tasks.benchmarks.examples import Example
from biomatrix.tasks.benchmarks.loading import official_file
from biomatrix.tasks.benchmarks.official_files.row_files import RawRow, read_rows
from biomatrix.tasks.benchmarks.rows.questions import question_example
from biomatrix.tasks.benchmarks.rows.split_files import of_split
from biomatrix.tasks.benchmarks.rows.table_examples import row_examples

_QUOTED: Final = re.compile(r"""(["'])(\S+)\1""")


def examples(folder: Path, split: str, settings: Mapping[str, Any]) -> Iterator[Example | Reject]:
    """Yield the questions of some sub-tasks; keys are the numbers of their rows from 0."""
    of_split({"test": True}, split)
    path = official_file(folder, settings["file"])

    def make(number: int, row: RawRow) -> Iterator[Example]:
        if (row.get("details") or {}).get("subtask") in settings["subtasks"]:
            yield _example(str(number), row)

    return row_examples(read_rows(path), path, make)


def _example(key: str, row: RawRow) -> Example:
    text, choices = str(row.get("question", "")), row.get("choices") or {}
    shown = _QUOTED.findall(text)
    if len(shown) != 1:
        raise ParseError(f"{len(shown)} molecules in the question, not one")
    question = " ".join(_QUOTED.sub("above", text).split())
    options = dict(zip(choices.get("label", ()), choices.get("text", ()), strict=False))
    return question_example(key, Molecule.from_smiles(shown[0][1]), question, options, str(row.get("answerKey", "")))
