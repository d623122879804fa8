"""MoleculeQA: ``TXT/CATEGORY/SPLIT.txt``, questions of four options about one molecule.

A block of lines holds a question: an instruction, ``SMILES:``, ``Question:``, ``Option A:`` to ``Option D:``, and the
letter of the answer behind the closing quotation mark of the text. Splits are called train, valid and test.

Settings: ``category``, which is ``Structure``, ``Source``, ``Property`` or ``Usage``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from biomatrix.entities import Molecule
from biomatrix.entities.files.text import read_lines
from biomatrix.entities.rejects import Reject
from biomatrix.errors import ParseError
from biomatrix.tasks.benchmarks.examples import Example
from biomatrix.tasks.benchmarks.loading import official_file
from biomatrix.tasks.benchmarks.rows.questions import question_example
from biomatrix.tasks.benchmarks.rows.split_files import of_split
from biomatrix.tasks.benchmarks.rows.table_examples import row_examples

_SPLITS: Final = {"train": "train", "validation": "valid", "test": "test"}
_PART: Final = re.compile(r"\"?\s*(SMILES|Question|Option [A-D])\s*:\s*(.*)", re.ASCII)
_ANSWER: Final = re.compile(r"[\"\s]*(?:Answer\s*:\s*)?([A-D])[\"\s]*", re.ASCII)


def examples(folder: Path, split: str, settings: Mapping[str, Any]) -> Iterator[Example | Reject]:
    """Yield the questions of a category; keys are their numbers from 0."""
    path = official_file(folder, f"TXT/{settings['category']}/{of_split(_SPLITS, split)}.txt")
    return row_examples(_blocks(read_lines(path)), path, lambda number, block: [_example(str(number), block)])


def _blocks(lines: Iterator[str]) -> Iterator[dict[str, str]]:
    """Yield the parts of each question by name, ``answer`` the last; what stands before a question is no part of it."""
    block: dict[str, str] = {}
    for line in lines:
        part, answer = _PART.fullmatch(line), _ANSWER.fullmatch(line)
        if part is not None:
            if part[1] == "SMILES" and block:
                yield block
                block = {}
            block[part[1]] = part[2].strip()
        elif answer is not None and block:
            yield {**block, "answer": answer[1]}
            block = {}
    if block:
        yield block


def _example(key: str, block: Mapping[str, str]) -> Example:
    names = ("SMILES", "Question", *(f"Option {letter}" for letter in "ABCD"), "answer")
    missing = next((name for name in names if not block.get(name)), None)
    if missing is not None:
        raise ParseError(f"a question without {missing}")
    options = {letter: block[f"Option {letter}"] for letter in "ABCD"}
    return question_example(key, Molecule.from_smiles(block["SMILES"]), block["Question"], options, block["answer"])
